//! Notes for players, taken while rooms write: who sat where, and what was played to its end.
//!
//! Stands before the log and passes everything on. What it notes is gathered and written a moment later in one go, so that no move waits
//! for it. A crash may lose the last moment of notes: a seat is noted again when its player comes back, an ending is then not counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::Notify;

use super::accounts::{Accounts, Notes, Seating};
use super::{CommandKey, Commit, Created, EventLog, Head, LogError, NewRoom, Presence, Row, Snapshot, Status, StoredRoom};
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

/// What a listing says of a room's people.
#[derive(Deserialize)]
struct Listing {
    players: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    player_id: PlayerId,
    nickname: String,
    guest: bool,
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

    async fn note(&self, room: RoomKey, presence: &[Presence], head: Option<&Head>, at: Option<Timestamp>) {
        let Some(head) = head else { return };
        let here = || presence.iter().filter_map(|one| if let Presence::Here(player) = one { Some(*player) } else { None });
        // The commit that ends a game happens when the game ends; later ones only repeat when that was.
        let ended = head.ended_at.filter(|ended| head.status == Status::Completed && Some(*ended) == at);
        if ended.is_none() && here().next().is_none() {
            return;
        }
        let listed = serde_json::from_str::<Listing>(&head.listing).map(|listing| listing.players).unwrap_or_default();
        let seated = here().filter_map(|player| {
            let Listed { nickname, guest, .. } = listed.iter().find(|listed| listed.player_id == player)?;
            Some(Seating { player_id: player, nickname: nickname.clone(), guest: *guest, room, at: at? })
        });
        let full = {
            let mut waiting = self.waiting.lock();
            waiting.seatings.extend(seated);
            waiting.endings.extend(ended.map(|at| (room, at)));
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
        let (presence, head, at) = (room.presence.clone(), room.head.clone(), room.created_at);
        let created = self.log.create(room).await?;
        if let Created::New(key) = created {
            self.note(key, &presence, Some(&head), Some(at)).await;
        }
        Ok(created)
    }

    async fn append(&self, commit: Commit) -> Result<(), LogError> {
        // Most commits are moves, of which there is nothing to note.
        let ends = commit.head.as_ref().is_some_and(|head| head.status == Status::Completed);
        if commit.presence.is_empty() && !ends {
            return self.log.append(commit).await;
        }
        let (room, presence, head) = (commit.room, commit.presence.clone(), commit.head.clone());
        let at = commit.rows.last().map(|row| row.at);
        self.log.append(commit).await?;
        self.note(room, &presence, head.as_ref(), at).await;
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

    async fn snapshot(&self, room: RoomKey, at_most: Seq) -> Result<Option<Snapshot>, LogError> {
        self.log.snapshot(room, at_most).await
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
