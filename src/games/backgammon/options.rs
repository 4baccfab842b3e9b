//! What the host may choose, and what a room plays with.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::board::{Board, Side};
use super::ids;
use super::refusal::Refusal;

/// The longest match: 25 points, as in the long matches of tournaments.
pub const LONGEST_MATCH: u16 = 25;
/// No bank is longer than a day, no delay longer than ten minutes: a game must end some time.
const LONGEST_BANK_S: u32 = 86_400;
const LONGEST_DELAY_S: u32 = 600;

/// What the host may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// Points that win the match, up to 25. 1 is a single game, played for points with the cube as money play is.
    #[schemars(range(min = 1, max = 25))]
    pub match_length: u16,
    /// Whether the doubling cube is used.
    pub cube: bool,
    /// In a single game: gammons and backgammons count single as long as nobody has doubled.
    pub jacoby: bool,
    /// `casual` games let a whole turn be taken back when the opponent agrees.
    pub game_type: GameType,
    /// `rapid` is 8 minutes for each player and point of the match; `blitz` 1 minute, and 10 seconds before every decision that are free.
    pub time_control: TimeControl,
    /// Another bank than that of the time control: seconds for each player.
    #[schemars(range(min = 1, max = 86400))]
    pub bank_s: Option<u32>,
    /// Another delay than that of the time control: free seconds before every decision.
    #[schemars(range(max = 600))]
    pub delay_s: Option<u32>,
    /// A position to begin with instead of the opening roll, as a GNU Backgammon position ID: the host is on roll. One casual game is played.
    #[schemars(length(min = 14, max = 14))]
    pub position_id: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            match_length: 1,
            cube: true,
            jacoby: false,
            game_type: GameType::Casual,
            time_control: TimeControl::None,
            bank_s: None,
            delay_s: None,
            position_id: None,
        }
    }
}

/// How serious it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GameType {
    #[default]
    Casual,
    Rated,
}

/// How long one may think.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeControl {
    #[default]
    None,
    Rapid,
    Blitz,
}

/// What a room plays with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    pub match_length: u16,
    pub cube: bool,
    pub jacoby: bool,
    pub game_type: GameType,
    pub time_control: TimeControl,
    /// The bank and the delay; `None` without a clock.
    pub time: Option<(Duration, Duration)>,
    /// A position to begin with, white on roll; a valid ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_id: Option<String>,
}

impl Setup {
    /// Whether it is one game and no match: played by the rules of money play.
    pub fn single(&self) -> bool {
        self.match_length == 1
    }

    /// The position that is begun with instead of the opening roll.
    pub fn position(&self) -> Option<Board> {
        self.position_id.as_ref().and_then(|id| ids::position(id, Side::White).ok())
    }

    /// Resolves the host's choice.
    ///
    /// # Errors
    /// When a number is out of its range, there is time to set but no clock, or a position to begin with that cannot be played.
    pub fn new(options: &Options) -> Result<Self, Refusal> {
        if !(1..=LONGEST_MATCH).contains(&options.match_length) {
            return Err(Refusal::MatchLength);
        }
        if options.bank_s.is_some_and(|s| !(1..=LONGEST_BANK_S).contains(&s))
            || options.delay_s.is_some_and(|s| s > LONGEST_DELAY_S)
        {
            return Err(Refusal::Time);
        }
        if let Some(id) = &options.position_id {
            let board = ids::position(id, Side::White).map_err(|_| Refusal::BadPosition)?;
            if board.winner().is_some() {
                return Err(Refusal::BadPosition);
            }
            if options.match_length != 1 || options.game_type == GameType::Rated {
                return Err(Refusal::PositionInMatch);
            }
        }
        let seconds = |s: u32| Duration::from_secs(u64::from(s));
        let points = u32::from(options.match_length);
        let (bank, delay) = match options.time_control {
            TimeControl::None if options.bank_s.is_some() || options.delay_s.is_some() => return Err(Refusal::TimeWithoutControl),
            TimeControl::None => (0, 0),
            TimeControl::Rapid => (480 * points, 0),
            TimeControl::Blitz => (60 * points, 10),
        };
        let time = (seconds(options.bank_s.unwrap_or(bank)), seconds(options.delay_s.unwrap_or(delay)));
        Ok(Self {
            match_length: options.match_length,
            cube: options.cube,
            jacoby: options.jacoby && options.match_length == 1,
            game_type: options.game_type,
            time_control: options.time_control,
            time: (options.time_control != TimeControl::None).then_some(time),
            position_id: options.position_id.clone(),
        })
    }
}
