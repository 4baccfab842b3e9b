// The comparison behind `make counts` and `make memory`: a guard that does not bark is worse than none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, keptOf, passes, table } from "../../benches/figures.mjs";

const verdict = (kept, measured) => compare({ it: kept }, { it: measured }, 0.05)[0].verdict;

for (const [kept, measured, expected] of [
  [1000, 1000, "ok"],
  [1000, 1050, "ok"],
  [1000, 1051, "more"],
  [1000, 5000, "more"],
  [1000, 950, "ok"],
  [1000, 949, "less"],
  [undefined, 1000, "new"],
  [0, 1000, "new"],
  [1000, 0, "wrong"],
  [1000, NaN, "wrong"],
  [1000, undefined, "wrong"],
  [1000, -1, "wrong"],
  [1000, Infinity, "wrong"],
]) {
  test(`${measured} beside ${kept} is ${expected}`, () => assert.equal(verdict(kept, measured), expected));
}

test("a kept figure that is not measured any more is missed", () => {
  const rows = compare({ a: 1, b: 2 }, { a: 1 }, 0.05);
  assert.deepEqual(rows.map(({ name, verdict }) => [name, verdict]), [["a", "ok"], ["b", "gone"]]);
  assert.equal(passes(rows), false);
});

test("only what is as it was or better passes", () => {
  const passing = ["ok", "less", "more", "new", "gone", "wrong"].filter((verdict) => passes([{ verdict: "ok" }, { verdict }]));
  assert.deepEqual(passing, ["ok", "less"]);
});

test("the table has a line for each figure, with nothing undefined in it", () => {
  const text = table(compare({ a: 1234567, gone: 3 }, { a: 1300000, new: 7.25, wrong: NaN }, 0.05), "instructions");
  const [head, ...lines] = text.split("\n");
  assert.match(head, /instructions +kept +ratio/);
  assert.deepEqual(lines.map((line) => line.split(/ {2,}/)), [
    ["a", "1,300,000", "1,234,567", "1.053", "more"],
    ["new", "7.3", "–", "–", "new"],
    ["wrong", "NaN", "–", "–", "wrong"],
    ["gone", "–", "3", "–", "gone"],
  ]);
});

test("what is kept are figures", () => {
  for (const section of ["instructions", "memory"]) {
    const kept = Object.entries(keptOf(section));
    assert.ok(kept.length >= 3, section);
    for (const [name, figure] of kept) assert.ok(Number.isFinite(figure) && figure > 0, `${section}: ${name}`);
  }
});
