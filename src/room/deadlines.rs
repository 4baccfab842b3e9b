//! Wakes rooms when something is due. The truth is `rooms.wake_at` in the store; the heap here only makes it punctual for rooms
//! that are awake, and forgetting it costs nothing but a second.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::id::RoomCode;
use crate::room::Rooms;
use crate::time::Timestamp;

/// How often the store is asked for rooms that are due: those that sleep, and those of nodes that died.
const POLL: Duration = Duration::from_secs(1);
/// Rooms woken per poll; the rest is due at the next one.
const DUE_MAX: u32 = 500;

/// Wishes to be woken.
#[derive(Default)]
pub struct Deadlines {
    heap: Mutex<BinaryHeap<Reverse<(Timestamp, RoomCode)>>>,
    earlier: Notify,
}

impl Deadlines {
    /// Wakes `code` at `at`. Waking a room for nothing is harmless: it looks for itself what is due.
    pub fn schedule(&self, code: RoomCode, at: Timestamp) {
        let mut heap = self.heap.lock();
        let earliest = heap.peek().is_none_or(|Reverse((first, _))| at < *first);
        heap.push(Reverse((at, code)));
        if earliest {
            self.earlier.notify_one();
        }
    }

    /// Those due by `now`, each once, and when the next one is.
    fn take(&self, now: Timestamp) -> (Vec<RoomCode>, Option<Timestamp>) {
        let mut heap = self.heap.lock();
        let (mut due, mut seen) = (Vec::new(), HashSet::new());
        while let Some(Reverse((at, code))) = heap.peek().copied() {
            if at > now {
                return (due, Some(at));
            }
            heap.pop();
            if seen.insert(code) {
                due.push(code);
            }
        }
        (due, None)
    }
}

/// Wakes rooms for as long as the server runs.
pub async fn run(rooms: Arc<Rooms>, clock: crate::time::Clock) {
    let deadlines = rooms.deadlines();
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let (due, next) = deadlines.take(clock.now());
        due.into_iter().for_each(|code| rooms.tick(code));
        let until_next = next.map_or(POLL, |at| at.since(clock.now()).max(Duration::from_millis(1)));
        tokio::select! {
            () = tokio::time::sleep(until_next) => {}
            () = deadlines.earlier.notified() => {}
            _ = poll.tick() => match rooms.due(clock.now(), DUE_MAX).await {
                Ok(codes) => codes.into_iter().for_each(|code| rooms.tick(code)),
                Err(error) => tracing::debug!(%error, "the store does not say what is due"),
            },
        }
    }
}
