//! Telling and hearing what is in no log: typing, frames, tokens that no longer count, players to be disconnected.
//!
//! Most of it is worth nothing a moment later, and is dropped when Redis is away. What is not (revocations above all) is kept until it is
//! told, and read from the store by whoever may have missed it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Cluster;
use super::aside::{self, Aside};
use super::link::Line;
use crate::account::token::Tokens;
use crate::id::{NodeId, PlayerId};
use crate::log::LogError;
use crate::log::accounts::{Accounts, Subject};
use crate::room::Rooms;
use crate::time::Timestamp;

/// Heard by all nodes.
pub const TO_ALL: &str = "parlor:asides";
/// Most that is told in one go.
const AT_ONCE: usize = 256;
/// What may wait to be told: half a second of the frames of a hundred matches. What comes on top is dropped.
const WAITING: usize = 2_048;
/// What may wait that must not be lost; who does not hear it reads the store.
const KEPT: usize = 4_096;
/// Between two tries to tell what could not be told.
const RETRY: Duration = Duration::from_millis(250);
/// How often nodes say which rooms they show.
const SHOW: Duration = Duration::from_secs(1);
/// How often the store is asked for revocations while Redis is away; and otherwise, in case a node died before it told of one.
const LOOK: Duration = Duration::from_millis(1_500);
const LOOK_ANYHOW: Duration = Duration::from_secs(30);
/// Revocations are written with the clock of the node that makes them; clocks may differ by so much.
const SKEW: Duration = Duration::from_secs(120);

/// The channel that one node hears.
pub fn to(node: NodeId) -> String {
    format!("parlor:to:{}", node.0.simple())
}

/// What waits to be told.
pub struct Gossip {
    waiting: mpsc::Sender<(Option<NodeId>, String)>,
    keeping: mpsc::Sender<String>,
    /// Taken by the task that tells.
    to_tell: parking_lot::Mutex<Option<ToTell>>,
    /// Redis is heard again: something was missed.
    pub(super) missed: Notify,
}

struct ToTell {
    waiting: mpsc::Receiver<(Option<NodeId>, String)>,
    kept: mpsc::Receiver<String>,
}

/// Whom it concerns what other nodes say aside.
pub struct Hearers {
    pub rooms: Arc<Rooms>,
    pub tokens: Arc<Tokens>,
    pub accounts: Arc<dyn Accounts>,
    /// Closes the connections that a player has here.
    pub hang_up: Box<dyn Fn(PlayerId) + Send + Sync>,
}

impl Default for Gossip {
    fn default() -> Self {
        let (waiting, to_tell) = mpsc::channel(WAITING);
        let (keeping, kept) = mpsc::channel(KEPT);
        let to_tell = parking_lot::Mutex::new(Some(ToTell { waiting: to_tell, kept }));
        Self { waiting, keeping, to_tell, missed: Notify::new() }
    }
}

impl Cluster {
    /// Tells one node, or all, what is worth nothing later.
    pub(super) fn murmur(&self, to: Option<NodeId>, aside: &Aside) {
        self.murmur_said(to, aside::say(self.node, aside));
    }

    pub(super) fn murmur_said(&self, to: Option<NodeId>, said: String) {
        if self.gossip.waiting.try_send((to, said)).is_err() {
            dropped(1);
        }
    }

    /// Tells all nodes what each of them has to know.
    pub fn proclaim(&self, aside: impl Into<Aside>) {
        if self.gossip.keeping.try_send(aside::say(self.node, &aside.into())).is_err() {
            tracing::warn!("too much waits to be told to other nodes; they will find it in the store");
        }
    }
}

/// Tells the others, for as long as the server runs.
pub async fn tell(cluster: &Cluster) {
    let Some(ToTell { mut waiting, mut kept }) = cluster.gossip.to_tell.lock().take() else { return };
    let mut line = Line::new(&cluster.redis);
    let mut batch = Vec::with_capacity(AT_ONCE);
    let mut must: VecDeque<String> = VecDeque::new();
    loop {
        tokio::select! {
            _ = waiting.recv_many(&mut batch, AT_ONCE) => {}
            Some(next) = kept.recv(), if must.len() < KEPT => must.push_back(next),
            () = sleep(RETRY), if !must.is_empty() => {}
        }
        while must.len() < KEPT
            && let Ok(next) = kept.try_recv()
        {
            must.push_back(next);
        }
        let mut pipeline = redis::pipe();
        for said in &must {
            pipeline.publish(TO_ALL, said).ignore();
        }
        for (node, said) in &batch {
            match node {
                Some(node) => pipeline.publish(to(*node), said).ignore(),
                None => pipeline.publish(TO_ALL, said).ignore(),
            };
        }
        match line.tell(&pipeline).await {
            Ok(()) => {
                metrics::counter!("parlor_cluster_asides_total").increment((must.len() + batch.len()) as u64);
                must.clear();
            }
            Err(error) => {
                tracing::debug!(%error, "other nodes do not hear what is not logged");
                dropped(batch.len());
                sleep(RETRY).await;
            }
        }
        batch.clear();
    }
}

fn dropped(count: usize) {
    metrics::counter!("parlor_cluster_asides_dropped_total").increment(count as u64);
}

/// Says again and again which rooms are shown here while others keep their time.
pub async fn show(cluster: &Cluster, rooms: &Rooms) {
    let mut every = interval(SHOW);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let shown = rooms.looked_on();
        if !shown.is_empty() {
            cluster.murmur(None, &Aside::Shows(shown));
        }
    }
}

/// Reads from the store which tokens no longer count, when that may have been missed.
pub async fn look(cluster: &Cluster, hearers: &Hearers) {
    let clock = hearers.rooms.clock();
    let mut read = clock.now();
    loop {
        let wait = if cluster.is_linked() { LOOK_ANYHOW } else { LOOK };
        tokio::select! {
            () = sleep(wait) => {}
            () = cluster.gossip.missed.notified() => {}
        }
        let now = clock.now();
        match catch_up(hearers, read - SKEW).await {
            Ok(()) => read = now,
            Err(error) => tracing::debug!(%error, "the store does not say which tokens were revoked"),
        }
    }
}

async fn catch_up(hearers: &Hearers, after: Timestamp) -> Result<(), LogError> {
    let mut somebody = false;
    for revoked in hearers.accounts.revocations(after).await? {
        somebody |= hearers.tokens.revocations().learn(revoked) && matches!(revoked.subject, Subject::Player(_));
    }
    if somebody {
        // They may have been deleted, and their name with them.
        hearers.rooms.reread_all();
    }
    Ok(())
}

/// Takes in what was said.
pub fn take(cluster: &Cluster, hearers: &Hearers, text: &[u8]) {
    let Some((from, aside)) = aside::hear(cluster.node, text) else { return };
    if let Some(revoked) = aside.revoked() {
        hearers.tokens.revocations().learn(revoked);
    }
    match aside {
        Aside::Typing(room, note) => hearers.rooms.typing_elsewhere(room, note),
        Aside::Frame(room, frame) => hearers.rooms.frame_from_elsewhere(room, &frame),
        Aside::Shows(rooms) => hearers.rooms.shown_at(&rooms, from),
        Aside::Reread(rooms) => rooms.into_iter().for_each(|room| hearers.rooms.reread(room)),
        Aside::Disconnect(player) => (hearers.hang_up)(player),
        Aside::PlayerRevoked(..) | Aside::SessionRevoked(..) => {}
    }
}
