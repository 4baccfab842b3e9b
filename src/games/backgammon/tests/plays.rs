//! Which plays a roll allows: counts from the opening, and positions made by hand.

use std::collections::HashSet;

use super::at;
use crate::games::backgammon::board::{Board, Side};
use crate::games::backgammon::plays::{Dice, Move, pips_of, plays, steps};

/// Distinct positions that each roll can lead to from the opening.
const OPENING: &[(Dice, usize)] = &[
    ((1, 1), 42),
    ((2, 1), 15),
    ((2, 2), 75),
    ((3, 1), 16),
    ((3, 2), 17),
    ((3, 3), 73),
    ((4, 1), 14),
    ((4, 2), 18),
    ((4, 3), 17),
    ((4, 4), 52),
    ((5, 1), 8),
    ((5, 2), 8),
    ((5, 3), 9),
    ((5, 4), 9),
    ((5, 5), 4),
    ((6, 1), 10),
    ((6, 2), 14),
    ((6, 3), 14),
    ((6, 4), 14),
    ((6, 5), 7),
    ((6, 6), 11),
];

#[test]
fn the_opening_has_the_known_number_of_plays_for_every_roll() {
    for &(dice, count) in OPENING {
        for side in Side::BOTH {
            assert_eq!(plays(&Board::opening(), side, dice).len(), count, "{side:?} {dice:?}");
            assert_eq!(plays(&Board::opening(), side, (dice.1, dice.0)).len(), count, "{side:?} {dice:?} the other way round");
        }
    }
}

#[test]
fn two_plies_deep_there_are_202782_plays() {
    let mut count = 0;
    for (first, _) in OPENING {
        for play in plays(&Board::opening(), Side::White, *first) {
            for (second, _) in OPENING {
                count += plays(&play.result, Side::Black, *second).len();
            }
        }
    }
    assert_eq!(count, 202_782);
}

fn board(mine: &str, theirs: &str) -> Board {
    Board::new(at(mine), at(theirs)).unwrap()
}

/// All plays of white as text, in order.
fn told(board: &Board, dice: Dice) -> Vec<String> {
    let mut told: Vec<_> = plays(board, Side::White, dice)
        .iter()
        .map(|play| play.moves.iter().map(|step| format!("{}/{}", step.from, step.to)).collect::<Vec<_>>().join(" "))
        .collect();
    told.sort();
    told
}

#[test]
fn positions_made_by_hand_allow_exactly_these_plays() {
    let cases: &[(&str, &str, &str, Dice, &[&str])] = &[
        ("dancing: all six points are closed", "25:1 6:2", "1:2 2:2 3:2 4:2 5:2 6:2", (6, 4), &[""]),
        ("dancing: the points of both dice are closed", "25:1 6:2", "6:2 4:2", (6, 4), &[""]),
        ("only one of two on the bar comes in, and nothing else moves", "25:2 6:2", "6:2", (6, 4), &["25/21"]),
        (
            "both come in with a double, then others go on",
            "25:2 6:1",
            "",
            (6, 6),
            &["25/19 25/19 19/13 19/13", "25/19 25/19 19/13 13/7"],
        ),
        ("the one from the bar goes on when nothing else can", "25:1", "1:2", (6, 4), &["25/19 19/15"]),
        ("either die could be played, not both: the larger", "24:1", "12:2", (6, 5), &["24/18"]),
        ("only the smaller die can be played", "24:1", "7:2 12:2", (6, 5), &["24/19"]),
        ("both dice can be played in one order only, and must be", "24:1", "7:2", (6, 5), &["24/19 19/13"]),
        ("bearing off from gaps: a six takes the rearmost", "4:1 2:1", "24:1", (6, 5), &["4/0 2/0"]),
        ("bearing off: a higher checker must move first", "6:1 2:1", "20:1", (5, 2), &["6/1 2/0", "6/4 4/0"]),
        ("no bearing off while one is outside", "7:1 6:1", "24:1", (6, 6), &["7/1 6/0 1/0"]),
        ("the last one outside comes home, then bears off", "7:1 1:1", "20:1", (6, 1), &["7/1 1/0"]),
        ("a blocked smaller move does not stop bearing off", "6:1", "24:2", (5, 6), &["6/0"]),
        ("a single checker bears off with either die", "3:1", "24:2", (6, 5), &["3/0"]),
        ("nothing to move at all", "8:2", "20:2 2:2", (3, 3), &[""]),
    ];
    for (what, mine, theirs, dice, expected) in cases {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(told(&board(mine, theirs), *dice), expected, "{what}");
    }
}

#[test]
fn hitting_sends_a_checker_to_the_bar() {
    let start = board("8:1 6:1", "22:1 20:1");
    let hit = plays(&start, Side::White, (5, 1)).iter().filter(|play| play.result.bar(Side::Black) == 2).count();
    assert_eq!(hit, 1, "8/3* 6/5*");
}

#[test]
fn moving_step_by_step_leads_exactly_to_the_positions_of_the_plays() {
    /// All positions in which the dice are used up or nothing can be moved.
    fn ends(board: Board, side: Side, left: &[u8], into: &mut HashSet<Board>) {
        let steps = steps(&board, side, left);
        if steps.is_empty() {
            into.insert(board);
        }
        for (Move { from, to }, die) in steps {
            let mut next = board;
            next.step(side, from, to);
            let mut rest = left.to_vec();
            rest.remove(rest.iter().position(|&other| other == die).unwrap());
            ends(next, side, &rest, into);
        }
    }
    let mut luck = crate::games::backgammon::tests::luck(7);
    for _ in 0..60 {
        let (board, side) = crate::games::backgammon::tests::some_position(&mut luck);
        for (dice, _) in OPENING {
            let mut stepped = HashSet::new();
            ends(board, side, &pips_of(*dice), &mut stepped);
            let whole: Vec<_> = plays(&board, side, *dice).iter().map(|play| play.result).collect();
            let distinct: HashSet<_> = whole.iter().copied().collect();
            assert_eq!(distinct.len(), whole.len(), "every position once: {board:?} {side:?} {dice:?}");
            assert_eq!(stepped, distinct, "{board:?} {side:?} {dice:?}");
        }
    }
}

#[test]
fn a_position_needs_15_checkers_a_side_and_points_of_one_colour() {
    assert!(Board::new(at("6:15"), [0; 26]).is_err());
    assert!(Board::new(at("6:2"), at("19:2")).is_err());
    assert!(Board::new(at("6:2"), at("18:2")).is_ok());
    let kept = serde_json::to_string(&Board::opening()).unwrap();
    assert_eq!(serde_json::from_str::<Board>(&kept).unwrap(), Board::opening());
    assert!(serde_json::from_str::<Board>(&kept.replacen("[0,", "[1,", 1)).is_err(), "16 checkers");
}
