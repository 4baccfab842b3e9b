//! GNU Backgammon's IDs, both ways.

use crate::games::backgammon::board::{Board, Side};
use crate::games::backgammon::ids::{BadId, MatchState, Stage, match_id, match_state, position, position_id};

#[test]
fn the_opening_has_the_id_that_everybody_knows() {
    for side in Side::BOTH {
        assert_eq!(position_id(&Board::opening(), side), "4HPwATDgc/ABMA");
        assert_eq!(position("4HPwATDgc/ABMA", side), Ok(Board::opening()));
    }
}

#[test]
fn every_position_reached_reads_back() {
    let mut luck = super::luck(3);
    for _ in 0..500 {
        let (board, side) = super::some_position(&mut luck);
        assert_eq!(position(&position_id(&board, side), side), Ok(board));
        assert_eq!(position(&position_id(&board, side), side.other()), Ok(board.mirrored()));
    }
}

#[test]
fn malformed_position_ids_are_refused() {
    let cases = [
        ("", BadId::Characters),
        ("4HPwATDgc/ABM", BadId::Characters),
        ("4HPwATDgc/ABMAA", BadId::Characters),
        ("4HPwATDgc_ABMA", BadId::Characters),
        ("4HPwATDgc/ABM ", BadId::Characters),
        ("4HPwATDgc/ÄBM", BadId::Characters),
        ("4HPwATDgc/ABMB", BadId::Characters),
        ("//////////////", BadId::Characters),
        ("/////////////w", BadId::Position),
        ("/////wAAAAAAAA", BadId::Position),
        ("4HPwATDgc/ABcA", BadId::Position),
    ];
    for (id, expected) in cases {
        assert_eq!(position(id, Side::White), Err(expected), "{id:?}");
    }
    assert!(position("AAAAAAAAAAAAAA", Side::White).is_ok(), "all borne off");
}

#[test]
fn match_ids_read_back() {
    // The example of GNU Backgammon's manual: 9 points, 2 to 4, a cube of 2 that player 0 has, and 5 and 2 to play.
    let state = match_state("QYkqASAAIAAA").unwrap();
    assert_eq!((state.length, state.score, state.cube, state.cube_owner), (9, [2, 4], 2, Some(Side::White)));
    assert_eq!((state.dice, state.on_roll, state.turn), (Some((5, 2)), Side::Black, Side::Black));
    assert_eq!(match_id(&state), "QYkqASAAIAAA");

    for n in 0..2_000u16 {
        let side = |bit: u16| if n >> bit & 1 == 0 { Side::White } else { Side::Black };
        let state = MatchState {
            cube: 1 << (n % 7),
            cube_owner: [None, Some(Side::White), Some(Side::Black)][usize::from(n % 3)],
            on_roll: side(0),
            crawford: n % 5 == 0,
            stage: [Stage::None, Stage::Playing, Stage::Over, Stage::Resigned, Stage::Dropped][usize::from(n % 5)],
            turn: side(1),
            doubled: n % 11 == 0,
            resigned: u8::try_from(n % 4).unwrap(),
            dice: (n % 3 > 0).then_some((u8::try_from(n % 6).unwrap() + 1, u8::try_from(n % 5).unwrap() + 1)),
            length: n % 26,
            score: [n % 25, n % 13],
            jacoby: n % 2 == 0,
        };
        assert_eq!(match_state(&match_id(&state)), Ok(state));
    }
}

#[test]
fn malformed_match_ids_are_refused() {
    let cases = [
        ("", BadId::Characters),
        ("QYkqASAAIAA", BadId::Characters),
        ("QYkqASAAIAAAA", BadId::Characters),
        ("QYkqASAAIA*A", BadId::Characters),
        ("IAAAAAAAAAAA", BadId::Match("cube owner")),
        ("MAcAAAAAAAAA", BadId::Match("state of the game")),
        ("MIEDAAAAAAAA", BadId::Match("roll")),
    ];
    for (id, expected) in cases {
        assert_eq!(match_state(id), Err(expected), "{id:?}");
    }
}
