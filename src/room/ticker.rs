//! Keeps the time of ticking rooms: one task per node moves all of them on, sixty times a second, and keeps this node's leases on them.
//!
//! A room is moved on where it lies in memory, without mail: nothing is logged for a tick. What time brings (a goal) is handed to the
//! room's own task as mail, so that deciding, appending and telling stay in one place. A room whose task is at work just then is caught up
//! with at the next tick; none waits for another.
//!
//! Which node keeps a room's time is decided in one place: `Awake::keep_time` claims a lease, [`run`] renews it. A node that does not own a
//! room still takes input for it and appends it like a move in any game; the owner, which is told of every commit, goes on from there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::id::{RoomCode, RoomKey};
use crate::log::owners::Owners;
use crate::room::Rooms;
use crate::room::actor::{Cell, Message};
use crate::room::directory::Kernel;
use crate::time::Timestamp;

/// Beats per second.
pub const HZ: u16 = 60;
/// How long a lease lasts. With [`LOOK_EVERY`] it bounds how long a match stands still when its node dies: 2.25 s and a moment for reading it.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often this node's leases are renewed: three tries before they run out.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// How often rooms without an owner are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Rooms taken over per look; the rest at the next one.
const ORPHANS_MAX: u32 = 200;
/// Rooms moved on before other tasks get a turn: less than a millisecond's work.
const AT_ONCE: usize = 32;

/// The rooms whose time this node keeps.
#[derive(Default)]
pub struct Ticker {
    rooms: Mutex<HashMap<RoomCode, (RoomKey, Arc<Cell>)>>,
    arrived: Notify,
    /// Until when this node's leases are good, by its own clock, in milliseconds.
    good_until: AtomicI64,
}

impl Ticker {
    pub(super) fn add(&self, key: RoomKey, cell: &Arc<Cell>) {
        self.rooms.lock().insert(cell.code, (key, Arc::clone(cell)));
        self.arrived.notify_one();
    }

    pub(super) fn remove(&self, code: RoomCode) {
        self.rooms.lock().remove(&code);
    }

    /// How many rooms tick here.
    pub fn len(&self) -> usize {
        self.rooms.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn cells(&self) -> Vec<Arc<Cell>> {
        self.rooms.lock().values().map(|(_, cell)| Arc::clone(cell)).collect()
    }

    fn is_good(&self, now: Timestamp) -> bool {
        now.0 < self.good_until.load(Ordering::Relaxed)
    }
}

/// Keeps time for as long as the server runs.
pub async fn run(rooms: Arc<Rooms>) {
    let kernel = Arc::clone(rooms.kernel());
    tokio::join!(beats(&kernel), leases(&rooms, &kernel));
}

async fn beats(kernel: &Arc<Kernel>) {
    let lateness = metrics::histogram!("parlor_tick_lateness_seconds");
    loop {
        // A node without matches does not wake up for nothing.
        while kernel.ticker.is_empty() {
            kernel.ticker.arrived.notified().await;
        }
        let mut beat = interval(Duration::from_secs(1) / u32::from(HZ));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let due = beat.tick().await;
            let cells = kernel.ticker.cells();
            metrics::gauge!("parlor_rooms_ticking").set(u32::try_from(cells.len()).map_or(f64::MAX, f64::from));
            if cells.is_empty() || kernel.is_draining() {
                break;
            }
            for some in cells.chunks(AT_ONCE) {
                let now = kernel.clock.now();
                // With leases that ran out another node may keep the time already.
                if kernel.ticker.is_good(now) {
                    for cell in some {
                        if let Some(late) = cell.beat(now, due) {
                            lateness.record(late.as_secs_f64());
                        }
                    }
                }
                tokio::task::yield_now().await;
            }
        }
        if kernel.is_draining() {
            return;
        }
    }
}

async fn leases(rooms: &Arc<Rooms>, kernel: &Arc<Kernel>) {
    let Some(owners) = kernel.log.owners() else {
        kernel.ticker.good_until.store(i64::MAX, Ordering::Relaxed);
        return;
    };
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewed: Option<Timestamp> = None;
    loop {
        let drained = kernel.drained();
        tokio::select! {
            _ = look.tick() => {}
            () = drained => {}
        }
        let now = kernel.clock.now();
        if kernel.is_draining() {
            if let Err(error) = owners.release_all(kernel.node, now).await {
                tracing::debug!(%error, "the leases run out by themselves");
            }
            return;
        }
        if renewed.is_none_or(|at| now.since(at) >= RENEW_EVERY) && renew(owners, kernel, now).await {
            renewed = Some(now);
        }
        match owners.orphans(now, ORPHANS_MAX).await {
            Ok(codes) => codes.into_iter().for_each(|code| drop(rooms.send(code, Message::Adopt))),
            Err(error) => tracing::debug!(%error, "the store does not say which rooms have lost their owner"),
        }
    }
}

/// Renews what this node has, and lets go of what it has no more.
async fn renew(owners: &dyn Owners, kernel: &Arc<Kernel>, now: Timestamp) -> bool {
    let had: Vec<_> = kernel.ticker.rooms.lock().values().cloned().collect();
    let until = now + LEASE;
    if !had.is_empty() {
        let kept: HashSet<RoomKey> = match owners.renew(kernel.node, until).await {
            Ok(rooms) => rooms.into_iter().collect(),
            Err(error) => {
                tracing::warn!(%error, "the leases of running matches could not be renewed");
                return false;
            }
        };
        for (_, cell) in had.iter().filter(|(key, _)| !kept.contains(key)) {
            tracing::info!(room = %cell.code, "another node keeps this room's time now");
            cell.superseded();
        }
    }
    kernel.ticker.good_until.store(until.0, Ordering::Relaxed);
    true
}
