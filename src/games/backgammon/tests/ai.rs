//! What the bots know: the networks, the search, the cube and the levels.

use std::collections::HashSet;

use super::{luck, some_position};
use crate::games::backgammon::ai::bot::command;
use crate::games::backgammon::ai::cube::{Cube, choices, enough};
use crate::games::backgammon::ai::level::{Level, Situation, accepts_resignation, choose_play, doubles, takes};
use crate::games::backgammon::ai::net::{Nets, Odds};
use crate::games::backgammon::ai::search::{Depth, ROLLS, odds, rank};
use crate::games::backgammon::ai::stakes::{Stakes, Worth};
use crate::games::backgammon::ai::{analysis, features};
use crate::games::backgammon::board::{Board, Checkers, Side};
use crate::games::backgammon::options::Setup;
use crate::games::backgammon::plays::plays;
use crate::games::backgammon::table::{Kind, Phase, Table};
use crate::games::backgammon::{Command, Options, View};
use crate::id::Seat;

/// One side's checkers: each point with how many; the rest is off.
fn checkers(points: &[(usize, u8)]) -> Checkers {
    let mut mine = [0; 26];
    for &(point, count) in points {
        mine[point] = count;
    }
    mine[0] = 15 - mine[1..].iter().sum::<u8>();
    mine
}

fn board(white: &[(usize, u8)], black: &[(usize, u8)]) -> Board {
    Board::new(checkers(white), checkers(black)).unwrap()
}

const MONEY: Stakes = Stakes::Money { jacoby: false };

fn at(board: Board, side: Side) -> Situation {
    Situation { board, side, cube: Cube { value: 1, mine: None }, stakes: MONEY }
}

#[test]
fn the_shipped_weights_are_read_and_written_the_same() {
    let bytes = include_bytes!("../ai/weights.bin");
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    let nets = Nets::from_bytes(bytes).unwrap();
    assert!(nets.contact.weights().any(|weight| *weight != 0.0) && nets.to_bytes() == bytes);
    for bad in [&b""[..], b"PARLBG01", &bytes[..bytes.len() - 1], &bytes[..bytes.len() - 4], &[&bytes[..], &[0; 4]].concat()] {
        assert!(Nets::from_bytes(bad).is_err(), "{} bytes", bad.len());
    }
    let mut infinite = bytes.to_vec();
    infinite[8..12].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(Nets::from_bytes(&infinite).is_err());
}

#[test]
fn known_opening_plays_come_first() {
    // What the books agree on, and their second choice where it is as good.
    for (dice, best) in [
        ((3, 1), &["8/5 6/5"][..]),
        ((6, 1), &["13/7 8/7"]),
        ((4, 2), &["8/4 6/4"]),
        ((5, 3), &["8/3 6/3"]),
        ((6, 5), &["24/18 18/13"]),
    ] {
        for side in Side::BOTH {
            let ranked = rank(Nets::shipped(), &Board::opening(), side, dice, &Worth::POINTS, Depth::STATIC);
            let first = analysis::notation(&Board::opening(), side, &ranked[0].play.moves);
            assert!(best.contains(&first.as_str()), "{dice:?}: {first}");
        }
    }
}

#[test]
fn a_position_is_worth_the_same_to_either_colour() {
    let mut luck = luck(7);
    for _ in 0..60 {
        let (board, side) = some_position(&mut luck);
        let nets = Nets::shipped();
        assert_eq!(nets.evaluate(&board, side), nets.evaluate(&board.mirrored(), side.other()));
    }
}

#[test]
fn any_position_gets_chances_that_can_be() {
    let mut luck = luck(11);
    for _ in 0..200 {
        let (board, side) = some_position(&mut luck);
        let seen = Nets::shipped().evaluate(&board, side);
        assert!(seen.to_array().iter().all(|chance| (0.0..=1.0).contains(chance)), "{seen:?}");
        assert!(seen.win_backgammon <= seen.win_gammon && seen.win_gammon <= seen.win, "{seen:?}");
        assert!(seen.lose_backgammon <= seen.lose_gammon && seen.lose_gammon <= 1.0 - seen.win + 1e-6, "{seen:?}");
        assert!((-3.0..=3.0).contains(&seen.equity()) && (seen.flipped().equity() + seen.equity()).abs() < 1e-5);
        let indexes: HashSet<_> = features::Inputs::of(&board, side).iter().map(|(index, _)| index).collect();
        assert!(indexes.iter().all(|index| *index < features::INPUTS));
    }
}

#[test]
fn every_side_may_have_all_its_checkers_anywhere() {
    // The densest and the emptiest positions: nothing is cut off, nothing panics.
    let spread: Vec<(usize, u8)> = (1..=15).map(|point| (point, 1)).collect();
    for white in [&[(25, 15)][..], &[(1, 15)], &[(24, 15)], &[(1, 1)], &spread] {
        for black in [&[(25, 15)][..], &[(6, 15)], &[(3, 1)], &[(25, 1), (6, 14)]] {
            let Ok(board) = Board::new(checkers(white), checkers(black)) else { continue };
            for side in Side::BOTH {
                let seen = Nets::shipped().evaluate(&board, side);
                assert!(seen.equity().is_finite(), "{board:?}");
                assert_eq!(rank(Nets::shipped(), &board, side, (6, 6), &Worth::POINTS, Depth::STATIC).is_empty(), false);
            }
        }
    }
}

#[test]
fn plain_positions_are_judged_as_anybody_would() {
    let far_ahead = board(&[(1, 2)], &[(23, 2), (22, 3), (13, 10)]);
    let seen = Nets::shipped().evaluate(&far_ahead, Side::White);
    assert!(seen.win > 0.99 && seen.win_gammon > 0.9, "{seen:?}");
    assert!(Nets::shipped().evaluate(&far_ahead, Side::Black).win < 0.02);
    let even = Nets::shipped().evaluate(&Board::opening(), Side::White);
    assert!((0.48..0.58).contains(&even.win) && (0.1..0.2).contains(&even.win_gammon), "{even:?}");
    let gone = board(&[], &[(1, 1)]);
    assert_eq!(Nets::shipped().evaluate(&gone, Side::White), Odds::settled(true, 1));
    assert_eq!(Nets::shipped().evaluate(&gone, Side::Black).equity(), -1.0);
}

#[test]
fn the_weights_of_all_rolls_are_36() {
    assert_eq!(ROLLS.iter().map(|(_, weight)| u32::from(*weight)).sum::<u32>(), 36);
    assert_eq!(ROLLS.iter().map(|(dice, _)| dice).collect::<HashSet<_>>().len(), 21);
}

#[test]
fn looking_ahead_knows_what_a_roll_decides() {
    // One checker each on the ace point: whoever rolls has won, so with a ply less to go one sees it exactly.
    let last = board(&[(1, 1)], &[(1, 1)]);
    let seen = odds(Nets::shipped(), &last, Side::White, &Worth::POINTS, 1);
    assert!((seen.win - 1.0).abs() < 1e-5, "{seen:?}");
    // White needs a roll that takes both off: 6-1 is one of 36 - (rolls that miss).
    let two = board(&[(6, 1), (1, 1)], &[(1, 1)]);
    let seen = odds(Nets::shipped(), &two, Side::White, &Worth::POINTS, 1);
    assert!((seen.win - 15.0 / 36.0).abs() < 0.005, "{seen:?}: every six, 2-2, 3-3, 4-4 and 5-5 take off both");
    let deep = rank(Nets::shipped(), &two, Side::White, (5, 1), &Worth::POINTS, Depth { plies: 2, evaluations: 20_000 });
    assert!(deep.iter().all(|next| next.value < -0.99), "{deep:?}");
}

#[test]
fn a_search_is_bounded_and_repeatable() {
    let mut luck = luck(3);
    for _ in 0..1 {
        let (board, side) = some_position(&mut luck);
        let depth = Depth { plies: 1, evaluations: 800 };
        let [one, two] = [(); 2].map(|()| rank(Nets::shipped(), &board, side, (2, 1), &Worth::POINTS, depth));
        assert_eq!(one.len(), plays(&board, side, (2, 1)).len());
        assert!(one.iter().zip(&two).all(|(a, b)| a.play == b.play && a.value == b.value && a.plies == b.plies));
    }
}

#[test]
fn the_cube_is_turned_and_taken_in_the_window() {
    let cube = Cube { value: 1, mine: None };
    let plain = |win| Odds { win, ..Odds::default() };
    for (win, double, take) in
        [(0.5, false, true), (0.6, false, true), (0.74, true, true), (0.85, true, false), (0.99, true, false)]
    {
        let seen = choices(plain(win), cube, MONEY);
        assert_eq!((seen.double, seen.take), (double, take), "{win}: {seen:?}");
    }
    // Too good to double: the gammon is worth more than a point.
    let gammonish = Odds { win: 0.95, win_gammon: 0.7, ..Odds::default() };
    assert!(!choices(gammonish, cube, MONEY).double);
    // With Jacoby's rule, the same has to be doubled to count.
    assert!(choices(gammonish, cube, Stakes::Money { jacoby: true }).double);
}

#[test]
fn matches_change_the_cube() {
    let cube = Cube { value: 1, mine: None };
    let ahead = Odds { win: 0.55, ..Odds::default() };
    // After the Crawford game the trailer has nothing to lose by doubling.
    assert!(choices(ahead, cube, Stakes::Match { away: [3, 1] }).double);
    // Who needs one point gains nothing by it.
    assert!(!choices(ahead, cube, Stakes::Match { away: [1, 3] }).double);
    // At 2-away 2-away the cube is the match.
    let last = choices(ahead, cube, Stakes::Match { away: [2, 2] });
    assert!(last.take && (last.double_take - 0.55).abs() < 1e-5, "{last:?}");
    for mine in 1..=25 {
        for theirs in 1..=25 {
            let stakes = Stakes::Match { away: [mine, theirs] };
            let seen = choices(Odds { win: 0.7, win_gammon: 0.2, ..Odds::default() }, cube, stakes);
            assert!([seen.no_double, seen.double_take, seen.double_pass].iter().all(|chance| (-1e-4..=1.0001).contains(chance)));
            let worth = Worth::of(stakes, 1, true);
            assert!(worth.value(Odds::settled(true, 3)).is_finite() && (worth.value(Odds::settled(true, 1)) - 1.0).abs() < 1e-4);
        }
    }
}

#[test]
fn a_resignation_is_enough_when_more_cannot_be_expected() {
    assert!(enough(Odds::settled(true, 1), 1) && !enough(Odds::settled(true, 2), 1) && enough(Odds::settled(true, 2), 2));
    let sure_gammon = board(&[(1, 2)], &[(23, 5), (13, 10)]);
    let mut luck = luck(5);
    for level in [Level::Casual, Level::Skilled, Level::Expert] {
        assert!(!accepts_resignation(level, &at(sure_gammon, Side::White), 1, Side::White, &mut luck), "{level:?}");
        assert!(accepts_resignation(level, &at(sure_gammon, Side::White), 3, Side::Black, &mut luck), "{level:?}");
    }
}

#[test]
fn levels_double_and_take_what_is_plain() {
    let mut luck = luck(9);
    let won = board(&[(1, 3), (2, 3)], &[(6, 4), (5, 4), (4, 4)]);
    for level in [Level::Skilled, Level::Expert] {
        assert!(doubles(level, &at(won, Side::White), &mut luck), "{level:?}");
        assert!(!takes(level, &at(won, Side::Black), &mut luck), "{level:?}");
        assert!(!doubles(level, &at(Board::opening(), Side::White), &mut luck), "{level:?}");
        assert!(takes(level, &at(Board::opening(), Side::Black), &mut luck), "{level:?}");
    }
}

#[test]
fn every_level_plays_legally_and_only_when_asked() {
    let mut luck = luck(21);
    for round in 0..40 {
        let (board, side) = some_position(&mut luck);
        let mut table = Table::new(&Setup::new(&Options::default()).unwrap());
        (table.board, table.start, table.turn, table.phase) = (board, board, side, Phase::Moving);
        table.dice = Some((1 + (round % 6) as u8, 1 + (round / 6 % 6) as u8));
        for level in Level::NAMES {
            let view = View::of(&table);
            let [mine, theirs] = [side, side.other()].map(crate::games::backgammon::seat_of);
            assert_eq!(command(&view, theirs, level, &mut luck), None);
            let done = command(&view, mine, level, &mut luck);
            match done {
                Some(Command::Move(_)) => assert!(!view.legal_moves.is_empty()),
                Some(Command::EndTurn) => assert!(view.legal_moves.is_empty()),
                other => panic!("{level}: {other:?}"),
            }
        }
    }
    let mut table = Table::new(&Setup::new(&Options::default()).unwrap());
    assert_eq!(command(&View::of(&table), Seat::HOST, "expert", &mut luck), None, "before the start");
    (table.phase, table.turn) = (Phase::Rolling, Side::White);
    assert_eq!(command(&View::of(&table), Seat::HOST, "expert", &mut luck), Some(Command::RollDice));
    assert_eq!(command(&View::of(&table), Seat(7), "expert", &mut luck), None, "a seat that does not play");
    assert!(command(&View::of(&table), Seat::HOST, "no such level", &mut luck).is_some());
    table.resigning = Some((Side::Black, Kind::Backgammon));
    assert_eq!(command(&View::of(&table), Seat::HOST, "expert", &mut luck), Some(Command::AcceptResign));
    (table.resigning, table.phase) = (None, Phase::Doubled);
    assert_eq!(command(&View::of(&table), Seat(1), "expert", &mut luck), Some(Command::AcceptDouble));
    (table.phase, table.undo_asked) = (Phase::Rolling, Some(Side::Black));
    assert_eq!(command(&View::of(&table), Seat::HOST, "skilled", &mut luck), Some(Command::AcceptUndo));
}

/// How many of `games` the first level wins, with the same dice for both colours. A coarse sign of strength: the figures that count are in
/// docs/games/backgammon-ai.md.
fn wins(first: Level, second: Level, games: u64) -> u64 {
    let mut won = 0;
    for game in 0..games {
        let mut dice = luck(game / 2 + 1);
        let mut thoughts = luck(game + 1_000);
        let white_is_first = game % 2 == 0;
        let (mut board, mut side) = (Board::opening(), Side::White);
        while board.winner().is_none() {
            let roll = ((dice(6) + 1) as u8, (dice(6) + 1) as u8);
            let level = if (side == Side::White) == white_is_first { first } else { second };
            board = choose_play(level, &at(board, side), roll, &mut thoughts).unwrap().result;
            side = side.other();
        }
        won += u64::from((board.winner() == Some(Side::White)) == white_is_first);
    }
    won
}

#[test]
fn higher_levels_win_more_often() {
    // Expected: 12, and about 8 and 8; the bounds are four standard deviations away.
    assert!(wins(Level::Casual, Level::Beginner, 12) >= 10);
    assert!(wins(Level::Skilled, Level::Beginner, 12) >= 10);
    assert!(wins(Level::Expert, Level::Casual, 30) >= 13);
}
