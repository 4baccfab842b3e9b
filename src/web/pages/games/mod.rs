//! What pages know of single games: one file per game and one line in [`of`]. A game without a line has the pages that every room has,
//! with its options as fields, and is played by clients of its own.

mod backgammon;
mod codex;
mod draft;
mod options;
mod pong;
mod tabletop;

use serde_json::Value;

use super::answer::{Outcome, Problem};
use super::form::Form;
use super::session::Visit;
use crate::games::Card;
use crate::room::actor::Look;
use crate::room::summary::Summary;
use crate::web::view::{Fact, GameCard, OptionField, ScoreColumn, Stage, Tell};

pub use options::read as options;

/// One game's part in the pages. Each method has a default that does for any game.
pub trait Pages: Send + Sync {
    /// The options that a form offers, as far as chosen in `form`; with the defaults when there is none yet.
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        options::fields(card, form)
    }

    /// The options of a room, for people.
    fn facts(&self, _card: &Card, _state: &Value) -> Vec<Fact> {
        vec![]
    }

    /// The page on which a game is played.
    ///
    /// # Errors
    /// [`Problem::NotFound`] for a game without one.
    fn play(&self, _visit: &Visit, _look: &Look) -> Outcome {
        Err(Problem::NotFound)
    }

    /// The headline and the columns of a game's results; `None` when there are none to show.
    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        let winner = results["winner"].as_str()?;
        let at = ["host", "guest"].into_iter().position(|side| side == winner);
        let headline = match at {
            _ if look.seat.is_some() && look.role == winner => "You win".to_owned(),
            Some(at) => format!("{} wins", names(&look.summary)[at]),
            None if winner == "draw" => "A draw".to_owned(),
            None => format!("{winner} wins"),
        };
        Some((headline, vec![]))
    }

    /// A state in a replay, and `last`, the event that led to it, with its payload.
    fn stage(&self, _look: &Look, _state: &Value, _last: Option<(&str, &Value)>) -> Stage {
        Stage::default()
    }

    /// Tells the game's own events in sentences.
    fn teller(&self) -> Box<dyn Tell> {
        Box::new(())
    }
}

/// A game that nothing more is known of.
struct Plain;

impl Pages for Plain {}

/// The pages of a game, by its name.
pub fn of(game: &str) -> &'static dyn Pages {
    match game {
        "backgammon" => &backgammon::Backgammon,
        "codex" => &codex::Codex,
        "draft" => &draft::Draft,
        "pong" => &pong::Pong,
        "tabletop" => &tabletop::Tabletop,
        _ => &Plain,
    }
}

/// A game as one chooses it.
pub fn card(card: &Card) -> GameCard {
    GameCard::new(card.name, card.title, card.summary, card.seats.min..=card.seats.max)
}

/// What the two sides are called.
pub fn names(summary: &Summary) -> [&str; 2] {
    [summary.host_nickname.as_deref().unwrap_or("Host"), summary.guest_nickname.as_deref().unwrap_or("Guest")]
}
