// Starts the real server for a test: its own port, its own data folder, its own process. Nothing is shared between test files.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";

import { closeClients } from "./client.mjs";

export const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** Keeps a text in test-results, and says where. */
export function keep(name, text) {
  mkdirSync(path.join(ROOT, "test-results"), { recursive: true });
  writeFileSync(path.join(ROOT, "test-results", name), text);
  return `test-results/${name}`;
}

/** The secret that tests give every server, so that they can sign tokens of their own. */
export const SECRET = "a secret of the tests, 32 bytes or more";

let found;
/** The built binary: PARLOR_BIN, or the debug build in cargo's target folder. */
export function binary() {
  found ??= process.env.PARLOR_BIN || path.join(targetFolder(), "debug", "parlor");
  if (!existsSync(found)) throw new Error(`no server at ${found}: run \`cargo build\`, or name one in PARLOR_BIN`);
  return found;
}

function targetFolder() {
  if (process.env.CARGO_TARGET_DIR) return path.resolve(ROOT, process.env.CARGO_TARGET_DIR);
  const metadata = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: ROOT, encoding: "utf8" });
  return JSON.parse(metadata).target_directory;
}

const running = new Set();
process.on("exit", () => {
  for (const server of running) server.child?.kill("SIGKILL");
});

/** Only what a program needs to run at all: settings of whoever runs the tests must not leak into them. */
const bareEnvironment = () =>
  Object.fromEntries(["PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH"].filter((name) => process.env[name]).map((name) => [name, process.env[name]]));

export class Server {
  /** `env`: settings that this test needs otherwise than the defaults. */
  constructor({ env = {} } = {}) {
    this.folder = mkdtempSync(path.join(tmpdir(), "parlor-test-"));
    this.port = 0;
    this.env = {
      ...bareEnvironment(),
      PARLOR_DATA_DIR: path.join(this.folder, "data"),
      PARLOR_SECRET: SECRET,
      PARLOR_RATE_LIMITS: "off",
      PARLOR_LOG: "warn",
      RUST_BACKTRACE: "1",
      ...env,
    };
    this.stderr = "";
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the process and resolves when it listens. */
  async start() {
    const child = spawn(binary(), ["serve"], {
      cwd: this.folder,
      env: { ...this.env, PARLOR_LISTEN: `127.0.0.1:${this.port}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    running.add(this);
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr = (this.stderr + text).slice(-200_000);
    });
    const lines = createInterface({ input: child.stdout });
    const listening = new Promise((resolve) => {
      lines.on("line", (line) => {
        const port = /^listening on http:\/\/\S+:(\d+)\s*$/.exec(line)?.[1];
        if (port) resolve(Number(port));
      });
    });
    const port = await Promise.race([
      listening,
      this.exited.then(({ code, signal }) => {
        throw new Error(`the server ended before it listened (code ${code}, signal ${signal}):\n${this.tail()}`);
      }),
      new Promise((_, reject) => {
        const timer = setTimeout(() => reject(new Error(`the server does not listen after 30 s:\n${this.tail()}`)), 30_000);
        listening.finally(() => clearTimeout(timer));
        this.exited.finally(() => clearTimeout(timer));
      }),
    ]);
    this.port = port;
    return this;
  }

  /** What it counts, as text. `options`: of `fetch`. */
  async metrics(options) {
    return (await fetch(`${this.url}/metrics`, options)).text();
  }

  /** The same by name and labels, as `parlor_rooms{game="draft",status="waiting"}`; 0 for what it has not counted. */
  async figures() {
    const lines = (await this.metrics()).split("\n").filter((line) => line && !line.startsWith("#"));
    const found = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
    return (name) => found.get(name) ?? 0;
  }

  /** Whether it hears the other nodes over Redis. */
  async isLinked() {
    return (await this.figures())("parlor_cluster_linked") === 1;
  }

  /** SIGTERM, and resolves with how it ended. It must end by itself. */
  async stop({ within = 15_000 } = {}) {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return undefined;
    this.child.kill("SIGTERM");
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve("late"), within);
    });
    const end = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    if (end === "late") {
      await this.kill9();
      throw new Error(`the server did not end ${within} ms after SIGTERM:\n${this.tail()}`);
    }
    running.delete(this);
    return end;
  }

  /** Ends the process as a crash would, in the middle of whatever it does. */
  async kill9() {
    this.child?.kill("SIGKILL");
    await this.exited;
    running.delete(this);
  }

  /** The same server again: same data folder, same port. */
  async restart({ kill = false } = {}) {
    if (kill) await this.kill9();
    else await this.stop();
    return this.start();
  }

  /** Stops for good and removes the data folder. A panic in the server's log fails the test. */
  async close() {
    try {
      await this.stop();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
      this.#keepLog();
    }
    const panic = /.*panicked at[\s\S]{0,600}/.exec(this.stderr);
    if (panic) throw new Error(`the server panicked:\n${panic[0]}`);
  }

  /** What the server said, for whoever looks for the reason of a failure. */
  #keepLog() {
    if (this.stderr) keep(`${path.basename(process.argv[1] ?? "test", ".mjs")}-${this.port}.log`, this.stderr);
  }

  /** Runs another subcommand of the binary on the same data. */
  run(...args) {
    return execFileSync(binary(), args, { cwd: this.folder, env: this.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  tail() {
    return this.stderr.split("\n").slice(-40).join("\n") || "(nothing on standard error)";
  }
}

/** A server for all tests of this file; its clients are closed after each test, it after the last. */
export function useServer(options) {
  const server = new Server(options);
  before(() => server.start());
  afterEach(closeClients);
  after(() => server.close());
  return server;
}

/** A server of one test's own. */
export async function startServer(t, options) {
  const server = await new Server(options).start();
  t.after(async () => {
    closeClients();
    await server.close();
  });
  return server;
}
