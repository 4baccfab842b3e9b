// The table's state, moved on by events.
import assert from "node:assert/strict";
import test from "node:test";
import { covered, distance, said, take } from "../../static/tabletop-state.js";

const player = (seat) => ({ seat, nickname: `P${seat}` });
const table = (more = {}) => ({
  players: [{ ...player(0), here: true, read: 0 }, { ...player(1), here: true, read: 4 }], dm: 0, co_dms: [], my_seat: 1, my_role: "player", settings: {},
  chat: [], rolls: [], narrations: [], actions: [], images: [], whispers: [], turn: null, combat: { active: false, name: "", round: 0, combatants: [] }, initiative: [],
  map: { width: 4, height: 3 }, fog: { enabled: false, areas: [] }, tokens: [], sheets: [{ seat: 1, name: "", stats: {}, inventory: {}, notes: "" }], polls: [], ...more,
});
const one = (id, initiative, bonus = 0) => ({ combatant_id: id, name: `C${id}`, initiative, bonus, effects: [] });

test("what is said is told by age, whatever it is, and only the newest is kept", () => {
  const state = table();
  take(state, "dice_roll", { seq: 9, player: player(1), result: 3 });
  take(state, "chat_message", { seq: 8, player: player(0), message: "hello" });
  assert.deepEqual(said(state).map(({ seq, kind }) => [seq, kind]), [[8, "chat_message"], [9, "dice_roll"]]);
  for (let seq = 10; seq < 100; seq += 1) take(state, "chat_message", { seq, player: player(0), message: "x" });
  assert.deepEqual([state.chat.length, state.chat[0].seq], [50, 50]);
});

test("reactions come and go, and what they are about may be gone", () => {
  const state = table();
  take(state, "whisper", { seq: 5, player: player(0), to: player(1), message: "psst" });
  for (const seat of [0, 1, 1]) take(state, "reaction", { player: player(seat), to: 5, emoji: "👍", on: true });
  assert.deepEqual(state.whispers[0].reactions, { "👍": [0, 1] });
  for (const seat of [0, 1]) take(state, "reaction", { player: player(seat), to: 5, emoji: "👍", on: false });
  assert.deepEqual(state.whispers[0].reactions, {});
  assert.equal(take(state, "reaction", { player: player(0), to: 77, emoji: "👍", on: true }), true);
});

test("combatants stand by initiative, bonus and who came first; those without stand last", () => {
  const state = table();
  for (const combatant of [one(4, null), one(1, 10), one(2, 15), one(3, 10, 2), one(5, 10)]) take(state, "combatant_added", { combatant, turn: null });
  assert.deepEqual(state.combat.combatants.map(({ combatant_id: id }) => id), [2, 3, 1, 5, 4]);
  take(state, "initiative_rolled", { combatant: one(4, 20), turn: { combatant_id: 4, round: 2 } });
  assert.deepEqual([state.combat.combatants[0].combatant_id, state.turn.combatant_id, state.combat.round], [4, 4, 2]);
});

test("effects count down and end with the turn", () => {
  const state = table();
  take(state, "combatant_added", { combatant: one(1, 10), turn: null });
  take(state, "effect_added", { combatant_id: 1, effect: { effect_id: 7, name: "blessed", rounds_left: 2 } });
  take(state, "turn_change", { turn: { combatant_id: 1, round: 1 }, effects: [{ combatant_id: 1, effect_id: 7, rounds_left: 1 }] });
  assert.equal(state.combat.combatants[0].effects[0].rounds_left, 1);
  take(state, "turn_change", { turn: { combatant_id: 1, round: 2 }, effects: [{ combatant_id: 1, effect_id: 7, rounds_left: 0 }] });
  assert.deepEqual(state.combat.combatants[0].effects, []);
});

test("tokens leave players' sight with the fog, and stay for the DM", () => {
  const token = (id) => ({ token_id: id, x: 0, y: 0, seen: true });
  for (const [role, left] of [["player", [2]], ["dm", [1, 2]]]) {
    const state = table({ my_role: role, tokens: [token(1)] });
    take(state, "fog_changed", { enabled: true, clear: false, areas: [{ x: 0, y: 0, w: 1, h: 1, revealed: true }], background: null, appeared: [token(2)], gone: [1] });
    assert.deepEqual(state.tokens.map(({ token_id: id }) => id), left);
    assert.deepEqual([state.fog.enabled, state.fog.areas.length, state.map.background], [true, 1, null]);
  }
});

test("sheets change in part, and what is 0 or null is gone", () => {
  const state = table();
  take(state, "sheet_updated", { player: player(1), seat: 1, name: "Ben", stats: { Might: 3, Luck: 1 }, inventory: { rope: 2 } });
  take(state, "sheet_updated", { player: player(1), seat: 1, stats: { Luck: null }, inventory: { rope: 0 } });
  assert.deepEqual([state.sheets[0].stats, state.sheets[0].inventory, state.players[1].character_name], [{ Might: 3 }, {}, "Ben"]);
});

test("what cannot be told from an event is asked for", () => {
  for (const event of ["dm_changed", "settings_changed", "session_ended"]) assert.equal(take(table(), event, {}), false, event);
  assert.equal(take(table(), "token_moved", { token_id: 5, x: 1, y: 1 }), false, "a token that is not known");
  assert.equal(take(table(), "something_new", {}), true);
});

test("the last area over a cell counts", () => {
  const areas = [{ x: 0, y: 0, w: 3, h: 9, revealed: true }, { x: 1, y: 1, w: 1, h: 1, revealed: false }];
  assert.deepEqual(covered({ width: 4, height: 2 }, { enabled: true, areas }), [[false, false, false, true], [false, true, false, true]]);
  assert.deepEqual(covered({ width: 2, height: 1 }, { enabled: false, areas }), [[false, false]]);
});

test("diagonal steps are one cell, or one and two in turn", () => {
  const at = (x, y) => ({ x, y });
  for (const [to, one_, alternate] of [[at(3, 0), 15, 15], [at(3, 3), 15, 20], [at(4, 2), 20, 25], [at(0, 0), 0, 0], [at(-1, -1), 5, 5]]) {
    assert.equal(distance(at(0, 0), to, { cell: 5, diagonals: "one" }), one_);
    assert.equal(distance(at(0, 0), to, { cell: 5, diagonals: "alternate" }), alternate);
  }
});
