//! Tabletop: a game master and up to twenty players around one table.
//!
//! `rules` has the events and says which part decides what: `talk` and `rolls` what is said and rolled, which `feed` remembers; `fight` and
//! `effects` what becomes of a `combat`; `board` what moves on the `map`; `sheets`, `polls`, and with `seats` the table itself. `people` says who
//! may see what, `notice` what viewers are told of events and `wire` what they ask for and are shown. For players and clients:
//! `docs/games/tabletop.md`.

mod board;
mod combat;
mod effects;
mod feed;
mod fight;
mod map;
mod notice;
mod people;
mod polls;
mod recap;
mod refusal;
mod rolls;
mod rules;
mod samples;
mod seats;
mod sheets;
mod talk;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::Draw;
use crate::game::{Draft, Game, Heard, Input, Outcome, Seats, Viewer};
use crate::id::Seat;
use crate::time::Timestamp;
use feed::{Entry, Item};
pub use map::Diagonals;
pub use notice::Notice;
use people::{Audience, Person, Role, Sitting};
pub use refusal::Refusal;
pub use rules::Event;
pub use wire::{Command, View};

/// How a table is run. The DM may change it while the session runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// What the session is called: up to 80 characters.
    #[schemars(length(max = 80))]
    pub title: String,
    /// Whether people without a seat may come in to watch.
    pub spectators: bool,
    /// Whether the DM reads whispers between players. Every whisper says so.
    #[schemars(title = "The DM reads whispers")]
    pub dm_reads_whispers: bool,
    /// Whether a character sheet is only for its owner and the DM.
    pub private_sheets: bool,
    /// Whether tokens of players may move no further per turn than their speed, in combat.
    pub enforce_speed: bool,
    /// Whether players may open polls.
    pub players_may_poll: bool,
    /// Whether players may share images.
    pub players_may_share: bool,
    /// How far a diagonal step is: one cell, or one and two by turns.
    pub diagonals: Diagonals,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: String::new(),
            spectators: true,
            dm_reads_whispers: false,
            private_sheets: false,
            enforce_speed: false,
            players_may_poll: true,
            players_may_share: true,
            diagonals: Diagonals::One,
        }
    }
}

/// The state of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tabletop {
    settings: Options,
    began: Option<Timestamp>,
    /// Everybody who has a seat, by seat.
    people: Vec<Sitting>,
    dm: Seat,
    co_dms: Seats,
    feed: feed::Feed,
    combat: combat::Combat,
    map: Option<map::Map>,
    fog: map::Fog,
    tokens: Vec<map::Token>,
    sheets: BTreeMap<Seat, sheets::Sheet>,
    polls: Vec<polls::Poll>,
    /// The longest combat, in rounds.
    rounds: u32,
    /// Twenties and ones on dice of twenty sides.
    best: u32,
    worst: u32,
    /// By whom, and why.
    ended: Option<(Person, String)>,
}

impl Game for Tabletop {
    const NAME: &'static str = "tabletop";
    const TITLE: &'static str = "Tabletop";
    const SUMMARY: &'static str = "A game master and up to twenty players: dice, chat, combat, and a map under fog.";
    const SEATS: RangeInclusive<u8> = 1..=21;
    const SECRETS: bool = true;
    const OPEN_SEATS: bool = true;
    const IMAGES: bool = true;
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("connection_established", "room_joined"), ("presence_update", "player_list"), ("room_left", "room_left")];
    const HISTORY: &'static [&'static str] =
        &["dice_roll", "dm_narration", "player_action", "whisper", "image_shared", "initiative_rolled"];
    // Nothing waits for anybody, so it costs nothing; and a session of hours is not over because everybody lost the line for a minute.
    const GRACE: Duration = Duration::from_secs(300);

    type Options = Options;
    type Assets = ();
    type Setup = Options;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, (): &()) -> Result<Options, Refusal> {
        let title = refusal::text("title", &options.title, 0, seats::TITLE_MAX)?;
        Ok(Options { title, ..options.clone() })
    }

    fn open(settings: &Options) -> Self {
        Self {
            settings: settings.clone(),
            began: None,
            people: vec![],
            dm: Seat::HOST,
            co_dms: Seats::NONE,
            feed: feed::Feed::default(),
            combat: combat::Combat::default(),
            map: None,
            fog: map::Fog::default(),
            tokens: vec![],
            sheets: BTreeMap::new(),
            polls: vec![],
            rounds: 0,
            best: 0,
            worst: 0,
            ended: None,
        }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        rules::decide(draft, input)
    }

    fn evolve(&mut self, event: &Event) {
        self.apply(event);
    }

    fn view(&self, viewer: Viewer) -> View {
        self.shown(viewer)
    }

    fn notice(event: &Event, viewer: Viewer) -> Option<Notice> {
        notice::tell(event, viewer)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.ended.as_ref().map(|(_, reason)| recap::outcome(self, reason))
    }

    /// Nobody is waited for.
    fn to_act(&self) -> Seats {
        Seats::NONE
    }

    /// What people say to all is a part of the table.
    fn heard(&mut self, said: Heard<'_>) {
        let seated = said.seat.and_then(|seat| self.sitting(seat)).map(|sitting| self.person_of(sitting));
        let by = seated.unwrap_or_else(|| Person {
            player_id: said.player_id,
            nickname: said.nickname.to_owned(),
            seat: said.seat,
            role: said.seat.map_or(Role::Spectator, |seat| self.role_of(seat)),
            character_name: None,
        });
        let item = Item::Chat { message: said.message.to_owned() };
        let entry = Entry { seq: said.seq, at: said.at, by, audience: Audience::All, blind: None, item, reactions: vec![] };
        self.remember(&entry);
    }

    fn watchable(&self) -> bool {
        self.settings.spectators
    }

    fn role(seat: Seat) -> &'static str {
        if seat == Seat::HOST { "dm" } else { "player" }
    }

    fn role_now(&self, seat: Seat) -> &'static str {
        self.role_of(seat).into()
    }

    /// A co-DM may take the seat of a DM who dropped: that cannot wait for the grace period.
    fn linked(draft: &mut Draft<'_, Self>, seat: Seat, here: bool) {
        seats::linked(draft, seat, here);
    }

    /// The first thing that anybody does begins the session.
    fn starts(_command: &Command) -> bool {
        true
    }

    /// A sample of a continuum.
    fn legal(&self, seat: Seat) -> Vec<Command> {
        samples::legal(self, seat)
    }

    fn draws(&self, event: &Event) -> Vec<Draw> {
        let roll = match event {
            Event::Told { entry } => match &entry.item {
                Item::Roll(rolled) => rolled.roll.as_ref(),
                _ => None,
            },
            Event::InitiativeRolled { rolled, .. } => rolled.roll.as_ref(),
            _ => None,
        };
        roll.map(rolls::draws).unwrap_or_default()
    }

    fn with_other_secrets(&self, of: Seat) -> Option<Self> {
        samples::with_other_secrets(self, of)
    }
}
