//! The pages of a draft.

use serde_json::Value;

use super::{Pages, names};
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::form::Form;
use crate::web::pages::session::Visit;
use crate::web::view::{Choice, DraftPage, Fact, OptionField, ScoreColumn, Stage, Tell, draft};

pub struct Draft;

impl Pages for Draft {
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        let template_hint = |template: &Value| {
            let roles = template["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
            roles.collect::<Vec<_>>().join(", ")
        };
        let series_hint = |series: &Value| series["about"].as_str().unwrap_or_default().to_owned();
        let (templates, series) = (&card.catalogue["templates"], &card.catalogue["series"]);
        let mut fields = vec![
            field("template_id", "Team", "The roles that each side fills.", false, templates, &template_hint),
            field("anime_pool_ids", "Series in the pot", "Characters are drawn from these.", true, series, &series_hint),
        ];
        for field in &mut fields {
            for (nth, choice) in field.choices.iter_mut().enumerate() {
                choice.selected = match form {
                    Some(form) => form.all(&field.name).any(|value| value == choice.value),
                    None => field.many || nth == 0,
                };
            }
        }
        fields
    }

    fn facts(&self, card: &Card, state: &Value) -> Vec<Fact> {
        let series = card.catalogue["series"].as_array().map_or(&[][..], Vec::as_slice);
        let chosen = state["anime_pool_ids"].as_array().map_or(&[][..], Vec::as_slice);
        let names = series.iter().filter(|entry| chosen.contains(&entry["id"])).filter_map(|entry| entry["name"].as_str());
        let roles = state["template"]["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let fact = |label: &str, value: String| Fact { label: label.to_owned(), value };
        vec![
            fact("Team", state["template"]["name"].as_str().unwrap_or_default().to_owned()),
            fact("Roles", roles.collect::<Vec<_>>().join(", ")),
            fact("Series in the pot", names.collect::<Vec<_>>().join(", ")),
        ]
    }

    fn play(&self, visit: &Visit, look: &Look) -> Outcome {
        Answer::page(&DraftPage {
            shell: visit.shell(),
            code: look.summary.room_code,
            title: look.game.card().title.to_owned(),
            role: look.role.to_owned(),
        })
    }

    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        draft::results(results, names(&look.summary), look.seat.map(|_| look.role)).ok()
    }

    fn stage(&self, look: &Look, state: &Value, last: Option<(&str, &Value)>) -> Stage {
        draft::stage(state, names(&look.summary), last).unwrap_or_default()
    }

    fn teller(&self) -> Box<dyn Tell> {
        Box::new(draft::Drawn::default())
    }
}

fn field(name: &str, legend: &str, hint: &str, many: bool, entries: &Value, hints: &dyn Fn(&Value) -> String) -> OptionField {
    let choices = entries.as_array().into_iter().flatten().map(|entry| Choice {
        value: entry["id"].to_string(),
        label: entry["name"].as_str().unwrap_or_default().to_owned(),
        hint: hints(entry),
        selected: false,
    });
    OptionField {
        name: name.to_owned(),
        legend: legend.to_owned(),
        hint: hint.to_owned(),
        many,
        choices: choices.collect(),
        typed: None,
    }
}
