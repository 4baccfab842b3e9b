// What is measured: servers of their own on one core, stores that flush as in real use, and the load tester on the other core. All of it
// ends with this process, and leaves no files.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { Postgres } from "../../tests/support/stores.mjs";

const BIN = process.env.PARLOR_BIN;
if (!BIN) throw new Error("PARLOR_BIN names the server to measure; `make curves` sets it");
/** Parlor has the first core; the tester, Postgres and Redis the second. */
const [SERVERS_CORE, TESTER_CORE] = ["0", "1"];
/** The same for all, as nodes need it. */
const SECRET = crypto.randomUUID();

const cleanups = new Set();
function cleanUp() {
  for (const one of cleanups) one();
  cleanups.clear();
}
process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

/** A folder on the disk that is measured: in CURVES_DIR, or where temporary files go. */
export function folder() {
  const made = mkdtempSync(path.join(process.env.CURVES_DIR ?? tmpdir(), "parlor-curves-"));
  const remove = () => rmSync(made, { recursive: true, force: true });
  cleanups.add(remove);
  return {
    path: made,
    remove() {
      remove();
      cleanups.delete(remove);
    },
  };
}

export class Parlor {
  /** `env`: settings beyond those that every measured server has. */
  constructor(env = {}) {
    this.folder = folder();
    this.data = path.join(this.folder.path, "data");
    const { PATH, HOME, TMPDIR } = process.env;
    this.env = { PATH, HOME, ...(TMPDIR && { TMPDIR }), PARLOR_LISTEN: "127.0.0.1:0", PARLOR_DATA_DIR: this.data, PARLOR_SECRET: SECRET, PARLOR_RATE_LIMITS: "off", PARLOR_LOG: "error", ...env };
  }

  get database() {
    return path.join(this.data, "parlor.db");
  }

  async start() {
    this.child = spawn("taskset", ["-c", SERVERS_CORE, BIN, "serve"], { cwd: this.folder.path, env: this.env, stdio: ["ignore", "pipe", "inherit"] });
    this.kill = () => this.child.kill("SIGKILL");
    cleanups.add(this.kill);
    this.exited = new Promise((resolve) => this.child.once("exit", resolve));
    const said = createInterface({ input: this.child.stdout });
    const listening = new Promise((found) => said.on("line", (line) => /listening on http:/.test(line) && found(/http:\S+/.exec(line)[0])));
    const failed = this.exited.then((code) => Promise.reject(new Error(`the server ended with ${code}`)));
    failed.catch(() => {});
    this.url = await Promise.race([listening, failed]);
    return this;
  }

  /** Ends it in good order; its database stays. */
  async stop() {
    this.child.kill("SIGTERM");
    const late = setTimeout(this.kill, 20_000);
    await this.exited;
    clearTimeout(late);
    cleanups.delete(this.kill);
  }

  async close() {
    await this.stop();
    this.folder.remove();
  }

  /** Seconds of processor time so far, to the nanosecond: the sum over its threads, of which none ends in a short while. */
  cpu() {
    const tasks = `/proc/${this.child.pid}/task`;
    return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]) / 1e9, 0);
  }
}

/** Runs `work` with a server of its own. */
export async function withParlor(work, env) {
  const server = await new Parlor(env).start();
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** A Postgres that flushes every commit, which those of the tests do not. */
export class DurablePostgres extends Postgres {
  async resume() {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=128MB", "max_wal_size=1GB"];
    const args = ["-p", String(this.port), ...settings.flatMap((one) => ["-c", one])].join(" ");
    this.run("pg_ctl", "-D", this.data, "-l", path.join(this.folder, "log"), "-o", args, "-w", "start");
    this.kill = () => this.end();
    cleanups.add(this.kill);
    const pid = readFileSync(path.join(this.data, "postmaster.pid"), "utf8").split("\n")[0];
    // What it starts from here on inherits it.
    execFileSync("taskset", ["-cp", TESTER_CORE, pid], { stdio: "ignore" });
  }

  get data() {
    return path.join(this.folder, "data");
  }

  end() {
    this.run("pg_ctl", "-D", this.data, "-m", "immediate", "-w", "stop");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async close() {
    this.end();
    cleanups.delete(this.kill);
  }
}

/** Gives a running process the core beside Parlor's. */
export const beside = (pid) => execFileSync("taskset", ["-acp", TESTER_CORE, String(pid)], { stdio: "ignore" });

/** Where everything of this process runs from now on. */
export function onTestersCore() {
  beside(process.pid);
}

/**
 * A run of parlor-loadtest against servers that run. The first second is left out of what is counted by processor time: connections have
 * only just come in. `since`: when all were in their rooms, as `performance.now()` says it.
 */
export async function load(servers, seconds, ...args) {
  const out = folder();
  const json = path.join(out.path, "run.json");
  const urls = servers.flatMap(({ url }) => ["--url", url]);
  const options = [...urls, "--duration", String(seconds + 1), "--json", json, ...args.map(String)];
  const child = spawn("taskset", ["-c", TESTER_CORE, `${BIN}-loadtest`, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  cleanups.add(kill);
  let said = "";
  const marks = [];
  let since;
  child.stdout.on("data", (data) => (said += data));
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (!/answers\/s/.test(line)) continue;
    since ??= performance.now();
    marks.push(servers.reduce((sum, one) => sum + one.cpu(), 0));
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  cleanups.delete(kill);
  if (code !== 0) throw new Error(`parlor-loadtest ${args.join(" ")} ended with ${code}:\n${said}`);
  const run = JSON.parse(readFileSync(json, "utf8"));
  out.remove();
  const later = run.per_second.slice(1, marks.length);
  const lasted = later.map((one, n) => one.at - run.per_second[n].at);
  const count = (what) => later.reduce((sum, one, n) => sum + one[what] * lasted[n], 0);
  const cpu = marks.at(-1) - marks[0];
  const time = lasted.reduce((sum, one) => sum + one, 0);
  return {
    answersPerCpu: count("answered") / cpu,
    eventsPerCpu: count("events") / cpu,
    answersPerSecond: count("answered") / time,
    eventsPerSecond: count("events") / time,
    cores: cpu / time,
    p50: run.latencies.answer.p50_us / 1000,
    p99: run.latencies.answer.p99_us / 1000,
    since,
    testerLate: (run.latencies.tester?.p99_us ?? 0) / 1000,
  };
}
