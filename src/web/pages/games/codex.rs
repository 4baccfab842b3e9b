//! The pages of a story.

use serde_json::Value;

use super::Pages;
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::form::Form;
use crate::web::pages::session::Visit;
use crate::web::view::{Choice, CodexPage, Fact, OptionField, ScoreColumn, Stage, Tell, codex};

pub struct Codex;

impl Pages for Codex {
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        let mut fields = super::options::fields(card, form);
        for field in fields.iter_mut().filter(|field| field.name == "story_id") {
            let stories = card.catalogue["stories"].as_array().into_iter().flatten();
            let chosen = form.and_then(|form| form.get("story_id"));
            let choice = |(nth, story): (usize, &Value)| {
                let value = story["id"].as_str().unwrap_or_default().to_owned();
                Choice {
                    label: story["title"].as_str().unwrap_or_default().to_owned(),
                    hint: story["summary"].as_str().unwrap_or_default().to_owned(),
                    selected: chosen.map_or(nth == 0, |chosen| chosen == value),
                    value,
                }
            };
            *field = OptionField {
                legend: "Story".into(),
                hint: String::new(),
                choices: stories.enumerate().map(choice).collect(),
                typed: None,
                ..field.clone()
            };
        }
        fields
    }

    fn facts(&self, _card: &Card, state: &Value) -> Vec<Fact> {
        let fact = |label: &str, value: String| Fact { label: label.to_owned(), value };
        let turn = match state["turn_seconds"].as_u64() {
            None | Some(0) => "as long as it takes".to_owned(),
            Some(seconds) if seconds % 60 == 0 => format!("{} min", seconds / 60),
            Some(seconds) => format!("{seconds} s"),
        };
        vec![fact("Story", state["story_title"].as_str().unwrap_or_default().to_owned()), fact("A turn waits", turn)]
    }

    fn play(&self, visit: &Visit, look: &Look) -> Outcome {
        Answer::page(&CodexPage {
            shell: visit.shell(),
            code: look.summary.room_code,
            title: look.game.card().title.to_owned(),
            watching: look.seat.is_none(),
        })
    }

    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        codex::results(results, look.seat).ok()
    }

    fn stage(&self, _look: &Look, state: &Value, _last: Option<(&str, &Value)>) -> Stage {
        codex::stage(state).unwrap_or_default()
    }

    fn teller(&self) -> Box<dyn Tell> {
        Box::new(codex::Reader)
    }
}
