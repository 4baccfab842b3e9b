//! A room read from its log. Nothing is woken and nothing is written, so this works beside a running server.

use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app;
use crate::chance::Seed;
use crate::config::Config;
use crate::game::Viewer;
use crate::games::{AnyGame, catalogue};
use crate::id::{RoomCode, Seq};
use crate::log::{EventLog, Row, StoredRoom};
use crate::room::state::BadLog;

/// Rows read at once.
const PAGE: u32 = 2_000;
/// How often a room that a server writes to meanwhile is read again, to see its head and its log at one moment.
const TRIES: u32 = 5;

pub struct Reading {
    pub stored: StoredRoom,
    pub rows: Vec<Row>,
    pub game: Arc<dyn AnyGame>,
}

impl Reading {
    /// # Errors
    /// When there is no such room or no database, or it cannot be read.
    pub async fn of(code: RoomCode, config: &Config) -> anyhow::Result<Self> {
        let games = catalogue(app::assets(config)?, &Arc::new(app::room_settings(config)));
        let log = app::open_log_to_read(config).await?;
        let read = read(&*log, code).await;
        log.close().await;
        let (stored, rows) = read?;
        let game = games.find(&stored.game).cloned();
        let game = game.with_context(|| format!("this program does not have the room's game, {}", stored.game))?;
        Ok(Self { stored, rows, game })
    }

    /// A row's event as `viewer` is told of it: its name and its payload.
    ///
    /// # Errors
    /// When the row is not this game's.
    pub fn told(&self, row: &Row, viewer: Viewer) -> Result<(&'static str, Map<String, Value>), BadLog> {
        let told = self.game.tell(row, viewer)?;
        let payload = serde_json::from_str(told.payload.get());
        Ok((told.event, payload.map_err(|source| BadLog::Unreadable { seq: row.seq, source })?))
    }

    /// What each round promised about its luck, and what was shown of it. From what players are told, so that no secret can slip in.
    ///
    /// # Errors
    /// When a row is not this game's.
    pub fn rounds(&self) -> Result<Vec<Round>, BadLog> {
        let mut rounds: Vec<Round> = Vec::new();
        for row in &self.rows {
            let (event, payload) = self.told(row, Viewer::Spectator)?;
            let text = |key| payload.get(key).and_then(Value::as_str).map(str::to_owned);
            match event {
                "room_opened" | "game_reset" => {
                    rounds.push(Round { seed_hash: text("seed_hash").unwrap_or_default(), seed: None, shown_at: None });
                }
                "game_ended" => {
                    if let (Some(round), Some(seed)) = (rounds.last_mut(), text("seed")) {
                        (round.seed, round.shown_at) = (Some(seed), Some(row.seq));
                    }
                }
                _ => {}
            }
        }
        Ok(rounds)
    }
}

/// The luck of one round, as far as it was told.
#[derive(Debug, Serialize)]
pub struct Round {
    /// Told before the first draw.
    pub seed_hash: String,
    /// Told when the game ended or was abandoned; absent before that.
    pub seed: Option<String>,
    /// The event that told it.
    pub shown_at: Option<Seq>,
}

impl Round {
    /// Whether the seed that was shown is the one that was promised; `None` when none was shown.
    pub fn is_kept(&self) -> Option<bool> {
        let seed = self.seed.as_ref()?;
        Some(seed.parse::<Seed>().is_ok_and(|seed| seed.hash().to_string() == self.seed_hash))
    }
}

async fn read(log: &dyn EventLog, code: RoomCode) -> anyhow::Result<(StoredRoom, Vec<Row>)> {
    let missing = || format!("there is no room {code}");
    let mut stored = log.room(code).await?.with_context(missing)?;
    for _ in 0..TRIES {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let page = log.rows(stored.key, rows.last().map_or(Seq(0), |row| row.seq), PAGE).await?;
            let last = page.len() < PAGE as usize;
            rows.extend(page);
            if last {
                break;
            }
        }
        let now = log.room(code).await?.with_context(missing)?;
        if now == stored {
            return Ok((stored, rows));
        }
        stored = now;
    }
    bail!("room {code} is changing too fast to be read; try again")
}
