//! Pong: two paddles, one ball, in real time. The server simulates sixty times a second; what players do and who scored is logged, and
//! everything in between follows from that.
//!
//! `physics` moves ball and paddles, `rules` says what may be done and when the time runs, `wire` holds the words that clients see,
//! `bot` plays along. All of it is described for players and clients in `docs/games/pong.md`.

mod bot;
pub mod physics;
mod rules;
#[cfg(test)]
mod tests;
pub mod wire;

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::Draw;
use crate::game::{Draft, Game, Input, Outcome, Pace, Seats, Viewer};
use crate::id::Seat;
use crate::time::Timestamp;

use physics::{Court, HZ, Intent};
pub use rules::{Event, PAUSE_MAX, PAUSES, READY_STEADY, Refusal, Running};
use wire::{ClockView, FieldView, PausedView, Phase, PlayerView, Side, Stop};
pub use wire::{Command, Notice, View};

/// Frames per second, unless the host chooses otherwise.
const FRAMES_PER_S: u16 = 30;

/// What the host may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// Who has this many points first wins: 1 to 21.
    #[schemars(range(min = 1, max = 21))]
    pub points: u32,
    /// Frames that everybody is sent per second: 5 to 60.
    #[schemars(range(min = 5, max = 60))]
    pub frames_per_s: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { points: 11, frames_per_s: FRAMES_PER_S }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Player {
    score: u32,
    ready: bool,
    /// The connection dropped.
    away: bool,
    /// Left, or did not come back in time.
    absent: bool,
    /// Pauses asked for.
    pauses: u8,
}

impl Player {
    fn is_gone(&self) -> bool {
        self.away || self.absent
    }
}

/// The state of a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pong {
    setup: Options,
    phase: Phase,
    court: Court,
    /// By seat: left, right.
    players: [Player; 2],
    /// Whose pause it is, and when it ends by itself.
    asked: Option<(Seat, Timestamp)>,
    /// `None` while the time stands.
    running: Option<Running>,
    /// Who won otherwise than by points, and how.
    decided: Option<(Seat, String)>,
}

fn other(seat: Seat) -> Seat {
    if seat == Seat::HOST { Seat(1) } else { Seat::HOST }
}

impl Game for Pong {
    const NAME: &'static str = "pong";
    const TITLE: &'static str = "Pong";
    const SUMMARY: &'static str = "Two paddles and a ball, in real time: get it past the other side.";
    const SEATS: RangeInclusive<u8> = 2..=2;
    const BOTS: &'static [&'static str] = bot::LEVELS;
    const PACE: Pace = Pace::Ticks { hz: HZ };

    type Options = Options;
    type Assets = ();
    type Setup = Options;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, _assets: &()) -> Result<Options, Refusal> {
        if !(1..=21).contains(&options.points) {
            return Err(Refusal::Points);
        }
        if !(5..=60).contains(&options.frames_per_s) {
            return Err(Refusal::Frames);
        }
        Ok(options.clone())
    }

    fn open(setup: &Options) -> Self {
        Self {
            setup: setup.clone(),
            phase: Phase::Pending,
            court: Court::default(),
            players: [Player::default(); 2],
            asked: None,
            running: None,
            decided: None,
        }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        rules::decide(draft, input)
    }

    fn linked(draft: &mut Draft<'_, Self>, seat: Seat, here: bool) {
        rules::linked(draft, seat, here);
    }

    fn starts(command: &Command) -> bool {
        *command == Command::PlayerReady
    }

    fn evolve(&mut self, event: &Event) {
        self.apply(event);
    }

    fn advance(&mut self, to: Timestamp) {
        if let Some(running) = self.running {
            self.court.run_to(running.tick_at(to));
        }
    }

    fn simulated(&self) -> Option<Timestamp> {
        // A goal waits for being noted, not for time.
        self.running.filter(|_| self.court.goal.is_none()).map(|running| running.time_of(self.court.tick))
    }

    fn wake_at(&self) -> Option<Timestamp> {
        if self.phase != Phase::Active {
            return None;
        }
        match self.court.goal {
            Some(_) => Some(self.running.map_or(Timestamp(0), |running| running.time_of(self.court.tick))),
            None => self.asked.map(|(_, until)| until),
        }
    }

    fn frame(&self, viewer: Viewer) -> Option<View> {
        Some(View { field: None, ..self.view(viewer) })
    }

    fn frames_per_s(&self) -> u16 {
        self.setup.frames_per_s
    }

    fn reaction(level: &str) -> Duration {
        bot::reaction(level)
    }

    fn view(&self, _viewer: Viewer) -> View {
        let player = |n: usize| {
            let (player, paddle) = (self.players[n], self.court.paddles[n]);
            PlayerView {
                y: paddle.y,
                score: player.score,
                ready: player.ready,
                direction: paddle.intent.direction(paddle.y),
                target: if let Intent::To(y) = paddle.intent { Some(y) } else { None },
                online: !player.is_gone(),
                pauses_left: PAUSES.saturating_sub(player.pauses),
            }
        };
        View {
            phase: self.phase,
            tick: self.court.tick,
            field: Some(FieldView::new(self.setup.points, self.setup.frames_per_s)),
            ball: self.court.ball,
            left: player(0),
            right: player(1),
            rally: self.court.rally,
            serve_tick: self.court.serve.map(|(tick, _)| tick),
            clock: self.running.map(|running| ClockView { tick: running.tick, at: running.at }),
            paused: self.stop().map(|(reason, seat)| PausedView { reason, side: Side::of(seat) }),
            winner: self.winner().map(Side::of),
        }
    }

    fn notice(event: &Event, _viewer: Viewer) -> Option<Notice> {
        Some(match event {
            Event::Ready { seat } => Notice::PlayerReady { side: Side::of(*seat), seat: *seat },
            Event::Began { at, serve } => {
                Notice::MatchBegan { at: *at, serve_to: Side::of(serve.to), serve_tick: physics::SERVE_DELAY }
            }
            Event::Moved { seat, tick, intent } => Notice::PlayerMoved {
                side: Side::of(*seat),
                seat: *seat,
                tick: *tick,
                direction: (!matches!(intent, Intent::To(_))).then(|| intent.direction(0)),
                y: if let Intent::To(y) = intent { Some(*y) } else { None },
            },
            Event::Goal { seat, tick, left, right, serve } => Notice::ScoreUpdate {
                scorer: Side::of(*seat),
                left: *left,
                right: *right,
                tick: *tick,
                serve_to: wire::served(*serve),
                serve_tick: serve.map(|_| tick.saturating_add(physics::SERVE_DELAY)),
            },
            Event::Paused { seat, tick, .. } => Notice::GamePaused { side: Side::of(*seat), reason: Stop::Asked, tick: *tick },
            Event::Away { seat, tick } => Notice::GamePaused { side: Side::of(*seat), reason: Stop::Away, tick: *tick },
            Event::Absent { seat, tick } => Notice::GamePaused { side: Side::of(*seat), reason: Stop::Absent, tick: *tick },
            Event::Resumed { tick, at } | Event::Back { tick, at, .. } => Notice::GameResumed { tick: *tick, at: *at },
            Event::Continued { tick, at } => Notice::GameResumed { tick: *tick, at: Some(*at) },
            Event::Claimed { seat, .. } => Notice::WinClaimed { side: Side::of(*seat) },
            Event::Forfeited { seat, .. } => {
                let player_role = Self::role(*seat);
                Notice::PlayerForfeited { side: Side::of(*seat), player_role }
            }
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        self.outcome_now()
    }

    fn to_act(&self) -> Seats {
        self.waited_for()
    }

    fn legal(&self, seat: Seat) -> Vec<Command> {
        self.legal_commands(seat)
    }

    fn draws(&self, event: &Event) -> Vec<Draw> {
        self.claimed_draws(event)
    }

    fn bot(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
        bot::choose(view, Side::of(seat), level, luck)
    }
}
