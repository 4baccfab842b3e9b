// Backgammon between real clients: whole games, the cube, resigning, undoing, watching, clocks and exports.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { checkers, other, startedGame, stateOf, takeTurn } from "../support/backgammon.mjs";
import { connect } from "../support/client.mjs";
import { binary, useServer } from "../support/server.mjs";

const server = useServer();

test("create_room {} is enough, and the state has all its keys", async () => {
  const { white, code } = await startedGame(server.url);
  const state = await stateOf(white);
  assert.deepEqual(Object.keys(state.board_state).sort(), ["bar", "borne_off", "cube_owner", "dice", "dice_used", "doubling_cube", "points"]);
  assert.equal(state.board_state.points.length, 24);
  // White moves from 24 to 1: two checkers on 24, five on 13, three on 8, five on 6.
  assert.deepEqual([24, 13, 8, 6].map((point) => state.board_state.points[point - 1]), [2, 5, 3, 5].map((count) => ({ count, color: "white" })));
  assert.deepEqual([1, 12, 17, 19].map((point) => state.board_state.points[point - 1]), [2, 5, 3, 5].map((count) => ({ count, color: "black" })));
  assert.equal(state.board_state.points[1].color, null);
  assert.equal(state.position_id, "4HPwATDgc/ABMA");
  assert.match(state.match_id, /^[A-Za-z0-9+/]{12}$/);
  assert.deepEqual([state.board_state.doubling_cube, state.board_state.cube_owner], [1, null]);
  assert.ok(["white", "black"].includes(state.current_player));
  assert.equal(state.board_state.dice.length, 2, "the opening roll is played by who won it");
  assert.notEqual(state.board_state.dice[0], state.board_state.dice[1]);
  assert.equal((state.board_state.dice[0] > state.board_state.dice[1]) === (state.current_player === "white"), true);
  const counts = { 21: 15, 31: 16, 32: 17, 41: 14, 42: 18, 43: 17, 51: 8, 52: 8, 53: 9, 54: 9, 61: 10, 62: 14, 63: 14, 64: 14, 65: 7 };
  const roll = [...state.board_state.dice].sort().reverse().join("");
  assert.equal(state.legal_moves.length, counts[roll], `every play of ${roll}, once`);
  const shown = await (await fetch(`${server.url}/api/rooms/${code}`)).json();
  assert.equal(shown.game, "backgammon");
});

for (const whole of [true, false]) {
  test(`two clients play a whole game by legal_moves, ${whole ? "turn by turn" : "checker by checker"}`, async () => {
    const players = await startedGame(server.url, { watcher: true });
    const { white, black, watcher, code } = players;
    let state = await stateOf(white);
    let turn = 0;
    for (; state.status === "in_progress" && turn < 1_000; turn += 1) {
      assert.deepEqual(checkers(state), [15, 15]);
      state = await takeTurn(players, state, { whole, choose: (count) => (turn * 7) % count });
    }
    assert.equal(state.status, "completed", `after ${turn} turns`);
    const winner = state.results.winner;
    assert.equal(state.board_state.borne_off[winner], 15);
    assert.equal(state.results.ended_by, "borne_off");
    assert.equal(state.results.points, { single: 1, gammon: 2, backgammon: 3 }[state.results.kind]);
    for (const client of [white, black, watcher]) {
      const ended = await client.next("game_ended");
      assert.deepEqual(ended.winners, [winner === "white" ? 0 : 1]);
      client.assertGapless(client.logged()[0].data.seq - 1);
      const last = client.all("move_made").at(-1);
      assert.deepEqual(last.game_state.board_state, state.board_state, "an event carries the table");
    }
    const verdict = await (await fetch(`${server.url}/api/rooms/${code}/verify`)).json();
    assert.equal(verdict.matches, true, "every die can be computed again");
    assert.ok(verdict.draws.length >= turn, "two draws a roll");

    const mat = await fetch(`${server.url}/api/rooms/${code}/export?format=mat`);
    assert.match(mat.headers.get("content-disposition"), new RegExp(`${code}\\.mat`));
    assert.match(await mat.text(), /^; \[Site "Parlor"\][^]* Game 1\n Ada : 0 +Ben : 0\n {2}1\)[^]*Wins \d points?\n$/);
    const sgf = await (await fetch(`${server.url}/api/rooms/${code}/export?format=sgf`)).text();
    assert.match(sgf, /^\(;FF\[4\]GM\[6\][^]*\)\n$/);
    const printed = execFileSync(binary(), ["export", code, "--format", "sgf"], { env: server.env, encoding: "utf8" });
    assert.equal(printed, sgf, "the program prints the same");
    assert.throws(() => execFileSync(binary(), ["export", code, "--format", "pgn"], { env: server.env, stdio: "pipe" }), /mat, sgf/);
    const wrong = await fetch(`${server.url}/api/rooms/${code}/export?format=pgn`);
    assert.equal(wrong.status, 400);
    assert.match((await wrong.json()).error.message, /mat, sgf/);
  });
}

test("a stale move is refused, and so is everything by spectators and out of turn", async () => {
  const players = await startedGame(server.url, { watcher: true });
  const state = await stateOf(players.white);
  const mover = players[state.current_player];
  const waiter = players[other(state.current_player)];
  const [step] = state.legal_moves[0];
  for (const event of ["roll_dice", "move", "end_turn", "undo", "offer_double", "accept_double", "resign", "claim_win"]) {
    const error = await players.watcher.refused(event, event === "move" ? step : {}, "FORBIDDEN");
    assert.ok(error.message);
  }
  await waiter.refused("move", step, "NOT_YOUR_TURN");
  await waiter.refused("end_turn", {}, "NOT_YOUR_TURN");
  await mover.refused("roll_dice", {}, "ILLEGAL_MOVE");
  await mover.refused("move", { from_point: 2, to_point: 99 }, "ILLEGAL_MOVE");
  await mover.refused("move", { from_point: "x", to_point: 1 }, "VALIDATION_ERROR");
  await mover.refused("move", {}, "VALIDATION_ERROR");
  await mover.refused("move", { moves: [step] }, "ILLEGAL_MOVE");
  await mover.refused("end_turn", {}, "ILLEGAL_MOVE");
  assert.deepEqual((await stateOf(mover)).board_state, state.board_state, "nothing changed");
  await mover.ok("move", { ...step, game_version: state.version });
  const error = await mover.refused("move", { ...step, game_version: state.version }, "STALE_VERSION");
  assert.ok(error.details.current_version > state.version);
  await mover.ok("undo", {});
  assert.deepEqual((await stateOf(mover)).board_state, state.board_state, "taken back");
  const made = await players.watcher.next("move_made");
  assert.deepEqual([made.player, made.move.from_point, made.move.to_point], [state.current_player, step.from_point, step.to_point]);
  await players.watcher.next("move_undone");
});

test("a turn that was rolled after is taken back only with consent", async () => {
  const players = await startedGame(server.url);
  const before = await stateOf(players.white);
  const mover = players[before.current_player];
  const waiter = players[other(before.current_player)];
  await takeTurn(players, before, { whole: true });
  await waiter.ok("roll_dice", {});
  await mover.ok("undo", {});
  assert.equal((await waiter.next("undo_requested")).player, before.current_player);
  await mover.refused("accept_undo", {}, "NOT_YOUR_TURN");
  await waiter.ok("decline_undo", {});
  await mover.next("undo_declined");
  await mover.ok("undo", {});
  await waiter.ok("accept_undo", {});
  const back = await mover.next("turn_taken_back");
  assert.deepEqual(back.game_state.board_state.dice, before.board_state.dice, "the same dice are to be played again");
  assert.equal((await stateOf(mover)).current_player, before.current_player);
});

test("the cube is offered, taken, owned and declined", async () => {
  const players = await startedGame(server.url);
  let state = await takeTurn(players, await stateOf(players.white), { whole: true });
  const doubler = state.current_player;
  await players[other(doubler)].refused("offer_double", {}, "NOT_YOUR_TURN");
  await players[doubler].ok("offer_double", {});
  await players[doubler].refused("accept_double", {}, "NOT_YOUR_TURN");
  await players[other(doubler)].refused("roll_dice", {}, "ILLEGAL_MOVE");
  assert.equal((await players[other(doubler)].next("double_offered")).new_stake, 2);
  await players[other(doubler)].ok("accept_double", {});
  state = await stateOf(players.white);
  assert.deepEqual([state.board_state.doubling_cube, state.board_state.cube_owner], [2, other(doubler)]);
  await players[doubler].refused("offer_double", {}, "ILLEGAL_MOVE");
  state = await takeTurn(players, state, { whole: true });
  await players[other(doubler)].ok("offer_double", {});
  await players[doubler].ok("decline_double", {});
  const { results, winners } = await players.white.next("game_ended");
  assert.deepEqual([results.winner, results.points, results.ended_by, results.kind], [other(doubler), 2, "double_declined", "single"]);
  assert.deepEqual(winners, [other(doubler) === "white" ? 0 : 1]);
});

test("a match is played over several games, each resigned with consent", async () => {
  const { white, black } = await startedGame(server.url, { options: { match_length: 3 } });
  await white.ok("resign", { kind: "gammon" });
  await white.refused("accept_resign", {}, "ILLEGAL_MOVE");
  await black.ok("decline_resign", {});
  await white.refused("resign", { kind: "single" }, "ILLEGAL_MOVE");
  await black.ok("resign", { kind: "gammon" });
  await white.ok("accept_resign", {});
  const first = await black.next("game_over");
  assert.deepEqual([first.result.winner, first.result.points, first.result.score], ["white", 2, [2, 0]]);
  const state = await stateOf(white);
  assert.deepEqual([state.game_number, state.crawford, state.status, state.position_id], [2, true, "in_progress", "4HPwATDgc/ABMA"]);
  await black.ok("resign", {});
  await white.ok("accept_resign", {});
  const { results } = await black.next("game_ended");
  assert.deepEqual([results.winner, results.match_length, results.score, results.games.length], ["white", 3, [3, 0], 2]);
});

test("who does not come back loses if the other one claims it", async () => {
  const { white, black } = await startedGame(server.url);
  await white.refused("claim_win", {}, "ILLEGAL_MOVE");
  await black.ok("leave_room", {});
  assert.equal((await white.next("win_claimable")).absent, "black");
  await white.ok("claim_win", {});
  assert.equal((await white.next("game_ended")).results.ended_by, "claimed");
});

test("time-out loses, without anybody asking", async () => {
  const { white } = await startedGame(server.url, { options: { time_control: "blitz", bank_s: 1, delay_s: 0 } });
  const state = await stateOf(white);
  assert.equal(state.clock.running, state.current_player);
  const { results } = await white.next("game_ended");
  assert.deepEqual([results.ended_by, results.winner], ["timeout", other(state.current_player)]);
});

test("options that make no sense are refused by name", async () => {
  const client = await connect(server.url, { namespace: "/backgammon" });
  for (const [options, word] of [
    [{ match_length: 26 }, /match_length/],
    [{ time_control: "slow" }, /slow/],
    [{ bank_s: 5 }, /time_control/],
    [{ match_length: "three" }, /three/],
  ]) {
    const error = await client.refused("create_room", { options }, "VALIDATION_ERROR");
    assert.match(error.message, word);
  }
});

test("a whole turn over plain HTTP", async () => {
  const { white, black, code } = await startedGame(server.url);
  const state = await stateOf(white);
  const token = (state.current_player === "white" ? white : black).session.token;
  const say = (event, data) =>
    fetch(`${server.url}/api/rooms/${code}/commands`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ event, data }),
    });
  const stale = await say("move", { moves: state.legal_moves[0], game_version: state.version - 1 });
  assert.equal(stale.status, 409);
  assert.equal((await say("move", { moves: state.legal_moves[0], game_version: state.version })).status, 200);
  assert.equal((await say("roll_dice", {})).status, 409);
  assert.equal((await stateOf(white)).current_player, other(state.current_player));
});
