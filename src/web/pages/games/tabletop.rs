//! The pages of a table with a game master.

use serde_json::Value;

use super::Pages;
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::form::Form;
use crate::web::pages::session::Visit;
use crate::web::view::{Fact, OptionField, ScoreColumn, Stage, TabletopPage, Tell, tabletop};

pub struct Tabletop;

/// The options that a form offers; the others have defaults, and the DM changes them at the table.
const OFFERED: [&str; 4] = ["title", "spectators", "dm_reads_whispers", "private_sheets"];

impl Pages for Tabletop {
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        let mut fields = super::options::fields(card, form);
        fields.retain(|field| OFFERED.contains(&field.name.as_str()));
        fields.sort_by_key(|field| OFFERED.iter().position(|name| *name == field.name));
        fields
    }

    fn facts(&self, _card: &Card, state: &Value) -> Vec<Fact> {
        let fact = |label: &str, value: &str| Fact { label: label.to_owned(), value: value.to_owned() };
        let settings = &state["settings"];
        let yes = |name: &str| settings[name] == true;
        let mut facts = vec![];
        if let Some(title) = settings["title"].as_str().filter(|title| !title.is_empty()) {
            facts.push(fact("Session", title));
        }
        facts.push(fact("Whispers are read by", if yes("dm_reads_whispers") { "the two and the DM" } else { "the two" }));
        facts.push(fact("Sheets are for", if yes("private_sheets") { "their owner and the DM" } else { "all" }));
        facts
    }

    fn play(&self, visit: &Visit, look: &Look) -> Outcome {
        Answer::page(&TabletopPage {
            shell: visit.shell(),
            code: look.summary.room_code,
            title: look.game.card().title.to_owned(),
            watching: look.seat.is_none(),
        })
    }

    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        tabletop::results(results, look.seat).ok()
    }

    fn stage(&self, _look: &Look, state: &Value, _last: Option<(&str, &Value)>) -> Stage {
        tabletop::stage(state).unwrap_or_default()
    }

    fn teller(&self) -> Box<dyn Tell> {
        Box::new(tabletop::Chronicler)
    }
}
