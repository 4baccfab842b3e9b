"""Rolls formulas with PyPI's d20 and fixed dice: cases as JSON on standard input, what they come to on standard output."""

import json
import sys

import d20
from d20 import expression


class Fixed:
    """Stands in for the module `random`."""

    def __init__(self, dice):
        self.dice = list(dice)

    def randrange(self, sides):
        die = self.dice.pop(0)
        assert 1 <= die <= sides, f"{die} on a die of {sides}"
        return die - 1


answers = []
for case in json.load(sys.stdin):
    fixed = expression.random = Fixed(case["dice"])
    answers.append({"total": d20.roll(case["python"]).total, "left": len(fixed.dice)})
json.dump(answers, sys.stdout)
