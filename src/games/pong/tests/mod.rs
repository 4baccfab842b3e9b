mod bots;
mod physics;
mod rules;

use super::physics::{Intent, Serve};
use super::{Event, Options, Pong};
use crate::chance::{Chance, Seed};
use crate::game::conform::{self, Trial, conform};
use crate::game::{Draft, Game, Input, STALL};
use crate::id::Seat;
use crate::time::Timestamp;

use super::{Command, Refusal};

pub(super) const LEFT: Seat = Seat(0);
pub(super) const RIGHT: Seat = Seat(1);
/// Tick 0 of the matches here.
pub(super) const AT: Timestamp = Timestamp(1_700_000_000_000);

pub(super) fn after(ms: i64) -> Timestamp {
    Timestamp(AT.0 + ms)
}

/// A match to `points`, with luck of its own, played as a room plays it.
pub(super) struct Table {
    pub game: Pong,
    pub log: Vec<Event>,
    chance: Chance,
}

impl Table {
    pub fn new(points: u32) -> Self {
        let setup = Pong::setup(&Options { points, ..Options::default() }, 2, &()).unwrap();
        Self { game: Pong::open(&setup), log: vec![], chance: Chance::new(Seed([7; 32]), [], 0) }
    }

    /// Both are ready, so that tick 0 is at [`AT`], and the first ball goes as `serve` says.
    pub fn begun(points: u32, serve: Serve) -> Self {
        let mut table = Self::new(points);
        for event in [Event::Ready { seat: LEFT }, Event::Ready { seat: RIGHT }, Event::Began { at: AT, serve }] {
            table.game.evolve(&event);
            table.log.push(event);
        }
        table
    }

    pub fn ask(&mut self, now: Timestamp, input: Input<Command>) -> Result<(), Refusal> {
        self.run(now);
        self.decide(now, |draft| Pong::decide(draft, input))
    }

    pub fn play(&mut self, now: Timestamp, seat: Seat, command: Command) -> Result<(), Refusal> {
        self.ask(now, Input::Play { seat, command })
    }

    pub fn linked(&mut self, now: Timestamp, seat: Seat, here: bool) {
        self.run(now);
        self.decide(now, |draft| {
            Pong::linked(draft, seat, here);
            Ok(())
        })
        .unwrap();
    }

    /// Lets time pass, and notes what it brings.
    pub fn run(&mut self, now: Timestamp) {
        loop {
            let stalled = self.game.simulated().is_some_and(|at| now.since(at) > STALL);
            if !stalled {
                self.game.advance(now);
            }
            if !stalled && self.game.wake_at().is_none_or(|at| at > now) {
                return;
            }
            self.decide(now, |draft| Pong::decide(draft, Input::Wake)).unwrap();
        }
    }

    /// As [`Table::run`] from tick to tick, so that nothing stalls.
    pub fn watch(&mut self, until: Timestamp) {
        let mut now = self.game.simulated().unwrap_or(AT);
        while now < until && self.game.outcome().is_none() {
            now = Timestamp(now.0 + 16);
            self.run(now);
        }
    }

    fn decide(&mut self, now: Timestamp, ask: impl FnOnce(&mut Draft<'_, Pong>) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut events = vec![];
        let mut draft = Draft::new(&mut self.game, &mut events, &mut self.chance, now, &());
        let done = ask(&mut draft);
        self.log.extend(events);
        done
    }

    /// What the log alone comes to.
    pub fn replayed(&self) -> Pong {
        let mut game = Pong::open(&self.game.setup);
        self.log.iter().for_each(|event| game.evolve(event));
        game
    }
}

pub(super) fn towards(y: i32) -> Command {
    Command::PlayerMove { direction: None, y: Some(f64::from(y)) }
}

pub(super) fn moved(seat: Seat, tick: u32, intent: Intent) -> Event {
    Event::Moved { seat, tick, intent }
}

#[test]
fn pong_keeps_the_laws_of_all_games() {
    let report = conform::<Pong>(6).unwrap();
    assert!(report.ended >= 24 && report.draws > 100 && report.refused > 1_000, "{report:?}");
}

#[test]
fn the_laws_hold_for_short_and_long_matches() {
    for (points, frames_per_s) in [(1, 5), (3, 60), (21, 30)] {
        let options = Options { points, frames_per_s };
        for seed in 100..102 {
            conform::check(&Trial::<Pong> { options: &options, assets: &(), seats: 2, seed, bound: Some(20_000) }).unwrap();
        }
    }
}
