//! Which node is where: what each says of itself, in Redis and in the store; either is enough.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::Pool;
use http::uri::Authority;
use parking_lot::Mutex;
use redis::AsyncCommands;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::url::Addresses;
use crate::id::NodeId;
use crate::log::nodes::Nodes;

/// How often a node says where it is.
const SAY: Duration = Duration::from_secs(2);
/// How long that holds.
const HOLDS_S: u64 = 8;
/// How long Redis may take to answer: whoever asks waits for it with a request in hand.
const ANSWER: Duration = Duration::from_millis(500);
/// Connections for commands. They are few and short: a node is asked for once.
const CONNECTIONS: u32 = 4;
/// How long a connection is kept that nobody needs.
const IDLE: Duration = Duration::from_secs(30);
/// How long a node that could not be reached, or is not known, is not tried again.
const AVOIDED: Duration = Duration::from_secs(1);
/// Nodes remembered; more than run at once, because each start is a new one.
const KNOWN_MAX: usize = 1_024;

/// The nodes, as this one knows them.
pub struct Registry {
    node: NodeId,
    address: Option<Authority>,
    redis: Arc<Addresses>,
    /// One for each address. Those that are not in use hold no connections.
    pools: Vec<Pool<RedisConnectionManager>>,
    nodes: Arc<dyn Nodes>,
    /// A node stays where it is for as long as it runs: its name is new at each start.
    known: Mutex<HashMap<NodeId, Known>>,
}

#[derive(Clone)]
enum Known {
    At(Authority),
    /// Not to be tried until then.
    Away(Instant),
}

impl Registry {
    pub fn new(node: NodeId, address: Option<Authority>, redis: Arc<Addresses>, nodes: Arc<dyn Nodes>) -> Self {
        // The address was checked when the settings were read.
        let managers = redis.infos().filter_map(|info| info.and_then(RedisConnectionManager::new).ok());
        let pool = |manager| {
            let builder = Pool::builder().max_size(CONNECTIONS).connection_timeout(ANSWER);
            builder.idle_timeout(Some(IDLE)).retry_connection(false).build_unchecked(manager)
        };
        let pools = managers.map(pool).collect();
        Self { node, address, redis, pools, nodes, known: Mutex::default() }
    }

    fn pool(&self) -> Option<&Pool<RedisConnectionManager>> {
        self.pools.get(self.redis.used())
    }

    /// Where others reach this node.
    pub fn address(&self) -> Option<&str> {
        self.address.as_ref().map(Authority::as_str)
    }

    /// Says where this node is, for as long as the server runs.
    pub async fn announce(&self) {
        let Some(address) = &self.address else { return };
        let mut say = interval(SAY);
        say.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            say.tick().await;
            let said = timeout(ANSWER, async {
                let mut redis = self.pool()?.get().await.ok()?;
                redis.set_ex::<_, _, ()>(key(self.node), address.as_str(), HOLDS_S).await.ok()
            });
            if !matches!(said.await, Ok(Some(()))) {
                tracing::debug!("Redis does not take this node's address; others find it in the store");
            }
        }
    }

    /// Where a node is. None when nobody knows it, or it could not be reached a moment ago.
    pub async fn find(&self, node: NodeId) -> Option<Authority> {
        match self.known.lock().get(&node) {
            Some(Known::At(address)) => return Some(address.clone()),
            Some(Known::Away(until)) if *until > Instant::now() => return None,
            _ => {}
        }
        let address = match self.ask_redis(node).await {
            Some(address) => Some(address),
            None => self.nodes.address(node).await.ok().flatten(),
        };
        let address = address.and_then(|address| address.parse().ok());
        self.learn(node, address.clone().map_or_else(away, Known::At));
        address
    }

    /// A node accepts no connections: it is not tried for a moment, so that its clients need not wait.
    pub fn unreachable(&self, node: NodeId) {
        self.learn(node, away());
    }

    /// # Errors
    /// When Redis does not answer.
    pub async fn ping(&self) -> Result<(), String> {
        let pool = self.pool().ok_or("there is no pool")?;
        let ping = async {
            let mut redis = pool.get().await.map_err(|error| error.to_string())?;
            redis.ping::<()>().await.map_err(|error| error.to_string())
        };
        timeout(ANSWER, ping).await.map_err(|_| "no answer in time".to_owned())?
    }

    async fn ask_redis(&self, node: NodeId) -> Option<String> {
        let asked = async { self.pool()?.get().await.ok()?.get::<_, Option<String>>(key(node)).await.ok()? };
        timeout(ANSWER, asked).await.ok()?
    }

    fn learn(&self, node: NodeId, what: Known) {
        let mut known = self.known.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(node, what);
    }
}

fn away() -> Known {
    Known::Away(Instant::now() + AVOIDED)
}

fn key(node: NodeId) -> String {
    format!("parlor:node:{}", node.0.simple())
}
