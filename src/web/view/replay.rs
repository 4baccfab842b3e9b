//! A finished game, move by move.

use askama::Template;

use super::{Fairness, Shell};
use crate::id::{RoomCode, Seq};
use crate::time::Timestamp;

/// `GET /replay/CODE?at=SEQ`: the state then. Works by links and a form; `static/replay.js` makes the slider live by fetching this page
/// and taking over its stage.
#[derive(Template)]
#[template(path = "replay.html")]
pub struct ReplayPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub game_title: String,
    /// Which event was the last to have happened; 0 is the state before the first.
    pub at: Seq,
    /// The last event there is.
    pub last: Seq,
    /// Every event that the visitor may see, in order.
    pub moves: Vec<MoveLine>,
    pub stage: Stage,
    pub fairness: Fairness,
}

impl ReplayPage {
    /// What happened at `at`.
    fn caption(&self) -> &str {
        match self.moves.iter().find(|line| line.seq == self.at) {
            Some(line) => &line.text,
            None if self.at == Seq(0) => "Before the first move",
            None => "Something happened here that only others may see",
        }
    }

    fn steps(&self) -> [Step; 4] {
        let (at, last) = (self.at, self.last);
        let back = (at > Seq(0)).then(|| Seq(at.0 - 1));
        let forth = (at < last).then(|| at.next());
        [
            Step { key: "first", sign: "«", label: "First", to: back.map(|_| Seq(0)) },
            Step { key: "back", sign: "‹", label: "One back", to: back },
            Step { key: "forth", sign: "›", label: "One forth", to: forth },
            Step { key: "last", sign: "»", label: "Last", to: forth.map(|_| last) },
        ]
    }
}

/// A link beside the slider.
struct Step {
    key: &'static str,
    sign: &'static str,
    label: &'static str,
    /// `None` when one is there already.
    to: Option<Seq>,
}

/// One event in the list.
#[derive(Clone, Debug)]
pub struct MoveLine {
    pub seq: Seq,
    pub at: Timestamp,
    /// What happened, in a sentence.
    pub text: String,
}

impl MoveLine {
    /// The time of day in UTC, to the second.
    fn clock(&self) -> String {
        let at = self.at.to_string();
        at.get(11..19).unwrap_or(&at).to_owned()
    }
}

/// A state as a game shows it.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Rendered by the game's own template, everything in it escaped.
    pub html: String,
    /// The style sheet it needs.
    pub style: Option<&'static str>,
    /// A module that draws what HTML cannot. It hears `replay-shown` on the document whenever another state has been put in.
    pub script: Option<&'static str>,
}
