// The logic under the board: what may go where, how turns are written, where spots are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HEIGHT, WIDTH, layout, neighbour, notation, on, other, own, rows, spotOf, spokenMoves, targets, turnText } from "../../static/backgammon-moves.js";
import { clockText, timeLeft } from "../../static/backgammon-clock.js";

const step = (from_point, to_point, is_hit = false) => ({ from_point, to_point, is_hit });
const plain = (...steps) => steps.map(([from_point, to_point]) => ({ from_point, to_point }));
const legal = (current_player, first, plays) => ({ current_player, legal_steps: plain(...first).map((each) => ({ ...each, die: 1 })), legal_moves: plays.map((play) => plain(...play)) });
const ends = (state, from) => [...(targets(state).get(from)?.keys() ?? [])].sort();

test("points have two names, one for each side", () => {
  for (const side of ["white", "black"]) for (let point = 0; point <= 25; point += 1) assert.equal(own(side, own(side, point)), point);
  assert.deepEqual([spotOf("white", 25), spotOf("white", 0), spotOf("black", 0), spotOf("black", 25), spotOf("black", 6)], ["bar-white", "off-white", "bar-black", "off-black", "6"]);
});

for (const [what, side, dice, moves, written] of [
  ["two checkers, the farther first", "white", [3, 1], [step(6, 5), step(8, 5)], "31: 8/5 6/5"],
  ["black counts from its own side", "black", [3, 1], [step(17, 20), step(19, 20)], "31: 8/5 6/5"],
  ["one checker with both dice", "white", [1, 6], [step(24, 18), step(18, 17)], "61: 24/17"],
  ["a hit on the way is named", "white", [6, 1], [step(24, 18, true), step(18, 17)], "61: 24/18*/17"],
  ["a hit at the end", "black", [6, 5], [step(1, 7), step(7, 12, true)], "65: 24/13*"],
  ["doubles in groups", "white", [6, 6], [step(24, 18), step(13, 7), step(24, 18), step(13, 7)], "66: 24/18(2) 13/7(2)"],
  ["a group that hits", "white", [2, 2], [step(6, 4, true), step(6, 4), step(13, 11), step(13, 11)], "22: 13/11(2) 6/4*(2)"],
  ["from the bar", "white", [4, 2], [step(25, 21), step(24, 22)], "42: bar/21 24/22"],
  ["black from the bar", "black", [4, 2], [step(0, 4), step(4, 6, true)], "42: bar/19*"],
  ["off", "white", [6, 5], [step(6, 0), step(5, 0)], "65: 6/off 5/off"],
  ["two off from one point", "black", [5, 5], [step(20, 25), step(20, 25)], "55: 5/off(2)"],
  ["no play", "white", [6, 6], [], "66: –"],
]) {
  test(`a turn is written as players do: ${what}`, () => assert.equal(turnText(side, dice, moves), written));
}

test("moves are said in words", () => {
  assert.equal(spokenMoves("black", [step(0, 3, true), step(20, 25)]), "the bar to 22 hitting, 5 off");
  assert.equal(notation("white", []), "");
});

test("single moves are offered, and one checker may go on with the second die", () => {
  const state = legal("white", [[8, 5], [6, 5], [24, 23], [24, 21]], [[[8, 5], [6, 5]], [[24, 23], [23, 20]], [[24, 21], [8, 7]]]);
  assert.deepEqual(ends(state, "24"), ["20", "21", "23"]);
  assert.deepEqual(targets(state).get("24").get("20"), plain([24, 23], [23, 20]));
  assert.deepEqual(ends(state, "8"), ["5"]);
  assert.deepEqual(ends(state, "13"), []);
});

test("where two ways lead to different positions, only single moves are offered", () => {
  const state = legal("white", [[24, 18], [24, 19]], [[[24, 18], [18, 13]], [[24, 19], [19, 13]]]);
  assert.deepEqual(ends(state, "24"), ["18", "19"]);
});

test("a checker on the bar comes first: others cannot start, it may go on", () => {
  const state = legal("black", [[0, 3], [0, 5]], [[[0, 3], [3, 8]], [[0, 5], [12, 15]]]);
  assert.deepEqual([...targets(state).keys()], ["bar-black"]);
  assert.deepEqual(ends(state, "bar-black"), ["3", "5", "8"]);
});

test("doubles go up to four steps with one checker, also when other moves stand between", () => {
  const state = legal("white", [[24, 22], [6, 4]], [[[24, 22], [6, 4], [22, 20], [20, 18]]]);
  assert.deepEqual(ends(state, "24"), ["18", "20", "22"]);
  assert.deepEqual(targets(state).get("24").get("18"), plain([24, 22], [22, 20], [20, 18]));
});

test("bearing off in one go is offered only when nothing else has to move before", () => {
  assert.deepEqual(ends(legal("white", [[6, 4]], [[[6, 4], [4, 0]]]), "6"), ["4", "off-white"]);
  assert.deepEqual(ends(legal("white", [[7, 5], [6, 4]], [[[6, 4], [7, 5], [4, 0]]]), "6"), ["4"]);
});

test("nothing is offered before the roll, and when nothing can be played", () => {
  assert.equal(targets(legal("white", [], [])).size, 0);
  assert.equal(targets({ current_player: "white" }).size, 0);
});

for (const bottom of ["white", "black"]) {
  for (const homeLeft of [false, true]) {
    test(`${bottom} is below with its home on the ${homeLeft ? "left" : "right"}`, () => {
      const view = { bottom, homeLeft };
      const places = layout(view);
      assert.equal(places.size, 28, "24 points, two halves of the bar, two trays");
      const home = [1, 2, 3, 4, 5, 6].map((point) => places.get(String(own(bottom, point))));
      assert.ok(home.every(({ top }) => !top));
      assert.ok(home.every(({ x }) => (homeLeft ? x < WIDTH / 2 : x > WIDTH / 2)));
      assert.ok(places.get(String(own(bottom, 24))).top && places.get(`off-${other(bottom)}`).top && !places.get(`bar-${bottom}`).top);
      assert.equal(places.get(String(own(bottom, 24))).x, places.get(String(own(bottom, 1))).x, "24 is over 1");
      const all = [...places.values()];
      assert.ok(all.every(({ x, width, base }) => x - width / 2 >= 0 && x + width / 2 <= WIDTH && base > 0 && base < HEIGHT));
      const row = all.filter(({ top }) => top).sort((a, b) => a.x - b.x);
      row.slice(1).forEach((place, n) => assert.ok(place.x - place.width / 2 >= row[n].x + row[n].width / 2 - 0.01, "no two spots overlap"));
    });
  }
}

test("arrow keys lead over the whole board and stop at its edges", () => {
  const view = { bottom: "white", homeLeft: false };
  const [top, below] = rows(view);
  let spot = below[0];
  const seen = [spot];
  for (let n = 0; n < 20; n += 1) seen.push((spot = neighbour(view, spot, "ArrowRight")));
  assert.deepEqual([...new Set(seen)], below);
  assert.deepEqual([neighbour(view, "6", "ArrowUp"), neighbour(view, "19", "ArrowDown"), neighbour(view, "19", "ArrowUp"), neighbour(view, "6", "Home"), neighbour(view, "6", "End")], ["19", "6", "19", "12", "off-white"]);
  assert.equal(neighbour(view, "7", "ArrowRight"), "bar-white");
  assert.equal(top.length, 14);
});

test("what is on a spot", () => {
  const board = { points: Array.from({ length: 24 }, (_, n) => (n === 5 ? { count: 5, color: "white" } : { count: 0, color: null })), bar: { white: 0, black: 2 }, borne_off: { white: 3, black: 0 } };
  assert.deepEqual([on(board, "6"), on(board, "bar-black"), on(board, "off-white"), on(board, "7")], [{ count: 5, color: "white" }, { count: 2, color: "black" }, { count: 3, color: "white" }, { count: 0, color: null }]);
});

test("clocks count the free delay first, then the bank, and never below zero", () => {
  const since = "2026-01-01T00:00:00.000Z";
  const clock = { white_ms: 60_000, black_ms: 30_000, delay_ms: 10_000, running: "white", since };
  const at = (ms) => timeLeft(clock, "white", Date.parse(since) + ms);
  assert.deepEqual([at(0), at(4_000), at(10_000), at(25_000), at(90_000), at(-500)], [{ bank: 60_000, delay: 10_000 }, { bank: 60_000, delay: 6_000 }, { bank: 60_000, delay: 0 }, { bank: 45_000, delay: 0 }, { bank: 0, delay: 0 }, { bank: 60_000, delay: 10_000 }]);
  assert.deepEqual(timeLeft(clock, "black", Date.parse(since) + 5_000), { bank: 30_000, delay: 0 });
  assert.deepEqual([480_000, 61_500, 9_940, 0, -5, 3_723_000].map(clockText), ["8:00", "1:01", "0:09.9", "0:00.0", "0:00.0", "1:02:03"]);
});
