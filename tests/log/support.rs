//! Stores to try, and rooms to put into them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::postgres::PostgresLog;
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::log::{CommandKey, Commit, Created, EventLog, Head, NewRoom, Presence, Row, Snapshot, Status, Visibility};
use parlor::time::Timestamp;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres;

/// A kind of store, with a place of its own.
pub enum Place {
    Sqlite(TempDir),
    /// The address of a database, made when it is first opened.
    Postgres(OnceCell<String>),
}

/// One of each kind, empty.
pub fn stores() -> Vec<Place> {
    vec![Place::Sqlite(tempfile::tempdir().unwrap()), Place::Postgres(OnceCell::new())]
}

impl Place {
    /// Opens the store; opened again after a close, it is the same one.
    pub async fn open(&self) -> Arc<dyn EventLog> {
        match self {
            Place::Sqlite(folder) => Arc::new(open(folder.path()).await.unwrap()),
            Place::Postgres(url) => {
                let url = url.get_or_init(postgres::database).await;
                Arc::new(PostgresLog::open(&url.parse().unwrap(), parlor::log::postgres::Settings::default()).await.unwrap())
            }
        }
    }
}

pub fn file(folder: &Path) -> PathBuf {
    folder.join("parlor.db")
}

pub async fn open(folder: &Path) -> anyhow::Result<SqliteLog> {
    SqliteLog::open(&file(folder), Settings::default()).await
}

pub fn new_room() -> NewRoom {
    NewRoom {
        code: RoomCode::random(),
        game: "draft".into(),
        visibility: Visibility::Private,
        created_by: PlayerId::random(),
        created_at: Timestamp(1_000),
        command_id: None,
        head: head(Status::Waiting),
        rows: Vec::new(),
        presence: Vec::new(),
    }
}

pub fn head(status: Status) -> Head {
    Head { status, wake_at: None, ended_at: None, listing: "{}".into() }
}

pub async fn create(log: &dyn EventLog, room: NewRoom) -> RoomKey {
    match log.create(room).await.unwrap() {
        Created::New(key) => key,
        other => panic!("{other:?}"),
    }
}

/// The newest snapshot of a room that is not past `at_most`.
pub async fn snapshot(log: &dyn EventLog, code: RoomCode, at_most: u32) -> Option<Snapshot> {
    log.asleep(code, Seq(at_most), 1).await.unwrap()?.snapshot
}

pub fn here(player: PlayerId) -> Presence {
    Presence::Here { player, nickname: "someone".into(), guest: true }
}

pub fn row(seq: u32) -> Row {
    Row {
        seq: Seq(seq), at: Timestamp(i64::from(seq) * 10), body: format!(r#"{{"n":{seq},"text":"ä 🎲 \u0000"}}"#), command: None
    }
}

pub fn command(player: PlayerId, id: &str) -> Option<CommandKey> {
    Some(CommandKey { player, id: id.into() })
}

pub fn commit(room: RoomKey, seqs: impl IntoIterator<Item = u32>) -> Commit {
    Commit { room, rows: seqs.into_iter().map(row).collect(), head: None, presence: Vec::new(), epoch: None }
}

pub async fn seqs(log: &dyn EventLog, room: RoomKey) -> Vec<u32> {
    log.rows(room, Seq(0), u32::MAX).await.unwrap().into_iter().map(|row| row.seq.0).collect()
}
