//! The connection to Redis: telling, and listening.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Pipeline, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Cluster;
use super::gossip::{self, Hearers};
use super::url::Addresses;
use super::wire::{self, Heard};
use crate::id::RoomCode;
use crate::room::Rooms;

/// Where commits are told. Nodes of one store and no others have to share a Redis.
const CHANNEL: &str = "parlor:commits";
/// Most that is told in one go.
const AT_ONCE: usize = 256;
/// How often Redis is asked whether it is there. A connection that broke shows in no other way, and is made again by this.
const PING: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(2);
/// Between two tries to tell what could not be told.
const RETRY: Duration = Duration::from_millis(250);
/// While Redis is away, how often the log is asked instead: rooms on other nodes follow within two seconds.
const LOOK: Duration = Duration::from_millis(1_500);
/// So many pings in a row without an answer, and another address is used, if there is one.
const SILENT: u32 = 2;
/// Rooms remembered that others have not heard of. Beyond it they are told to look at all of theirs.
const UNTOLD_MAX: usize = 10_000;

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200))
        .set_connection_timeout(Some(ANSWER))
        .set_response_timeout(Some(ANSWER))
}

/// A connection for telling, at the address that is in use.
pub struct Line<'a> {
    redis: &'a Addresses,
    at: usize,
    manager: Option<ConnectionManager>,
}

impl<'a> Line<'a> {
    pub fn new(redis: &'a Addresses) -> Self {
        Self { redis, at: 0, manager: None }
    }

    /// # Errors
    /// When Redis does not take it.
    pub async fn tell(&mut self, pipeline: &Pipeline) -> RedisResult<()> {
        let used = self.redis.used();
        if self.at != used {
            (self.at, self.manager) = (used, None);
        }
        if self.manager.is_none() {
            self.manager = Some(ConnectionManager::new_lazy_with_config(self.redis.client(used)?, config())?);
        }
        match &mut self.manager {
            Some(manager) => pipeline.query_async(manager).await,
            None => Ok(()),
        }
    }
}

/// Tells the others what was appended here, in order. What could not be told is named when Redis is back, and read from the store.
pub async fn tell(cluster: &Cluster) {
    let Some(mut to_tell) = cluster.to_tell.lock().take() else { return };
    let mut line = Line::new(&cluster.redis);
    let mut batch = Vec::with_capacity(AT_ONCE);
    let mut untold: HashSet<RoomCode> = HashSet::new();
    loop {
        if untold.is_empty() {
            to_tell.recv_many(&mut batch, AT_ONCE).await;
        } else {
            sleep(RETRY).await;
            while batch.len() < AT_ONCE
                && let Ok(next) = to_tell.try_recv()
            {
                batch.push(next);
            }
        }
        if untold.len() > UNTOLD_MAX {
            untold.clear();
            cluster.overflowed.store(true, Ordering::SeqCst);
        }
        let everything = cluster.overflowed.swap(false, Ordering::SeqCst);
        let mut pipeline = redis::pipe();
        if everything {
            pipeline.publish(CHANNEL, wire::say(cluster.node, None, &[])).ignore();
        }
        for code in &untold {
            pipeline.publish(CHANNEL, wire::say(cluster.node, Some(*code), &[])).ignore();
        }
        for (_, said) in &batch {
            pipeline.publish(CHANNEL, said).ignore();
        }
        match line.tell(&pipeline).await {
            Ok(()) => {
                metrics::counter!("parlor_cluster_told_total").increment(batch.len() as u64);
                untold.clear();
            }
            Err(error) => {
                tracing::debug!(%error, "other nodes were not told; they will read the store");
                metrics::counter!("parlor_cluster_untold_total").increment(batch.len() as u64);
                untold.extend(batch.iter().map(|(code, _)| *code));
                if everything {
                    cluster.overflowed.store(true, Ordering::SeqCst);
                }
            }
        }
        batch.clear();
    }
}

/// Hears what others appended, and what they say aside; while that is not possible, lets rooms look into the log.
pub async fn listen(cluster: &Cluster, hearers: &Hearers) {
    let looking = async {
        loop {
            sleep(LOOK).await;
            if !cluster.is_linked() {
                hearers.rooms.look_for_news();
            }
        }
    };
    let hearing = async {
        loop {
            let at = cluster.redis.used();
            if let Err(error) = listen_at(cluster, hearers, at).await {
                tracing::error!(%error, "the address of Redis is of no use");
                sleep(ANSWER).await;
            }
            linked(cluster, &hearers.rooms, false);
        }
    };
    tokio::join!(looking, hearing);
}

/// Listens at one address, until it has not answered for a while and there is another.
async fn listen_at(cluster: &Cluster, hearers: &Hearers, at: usize) -> RedisResult<()> {
    let rooms = &hearers.rooms;
    // Unbounded as the library asks for it, and emptied without waiting for anything: rooms have bounds of their own.
    let (pushes, mut heard) = mpsc::unbounded_channel();
    let config = config().set_push_sender(pushes).set_automatic_resubscription();
    let mut manager = ConnectionManager::new_lazy_with_config(cluster.redis.client(at)?, config)?;
    let channels = [CHANNEL.to_owned(), gossip::TO_ALL.to_owned(), gossip::to(cluster.node)];
    let asking = async {
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut subscribed = false;
        let mut silent = 0;
        loop {
            ping.tick().await;
            if !subscribed {
                subscribed = manager.subscribe(&channels).await.is_ok();
            }
            let answer: RedisResult<()> = redis::cmd("PING").query_async(&mut manager).await;
            linked(cluster, rooms, subscribed && answer.is_ok());
            silent = if answer.is_ok() { 0 } else { silent + 1 };
            if silent >= SILENT && cluster.redis.turn_away(at) {
                return;
            }
        }
    };
    let hearing = async {
        while let Some(push) = heard.recv().await {
            take(cluster, hearers, &push);
        }
    };
    tokio::select! {
        () = asking => {}
        () = hearing => {}
    }
    Ok(())
}

fn take(cluster: &Cluster, hearers: &Hearers, push: &PushInfo) {
    let rooms = &hearers.rooms;
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Message, [Value::BulkString(channel), Value::BulkString(text)]) if channel != CHANNEL.as_bytes() => {
            gossip::take(cluster, hearers, text);
        }
        (PushKind::Message, [_, Value::BulkString(text)]) => match wire::hear(cluster.node, text) {
            Some(Heard::Appended(room, rows)) => rooms.news(room, rows),
            Some(Heard::Anything) => rooms.look_for_news(),
            None => {}
        },
        // Also when it was made again before the next ping: between the two something was missed.
        (PushKind::Subscribe, _) => {
            rooms.look_for_news();
            cluster.gossip.missed.notify_one();
        }
        (PushKind::Disconnection, _) => linked(cluster, rooms, false),
        _ => {}
    }
}

fn linked(cluster: &Cluster, rooms: &Rooms, now: bool) {
    let before = cluster.linked.swap(now, Ordering::SeqCst);
    metrics::gauge!("parlor_cluster_linked").set(f64::from(now));
    match (before, now) {
        (false, true) => {
            tracing::info!("what other nodes append is heard from Redis");
            rooms.look_for_news();
            cluster.gossip.missed.notify_one();
        }
        (true, false) => {
            tracing::warn!("Redis is away: what other nodes append is read from the store");
            cluster.gossip.missed.notify_one();
        }
        _ => {}
    }
}
