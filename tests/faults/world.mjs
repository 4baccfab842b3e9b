// Three nodes on one Postgres and one Redis, with a network between all of them that can be broken.
import { Server } from "../support/server.mjs";
import { ready } from "../support/kept.mjs";
import { Postgres, Redis } from "../support/stores.mjs";
import { Link } from "./link.mjs";
import { hat } from "./schedule.mjs";

export const NODES = 3;
/** Longer than any fault with what follows from it: nobody but those who leave for good is given up. */
export const GRACE = 25_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class World {
  busy = new Map();
  /** Since when nothing is wrong any more. */
  weather = { calmSince: Infinity };
  /** Of players who have not gone home. */
  pages = new Set();

  /** `next`: luck of its own, for the balancer. */
  async start(next) {
    [this.postgres, this.redis] = await Promise.all([new Postgres().start(), new Redis().start()]);
    this.database = this.postgres.database("parlor_0");
    this.nodes = await Promise.all(Array.from({ length: NODES }, () => this.#node()));
    for (const { server } of this.nodes) await ready(undefined, () => server.isLinked(), "hear the others");
    // Any node for each connection, of those whose process is there: what long-polling meets behind a proxy.
    const some = (nodes) => nodes[Math.floor(next() * nodes.length)];
    const there = () => this.nodes.filter(({ server: { child } }) => child.exitCode === null && child.signalCode === null);
    this.balancer = await new Link(() => (some(there()) ?? this.nodes[0]).links.clients.port).listen();
    return this;
  }

  async #node() {
    const links = { postgres: await new Link(this.postgres.port).listen(), redis: await new Link(this.redis.port).listen(), relay: await new Link().listen() };
    const server = new Server({
      env: {
        DATABASE_URL: this.postgres.url("parlor_0", links.postgres.port),
        REDIS_URL: this.redis.url(links.redis.port),
        PARLOR_NODE_ADDR: `127.0.0.1:${links.relay.port}`,
        PARLOR_GRACE_MS: String(GRACE),
        PARLOR_RESTART_GRACE_MS: String(GRACE),
        PARLOR_DRAIN_MS: "1500",
        PARLOR_PING_INTERVAL_MS: "1000",
        PARLOR_PING_TIMEOUT_MS: "1000",
        PARLOR_POSTGRES_TIMEOUT_MS: "2000",
        PARLOR_IDLE_EVICTION_S: "2",
        PARLOR_LOG: "warn,parlor=info",
      },
    });
    await server.start();
    links.relay.target = server.port;
    links.clients = await new Link(server.port).listen();
    return { server, links, url: `http://127.0.0.1:${links.clients.port}` };
  }

  /** Does to the world what `fault` says, and undoes it; one after the other to each thing, should one take longer than planned. */
  suffer(fault) {
    const thing = hat(fault);
    const after = (this.busy.get(thing) ?? Promise.resolve()).then(() => this.#suffer(fault));
    this.busy.set(thing, after);
    return after;
  }

  async #suffer({ kind, node, trouble, forget, ms }) {
    const { server, links } = this.nodes[node] ?? {};
    switch (kind) {
      case "kill":
        await server.kill9();
        await sleep(ms);
        return this.#again(server);
      case "stop":
        await server.stop();
        await sleep(ms);
        return this.#again(server);
      case "pause":
        return this.#pause((signal) => server.child.kill(signal), ms);
      case "postgres kill":
      case "postgres stop":
        await this.postgres.process.end(kind.endsWith("kill") ? "SIGKILL" : "SIGINT");
        await sleep(ms);
        return this.postgres.resume();
      case "redis kill":
        await this.redis.process.end();
        await sleep(ms);
        return this.redis.start();
      case "redis pause":
        return this.#pause((signal) => this.redis.process.signal(signal), ms);
      default:
        links[kind].suffer(trouble);
        await sleep(ms);
        return links[kind].heal({ forget });
    }
  }

  async #pause(signal, ms) {
    signal("SIGSTOP");
    await sleep(ms);
    signal("SIGCONT");
  }

  /** A node needs Postgres to start; whoever keeps it running tries again, and so do we. */
  async #again(server) {
    const end = Date.now() + 60_000;
    for (;;) {
      try {
        await server.start();
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(200);
      }
    }
  }

  /** How a player connects: to a node of their own choice, or by long-polling (with or without an upgrade) to any node for each request. */
  way(next) {
    const { weather, pages } = this;
    const at = next();
    const balanced = [`http://127.0.0.1:${this.balancer.port}`];
    if (at < 0.15) return { urls: balanced, transports: ["polling"], weather, pages };
    if (at < 0.35) return { urls: balanced, transports: ["polling", "websocket"], weather, pages };
    return { urls: this.nodes.map(({ url }) => url), transports: ["websocket"], weather, pages };
  }

  /** The answer to an SQL query, rows as objects. */
  rows(sql) {
    const text = this.postgres.run("psql", "--no-psqlrc", "-At", "-d", this.database, "-c", `SELECT coalesce(json_agg(found), '[]') FROM (${sql}) AS found`);
    return JSON.parse(text);
  }

  /** How every node is, in its own figures. */
  async figures() {
    const answers = await Promise.allSettled(this.nodes.map(({ server }) => server.metrics({ signal: AbortSignal.timeout(5_000) })));
    return answers.map(({ value, reason }, i) => `Node ${i}: ${value?.split("\n").filter((line) => line && !/^#|_bucket| 0$/.test(line)).join("\n") ?? reason}`);
  }

  async close() {
    const ends = await Promise.allSettled(this.nodes?.map(({ server }) => server.close()) ?? []);
    await this.balancer?.close();
    for (const { links } of this.nodes ?? []) await Promise.all(Object.values(links).map((link) => link.close()));
    await Promise.all([this.postgres?.close(), this.redis?.close()]);
    const failed = ends.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }
}
