// Programs that end with the test, however that ends: a shell waits for its standard input to close.
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";

const KEEPER = 'read -r _; kill -KILL "$1" 2>/dev/null';
/** A machine that does much else at once may take its time. */
export const PATIENCE = 60_000;

export class Kept {
  constructor(program, args, options = {}) {
    this.name = program;
    this.said = "";
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, ...options });
    this.exited = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
      this.child.once("error", (error) => {
        this.said += String(error);
        resolve({ code: -1 });
      });
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (this.said = (this.said + text).slice(-100_000)));
    if (this.child.pid) {
      this.keeper = spawn("sh", ["-c", KEEPER, "keeper", String(this.child.pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
      // The test may end while they run: they end by themselves then.
      for (const one of [this.child, this.keeper]) one.unref();
      for (const stream of [this.child.stdout, this.child.stderr, this.keeper.stdin]) stream?.unref?.();
    }
  }

  get running() {
    return Boolean(this.child.pid) && this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name) {
    return this.child.kill(name);
  }

  /** Ends it with `signal` and waits until it has. */
  async end(signal = "SIGKILL") {
    this.child.ref();
    if (this.running) this.signal(signal);
    const end = await this.exited;
    this.keeper?.stdin.end();
    return end;
  }
}

/** A port that nobody used a moment ago. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks `check` until it is content; fails when `kept` ends before that. */
export async function ready(kept, check, what = "be ready", patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    if (kept && !kept.running) throw new Error(`${kept.name} ended before it was ready:\n${kept.said}`);
    if (await check()) return;
    if (Date.now() > end) throw new Error(`${kept?.name ?? "it"} did not ${what}:\n${kept?.said ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether somebody takes connections there; with `ask`, whether what it answers matches. */
export function answers(port, ask = "", wanted = /(?:)/) {
  return new Promise((resolve) => {
    let said = "";
    const socket = net.connect(port, "127.0.0.1");
    const done = (yes) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on("error", () => done(false)).on("close", () => resolve(false));
    socket.on("connect", () => (ask ? socket.write(ask) : done(true)));
    socket.on("data", (bytes) => {
      said += bytes;
      if (wanted.test(said)) done(true);
    });
  });
}
