//! What all clients of a run share: where the servers are, when it is measured, what was found.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::alarm::Alarms;
use crate::args::Work;
use crate::check::{Checks, RoomLog};
use crate::pace::Pace;
use crate::tally::Tally;
use std::sync::Arc;

/// Clients that connect at the same time.
const CONNECTING_MAX: usize = 64;

/// Shared by all clients of a run.
pub struct World {
    /// `host:port` of each server.
    pub hosts: Vec<String>,
    pub tally: Tally,
    pub checks: Checks,
    /// What times in messages count from.
    pub epoch: Instant,
    pub seed: u64,
    pub ramp: Duration,
    /// For whoever has to be punctual.
    pub alarms: Alarms,
    /// Leaves to connect.
    pub doors: Semaphore,
    /// All are in their rooms.
    pub ready: Gate,
    /// All have stopped and have their answers.
    pub done: Gate,
    /// When it is measured; known once all are ready.
    window: watch::Sender<Option<Window>>,
}

/// When it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub start: Instant,
    pub end: Instant,
}

impl World {
    pub fn new(hosts: Vec<String>, clients: usize, seed: u64, ramp: Duration) -> Arc<Self> {
        Arc::new(Self {
            hosts,
            tally: Tally::default(),
            checks: Checks::default(),
            epoch: Instant::now(),
            seed,
            ramp,
            alarms: Alarms::start(),
            doors: Semaphore::new(CONNECTING_MAX),
            ready: Gate::new(clients),
            done: Gate::new(clients),
            window: watch::Sender::new(None),
        })
    }

    /// Begins to measure, for so long.
    pub fn open(&self, duration: Duration) -> Window {
        let start = Instant::now();
        let window = Window { start, end: start + duration };
        self.tally.begin();
        self.window.send_replace(Some(window));
        window
    }

    /// When it is measured, as soon as that is known.
    pub async fn window(&self) -> Window {
        let mut window = self.window.subscribe();
        loop {
            if let Some(window) = *window.borrow_and_update() {
                return window;
            }
            if window.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The moment as it is written into messages.
    pub fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_micros()).unwrap_or(u64::MAX)
    }
}

/// Where clients wait until all have come or are gone.
pub struct Gate {
    missing: watch::Sender<usize>,
}

impl Gate {
    pub fn new(clients: usize) -> Self {
        Self { missing: watch::Sender::new(clients) }
    }

    pub fn arrive(&self) {
        self.missing.send_modify(|missing| *missing = missing.saturating_sub(1));
    }

    /// How many have not come yet.
    pub fn missing(&self) -> usize {
        *self.missing.borrow()
    }

    pub async fn all(&self) {
        let mut missing = self.missing.subscribe();
        // The sender lives as long as we do.
        let _ = missing.wait_for(|missing| *missing == 0).await;
    }
}

/// One client's way through the gates. Who breaks off is not waited for.
pub struct Ticket<'a> {
    gates: Vec<&'a Gate>,
}

impl<'a> Ticket<'a> {
    /// In the order in which they are passed.
    pub fn new(gates: impl IntoIterator<Item = &'a Gate>) -> Self {
        let mut gates: Vec<_> = gates.into_iter().collect();
        gates.reverse();
        Self { gates }
    }

    pub fn pass(&mut self) {
        if let Some(gate) = self.gates.pop() {
            gate.arrive();
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        for gate in &self.gates {
            gate.arrive();
        }
    }
}

/// One room of the run, which plays one game after another.
pub struct Table {
    pub work: Work,
    /// Which of all rooms, from 0.
    pub number: u32,
    /// The pace of a room whose players take turns.
    pub pace: Mutex<Option<Pace>>,
    /// The room of this round, as soon as the host has made it.
    pub round: watch::Sender<Option<Arc<Round>>>,
}

/// One room on the server.
pub struct Round {
    pub number: u32,
    pub code: String,
    pub log: RoomLog,
    /// Clients that are not in it yet.
    pub entered: Gate,
}

impl Table {
    pub fn new(work: Work, number: u32) -> Arc<Self> {
        Arc::new(Self { work, number, pace: Mutex::new(None), round: watch::Sender::new(None) })
    }

    /// The host has made a room.
    pub fn announce(&self, number: u32, code: String) -> Arc<Round> {
        let round = Arc::new(Round { number, code, log: RoomLog::default(), entered: Gate::new(self.work.players as usize) });
        self.round.send_replace(Some(Arc::clone(&round)));
        round
    }

    /// The room of round `number`, when there is one.
    pub async fn room(&self, number: u32) -> Arc<Round> {
        let mut round = self.round.subscribe();
        loop {
            if let Some(round) = round.borrow_and_update().as_ref().filter(|round| round.number >= number) {
                return Arc::clone(round);
            }
            if round.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
