//! A game's options as form fields, from their JSON Schema, and back.

use serde_json::{Map, Value, json};

use crate::games::Card;
use crate::web::pages::form::Form;
use crate::web::view::{Choice, OptionField, Typed};

/// Numbers up to this many are offered one by one; more are typed.
const LISTED_MAX: i64 = 7;
/// The longest text that a field takes, where the schema does not say.
const TEXT_MAX: u64 = 200;

/// A field for each option that has one: switches, names out of a list, numbers and short texts. Lists and objects have none.
pub fn fields(card: &Card, form: Option<&Form>) -> Vec<OptionField> {
    let properties = card.options["properties"].as_object().into_iter().flatten();
    properties.filter_map(|(name, schema)| field(card, name, schema, form)).collect()
}

fn field(card: &Card, name: &str, schema: &Value, form: Option<&Form>) -> Option<OptionField> {
    let kind = resolve(&card.options, schema);
    let chosen = match form.and_then(|form| form.get(name)) {
        Some(text) => text.to_owned(),
        None => plain(&card.default_options[name]),
    };
    let (mut choices, mut typed) = (vec![], None);
    let is = |wanted: &str| match &kind["type"] {
        Value::Array(types) => types.iter().any(|each| each == wanted),
        one => one == wanted,
    };
    if let Some(variants) = kind["oneOf"].as_array() {
        // Names without a description come as one list.
        choices.extend(variants.iter().flat_map(|variant| match variant["enum"].as_array() {
            Some(values) => values.iter().map(|value| choice(value, None)).collect(),
            None => vec![choice(&variant["const"], variant["description"].as_str())],
        }));
    } else if let Some(values) = kind["enum"].as_array() {
        choices.extend(values.iter().filter(|value| !value.is_null()).map(|value| choice(value, None)));
    } else if is("boolean") {
        choices.extend(
            [(true, "Yes"), (false, "No")].map(|(value, label)| Choice { label: label.to_owned(), ..choice(&json!(value), None) }),
        );
    } else if is("integer") {
        let (min, max) = (kind["minimum"].as_i64().unwrap_or(0), kind["maximum"].as_i64().unwrap_or(i64::from(u16::MAX)));
        if max.saturating_sub(min) < LISTED_MAX {
            choices.extend((min..=max).map(|value| choice(&json!(value), None)));
        } else {
            typed = Some(Typed::Number { min, max, value: chosen.clone() });
        }
    } else if is("string") {
        typed = Some(Typed::Text { max_length: kind["maxLength"].as_u64().unwrap_or(TEXT_MAX), value: chosen.clone() });
    } else {
        return None;
    }
    for choice in &mut choices {
        choice.selected = choice.value == chosen;
    }
    let words = |value: &Value| value.as_str().map(str::to_owned);
    Some(OptionField {
        name: name.to_owned(),
        legend: words(&schema["title"]).unwrap_or_else(|| sentence_case(name)),
        hint: words(&schema["description"]).unwrap_or_default(),
        many: false,
        choices,
        typed,
    })
}

/// The schema behind a reference, and that of the value where there may be none.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(value) = schema["anyOf"].as_array().and_then(|any| any.iter().find(|each| each["type"] != "null")) {
        return resolve(root, value);
    }
    let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

fn choice(value: &Value, hint: Option<&str>) -> Choice {
    let value = plain(value);
    Choice { label: sentence_case(&value), value, hint: hint.unwrap_or_default().to_owned(), selected: false }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn sentence_case(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// The game's options out of a form with these fields.
pub fn read(fields: &[OptionField], form: &Form) -> Value {
    // Numbers and switches as what they are; whatever else is sent, the game refuses.
    let value = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        _ => json!(text),
    };
    let mut options = Map::new();
    for field in fields {
        let text = matches!(field.typed, Some(Typed::Text { .. }));
        let given = form.all(&field.name).filter(|given| field.typed.is_none() || !given.is_empty());
        let mut chosen = given.map(|given| if text { json!(given) } else { value(given) }).peekable();
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

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::games::SeatsNeeded;

    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Pace {
        /// No clock.
        Untimed,
        Blitz,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    struct Options {
        /// How fast.
        pace: Pace,
        #[schemars(range(min = 1, max = 25))]
        match_length: u8,
        #[schemars(range(min = 1, max = 3))]
        #[schemars(title = "Rounds to play")]
        rounds: u8,
        rated: bool,
        #[schemars(length(max = 14))]
        position: Option<String>,
        tags: Vec<String>,
    }

    fn card() -> Card {
        let defaults = Options { pace: Pace::Blitz, match_length: 5, rounds: 2, rated: true, position: None, tags: vec![] };
        Card {
            name: "toy",
            namespace: "/toy".to_owned(),
            title: "Toy",
            summary: "",
            seats: SeatsNeeded { min: 2, max: 2 },
            images: false,
            commands: &[],
            aliases: &[],
            history: &[],
            spectators: true,
            bots: &[],
            options: serde_json::Value::from(schemars::schema_for!(Options)),
            default_options: serde_json::to_value(defaults).unwrap(),
            catalogue: Value::Null,
        }
    }

    #[test]
    fn a_schema_becomes_fields_with_the_defaults_chosen() {
        let fields = fields(&card(), None);
        let named = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
        let chosen = |name: &str| named(name).choices.iter().find(|choice| choice.selected).map(|choice| choice.value.as_str());
        assert_eq!((named("pace").hint.as_str(), chosen("pace")), ("How fast.", Some("blitz")));
        assert!(named("pace").choices.iter().any(|choice| choice.value == "untimed" && choice.hint == "No clock."));
        assert_eq!(
            (chosen("rated"), chosen("rounds"), named("rounds").legend.as_str()),
            (Some("true"), Some("2"), "Rounds to play")
        );
        assert!(matches!(&named("match_length").typed, Some(Typed::Number { min: 1, max: 25, value }) if value == "5"));
        assert!(matches!(&named("position").typed, Some(Typed::Text { max_length: 14, value }) if value.is_empty()));
        assert!(fields.iter().all(|field| field.name != "tags"), "a list has no field");
    }

    #[test]
    fn a_form_becomes_options_of_the_right_types() {
        let fields = fields(&card(), None);
        for (form, options) in [
            (
                "pace=untimed&match_length=7&rounds=3&rated=false&position=4HPwATDgc",
                json!({ "pace": "untimed", "match_length": 7, "rounds": 3, "rated": false, "position": "4HPwATDgc" }),
            ),
            ("match_length=&position=", json!({})),
            ("position=12&match_length=many&other=1", json!({ "position": "12", "match_length": "many" })),
            ("rated=%5B1%5D", json!({ "rated": "[1]" })),
        ] {
            assert_eq!(read(&fields, &Form::parse(form)), options, "{form}");
        }
    }
}
