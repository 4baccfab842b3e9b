//! Nim: two players take counters by turns, one to three at a time. Who takes the last one wins.

use std::ops::RangeInclusive;

use parlor::chance::Draw;
use parlor::game::{Draft, Game, Input, Outcome, Seats, Viewer};
use parlor::id::Seat;
use parlor::refusal::{Code, Refused};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What the host may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// Counters on the table at the start: 4 to 100.
    pub counters: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { counters: 21 }
    }
}

/// What a player may ask for: the event `take` with the payload `{ "count": 2 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Take { count: u32 },
}

/// What happened. In the log for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Began { first: Seat },
    Took { seat: Seat, count: u32, left: u32 },
    Forfeited { seat: Seat },
}

/// What clients are told: the events `nim_began`, `counters_taken` and `player_forfeited`.
#[derive(Clone, Debug, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    NimBegan { first: Seat },
    CountersTaken { seat: Seat, count: u32, left: u32 },
    PlayerForfeited { seat: Seat },
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("counters should be 4 to 100")]
    Counters,
    #[error("it is the other player's turn")]
    NotYourTurn,
    #[error("take 1 to 3 counters, and no more than there are")]
    Count,
    #[error("the game is not running")]
    NotRunning,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Counters => Code::ValidationError,
            Self::NotYourTurn => Code::NotYourTurn,
            Self::Count => Code::IllegalMove,
            Self::NotRunning => Code::NotReady,
        }
    }
}

/// The state of a game.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nim {
    left: u32,
    /// Whose turn it is; nobody's before the start and after the end.
    turn: Option<Seat>,
    winner: Option<Seat>,
}

/// The state as everybody sees it.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    pub left: u32,
    pub current_turn: Option<Seat>,
}

impl Game for Nim {
    const NAME: &'static str = "nim";
    const TITLE: &'static str = "Nim";
    const SUMMARY: &'static str = "Take one to three counters by turns: who takes the last one wins.";
    const SEATS: RangeInclusive<u8> = 2..=2;
    const BOTS: &'static [&'static str] = &["perfect"];

    type Options = Options;
    type Assets = ();
    type Setup = Options;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, _assets: &()) -> Result<Options, Refusal> {
        if (4..=100).contains(&options.counters) { Ok(options.clone()) } else { Err(Refusal::Counters) }
    }

    fn open(setup: &Options) -> Self {
        Self { left: setup.counters, turn: None, winner: None }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        match input {
            Input::Start => {
                let first = if draft.draw(2) == 0 { Seat::HOST } else { Seat(1) };
                draft.record(Event::Began { first });
            }
            Input::Play { seat, command: Command::Take { count } } => {
                let turn = draft.turn.ok_or(Refusal::NotRunning)?;
                if turn != seat {
                    return Err(Refusal::NotYourTurn);
                }
                if !(1..=draft.left.min(3)).contains(&count) {
                    return Err(Refusal::Count);
                }
                let left = draft.left - count;
                draft.record(Event::Took { seat, count, left });
            }
            Input::Absent(seat) if draft.turn.is_some() => draft.record(Event::Forfeited { seat }),
            Input::Absent(_) | Input::Returned(_) | Input::Wake => {}
        }
        Ok(())
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Began { first } => self.turn = Some(*first),
            Event::Took { seat, left, .. } => {
                self.left = *left;
                let over = *left == 0;
                self.turn = (!over).then_some(other(*seat));
                self.winner = over.then_some(*seat);
            }
            Event::Forfeited { seat } => {
                self.turn = None;
                self.winner = Some(other(*seat));
            }
        }
    }

    fn view(&self, _viewer: Viewer) -> View {
        View { left: self.left, current_turn: self.turn }
    }

    fn notice(event: &Event, _viewer: Viewer) -> Option<Notice> {
        Some(match *event {
            Event::Began { first } => Notice::NimBegan { first },
            Event::Took { seat, count, left } => Notice::CountersTaken { seat, count, left },
            Event::Forfeited { seat } => Notice::PlayerForfeited { seat },
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        let winner = self.winner?;
        let reason = if self.left == 0 { "The last counter was taken" } else { "The other player left" };
        Some(Outcome { reason: reason.into(), winners: vec![winner], results: serde_json::json!({ "winner": Self::role(winner) }) })
    }

    fn to_act(&self) -> Seats {
        self.turn.map_or(Seats::NONE, Seats::one)
    }

    fn legal(&self, seat: Seat) -> Vec<Command> {
        if self.turn != Some(seat) {
            return vec![];
        }
        (1..=self.left.min(3)).map(|count| Command::Take { count }).collect()
    }

    fn draws(&self, event: &Event) -> Vec<Draw> {
        match event {
            Event::Began { first } => vec![Draw { sides: 2, value: u32::from(first.0) }],
            Event::Took { .. } | Event::Forfeited { .. } => vec![],
        }
    }

    fn bot(view: &View, seat: Seat, _level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
        if view.current_turn != Some(seat) {
            return None;
        }
        // Whoever leaves a multiple of four wins; who cannot takes one and hopes, sometimes two.
        let count = match view.left % 4 {
            0 => 1 + luck(2),
            rest => rest,
        };
        Some(Command::Take { count })
    }
}

fn other(seat: Seat) -> Seat {
    if seat == Seat::HOST { Seat(1) } else { Seat::HOST }
}
