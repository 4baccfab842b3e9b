// `make memory`: what an idle player and an awake room take, beside what is kept. Reads /proc, so it needs Linux.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { judge } from "./figures.mjs";

const TOLERANCE = 0.15;
/** People in a room; rooms of them from which and up to which memory is compared, so that what is needed once does not count; how often. */
const [SEATS, FEW, MANY, ROUNDS] = [4, 25, 525, 3];
const [ROOMS, AT_ONCE] = [20_000, 32];
/** How long the server may take to say in its metrics that all rooms are awake: it counts them every five seconds. */
const PATIENCE_MS = 15_000;
const server = process.env.PARLOR_BIN;
if (!server) throw new Error("PARLOR_BIN should name the server; parlor-loadtest lies beside it");
const folder = mkdtempSync(join(tmpdir(), "parlor-memory-"));

/** One thread, whatever the machine has: each keeps memory of its own. Settings of whoever runs this do not matter. */
const env = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PARLOR_"))), TOKIO_WORKER_THREADS: "1" };
delete env.DATABASE_URL;
delete env.REDIS_URL;

/** The server's memory in kB, with so many rooms of idle players. */
function idle(rooms) {
  const report = join(folder, "idle.json");
  const args = ["idle", "--rooms", rooms, "--players", SEATS, "--ramp", 3, "--duration", 3, "--json", report];
  execFileSync(`${server}-loadtest`, args.map(String), { env, stdio: ["ignore", "ignore", "pipe"] });
  process.stderr.write(".");
  return JSON.parse(readFileSync(report, "utf8")).server.rss_mb * 1024;
}

const resident = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

function create(port, agent) {
  return new Promise((created, failed) => {
    const options = { port, host: "127.0.0.1", agent, method: "POST", path: "/api/rooms", headers: { "content-type": "application/json" } };
    const asking = request(options, (answer) => {
      answer.resume().once("end", () => (answer.statusCode === 201 ? created() : failed(new Error(`HTTP ${answer.statusCode}`))));
    });
    asking.once("error", failed).end('{"game":"draft","nickname":"Ada"}');
  });
}

/** The server's memory in kB, before and with all those rooms awake and nobody connected. */
async function awake() {
  const settings = { DATA_DIR: join(folder, "data"), LISTEN: "127.0.0.1:0", RATE_LIMITS: "off", IDLE_EVICTION_S: "3600", LOBBY_GRACE_MS: "3600000" };
  const own = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`PARLOR_${name}`, value]));
  const child = spawn(server, ["serve"], { cwd: folder, env: { ...env, ...own }, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((gone) => child.once("exit", gone));
  try {
    const port = await new Promise((found, failed) => {
      createInterface({ input: child.stdout }).on("line", (line) => found(/^listening on http:\/\/\S+:(\d+)\s*$/.exec(line)?.[1]));
      child.once("exit", (code) => failed(new Error(`the server ended with ${code}`)));
    });
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    // The first ones bring in what is needed once.
    for (let n = 0; n < AT_ONCE; n++) await create(port, agent);
    const before = resident(child.pid);
    let left = ROOMS - AT_ONCE;
    const make = async () => {
      while (left-- > 0) await create(port, agent);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, make));
    agent.destroy();
    const until = Date.now() + PATIENCE_MS;
    for (let rooms = 0; rooms < ROOMS; ) {
      if (Date.now() > until) throw new Error(`only ${rooms} rooms are awake`);
      await new Promise((soon) => setTimeout(soon, 200));
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      rooms = Number(/^parlor_rooms_awake (\d+)/m.exec(metrics)?.[1] ?? 0);
    }
    return { before, after: resident(child.pid) };
  } finally {
    child.kill();
    await ended;
  }
}

try {
  const players = Array.from({ length: ROUNDS }, () => (idle(MANY) - idle(FEW)) / ((MANY - FEW) * SEATS));
  const rooms = await awake();
  const measured = {
    "kB per idle player": players.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)],
    "kB per awake room": (rooms.after - rooms.before) / (ROOMS - AT_ONCE),
    [`MB with ${ROOMS.toLocaleString("en-US")} rooms awake`]: rooms.after / 1024,
  };
  judge("memory", measured, { unit: "measured", tolerance: TOLERANCE, command: "memory", round: (figure) => Math.round(figure * 10) / 10 });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
