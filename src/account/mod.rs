//! Who somebody is: guests now, accounts later. Both are a player's id and name, proved by a signed token.

pub mod nickname;
pub mod token;

use std::time::Duration;

use crate::id::PlayerId;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A player as a valid token names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub player_id: PlayerId,
    /// Cleaned; see [`nickname::clean`].
    pub nickname: String,
    /// Has no account.
    pub guest: bool,
    /// When the token that says so expires, in whole seconds.
    pub expires_at: Timestamp,
}

impl Identity {
    /// A new guest; without a name they get a friendly one.
    ///
    /// # Errors
    /// When the name is not one; see [`nickname::clean`].
    pub fn new_guest(nickname: Option<&str>, now: Timestamp, lifetime: Duration) -> Result<Self, Refusal> {
        let nickname = match nickname {
            Some(name) => nickname::clean(name)?,
            None => nickname::friendly(),
        };
        Ok(Self { player_id: PlayerId::random(), nickname, guest: true, expires_at: whole_seconds(now + lifetime) })
    }

    /// The same player, known for `lifetime` from `now` on.
    pub fn renewed(&self, now: Timestamp, lifetime: Duration) -> Self {
        Self { expires_at: whole_seconds(now + lifetime), ..self.clone() }
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// Tokens count seconds: what is promised beside them should not be later.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(1000) * 1000)
}
