//! What a game is: a state that decides and evolves. Pure: no I/O, no clock and no luck of its own.
//!
//! A game is one folder under `games/`: its rules here, its words for the wire in the types `Command` and `Notice`. Everything else
//! (rooms, presence, resume, replay, spectators, both transports, HTTP) comes with implementing [`Game`].

pub mod command;
pub mod conform;
pub mod record;

use std::fmt::Debug;
use std::ops::{Deref, RangeInclusive};
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chance::{Chance, Draw};
use crate::id::{PlayerId, Seat, Seq};
use crate::refusal::{Code, Refusal, Refused};
use crate::time::Timestamp;

/// One game's rules; `Self` is the state. Values in, values out.
///
/// Facts are logged, not requests: [`decide`](Game::decide) turns a request into events or refuses it, [`evolve`](Game::evolve) applies
/// an event and never refuses, so that a log can always be replayed, also after the rules were mended.
pub trait Game: Sized + Clone + PartialEq + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The namespace without its slash; stored in logs and URLs.
    const NAME: &'static str;
    /// What people call it.
    const TITLE: &'static str;
    /// One sentence for the page where games are chosen.
    const SUMMARY: &'static str;
    /// How many players a room may seat.
    const SEATS: RangeInclusive<u8>;
    /// Whether people without a seat may watch.
    const SPECTATORS: bool = true;
    /// Whether viewers see different things. When not, one encoding of each event serves everybody.
    const SECRETS: bool = false;
    /// Whether a free seat may be taken while the game runs. Whoever takes one comes as [`Input::Returned`], and
    /// [`Draft::participants`] says who it is.
    const OPEN_SEATS: bool = false;
    /// Whether players may upload images for those at the table; the game's events say who is shown which.
    const IMAGES: bool = false;
    /// Other names under which this game's clients expect an event that tells one socket about its room: `connection_established`,
    /// `presence_update` when it enters, and `room_left`, which is sent under no other name.
    const ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// How long a dropped player has to come back.
    const GRACE: Duration = Duration::from_secs(10);
    /// The levels of this game's bots, weakest first; empty when it has none.
    const BOTS: &'static [&'static str] = &[];
    /// Whether time moves the game on by itself.
    const PACE: Pace = Pace::Turns;

    /// What may be asked about this game beside playing it, by the names of the events that ask.
    const QUESTIONS: &'static [&'static str] = &[];

    /// The names of its events that are a part of a room's `history`, beside what is said in the chat.
    const HISTORY: &'static [&'static str] = &[];

    /// What the host may choose. Every field has a default.
    type Options: Serialize + DeserializeOwned + JsonSchema + Default + Clone + PartialEq + Debug + Send + Sync;
    /// Read-only tables that the rules consult, such as a catalogue. `Default` is what ships with the game.
    type Assets: Default + Send + Sync + 'static;
    /// What `Options` and `Assets` come to: logged, so that replaying needs neither.
    type Setup: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync;
    /// What a player may ask for. An externally tagged enum in `snake_case`: a variant's name is the event's name on the wire.
    type Command: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send;
    /// What happened. Logged as JSON for ever: only ever add fields with defaults.
    type Event: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync;
    /// The state as a viewer may know it.
    type View: Serialize + Clone + Send;
    /// An event as a viewer may know it: serialises to its payload, and its name is the wire's event name.
    type Notice: Serialize + Into<&'static str>;
    type Refusal: Refused;

    /// Resolves options against the assets, before a room opens and again when the host starts with others.
    ///
    /// # Errors
    /// When the options name something that does not exist.
    fn setup(options: &Self::Options, seats: u8, assets: &Self::Assets) -> Result<Self::Setup, Self::Refusal>;

    /// The state before the start.
    fn open(setup: &Self::Setup) -> Self;

    /// Decides what a request comes to, recording events on `draft`. Refuse before recording: a refusal leaves nothing behind.
    ///
    /// # Errors
    /// A typed reason when the rules do not allow it.
    fn decide(draft: &mut Draft<'_, Self>, input: Input<Self::Command>) -> Result<(), Self::Refusal>;

    /// Applies an event. Total: whatever the log says happened, happened.
    fn evolve(&mut self, event: &Self::Event);

    /// An allow-list of what the viewer may know.
    fn view(&self, viewer: Viewer) -> Self::View;

    /// `event` as the viewer may know it; `None` when not even its name may be told. From the event alone, so that what was missed is
    /// told from the log without folding it: an event carries what its notice says.
    fn notice(event: &Self::Event, viewer: Viewer) -> Option<Self::Notice>;

    /// `Some` once the game is over.
    fn outcome(&self) -> Option<Outcome>;

    /// Whose move it is.
    fn to_act(&self) -> Seats;

    /// When the game wants an [`Input::Wake`]. It comes from the state, so it survives a crash.
    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    /// Ticking games: simulates up to `to`, and not beyond a moment that has to be logged ([`Game::wake_at`] names it then). By integers
    /// only, so that every machine comes to the same: `advance(a)` and then `advance(b)` is `advance(b)`.
    fn advance(&mut self, _to: Timestamp) {}

    /// Ticking games: up to when the state is simulated, while time runs in it. When that lies [`STALL`] behind, the room asks the game to
    /// [`Wake`](Input::Wake) instead of advancing it: nobody played in that time.
    fn simulated(&self) -> Option<Timestamp> {
        None
    }

    /// Ticking games: what viewers are sent between events, unlogged, as `game_update`.
    fn frame(&self, _viewer: Viewer) -> Option<Self::View> {
        None
    }

    /// Ticking games: how many frames viewers are sent per second.
    fn frames_per_s(&self) -> u16 {
        30
    }

    /// Ticking games: how often a bot of this level acts.
    fn reaction(_level: &str) -> Duration {
        Duration::from_millis(200)
    }

    /// The connection of the player in `seat` dropped, or is there again. Grace has only begun: after it comes [`Input::Absent`]. For games
    /// that wait meanwhile.
    fn linked(_draft: &mut Draft<'_, Self>, _seat: Seat, _here: bool) {}

    /// Somebody said something to all, in the chat that every room has. Total, as [`evolve`](Game::evolve) is. For games whose state shows it.
    fn heard(&mut self, _said: Heard<'_>) {}

    /// Whether people without a seat may come in to watch now.
    fn watchable(&self) -> bool {
        Self::SPECTATORS
    }

    /// What the wire calls the player in `seat` now, in games where that changes.
    fn role_now(&self, seat: Seat) -> &'static str {
        Self::role(seat)
    }

    /// Whether `command` in a lobby where all needed seats are taken starts the game, as the host's `start_game` does.
    fn starts(_command: &Self::Command) -> bool {
        false
    }

    /// Every command that would be accepted from `seat` now, or of a continuum those that a bot chooses from.
    fn legal(&self, seat: Seat) -> Vec<Self::Command>;

    /// The draws that `event` claims to have made, seen from the state before it: what `verify` holds against the revealed seed.
    fn draws(&self, _event: &Self::Event) -> Vec<Draw> {
        vec![]
    }

    /// A bot's choice. It sees what a player in `seat` sees and nothing else; `luck(n)` is uniform in `0..n`.
    fn bot(_view: &Self::View, _seat: Seat, _level: &str, _luck: &mut dyn FnMut(u32) -> u32) -> Option<Self::Command> {
        None
    }

    /// Answers one of [`QUESTIONS`](Game::QUESTIONS) with a JSON object, about a room when there is one, else from the payload alone. It runs
    /// on a thread of its own, beside the game, and may take up to a second or so; it must have a bound.
    ///
    /// # Errors
    /// When the question makes no sense, or this may not be asked of this room now.
    fn consult(_question: &str, _payload: &RawValue, _room: Option<Past<'_, Self>>) -> Result<serde_json::Value, Refusal> {
        Err(Refusal::new(Code::UnknownEvent, "this game answers no questions"))
    }

    /// The part of the assets that a page needs for offering the options: what `GET /api/games` shows of them.
    fn catalogue(_assets: &Self::Assets) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// The formats of other programs that [`export`](Game::export) knows.
    const EXPORTS: &'static [record::Format] = &[];

    /// The record of a game in one of [`EXPORTS`](Game::EXPORTS), by its name.
    fn export(_record: &record::Record<Self>, _format: &str) -> Option<String> {
        None
    }

    /// What the wire calls a player in `seat`.
    fn role(seat: Seat) -> &'static str {
        match (*Self::SEATS.end(), seat) {
            (2, Seat::HOST) => "host",
            (2, _) => "guest",
            _ => "player",
        }
    }

    /// The same state with other secrets in `seat`'s hands, for the property suite; `None` when nothing is hidden.
    fn with_other_secrets(&self, _of: Seat) -> Option<Self> {
        None
    }
}

/// How a game moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Only when somebody does something, or a deadline passes.
    Turns,
    /// So many times a second. See [`Game::advance`].
    Ticks { hz: u16 },
}

/// A ticking game that was not simulated for this long is not caught up with: players could not see or do anything meanwhile.
pub const STALL: Duration = Duration::from_secs(1);

/// What a game is asked to decide.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<C> {
    /// The host starts; all needed seats are taken.
    Start,
    Play {
        seat: Seat,
        command: C,
    },
    /// A player left, or did not come back in time.
    Absent(Seat),
    /// A player who was absent is back; in games with [`Game::OPEN_SEATS`], also one who has just taken a free seat.
    Returned(Seat),
    /// The time that [`Game::wake_at`] named has come.
    Wake,
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Viewer {
    Seat(Seat),
    Spectator,
    /// Finished games and staff.
    Omniscient,
}

/// What a room has been through, up to the event that is asked about.
#[derive(Debug)]
pub struct Past<'a, G: Game> {
    /// The events of the round, with their numbers in the log.
    pub events: &'a [(Seq, G::Event)],
    /// The state after them.
    pub state: &'a G,
    /// Whether the room's game is over by now.
    pub over: bool,
    /// The seat of the one who asks.
    pub seat: Option<Seat>,
}

// Derived, these would ask that the game be `Copy`.
impl<G: Game> Clone for Past<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: Game> Copy for Past<'_, G> {}

/// A line of the room's chat.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    pub seq: Seq,
    pub at: Timestamp,
    pub player_id: PlayerId,
    pub nickname: &'a str,
    /// Nobody's for spectators.
    pub seat: Option<Seat>,
    pub message: &'a str,
}

/// How a game ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// A short sentence for people.
    pub reason: String,
    /// Nobody: a draw.
    pub winners: Vec<Seat>,
    /// The game's own account of it, as the wire shows it.
    pub results: serde_json::Value,
}

/// A set of seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seats(u32);

impl Seats {
    pub const NONE: Seats = Seats(0);

    pub fn one(seat: Seat) -> Self {
        Self::default().with(seat)
    }

    /// The first `count` seats.
    pub fn first(count: u8) -> Self {
        (0..count).fold(Self::NONE, |seats, n| seats.with(Seat(n)))
    }

    #[must_use]
    pub fn with(self, seat: Seat) -> Self {
        Self(self.0 | 1u32.checked_shl(u32::from(seat.0)).unwrap_or(0))
    }

    #[must_use]
    pub fn without(self, seat: Seat) -> Self {
        Self(self.0 & !Self::one(seat).0)
    }

    pub fn contains(self, seat: Seat) -> bool {
        self.0 & 1u32.checked_shl(u32::from(seat.0)).unwrap_or(0) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Seat> {
        (0..32).map(Seat).filter(move |&seat| self.contains(seat))
    }
}

/// Who holds a seat, as the rules may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub seat: Seat,
    pub player_id: PlayerId,
    pub nickname: String,
    /// Whether the player is connected, or may still come back in time.
    pub here: bool,
}

/// Who holds the seats of a room: asked only when a game wants to know.
pub trait Roster {
    /// In the order of their seats.
    fn participants(&self) -> Vec<Participant>;
}

/// A decision in the making: the state so far, which evolves with every event recorded, and the only clock and luck there are.
pub struct Draft<'a, G: Game> {
    state: &'a mut G,
    events: &'a mut Vec<G::Event>,
    chance: &'a mut Chance,
    now: Timestamp,
    assets: &'a G::Assets,
    roster: Option<&'a dyn Roster>,
    last: Seq,
}

impl<'a, G: Game> Draft<'a, G> {
    pub fn new(
        state: &'a mut G,
        events: &'a mut Vec<G::Event>,
        chance: &'a mut Chance,
        now: Timestamp,
        assets: &'a G::Assets,
    ) -> Self {
        Self { state, events, chance, now, assets, roster: None, last: Seq(0) }
    }

    /// With the people around the table.
    #[must_use]
    pub fn with_roster(self, roster: &'a dyn Roster) -> Self {
        Self { roster: Some(roster), ..self }
    }

    /// After event number `last` of the room's log.
    #[must_use]
    pub fn after(self, last: Seq) -> Self {
        Self { last, ..self }
    }

    /// The number that the next event recorded has in the room's log: a name for what it makes, which clients know already.
    pub fn seq(&self) -> Seq {
        let recorded = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        Seq(self.last.0.saturating_add(recorded).saturating_add(1))
    }

    /// Who holds the seats: for games that play with as many as came, or that speak of players by name. What of it matters later belongs
    /// into an event.
    pub fn participants(&self) -> Vec<Participant> {
        self.roster.map(Roster::participants).unwrap_or_default()
    }

    /// Applies `event` and keeps it for the log.
    pub fn record(&mut self, event: G::Event) {
        self.state.evolve(&event);
        self.events.push(event);
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A provable draw, uniform in `0..sides`. [`Game::draws`] must claim it for the event that comes of it.
    pub fn draw(&mut self, sides: u32) -> u32 {
        self.chance.draw(sides).value
    }

    pub fn assets(&self) -> &'a G::Assets {
        self.assets
    }
}

impl<G: Game> Deref for Draft<'_, G> {
    type Target = G;
    fn deref(&self) -> &G {
        self.state
    }
}
