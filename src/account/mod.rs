//! Who somebody is: a guest or an account. Both are a player's id and name, proved by a signed token.
//!
//! - [`nickname`], [`username`]: what others see, and what one signs in with.
//! - [`token`], [`key`], [`revocation`]: what proves it, and what ends that.
//! - [`password`], [`throttle`]: what an account is guarded by.
//! - [`desk`]: what somebody can do with their account.

pub mod desk;
pub mod key;
pub mod nickname;
pub mod password;
pub mod revocation;
pub mod throttle;
pub mod token;
pub mod username;

use std::time::Duration;

use crate::id::{PlayerId, SessionId};
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
    /// Where they signed in; guests never did.
    pub session: Option<SessionId>,
    /// When the token that says so was issued.
    pub issued_at: Timestamp,
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
        let expires_at = whole_seconds(now + lifetime);
        Ok(Self { player_id: PlayerId::random(), nickname, guest: true, session: None, issued_at: now, expires_at })
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
