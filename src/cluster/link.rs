//! The connection to Redis: telling, and listening.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{PushInfo, PushKind, RedisResult, Value};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Cluster;
use super::gossip::{self, Hearers};
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
/// Rooms remembered that others have not heard of. Beyond it they are told to look at all of theirs.
const UNTOLD_MAX: usize = 10_000;

pub fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200))
        .set_connection_timeout(Some(ANSWER))
        .set_response_timeout(Some(ANSWER))
}

/// Tells the others what was appended here, in order. What could not be told is named when Redis is back, and read from the store.
pub async fn tell(cluster: &Cluster) {
    let Some(mut to_tell) = cluster.to_tell.lock().take() else { return };
    let mut manager = match cluster.url.client().and_then(|client| ConnectionManager::new_lazy_with_config(client, config())) {
        Ok(manager) => manager,
        Err(error) => return tracing::error!(%error, "the address of Redis is of no use"),
    };
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
        let told: RedisResult<()> = pipeline.query_async(&mut manager).await;
        match told {
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
    let rooms = &hearers.rooms;
    // Unbounded as the library asks for it, and emptied without waiting for anything: rooms have bounds of their own.
    let (pushes, mut heard) = mpsc::unbounded_channel();
    let config = config().set_push_sender(pushes).set_automatic_resubscription();
    let manager = cluster.url.client().and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
    let mut manager = match manager {
        Ok(manager) => manager,
        Err(error) => return tracing::error!(%error, "the address of Redis is of no use"),
    };
    let channels = [CHANNEL.to_owned(), gossip::TO_ALL.to_owned(), gossip::to(cluster.node)];
    let asking = async {
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut subscribed = false;
        loop {
            ping.tick().await;
            if !subscribed {
                subscribed = manager.subscribe(&channels).await.is_ok();
            }
            let answer: RedisResult<()> = redis::cmd("PING").query_async(&mut manager).await;
            linked(cluster, rooms, subscribed && answer.is_ok());
        }
    };
    let looking = async {
        loop {
            sleep(LOOK).await;
            if !cluster.is_linked() {
                rooms.look_for_news();
            }
        }
    };
    let hearing = async {
        while let Some(push) = heard.recv().await {
            take(cluster, hearers, &push);
        }
    };
    tokio::join!(asking, looking, hearing);
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
    metrics::gauge!("parlor_cluster_linked").set(if now { 1.0 } else { 0.0 });
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
