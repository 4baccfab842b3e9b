//! What pages know of single games: their options as fields, their states and results as boards and columns. A game without an arm here
//! is opened with its defaults and has the pages that every room has.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome, Problem};
use super::form::Form;
use super::session::Visit;
use crate::games::{AnyGame, Card};
use crate::room::actor::Look;
use crate::room::erased::Summary;
use crate::web::view::{Board, Card as SmallCard, Choice, DraftPage, Fact, GameCard, OptionField, ScoreColumn, draft};

/// A game as one chooses it.
pub fn card(card: &Card) -> GameCard {
    GameCard::new(card.name, card.title, card.summary, card.seats.min..=card.seats.max)
}

/// The options that a form offers, as far as chosen in `form`; with the defaults when there is none yet.
pub fn fields(card: &Card, form: Option<&Form>) -> Vec<OptionField> {
    if card.name != "draft" {
        return vec![];
    }
    let template_hint = |template: &Value| {
        let roles = template["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
        roles.collect::<Vec<_>>().join(", ")
    };
    let series_hint = |series: &Value| series["about"].as_str().unwrap_or_default().to_owned();
    let mut fields = vec![
        field("template_id", "Team", "The roles that each side fills.", false, &card.catalogue["templates"], &template_hint),
        field(
            "anime_pool_ids",
            "Series in the pot",
            "Characters are drawn from these.",
            true,
            &card.catalogue["series"],
            &series_hint,
        ),
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

fn field(name: &str, legend: &str, hint: &str, many: bool, entries: &Value, hints: &dyn Fn(&Value) -> String) -> OptionField {
    let choices = entries.as_array().into_iter().flatten().map(|entry| Choice {
        value: entry["id"].to_string(),
        label: entry["name"].as_str().unwrap_or_default().to_owned(),
        hint: hints(entry),
        selected: false,
    });
    OptionField { name: name.to_owned(), legend: legend.to_owned(), hint: hint.to_owned(), many, choices: choices.collect() }
}

/// The game's options out of a form.
pub fn options(card: &Card, form: &Form) -> Value {
    // Ids are numbers; whatever else is sent, the game refuses.
    let read = |text: &str| text.parse::<u32>().map_or_else(|_| json!(text), |number| json!(number));
    let mut options = Map::new();
    for field in fields(card, None) {
        let mut chosen = form.all(&field.name).map(read).peekable();
        if field.many {
            // With no box ticked the game's default holds, as for forms that do not have the field.
            if chosen.peek().is_some() {
                options.insert(field.name.clone(), chosen.collect());
            }
        } else if let Some(one) = chosen.next() {
            options.insert(field.name.clone(), one);
        }
    }
    Value::Object(options)
}

/// The options of a room, for people.
pub fn facts(game: &dyn AnyGame, state: &Value) -> Vec<Fact> {
    let card = game.card();
    if card.name != "draft" {
        return vec![];
    }
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

/// The page on which a game is played.
///
/// # Errors
/// [`Problem::NotFound`] for a game without one.
pub fn play(visit: &Visit, look: &Look) -> Outcome {
    let card = look.game.card();
    if card.name != "draft" {
        return Err(Problem::NotFound);
    }
    Answer::page(&DraftPage {
        shell: visit.shell(),
        code: look.summary.room_code,
        title: card.title.to_owned(),
        role: look.role.to_owned(),
    })
}

/// What the two sides are called.
pub fn names(summary: &Summary) -> [&str; 2] {
    [summary.host_nickname.as_deref().unwrap_or("Host"), summary.guest_nickname.as_deref().unwrap_or("Guest")]
}

/// The headline and the columns of a game's results; `None` when there are none to show.
pub fn scores(look: &Look, results: &Value) -> Option<(String, Vec<ScoreColumn>)> {
    let you = look.seat.map(|_| look.role);
    (look.summary.game == "draft").then(|| draft::results(results, names(&look.summary), you).ok())?
}

/// The boards of a state, and what is in hand.
pub fn boards(look: &Look, state: &Value, last: Option<(&str, &Value)>) -> (Vec<Board>, Option<SmallCard>) {
    let boards = (look.summary.game == "draft").then(|| draft::boards(state, names(&look.summary), last).ok());
    boards.flatten().unwrap_or_default()
}
