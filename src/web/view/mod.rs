//! The pages: plain values in, HTML out. Nothing here reads a room, a clock or a cookie.
//!
//! One struct per page; `page.render()` (askama's `Template`) gives the HTML, with every value escaped. The content security policy
//! forbids inline scripts, styles and handlers, so templates have none: data for scripts travels in `data-` attributes and in
//! [`ScriptJson`]. A test renders every page with hostile names and looks for them.

pub mod draft;
mod error;
mod home;
mod replay;
mod results;
mod room;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

pub use draft::DraftPage;
pub use error::ErrorPage;
pub use home::{Choice, CreatePage, GameCard, HomePage, JoinPage, OptionField, RoomRow};
pub use replay::{Board, Card, MoveLine, ReplayPage, Slot};
pub use results::{Fairness, ResultsPage, ScoreColumn, ScoreLine, Verdict};
pub use room::{Fact, LobbyPage, Notice, Person, SeatView};

/// What every page needs besides its own matter.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// The visitor's form token: the hidden field `csrf` of every form.
    pub csrf: String,
    /// The visitor's name, when they have one.
    pub nickname: Option<String>,
}

/// How many emblems `static/emblems.svg` has.
const EMBLEMS: u32 = 12;

/// The emblem and hue (0–11) of a series or a game, by its id. `static/draft-view.js` computes the same: a number modulo 12, else the
/// sum of the UTF-16 units modulo 12.
pub fn emblem(id: &str) -> u8 {
    let number = match id.parse::<u32>() {
        Ok(number) => number % EMBLEMS,
        Err(_) => id.encode_utf16().fold(0, |sum, unit| (sum + u32::from(unit)) % EMBLEMS),
    };
    u8::try_from(number).unwrap_or(0)
}

/// JSON that may stand inside a `<script type="application/json">`: whatever its strings hold, none of them can end the element.
#[derive(Clone, Debug)]
pub struct ScriptJson(String);

impl ScriptJson {
    /// # Errors
    /// When `value` does not serialise: a map whose keys are no strings.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(value)?;
        let mut safe = String::with_capacity(json.len());
        for c in json.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
                _ => safe.push(c),
            }
        }
        Ok(Self(safe))
    }
}

impl fmt::Display for ScriptJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
