//! Rolls that other dice libraries roll, too: `shared.json` holds formulas, dice, and what they come to.
//!
//! This test holds our dice to it; `tests/clients/dice.test.mjs` holds npm's `@dice-roller/rpg-dice-roller` and PyPI's `d20` to the same
//! file. `UPDATE_DICE=1 cargo test --test dice` writes it anew.

use std::path::PathBuf;

use parlor::dice::Formula;
use serde::{Deserialize, Serialize};

/// How many rolls are compared.
const CASES: usize = 400;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    formula: String,
    /// The same for `@dice-roller/rpg-dice-roller`; null where it means something else there.
    javascript: Option<String>,
    /// The same for `d20`.
    python: Option<String>,
    /// The dice as they fall, in order.
    dice: Vec<u32>,
    total: i64,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dice/shared.json")
}

struct Luck(u32);

impl Luck {
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % sides
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len() as u32) as usize]
    }
}

/// Dice in three languages.
fn dice(luck: &mut Luck) -> [Option<String>; 3] {
    let sides = luck.pick(&["4", "6", "8", "10", "12", "20", "100"]);
    let count = 1 + luck.below(6);
    let all = |ours: String, javascript: String, python: String| [Some(ours), Some(javascript), Some(python)];
    let same = |text: String| all(text.clone(), text.clone(), text);
    let n = 1 + luck.below(count);
    match luck.below(12) {
        0 => all("d%".into(), "d%".into(), "1d100".into()),
        1 => all("d20adv".into(), "2d20kh1".into(), "2d20kh1".into()),
        2 => all("d20 dis".into(), "2d20kl1".into(), "2d20kl1".into()),
        3 => same(format!("{count}d{sides}kh{n}")),
        4 => same(format!("{count}d{sides}kl{n}")),
        5 => all(format!("{count}d{sides}dh{n}"), format!("{count}d{sides}dh{n}"), format!("{count}d{sides}ph{n}")),
        6 => all(format!("{count}d{sides}dl{n}"), format!("{count}d{sides}dl{n}"), format!("{count}d{sides}pl{n}")),
        // d20 explodes and rerolls in rounds over all dice, we and the other one die by die: the same for a single die.
        7 => [
            Some(format!("{count}d{sides}!")),
            Some(format!("{count}d{sides}!")),
            (count == 1).then(|| format!("1d{sides}e{sides}")),
        ],
        8 => [
            Some(format!("{count}d{sides}!>3")),
            Some(format!("{count}d{sides}!>3")),
            (count == 1).then(|| format!("1d{sides}e>3")),
        ],
        9 => all(format!("{count}d{sides}ro<3"), format!("{count}d{sides}ro<3"), format!("{count}d{sides}ro<3")),
        10 => {
            [Some(format!("{count}d{sides}r1")), Some(format!("{count}d{sides}r=1")), (count == 1).then(|| format!("1d{sides}rr1"))]
        }
        _ => same(format!("{count}d{sides}")),
    }
}

fn formula(luck: &mut Luck) -> [Option<String>; 3] {
    let mut whole = dice(luck);
    for _ in 0..luck.below(3) {
        let part = if luck.below(2) == 0 { dice(luck) } else { [(); 3].map(|()| None) };
        let number = (1 + luck.below(9)).to_string();
        let part = if part[0].is_some() { part } else { [(); 3].map(|()| Some(number.clone())) };
        let how = luck.below(5);
        for (language, (left, right)) in whole.iter_mut().zip(part).enumerate() {
            *left = left.take().zip(right).map(|(left, right)| match (how, language) {
                (0 | 1, _) => format!("{left} + {right}"),
                (2, _) => format!("({left} - {right})"),
                (3, _) => format!("({left}) * {right}"),
                // One always rounds down here, never there, and only with `//` there.
                (_, 0) => format!("({left}) / {number}"),
                (_, 1) => format!("floor(({left}) / {number})"),
                _ => format!("(({left}) // {number})"),
            });
        }
    }
    whole
}

fn cases() -> Vec<Case> {
    let mut luck = Luck(7);
    let mut cases = Vec::new();
    while cases.len() < CASES {
        let [Some(formula), javascript, python] = formula(&mut luck) else { continue };
        let mut dice = vec![];
        let roll = Formula::parse(&formula).unwrap_or_else(|error| panic!("{formula}: {error}")).roll(&mut |sides| {
            let value = luck.below(sides);
            dice.push(value + 1);
            value
        });
        // Limits are everybody's own.
        if roll.limited {
            continue;
        }
        cases.push(Case { formula, javascript, python, dice, total: roll.total });
    }
    cases
}

#[test]
fn formulas_come_to_what_other_libraries_make_of_them() {
    let shared: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    assert_eq!(shared.len(), CASES);
    for case in &shared {
        let mut dice = case.dice.iter();
        let roll = Formula::parse(&case.formula).unwrap().roll(&mut |_| dice.next().unwrap() - 1);
        assert_eq!((roll.total, dice.next()), (case.total, None), "{case:?}");
    }
    let in_python = shared.iter().filter(|case| case.python.is_some()).count();
    let in_javascript = shared.iter().filter(|case| case.javascript.is_some()).count();
    assert!(in_python > 200 && in_javascript == CASES, "{in_python} {in_javascript}");
}

/// `UPDATE_DICE=1` writes the file anew.
#[test]
fn what_is_shared_is_what_our_dice_come_to() {
    let lines: Vec<String> = cases().iter().map(|case| serde_json::to_string(case).unwrap()).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    if std::env::var_os("UPDATE_DICE").is_some() {
        std::fs::write(path(), &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path()).unwrap(), text, "UPDATE_DICE=1 writes it anew");
}
