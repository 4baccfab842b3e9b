//! A room's games as other programs read them: `.mat` (Jellyfish, and everything since) and SGF (GNU Backgammon's).

mod mat;
mod sgf;

use super::board::Side;
use super::plays::{Dice, Move};
use super::rules::seat_of;
use super::table::{Ending, Event, GameResult, What};
use super::{Backgammon, Made};
use crate::game::record::{Format, Record};

/// What [`export`] knows.
pub const FORMATS: &[Format] =
    &[Format { name: "mat", media_type: "text/plain; charset=utf-8" }, Format { name: "sgf", media_type: "application/x-go-sgf" }];

/// A record in one of the [`FORMATS`].
pub fn export(record: &Record<Backgammon>, format: &str) -> Option<String> {
    if record.setup.position_id.is_some() {
        return None; // `.mat` has no words for another beginning than the opening.
    }
    let book = Book::of(record);
    match format {
        "mat" => Some(mat::write(&book)),
        "sgf" => Some(sgf::write(&book)),
        _ => None,
    }
}

/// All that the formats tell.
struct Book {
    code: String,
    /// Year, month and day.
    date: String,
    names: [String; 2],
    /// 0 for a single game.
    match_length: u16,
    jacoby: bool,
    games: Vec<GameBook>,
}

/// One game.
struct GameBook {
    /// The score before it.
    score: [u16; 2],
    crawford: bool,
    entries: Vec<Entry>,
    result: Option<GameResult>,
    /// Whether that was the end of it all.
    last: bool,
}

/// What a side did.
enum Entry {
    /// The moves as the side numbers the points.
    Turn {
        side: Side,
        dice: Dice,
        moves: Vec<(Move, bool)>,
    },
    Double {
        side: Side,
        to: u16,
    },
    Take {
        side: Side,
    },
    Drop {
        side: Side,
    },
}

impl Entry {
    fn turn(side: Side, dice: Dice, moves: &[Made]) -> Self {
        Entry::Turn { side, dice, moves: moves.iter().map(|made| (made.step.own(side), made.is_hit)).collect() }
    }
}

impl Book {
    fn of(record: &Record<Backgammon>) -> Self {
        let setup = &record.setup;
        let mut games: Vec<GameBook> = vec![];
        for Event { what, table } in &record.events {
            if matches!(what, What::Opened { .. }) {
                games.push(GameBook { score: table.score, crawford: table.crawford, entries: vec![], result: None, last: false });
            }
            let Some(game) = games.last_mut() else { continue };
            match what {
                What::TurnEnded { side, dice, moves } => game.entries.push(Entry::turn(*side, *dice, moves)),
                // Taken back before anything else of either side was written down.
                What::Reopened { .. } | What::TakenBack { .. } => drop(game.entries.pop()),
                What::Doubled { side, cube } => game.entries.push(Entry::Double { side: *side, to: *cube }),
                What::DoubleAccepted { side, .. } => game.entries.push(Entry::Take { side: *side }),
                What::DoubleDeclined { side } => game.entries.push(Entry::Drop { side: *side }),
                What::GameEnded { result } => {
                    if result.ended_by == Ending::BorneOff {
                        game.entries.push(Entry::turn(result.winner, table.dice.unwrap_or_default(), &table.made));
                    }
                    game.last = !table.running();
                    game.result = Some(result.clone());
                }
                _ => {}
            }
        }
        let name = |side| record.nickname(seat_of(side)).unwrap_or("?").to_owned();
        Self {
            code: record.code.to_string(),
            date: record.opened_at.to_string().chars().take(10).collect(),
            names: Side::BOTH.map(name),
            match_length: if setup.single() { 0 } else { setup.match_length },
            jacoby: setup.jacoby,
            games,
        }
    }
}
