//! The `.mat` format: two columns, white on the left, as the programs since Jellyfish read and write it.

use std::fmt::Write;

use super::{Book, Entry, GameBook};
use crate::games::backgammon::board::{BAR, OFF, Side};

/// Where the right column begins.
const COLUMN: usize = 34;

pub fn write(book: &Book) -> String {
    let names = book.names.each_ref().map(|name| plain(name));
    let mut text = String::new();
    // A room's code, a date and names: writing to a string cannot fail.
    let _ = writeln!(text, "; [Site \"Parlor\"]\n; [Match ID \"{}\"]\n; [Player 1 \"{}\"]", book.code, names[0]);
    let _ = writeln!(text, "; [Player 2 \"{}\"]\n; [EventDate \"{}\"]\n", names[1], book.date.replace('-', "."));
    let _ = writeln!(text, " {} point match", book.match_length);
    for (number, game) in (1..).zip(&book.games) {
        let _ = writeln!(text, "\n Game {number}");
        let left = format!(" {} : {}", names[0], game.score[0]);
        let _ = writeln!(text, "{left:COLUMN$} {} : {}", names[1], game.score[1]);
        write_game(&mut text, book, game);
    }
    text
}

/// Nicknames may hold anything; the format has no way to quote a colon or a bracket, and columns are told apart by two spaces.
fn plain(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.'".contains(c) { c } else { ' ' }).collect();
    let name = kept.split_whitespace().collect::<Vec<_>>().join("_");
    if name.is_empty() { "?".to_owned() } else { name }
}

fn write_game(text: &mut String, book: &Book, game: &GameBook) {
    let mut lines: Vec<[Option<String>; 2]> = vec![];
    let mut put = |side: Side, said: String| match lines.last_mut() {
        // Black's word stands beside white's; anything out of that order begins a line.
        Some([_, right @ None]) if side == Side::Black => *right = Some(said),
        _ => {
            let mut line = [None, None];
            line[side.index()] = Some(said);
            lines.push(line);
        }
    };
    for entry in &game.entries {
        match entry {
            Entry::Turn { side, dice, moves } => {
                let mut said = format!("{}{}:", dice.0, dice.1);
                for (step, hit) in moves {
                    let _ = write!(said, " {}/{}{}", named(step.from), named(step.to), if *hit { "*" } else { "" });
                }
                put(*side, said);
            }
            Entry::Double { side, to } => put(*side, format!(" Doubles => {to}")),
            Entry::Take { side } => put(*side, " Takes".to_owned()),
            Entry::Drop { side } => put(*side, " Drops".to_owned()),
        }
    }
    for (number, [left, right]) in (1..).zip(&lines) {
        let left = format!("{number:3}) {}", left.as_deref().unwrap_or(""));
        match right {
            Some(right) => {
                let _ = writeln!(text, "{left:COLUMN$} {right}");
            }
            None => {
                let _ = writeln!(text, "{}", left.trim_end());
            }
        }
    }
    if let Some(result) = &game.result {
        let points = if result.points == 1 { "1 point".to_owned() } else { format!("{} points", result.points) };
        let all = if game.last && book.match_length > 0 { " and the match" } else { "" };
        let indent = if result.winner == Side::White { 6 } else { COLUMN + 1 };
        let _ = writeln!(text, "{:indent$}Wins {points}{all}", "");
    }
}

fn named(point: u8) -> String {
    match point {
        BAR => "bar".to_owned(),
        OFF => "off".to_owned(),
        point => point.to_string(),
    }
}
