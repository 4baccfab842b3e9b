//! The one connection that writes.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::error::ErrorKind;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, SqlitePool};

use super::checkpoints::Checkpoints;
use super::script::Shape;
use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::Snapshot;
use crate::log::owners::Epoch;
use crate::log::store::{Batch, Failure, Lease, SNAPSHOTS, Store};
use crate::time::Timestamp;

/// Prepared texts kept. Under steady load there are a dozen shapes; a prepared one of the largest takes about half a megabyte.
pub const TEXTS: usize = 64;

pub struct SqliteStore {
    options: SqliteConnectOptions,
    /// Gone after a failure that is the store's own; opened again for the next transaction.
    connection: Option<SqliteConnection>,
    texts: HashMap<Shape, Arc<str>>,
    next_key: i64,
    checkpoints: Checkpoints,
    /// Only to be closed before the writing connection.
    readers: SqlitePool,
    /// Held until the last transaction is written.
    _lock: File,
}

impl SqliteStore {
    /// Takes over a connection to a migrated file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn new(
        options: SqliteConnectOptions,
        mut connection: SqliteConnection,
        readers: SqlitePool,
        lock: File,
    ) -> sqlx::Result<Self> {
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM rooms").fetch_one(&mut connection).await?;
        let checkpoints = Checkpoints::start(options.clone());
        let connection = Some(connection);
        Ok(Self { options, connection, texts: HashMap::new(), next_key: last + 1, checkpoints, readers, _lock: lock })
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, Failure> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await.map_err(unavailable)?);
        }
        self.connection.as_mut().ok_or_else(|| Failure::Unavailable("the connection is away".into()))
    }

    /// After a failed transaction: nothing of it stays, and what failed is told as the room understands it.
    async fn undo(&mut self, error: sqlx::Error) -> Failure {
        let failure = failure(error);
        let Some(mut connection) = self.connection.take() else { return failure };
        // SQLite has rolled back by itself after some errors, and then says that there is nothing to roll back.
        let _ = connection.execute("ROLLBACK").await;
        match failure {
            // A full disk or a lost file may leave the connection in any state: a fresh one is sure to begin from the file. It is
            // closed without a checkpoint, because readers keep the file open.
            Failure::Unavailable(_) => drop(connection),
            _ => self.connection = Some(connection),
        }
        failure
    }

    /// Does `work` in a transaction of its own: all of it is written or, after an error, nothing.
    ///
    /// # Errors
    /// Those of `work`, and of the store.
    pub async fn transaction<T>(
        &mut self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await?);
        }
        let Some(connection) = self.connection.as_mut() else { return Err(sqlx::Error::PoolClosed) };
        let done = async {
            connection.execute("BEGIN IMMEDIATE").await?;
            let done = work(&mut *connection).await?;
            connection.execute("COMMIT").await?;
            Ok(done)
        }
        .await;
        if done.is_ok() {
            self.checkpoints.written();
        } else {
            let refused = done.as_ref().is_err_and(|error: &sqlx::Error| {
                error.as_database_error().is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
            });
            let undone = connection.execute("ROLLBACK").await;
            // As after a commit of rooms: whatever is not a broken rule may leave the connection in any state.
            if !refused || undone.is_err() {
                self.connection = None;
            }
        }
        done
    }

    async fn run(&mut self, query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>) -> Result<u64, Failure> {
        let connection = self.connection().await?;
        match query.execute(connection).await {
            Ok(done) => {
                self.checkpoints.written();
                Ok(done.rows_affected())
            }
            Err(error) => Err(self.undo(error).await),
        }
    }
}

impl Store for SqliteStore {
    async fn keys(&mut self, count: usize) -> Result<Vec<RoomKey>, Failure> {
        // Nobody else writes to this file, so counting is enough.
        let first = self.next_key;
        self.next_key += i64::try_from(count).unwrap_or(i64::MAX);
        Ok((first..self.next_key).map(RoomKey).collect())
    }

    async fn write(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let shape = Shape::of(batch);
        if self.texts.len() >= TEXTS && !self.texts.contains_key(&shape) {
            self.texts.clear();
        }
        let text = Arc::clone(self.texts.entry(shape).or_insert_with(|| shape.text().into()));
        let arguments = shape.arguments(batch).map_err(|error| Failure::Unfit(error.to_string()))?;
        self.run(sqlx::query_with(AssertSqlSafe(text), arguments)).await.map(drop)
    }

    async fn made_by(&mut self, player: PlayerId, command: &str) -> Result<Option<RoomCode>, Failure> {
        let connection = self.connection().await?;
        let code: Option<String> = sqlx::query_scalar("SELECT code FROM rooms WHERE created_by = $1 AND command_id = $2")
            .bind(player.0.as_bytes().as_slice())
            .bind(command)
            .fetch_optional(connection)
            .await
            .map_err(unavailable)?;
        code.map(|code| code.parse().map_err(|_| Failure::Unavailable("a room's code cannot be read".into()))).transpose()
    }

    async fn save_snapshots(&mut self, snapshots: &[(RoomKey, Snapshot)]) -> Result<(), Failure> {
        self.run(sqlx::query("BEGIN IMMEDIATE")).await?;
        for (room, snapshot) in snapshots {
            let query = sqlx::query(
                "INSERT INTO snapshots (room_id, seq, body) VALUES ($1, $2, $3) ON CONFLICT (room_id, seq) DO UPDATE SET body = excluded.body;
                 DELETE FROM snapshots WHERE room_id = $1 AND seq NOT IN
                     (SELECT seq FROM snapshots WHERE room_id = $1 ORDER BY seq DESC LIMIT CAST($4 AS BIGINT))",
            );
            self.run(query.bind(room.0).bind(i64::from(snapshot.seq.0)).bind(&snapshot.body).bind(SNAPSHOTS)).await?;
        }
        self.run(sqlx::query("COMMIT")).await.map(drop)
    }

    async fn delete(&mut self, room: RoomKey, ended_before: Timestamp) -> Result<bool, Failure> {
        let query = sqlx::query("DELETE FROM rooms WHERE id = $1 AND ended_at < $2");
        Ok(self.run(query.bind(room.0).bind(ended_before.0)).await? > 0)
    }

    async fn lease(&mut self, lease: Lease) -> Result<Vec<(RoomKey, Epoch)>, Failure> {
        let connection = self.connection().await?;
        match super::both::lease(connection, lease).await {
            Ok(leases) => Ok(leases),
            Err(error) => Err(self.undo(error).await),
        }
    }

    async fn probe(&mut self) -> Result<(), Failure> {
        let query = sqlx::query("INSERT INTO probe (id, at) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET at = probe.at + 1");
        self.run(query).await.map(drop)
    }

    async fn close(&mut self) {
        self.checkpoints.stop().await;
        // The last to close moves the write-ahead log into the file, which connections that only read may not.
        self.readers.close().await;
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the store was not closed cleanly; nothing is lost");
        }
    }
}

fn unavailable(error: sqlx::Error) -> Failure {
    Failure::Unavailable(error.to_string())
}

/// SQLite names the columns of a broken uniqueness, not the constraint.
fn failure(error: sqlx::Error) -> Failure {
    const BROKEN: [(&str, Failure); 4] = [
        ("events.room_id, events.seq", Failure::Conflict),
        ("events.room_id, events.player_id, events.command_id", Failure::Duplicate),
        ("rooms.code", Failure::CodeTaken),
        ("rooms.created_by, rooms.command_id", Failure::MadeBefore),
    ];
    let Some(refused) = error.as_database_error() else { return unavailable(error) };
    if refused.is_foreign_key_violation() {
        // The room was deleted in the meantime: who reads what is newer finds that out.
        return Failure::Conflict;
    }
    if refused.message().ends_with("room_owners_fence_check") {
        return Failure::Superseded;
    }
    let columns = refused.message().strip_prefix("UNIQUE constraint failed: ");
    let known = columns.and_then(|columns| BROKEN.into_iter().find(|(broken, _)| *broken == columns));
    match (known, refused.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)) {
        (Some((_, failure)), _) => failure,
        // Too big, a constraint, a type: the commit's own fault, which must not stop its neighbours.
        (None, Some(18..=20)) => Failure::Unfit(error.to_string()),
        (None, _) => unavailable(error),
    }
}
