//! After the game: who won, by what, and whether the luck was fair.

use askama::Template;

use super::Shell;
use crate::id::RoomCode;

/// `GET /results/CODE`.
#[derive(Template)]
#[template(path = "results.html")]
pub struct ResultsPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub game_title: String,
    /// "Mira wins", "A draw".
    pub headline: String,
    /// How it ended, in a sentence.
    pub reason: String,
    /// One per seat, in order.
    pub columns: Vec<ScoreColumn>,
    pub fairness: Fairness,
    /// Whether the visitor played and may ask for another game.
    pub can_rematch: bool,
}

/// One side's points.
#[derive(Clone, Debug, Default)]
pub struct ScoreColumn {
    /// What the wire calls the side: "host", "guest".
    pub key: String,
    pub name: String,
    pub you: bool,
    pub winner: bool,
    pub total: String,
    pub lines: Vec<ScoreLine>,
}

/// Points and what they were for.
#[derive(Clone, Debug, Default)]
pub struct ScoreLine {
    /// The role.
    pub label: String,
    /// The character in it.
    pub what: String,
    /// How the points come about, when that needs saying.
    pub note: String,
    pub points: String,
}

/// The room's commitment to its luck, and what came of checking it.
#[derive(Clone, Debug)]
pub struct Fairness {
    pub seed_hash: String,
    /// 64 hexadecimal digits, once the game is over.
    pub seed: Option<String>,
    /// Whose, and what.
    pub client_seeds: Vec<(String, String)>,
    pub draws: u32,
    pub verdict: Verdict,
}

impl Fairness {
    pub(super) fn explain(&self) -> String {
        match &self.verdict {
            Verdict::Pending => "The seed stays secret until the game is over; its hash was fixed before the start.".to_owned(),
            Verdict::Verified if self.draws == 0 => {
                "Nothing was drawn, and the seed fits the hash shown before the start.".to_owned()
            }
            Verdict::Verified => format!(
                "The seed fits the hash shown before the start, and {} played.",
                if self.draws == 1 {
                    "the one draw comes out again as it was".to_owned()
                } else {
                    format!("all {} draws come out again as they were", self.draws)
                }
            ),
            Verdict::Failed(why) => format!("The log does not fit the seed: {why}"),
        }
    }
}

/// Whether every draw was computed again and matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The game is not over: the seed is secret.
    Pending,
    Verified,
    /// The first thing that did not match.
    Failed(String),
}

impl Verdict {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Verdict::Pending => "pending",
            Verdict::Verified => "verified",
            Verdict::Failed(_) => "failed",
        }
    }

    pub(super) fn label(&self) -> &'static str {
        match self {
            Verdict::Pending => "sealed until the end",
            Verdict::Verified => "✓ verified",
            Verdict::Failed(_) => "✗ does not match",
        }
    }

    pub(super) fn is_good(&self) -> bool {
        *self == Verdict::Verified
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self, Verdict::Failed(_))
    }
}
