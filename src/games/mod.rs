//! The catalogue: one folder and one line per game.

pub mod backgammon;
pub mod codex;
pub mod draft;
pub mod pong;
pub mod tabletop;

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::chance::Seed;
use crate::game::command::{NotACommand, decode, names};
use crate::game::record::Format;
use crate::game::{Game, Past, Viewer};
use crate::id::{RoomCode, Seat, Seq};
use crate::log::{Row, Snapshot};
use crate::refusal::{Code, Refusal};
use crate::room::erased::{AnyRoom, Checked, Hosted, tell_row, verify};
use crate::room::fact::{Fact, Player};
use crate::room::history;
use crate::room::outbox::Outbox;
use crate::room::recorded::record;
use crate::room::settings::RoomSettings;
use crate::room::state::{BadLog, Room, parse};
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
        games: vec![
            register::<draft::DraftGame>(assets.draft, settings),
            register::<pong::Pong>((), settings),
            register::<codex::Codex>(assets.codex, settings),
            register::<backgammon::Backgammon>((), settings),
            register::<tabletop::Tabletop>((), settings),
        ],
    }
}

fn register<G: Game>(assets: G::Assets, settings: &Arc<RoomSettings>) -> Arc<dyn AnyGame> {
    let card = Card {
        name: G::NAME,
        namespace: format!("/{}", G::NAME),
        aliases: G::ALIASES,
        history: G::HISTORY,
        title: G::TITLE,
        summary: G::SUMMARY,
        seats: SeatsNeeded { min: *G::SEATS.start(), max: *G::SEATS.end() },
        spectators: G::SPECTATORS,
        images: G::IMAGES,
        commands: names::<G::Command>(),
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
    #[serde(skip)]
    pub history: &'static [&'static str],
    #[serde(skip)]
    pub aliases: &'static [(&'static str, &'static str)],
    pub title: &'static str,
    pub summary: &'static str,
    pub seats: SeatsNeeded,
    pub spectators: bool,
    /// Whether players may upload images.
    pub images: bool,
    /// The game's own events, as players send them.
    pub commands: &'static [&'static str],
    pub bots: &'static [&'static str],
    /// JSON Schema of `options`.
    pub options: serde_json::Value,
    pub default_options: serde_json::Value,
    /// The game's tables, as far as choosing options needs them.
    pub catalogue: serde_json::Value,
}

impl Card {
    /// Whether it is a game of two, and so moves ratings.
    pub fn is_rated(&self) -> bool {
        self.seats.max == 2
    }
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

    /// Whether `event` asks something about this game, rather than playing it.
    fn answers(&self, event: &str) -> bool;

    /// Answers a question; may take a second of work, and is no business of an async thread.
    ///
    /// # Errors
    /// When the question makes no sense, may not be asked, or the room's rows are not this game's.
    fn consult(&self, question: &str, payload: &RawValue, room: Option<Consulted<'_>>) -> Result<serde_json::Value, Refusal>;

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

    /// The formats of other programs in which a room of this game can be exported.
    fn exports(&self) -> &'static [Format];

    /// A log in one of these formats; `None` when it may not be shown yet, or the format is unknown.
    ///
    /// # Errors
    /// When the log is not this game's.
    fn export(&self, rows: &[Row], format: &str) -> Result<Option<String>, BadLog>;

    /// Every draw of a whole log, computed again.
    ///
    /// # Errors
    /// When the log does not hold together.
    fn verify(&self, rows: &[Row]) -> Result<Vec<Checked>, BadLog>;
}

/// A room that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Consulted<'a> {
    /// Its log, up to the event that is asked about.
    pub rows: &'a [Row],
    /// Whether its game is over by now.
    pub over: bool,
    /// The seat of the one who asks.
    pub seat: Option<Seat>,
}

struct Registered<G: Game> {
    card: Card,
    assets: Arc<G::Assets>,
    settings: Arc<RoomSettings>,
}

impl<G: Game> Registered<G> {
    fn host(&self, room: Room<G>) -> Box<dyn AnyRoom> {
        Box::new(Hosted { room, assets: Arc::clone(&self.assets), settings: Arc::clone(&self.settings), keeps_time: false })
    }
}

impl<G: Game> AnyGame for Registered<G> {
    fn card(&self) -> &Card {
        &self.card
    }

    fn knows(&self, event: &str) -> bool {
        self.answers(event) || !matches!(decode::<G::Command>(event, RawValue::NULL), Err(NotACommand::Unknown))
    }

    fn answers(&self, event: &str) -> bool {
        event == history::QUESTION || G::QUESTIONS.contains(&event)
    }

    fn consult(&self, question: &str, payload: &RawValue, room: Option<Consulted<'_>>) -> Result<serde_json::Value, Refusal> {
        let Some(Consulted { rows, over, seat }) = room else { return G::consult(question, payload, None) };
        let unreadable = |error: BadLog| {
            tracing::error!(%error, game = G::NAME, "a room cannot be read from its log");
            Refusal::new(Code::InternalError, "this room cannot be read")
        };
        let room = Room::<G>::fold(rows).map_err(unreadable)?;
        let events = round_of::<G>(rows).map_err(unreadable)?;
        G::consult(question, payload, Some(Past { events: &events, state: &room.game, over, seat }))
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

    fn exports(&self) -> &'static [Format] {
        G::EXPORTS
    }

    fn export(&self, rows: &[Row], format: &str) -> Result<Option<String>, BadLog> {
        Ok(record::<G>(rows)?.and_then(|record| G::export(&record, format)))
    }

    fn verify(&self, rows: &[Row]) -> Result<Vec<Checked>, BadLog> {
        verify::<G>(rows)
    }
}

/// The game's own events since the round began.
fn round_of<G: Game>(rows: &[Row]) -> Result<Vec<(Seq, G::Event)>, BadLog> {
    let mut events = vec![];
    for row in rows {
        match parse::<G>(row)? {
            Fact::Started { .. } | Fact::Reset { .. } => events.clear(),
            Fact::Played(event) => events.push((row.seq, event)),
            _ => {}
        }
    }
    Ok(events)
}
