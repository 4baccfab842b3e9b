// The servers that are compared: how each is started, spoken to, and how somebody gets into a room of it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InRoom, Plain, SocketIo } from "./clients.mjs";

const here = import.meta.dirname;
const python = join(here, ".venv/bin/python");
const joins = { enter: (client, room) => client.ask("join", { room }) };

/** A code for each room, by the name that the others use. */
const codes = new Map();
async function enterParlor(client, room) {
  const code = codes.get(room);
  const event = code ? "join_room" : "create_room";
  // The rooms of a story seat eight; who comes later watches.
  const answer = JSON.parse(await client.ask(event, code ? { room_code: code, ...(room === "big" && { as: "spectator" }) } : { seats: 8 }))[0];
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  if (!code) codes.set(room, answer.room_code);
}

/** @type {Record<string, { command: (folder: string, port: number) => string[], client: Function, enter: Function }>} */
export const SERVERS = {
  parlor: {
    command: () => [process.env.PARLOR_BIN, "serve"],
    client: (url, options) => new SocketIo(url, { ...options, namespace: "/codex" }),
    enter: enterParlor,
  },
  node: { command: () => ["node", join(here, "node/server.mjs")], client: (url, options) => new SocketIo(url, options), ...joins },
  "node + sqlite": {
    command: (folder) => ["node", join(here, "node/server.mjs"), join(folder, "moves.db")],
    client: (url, options) => new SocketIo(url, options),
    ...joins,
  },
  socketioxide: { command: () => [process.env.SOCKETIOXIDE_BIN], client: (url, options) => new SocketIo(url, options), ...joins },
  "python-socketio": { command: () => [python, join(here, "python/server.py")], client: (url, options) => new SocketIo(url, options), ...joins },
  channels: { command: (_, port) => [python, join(here, "channels/server.py"), String(port)], client: (url) => new Plain(url), redis: true, ...joins },
  colyseus: { command: () => ["node", join(here, "colyseus/server.mjs")], client: (url) => new InRoom(url), enter: (client, room) => client.join(room) },
};

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.on("listening", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** The line that says where it listens; or what it said instead. */
function address(child) {
  return new Promise((found, failed) => {
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      const url = /listening on (http:\S+)/.exec(said)?.[1];
      if (url) found(url);
    });
    child.on("exit", (code) => failed(new Error(`ended with ${code}: ${said}`)));
  });
}

/** Starts one on core 0. Everything it leaves is gone after stop(). */
export async function start(name) {
  const server = SERVERS[name];
  const folder = mkdtempSync(join(process.env.COMPARE_DIR ?? tmpdir(), "parlor-compare-"));
  codes.clear();
  let redis;
  const env = {
    ...process.env,
    PARLOR_LISTEN: "127.0.0.1:0",
    PARLOR_DATA_DIR: folder,
    PARLOR_RATE_LIMITS: "off",
    PARLOR_LOG: "error",
    NODE_ENV: "production",
  };
  if (server.redis) {
    const port = await freePort();
    // On the server's core: what it needs is part of what it costs.
    redis = spawn("taskset", ["-c", "0", "redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]);
    await new Promise((ready) => redis.stdout.on("data", (data) => String(data).includes("Ready to accept") && ready()));
    env.REDIS_URL = `redis://127.0.0.1:${port}`;
  }
  const child = spawn("taskset", ["-c", "0", ...server.command(folder, await freePort())], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await address(child);
  const pids = [child.pid, ...(redis ? [redis.pid] : [])];
  return {
    url,
    client: (options) => server.client(url, options),
    enter: server.enter,
    /** Seconds of CPU used so far. */
    cpu: () => pids.map(cpuOf).reduce((sum, one) => sum + one),
    /** Resident memory in kB. */
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]),
    async stop() {
      for (const one of [child, redis].filter(Boolean)) {
        const ended = new Promise((done) => one.on("exit", done));
        one.kill("SIGKILL");
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const TICKS_PER_SECOND = 100;
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
