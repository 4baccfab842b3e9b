// `make counts`: how many instructions the hot paths take, counted by Valgrind, beside what is kept. A busy machine does not change them.
// The paths are in examples/counts: an example, because for a bench cargo would optimise the server a second time.
// `node benches/counts.mjs [PART]` counts only the paths whose name has PART in it.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { judge } from "./figures.mjs";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const profiles = join(root, "test-results/counts");
const TOLERANCE = 0.05;
/** With sockets and clients in other threads it is chance how often the server looks in vain for something to do: the least counts. */
const rounds = (name) => (name.startsWith("server: ") ? 3 : 1);
/** The longest that one path may take under Valgrind. */
const PATIENCE = 300_000;

/** Builds it as the server is built for use, and says where it lies. */
function build() {
  const args = ["build", "--locked", "--release", "--example", "counts", "--message-format=json-render-diagnostics"];
  const said = execFileSync("cargo", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
  const built = said.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return built.findLast((one) => one.reason === "compiler-artifact" && one.target.name === "counts" && one.executable).executable;
}

/** Instructions of one operation. The profile stays, for `callgrind_annotate`. */
async function count(bench, name, times) {
  const file = join(profiles, `${name.replace(/[^a-z0-9]+/gi, "-")}.out`);
  const valgrind = ["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=counts::counted_here", `--callgrind-out-file=${file}`];
  await run("valgrind", [...valgrind, bench, name], { timeout: PATIENCE, maxBuffer: 1 << 24 });
  const total = /^(?:totals|summary): (\d+)/m.exec(readFileSync(file, "utf8"))?.[1];
  return Number(total) / times;
}

const [part = ""] = process.argv.slice(2);
const bench = build();
mkdirSync(profiles, { recursive: true });
const listed = execFileSync(bench, { encoding: "utf8" }).trim().split("\n").map((line) => line.split("\t"));
const paths = listed.filter(([name]) => name.includes(part));
if (paths.length === 0) throw new Error(`no path has ${part} in its name; there are: ${listed.map(([name]) => name).join("; ")}`);
const measured = Object.fromEntries(paths.map(([name]) => [name, undefined]));
const waiting = [...paths];
const worker = async () => {
  for (let next; (next = waiting.shift()); ) {
    const [name, times] = next;
    const counts = [];
    while (counts.length < rounds(name)) counts.push(await count(bench, name, Number(times)));
    measured[name] = Math.min(...counts);
    process.stderr.write(".");
  }
};
await Promise.all(Array.from({ length: availableParallelism() }, worker));
judge("instructions", measured, { unit: "instructions", tolerance: TOLERANCE, command: "counts", part: part !== "" });
