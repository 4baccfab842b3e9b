//! Backgammon: the whole game, with cube, matches and clocks.
//!
//! `board` is a position, `plays` all that a roll allows in it, `ids` their names in GNU Backgammon's format. `table` is all that lies on
//! the table, with the facts that change it; `judge` says what is allowed and `rules` what comes of it, `clock` counts the time, `wire` holds the words that clients see. All of it
//! is described for players and clients in `docs/games/backgammon.md`.

pub mod ai;
pub mod board;
pub mod clock;
pub mod export;
pub mod ids;
pub mod judge;
pub mod options;
pub mod plays;
pub mod refusal;
pub mod rules;
pub mod table;
#[cfg(test)]
mod tests;
pub mod wire;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chance::Draw;
use crate::game::record::{Format, Record};
use crate::game::{Draft, Game, Input, Outcome, Past, Seats, Viewer};
use crate::id::Seat;
use crate::time::Timestamp;

pub use options::{Options, Setup};
pub use refusal::Refusal;
pub use rules::{seat_of, side_of};
pub use table::{Event, GameResult, Made, Table, What};
pub use wire::{Command, Notice, View};

/// The state of a room: the table, and what is needed to take back a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backgammon {
    setup: Setup,
    table: Table,
    /// The table as it was when the last turn ended, while that turn can still be taken back.
    last: Option<Box<Table>>,
    /// The games that are over.
    results: Vec<GameResult>,
}

/// How the room's game ended, as `game_ended` says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Results {
    /// Of the last game, which decided the match.
    #[serde(flatten)]
    pub last: GameResult,
    pub match_length: u16,
    pub game_type: options::GameType,
    /// Every game of the match.
    pub games: Vec<GameResult>,
}

impl Game for Backgammon {
    const NAME: &'static str = "backgammon";
    const TITLE: &'static str = "Backgammon";
    const SUMMARY: &'static str = "The race of fifteen checkers, with doubling cube, matches and clocks.";
    const SEATS: RangeInclusive<u8> = 2..=2;
    const BOTS: &'static [&'static str] = &ai::level::Level::NAMES;
    const QUESTIONS: &'static [&'static str] = &["analyze"];

    const EXPORTS: &'static [Format] = export::FORMATS;

    type Options = Options;
    type Assets = ();
    type Setup = Setup;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, (): &()) -> Result<Setup, Refusal> {
        Setup::new(options)
    }

    fn open(setup: &Setup) -> Self {
        Self { setup: setup.clone(), table: Table::new(setup), last: None, results: vec![] }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        rules::decide(draft, input)
    }

    fn evolve(&mut self, event: &Event) {
        let before = std::mem::replace(&mut self.table, event.table.clone());
        match &event.what {
            What::TurnEnded { .. } => self.last = Some(Box::new(before)),
            What::Opened { .. } | What::Placed { .. } | What::Reopened { .. } | What::TakenBack { .. } | What::Doubled { .. } => {
                self.last = None
            }
            What::GameEnded { result } => {
                self.last = None;
                self.results.push(result.clone());
            }
            _ => {}
        }
        debug_assert_eq!(self.table.board.check(), Ok(()));
    }

    fn view(&self, _viewer: Viewer) -> View {
        let mut view = View::of(&self.table);
        view.rules = Some(self.setup.clone());
        view.games = Some(self.results.clone());
        view
    }

    fn notice(event: &Event, _viewer: Viewer) -> Option<Notice> {
        Some(Notice::of(event))
    }

    fn outcome(&self) -> Option<Outcome> {
        if self.table.phase != table::Phase::Over {
            return None;
        }
        let last = self.results.last()?.clone();
        let colour = |side| if side == board::Side::White { "White" } else { "Black" };
        let winner = colour(last.winner);
        let how = match last.ended_by {
            table::Ending::BorneOff => format!("{winner} has borne off all checkers"),
            table::Ending::DoubleDeclined => format!("{} declined the double", colour(last.winner.other())),
            table::Ending::Resigned => format!("{} resigned", colour(last.winner.other())),
            table::Ending::Timeout => format!("{} ran out of time", colour(last.winner.other())),
            table::Ending::Claimed => format!("{} did not come back", colour(last.winner.other())),
        };
        let (match_length, game_type) = (self.setup.match_length, self.setup.game_type);
        let winners = vec![seat_of(last.winner)];
        let results = Results { last, match_length, game_type, games: self.results.clone() };
        Some(Outcome { reason: how, winners, results: serde_json::to_value(results).unwrap_or_default() })
    }

    fn to_act(&self) -> Seats {
        self.table.to_decide().map_or(Seats::NONE, |side| Seats::one(seat_of(side)))
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.table.clock.as_ref().filter(|_| self.table.running()).map(clock::Timer::deadline)
    }

    fn legal(&self, seat: Seat) -> Vec<Command> {
        self.legal_commands(seat)
    }

    fn export(record: &Record<Self>, format: &str) -> Option<String> {
        export::export(record, format)
    }

    fn draws(&self, event: &Event) -> Vec<Draw> {
        let throws = match &event.what {
            What::Opened { throws } => throws.as_slice(),
            What::Rolled { dice, .. } => std::slice::from_ref(dice),
            _ => &[],
        };
        let draw = |die: u8| Draw { sides: 6, value: u32::from(die).wrapping_sub(1) };
        throws.iter().flat_map(|&(a, b)| [draw(a), draw(b)]).collect()
    }

    fn bot(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
        ai::bot::command(view, seat, level, luck)
    }

    fn consult(
        _question: &str,
        payload: &RawValue,
        room: Option<Past<'_, Self>>,
    ) -> Result<serde_json::Value, crate::refusal::Refusal> {
        ai::consult::analyze(payload, room)
    }
}
