// `make curves`: how Parlor scales, as pictures in docs/images/curves and a section of docs/performance.md. `node curves.mjs log,table`
// measures a part and only prints it; CURVES_SECONDS (5) makes it shorter, CURVES_DIR names the disk.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { plot, short } from "./plot.mjs";
import { onTestersCore } from "./servers.mjs";
import * as works from "./works.mjs";

const ORDER = ["rooms", "players", "nodes", "log", "table", "latency"];
const root = path.join(import.meta.dirname, "../..");
const chosen = process.argv[2]?.split(",") ?? ORDER;
for (const name of chosen) if (!ORDER.includes(name)) throw new Error(`no such curve: ${name}; there are ${ORDER.join(", ")}`);

onTestersCore();
const began = Date.now();
const sections = [];
const pictures = [];
for (const name of chosen) {
  const { title, columns, rows, about, plot: picture } = await works[name]();
  const table = [
    `| ${columns.map(([head]) => head).join(" | ")} |`,
    `|${"---:|".repeat(columns.length)}`,
    ...rows.map((row) => `| ${columns.map(([, key]) => short(row[key])).join(" | ")} |`),
  ].join("\n");
  const shown = picture ? `![${picture.title}](images/curves/${name}.svg)\n\n` : "";
  if (picture) pictures.push([name, plot(picture)]);
  sections.push(`### ${title}\n\n${shown}${table}\n\n${about}`);
  console.log(`${sections.at(-1)}\n`);
}

const version = (command, ...args) => execFileSync(command, args).toString().trim();
const versions = [version("python3", "-c", "import sqlite3; print('SQLite ' + sqlite3.sqlite_version + ' for filling')"), version("redis-server", "--version").replace(/^(\S+ server) v=(\S+).*/, "$1 $2"), `Node ${process.version}`, version("rustc", "--version")];
const seconds = Number(process.env.CURVES_SECONDS ?? 5);
const head = `Measured ${new Date().toISOString().slice(0, 10)} with \`make curves\`${seconds === 5 ? "" : ` (CURVES_SECONDS=${seconds})`} in ${Math.round((Date.now() - began) / 60_000)} minutes; ${cpus()[0].model}, ${cpus().length} cores.
Parlor ${version(process.env.PARLOR_BIN, "--version").replace(/^\S+ /, "")}, ${versions.join(", ")}.`;

if (chosen === ORDER || process.env.CURVES_WRITE) {
  const page = path.join(root, "docs/performance.md");
  const text = readFileSync(page, "utf8");
  const marks = /(<!-- curves -->\n)[\s\S]*?(<!-- \/curves -->)/;
  if (!marks.test(text)) throw new Error(`${page} has no place for the curves`);
  const folder = path.join(root, "docs/images/curves");
  mkdirSync(folder, { recursive: true });
  for (const [name, picture] of pictures) writeFileSync(path.join(folder, `${name}.svg`), picture);
  writeFileSync(page, text.replace(marks, (_, open, close) => `${open}\n${head}\n\n${sections.join("\n\n")}\n\n${close}`));
}
