// What is measured: each gives the title of its table, its columns, its rows, its picture and what has to be said about it.
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { Redis } from "../../tests/support/stores.mjs";
import { codeOf, copyRoom, lengthenLog } from "./fill.mjs";
import { openRoom, Person } from "./person.mjs";
import { beside, DurablePostgres, folder, load, Parlor, withParlor } from "./servers.mjs";

/** How long each point is measured. */
const SECONDS = Number(process.env.CURVES_SECONDS ?? 5);
/** Blocks that are written in turn to see how long the disk takes: 4 MB, as long as SQLite's write-ahead log is by default. */
const BLOCKS = 1000;
/** Rounds of what is measured in turns. */
const ROUNDS = Math.max(3, Math.round(SECONDS * 1.4));
if (!(SECONDS >= 1 && SECONDS <= 60)) throw new Error("CURVES_SECONDS is 1 to 60");

const median = (list) => quantile(list, 0.5);
function quantile(list, q) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
const points = (rows, x, y) => rows.map((row) => [row[x], row[y]]);
const line = (name, rows, x, y) => ({ name, points: points(rows, x, y) });
const down = (value) => Math.max(1, Math.floor(value));

/** First all in a closed loop, to find what each holds; then all at half of what the smallest holds, for how long answers take. */
async function heldThenHalf(sizes, args, rateOf, held) {
  const rows = [];
  for (const size of sizes) rows.push({ size, ...(await withParlor((server) => load([server], SECONDS, ...args(size)))) });
  const half = Math.min(...rows.map(held)) / 2;
  for (const row of rows) {
    row.rate = down(rateOf(half, row.size));
    const { p50, p99, testerLate } = await withParlor((server) => load([server], SECONDS, ...args(row.size, 1), "--rate", row.rate));
    Object.assign(row, { p50, p99, testerLate });
  }
  return { rows, half };
}

export async function rooms() {
  const sizes = [10, 50, 250, 1000, 4000];
  const args = (size) => ["chat", "--players", 4, "--rooms", size];
  const { rows, half } = await heldThenHalf(sizes, args, (rate) => rate, (row) => row.answersPerSecond);
  const x = { label: "rooms of 4" };
  return {
    name: "rooms",
    title: "Rooms",
    columns: [["rooms of 4", "size"], ["moves / CPU s", "answersPerCpu"], ["p50, ms", "p50"], ["p99, ms", "p99"]],
    rows,
    plot: {
      title: "Rooms of four: each move is durable in SQLite and told to all four",
      panels: [
        { x, y: { label: "moves per second of server CPU" }, series: [line("moves", rows, "size", "answersPerCpu")] },
        { x, y: { label: `milliseconds to the answer, at ${down(half).toLocaleString("en-US")} moves/s` }, series: [line("p50", rows, "size", "p50"), line("p99", rows, "size", "p99")] },
      ],
    },
    about: `p50 and p99 at ${down(half)} moves a second in all: half of what the smallest row held in a closed loop.`,
  };
}

export async function players() {
  const people = 1000;
  const sizes = [2, 4, 8, 20, 100, 1000];
  const args = (size, inFlight = 2) => ["bigroom", "--players", size, "--rooms", people / size, "--in-flight", inFlight];
  const { rows, half } = await heldThenHalf(sizes, args, (rate, size) => rate / size, (row) => row.eventsPerSecond);
  const x = { label: `players in a room, ${people.toLocaleString("en-US")} in all; two of each room talk` };
  return {
    name: "players",
    title: "Players in a room",
    columns: [["players in a room", "size"], ["moves / CPU s", "answersPerCpu"], ["deliveries / CPU s", "eventsPerCpu"], ["moves/s offered", "rate"], ["p50, ms", "p50"], ["p99, ms", "p99"]],
    rows,
    plot: {
      title: "Players in a room: each move is durable in SQLite and told to all of them",
      panels: [
        { x, y: { label: "deliveries per second of server CPU" }, series: [line("deliveries", rows, "size", "eventsPerCpu")] },
        { x, y: { label: `milliseconds to the answer, at ${down(half).toLocaleString("en-US")} deliveries/s` }, series: [line("p50", rows, "size", "p50"), line("p99", rows, "size", "p99")] },
      ],
    },
    about: `p50 and p99 at ${down(half)} deliveries a second: half of what the smallest row held.`,
  };
}

export async function nodes() {
  const [postgres, redis] = [await new DurablePostgres().start(), await new Redis().start()];
  beside(redis.process.child.pid);
  const rows = [];
  try {
    for (const size of [1, 2, 3]) {
      for (const [key, rate, people = 4] of [["held"], ["apart", undefined, 1], ["half", true], ["thousand", 1000]]) {
        // Each on tables of its own. One node is run as one node is run: it has no use for Redis.
        const env = { DATABASE_URL: postgres.database(), ...(size > 1 && { REDIS_URL: redis.url() }) };
        const servers = [];
        try {
          for (let n = 0; n < size; n++) servers.push(await new Parlor(env).start());
          if (key === "held") rows.push({ size });
          const row = rows.at(-1);
          const offered = rate === true ? down(row.held.answersPerSecond / 2) : rate;
          row[key] = await load(servers, SECONDS, "chat", "--rooms", 1000 / people, "--players", people, ...(offered ? ["--rate", offered] : []));
          row[key].offered = offered;
        } finally {
          for (const server of servers) await server.close();
        }
      }
    }
  } finally {
    await redis.close();
    await postgres.close();
  }
  for (const row of rows) Object.assign(row, { perCpu: row.held.answersPerCpu, apart: row.apart.answersPerCpu, offered: row.half.offered, p50: row.half.p50, p99: row.half.p99, p99Thousand: row.thousand.p99 });
  const x = { label: "nodes" };
  const two = rows.find((row) => row.size === 2);
  return {
    name: "nodes",
    title: "Nodes, over one Postgres and one Redis",
    columns: [["nodes", "size"], ["moves / CPU s of Parlor", "perCpu"], ["the same, rooms of one", "apart"], ["half of what it held, moves/s", "offered"], ["p50 then, ms", "p50"], ["p99 then, ms", "p99"], ["p99 at 1,000 moves/s, ms", "p99Thousand"]],
    rows,
    plot: {
      title: "Nodes: each move is durable in Postgres and told to four players on all of them",
      panels: [
        { x, y: { label: "moves per second of Parlor's CPU" }, series: [line("rooms of 4", rows, "size", "perCpu"), line("rooms of one", rows, "size", "apart")] },
        { x, y: { label: "milliseconds to the answer, at half load" }, series: [line("p50", rows, "size", "p50"), line("p99", rows, "size", "p99")], limit: { name: "25 ms", value: 25 } },
      ],
    },
    about:
      "People of one room on several nodes write its log in turns, and whoever was slower reads and decides again: that is what rooms of four cost here beyond those of one. " +
      "All nodes share one core, and Postgres (`fsync=on`), Redis and the tester the other: this shows what being several costs, not what a second machine brings. " +
      `Two nodes do ${two.perCpu.toFixed(0)} durable moves per second of Parlor's CPU (to reach: 2,000); at half of what they held, ${two.offered} moves a second, p99 is ${two.p99.toFixed(1)} ms, ` +
      `at 1,000 moves a second ${two.p99Thousand.toFixed(1)} ms (to reach: 25 ms).`,
  };
}

/** Nobody's seat falls free while it is measured: that would be an event, too. */
const PATIENT = { PARLOR_LOBBY_GRACE_MS: "3600000" };

/** Processor time of the server per move, in microseconds. */
async function costOf(server, count, work) {
  const before = server.cpu();
  await work();
  return ((server.cpu() - before) / count) * 1e6;
}

export async function log() {
  const server = await new Parlor(PATIENT).start();
  const MOVES = 400;
  const rows = [];
  try {
    for (const size of [10, 1000, 10_000, 100_000]) {
      const { host, code } = await openRoom(server.url);
      await host.say(3, 1);
      rows.push({ size, code, costs: [], wakes: [], again: [] });
      host.close();
    }
    await server.stop();
    for (const { code, size } of rows) lengthenLog(server.database, code, size);
    const enter = async ({ code }) => {
      const person = await Person.open(server.url);
      const since = performance.now();
      await person.ask("join_room", { room_code: code, as: "spectator" });
      return { person, took: performance.now() - since };
    };
    const newRoom = async () => {
      const { host, code } = await openRoom(server.url);
      host.close();
      return { code };
    };
    await server.start();
    await newRoom();
    for (const row of rows) {
      const { person, took } = await enter(row);
      row.whole = took;
      // Enough for a snapshot, in rooms that have the length for one.
      if (row.size > 10) await person.say(MOVES);
      person.close();
    }
    // In turns, and each time as after a restart: waking reads the snapshot and what came after it.
    for (let round = 0; round < ROUNDS; round++) {
      await server.stop();
      await server.start();
      // What the first of all queries costs belongs to none of the rooms.
      await newRoom();
      for (const row of rows) {
        const { person, took } = await enter(row);
        row.wakes.push(took);
        person.close();
        const again = await enter(row);
        row.again.push(again.took);
        again.person.close();
      }
      for (const row of round % 2 ? rows.toReversed() : rows) {
        // A log of 10 is no longer one after this: each round takes a fresh room.
        const { person } = await enter(row.size > 10 ? row : await newRoom());
        await person.say(10);
        row.costs.push(await costOf(server, MOVES, () => person.say(MOVES)));
        person.close();
      }
    }
  } finally {
    await server.close();
  }
  for (const row of rows) Object.assign(row, { cost: median(row.costs), wake: median(row.wakes), warm: median(row.again) });
  const x = { label: "events in the room's log" };
  return {
    name: "log",
    title: "The length of a log",
    columns: [["events", "size"], ["CPU µs / move", "cost"], ["waking, ms", "wake"], ["entering while awake, ms", "warm"], ["waking without a snapshot, ms", "whole"]],
    rows,
    plot: {
      title: "One room against the length of its log",
      panels: [
        { x, y: { label: "CPU of the server per move, µs" }, series: [line("cost", rows, "size", "cost")] },
        { x, y: { label: "milliseconds until one is in the room" }, series: [line("it sleeps", rows, "size", "wake"), line("it is awake", rows, "size", "warm")] },
      ],
    },
    about: `Medians of ${ROUNDS} rounds in turns, ${MOVES} moves each, eight under way. Cost at 100,000 events against that at 10: ${(rows.at(-1).cost / rows[0].cost).toFixed(2)} (to reach: 1.1); waking from the snapshot has to take less than 100 ms.`,
  };
}

export async function table() {
  const [JOINS, MOVES] = [200, 1600];
  // So many that nobody comes into a room twice: the second time it would be awake.
  const rows = [10_000, 100_000, 1_000_000].map((size) => ({ size, joins: [], costs: [], joinCosts: [], seen: 0 }));
  try {
    for (const row of rows) {
      row.server = await new Parlor(PATIENT).start();
      const { host, code } = await openRoom(row.server.url);
      host.close();
      await row.server.stop();
      copyRoom(row.server.database, code, row.size);
    }
    // Not before: nobody answers a heartbeat while a database is filled.
    for (const row of rows) {
      await row.server.start();
      row.people = [];
      for (let n = 0; n < 32; n++) row.people.push(await Person.open(row.server.url));
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const row of round % 2 ? rows.toReversed() : rows) {
        const rooms = Array.from({ length: JOINS }, () => codeOf(1 + ((row.seen++ * 7919) % row.size)));
        const people = [...row.people];
        const come = async (person) => {
          for (let code = rooms.pop(); code; code = rooms.pop()) {
            const since = performance.now();
            await person.ask("join_room", { room_code: code, as: "spectator" });
            row.joins.push(performance.now() - since);
          }
        };
        row.joinCosts.push(await costOf(row.server, JOINS, () => Promise.all(people.slice(0, 4).map(come))));
        for (const person of people) await person.ask("join_room", { room_code: codeOf(1 + ((row.seen++ * 7919) % row.size)), as: "spectator" });
        row.costs.push(await costOf(row.server, MOVES, () => Promise.all(people.map((person) => person.say(MOVES / people.length, 1)))));
      }
    }
  } finally {
    for (const row of rows) {
      for (const person of row.people ?? []) person.close();
      await row.server?.close();
    }
  }
  for (const row of rows) Object.assign(row, { cost: median(row.costs), joinCost: median(row.joinCosts), p50: quantile(row.joins, 0.5), p99: quantile(row.joins, 0.99) });
  const x = { label: "rooms in the table" };
  return {
    name: "table",
    title: "The size of the database",
    columns: [["rooms in the table", "size"], ["joining a room that sleeps, p50, ms", "p50"], ["p99, ms", "p99"], ["CPU µs / join", "joinCost"], ["CPU µs / move", "cost"]],
    rows,
    plot: {
      title: "Joining and moving against the rooms in the table",
      panels: [
        { x, y: { label: "milliseconds to join a room that sleeps" }, series: [line("p50", rows, "size", "p50"), line("p99", rows, "size", "p99")] },
        { x, y: { label: "CPU of the server, µs" }, series: [line("a join", rows, "size", "joinCost"), line("a move", rows, "size", "cost")] },
      ],
    },
    about: `${ROUNDS} rounds in turns: ${JOINS} joins by four people, then ${MOVES} moves by 32 in as many rooms. Against 10,000 rooms, a million costs ${(rows.at(-1).joinCost / rows[0].joinCost).toFixed(2)} per join and ${(rows.at(-1).cost / rows[0].cost).toFixed(2)} per move (to reach: 1.1).`,
  };
}

/**
 * How long the disk itself takes to keep 4 KiB where there were some before, as in SQLite's write-ahead log, in milliseconds; each with
 * when it began. `keepAll` is given what keeps one block.
 */
async function disk(keepAll) {
  const place = folder();
  const file = openSync(path.join(place.path, "probe"), "w");
  const block = Buffer.alloc(4096, 1);
  for (let n = 0; n < BLOCKS; n++) writeSync(file, block, 0, block.length, n * block.length);
  fdatasyncSync(file);
  const kept = [];
  const keep = () => {
    const at = performance.now();
    writeSync(file, block, 0, block.length, (kept.length % BLOCKS) * block.length);
    fdatasyncSync(file);
    kept.push({ at, took: performance.now() - at });
  };
  try {
    await keepAll(keep);
  } finally {
    closeSync(file);
    place.remove();
  }
  return kept;
}

/** One block after another, for a while. */
function onEnd(keep) {
  for (const end = performance.now() + SECONDS * 300; performance.now() < end; ) keep();
}

/** A block every 10 ms, while `work` runs. */
const during = (work) => (keep) => {
  const timer = setInterval(keep, 10);
  return work.finally(() => clearInterval(timer));
};

export async function latency() {
  const args = ["chat", "--rooms", 250, "--players", 4];
  const held = await withParlor((server) => load([server], SECONDS, ...args));
  const rate = down(held.answersPerSecond / 4);
  const rows = [];
  for (let round = 0; round < 3; round++) {
    const alone = await disk(onEnd);
    await withParlor(async (server) => {
      const work = load([server], SECONDS, ...args, "--rate", rate);
      const [{ p50, p99, testerLate, since }, kept] = await Promise.all([work, disk(during(work))]);
      const took = (list) => list.map((one) => one.took);
      const beside = took(kept.filter(({ at }) => at >= since));
      rows.push({ size: round + 1, p50, p99, late: testerLate, alone50: quantile(took(alone), 0.5), alone99: quantile(took(alone), 0.99), beside50: quantile(beside, 0.5), beside99: quantile(beside, 0.99) });
    });
  }
  const of = (key) => median(rows.map((row) => row[key]));
  const limit = (key) => `${(3 * of(key) + 2).toFixed(2)} ms`;
  return {
    name: "latency",
    title: "How long a durable move takes",
    columns: [
      ["round", "size"], ["p50, ms", "p50"], ["p99, ms", "p99"], ["the tester late, p99, ms", "late"],
      ["fdatasync beside it, p50, ms", "beside50"], ["p99, ms", "beside99"], ["fdatasync on end before it, p50, ms", "alone50"], ["p99, ms", "alone99"],
    ],
    rows,
    about:
      `250 rooms of 4 at ${rate} moves a second, a quarter of what they held. Beside it, a process on the tester's core keeps 4 KiB on the same disk every 10 ms (\`fdatasync\`); before it, as often as it can. ` +
      `p99 is ${of("p99").toFixed(2)} ms; 3 × fdatasync + 2 ms is ${limit("beside99")} by the 99th percentile of what was kept meanwhile, ${limit("alone99")} by that of what was kept on end before, and ${limit("alone50")} by its median. ` +
      `The tester, which has a core for itself, woke up late by ${of("late").toFixed(2)} ms: as long as the machine stood still for it, it did for the server.`,
  };
}
