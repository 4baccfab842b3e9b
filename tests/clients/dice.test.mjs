// Our dice against two libraries that people know: the same formulas with the same dice come to the same. `tests/dice` holds the server
// to the same file.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { DiceRoll, NumberGenerator } from "@dice-roller/rpg-dice-roller";
import { ROOT } from "../support/server.mjs";

const shared = JSON.parse(readFileSync(path.join(ROOT, "tests/dice/shared.json"), "utf8"));
const PYTHON = process.env.PARLOR_TEST_PYTHON ?? path.join(ROOT, ".venv/bin/python");

test("npm's @dice-roller/rpg-dice-roller makes the same of the same dice", () => {
  const { generator } = NumberGenerator;
  for (const { formula, javascript, dice, total } of shared.filter((each) => each.javascript)) {
    const left = [...dice];
    generator.integer = (low, high) => {
      const die = left.shift();
      assert.ok(die >= low && die <= high, `${javascript}: ${die} on a die from ${low} to ${high}`);
      return die;
    };
    const roll = new DiceRoll(javascript);
    assert.equal(roll.total, total, `${formula}, there ${javascript}, with ${dice}: ${roll.output}`);
    assert.deepEqual(left, [], `${javascript} uses as many dice`);
  }
});

test("PyPI's d20 makes the same of the same dice", () => {
  const cases = shared.filter((each) => each.python);
  assert.ok(cases.length > 200);
  const script = path.join(ROOT, "tests/clients/python/dice.py");
  const answers = JSON.parse(execFileSync(PYTHON, [script], { input: JSON.stringify(cases), encoding: "utf8" }));
  assert.equal(answers.length, cases.length);
  answers.forEach(({ total, left }, i) => {
    assert.deepEqual({ total, left }, { total: cases[i].total, left: 0 }, JSON.stringify(cases[i]));
  });
});
