//! Notes for players, taken while rooms write: who sat where, and what was played to its end.
//!
//! Stands before the log and passes everything on. What it notes is gathered and written a moment later in one go, so that no move waits
//! for it. A crash may lose the last moment of notes: a seat is noted again when its player comes back, an ending is then not counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::accounts::{Accounts, Notes, Seating};
use super::{Asleep, CommandKey, Commit, Created, EventLog, Head, LogError, NewRoom, Presence, Row, Snapshot, Status, StoredRoom};
use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::time::Timestamp;

/// How long notes are gathered.
const GATHERED: Duration = Duration::from_millis(500);
/// How long after a failure they are tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Notes that wait at most; with more, rooms wait until some are written.
const WAITING_MAX: usize = 10_000;

/// A log whose rooms are noted for their players.
pub struct Noting {
    log: Arc<dyn EventLog>,
    accounts: Arc<dyn Accounts>,
    waiting: Mutex<Notes>,
    wake: Notify,
}

impl Noting {
    pub fn new(log: Arc<dyn EventLog>, accounts: Arc<dyn Accounts>) -> Self {
        Self { log, accounts, waiting: Mutex::default(), wake: Notify::new() }
    }

    /// Writes what was gathered, for as long as the server runs.
    pub async fn run(self: Arc<Self>) {
        loop {
            self.wake.notified().await;
            tokio::time::sleep(GATHERED).await;
            while !self.flush().await {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Writes what was gathered so far; whether the store took it.
    pub async fn flush(&self) -> bool {
        let notes = std::mem::take(&mut *self.waiting.lock());
        if notes == Notes::default() {
            return true;
        }
        let Err(error) = self.accounts.note(&notes).await else { return true };
        tracing::warn!(%error, seats = notes.seatings.len(), "who sat where could not be noted; it is tried again");
        let mut waiting = self.waiting.lock();
        let newer = std::mem::replace(&mut *waiting, notes);
        waiting.seatings.extend(newer.seatings);
        waiting.endings.extend(newer.endings);
        waiting.seatings.truncate(WAITING_MAX);
        waiting.endings.truncate(WAITING_MAX);
        false
    }

    /// Notes who came in at `at`, and that a game was over then.
    async fn note(&self, room: RoomKey, presence: Vec<Presence>, ended: bool, at: Timestamp) {
        let seatings = presence.into_iter().filter_map(|one| match one {
            Presence::Here { player, nickname, guest } => Some(Seating { player_id: player, nickname, guest, room, at }),
            Presence::Gone(_) => None,
        });
        let seatings: Vec<Seating> = seatings.collect();
        if seatings.is_empty() && !ended {
            return;
        }
        let full = {
            let mut waiting = self.waiting.lock();
            waiting.seatings.extend(seatings);
            waiting.endings.extend(ended.then_some((room, at)));
            waiting.seatings.len() + waiting.endings.len() >= WAITING_MAX
        };
        if full {
            self.flush().await;
        } else {
            self.wake.notify_one();
        }
    }
}

#[async_trait]
impl EventLog for Noting {
    fn is_shared(&self) -> bool {
        self.log.is_shared()
    }

    async fn create(&self, room: NewRoom) -> Result<Created, LogError> {
        let (presence, at) = (room.presence.clone(), room.created_at);
        let created = self.log.create(room).await?;
        if let Created::New(key) = created {
            self.note(key, presence, false, at).await;
        }
        Ok(created)
    }

    async fn append(&self, commit: Commit) -> Result<(), LogError> {
        let at = commit.rows.last().map(|row| row.at);
        // The commit that ends a game happens when the game ends; later ones only repeat when that was.
        let over = |head: &Head| head.status == Status::Completed && head.ended_at.is_some() && head.ended_at == at;
        let ended = commit.head.as_ref().is_some_and(over);
        // Most commits are moves, of which there is nothing to note.
        let Some(at) = at.filter(|_| ended || !commit.presence.is_empty()) else { return self.log.append(commit).await };
        let (room, presence) = (commit.room, commit.presence.clone());
        self.log.append(commit).await?;
        self.note(room, presence, ended, at).await;
        Ok(())
    }

    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
        self.log.room(code).await
    }

    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
        self.log.rows(room, after, limit).await
    }

    async fn command(&self, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError> {
        self.log.command(room, key).await
    }

    async fn asleep(&self, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError> {
        self.log.asleep(code, at_most, limit).await
    }

    async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError> {
        self.log.save_snapshot(room, snapshot).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        self.log.due(now, limit).await
    }

    async fn listed(&self, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, LogError> {
        self.log.listed(game, status, limit).await
    }

    async fn live_rooms_of(&self, player: PlayerId) -> Result<u32, LogError> {
        self.log.live_rooms_of(player).await
    }

    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError> {
        self.log.inhabited().await
    }

    async fn delete_ended(&self, ended_before: Timestamp, limit: u32) -> Result<u32, LogError> {
        self.log.delete_ended(ended_before, limit).await
    }

    fn owners(&self) -> Option<&dyn super::owners::Owners> {
        self.log.owners()
    }

    async fn health(&self) -> Result<(), LogError> {
        self.log.health().await
    }

    async fn close(&self) {
        self.flush().await;
        self.log.close().await;
    }
}
