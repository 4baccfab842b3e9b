//! The pages of backgammon.

use serde_json::Value;

use super::{Pages, names};
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::form::Form;
use crate::web::pages::session::Visit;
use crate::web::view::{BackgammonPage, Fact, OptionField, ScoreColumn, Stage, Tell, backgammon};

pub struct Backgammon;

/// What the form asks, in this order and with these words: the schema's are for those who write clients, and other clocks are theirs too.
const FIELDS: [(&str, &str, &str); 6] = [
    ("match_length", "Match length", "Points that win. 1 is a single game, played as money play is."),
    ("game_type", "Game", "In casual games a whole turn can be taken back when the opponent agrees."),
    ("time_control", "Clock", "Rapid: 8 minutes a point. Blitz: 1 minute a point, and 10 seconds for each decision."),
    ("cube", "Doubling cube", ""),
    ("jacoby", "Jacoby rule", "In a single game, gammons count only after a double."),
    ("position_id", "Begin from a position", "A GNU Backgammon position ID, with you on roll. Leave it empty for the opening."),
];

impl Pages for Backgammon {
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        let known = super::options::fields(card, form);
        let field = |(name, legend, hint): &(&str, &str, &str)| {
            let field = known.iter().find(|field| field.name == *name)?.clone();
            Some(OptionField { legend: (*legend).to_owned(), hint: (*hint).to_owned(), ..field })
        };
        FIELDS.iter().filter_map(field).collect()
    }

    fn facts(&self, _card: &Card, state: &Value) -> Vec<Fact> {
        let rules = &state["rules"];
        let fact = |label: &str, value: &str| Fact { label: label.to_owned(), value: value.to_owned() };
        let length = match rules["match_length"].as_u64() {
            Some(1) | None => "a single game".to_owned(),
            Some(points) => format!("a match to {points} points"),
        };
        let clock = match rules["time_control"].as_str() {
            Some("rapid") => "rapid",
            Some("blitz") => "blitz",
            _ => "none",
        };
        let mut facts = vec![
            fact("Length", &length),
            fact("Clock", clock),
            fact("Doubling cube", if rules["cube"] == false { "no" } else { "yes" }),
            fact("Kind", if rules["game_type"] == "rated" { "rated" } else { "casual" }),
        ];
        if rules["jacoby"] == true {
            facts.push(fact("Jacoby rule", "yes"));
        }
        if let Some(id) = rules["position_id"].as_str() {
            facts.push(fact("From the position", id));
        }
        facts
    }

    fn play(&self, visit: &Visit, look: &Look) -> Outcome {
        Answer::page(&BackgammonPage {
            shell: visit.shell(),
            code: look.summary.room_code,
            title: look.game.card().title.to_owned(),
            role: look.role.to_owned(),
        })
    }

    fn scores(&self, look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
        backgammon::results(results, names(&look.summary), look.seat.map(|_| look.role)).ok()
    }

    fn stage(&self, look: &Look, state: &Value, last: Option<(&str, &Value)>) -> Stage {
        let bots = look.game.card().bots;
        backgammon::stage(look.summary.room_code, state, names(&look.summary), bots, last).unwrap_or_default()
    }

    fn teller(&self) -> Box<dyn Tell> {
        Box::new(backgammon::Turns)
    }
}
