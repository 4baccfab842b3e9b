//! Several nodes on one store: what one appends is told on all. Only this module knows Redis.
//!
//! The truth is in the store: the seq is the lock, and who appended is settled there. Redis only carries the news, so that others need
//! not ask; whatever it loses is read from the log. While it is away every node asks the log, which takes up to two seconds.
//!
//! - here: the life of a node: it says that it is alive, gives up others that do not, and tells what it appended.
//! - `link`: the connection to Redis. `wire`: what goes over it. `url`: where it is.

mod link;
mod url;
mod wire;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::id::{NodeId, PlayerId, RoomCode, RoomKey};
use crate::log::nodes::Nodes;
use crate::log::{LogError, Row};
use crate::room::Rooms;
use crate::room::peers::Peers;

pub use url::Url;

/// How often a node says that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// A node that was silent for so long is given up: four beats may be late, and its players are shown away within six seconds.
const SILENT: Duration = Duration::from_secs(4);
/// Commits that wait to be told. When more do, others are told to look for themselves.
const OUTBOX: usize = 8_192;

/// This node among the others.
pub struct Cluster {
    node: NodeId,
    nodes: Arc<dyn Nodes>,
    outbox: mpsc::Sender<(RoomCode, String)>,
    /// Taken by the task that tells.
    to_tell: parking_lot::Mutex<Option<mpsc::Receiver<(RoomCode, String)>>>,
    /// Something could not even be put into the outbox.
    overflowed: AtomicBool,
    life: AtomicU64,
    linked: AtomicBool,
    url: Url,
}

impl Cluster {
    pub fn new(url: Url, nodes: Arc<dyn Nodes>) -> Self {
        let (outbox, to_tell) = mpsc::channel(OUTBOX);
        Self {
            node: NodeId::random(),
            nodes,
            outbox,
            to_tell: parking_lot::Mutex::new(Some(to_tell)),
            overflowed: AtomicBool::new(false),
            life: AtomicU64::new(0),
            linked: AtomicBool::new(false),
            url,
        }
    }

    /// Whether what others append is heard at once.
    pub fn is_linked(&self) -> bool {
        self.linked.load(Ordering::SeqCst)
    }

    /// Takes the place among the others: from then on this node may note who is here.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn enter(&self) -> Result<(), LogError> {
        self.nodes.beat(self.node).await.map(drop)
    }

    /// Runs for as long as the server.
    pub async fn run(self: Arc<Self>, rooms: Arc<Rooms>) {
        tokio::join!(self.live(&rooms), link::tell(&self), link::listen(&self, &rooms));
    }

    /// Says that this node is alive, and gives up others.
    async fn live(&self, rooms: &Rooms) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Since when the store has answered without a break, and this node has not been paused.
        let mut steady = Instant::now();
        let mut last = Instant::now();
        loop {
            beat.tick().await;
            if last.elapsed() > SILENT / 2 {
                steady = Instant::now();
            }
            last = Instant::now();
            match self.nodes.beat(self.node).await {
                Ok(false) => {}
                Ok(true) => {
                    tracing::warn!("the other nodes had given this one up; noting again who is here");
                    self.life.fetch_add(1, Ordering::SeqCst);
                    rooms.tick_all();
                }
                Err(error) => {
                    tracing::debug!(%error, "the store does not take this node's beat");
                    steady = Instant::now();
                    continue;
                }
            }
            // After the store was away, the others need the time for a beat, too.
            if steady.elapsed() > SILENT {
                match self.nodes.give_up(SILENT).await {
                    Ok(codes) => codes.into_iter().for_each(|code| rooms.tick(code)),
                    Err(error) => tracing::debug!(%error, "the store does not say which nodes are silent"),
                }
            }
        }
    }
}

#[async_trait]
impl Peers for Cluster {
    fn appended(&self, room: RoomCode, rows: &[Row]) {
        let said = wire::say(self.node, Some(room), rows);
        if self.outbox.try_send((room, said)).is_err() {
            self.overflowed.store(true, Ordering::SeqCst);
        }
    }

    async fn attend(&self, room: RoomKey, came: &[PlayerId], went: &[PlayerId]) -> Result<HashSet<PlayerId>, LogError> {
        self.nodes.attend(self.node, room, came, went).await
    }

    fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }
}
