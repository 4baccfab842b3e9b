//! What every command may carry beside its own fields.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::id::Seq;
use crate::refusal::Refusal;

/// The longest `command_id`, in characters.
pub const COMMAND_ID_MAX: usize = 64;

/// `command_id` and `expected_version` of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    pub command_id: Option<String>,
    pub expected: Option<Seq>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    command_id: Option<Cow<'a, str>>,
    expected_version: Option<u32>,
    game_version: Option<u32>,
}

impl Envelope {
    /// Reads them from a payload; an absent payload and `null` count as `{}`.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when the payload is not an object, or one of them is not what it should be.
    pub fn read(payload: &RawValue) -> Result<Self, Refusal> {
        let text = payload.get();
        if text == "null" || text == "{}" {
            return Ok(Self::default());
        }
        if !text.starts_with('{') {
            return Err(Refusal::invalid("the payload should be an object"));
        }
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| Refusal::invalid(plain(&error)))?;
        if let Some(id) = &fields.command_id {
            check_command_id(id)?;
        }
        Ok(Self {
            command_id: fields.command_id.map(Cow::into_owned),
            expected: fields.expected_version.or(fields.game_version).map(Seq),
        })
    }
}

/// # Errors
/// `VALIDATION_ERROR` when it is not 1 to 64 characters, or has control characters.
pub fn check_command_id(id: &str) -> Result<(), Refusal> {
    if (1..=COMMAND_ID_MAX).contains(&id.chars().count()) && !id.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::invalid("a command_id is 1 to 64 characters without control characters"))
    }
}

/// An error of JSON without its line and column: the client sent an object, not a text.
pub fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &str, expected: Result<(Option<&str>, Option<u32>), &str>) {
        let raw: Box<RawValue> = serde_json::from_str(payload).unwrap();
        let got = Envelope::read(&raw).map_err(|refusal| refusal.message.into_owned());
        let expected = expected
            .map(|(id, version)| Envelope { command_id: id.map(str::to_owned), expected: version.map(Seq) })
            .map_err(str::to_owned);
        assert_eq!(got, expected, "{payload}");
    }

    #[test]
    fn envelopes_are_read_or_refused() {
        check("{}", Ok((None, None)));
        check("null", Ok((None, None)));
        check(r#"{"command_id":"a","x":[1]}"#, Ok((Some("a"), None)));
        check(r#"{"command_id":"é\u0041","expected_version":3}"#, Ok((Some("éA"), Some(3))));
        check(r#"{"game_version":7}"#, Ok((None, Some(7))));
        check(r#"{"command_id":null}"#, Ok((None, None)));
        check("[1]", Err("the payload should be an object"));
        check("\"x\"", Err("the payload should be an object"));
        check(r#"{"command_id":""}"#, Err("a command_id is 1 to 64 characters without control characters"));
        check(r#"{"command_id":"a\nb"}"#, Err("a command_id is 1 to 64 characters without control characters"));
        check(r#"{"command_id":5}"#, Err("invalid type: integer `5`, expected a string"));
        check(r#"{"expected_version":-1}"#, Err("invalid value: integer `-1`, expected u32"));
        check(r#"{"expected_version":"1"}"#, Err("invalid type: string \"1\", expected u32"));
    }
}
