//! Tokens that end while their socket is open. One that runs out: the client is told, has a while to bring a new one, and is then
//! disconnected. One that is revoked: the client is told, and is disconnected at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::socket::Socket;

use crate::account::revocation::Revocations;
use crate::account::token::Tokens;
use crate::id::PlayerId;
use crate::room::outlet::ConnId;
use crate::socket::lane::Lane;
use crate::time::{Clock, Timestamp};

/// Expiry is looked for this often.
const EVERY: Duration = Duration::from_millis(500);

/// Open sockets by when something is to be done about their token.
#[derive(Default)]
pub struct Expiries(Mutex<BTreeMap<(Timestamp, ConnId), Watched>>);

/// Watching keeps nothing alive.
type Watched = (Weak<Lane>, Weak<Socket>);

#[derive(Serialize)]
struct TokenExpired {
    expires_at: Timestamp,
    disconnect_at: Timestamp,
}

#[derive(Serialize)]
struct TokenRevoked {
    message: &'static str,
}

/// Hangs up on a socket whose token no longer counts; also for the one that was let in while it was revoked.
pub fn hang_up_if_revoked(lane: &Arc<Lane>, socket: &Arc<Socket>, revocations: &Revocations) {
    if revocations.covers(&lane.identity()) {
        let message = "you were signed out; connect again with another token, or with none as a guest";
        let _ = lane.voice.emit(socket, "token_revoked", &TokenRevoked { message });
        lane.voice.hang_up(socket);
    }
}

impl Expiries {
    pub fn watch(&self, at: Timestamp, lane: &Arc<Lane>, socket: &Arc<Socket>) {
        self.0.lock().insert((at, lane.id), (Arc::downgrade(lane), Arc::downgrade(socket)));
    }

    pub fn forget(&self, at: Timestamp, id: ConnId) {
        self.0.lock().remove(&(at, id));
    }

    fn due(&self, now: Timestamp) -> Vec<Watched> {
        let mut all = self.0.lock();
        let later = all.split_off(&(Timestamp(now.0 + 1), ConnId(0)));
        std::mem::replace(&mut *all, later).into_values().collect()
    }

    /// Hangs up on every socket whose token was revoked. Looks at all of them: that is rare, and costs a microsecond each at most.
    fn hang_up_revoked(&self, revocations: &Revocations) {
        let all: Vec<_> = self.0.lock().values().cloned().collect();
        for (lane, socket) in all.iter().filter_map(|(lane, socket)| Some((lane.upgrade()?, socket.upgrade()?))) {
            hang_up_if_revoked(&lane, &socket, revocations);
        }
    }

    /// Hangs up on every socket of a player.
    pub fn hang_up_player(&self, player: PlayerId) {
        let all: Vec<_> = self.0.lock().values().cloned().collect();
        for (lane, socket) in all.iter().filter_map(|(lane, socket)| Some((lane.upgrade()?, socket.upgrade()?))) {
            if lane.identity().player_id == player {
                lane.voice.hang_up(&socket);
            }
        }
    }

    /// Runs for as long as the server does.
    pub async fn run(self: Arc<Self>, clock: Clock, grace: Duration, tokens: Arc<Tokens>) {
        let mut every = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = tokens.revocations().learnt() => {
                    self.hang_up_revoked(tokens.revocations());
                    continue;
                }
            }
            let now = clock.now();
            for (lane, socket) in self.due(now) {
                let (Some(lane), Some(socket)) = (lane.upgrade(), socket.upgrade()) else { continue };
                let expires_at = lane.expires_at();
                let disconnect_at = expires_at + grace;
                if expires_at > now {
                    self.watch(expires_at, &lane, &socket);
                } else if disconnect_at <= now {
                    lane.voice.hang_up(&socket);
                } else {
                    let _ = lane.voice.emit(&socket, "token_expired", &TokenExpired { expires_at, disconnect_at });
                    self.watch(disconnect_at, &lane, &socket);
                }
            }
        }
    }
}
