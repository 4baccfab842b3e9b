//! Rooms as the store has them: read when nobody has them in memory, or when somebody looks back.

use std::sync::Arc;

use crate::games::AnyGame;
use crate::id::{RoomCode, RoomKey, Seq};
use crate::log::{Asleep, Row, StoredRoom};
use crate::refusal::{Code, Refusal};
use crate::room::actor::{no_such_room, store_failed};
use crate::room::directory::Kernel;
use crate::room::erased::AnyRoom;

/// Events read from the log at once.
const PAGE: u32 = 2_000;

/// A room out of the store.
pub struct ReadRoom {
    pub stored: StoredRoom,
    pub game: Arc<dyn AnyGame>,
    pub room: Box<dyn AnyRoom>,
}

impl Kernel {
    /// A room as the store has it, folded up to event `at_most`.
    ///
    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`, or `INTERNAL_ERROR` when the log does not hold together.
    pub async fn read_room(&self, code: RoomCode, at_most: Seq) -> Result<ReadRoom, Refusal> {
        let asleep = self.log.asleep(code, at_most, PAGE).await.map_err(|error| store_failed(&error))?;
        let Asleep { room: stored, snapshot, mut rows } = asleep.ok_or_else(no_such_room)?;
        let game = self.game_of(&stored)?;
        if let Some(last) = rows.last().filter(|_| rows.len() == PAGE as usize) {
            rows.extend(self.read_rows(stored.key, last.seq, at_most).await?);
        }
        let room = match game.load(snapshot.as_ref(), &rows) {
            Err(error) if snapshot.is_some() => {
                tracing::info!(%error, room = %code, "a snapshot is of no use; reading the whole log");
                game.load(None, &self.read_rows(stored.key, Seq(0), at_most).await?)
            }
            loaded => loaded,
        };
        let room = room.map_err(|error| {
            tracing::error!(%error, %code, "a room cannot be read from its log");
            Refusal::new(Code::InternalError, "this room cannot be read")
        })?;
        Ok(ReadRoom { stored, game, room })
    }

    /// The events after `after` up to `at_most`.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn read_rows(&self, room: RoomKey, after: Seq, at_most: Seq) -> Result<Vec<Row>, Refusal> {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let from = rows.last().map_or(after, |row| row.seq);
            let limit = PAGE.min(at_most.0.saturating_sub(from.0));
            if limit == 0 {
                return Ok(rows);
            }
            let page = self.log.rows(room, from, limit).await.map_err(|error| store_failed(&error))?;
            let last = page.len() < limit as usize;
            rows.extend(page);
            if last {
                return Ok(rows);
            }
        }
    }

    /// # Errors
    /// `INVALID_GAME`: this server does not have it.
    pub fn game_of(&self, room: &StoredRoom) -> Result<Arc<dyn AnyGame>, Refusal> {
        self.catalogue.find(&room.game).cloned().ok_or_else(|| {
            tracing::error!(room = %room.code, game = room.game, "this server does not have the room's game");
            no_such_room()
        })
    }
}
