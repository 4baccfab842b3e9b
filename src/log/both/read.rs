//! What is asked of the tables.

use sqlx::{AssertSqlSafe, FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Db, Pool};
use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::log::{Asleep, CommandKey, Head, LogError, Row, Snapshot, Status, StoredRoom};
use crate::time::Timestamp;

const ROOM: &str =
    "SELECT id, code, game, visibility, created_by, created_at, status, wake_at, ended_at, listing FROM rooms WHERE ";
/// The same columns, where there are other tables beside it.
pub const ROOM_COLUMNS: &str = "rooms.id, code, game, visibility, created_by, rooms.created_at, status, wake_at, ended_at, listing";

#[derive(FromRow)]
pub struct RoomRow {
    pub id: i64,
    code: String,
    game: String,
    visibility: String,
    created_by: Vec<u8>,
    created_at: i64,
    status: String,
    wake_at: Option<i64>,
    ended_at: Option<i64>,
    pub listing: String,
}

impl TryFrom<RoomRow> for StoredRoom {
    type Error = LogError;

    fn try_from(row: RoomRow) -> Result<Self, LogError> {
        Ok(Self {
            key: RoomKey(row.id),
            code: code(&row.code)?,
            game: row.game,
            visibility: row.visibility.parse().map_err(|_| unreadable("visibility"))?,
            created_by: player(&row.created_by)?,
            created_at: Timestamp(row.created_at),
            head: Head {
                status: row.status.parse().map_err(|_| unreadable("status"))?,
                wake_at: row.wake_at.map(Timestamp),
                ended_at: row.ended_at.map(Timestamp),
                listing: row.listing,
            },
        })
    }
}

type EventRow = (i64, i64, String, Option<Vec<u8>>, Option<String>);

pub async fn room(pool: &Pool, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
    let query = format!("{ROOM} code = $1");
    let found: Option<RoomRow> =
        sqlx::query_as(AssertSqlSafe(query)).bind(code.as_str()).fetch_optional(pool).await.map_err(unavailable)?;
    found.map(StoredRoom::try_from).transpose()
}

pub async fn rows(pool: &Pool, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT seq, at, body, player_id, command_id FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT CAST($3 AS BIGINT)",
    )
    .bind(room.0)
    .bind(i64::from(after.0))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    rows.into_iter()
        .map(|(seq, at, body, by, id)| Ok(Row { seq: number(seq)?, at: Timestamp(at), body, command: command_of(by, id)? }))
        .collect()
}

fn command_of(by: Option<Vec<u8>>, id: Option<String>) -> Result<Option<CommandKey>, LogError> {
    by.zip(id).map(|(by, id)| Ok(CommandKey { player: player(&by)?, id })).transpose()
}

pub async fn command(pool: &Pool, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError> {
    let seq: Option<i64> = sqlx::query_scalar("SELECT seq FROM events WHERE room_id = $1 AND player_id = $2 AND command_id = $3")
        .bind(room.0)
        .bind(key.player.0.as_bytes().as_slice())
        .bind(&key.id)
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    seq.map(number).transpose()
}

/// The room, its snapshot and its events, in columns that all three fill.
const ASLEEP: &str = "\
WITH room AS (SELECT * FROM rooms WHERE code = $1), snapshot AS (
    SELECT seq, body FROM snapshots WHERE room_id = (SELECT id FROM room) AND seq <= $2 ORDER BY seq DESC LIMIT 1
)
SELECT 'room' AS kind, id AS number, created_at AS at, wake_at, ended_at, listing AS body, created_by AS player_id, NULL AS command_id,
    code, game, visibility, status FROM room
UNION ALL
SELECT 'snapshot', seq, NULL, NULL, NULL, body, NULL, NULL, NULL, NULL, NULL, NULL FROM snapshot
UNION ALL
SELECT 'event', seq, at, NULL, NULL, body, player_id, command_id, NULL, NULL, NULL, NULL FROM (
    SELECT seq, at, body, player_id, command_id FROM events
    WHERE room_id = (SELECT id FROM room) AND seq > coalesce((SELECT seq FROM snapshot), 0) AND seq <= $2 ORDER BY seq LIMIT CAST($3 AS BIGINT)
) AS later";

#[derive(FromRow)]
struct AsleepRow {
    kind: String,
    number: i64,
    at: Option<i64>,
    wake_at: Option<i64>,
    ended_at: Option<i64>,
    body: String,
    player_id: Option<Vec<u8>>,
    command_id: Option<String>,
    code: Option<String>,
    game: Option<String>,
    visibility: Option<String>,
    status: Option<String>,
}

impl From<AsleepRow> for RoomRow {
    /// What is missing cannot be read, as what is wrong.
    fn from(row: AsleepRow) -> Self {
        Self {
            id: row.number,
            code: row.code.unwrap_or_default(),
            game: row.game.unwrap_or_default(),
            visibility: row.visibility.unwrap_or_default(),
            created_by: row.player_id.unwrap_or_default(),
            created_at: row.at.unwrap_or_default(),
            status: row.status.unwrap_or_default(),
            wake_at: row.wake_at,
            ended_at: row.ended_at,
            listing: row.body,
        }
    }
}

pub async fn asleep(pool: &Pool, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError> {
    let found: Vec<AsleepRow> = sqlx::query_as(ASLEEP)
        .bind(code.as_str())
        .bind(i64::from(at_most.0))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let (mut room, mut snapshot, mut rows) = (None, None, Vec::with_capacity(found.len()));
    for row in found {
        match row.kind.as_str() {
            "event" => {
                let at = Timestamp(row.at.ok_or_else(|| unreadable("time"))?);
                rows.push(Row {
                    seq: number(row.number)?,
                    at,
                    body: row.body,
                    command: command_of(row.player_id, row.command_id)?,
                });
            }
            "snapshot" => snapshot = Some(Snapshot { seq: number(row.number)?, body: row.body }),
            _ => room = Some(RoomRow::from(row).try_into()?),
        }
    }
    // Each in its own order already; a query of several parts does not promise it.
    rows.sort_by_key(|row| row.seq);
    Ok(room.map(|room| Asleep { room, snapshot, rows }))
}

pub async fn due(pool: &Pool, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
    let found: Vec<String> =
        sqlx::query_scalar("SELECT code FROM rooms WHERE wake_at <= $1 ORDER BY wake_at LIMIT CAST($2 AS BIGINT)")
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await
            .map_err(unavailable)?;
    found.iter().map(|text| code(text)).collect()
}

pub async fn orphans(pool: &Pool, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT rooms.code FROM room_owners JOIN rooms ON rooms.id = room_owners.room_id
         WHERE room_owners.expires_at <= $1 ORDER BY room_owners.expires_at LIMIT CAST($2 AS BIGINT)",
    )
    .bind(now.0)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    found.iter().map(|text| code(text)).collect()
}

pub async fn listed(pool: &Pool, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, LogError> {
    // Built for what is asked, so that each question finds its index.
    let mut query = QueryBuilder::<Db>::new(ROOM);
    query.push("visibility = 'public'");
    if let Some(status) = status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(game) = game {
        query.push(" AND game = ").push_bind(game);
    }
    query.push(" ORDER BY created_at DESC LIMIT CAST(").push_bind(i64::from(limit)).push(" AS BIGINT)");
    let found: Vec<RoomRow> = query.build_query_as().fetch_all(pool).await.map_err(unavailable)?;
    found.into_iter().map(StoredRoom::try_from).collect()
}

pub async fn live_rooms_of(pool: &Pool, player: PlayerId) -> Result<u32, LogError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM rooms WHERE created_by = $1 AND ended_at IS NULL")
        .bind(player.0.as_bytes().as_slice())
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

pub async fn inhabited(pool: &Pool) -> Result<Vec<RoomCode>, LogError> {
    let found: Vec<String> = sqlx::query_scalar("SELECT code FROM rooms WHERE id IN (SELECT room_id FROM presence) ORDER BY id")
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    found.iter().map(|text| code(text)).collect()
}

/// Rooms that ended before `before`, the oldest first.
pub async fn ended(pool: &Pool, before: Timestamp, limit: u32) -> Result<Vec<RoomKey>, LogError> {
    let found: Vec<i64> = sqlx::query_scalar("SELECT id FROM rooms WHERE ended_at < $1 ORDER BY ended_at LIMIT CAST($2 AS BIGINT)")
        .bind(before.0)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    Ok(found.into_iter().map(RoomKey).collect())
}

/// Whether the tables can be read.
pub async fn answers(pool: &Pool) -> Result<(), LogError> {
    let _: Option<i64> = sqlx::query_scalar("SELECT id FROM rooms LIMIT 1").fetch_optional(pool).await.map_err(unavailable)?;
    Ok(())
}

pub fn unavailable(error: sqlx::Error) -> LogError {
    LogError::Unavailable(error.to_string())
}

/// Somebody else has written into the tables.
pub fn unreadable(what: &str) -> LogError {
    LogError::Unavailable(format!("a {what} in the store cannot be read"))
}

pub fn code(text: &str) -> Result<RoomCode, LogError> {
    text.parse().map_err(|_| unreadable("code"))
}

pub fn player(bytes: &[u8]) -> Result<PlayerId, LogError> {
    Uuid::from_slice(bytes).map(PlayerId).map_err(|_| unreadable("player"))
}

pub fn number(seq: i64) -> Result<Seq, LogError> {
    u32::try_from(seq).map(Seq).map_err(|_| unreadable("number"))
}
