// Three nodes, a Postgres and a Redis, and everything that can happen to them, on a schedule that follows from a seed, while many games
// are played. Afterwards nothing that was answered is missing, nothing is there twice, and everybody saw the same.
//
//   PARLOR_FAULT_SEED=7 make test-faults      that seed's schedule
//   PARLOR_FAULT_RUNS=20 make test-faults     twenty seeds, one after the other
//   PARLOR_FAULT_MS, PARLOR_FAULT_TABLES      how long faults go on, and how many games are played at a time
import assert from "node:assert/strict";
import test from "node:test";
import { randomness } from "../support/random.mjs";
import { keep } from "../support/server.mjs";
import { violations } from "./check.mjs";
import { inWords, schedule } from "./schedule.mjs";
import { table } from "./tables.mjs";
import { NODES, World } from "./world.mjs";

const number = (name, otherwise) => Number(process.env[name] || otherwise);
const SEED = number("PARLOR_FAULT_SEED", 1);
const RUNS = number("PARLOR_FAULT_RUNS", 1);
const MS = number("PARLOR_FAULT_MS", 15_000);
const TABLES = number("PARLOR_FAULT_TABLES", 12);
/** Of so many tables, one at which a long game is played. */
const LONG = 4;

/** After the last fault; twice what a single answer may take. */
const ENDS_WITHIN = 150_000;

for (let seed = SEED; seed < SEED + RUNS; seed += 1) {
  test(`faults of seed ${seed}: every acked command is in the log once, and everybody ends with the same`, { timeout: MS + 2 * ENDS_WITHIN }, async (t) => {
    const faults = schedule(seed, { ms: MS, nodes: NODES });
    const run = { happened: [], doing: "starting" };
    const world = new World();
    try {
      const { matches, acked } = await inTime(play(world, seed, faults, run), async () => {
        const lives = [...[...world.pages].map(String), ...(await world.figures())];
        return Object.assign(new Error(`it is not over ${ENDS_WITHIN} ms after the last fault: it was ${run.doing}, with ${world.pages.size} players there`), { lives });
      });
      const again = acked.filter(({ duplicate }) => duplicate).length;
      t.diagnostic(`seed ${seed}: ${faults.length} faults in ${MS / 1000} s, ${matches.length} games, ${acked.length} acks (${again} to commands sent again)`);
      assert.ok(matches.length >= TABLES, `${matches.length} games were played`);
    } catch (error) {
      const story = keep(`faults-${seed}.txt`, ["The schedule:", ...faults.map(inWords), "As it happened:", ...run.happened, error.message, ...(error.lives ?? [])].join("\n"));
      error.message += `\nPARLOR_FAULT_SEED=${seed} plays this schedule again. What happened is in ${story}, the nodes' logs beside it.`;
      throw error;
    } finally {
      await world.close();
    }
  });
}

/** Plays at many tables while the faults happen; what is known of the games, of which nothing is wrong. */
async function play(world, seed, faults, run) {
  const acked = [];
  const matches = [];
  const failed = [];
  await world.start(randomness(undefined, -seed));
  const began = Date.now();
  let over = false;
  run.doing = "suffering";
  const tables = Array.from({ length: TABLES }, (_, i) => {
    const options = { name: `table ${i}`, game: i % LONG === 1 ? "backgammon" : "draft", way: (next) => world.way(next), next: randomness(undefined, seed * 1_000 + i), acked, deserts: i === 0, ends: () => over, done: (match) => matches.push(match) };
    return table(options).catch((error) => failed.push(error));
  });
  await Promise.all(faults.map(async (fault) => {
    await new Promise((resolve) => setTimeout(resolve, fault.at));
    run.happened.push(`${((Date.now() - began) / 1000).toFixed(2)} s: ${inWords(fault).trim()}`);
    await world.suffer(fault);
  }));
  world.weather.calmSince = Date.now();
  over = true;
  run.doing = "playing to the end";
  await Promise.all(tables);
  if (failed.length) throw failed[0];
  run.doing = "comparing";
  const { wrong, lives } = await violations(world, matches, acked);
  if (wrong.length) throw Object.assign(new Error(`${wrong.length} things are wrong:\n${wrong.slice(0, 10).join("\n")}`), { lives });
  return { matches, acked };
}

/** What comes of `promise`, unless it takes too long: then the error that `late` makes. */
async function inTime(promise, late) {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(async () => reject(await late()), MS + ENDS_WITHIN);
  });
  return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}
