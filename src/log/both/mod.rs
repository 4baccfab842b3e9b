//! What is the same for every store: compiled once for each, with `Db` and `Pool` standing for its types. See [`crate::log`].

mod accounts;
mod annotations;
mod images;
mod notes;
mod owners;
mod queue;
mod ratings;
mod read;

pub use owners::lease;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::{Connection, Db, FOUND, Pool, SHARED, Store, breaks, search_of};
use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::log::owners::Owners;
use crate::log::writer::Writer;
use crate::log::{Asleep, CommandKey, Commit, Created, EventLog, LogError, NewRoom, Row, Snapshot, Status, StoredRoom};
use crate::time::Timestamp;

/// The event log and the tables beside it, in this store.
pub struct Log {
    /// None when opened for reading only.
    pub(super) writer: Option<Writer<Store>>,
    pub(super) readers: Pool,
}

impl Log {
    /// One transaction by the hand that writes.
    async fn write<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, sqlx::Result<T>> + Send + 'static,
    ) -> Result<sqlx::Result<T>, LogError> {
        self.writer()?.aside(|store| Box::pin(store.transaction(work))).await
    }

    fn writer(&self) -> Result<&Writer<Store>, LogError> {
        self.writer.as_ref().ok_or_else(|| LogError::Unavailable("opened for reading only".into()))
    }
}

#[async_trait]
impl EventLog for Log {
    fn is_shared(&self) -> bool {
        SHARED
    }

    async fn create(&self, room: NewRoom) -> Result<Created, LogError> {
        self.writer()?.create(room).await
    }

    async fn append(&self, commit: Commit) -> Result<(), LogError> {
        self.writer()?.append(commit).await
    }

    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
        read::room(&self.readers, code).await
    }

    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
        read::rows(&self.readers, room, after, limit).await
    }

    async fn command(&self, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError> {
        read::command(&self.readers, room, key).await
    }

    async fn asleep(&self, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError> {
        read::asleep(&self.readers, code, at_most, limit).await
    }

    async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError> {
        self.writer()?.save_snapshot(room, snapshot).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        read::due(&self.readers, now, limit).await
    }

    async fn listed(&self, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, LogError> {
        read::listed(&self.readers, game, status, limit).await
    }

    async fn live_rooms_of(&self, player: PlayerId) -> Result<u32, LogError> {
        read::live_rooms_of(&self.readers, player).await
    }

    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError> {
        read::inhabited(&self.readers).await
    }

    async fn delete_ended(&self, ended_before: Timestamp, limit: u32) -> Result<u32, LogError> {
        let writer = self.writer()?;
        let mut deleted = 0;
        // Room by room, so that moves are written in between.
        for room in read::ended(&self.readers, ended_before, limit).await? {
            deleted += u32::from(writer.delete(room, ended_before).await?);
        }
        Ok(deleted)
    }

    fn owners(&self) -> Option<&dyn Owners> {
        Some(self)
    }

    async fn health(&self) -> Result<(), LogError> {
        read::answers(&self.readers).await?;
        match &self.writer {
            Some(writer) => writer.probe().await,
            None => Ok(()),
        }
    }

    async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        self.readers.close().await;
    }
}
