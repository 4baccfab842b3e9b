//! The catalogue: one folder and one line per game.

pub mod codex;
pub mod draft;

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::chance::Seed;
use crate::game::command::{NotACommand, decode};
use crate::game::{Game, Viewer};
use crate::id::{RoomCode, Seat};
use crate::log::{Row, Snapshot};
use crate::refusal::Refusal;
use crate::room::decide::Outbox;
use crate::room::erased::{AnyRoom, Checked, Hosted, tell_row, verify};
use crate::room::fact::{Fact, Player};
use crate::room::settings::RoomSettings;
use crate::room::state::{BadLog, Room};
use crate::room::told::Told;
use crate::time::Timestamp;

/// What the games need from outside.
#[derive(Default)]
pub struct Assets {
    pub draft: draft::Catalogue,
    pub codex: codex::Shelf,
}

/// Every game there is. A new game is one more line here.
pub fn catalogue(assets: Assets, settings: &Arc<RoomSettings>) -> Catalogue {
    Catalogue {
        games: vec![register::<draft::DraftGame>(assets.draft, settings), register::<codex::Codex>(assets.codex, settings)],
    }
}

fn register<G: Game>(assets: G::Assets, settings: &Arc<RoomSettings>) -> Arc<dyn AnyGame> {
    let card = Card {
        name: G::NAME,
        namespace: format!("/{}", G::NAME),
        title: G::TITLE,
        summary: G::SUMMARY,
        seats: SeatsNeeded { min: *G::SEATS.start(), max: *G::SEATS.end() },
        spectators: G::SPECTATORS,
        bots: G::BOTS,
        options: serde_json::Value::from(schemars::schema_for!(G::Options)),
        default_options: serde_json::to_value(G::Options::default()).unwrap_or_default(),
        catalogue: G::catalogue(&assets),
    };
    Arc::new(Registered::<G> { card, assets: Arc::new(assets), settings: Arc::clone(settings) })
}

/// The games of this server.
pub struct Catalogue {
    games: Vec<Arc<dyn AnyGame>>,
}

impl Catalogue {
    pub fn find(&self, name: &str) -> Option<&Arc<dyn AnyGame>> {
        self.games.iter().find(|game| game.card().name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn AnyGame>> {
        self.games.iter()
    }
}

/// What is to be known of a game before playing it.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub name: &'static str,
    pub namespace: String,
    pub title: &'static str,
    pub summary: &'static str,
    pub seats: SeatsNeeded,
    pub spectators: bool,
    pub bots: &'static [&'static str],
    /// JSON Schema of `options`.
    pub options: serde_json::Value,
    pub default_options: serde_json::Value,
    /// The game's tables, as far as choosing options needs them.
    pub catalogue: serde_json::Value,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct SeatsNeeded {
    pub min: u8,
    pub max: u8,
}

/// A wish for a room.
#[derive(Debug)]
pub struct Opening {
    pub code: RoomCode,
    pub options: Box<RawValue>,
    /// How many seats; the game's most when absent.
    pub seats: Option<u8>,
    pub players: Vec<(Seat, Player, Option<String>)>,
    pub follows: Option<RoomCode>,
    pub now: Timestamp,
}

/// A game without its type.
pub trait AnyGame: Send + Sync {
    fn card(&self) -> &Card;

    /// Whether players of this game may send `event`.
    fn knows(&self, event: &str) -> bool;

    /// A new room and its first events.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when the options or seats are not this game's.
    fn open(&self, opening: Opening) -> Result<(Box<dyn AnyRoom>, Outbox), Refusal>;

    /// A room from its snapshot, or from its first events when there is none.
    ///
    /// # Errors
    /// When these are not this game's.
    fn load(&self, snapshot: Option<&Snapshot>, rows: &[Row]) -> Result<Box<dyn AnyRoom>, BadLog>;

    /// A row as `viewer` is told of it.
    ///
    /// # Errors
    /// When the row is not this game's.
    fn tell(&self, row: &Row, viewer: Viewer) -> Result<Told, BadLog>;

    /// Every draw of a whole log, computed again.
    ///
    /// # Errors
    /// When the log does not hold together.
    fn verify(&self, rows: &[Row]) -> Result<Vec<Checked>, BadLog>;
}

struct Registered<G: Game> {
    card: Card,
    assets: Arc<G::Assets>,
    settings: Arc<RoomSettings>,
}

impl<G: Game> Registered<G> {
    fn host(&self, room: Room<G>) -> Box<dyn AnyRoom> {
        Box::new(Hosted { room, assets: Arc::clone(&self.assets), settings: Arc::clone(&self.settings) })
    }
}

impl<G: Game> AnyGame for Registered<G> {
    fn card(&self) -> &Card {
        &self.card
    }

    fn knows(&self, event: &str) -> bool {
        !matches!(decode::<G::Command>(event, RawValue::NULL), Err(NotACommand::Unknown))
    }

    fn open(&self, opening: Opening) -> Result<(Box<dyn AnyRoom>, Outbox), Refusal> {
        let range = G::SEATS;
        let seats = opening.seats.unwrap_or(*range.end());
        if !range.contains(&seats) {
            let message = format!("{} seats {} to {} players", G::TITLE, range.start(), range.end());
            return Err(Refusal::invalid(message));
        }
        let options: G::Options = serde_json::from_str(opening.options.get()).map_err(|error| {
            let text = error.to_string();
            let end = text.rfind(" at line ").unwrap_or(text.len());
            Refusal::invalid(format!("options: {}", &text[..end]))
        })?;
        let setup = G::setup(&options, seats, &self.assets).map_err(Refusal::from)?;
        let Opening { code, follows, now, .. } = opening;
        let opened = Fact::<G>::Opened { code, seats, options, setup, seed: Seed::random(), follows };
        let mut out = Outbox::default();
        let mut room = Room::open(opened, now, &mut out);
        for (seat, player, client_seed) in opening.players {
            if let Some(seed) = &client_seed {
                crate::room::decide::check_client_seed(seed)?;
            }
            room.record(Fact::Joined { seat, player, client_seed }, now, &mut out);
        }
        Ok((self.host(room), out))
    }

    fn load(&self, snapshot: Option<&Snapshot>, rows: &[Row]) -> Result<Box<dyn AnyRoom>, BadLog> {
        let room = match snapshot.map(|snapshot| serde_json::from_str::<Room<G>>(&snapshot.body)) {
            Some(Ok(mut room)) => {
                rows.iter().try_for_each(|row| room.follow(row).map(drop))?;
                room
            }
            // A snapshot of an older shape is no loss: the caller reads the log from the start.
            Some(Err(source)) => return Err(BadLog::Unreadable { seq: snapshot.map(|s| s.seq).unwrap_or_default(), source }),
            None => Room::fold(rows)?,
        };
        Ok(self.host(room))
    }

    fn tell(&self, row: &Row, viewer: Viewer) -> Result<Told, BadLog> {
        tell_row::<G>(row, viewer)
    }

    fn verify(&self, rows: &[Row]) -> Result<Vec<Checked>, BadLog> {
        verify::<G>(rows)
    }
}
