//! Why a request was refused: one code for machines, one sentence for people.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use strum::{EnumIter, IntoStaticStr};

/// The error codes of the protocol. Clients match on these names; they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumIter)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// No valid credentials.
    AuthRequired,
    /// Known, but not allowed.
    Forbidden,
    /// The socket is in no room.
    NoGame,
    /// No room has that code.
    InvalidGame,
    /// The player has no part in that room.
    NotInGame,
    RoomFull,
    /// Expired, over, or already started.
    RoomUnavailable,
    NotHost,
    NotReady,
    NotYourTurn,
    IllegalMove,
    /// The command names a version that the room is past.
    StaleVersion,
    ValidationError,
    UnknownEvent,
    RateLimited,
    PayloadTooLarge,
    /// A bounded queue is full; trying again a little later may do.
    Busy,
    /// The store cannot be reached; nothing was applied.
    Unavailable,
    InternalError,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal as it is told to a client. It means that nothing was changed.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    pub code: Code,
    pub message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<serde_json::Value>>,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// Adds facts that a program may act on.
    pub fn with(mut self, details: serde_json::Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::ValidationError, message)
    }
}

/// A game's typed refusal, which knows the protocol's code for itself.
pub trait Refused: std::error::Error {
    fn code(&self) -> Code;
}

impl<R: Refused> From<R> for Refusal {
    fn from(refused: R) -> Self {
        Refusal::new(refused.code(), refused.to_string())
    }
}
