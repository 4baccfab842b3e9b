//! What was said and rolled, to be read and searched.

use askama::Template;

use super::Shell;
use crate::id::{RoomCode, Seq};
use crate::time::Timestamp;

/// `GET /room/CODE/history`: the newest first, by links and a form.
#[derive(Template)]
#[template(path = "talk.html")]
pub struct TalkPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub game_title: String,
    /// Where the visitor came from.
    pub back: String,
    /// `chat`, `rolls` or `all`.
    pub kind: String,
    /// Whether there are dice in this game.
    pub rolls: bool,
    pub search: String,
    pub lines: Vec<TalkLine>,
    /// Where the next page is, and the first.
    pub older: Option<String>,
    pub newest: Option<String>,
}

/// Something said or rolled.
pub struct TalkLine {
    pub seq: Seq,
    pub at: Timestamp,
    /// The event's name.
    pub kind: &'static str,
    pub who: String,
    pub what: String,
    /// Where the image is that was shown.
    pub image: Option<String>,
}

impl TalkPage {
    /// The parts one may choose from: name, what it is called, whether it is chosen.
    fn kinds(&self) -> [(&'static str, &'static str, bool); 3] {
        [("all", "Everything"), ("chat", "What was said"), ("rolls", "Rolls")].map(|(name, label)| (name, label, name == self.kind))
    }
}

impl TalkLine {
    /// "2026-11-21".
    fn day(&self) -> String {
        self.at.to_string().chars().take(10).collect()
    }

    /// "18:05".
    fn time(&self) -> String {
        self.at.to_string().chars().skip(11).take(5).collect()
    }
}
