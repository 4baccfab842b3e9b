//! Who is here and who is gone, and what is due: grace periods, deadlines, and games that move by themselves.

use crate::game::{Game, Input, Pace, STALL};
use crate::id::{PlayerId, Seat};
use crate::log::Status;
use crate::room::decide::{Env, Failed};
use crate::room::fact::{Fact, Leaving};
use crate::room::outbox::Outbox;
use crate::room::state::{Link, Occupant, Room};
use crate::time::Timestamp;

/// What time brings in one step at most: goals and the like in a second of catching up.
const CATCH_UP_MAX: usize = 64;

impl<G: Game> Room<G> {
    /// Notes who is here and who is not: `online(player)` says whether any connection of theirs is open.
    pub fn reconcile(&mut self, online: impl Fn(PlayerId) -> bool, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        let changes: Vec<(Seat, PlayerId, Link, bool)> = self
            .humans()
            .map(|(seat, o)| (seat, o.player.id, o.link, online(o.player.id)))
            .filter(|(_, _, link, online)| (*link == Link::Here) != *online)
            .collect();
        if !changes.is_empty() {
            self.keep_up(env, out)?;
        }
        for (seat, player, link, online) in changes {
            let lobby = self.status.is_lobby();
            let grace = if lobby { env.settings.lobby_grace } else { env.settings.grace_of::<G>() };
            match (link, online) {
                (Link::Here, false) => {
                    let grace_ends_at = env.now + grace;
                    self.record(Fact::Disconnected { seat, player, grace_ends_at }, env.now, out);
                    self.linked(seat, false, env, out)?;
                }
                (Link::Grace { .. } | Link::Absent, true) => {
                    self.record(Fact::Reconnected { seat, player }, env.now, out);
                    self.linked(seat, true, env, out)?;
                    if link == Link::Absent && self.status == Status::InProgress {
                        self.play(Input::Returned(seat), env, out)?;
                    }
                }
                _ => {}
            }
        }
        self.due(env, out)
    }

    /// After a restart: nobody forfeits for it. Grace begins again for those who were here, and is stretched for those in it; but among
    /// other nodes only when it had run out and nobody saw it: else they were there to come back to. Who is connected to another node
    /// noticed nothing.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn interrupted(
        &mut self,
        elsewhere: impl Fn(PlayerId) -> bool,
        alone: bool,
        booted_at: Timestamp,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<(), Failed> {
        if self.last_at >= booted_at || self.status.is_over() {
            return Ok(());
        }
        let grace = env.settings.restart_grace.max(env.settings.grace_of::<G>());
        let again = booted_at.max(env.now) + grace;
        let seats: Vec<_> = self
            .humans()
            .filter(|(_, o)| match o.link {
                Link::Here => !elsewhere(o.player.id),
                Link::Grace { ends_at } if alone => ends_at < again,
                Link::Grace { ends_at } => ends_at <= booted_at,
                Link::Absent => false,
            })
            .map(|(seat, o)| (seat, o.player.id))
            .collect();
        for (seat, player) in seats {
            self.record(Fact::Disconnected { seat, player, grace_ends_at: again }, env.now, out);
            self.linked(seat, false, env, out)?;
        }
        Ok(())
    }

    /// Simulates a ticking game up to now, and logs what time brings on the way. Afterwards nothing is due, unless another node has to
    /// log it.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn keep_up(&mut self, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        if G::PACE == Pace::Turns {
            return Ok(());
        }
        for _ in 0..CATCH_UP_MAX {
            if self.status != Status::InProgress {
                return Ok(());
            }
            self.advance(env.now);
            if !env.keeps_time || !self.is_due(env.now) {
                return Ok(());
            }
            let before = self.seq;
            self.play(Input::Wake, env, out)?;
            if self.seq == before {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Simulates a ticking game up to `now`; what has to be logged on the way stops it.
    pub fn advance(&mut self, now: Timestamp) {
        if self.status == Status::InProgress && !self.is_stalled(now) {
            self.game.advance(now);
        }
    }

    pub(super) fn is_stalled(&self, now: Timestamp) -> bool {
        self.game.simulated().is_some_and(|at| now.since(at) > STALL)
    }

    /// Whether the game wants to be woken now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == Status::InProgress && (self.is_stalled(now) || self.game.wake_at().is_some_and(|at| at <= now))
    }

    /// Tells a running game that a player's connection dropped, or is there again.
    pub(super) fn linked(&mut self, seat: Seat, here: bool, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        if self.status != Status::InProgress {
            return Ok(());
        }
        self.decide(env, out, |draft| {
            G::linked(draft, seat, here);
            Ok(())
        })
    }

    /// Does what is due by now.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn due(&mut self, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        let over = |o: &Occupant| matches!(o.link, Link::Grace { ends_at } if ends_at <= env.now);
        let lost: Vec<_> = self.humans().filter(|(_, o)| over(o)).map(|(seat, o)| (seat, o.player.clone())).collect();
        match self.status {
            Status::Waiting | Status::Ready => {
                if self.lobby_since + env.settings.lobby_expiry <= env.now {
                    self.abandon("The room expired", env, out);
                    return Ok(());
                }
                for (seat, player) in lost.into_iter().filter(|(seat, _)| *seat != Seat::HOST) {
                    self.record(Fact::Left { seat, player, cause: Leaving::Absent, promoted: None }, env.now, out);
                }
            }
            Status::InProgress => {
                self.keep_up(env, out)?;
                if !lost.is_empty() && self.status == Status::InProgress {
                    if self.anybody_here() {
                        for (seat, player) in lost {
                            if self.status == Status::InProgress {
                                self.lose(seat, player.id, env, out)?;
                            }
                        }
                    } else if self.humans().all(|(_, o)| o.link == Link::Absent || over(o)) {
                        self.abandon("Everybody left", env, out);
                    }
                }
                if self.status == Status::InProgress && self.game.wake_at().is_some_and(|at| at <= env.now) {
                    self.play(Input::Wake, env, out)?;
                }
            }
            Status::Completed | Status::Abandoned => {}
        }
        Ok(())
    }

    /// Nobody goes on with it. Whoever was in it may still see that its luck was fair.
    pub(super) fn abandon(&mut self, reason: &str, env: &Env<G>, out: &mut Outbox) {
        self.record(Fact::Abandoned { reason: reason.to_owned(), seed: Some(self.seed) }, env.now, out);
    }

    pub(super) fn lose(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        self.record(Fact::Lost { seat, player }, env.now, out);
        self.play(Input::Absent(seat), env, out)
    }
}
