//! Every legal play of tens of thousands of random positions, set for set, as others find them.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parlor::chance::{Chance, Seed};
use parlor::games::backgammon::board::{Board, Side};
use parlor::games::backgammon::ids::{position, position_id};
use parlor::games::backgammon::plays::{Dice, plays};

/// Positions of games played at random, each with whose turn it is and a roll.
fn positions(count: usize, seed: u8) -> Vec<(Board, Side, Dice)> {
    let mut luck = Chance::new(Seed([seed; 32]), ["positions"], 0);
    let mut found = vec![];
    while found.len() < count {
        let (mut board, mut side) = (Board::opening(), Side::White);
        while board.winner().is_none() {
            let mut die = || u8::try_from(luck.draw(6).value).unwrap() + 1;
            let dice = (die(), die());
            found.push((board, side, dice));
            let plays = plays(&board, side, dice);
            board = plays[luck.draw(u32::try_from(plays.len()).unwrap()).value as usize].result;
            side = side.other();
        }
    }
    found.truncate(count);
    found
}

/// Where our plays lead, with the mover still on roll.
fn ours(board: &Board, side: Side, dice: Dice) -> BTreeSet<String> {
    plays(board, side, dice).iter().map(|play| position_id(&play.result, side)).collect()
}

#[test]
fn every_position_reached_reads_back_from_its_id() {
    for (board, side, _) in positions(20_000, 1) {
        for on_roll in [side, side.other()] {
            assert_eq!(position(&position_id(&board, on_roll), on_roll), Ok(board));
        }
    }
}

#[test]
fn bkgm_finds_the_same_plays_in_30000_random_positions() {
    type Position = bkgm::Position<15>;
    for (board, side, dice) in positions(30_000, 2) {
        let start: Position = bkgm::codecs::gnuid::decode_position(&position_id(&board, side)).unwrap();
        let rolled = bkgm::Dice::try_from((usize::from(dice.0), usize::from(dice.1))).unwrap();
        // It hands the positions over as the other side sees them, so that side is the one on roll.
        let theirs: BTreeSet<String> = bkgm::legal_positions_with::<bkgm::ClassicRules, 15>(start, &rolled)
            .iter()
            .map(|after| {
                let after = position(&bkgm::codecs::gnuid::encode_position(after), side.other()).unwrap();
                position_id(&after, side)
            })
            .collect();
        assert_eq!(theirs, ours(&board, side, dice), "{} {dice:?}", position_id(&board, side));
    }
}

#[test]
fn gnubg_nn_finds_the_same_plays_in_30000_random_positions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("PARLOR_PYTHON").map_or_else(|| root.join(".venv/bin/python"), PathBuf::from);
    assert!(python.exists(), "{} is missing: `make .venv/installed` makes it", python.display());
    let mut child = Command::new(python)
        .arg(root.join("tests/backgammon/oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let positions = positions(30_000, 3);
    let asked: String =
        positions.iter().map(|(board, side, dice)| format!("{} {} {}\n", position_id(board, *side), dice.0, dice.1)).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for (board, side, dice) in &positions {
        let answer = answers.next().expect("an answer for every question").unwrap();
        let theirs: BTreeSet<String> = answer.split_whitespace().map(str::to_owned).collect();
        assert_eq!(theirs, ours(board, *side, *dice), "{} {dice:?}", position_id(board, *side));
    }
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
}
