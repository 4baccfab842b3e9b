//! What clients send: packets as they arrive, and the payloads that the socket layer itself reads.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::id::Seq;
use crate::log::Visibility;

/// An event as it stands in a packet: `["name", payload, …]`. What follows the payload is ignored, as Socket.IO handlers would.
pub struct EventIn<'a> {
    pub event: Cow<'a, str>,
    pub payload: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for EventIn<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = EventIn<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event's name and its payload")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<EventIn<'de>, A::Error> {
                let Name(event) = parts.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
                let payload = parts.next_element()?;
                while parts.next_element::<IgnoredAny>()?.is_some() {}
                Ok(EventIn { event, payload })
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The `auth` of a handshake. Read field by field: a room that cannot be resumed is no reason to refuse the connection.
#[derive(Debug, Default, Deserialize)]
pub struct AuthIn {
    pub token: Option<serde_json::Value>,
    pub nickname: Option<serde_json::Value>,
    pub room_code: Option<serde_json::Value>,
    pub last_seq: Option<serde_json::Value>,
    /// The same as a query, from clients of 2.x that sent one with the namespace's name; written by the door.
    #[serde(rename = "?")]
    pub query: Option<String>,
}

/// `create_room`.
#[derive(Debug, Deserialize)]
pub struct CreateRoomIn {
    pub nickname: Option<String>,
    pub options: Option<Box<RawValue>>,
    #[serde(default)]
    pub visibility: Visibility,
    pub seats: Option<u8>,
    pub client_seed: Option<String>,
}

/// `join_room`, also as `join_game_room { game_code }`.
#[derive(Debug, Deserialize)]
pub struct JoinRoomIn {
    #[serde(alias = "game_code")]
    pub room_code: String,
    pub nickname: Option<String>,
    #[serde(default, rename = "as")]
    pub purpose: PurposeIn,
    pub last_seq: Option<Seq>,
    pub client_seed: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurposeIn {
    #[default]
    Player,
    Spectator,
}

/// `refresh_token`.
#[derive(Debug, Deserialize)]
pub struct RefreshTokenIn {
    pub token: String,
}

/// `ping`.
#[derive(Debug, Deserialize)]
pub struct PingIn {
    pub timestamp: Option<Box<RawValue>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_taken_apart_without_copies() {
        let read =
            |text| serde_json::from_str::<EventIn<'_>>(text).map(|e| (e.event.to_string(), e.payload.map(|p| p.get().to_owned())));
        assert_eq!(read(r#"["a",{"x":1}]"#).unwrap(), ("a".into(), Some(r#"{"x":1}"#.into())));
        assert_eq!(read(r#"["\u0061",{},2,[3]]"#).unwrap(), ("a".into(), Some("{}".into())));
        assert_eq!(read(r#"["a"]"#).unwrap(), ("a".into(), None));
        assert!(read("[]").is_err() && read("[1]").is_err() && read("{}").is_err());
    }
}
