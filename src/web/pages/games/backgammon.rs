//! The pages of backgammon.

use serde_json::Value;

use super::{Pages, names};
use crate::games::Card;
use crate::room::actor::Look;
use crate::web::pages::answer::{Answer, Outcome};
use crate::web::pages::form::Form;
use crate::web::pages::session::Visit;
use crate::web::view::{BackgammonPage, Fact, OptionField, ScoreColumn, Stage, Tell, Typed, backgammon};

pub struct Backgammon;

/// What the form says of an option, in the order in which it asks: the schema's words are for those who write clients.
const FIELDS: [(&str, &str, &str); 8] = [
    ("match_length", "Match length", "Points that win. 1 is a single game, played as money play is."),
    ("game_type", "Game", "In casual games a whole turn can be taken back when the opponent agrees."),
    ("time_control", "Clock", "Rapid: 8 minutes a point. Blitz: 1 minute a point, and 10 seconds for each decision."),
    ("cube", "Doubling cube", ""),
    ("jacoby", "Jacoby rule", "In a single game, gammons count only after a double."),
    ("position_id", "Begin from a position", "A GNU Backgammon position ID, with you on roll. Leave it empty for the opening."),
    ("bank_s", "Other bank, in seconds", "Instead of the clock’s own time for each player."),
    ("delay_s", "Other delay, in seconds", "Instead of the clock’s own free time before each decision."),
];

impl Pages for Backgammon {
    fn fields(&self, card: &Card, form: Option<&Form>) -> Vec<OptionField> {
        let mut fields = super::options::fields(card, form);
        for field in &mut fields {
            let Some((_, legend, hint)) = FIELDS.iter().find(|(name, ..)| *name == field.name) else { continue };
            (field.legend, field.hint) = ((*legend).to_owned(), (*hint).to_owned());
            // Zero is what no schema default means here: an empty field is "as the clock has it".
            if let Some(Typed::Number { value, .. }) = &mut field.typed
                && value == "0"
            {
                value.clear();
            }
        }
        fields.sort_by_key(|field| FIELDS.iter().position(|(name, ..)| *name == field.name));
        fields
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
