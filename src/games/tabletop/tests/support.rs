//! A table to try things at.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::chance::{Chance, Seed};
use crate::game::command::decode;
use crate::game::{Draft, Game, Heard, Input, Participant, Roster, Viewer};
use crate::games::tabletop::{Command, Event, Options, Tabletop};
use crate::id::{PlayerId, Seat, Seq};
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;

pub struct People(pub Vec<Participant>);

impl Roster for People {
    fn participants(&self) -> Vec<Participant> {
        self.0.clone()
    }
}

/// A session with its log, in which time and luck are what the test says.
pub struct Table {
    pub state: Tabletop,
    pub log: Vec<(Seq, Event)>,
    pub people: People,
    pub seq: Seq,
    chance: Chance,
}

pub const SPECTATOR: Viewer = Viewer::Spectator;

pub fn seat(n: u8) -> Viewer {
    Viewer::Seat(Seat(n))
}

fn participant(n: u8) -> Participant {
    let player_id = PlayerId(uuid::Uuid::from_u128(u128::from(n) + 1));
    Participant { seat: Seat(n), player_id, nickname: format!("Player {n}"), here: true }
}

impl Table {
    /// A session that runs, with the DM in seat 0.
    pub fn of(players: u8) -> Self {
        Self::with(players, json!({}))
    }

    pub fn with(players: u8, options: Value) -> Self {
        let options: Options = serde_json::from_value(options).unwrap();
        let setup = Tabletop::setup(&options, 21, &()).unwrap();
        let mut table = Self {
            state: Tabletop::open(&setup),
            log: vec![],
            people: People((0..players).map(participant).collect()),
            seq: Seq(10),
            chance: Chance::new(Seed([7; 32]), [], 0),
        };
        table.decide(Input::Start).unwrap();
        table
    }

    pub fn decide(&mut self, input: Input<Command>) -> Result<(), Refusal> {
        let mut events = vec![];
        let now = Timestamp(1_000 * i64::from(self.seq.0));
        let draft = Draft::new(&mut self.state, &mut events, &mut self.chance, now, &());
        let mut draft = draft.with_roster(&self.people).after(self.seq);
        Tabletop::decide(&mut draft, input)?;
        for event in events {
            self.seq = self.seq.next();
            self.log.push((self.seq, event));
        }
        Ok(())
    }

    /// What a client in `from` sends.
    pub fn send(&mut self, from: u8, event: &str, payload: Value) -> Result<Seq, Refusal> {
        self.send_raw(from, event, &serde_json::value::to_raw_value(&payload).unwrap())
    }

    /// The same as it is written on the wire.
    pub fn send_raw(&mut self, from: u8, event: &str, payload: &RawValue) -> Result<Seq, Refusal> {
        let command = decode::<Command>(event, payload).map_err(|error| Refusal::invalid(error.to_string()))?;
        self.decide(Input::Play { seat: Seat(from), command })?;
        Ok(self.seq)
    }

    /// The number of the event that came of it.
    pub fn ok(&mut self, from: u8, event: &str, payload: Value) -> u32 {
        self.send(from, event, payload.clone()).unwrap_or_else(|refusal| panic!("{event} {payload}: {refusal}")).0
    }

    pub fn refused(&mut self, from: u8, event: &str, payload: Value) -> (Code, String) {
        let (before, seq) = (self.state.clone(), self.seq);
        let refusal = self.send(from, event, payload.clone()).expect_err(&format!("{event} {payload} should be refused"));
        assert_eq!((&self.state, self.seq), (&before, seq), "a refusal leaves nothing behind");
        (refusal.code, refusal.message.into_owned())
    }

    pub fn newcomer(&mut self, n: u8) {
        self.people.0.push(participant(n));
        self.decide(Input::Returned(Seat(n))).unwrap();
    }

    pub fn say(&mut self, from: Option<u8>, message: &str) -> u32 {
        self.seq = self.seq.next();
        let person = participant(from.unwrap_or(99));
        self.state.heard(Heard {
            seq: self.seq,
            at: Timestamp(0),
            player_id: person.player_id,
            nickname: &person.nickname,
            seat: from.map(Seat),
            message,
        });
        self.seq.0
    }

    pub fn view(&self, viewer: Viewer) -> Value {
        serde_json::to_value(self.state.view(viewer)).unwrap()
    }

    /// The last event as `viewer` is told it: its name and payload, or `hidden`.
    pub fn told(&self, viewer: Viewer) -> (&'static str, Value) {
        let (_, event) = self.log.last().expect("something happened");
        match Tabletop::notice(event, viewer) {
            Some(notice) => {
                let payload = serde_json::to_value(&notice).unwrap();
                (notice.into(), payload)
            }
            None => ("hidden", json!({})),
        }
    }

    /// Everything that `viewer` was ever told, and the state, as text.
    pub fn bytes(&self, viewer: Viewer) -> String {
        let told = self.log.iter().filter_map(|(_, event)| Tabletop::notice(event, viewer));
        let mut text: String = told.map(|notice| serde_json::to_string(&notice).unwrap()).collect();
        text.push_str(&self.view(viewer).to_string());
        text
    }
}
