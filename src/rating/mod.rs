//! Ratings and statistics of two-player games: what a finished game changes. Pure; who keeps the figures is `log::ratings`.
//!
//! One formula serves every game: that of FIBS, the First Internet Backgammon Server. A game counts when both players are people, and
//! it has been played to its end; a rating moves unless the game says that it is not rated.

mod fibs;
pub mod score;
pub mod scorekeeper;

pub use fibs::{chance, change};

/// Games that one must have finished to be on a leaderboard.
pub const LEADERBOARD_GAMES: u32 = 1;

/// Where everybody begins.
pub const START: f64 = 1500.0;

/// What is known of one player in one game.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub rating: f64,
    /// Points of match length played: newcomers' ratings move faster.
    pub experience: u32,
    pub games: u32,
    pub wins: u32,
    pub losses: u32,
    pub draws: u32,
    /// Won by a gammon, and by a backgammon; other games have none.
    pub gammons: u32,
    pub backgammons: u32,
    /// Wins in a row up to now.
    pub streak: u32,
    pub best_streak: u32,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            rating: START,
            experience: 0,
            games: 0,
            wins: 0,
            losses: 0,
            draws: 0,
            gammons: 0,
            backgammons: 0,
            streak: 0,
            best_streak: 0,
        }
    }
}

/// How a game went for one of its players.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, strum::IntoStaticStr, strum::EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Result {
    Won,
    Lost,
    Drawn,
}

impl Result {
    /// As seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Result::Won => Result::Lost,
            Result::Lost => Result::Won,
            Result::Drawn => Result::Drawn,
        }
    }

    /// Points out of one.
    fn points(self) -> f64 {
        match self {
            Result::Won => 1.0,
            Result::Drawn => 0.5,
            Result::Lost => 0.0,
        }
    }
}
