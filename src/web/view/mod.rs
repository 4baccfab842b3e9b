//! The pages: plain values in, HTML out. Nothing here reads a room, a clock or a cookie.
//!
//! One struct per page; `page.render()` (askama's `Template`) gives the HTML, with every value escaped. The content security policy
//! forbids inline scripts, styles and handlers, so templates have none: data for scripts travels in `data-` attributes. A test renders
//! every page with hostile names and looks for them.

mod account;
pub mod backgammon;
pub mod codex;
pub mod draft;
mod error;
mod figures;
mod home;
mod playground;
pub mod pong;
mod queue;
mod replay;
mod results;
mod room;
pub mod tabletop;
mod talk;
mod teller;
#[cfg(test)]
mod tests;

pub use account::{LogInPage, PlayedRoom, ProfilePage, RegisterPage};
pub use backgammon::BackgammonPage;
pub use codex::CodexPage;
pub use draft::DraftPage;
pub use error::ErrorPage;
pub use figures::{Chart, Figures, GameTab, LeaderboardPage, Past, Rank};
pub use home::{Choice, CreatePage, GameCard, HomePage, JoinPage, OptionField, RoomRow, Typed};
pub use playground::{PlaygroundGame, PlaygroundPage};
pub use pong::PongPage;
pub use queue::{QueuePage, WaitingPlace};
pub use replay::{MoveLine, ReplayPage, Stage};
pub use results::{Fairness, ResultsPage, ScoreColumn, ScoreLine, Verdict};
pub use room::{Fact, LobbyPage, Notice, Person, SeatView};
pub use tabletop::TabletopPage;
pub use talk::{TalkLine, TalkPage};
pub use teller::{Tell, Teller};

/// What every page needs besides its own matter.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// The visitor's form token: the hidden field `csrf` of every form.
    pub csrf: String,
    /// The visitor's name, when they have one.
    pub nickname: Option<String>,
    /// Whether the visitor has an account.
    pub signed_in: bool,
}

/// How many emblems `static/emblems.svg` has.
const EMBLEMS: u32 = 12;

/// The emblem and hue (0–11) of a series or a game, by its id. `static/emblem.js` computes the same: a number modulo 12, else the
/// sum of the UTF-16 units modulo 12.
pub fn emblem(id: &str) -> u8 {
    let number = match id.parse::<u32>() {
        Ok(number) => number % EMBLEMS,
        Err(_) => id.encode_utf16().fold(0, |sum, unit| (sum + u32::from(unit)) % EMBLEMS),
    };
    u8::try_from(number).unwrap_or(0)
}
