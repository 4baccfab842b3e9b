//! Wakes rooms when something is due. The truth is `rooms.wake_at` in the store; the heap here only makes it punctual for rooms
//! that are awake, and forgetting it costs nothing but a second.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::id::RoomCode;
use crate::room::Rooms;
use crate::room::directory::Kernel;
use crate::time::Timestamp;

/// How often the store is asked for rooms that are due: those that sleep, and those of nodes that died.
const POLL: Duration = Duration::from_secs(1);
/// Rooms woken per poll; the rest is due at the next one.
const DUE_MAX: u32 = 500;

/// Wishes to be woken.
#[derive(Default)]
pub struct Deadlines {
    wishes: Mutex<Wishes>,
    earlier: Notify,
}

#[derive(Default)]
struct Wishes {
    heap: BinaryHeap<Reverse<(Timestamp, RoomCode)>>,
    /// Each room's earliest wish. Woken then, the room says when it wants to be woken next.
    first: HashMap<RoomCode, Timestamp>,
}

impl Deadlines {
    /// Wakes `code` at `at`. Waking a room for nothing is harmless: it looks for itself what is due.
    pub fn schedule(&self, code: RoomCode, at: Timestamp) {
        let mut wishes = self.wishes.lock();
        if wishes.first.get(&code).is_some_and(|first| *first <= at) {
            return;
        }
        wishes.first.insert(code, at);
        let earliest = wishes.heap.peek().is_none_or(|Reverse((first, _))| at < *first);
        wishes.heap.push(Reverse((at, code)));
        if earliest {
            self.earlier.notify_one();
        }
    }

    /// Those due by `now`, each once, and when the next one is.
    fn take(&self, now: Timestamp) -> (Vec<RoomCode>, Option<Timestamp>) {
        let mut wishes = self.wishes.lock();
        let mut due = Vec::new();
        while let Some(Reverse((at, code))) = wishes.heap.peek().copied() {
            if at > now {
                return (due, Some(at));
            }
            wishes.heap.pop();
            // A later wish of a room that had an earlier one finds that it was granted.
            if wishes.first.remove(&code).is_some() {
                due.push(code);
            }
        }
        (due, None)
    }
}

/// The deadlines, kept alive by their kernel.
pub(super) struct DeadlinesOf(pub(super) Arc<Kernel>);

impl std::ops::Deref for DeadlinesOf {
    type Target = Deadlines;
    fn deref(&self) -> &Deadlines {
        &self.0.deadlines
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_is_woken_once_at_its_earliest_wish() {
        let deadlines = Deadlines::default();
        let [a, b] = ["BCDFGH", "BCDFGJ"].map(|code| code.parse::<RoomCode>().unwrap());
        for (code, at) in [(a, 50), (b, 20), (a, 10), (a, 30), (b, 20)] {
            deadlines.schedule(code, Timestamp(at));
        }
        assert_eq!(deadlines.take(Timestamp(5)), (vec![], Some(Timestamp(10))));
        assert_eq!(deadlines.take(Timestamp(25)), (vec![a, b], Some(Timestamp(50))));
        deadlines.schedule(a, Timestamp(40));
        assert_eq!(deadlines.take(Timestamp(60)), (vec![a], None));
        assert_eq!(deadlines.take(Timestamp(60)), (vec![], None));
    }
}
