// `make compare`: the same work on Parlor and on what people would use instead, in turns, several rounds; the medians are written into
// docs/performance.md. The servers are pinned to core 0, this process to core 1; what counts is work per second of the server's CPU, so a
// busy machine changes the figures little. `node compare.mjs [WORK,…] [SERVER,…]`; COMPARE_ROUNDS (3), COMPARE_SECONDS (4).
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { SERVERS, start } from "./servers.mjs";
import { WORKS } from "./works.mjs";

const ROUNDS = Number(process.env.COMPARE_ROUNDS ?? 3);
/** A server that loses an answer would be waited for for ever. */
const ROUND_MAX = 90_000;
const [works = Object.keys(WORKS), servers = Object.keys(SERVERS)] = process.argv.slice(2).map((list) => list.split(","));
for (const work of works) if (!WORKS[work]) throw new Error(`no such work: ${work}; there are ${Object.keys(WORKS).join(", ")}`);
for (const one of servers) if (!SERVERS[one]) throw new Error(`no such server: ${one}; there are ${Object.keys(SERVERS).join(", ")}`);

const measured = {};
const failed = {};

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not done after ${ms / 1000} s`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

for (const work of works) {
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of servers) {
      if (WORKS[work].who && !WORKS[work].who(name)) continue;
      const server = await start(name);
      try {
        const figures = await within(ROUND_MAX, WORKS[work].run(server));
        ((measured[work] ??= {})[name] ??= []).push(figures);
        const { rate, p50, p99 } = figures;
        console.log(`${work.padEnd(16)} ${name.padEnd(16)} ${rate.toFixed(1).padStart(10)} ${p50 === undefined ? "" : `p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms`}`);
      } catch (error) {
        // Half an hour of figures is not lost because one server cannot do one of these works.
        if (name === "parlor") throw error;
        failed[`${work} ${name}`] = (failed[`${work} ${name}`] ?? 0) + 1;
        console.log(`${work.padEnd(16)} ${name.padEnd(16)} failed: ${error.message}`);
      } finally {
        await server.stop();
      }
    }
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const short = (n) => (n >= 10_000 ? `${(n / 1000).toFixed(0)} k` : n >= 100 ? n.toFixed(0) : n.toPrecision(2));

function cell(work, name) {
  const runs = measured[work]?.[name];
  if (!runs) return failed[`${work} ${name}`] ? "failed" : "–";
  if (WORKS[work].latency) return `${median(runs.map((r) => r.p50)).toFixed(2)} / ${median(runs.map((r) => r.p99)).toFixed(2)}`;
  const mine = median(runs.map((run) => run.rate));
  const base = measured[work].node && median(measured[work].node.map((run) => run.rate));
  return base ? `${(mine / base).toFixed(2)} (${short(mine)})` : short(mine);
}

const table = [
  `| per second of server CPU; node = 1 | ${servers.join(" | ")} |`,
  `|---|${servers.map(() => "---|").join("")}`,
  ...works.map((work) => `| ${WORKS[work].title}: ${WORKS[work].unit} | ${servers.map((name) => cell(work, name)).join(" | ")} |`),
].join("\n");
const version = (command, ...args) => execFileSync(command, args).toString().trim();
const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"));
const python = readFileSync(join(import.meta.dirname, "python/requirements.txt"), "utf8").split("\n").filter((line) => line.includes("=="));
const about = [
  `Measured ${new Date().toISOString().slice(0, 10)} with \`make compare\`, ${ROUNDS} rounds in turns, medians; ${cpus()[0].model}, ${cpus().length} cores.`,
  `Node ${process.version}, ${Object.entries(dependencies).map((pair) => pair.join(" ")).join(", ")}; ${python.map((line) => line.replace("==", " ")).join(", ")};`,
  `${version("rustc", "--version")}.`,
].join("\n");

console.log(`\n${table}\n\n${about}`);
if (process.argv.length === 2) {
  const page = join(import.meta.dirname, "../../docs/performance.md");
  const text = readFileSync(page, "utf8");
  const marks = /(<!-- compared -->\n)[\s\S]*?(<!-- \/compared -->)/;
  if (!marks.test(text)) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, text.replace(marks, `$1\n${table}\n\n${about}\n\n$2`));
}
