// Pong over real clients: whole matches, dropping out, polling, and clients that do not read.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { startedRoom } from "../support/draft.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_GRACE_MS: "1500" } });
const SLOW = 60_000;

const at = { namespace: "/pong" };

/** Two clients in a match that runs; `start` are the options of the game. */
async function match({ url = server.url, hostOptions = {}, guestOptions = {}, start = { points: 1 } } = {}) {
  const players = await startedRoom(url, { hostOptions: { ...at, ...hostOptions }, guestOptions: { ...at, ...guestOptions }, start });
  const state = await players.host.next("game_state");
  assert.equal(state.phase, "pending");
  await players.guest.ok("player_ready");
  await players.host.ok("player_ready");
  await Promise.all([players.host.next("match_began"), players.guest.next("match_began")]);
  return players;
}

const frames = (client) => client.all("game_update");
const tickOf = (client) => client.received.findLast(({ event }) => event === "game_update")?.data.tick ?? 0;

/** Resolves with the first frame after `tick`. */
const frameAfter = (client, tick) => client.next("game_update", (frame) => frame.tick > tick, SLOW);

/** Follows the ball, as a person who sees only frames would; `stop()` ends it. */
function follows(client) {
  let target = null;
  const watch = (frame) => {
    const y = Math.round(frame.ball.y / 300) * 300;
    if (y !== target && frame.phase === "active") client.socket.emit("player_move", { y: (target = y) });
  };
  client.socket.on("game_update", watch);
  return () => client.socket.off("game_update", watch);
}

test("two clients play a match to its end, and both are told the same story", async () => {
  const { host, guest, code } = await match({ start: { points: 2 } });
  // Neither plays well: one stands in a corner, the other in the other.
  await host.ok("player_move", { y: 0 });
  await guest.ok("player_move", { direction: 1 });
  const [toHost, toGuest] = await Promise.all([host.next("game_ended", undefined, SLOW), guest.next("game_ended", undefined, SLOW)]);
  assert.deepEqual(toHost.results, toGuest.results);
  assert.equal(Math.max(toHost.results.left.score, toHost.results.right.score), 2);
  assert.ok(["left", "right"].includes(toHost.results.winner));
  const goals = host.all("score_update");
  assert.equal(goals.length, toHost.results.left.score + toHost.results.right.score);
  assert.deepEqual(goals, guest.all("score_update"));
  host.assertGapless();
  const seen = frames(guest);
  assert.ok(seen.length > 50, `${seen.length} frames`);
  for (const [n, frame] of seen.entries()) {
    assert.ok(n === 0 || frame.tick >= seen[n - 1].tick, "frames never go back");
    assert.equal(frame.seq, undefined, "frames are not logged");
  }
  const { state } = await host.ok("request_sync");
  assert.deepEqual([state.phase, state.winner, state.tick], ["finished", toHost.results.winner, toHost.results.ticks]);
  const replayed = await (await fetch(`${server.url}/api/rooms/${code}/state?at=${goals[0].seq}`)).json();
  assert.equal((replayed.state ?? replayed).tick, goals[0].tick, "the log alone leads to the same moment");
});

test("`player_ready` of both in a full lobby is enough to begin", async () => {
  const host = await connect(server.url, { name: "host", ...at });
  const { room_code: code } = await host.ok("create_room", { options: { points: 3 } });
  await host.refused("player_ready", {}, "NOT_READY");
  const guest = await connect(server.url, { name: "guest", ...at });
  await guest.ok("join_room", { room_code: code });
  await guest.ok("player_ready");
  await host.ok("player_ready");
  const began = await host.next("match_began");
  assert.ok(["left", "right"].includes(began.serve_to));
  const frame = await frameAfter(host, 0);
  assert.deepEqual(Object.keys(frame.ball), ["x", "y", "vx", "vy"]);
});

test("one person plays against a bot of each level", async () => {
  for (const level of ["easy", "medium", "hard"]) {
    const host = await connect(server.url, { name: `against ${level}`, ...at });
    await host.ok("create_room", { options: { points: 1 } });
    await host.ok("add_bot", { seat: 1, level });
    await host.ok("start_game");
    await host.ok("player_ready");
    await host.next("match_began");
    await host.ok("player_move", { y: 0 });
    const { results } = await host.next("game_ended", undefined, SLOW);
    // The weakest waits for a ball that comes its way; the others go to where they are ready for one.
    const moved = host.all("player_moved").filter(({ seat }) => seat === 1);
    assert.ok(level === "easy" || moved.length > 0, `${level} moves`);
    assert.equal(results.left.score + results.right.score, 1);
    host.close();
  }
});

test("whoever follows the ball hits it", async () => {
  const { host, guest } = await match({ start: { points: 11, frames_per_s: 60 } });
  follows(host);
  follows(guest);
  const frame = await host.next("game_update", ({ rally }) => rally >= 2, SLOW);
  assert.ok(Math.abs(frame.ball.vx) > 130, "each hit makes it faster");
  await guest.ok("game_action", { action: "forfeit" });
  const { results } = await host.next("game_ended");
  assert.equal(results.winner, "left");
});

test("who drops out stops the time, and finds the match where it was", async () => {
  const { host, guest } = await match({ start: { points: 11 } });
  await frameAfter(host, 10);
  guest.dropTransport();
  const paused = await host.next("game_paused");
  assert.deepEqual([paused.side, paused.reason], ["right", "away"]);
  const resumed = await host.next("game_resumed", undefined, SLOW);
  assert.equal(resumed.tick, paused.tick);
  assert.ok(Date.parse(resumed.at) > Date.parse(resumed.timestamp), "there is a moment to get ready");
  await guest.until(() => guest.all("game_state").length > 1, "the state again");
  await frameAfter(guest, paused.tick);
});

test("after the grace the opponent may claim the win, and not before", async () => {
  const { host, guest } = await match({ start: { points: 11 } });
  guest.close();
  await host.next("game_paused", ({ reason }) => reason === "away");
  await host.refused("game_action", { action: "claim_win" }, "ILLEGAL_MOVE");
  await host.next("game_paused", ({ reason }) => reason === "absent", SLOW);
  await host.ok("game_action", { action: "claim_win" });
  const { results, winners } = await host.next("game_ended");
  assert.deepEqual([results.winner, winners], ["left", [0]]);
});

test("who waits instead plays on when the other comes back", async () => {
  const { host, guest, code } = await match({ start: { points: 11 } });
  const { token } = guest.session;
  guest.close();
  await host.next("game_paused", ({ reason }) => reason === "absent", SLOW);
  const again = await connect(server.url, { name: "guest again", ...at, auth: { token } });
  await again.ok("join_room", { room_code: code });
  const resumed = await host.next("game_resumed", undefined, SLOW);
  await frameAfter(again, resumed.tick);
});

test("a pause is asked for, ended by either, and counted", async () => {
  const { host, guest } = await match({ start: { points: 11 } });
  await host.ok("game_action", { action: "pause" });
  const { tick } = await guest.next("game_paused");
  await guest.refused("game_action", { action: "pause" }, "ILLEGAL_MOVE");
  await guest.ok("game_action", { action: "resume" });
  const frame = await frameAfter(guest, tick);
  assert.deepEqual([frame.left.pauses_left, frame.right.pauses_left], [2, 3]);
});

test("nonsense is refused by name and changes nothing", async () => {
  const { host, guest } = await match({ start: { points: 11 } });
  for (const [event, data, code] of [
    ["player_move", {}, "VALIDATION_ERROR"],
    ["player_move", { direction: 2 }, "VALIDATION_ERROR"],
    ["player_move", { direction: "up" }, "VALIDATION_ERROR"],
    ["player_move", { y: "1" }, "VALIDATION_ERROR"],
    ["player_move", { y: 1, direction: 1 }, "VALIDATION_ERROR"],
    ["player_move", [1], "VALIDATION_ERROR"],
    ["game_action", { action: "win" }, "VALIDATION_ERROR"],
    ["game_action", {}, "VALIDATION_ERROR"],
    ["game_action", { action: "resume" }, "ILLEGAL_MOVE"],
    ["player_ready", {}, "ILLEGAL_MOVE"],
    ["player_fly", {}, "UNKNOWN_EVENT"],
  ]) {
    await host.refused(event, data, code);
  }
  const watcher = await connect(server.url, { name: "watcher", ...at });
  await watcher.ok("join_room", { room_code: host.room, as: "spectator" });
  await watcher.refused("player_move", { y: 1 }, "FORBIDDEN");
  await frameAfter(watcher, 0);
  assert.equal(guest.all("player_moved").length, 0);
});

test("a match over polling only has frames, and its moves count", async (t) => {
  const polling = { transports: ["polling"], upgrade: false };
  const { host, guest } = await match({ guestOptions: polling, start: { points: 11 } });
  await guest.ok("player_move", { y: 2000 });
  await host.next("game_update", ({ right }) => right.y === 2000, SLOW);
  const arrivals = [];
  guest.socket.on("game_update", () => arrivals.push(performance.now()));
  await guest.until(() => arrivals.length > 60, "frames", SLOW);
  const gaps = arrivals.slice(1).map((now, n) => now - arrivals[n]).sort((a, b) => a - b);
  t.diagnostic(`frames by polling: median gap ${gaps[gaps.length >> 1].toFixed(1)} ms, 95th percentile ${gaps[Math.floor(gaps.length * 0.95)].toFixed(1)} ms`);
});

test("a server that is killed in the middle goes on with the match from what was logged", async (t) => {
  const own = await startServer(t);
  const { host, guest } = await match({ url: own.url, start: { points: 11 } });
  await host.ok("player_move", { y: 2000 });
  const { tick } = await host.next("player_moved");
  await frameAfter(host, tick + 30);
  const last = tickOf(host);
  await own.restart({ kill: true });
  const resumed = await host.next("game_resumed", ({ at }) => at !== null, SLOW);
  assert.ok(resumed.tick >= tick && resumed.tick <= last, `from ${resumed.tick}, logged at ${tick}, shown until ${last}`);
  host.forget("game_update");
  const frame = await host.next("game_update", (update) => update.tick > resumed.tick, SLOW);
  assert.equal(frame.left.target, 2000, "what was asked for before the crash holds");
  await guest.ok("game_action", { action: "forfeit" });
  await host.next("game_ended");
});

test("a client that does not read misses frames and holds up nobody", async () => {
  const { host, guest } = await match({ start: { points: 21, frames_per_s: 60 } });
  const raw = guest.socket.io.engine.transport.ws._socket;
  raw.pause();
  const began = tickOf(host);
  await frameAfter(host, began + 120);
  const seen = frames(host).filter(({ tick }) => tick > began).length;
  assert.ok(seen > 12, `${seen} of about 120 frames while the other does not read`);
  raw.resume();
  const now = tickOf(host);
  await frameAfter(guest, now);
});
