//! Names that players give themselves: any script, but nothing that hides, reorders or breaks the text around it.

use crate::id::entropy;
use crate::refusal::Refusal;

/// Longest name, in characters: what fits beside a seat on a small phone.
pub const MAX_CHARS: usize = 24;

/// A name as others see it: outer spaces gone, inner runs of space are one, invisible characters gone.
///
/// # Errors
/// `VALIDATION_ERROR` unless 1 to [`MAX_CHARS`] characters are left.
pub fn clean(text: &str) -> Result<String, Refusal> {
    let mut name = String::with_capacity(text.len().min(MAX_CHARS * 4));
    let mut chars = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if !is_invisible(c) {
            if std::mem::take(&mut gap) && chars > 0 {
                name.push(' ');
                chars += 1;
            }
            name.push(c);
            chars += 1;
            if chars > MAX_CHARS {
                return Err(wrong());
            }
        }
    }
    if chars == 0 { Err(wrong()) } else { Ok(name) }
}

fn wrong() -> Refusal {
    Refusal::invalid("nickname should have 1 to 24 visible characters")
}

/// Controls, marks that turn the direction of text around, and characters without width or meaning of their own.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' // zero-width space and joiners, direction marks
            | '\u{202a}'..='\u{202e}' // embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, isolates
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

const MOODS: [&str; 32] = [
    "Amber", "Brave", "Bright", "Calm", "Cheerful", "Clever", "Copper", "Daring", "Dizzy", "Eager", "Gentle", "Golden", "Happy",
    "Humble", "Jolly", "Keen", "Kind", "Lively", "Lucky", "Merry", "Mighty", "Nimble", "Patient", "Proud", "Quick", "Quiet",
    "Silver", "Sly", "Sunny", "Swift", "Wise", "Witty",
];

const ANIMALS: [&str; 32] = [
    "Badger", "Bear", "Beaver", "Bison", "Crane", "Crow", "Deer", "Dolphin", "Falcon", "Ferret", "Fox", "Gecko", "Hare", "Heron",
    "Ibex", "Jackdaw", "Koala", "Lemur", "Lynx", "Marmot", "Mole", "Newt", "Otter", "Owl", "Panda", "Puffin", "Raven", "Robin",
    "Seal", "Swan", "Tapir", "Wolf",
];

/// A name for a guest who gave none, such as `Quiet Otter 42`.
pub fn friendly() -> String {
    let [mood, animal, number] = entropy::<3>();
    let word = |list: &[&'static str; 32], byte: u8| list[usize::from(byte) % list.len()];
    format!("{} {} {}", word(&MOODS, mood), word(&ANIMALS, animal), 10 + number % 90)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (given, seen) in [
            ("Ada", "Ada"),
            ("  Ada \t\n Lovelace  ", "Ada Lovelace"),
            ("Zoë 🦊 李", "Zoë 🦊 李"),
            ("אבג", "אבג"),
            ("a\u{202e}b\u{2066}c\u{2069}", "abc"),
            ("\u{200b}a\u{feff}\u{0}\u{1b}[31m", "a[31m"),
            ("a \u{200b} b", "a b"),
            ("<b>&amp;</b>", "<b>&amp;</b>"),
            ("\u{3000}wide\u{3000}", "wide"),
            ("123456789012345678901234", "123456789012345678901234"),
            ("éééééééééééééééééééééééé", "éééééééééééééééééééééééé"),
        ] {
            assert_eq!(clean(given).as_deref(), Ok(seen), "{given:?}");
            assert_eq!(clean(seen).as_deref(), Ok(seen), "cleaning twice changes nothing");
        }
    }

    #[test]
    fn names_without_anything_to_see_or_too_long_are_refused() {
        let long = "x".repeat(10_000);
        for bad in ["", "   ", "\u{200b}\u{202e}", "\0\0", "\u{3164}", "1234567890123456789012345", &long] {
            assert_eq!(clean(bad).unwrap_err().code, crate::refusal::Code::ValidationError, "{bad:?}");
        }
    }

    #[test]
    fn friendly_names_are_names_and_differ() {
        let names: std::collections::HashSet<_> = (0..200).map(|_| friendly()).collect();
        assert!(names.len() > 150);
        assert!(names.iter().all(|name| clean(name).as_ref() == Ok(name)), "{names:?}");
    }
}
