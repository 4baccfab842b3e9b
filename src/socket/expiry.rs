//! Tokens that run out while their socket is open: the client is told, has a while to bring a new one, and is then disconnected.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::socket::Socket;

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

    /// Runs for as long as the server does.
    pub async fn run(self: Arc<Self>, clock: Clock, grace: Duration) {
        let mut every = tokio::time::interval(EVERY);
        loop {
            every.tick().await;
            let now = clock.now();
            for (lane, socket) in self.due(now) {
                let (Some(lane), Some(socket)) = (lane.upgrade(), socket.upgrade()) else { continue };
                let expires_at = lane.expires_at();
                let disconnect_at = expires_at + grace;
                if expires_at > now {
                    self.watch(expires_at, &lane, &socket);
                } else if disconnect_at <= now {
                    super::voice::hang_up(&socket);
                } else {
                    let _ = lane.voice.emit(&socket, "token_expired", &TokenExpired { expires_at, disconnect_at });
                    self.watch(disconnect_at, &lane, &socket);
                }
            }
        }
    }
}
