//! Where a room's words go. The room knows connections only by this trait, so a simulation can stand in for the network.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::id::{RoomCode, Seq};
use crate::refusal::Refusal;

/// One connection of a player or a spectator.
pub trait Outlet: Send + Sync + 'static {
    /// Sends one event; never waits.
    ///
    /// # Errors
    /// [`Stuck`] when the connection is closed, or so slow that its buffer is full. It is dropped then.
    fn emit(&self, event: &'static str, payload: &RawValue) -> Result<(), Stuck>;

    /// Sends one event that the next one of its kind makes worthless; skipped when the connection is behind.
    fn emit_volatile(&self, event: &'static str, payload: &RawValue) {
        let _ = self.emit(event, payload);
    }

    /// The people of this room go on in another one: a rematch. Whoever can, goes along.
    fn follow(&self, _code: RoomCode) {}

    /// Ends the connection.
    fn close(&self);
}

/// The connection takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection takes nothing more")]
pub struct Stuck;

/// A connection's name inside this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// How a request was answered.
#[derive(Debug)]
pub enum Answer {
    /// Applied; the log is at `seq` with it.
    Applied { seq: Seq, version: Seq, duplicate: bool },
    /// A whole JSON object, `ok` included.
    Json(Box<RawValue>),
}

#[derive(Serialize)]
struct AppliedShown {
    ok: bool,
    seq: Seq,
    version: Seq,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

#[derive(Serialize)]
struct RefusedShown<'a> {
    ok: bool,
    error: &'a Refusal,
}

impl Serialize for Answer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Answer::Applied { seq, version, duplicate } => {
                AppliedShown { ok: true, seq: *seq, version: *version, duplicate: *duplicate }.serialize(serializer)
            }
            Answer::Json(json) => json.serialize(serializer),
        }
    }
}

impl Refusal {
    /// As an acknowledgement shows it.
    pub fn as_answer(&self) -> impl Serialize + '_ {
        RefusedShown { ok: false, error: self }
    }
}

/// Called once with the answer. Dropping it unanswered is a bug that the caller notices: every request is answered.
pub type Reply = Box<dyn FnOnce(Result<Answer, Refusal>) + Send + Sync>;
