// Figures held against those that are kept in benches/kept.json, so that a regression shows. A figure is a number of which less is better.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "kept.json");

/**
 * One row per figure: `{ name, measured, kept, ratio, verdict }`. The verdict is `more` beyond the tolerance, which is a regression, and `less` when it
 * is better by as much; `new` when nothing is kept of it, `gone` when it is kept but was not measured, `wrong` when it is no figure at all.
 */
export function compare(kept, measured, tolerance) {
  const rows = Object.entries(measured).map(([name, figure]) => {
    const before = kept[name];
    const ratio = before > 0 ? figure / before : undefined;
    return { name, measured: figure, kept: before, ratio, verdict: verdict(figure, ratio, tolerance) };
  });
  const gone = Object.keys(kept).filter((name) => !(name in measured));
  return [...rows, ...gone.map((name) => ({ name, kept: kept[name], verdict: "gone" }))];
}

function verdict(figure, ratio, tolerance) {
  if (!(Number.isFinite(figure) && figure > 0)) return "wrong";
  if (ratio === undefined) return "new";
  if (ratio > 1 + tolerance) return "more";
  return ratio < 1 - tolerance ? "less" : "ok";
}

/** Whether a run with these rows succeeds. What is new or gone has to be kept first: otherwise a path could lose its guard unnoticed. */
export const passes = (rows) => rows.every(({ verdict }) => verdict === "ok" || verdict === "less");

/** The rows as text. */
export function table(rows, unit) {
  const number = (n) => (n === undefined ? "–" : n.toLocaleString("en-US", { maximumFractionDigits: n < 1000 ? 1 : 0 }));
  const cells = rows.map((row) => [row.name, number(row.measured), number(row.kept), row.ratio?.toFixed(3) ?? "–", row.verdict]);
  const all = [["", unit, "kept", "ratio", ""], ...cells];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => row.map((cell, n) => (n === 0 || n === 4 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join("  ").trimEnd();
  return all.map(line).join("\n");
}

/** What is kept under `section`. */
export const keptOf = (section) => JSON.parse(readFileSync(FILE, "utf8"))[section] ?? {};

/** Shows `measured` beside what is kept, and says by the exit code whether it passes; with KEEP=1 it is what is kept from now on. */
export function judge(section, measured, { unit, tolerance, command, round = Math.round, part = false }) {
  const before = keptOf(section);
  const kept = part ? Object.fromEntries(Object.entries(before).filter(([name]) => name in measured)) : before;
  const rows = compare(kept, measured, tolerance);
  console.log(`\n${table(rows, unit)}\n`);
  if (rows.some(({ verdict }) => verdict === "wrong")) {
    console.error("something could not be measured");
    process.exitCode = 1;
  } else if (process.env.KEEP) {
    const rounded = Object.fromEntries(Object.entries(measured).map(([name, figure]) => [name, round(figure)]));
    const all = JSON.parse(readFileSync(FILE, "utf8"));
    const next = { ...all, [section]: part ? { ...all[section], ...rounded } : rounded };
    writeFileSync(FILE, `${JSON.stringify(next, null, 2)}\n`);
    console.log("these are kept in benches/kept.json now");
  } else if (!passes(rows)) {
    console.error(`more than ${tolerance * 100} % above what is kept, or not kept: if that has to be, \`make ${command} KEEP=1\``);
    process.exitCode = 1;
  } else if (rows.some(({ verdict }) => verdict === "less")) {
    console.log(`less than what is kept: \`make ${command} KEEP=1\` guards it`);
  }
}
