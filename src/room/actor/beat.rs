//! The time of a ticking room: whether this node keeps it, and what each tick brings.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::log::owners::Epoch;
use crate::room::erased::Frame;
use crate::room::ticker::LEASE;

/// Who keeps a room's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keeper {
    /// Nobody has to, or it was not asked yet.
    #[default]
    Unknown,
    /// This node; without an epoch when the store has one node only.
    Here(Option<Epoch>),
    Elsewhere,
}

/// A room's time, as far as this node has to do with it.
#[derive(Default)]
pub(super) struct Time {
    keeper: Keeper,
    /// Ticks of this game so far.
    ticks: u64,
    /// Towards the next tick, in beats of the node times the game's rate.
    towards_tick: u16,
    /// Towards the next frame.
    towards_frame: u16,
    /// The frame that was sent last: one like it is not sent again.
    shown: Option<Box<RawValue>>,
    /// The room's task was told that something is due.
    woken: bool,
}

impl Time {
    pub(super) fn is_here(&self) -> bool {
        matches!(self.keeper, Keeper::Here(_))
    }

    /// What the room's appends carry.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        if let Keeper::Here(epoch) = self.keeper { epoch } else { None }
    }

    /// The room's task looks at what is due; if another node kept the time, it may have died.
    pub(super) fn look(&mut self) {
        self.woken = false;
        if self.keeper == Keeper::Elsewhere {
            self.keeper = Keeper::Unknown;
        }
    }
}

impl Cell {
    /// Moves the room on; how long after `due` that was, or `None` when its task is at work. Then the next beat does it.
    pub(in crate::room) fn beat(self: &Arc<Self>, now: Timestamp, due: Instant) -> Option<Duration> {
        let mut waiting = self.late_since.lock();
        let Ok(mut awake) = self.awake.try_lock() else {
            waiting.get_or_insert(due);
            return None;
        };
        awake.beat(self, now);
        Some(waiting.take().unwrap_or(due).elapsed())
    }

    /// Another node keeps the time from now on.
    pub(in crate::room) fn superseded(self: &Arc<Self>) {
        // If the task is at work, the store refuses what it appends, which says the same.
        if let Ok(mut awake) = self.awake.try_lock()
            && awake.time.is_here()
        {
            awake.let_go(self);
            // Unless it was given back and claimed again in this very moment: the room's task asks the store whose it is.
            let _ = self.send(Message::Tick);
        }
    }
}

impl Awake {
    /// Claims the room's time when it begins to tick, and gives it back when it ends.
    pub(super) async fn keep_time(&mut self, cell: &Arc<Cell>, kernel: &Arc<Kernel>) {
        let Some(loaded) = self.hosted.as_mut() else { return };
        let ticks = loaded.room.ticks().is_some();
        match self.time.keeper {
            Keeper::Unknown if ticks && !kernel.is_draining() => {
                self.time.keeper = match kernel.log.owners() {
                    None => Keeper::Here(None),
                    Some(owners) => {
                        let now = kernel.clock.now();
                        match owners.claim(loaded.key, kernel.node, now, now + LEASE).await {
                            Ok(Some(epoch)) => Keeper::Here(Some(epoch)),
                            Ok(None) => Keeper::Elsewhere,
                            Err(error) => {
                                tracing::warn!(%error, room = %cell.code, "the room's time stands until the store is back");
                                kernel.deadlines.schedule(cell.code, now + Duration::from_secs(1));
                                Keeper::Unknown
                            }
                        }
                    }
                };
                if self.time.is_here() {
                    loaded.room.keep_time(true);
                    // Not all rooms send their frames at the same beat.
                    self.time.towards_frame =
                        u16::try_from(loaded.key.0.rem_euclid(i64::from(u8::MAX))).unwrap_or(0) % crate::room::ticker::HZ;
                    cell.ticking.store(true, std::sync::atomic::Ordering::Relaxed);
                    kernel.ticker.add(loaded.key, cell);
                }
            }
            Keeper::Here(_) if !ticks => {
                let key = loaded.key;
                self.let_go(cell);
                self.time.keeper = Keeper::Unknown;
                if let Some(owners) = kernel.log.owners()
                    && let Err(error) = owners.release(key, kernel.node).await
                {
                    tracing::debug!(%error, room = %cell.code, "the lease runs out by itself");
                }
            }
            Keeper::Elsewhere if !ticks => self.time.keeper = Keeper::Unknown,
            _ => {}
        }
    }

    /// Keeps the room's time no more.
    pub(super) fn let_go(&mut self, cell: &Cell) {
        self.time = Time { keeper: Keeper::Elsewhere, ..Time::default() };
        cell.ticking.store(false, std::sync::atomic::Ordering::Relaxed);
        cell.kernel.ticker.remove(cell.code);
        if let Some(loaded) = self.hosted.as_mut() {
            loaded.room.keep_time(false);
        }
    }

    fn beat(&mut self, cell: &Arc<Cell>, now: Timestamp) {
        if !self.time.is_here() {
            return;
        }
        let Some(loaded) = self.hosted.as_mut() else {
            // Something went wrong with the last step; its task reads the room again.
            if !std::mem::replace(&mut self.time.woken, true) {
                let _ = cell.send(Message::Tick);
            }
            return;
        };
        let Some(pace) = loaded.room.ticks() else { return };
        self.time.towards_tick += pace.hz.min(crate::room::ticker::HZ);
        if self.time.towards_tick < crate::room::ticker::HZ {
            return;
        }
        self.time.towards_tick -= crate::room::ticker::HZ;
        self.time.ticks += 1;
        if loaded.room.advance(now) && !std::mem::replace(&mut self.time.woken, true) {
            let _ = cell.send(Message::Tick);
        }
        let version = loaded.room.version();
        for (seat, event, payload) in loaded.room.bots_at(self.time.ticks) {
            let _ = cell.send(Message::Bot { seat, version, command: Some((event, payload)) });
        }
        self.time.towards_frame += pace.frames_per_s.min(pace.hz);
        if self.time.towards_frame >= pace.hz {
            self.time.towards_frame %= pace.hz;
            self.show_frame(cell);
        }
    }

    /// Sends everybody what is between events, unless nothing has changed since the last time. A connection that is behind skips it.
    pub(super) fn show_frame(&mut self, cell: &Cell) {
        let Some(loaded) = self.hosted.as_ref().filter(|loaded| !loaded.room.status().is_lobby()) else { return };
        let Some(frame) = loaded.room.frame() else { return };
        if let Frame::ForAll(frame) = &frame {
            if self.time.shown.as_ref().is_some_and(|shown| shown.get() == frame.get()) {
                return;
            }
            self.time.shown = Some(frame.clone());
        }
        self.hand_out(&frame);
        self.show_elsewhere(cell, &frame);
    }

    /// Sends everybody the whole state of a ticking game that begins.
    pub(super) fn show_state(&self) {
        let Some(loaded) = self.hosted.as_ref().filter(|loaded| loaded.room.ticks().is_some()) else { return };
        for conn in self.conns.iter().filter(|conn| conn.since != Seq(u32::MAX)) {
            let state = loaded.room.state(loaded.room.viewer(Some(conn.player)));
            // Whoever does not take it has it from `connection_established`, or gets it by asking.
            let _ = conn.outlet.emit("game_state", &state);
        }
    }
}
