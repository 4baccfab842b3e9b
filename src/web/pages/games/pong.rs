//! The pages of a match of pong.

use serde_json::Value;

use super::{Pages, names};
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::session::Visit;
use crate::web::view::{Fact, PongPage, ScoreColumn, Stage, Tell, pong};

pub struct Pong;

impl Pages for Pong {
    fn facts(&self, _card: &Card, state: &Value) -> Vec<Fact> {
        let fact = |label: &str, value: String| Fact { label: label.to_owned(), value };
        vec![
            fact("Points to win", state["field"]["points"].to_string()),
            fact("Frames per second", state["field"]["frames_per_s"].to_string()),
        ]
    }

    fn play(&self, visit: &Visit, look: &Look) -> Outcome {
        Answer::page(&PongPage {
            shell: visit.shell(),
            code: look.summary.room_code,
            title: look.game.card().title.to_owned(),
            role: look.role.to_owned(),
        })
    }

    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        pong::results(results, names(&look.summary), look.seat.map(|_| look.role)).ok()
    }

    fn stage(&self, look: &Look, state: &Value, _last: Option<(&str, &Value)>) -> Stage {
        pong::stage(state, names(&look.summary)).unwrap_or_default()
    }

    fn teller(&self) -> Box<dyn Tell> {
        Box::new(pong::Sides)
    }
}
