//! One connection that writes, for its share of the rooms.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgQueryResult};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::script::{self, WRITE, WRITTEN};
use super::{Db, patience, too_slow};
use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::Snapshot;
use crate::log::owners::Epoch;
use crate::log::store::{Batch, Failure, Lease, SNAPSHOTS, Store};
use crate::time::Timestamp;

/// How long the server has, beyond the time in which it should give up a statement by itself, before the connection counts as lost.
const MARGIN: Duration = Duration::from_secs(1);

/// Between two tries to reach a server that went away in the middle of a commit.
const RETRY: Duration = Duration::from_millis(100);

/// A connection that was silent for this long is tried before a commit is entrusted to it: one that a restart or a firewall has cut in
/// the meantime would leave that commit in doubt.
const SILENT: Duration = Duration::from_millis(500);

/// Batches find their rows by the primary key, whatever the planner believes of tables that it has not yet looked at.
const BY_KEY: &str = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off";

/// What is acked is on the disk, also where the server's default is less. A stricter default stays.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

pub struct PostgresStore {
    options: PgConnectOptions,
    timeout: Duration,
    /// Gone after anything that leaves its state in doubt; opened again for what comes next. With when it was last seen to work.
    connection: Option<(PgConnection, Instant)>,
}

/// Why something was not done.
enum Trouble {
    /// The server said no: nothing was written.
    Refused(Failure),
    /// There was no connection: nothing was written.
    Away(String),
    /// The connection was lost on the way: what was asked is done or not.
    Lost(String),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(failure) => failure,
            Trouble::Away(why) | Trouble::Lost(why) => Failure::Unavailable(why),
        }
    }
}

impl PostgresStore {
    pub fn new(options: PgConnectOptions, timeout: Duration) -> Self {
        // The one large statement and the few small ones.
        Self { options: options.statement_cache_capacity(16), timeout, connection: None }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.options.connect().await?;
        let greeting = format!("{};{BY_KEY};{DURABLE}", patience(self.timeout));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(greeting))).await?;
        Ok(connection)
    }

    /// The connection, tried if it was silent, or a fresh one.
    async fn ready(&mut self) -> sqlx::Result<PgConnection> {
        if let Some((mut connection, at)) = self.connection.take()
            && (at.elapsed() < SILENT || timeout(self.timeout, connection.ping()).await.is_ok_and(|ping| ping.is_ok()))
        {
            return Ok(connection);
        }
        timeout(self.timeout, self.connect()).await.unwrap_or_else(|_| Err(too_slow()))
    }

    fn keep(&mut self, connection: PgConnection) {
        self.connection = Some((connection, Instant::now()));
    }

    /// Does `work` on the connection, which is kept only if it is sure to be in order afterwards.
    async fn with<T>(&mut self, work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>) -> Result<T, Trouble> {
        let mut connection = self.ready().await.map_err(|error| Trouble::Away(error.to_string()))?;
        let done = timeout(self.timeout + MARGIN, work(&mut connection)).await.unwrap_or_else(|_| Err(too_slow()));
        let done = done.map_err(trouble);
        if !matches!(done, Err(Trouble::Lost(_))) {
            self.keep(connection);
        }
        done
    }

    /// Does `work` in a transaction of its own: all of it is written or, after an error, nothing.
    ///
    /// # Errors
    /// Those of `work`, and of the store. When the connection was lost at the very end, it may have been written.
    pub async fn transaction<T>(
        &mut self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        let mut connection = self.ready().await?;
        let done = timeout(self.timeout + MARGIN, async {
            connection.execute("BEGIN").await?;
            let done = work(&mut connection).await?;
            connection.execute("COMMIT").await?;
            Ok(done)
        });
        let done = done.await.unwrap_or_else(|_| Err(too_slow()));
        let in_order = match &done {
            Ok(_) => true,
            Err(error) if error.as_database_error().is_some() => {
                timeout(self.timeout, connection.execute("ROLLBACK")).await.is_ok_and(|undone| undone.is_ok())
            }
            Err(_) => false,
        };
        if in_order {
            self.keep(connection);
        }
        done
    }

    async fn run(&mut self, query: Query<'_, Db, PgArguments>) -> Result<PgQueryResult, Trouble> {
        self.with(async |connection| query.execute(connection).await).await
    }

    async fn attempt(&mut self, batch: &Batch<'_>) -> Result<(), Trouble> {
        let values = script::write(batch).map_err(unfit)?;
        self.run(sqlx::query_with(WRITE, values)).await.map(drop)
    }

    /// Whether all of the batch stands in the tables. A batch is written whole, so if one event of it is missing, none is ours.
    async fn is_written(&mut self, batch: &Batch<'_>) -> Result<bool, Trouble> {
        let values = script::written(batch).map_err(unfit)?;
        let query = sqlx::query_as_with::<_, (i64, i64), _>(WRITTEN, values);
        let (rooms, rows) = self.with(async |connection| query.fetch_one(connection).await).await?;
        let all = |found: i64, asked: usize| usize::try_from(found).is_ok_and(|found| found == asked);
        Ok(all(rooms, batch.rooms.len()) && all(rows, batch.rows.len()))
    }

    /// After a connection was lost in the middle of a commit: it is written again until the server says what became of it. If it was
    /// written before, its own rows are in the way, and are found to be the same; a transaction that is still running is waited for.
    async fn settle(&mut self, batch: &Batch<'_>, why: String) -> Result<(), Failure> {
        tracing::warn!(why, "the database was lost in the middle of a commit; asking what became of it");
        let until = Instant::now() + self.timeout;
        loop {
            let failure = match timeout_at(until, self.attempt(batch)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Trouble::Refused(failure))) if !matches!(failure, Failure::Unavailable(_)) => failure,
                Ok(Err(_)) if Instant::now() + RETRY < until => {
                    sleep(RETRY).await;
                    continue;
                }
                Ok(Err(_)) | Err(_) => {
                    self.connection = None;
                    return Err(Failure::Unknown(why));
                }
            };
            return match self.is_written(batch).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(failure),
                Err(_) => Err(Failure::Unknown(why)),
            };
        }
    }
}

impl Store for PostgresStore {
    async fn keys(&mut self, count: usize) -> Result<Vec<RoomKey>, Failure> {
        let query = sqlx::query_scalar::<_, i64>("SELECT nextval('rooms_id_seq') FROM generate_series(1, $1)");
        let query = query.bind(i64::try_from(count).unwrap_or(i64::MAX));
        let keys = self.with(async |connection| query.fetch_all(connection).await).await?;
        Ok(keys.into_iter().map(RoomKey).collect())
    }

    async fn write(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        match self.attempt(batch).await {
            Err(Trouble::Lost(why)) => self.settle(batch, why).await,
            done => done.map_err(Failure::from),
        }
    }

    async fn taken(&mut self, batch: &Batch<'_>) -> Result<Vec<RoomKey>, Failure> {
        let rooms: Vec<i64> = batch.rows.iter().map(|(room, _)| room.0).collect();
        let seqs: Vec<i64> = batch.rows.iter().map(|(_, row)| i64::from(row.seq.0)).collect();
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT DISTINCT room_id FROM unnest($1::bigint[], $2::bigint[]) AS wanted (room_id, seq) JOIN events USING (room_id, seq)",
        );
        let query = query.bind(rooms).bind(seqs);
        let taken = self.with(async |connection| query.fetch_all(connection).await).await?;
        Ok(taken.into_iter().map(RoomKey).collect())
    }

    async fn made_by(&mut self, player: PlayerId, command: &str) -> Result<Option<RoomCode>, Failure> {
        let query = sqlx::query_scalar::<_, String>("SELECT code FROM rooms WHERE created_by = $1 AND command_id = $2");
        let query = query.bind(player.0.as_bytes().as_slice()).bind(command);
        let code = self.with(async |connection| query.fetch_optional(connection).await).await?;
        code.map(|code| code.parse().map_err(|_| Failure::Unavailable("a room's code cannot be read".into()))).transpose()
    }

    async fn save_snapshots(&mut self, snapshots: &[(RoomKey, Snapshot)]) -> Result<(), Failure> {
        let rooms: Vec<i64> = snapshots.iter().map(|(room, _)| room.0).collect();
        let seqs: Vec<i64> = snapshots.iter().map(|(_, snapshot)| i64::from(snapshot.seq.0)).collect();
        let bodies: Vec<&str> = snapshots.iter().map(|(_, snapshot)| snapshot.body.as_str()).collect();
        let insert = sqlx::query(
            "INSERT INTO snapshots (room_id, seq, body) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
             ON CONFLICT (room_id, seq) DO UPDATE SET body = excluded.body",
        );
        self.run(insert.bind(&rooms).bind(seqs).bind(bodies)).await?;
        let delete = sqlx::query(
            "DELETE FROM snapshots AS old WHERE room_id = ANY($1) AND seq NOT IN
                 (SELECT seq FROM snapshots WHERE room_id = old.room_id ORDER BY seq DESC LIMIT $2)",
        );
        self.run(delete.bind(rooms).bind(SNAPSHOTS)).await?;
        Ok(())
    }

    async fn delete(&mut self, room: RoomKey, ended_before: Timestamp) -> Result<bool, Failure> {
        let query = sqlx::query("DELETE FROM rooms WHERE id = $1 AND ended_at < $2");
        Ok(self.run(query.bind(room.0).bind(ended_before.0)).await?.rows_affected() > 0)
    }

    async fn lease(&mut self, lease: Lease) -> Result<Vec<(RoomKey, Epoch)>, Failure> {
        // Done twice it is the same lease: whoever does not hear the answer asks again.
        Ok(self.with(async |connection| super::both::lease(connection, lease).await).await?)
    }

    async fn probe(&mut self) -> Result<(), Failure> {
        let query = "INSERT INTO probe (id, at) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET at = probe.at + 1";
        match self.run(sqlx::query(query)).await {
            // A connection that an idle server or a restart has cut: a fresh one tells how things are now.
            Err(Trouble::Lost(_)) => Ok(self.run(sqlx::query(query)).await.map(drop)?),
            done => Ok(done.map(drop)?),
        }
    }

    async fn close(&mut self) {
        if let Some((connection, _)) = self.connection.take() {
            // All is written; the server notices in any case.
            let _ = timeout(MARGIN, connection.close()).await;
        }
    }
}

fn unfit(error: sqlx::error::BoxDynError) -> Trouble {
    Trouble::Refused(Failure::Unfit(error.to_string()))
}

/// What the server's answer means. Postgres names the constraint that was broken.
fn trouble(error: sqlx::Error) -> Trouble {
    let Some(refused) = error.as_database_error() else { return Trouble::Lost(error.to_string()) };
    if refused.is_foreign_key_violation() {
        // The room was deleted in the meantime: who reads what is newer finds that out.
        return Trouble::Refused(Failure::Conflict);
    }
    let code = refused.code().unwrap_or_default();
    if refused.constraint() == Some("room_owners_fence_check") {
        return Trouble::Refused(Failure::Superseded);
    }
    Trouble::Refused(match (refused.constraint(), &*code) {
        (Some("events_pkey"), "23505") => Failure::Conflict,
        (Some("events_command_key"), "23505") => Failure::Duplicate,
        (Some("rooms_code_key"), "23505") => Failure::CodeTaken,
        (Some("rooms_created_by_command_id_key"), "23505") => Failure::MadeBefore,
        // Two nodes wrote to the same rooms crosswise: the server has picked one of them to try again.
        (_, "40001" | "40P01") => Failure::Conflict,
        // A value, a constraint, a limit: the commit's own fault, which must not stop its neighbours.
        (_, code) if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => {
            Failure::Unfit(error.to_string())
        }
        // Shut down or crashed, by itself or by an operator: it may have been after the commit.
        (_, code) if code.starts_with("57P") || code.starts_with("08") => return Trouble::Lost(error.to_string()),
        _ => Failure::Unavailable(error.to_string()),
    })
}
