//! Games played at random, without a server.

use std::time::Duration;

use parlor::chance::{Chance, Seed};
use parlor::game::record::Record;
use parlor::game::{Draft, Game, Input};
use parlor::games::backgammon::{Backgammon, Command, Event, Options, Setup, View};
use parlor::id::Seat;
use parlor::time::Timestamp;

/// A room's game, and what happened in it.
pub struct Played {
    pub setup: Setup,
    pub state: Backgammon,
    pub events: Vec<Event>,
    chance: Chance,
    luck: Chance,
    now: Timestamp,
}

impl Played {
    pub fn start(options: &Options, seed: u8) -> Self {
        let setup = Backgammon::setup(options, 2, &()).unwrap();
        let state = Backgammon::open(&setup);
        let chance = Chance::new(Seed([seed; 32]), ["a", "b"], 0);
        let luck = Chance::new(Seed([seed; 32]), ["players"], 0);
        let mut played = Self { setup, state, events: vec![], chance, luck, now: Timestamp(1_790_000_000_000) };
        played.decide(Input::Start);
        played
    }

    fn decide(&mut self, input: Input<Command>) {
        self.now = self.now + Duration::from_millis(700);
        let mut draft = Draft::new(&mut self.state, &mut self.events, &mut self.chance, self.now, &());
        Backgammon::decide(&mut draft, input).unwrap();
    }

    pub fn view(&self) -> View {
        self.state.view(parlor::game::Viewer::Spectator)
    }

    /// One random thing that somebody may do. What ends games early is done rarely.
    pub fn step(&mut self) -> bool {
        let Some(seat) = self.state.to_act().iter().next() else { return false };
        let other = Seat(1 - seat.0);
        let seat = if self.luck.draw(40).value == 0 { other } else { seat };
        let mut legal = self.state.legal(seat);
        let rare = |command: &Command| {
            matches!(command, Command::Resign { .. } | Command::AcceptResign | Command::DeclineDouble | Command::Undo)
        };
        if self.luck.draw(25).value != 0 && legal.iter().any(|command| !rare(command)) {
            legal.retain(|command| !rare(command));
        }
        let doubling = legal.contains(&Command::OfferDouble) && self.luck.draw(8).value != 0;
        legal.retain(|command| !doubling || *command != Command::OfferDouble);
        if !legal.is_empty() {
            let at = self.luck.draw(u32::try_from(legal.len()).unwrap()).value as usize;
            self.decide(Input::Play { seat, command: legal.swap_remove(at) });
        }
        true
    }

    /// To the end.
    pub fn finish(mut self) -> Self {
        while self.step() {}
        assert!(self.state.outcome().is_some());
        self
    }

    pub fn record(&self) -> Record<Backgammon> {
        Record {
            code: "BCDFGH".parse().unwrap(),
            opened_at: self.now,
            setup: self.setup.clone(),
            players: vec![(Seat(0), "Ada [x]:] L.".to_owned()), (Seat(1), "Bo\\)".to_owned())],
            events: self.events.clone(),
        }
    }
}
