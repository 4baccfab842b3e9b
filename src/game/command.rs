//! From an event's name and its JSON payload to a game's typed command, without a JSON tree in between.

use std::fmt;

use serde::de::{self, DeserializeOwned, IntoDeserializer, Unexpected};
use serde_json::value::RawValue;

/// Why a payload is no command of the game.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACommand {
    #[error("this game has no such event")]
    Unknown,
    #[error("{0}")]
    Malformed(String),
}

impl de::Error for NotACommand {
    fn custom<T: fmt::Display>(message: T) -> Self {
        NotACommand::Malformed(message.to_string())
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        NotACommand::Unknown
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        NotACommand::Malformed(format!("invalid type: {unexpected}, expected {expected}"))
    }
}

/// Reads `payload` as the variant of `C` that is called `event`.
///
/// # Errors
/// [`NotACommand::Unknown`] when `C` has no such variant, [`NotACommand::Malformed`] when the payload is not that variant's.
pub fn decode<C: DeserializeOwned>(event: &str, payload: &RawValue) -> Result<C, NotACommand> {
    C::deserialize(Tagged { event, payload })
}

/// What the events are called that `C` is made of.
pub fn names<C: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Reading an enum begins with asking for one of its variants, and that is as far as this goes.
    let _ = C::deserialize(Asked(&mut names));
    names
}

struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> de::Deserializer<'de> for Asked<'_> {
    type Error = NotACommand;

    fn deserialize_any<V: de::Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NotACommand> {
        Err(NotACommand::Unknown)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NotACommand> {
        *self.0 = variants;
        Err(NotACommand::Unknown)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Tagged<'a> {
    event: &'a str,
    payload: &'a RawValue,
}

impl<'de> de::Deserializer<'de> for Tagged<'de> {
    type Error = NotACommand;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotACommand> {
        visitor.visit_enum(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotACommand> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> de::EnumAccess<'de> for Tagged<'de> {
    type Error = NotACommand;
    type Variant = Payload<'de>;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Payload<'de>), NotACommand> {
        let name: de::value::StrDeserializer<'_, NotACommand> = self.event.into_deserializer();
        Ok((seed.deserialize(name)?, Payload(self.payload)))
    }
}

struct Payload<'a>(&'a RawValue);

impl Payload<'_> {
    fn malformed(error: &serde_json::Error) -> NotACommand {
        // Without serde_json's "at line 1 column 9": the client sent an object, not a line of text.
        let text = error.to_string();
        let end = text.rfind(" at line ").unwrap_or(text.len());
        NotACommand::Malformed(text[..end].to_owned())
    }
}

impl<'de> de::VariantAccess<'de> for Payload<'de> {
    type Error = NotACommand;

    fn unit_variant(self) -> Result<(), NotACommand> {
        Ok(()) // Whatever came along is ignored: `draw_character { remaining_character_ids }` is `draw_character {}`.
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotACommand> {
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        seed.deserialize(&mut json).map_err(|error| Self::malformed(&error))
    }

    fn tuple_variant<V: de::Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, NotACommand> {
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        de::Deserializer::deserialize_seq(&mut json, visitor).map_err(|error| Self::malformed(&error))
    }

    fn struct_variant<V: de::Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, NotACommand> {
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        de::Deserializer::deserialize_map(&mut json, visitor).map_err(|error| Self::malformed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Sample {
        Draw,
        Place { id: u32, role: String },
    }

    fn check(event: &str, payload: &str, expected: Result<Sample, &str>) {
        let raw: Box<RawValue> = serde_json::from_str(payload).unwrap();
        let got = decode::<Sample>(event, &raw).map_err(|error| error.to_string());
        assert_eq!(got, expected.map_err(str::to_owned), "{event} {payload}");
    }

    #[test]
    fn the_events_of_a_game_are_known_by_name() {
        assert_eq!(names::<Sample>(), ["draw", "place"]);
        assert!(names::<u32>().is_empty());
    }

    #[test]
    fn events_become_commands_or_say_what_is_wrong() {
        check("draw", "{}", Ok(Sample::Draw));
        check("draw", r#"{"remaining_character_ids":[1,2]}"#, Ok(Sample::Draw));
        check("place", r#"{"id":3,"role":"captain","more":1}"#, Ok(Sample::Place { id: 3, role: "captain".into() }));
        check("place", r#"{"role":"captain"}"#, Err("missing field `id`"));
        check("place", r#"{"id":"3","role":"x"}"#, Err("invalid type: string \"3\", expected u32"));
        check("place", "[1]", Err("invalid type: sequence, expected struct variant Sample::Place"));
        check("place", "null", Err("invalid type: null, expected struct variant Sample::Place"));
        check("fly", "{}", Err("this game has no such event"));
    }
}
