//! What may be done when, and what comes of it.

use serde::{Deserialize, Serialize};

use super::physics::{self, HZ, Intent, SLOPES, Serve};
use super::wire::{Action, Command, Phase, Side, Stop};
use super::{Pong, other};
use crate::chance::Draw;
use crate::game::{Draft, Game, Input, Outcome, STALL, Seats};
use crate::id::Seat;
use crate::refusal::{Code, Refused};
use crate::time::Timestamp;

/// Pauses that each player may ask for in a match: enough for a door bell and a phone, too few to break the rhythm of a rally.
pub const PAUSES: u8 = 3;
/// How long a pause may last before the time goes on by itself: nobody is kept waiting for ever.
pub const PAUSE_MAX: std::time::Duration = std::time::Duration::from_secs(120);
/// How long after a pause, or after the second player is ready, the time goes on: eyes and hands need that.
pub const READY_STEADY: std::time::Duration = std::time::Duration::from_millis(1_500);

/// What happened. In the log for ever: only ever add fields with defaults.
///
/// `tick` is when it happened; the state before it is reached by simulating up to there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Ready {
        seat: Seat,
    },
    /// Both are ready: tick 0 is at `at`.
    Began {
        at: Timestamp,
        serve: Serve,
    },
    Moved {
        seat: Seat,
        tick: u32,
        intent: Intent,
    },
    /// `seat` scored. The next serve is towards the other, none after the last point.
    Goal {
        seat: Seat,
        tick: u32,
        left: u32,
        right: u32,
        serve: Option<Serve>,
    },
    Paused {
        seat: Seat,
        tick: u32,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// The pause that somebody asked for is over, by asking or by itself; the time goes on at `at` unless somebody is away.
    Resumed {
        tick: u32,
        at: Option<Timestamp>,
    },
    /// A player's connection dropped: the time stands still.
    Away {
        seat: Seat,
        tick: u32,
    },
    /// A player is there again; the time goes on at `at` unless something else holds it.
    Back {
        seat: Seat,
        tick: u32,
        at: Option<Timestamp>,
    },
    /// A player left or did not come back in time.
    Absent {
        seat: Seat,
        tick: u32,
    },
    /// Nobody simulated for a while (the server stood still, or another took over): it goes on from where it was.
    Continued {
        tick: u32,
        at: Timestamp,
    },
    Claimed {
        seat: Seat,
        tick: u32,
    },
    Forfeited {
        seat: Seat,
        tick: u32,
    },
}

/// Why something may not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("`points` is from 1 to 21")]
    Points,
    #[error("`frames_per_s` is from 5 to 60")]
    Frames,
    #[error("player_move has either a `direction` of -1, 0 or 1, or a `y`")]
    NotAMove,
    #[error("you are not one of the players")]
    NotAPlayer,
    #[error("the match has begun already")]
    Begun,
    #[error("the match begins when both players are ready")]
    NotBegun,
    #[error("the match is over")]
    Over,
    #[error("the match stands still already")]
    Paused,
    #[error("you have used all your pauses")]
    NoPausesLeft,
    #[error("nobody asked for a pause")]
    NotPaused,
    #[error("your opponent is still in the match")]
    NotGone,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Points | Self::Frames | Self::NotAMove => Code::ValidationError,
            Self::NotAPlayer => Code::NotInGame,
            Self::NotBegun => Code::NotReady,
            Self::Over => Code::RoomUnavailable,
            Self::Begun | Self::Paused | Self::NoPausesLeft | Self::NotPaused | Self::NotGone => Code::IllegalMove,
        }
    }
}

pub fn decide(draft: &mut Draft<'_, Pong>, input: Input<Command>) -> Result<(), Refusal> {
    match input {
        Input::Start => Ok(()),
        Input::Play { seat, command } => {
            if seat.0 > 1 {
                return Err(Refusal::NotAPlayer);
            }
            if draft.phase == Phase::Finished {
                return Err(Refusal::Over);
            }
            match command {
                Command::PlayerReady => ready(draft, seat),
                Command::PlayerMove { direction, y } => move_paddle(draft, seat, intent(direction, y)?),
                Command::GameAction { action } => act(draft, seat, action),
            }
        }
        Input::Absent(seat) => {
            let news = draft.players.get(seat.index()).is_some_and(|player| !player.absent);
            if news && draft.phase != Phase::Finished {
                let tick = draft.court.tick;
                draft.record(Event::Absent { seat, tick });
            }
            Ok(())
        }
        Input::Returned(seat) => {
            linked(draft, seat, true);
            Ok(())
        }
        Input::Wake => {
            wake(draft);
            Ok(())
        }
    }
}

/// A player's connection dropped, or is there again.
pub fn linked(draft: &mut Draft<'_, Pong>, seat: Seat, here: bool) {
    let Some(player) = draft.players.get(seat.index()).copied() else { return };
    let tick = draft.court.tick;
    if draft.phase == Phase::Finished || (player.away || player.absent) != here {
        return;
    }
    if here {
        let others_hold = draft.asked.is_some() || draft.players[other(seat).index()].is_gone();
        let at = (draft.phase == Phase::Active && !others_hold).then(|| draft.now() + READY_STEADY);
        draft.record(Event::Back { seat, tick, at });
    } else {
        draft.record(Event::Away { seat, tick });
    }
}

fn ready(draft: &mut Draft<'_, Pong>, seat: Seat) -> Result<(), Refusal> {
    if draft.phase != Phase::Pending {
        return Err(Refusal::Begun);
    }
    if draft.players[seat.index()].ready {
        return Ok(());
    }
    draft.record(Event::Ready { seat });
    if draft.players.iter().all(|player| player.ready) {
        let to = if draft.draw(2) == 0 { Seat::HOST } else { Seat(1) };
        let serve = Serve { to, slope: draft.draw(SLOPES) };
        let at = draft.now() + READY_STEADY;
        draft.record(Event::Began { at, serve });
    }
    Ok(())
}

fn intent(direction: Option<i8>, y: Option<f64>) -> Result<Intent, Refusal> {
    match (direction, y) {
        (Some(0), None) => Ok(Intent::Rest),
        (Some(-1), None) => Ok(Intent::Up),
        (Some(1), None) => Ok(Intent::Down),
        // The cast saturates, and what is outside is brought inside.
        (None, Some(y)) if y.is_finite() => Ok(Intent::To(physics::reachable(y.round() as i32))),
        _ => Err(Refusal::NotAMove),
    }
}

fn move_paddle(draft: &mut Draft<'_, Pong>, seat: Seat, intent: Intent) -> Result<(), Refusal> {
    if draft.phase == Phase::Pending {
        return Err(Refusal::NotBegun);
    }
    // A key let go during a pause counts, or the paddle would run off when the time goes on.
    if draft.court.paddles[seat.index()].intent != intent {
        let tick = draft.court.tick;
        draft.record(Event::Moved { seat, tick, intent });
    }
    Ok(())
}

fn act(draft: &mut Draft<'_, Pong>, seat: Seat, action: Action) -> Result<(), Refusal> {
    let tick = draft.court.tick;
    match action {
        Action::Pause => {
            if draft.phase == Phase::Pending {
                return Err(Refusal::NotBegun);
            }
            if draft.is_held() {
                return Err(Refusal::Paused);
            }
            if draft.players[seat.index()].pauses >= PAUSES {
                return Err(Refusal::NoPausesLeft);
            }
            let until = draft.now() + PAUSE_MAX;
            draft.record(Event::Paused { seat, tick, until });
        }
        Action::Resume => {
            if draft.asked.is_none() {
                return Err(Refusal::NotPaused);
            }
            resume(draft);
        }
        Action::ClaimWin => {
            if !draft.players[other(seat).index()].absent {
                return Err(Refusal::NotGone);
            }
            draft.record(Event::Claimed { seat, tick });
        }
        Action::Forfeit => draft.record(Event::Forfeited { seat, tick }),
    }
    Ok(())
}

fn resume(draft: &mut Draft<'_, Pong>) {
    let somebody_gone = draft.players.iter().any(|player| player.is_gone());
    let at = (!somebody_gone).then(|| draft.now() + READY_STEADY);
    let tick = draft.court.tick;
    draft.record(Event::Resumed { tick, at });
}

fn wake(draft: &mut Draft<'_, Pong>) {
    let tick = draft.court.tick;
    if let Some(seat) = draft.court.goal {
        let mut scores = draft.players.map(|player| player.score);
        scores[seat.index().min(1)] += 1;
        let over = scores.iter().any(|score| *score >= draft.setup.points);
        let serve = (!over).then(|| Serve { to: other(seat), slope: draft.draw(SLOPES) });
        draft.record(Event::Goal { seat, tick, left: scores[0], right: scores[1], serve });
    } else if draft.asked.is_some_and(|(_, until)| until <= draft.now()) {
        resume(draft);
    } else if draft.simulated().is_some_and(|at| draft.now().since(at) > STALL) {
        let at = draft.now() + READY_STEADY;
        draft.record(Event::Continued { tick, at });
    }
}

/// The time: from `tick` at `at` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub tick: u32,
    pub at: Timestamp,
}

impl Running {
    /// The tick that has come by `now`.
    pub fn tick_at(self, now: Timestamp) -> u32 {
        let ticks = (now.0 - self.at.0).max(0).saturating_mul(i64::from(HZ)) / 1_000;
        u32::try_from(ticks).unwrap_or(u32::MAX).saturating_add(self.tick)
    }

    /// The first moment of a tick.
    pub fn time_of(self, tick: u32) -> Timestamp {
        let ticks = i64::from(tick.saturating_sub(self.tick));
        Timestamp(
            self.at.0.saturating_add((ticks * 1_000).div_euclid(i64::from(HZ)) + i64::from(ticks * 1_000 % i64::from(HZ) != 0)),
        )
    }
}

impl Pong {
    pub(super) fn apply(&mut self, event: &Event) {
        if let Some(tick) = event.tick() {
            self.court.run_to(tick);
            // In a log of other rules the way there may have ended earlier: what is logged is what happened.
            self.court.tick = tick;
        }
        match event {
            Event::Ready { seat } => self.of(*seat).ready = true,
            Event::Began { at, serve } => {
                self.phase = Phase::Active;
                self.court.serve_next(Some(*serve));
                self.go_on(Some(*at));
            }
            Event::Moved { seat, intent, .. } => self.court.paddles[seat.index().min(1)].intent = *intent,
            Event::Goal { left, right, serve, .. } => {
                (self.players[0].score, self.players[1].score) = (*left, *right);
                self.court.serve_next(*serve);
                if serve.is_none() {
                    self.finish();
                }
            }
            Event::Paused { seat, until, .. } => {
                self.of(*seat).pauses = self.of(*seat).pauses.saturating_add(1);
                self.asked = Some((*seat, *until));
                self.running = None;
            }
            Event::Resumed { at, .. } => {
                self.asked = None;
                self.go_on(*at);
            }
            Event::Away { seat, .. } => {
                self.of(*seat).away = true;
                self.running = None;
            }
            Event::Absent { seat, .. } => {
                (self.of(*seat).away, self.of(*seat).absent) = (true, true);
                self.running = None;
            }
            Event::Back { seat, at, .. } => {
                (self.of(*seat).away, self.of(*seat).absent) = (false, false);
                self.go_on(*at);
            }
            Event::Continued { at, .. } => self.go_on(Some(*at)),
            Event::Claimed { seat, .. } => self.won_by(*seat, "claimed the win"),
            Event::Forfeited { seat, .. } => self.won_by(other(*seat), "won: the other side gave up"),
        }
    }

    fn of(&mut self, seat: Seat) -> &mut super::Player {
        &mut self.players[seat.index().min(1)]
    }

    fn go_on(&mut self, at: Option<Timestamp>) {
        let may = self.phase == Phase::Active && !self.is_held();
        self.running = at.filter(|_| may).map(|at| Running { tick: self.court.tick, at });
    }

    fn finish(&mut self) {
        self.phase = Phase::Finished;
        self.asked = None;
        self.running = None;
    }

    fn won_by(&mut self, seat: Seat, how: &str) {
        self.decided = Some((Seat(seat.0.min(1)), how.to_owned()));
        self.finish();
    }

    /// Whether somebody holds the time of a match: by a pause, or by not being there.
    pub(super) fn is_held(&self) -> bool {
        self.asked.is_some() || self.players.iter().any(|player| player.is_gone())
    }

    pub(super) fn winner(&self) -> Option<Seat> {
        if self.phase != Phase::Finished {
            return None;
        }
        let [left, right] = self.players.map(|player| player.score);
        let by_score = if right > left { Seat(1) } else { Seat::HOST };
        Some(self.decided.as_ref().map_or(by_score, |(seat, _)| *seat))
    }

    pub(super) fn outcome_now(&self) -> Option<Outcome> {
        let winner = self.winner()?;
        let [left, right] = self.players.map(|player| player.score);
        let side = if winner == Seat::HOST { "Left" } else { "Right" };
        let reason = match &self.decided {
            Some((_, how)) => format!("{side} {how}"),
            None => format!("{side} won {} to {}", left.max(right), left.min(right)),
        };
        let results = serde_json::json!({
            "winner": Side::of(winner),
            "left": { "score": left },
            "right": { "score": right },
            "ticks": self.court.tick,
        });
        Some(Outcome { reason, winners: vec![winner], results })
    }

    pub(super) fn waited_for(&self) -> Seats {
        if self.phase != Phase::Pending {
            return Seats::NONE;
        }
        let unready = self.players.iter().zip(0..).filter(|(player, _)| !player.ready).map(|(_, n)| Seat(n));
        unready.fold(Seats::NONE, Seats::with)
    }

    pub(super) fn legal_commands(&self, seat: Seat) -> Vec<Command> {
        let Some(player) = self.players.get(seat.index()).filter(|_| self.phase != Phase::Finished) else { return vec![] };
        let action = |action| Command::GameAction { action };
        let mut legal = Vec::new();
        if self.phase == Phase::Pending {
            legal.push(Command::PlayerReady);
        } else {
            legal.extend((-1..=1).map(|direction| Command::PlayerMove { direction: Some(direction), y: None }));
            // Every place is legal; these are enough to stand before any ball.
            legal.extend(places().map(|y| Command::PlayerMove { direction: None, y: Some(f64::from(y)) }));
            if !self.is_held() && player.pauses < PAUSES {
                legal.push(action(Action::Pause));
            }
        }
        if self.asked.is_some() {
            legal.push(action(Action::Resume));
        }
        if self.players[other(seat).index()].absent {
            legal.push(action(Action::ClaimWin));
        }
        // Giving up is open to everybody at any time; listed, it would be chosen.
        legal
    }

    /// The draws of an event; a goal that the moves do not lead to claims one that no seed gives.
    pub(super) fn claimed_draws(&self, event: &Event) -> Vec<Draw> {
        match event {
            Event::Began { serve, .. } => {
                vec![Draw { sides: 2, value: u32::from(serve.to.0) }, Draw { sides: SLOPES, value: serve.slope }]
            }
            Event::Goal { seat, tick, serve, .. } => {
                let mut court = self.court.clone();
                court.run_to(*tick);
                if (court.goal, court.tick) != (Some(*seat), *tick) {
                    return vec![Draw { sides: SLOPES, value: u32::MAX }];
                }
                serve.iter().map(|serve| Draw { sides: SLOPES, value: serve.slope }).collect()
            }
            _ => vec![],
        }
    }

    /// Why the time of a match stands still, and on whose account.
    pub(super) fn stop(&self) -> Option<(Stop, Seat)> {
        if self.phase != Phase::Active {
            return None;
        }
        let gone = |seat: Seat| {
            let player = self.players[seat.index()];
            match (player.absent, player.away) {
                (true, _) => Some((Stop::Absent, seat)),
                (_, true) => Some((Stop::Away, seat)),
                _ => None,
            }
        };
        gone(Seat::HOST).or_else(|| gone(Seat(1))).or(self.asked.map(|(seat, _)| (Stop::Asked, seat)))
    }
}

/// Places to send a paddle to, evenly over what it can reach.
pub(super) fn places() -> impl Iterator<Item = i32> {
    const COUNT: i32 = 24;
    let (first, last) = (physics::PADDLE_HALF, physics::HEIGHT - physics::PADDLE_HALF);
    (0..=COUNT).map(move |n| first + (last - first) * n / COUNT)
}

impl Event {
    fn tick(&self) -> Option<u32> {
        match self {
            Event::Ready { .. } | Event::Began { .. } => None,
            Event::Moved { tick, .. }
            | Event::Goal { tick, .. }
            | Event::Paused { tick, .. }
            | Event::Resumed { tick, .. }
            | Event::Away { tick, .. }
            | Event::Back { tick, .. }
            | Event::Absent { tick, .. }
            | Event::Continued { tick, .. }
            | Event::Claimed { tick, .. }
            | Event::Forfeited { tick, .. } => Some(*tick),
        }
    }
}
