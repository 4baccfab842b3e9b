//! SGF, as GNU Backgammon writes it: one tree per game. Points are letters as white numbers them, `y` is the bar and `z` off.

use std::fmt::Write;

use super::{Book, Entry, GameBook};
use crate::games::backgammon::board::{BAR, OFF, Side};
use crate::games::backgammon::table::Ending;

pub fn write(book: &Book) -> String {
    let mut text = String::new();
    for (number, game) in book.games.iter().enumerate() {
        write_game(&mut text, book, number, game);
    }
    text
}

/// Text inside brackets: what would end it is quoted, and lines are joined.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | ']' | ':' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn letter(side: Side) -> char {
    match side {
        Side::White => 'W',
        Side::Black => 'B',
    }
}

fn write_game(text: &mut String, book: &Book, number: usize, game: &GameBook) {
    let [ws, bs] = game.score;
    let [white, black] = book.names.each_ref().map(|name| quoted(name));
    let length = book.match_length;
    let version = env!("CARGO_PKG_VERSION");
    // Writing to a string cannot fail.
    let _ = write!(text, "(;FF[4]GM[6]CA[UTF-8]AP[Parlor:{version}]MI[length:{length}][game:{number}][ws:{ws}][bs:{bs}]");
    let _ = write!(text, "PW[{white}]PB[{black}]DT[{}]GC[{}]", quoted(&book.date), quoted(&book.code));
    if length > 0 {
        text.push_str(if game.crawford { "RU[Crawford:CrawfordGame]" } else { "RU[Crawford]" });
    } else if book.jacoby {
        text.push_str("RU[Jacoby]");
    }
    if let Some(result) = &game.result {
        let resigned = matches!(result.ended_by, Ending::Resigned | Ending::Timeout | Ending::Claimed);
        let _ = write!(text, "RE[{}+{}{}]", letter(result.winner), result.points, if resigned { "R" } else { "" });
    }
    for entry in &game.entries {
        let (side, said) = match entry {
            Entry::Turn { side, dice, moves } => {
                let points = moves.iter().flat_map(|(step, _)| [point(*side, step.from), point(*side, step.to)]);
                (side, format!("{}{}{}", dice.0, dice.1, points.collect::<String>()))
            }
            Entry::Double { side, .. } => (side, "double".to_owned()),
            Entry::Take { side } => (side, "take".to_owned()),
            Entry::Drop { side } => (side, "drop".to_owned()),
        };
        let _ = write!(text, "\n;{}[{said}]", letter(*side));
    }
    text.push_str(")\n");
}

/// A point as the side numbers it, as a letter of the board.
fn point(side: Side, own: u8) -> char {
    match own {
        BAR => 'y',
        OFF => 'z',
        own => char::from(b'a' + side.wire(own).clamp(1, 24) - 1),
    }
}
