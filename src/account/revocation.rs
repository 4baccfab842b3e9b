//! What no longer counts: asked at every token, so it is in memory. The store has the same, for the next start.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::Identity;
use crate::log::accounts::{Revoked, Subject};
use crate::time::Timestamp;

/// How long a revocation is kept: as long as the settings let any token live. After that there is nothing left to refuse.
pub const KEPT: Duration = Duration::from_secs(31_536_000);

/// Revocations of the last year. One takes about 50 bytes: a million of them 50 MB.
#[derive(Default)]
pub struct Revocations {
    latest: RwLock<HashMap<Subject, Timestamp>>,
    news: Notify,
}

impl Revocations {
    /// From now on this does not count: the one place through which this process learns of a revocation, whoever made it. Sockets that
    /// live on it are hung up on. Whether it is news.
    pub fn learn(&self, revoked: Revoked) -> bool {
        let news = match self.latest.write().entry(revoked.subject) {
            Entry::Occupied(known) if *known.get() >= revoked.at => false,
            entry => {
                entry.insert_entry(revoked.at);
                true
            }
        };
        if news {
            self.news.notify_one();
        }
        news
    }

    /// Ready when something was learnt since it was last asked. For one listener: the watch over open sockets.
    pub async fn learnt(&self) {
        self.news.notified().await;
    }

    /// Whether a token of this identity no longer counts.
    pub fn covers(&self, identity: &Identity) -> bool {
        let latest = self.latest.read();
        if latest.is_empty() {
            return false;
        }
        latest.get(&Subject::Player(identity.player_id)).is_some_and(|at| identity.issued_at <= *at)
            // A session that has ended does not begin again, whatever was issued for it in the same moment.
            || identity.session.is_some_and(|session| latest.contains_key(&Subject::Session(session)))
    }

    /// The earliest moment at which a token has to be issued so that it counts for this player.
    pub fn after(&self, subject: Subject, now: Timestamp) -> Timestamp {
        let at = self.latest.read().get(&subject).copied();
        at.map_or(now, |at| now.max(Timestamp(at.0.saturating_add(1))))
    }

    /// Lets go of what is older than [`KEPT`].
    pub fn sweep(&self, now: Timestamp) {
        self.latest.write().retain(|_, at| *at > now - KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PlayerId, SessionId};

    #[test]
    fn tokens_from_before_a_revocation_do_not_count_and_those_from_after_it_do() {
        let revocations = Revocations::default();
        let (player, session) = (PlayerId::random(), SessionId::random());
        let issued = |at, session| Identity {
            player_id: player,
            nickname: "Ada".into(),
            guest: false,
            session,
            issued_at: Timestamp(at),
            expires_at: Timestamp(i64::MAX),
        };
        assert!(!revocations.covers(&issued(0, Some(session))));
        revocations.learn(Revoked { subject: Subject::Session(session), at: Timestamp(1_000) });
        assert!(revocations.covers(&issued(1_000, Some(session))) && revocations.covers(&issued(1_001, Some(session))));
        assert!(!revocations.covers(&issued(1_000, None)) && !revocations.covers(&issued(1_000, Some(SessionId::random()))));
        revocations.learn(Revoked { subject: Subject::Player(player), at: Timestamp(5_000) });
        revocations.learn(Revoked { subject: Subject::Player(player), at: Timestamp(4_000) });
        assert!(revocations.covers(&issued(4_999, None)) && revocations.covers(&issued(5_000, Some(SessionId::random()))));
        let next = revocations.after(Subject::Player(player), Timestamp(3_000));
        assert!(!revocations.covers(&issued(next.0, None)));
        revocations.sweep(Timestamp(5_000) + KEPT);
        assert!(!revocations.covers(&issued(0, Some(session))));
    }
}
