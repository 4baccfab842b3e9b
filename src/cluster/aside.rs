//! What nodes tell each other that is in no log.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::id::{NodeId, PlayerId, RoomCode, SessionId};
use crate::log::accounts::{Revoked, Subject};
use crate::room::erased::Frame;
use crate::time::Timestamp;

#[derive(Serialize)]
struct Said<T> {
    node: Uuid,
    aside: T,
}

/// [`Aside::Frame`], without taking the frame apart.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum FrameSaid<'a> {
    Frame(RoomCode, &'a Frame),
}

#[derive(Deserialize)]
struct Note {
    /// Who says it: a node does not listen to itself.
    node: Uuid,
    aside: Aside,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// Somebody types.
    Typing(RoomCode, Box<RawValue>),
    /// What a ticking room looks like now.
    Frame(RoomCode, Frame),
    /// These rooms are shown by who says it, and somebody else keeps their time.
    Shows(Vec<RoomCode>),
    /// Tokens do not count any more.
    PlayerRevoked(PlayerId, i64),
    SessionRevoked(SessionId, i64),
    /// The logs of these rooms were changed.
    Reread(Vec<RoomCode>),
    /// A player's connections are to be closed.
    Disconnect(PlayerId),
}

impl From<Revoked> for Aside {
    fn from(Revoked { subject, at }: Revoked) -> Self {
        match subject {
            Subject::Player(player) => Self::PlayerRevoked(player, at.0),
            Subject::Session(session) => Self::SessionRevoked(session, at.0),
        }
    }
}

impl Aside {
    /// What it says of tokens.
    pub fn revoked(&self) -> Option<Revoked> {
        let (subject, at) = match self {
            Self::PlayerRevoked(player, at) => (Subject::Player(*player), *at),
            Self::SessionRevoked(session, at) => (Subject::Session(*session), *at),
            _ => return None,
        };
        Some(Revoked { subject, at: Timestamp(at) })
    }
}

/// An aside as it is sent.
pub fn say(node: NodeId, aside: &Aside) -> String {
    // Strings and numbers: this cannot fail, and a note that nobody can read would do no harm.
    serde_json::to_string(&Said { node: node.0, aside }).unwrap_or_default()
}

/// A frame as it is sent.
pub fn say_frame(node: NodeId, room: RoomCode, frame: &Frame) -> String {
    serde_json::to_string(&Said { node: node.0, aside: FrameSaid::Frame(room, frame) }).unwrap_or_default()
}

/// What was received, and from whom, if it is from another node and makes sense.
pub fn hear(node: NodeId, text: &[u8]) -> Option<(NodeId, Aside)> {
    match serde_json::from_slice::<Note>(text) {
        Ok(note) => (note.node != node.0).then_some((NodeId(note.node), note.aside)),
        Err(error) => {
            // A node of another version, perhaps: what matters of it is in the store.
            tracing::warn!(%error, "what another node said aside cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_aside_is_heard_by_others_only() {
        let (here, there) = (NodeId::random(), NodeId::random());
        let room = RoomCode::random();
        let raw = |text: &str| RawValue::from_string(text.into()).unwrap();
        for aside in [
            Aside::Typing(room, raw(r#"{"typing":true,"nickname":"Ä\u0000"}"#)),
            Aside::Frame(room, Frame::ForAll(raw("[1,2.50]"))),
            Aside::Frame(room, Frame::PerSeat(vec![raw("1"), raw("{}")], raw("null"))),
            Aside::Shows(vec![room]),
            Aside::PlayerRevoked(PlayerId::random(), i64::MIN),
            Aside::SessionRevoked(SessionId::random(), 7),
            Aside::Reread(vec![]),
            Aside::Disconnect(PlayerId::random()),
        ] {
            let said = say(here, &aside);
            let (from, heard) = hear(there, said.as_bytes()).unwrap();
            assert_eq!((from, format!("{heard:?}")), (here, format!("{aside:?}")));
            assert!(hear(here, said.as_bytes()).is_none());
            if let Aside::Frame(room, frame) = &aside {
                assert_eq!(say_frame(here, *room, frame), said);
            }
        }
        for nonsense in ["", "{}", r#"{"node":"x","aside":{"shows":[]}}"#, r#"{"node":1,"aside":{"bomb":1}}"#] {
            assert!(hear(there, nonsense.as_bytes()).is_none());
        }
    }
}
