//! Several nodes on one store: what one appends is told on all. Only this module knows Redis.
//!
//! The truth is in the store: the seq is the lock, and who appended is settled there. Redis only carries the news, so that others need
//! not ask; whatever it loses is read from the log. While it is away every node asks the log, which takes up to two seconds.
//!
//! - here: the life of a node: it says that it is alive, gives up others that do not, and tells what it appended.
//! - `link`: the connection to Redis. `wire`: what goes over it. `url`: where it is.
//! - `gossip`: what is in no log, and what it says, `aside`.
//! - `registry`: which node is where. [`relay`]: requests that belong to another node's sessions.

mod aside;
mod gossip;
mod link;
mod registry;
pub mod relay;
mod url;
mod wire;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::uri::Authority;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::id::{NodeId, PlayerId, RoomCode, RoomKey};
use crate::log::nodes::Nodes;
use crate::log::{LogError, Row};
use crate::room::Rooms;
use crate::room::erased::Frame;
use crate::room::peers::Peers;

pub use aside::Aside;
use gossip::Gossip;
pub use gossip::Hearers;
use registry::Registry;
use relay::Relay;
use url::Addresses;
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
    redis: Arc<Addresses>,
    gossip: Gossip,
    registry: Arc<Registry>,
    /// What passes requests to the nodes of their sessions.
    pub relay: Arc<Relay>,
}

/// What a node has to be told of itself and of the others.
pub struct Settings<'a> {
    pub url: Url,
    /// Where others reach this node; none when they cannot.
    pub address: Option<Authority>,
    /// What all nodes share, the current one first.
    pub secrets: Vec<&'a str>,
    /// How long the answer to a request may take that is passed to another node: longer than between two heartbeats.
    pub patience: Duration,
}

impl Cluster {
    pub fn new(settings: Settings<'_>, nodes: Arc<dyn Nodes>) -> Self {
        let Settings { url, address, secrets, patience } = settings;
        let (outbox, to_tell) = mpsc::channel(OUTBOX);
        let node = NodeId::random();
        let redis = Arc::new(Addresses::new(url));
        let registry = Arc::new(Registry::new(node, address, Arc::clone(&redis), Arc::clone(&nodes)));
        Self {
            node,
            relay: Arc::new(Relay::new(node, &secrets, patience, Arc::clone(&registry))),
            gossip: Gossip::default(),
            registry,
            nodes,
            outbox,
            to_tell: parking_lot::Mutex::new(Some(to_tell)),
            overflowed: AtomicBool::new(false),
            life: AtomicU64::new(0),
            linked: AtomicBool::new(false),
            redis,
        }
    }

    /// Whether what others append is heard at once.
    pub fn is_linked(&self) -> bool {
        self.linked.load(Ordering::SeqCst)
    }

    /// Whether Redis answers, and what others tell is heard.
    ///
    /// # Errors
    /// Why not, for the log.
    pub async fn check(&self) -> Result<(), String> {
        self.registry.ping().await?;
        if self.is_linked() { Ok(()) } else { Err("what other nodes tell is not heard".into()) }
    }

    /// Takes the place among the others: from then on this node may note who is here.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn enter(&self) -> Result<(), LogError> {
        self.nodes.beat(self.node, self.registry.address()).await.map(drop)
    }

    /// Runs for as long as the server.
    pub async fn run(self: Arc<Self>, hearers: Hearers) {
        let rooms = &hearers.rooms;
        let logged = async { tokio::join!(self.live(rooms), link::tell(&self), link::listen(&self, &hearers)) };
        let aside = async { tokio::join!(gossip::tell(&self), gossip::show(&self, rooms), gossip::look(&self, &hearers)) };
        tokio::join!(logged, aside, self.registry.announce());
    }

    /// Says that this node is alive, and gives up others.
    async fn live(&self, rooms: &Rooms) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        // Since when the store has answered without a break, and this node has not been paused; and who was alive at the last beat,
        // unknown after a break, in which nodes may have come and gone.
        let (mut steady, mut alive): (_, Option<HashSet<NodeId>>) = (last, None);
        loop {
            beat.tick().await;
            if last.elapsed() > SILENT / 2 {
                (steady, alive) = (Instant::now(), None);
            }
            last = Instant::now();
            let found = match self.nodes.beat(self.node, self.registry.address()).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(%error, "the store does not take this node's beat");
                    (steady, alive) = (Instant::now(), None);
                    continue;
                }
            };
            if found.entered {
                tracing::warn!("the other nodes had given this one up; noting again who is here");
                self.life.fetch_add(1, Ordering::SeqCst);
                rooms.tick_all();
            }
            // Whoever is gone may have appended what it could not tell any more, and nobody else would.
            if alive.is_none_or(|before| !before.is_subset(&found.alive)) {
                rooms.look_for_news();
            }
            alive = Some(found.alive);
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

    fn typing(&self, room: RoomCode, note: &RawValue) {
        self.murmur(None, &Aside::Typing(room, note.to_owned()));
    }

    fn frame(&self, room: RoomCode, frame: &Frame, nodes: &[NodeId]) {
        // Encoded once for all of them.
        let said = aside::say_frame(self.node, room, frame);
        for node in nodes {
            self.murmur_said(Some(*node), said.clone());
        }
    }

    fn shows(&self, rooms: &[RoomCode]) {
        self.murmur(None, &Aside::Shows(rooms.to_vec()));
    }

    fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }
}
