//! Matchmaking. Every transaction that changes the queue writes the one row of `queue_state` first: so they come one after another, on all
//! nodes, and see what the one before left. No two of them can claim the same player, nor wait for each other.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, FromRow, QueryBuilder};
use uuid::Uuid;

use super::read::{player, unavailable, unreadable};
use super::{Connection, Db, Log, SHARED};
use crate::id::{PlayerId, RoomCode};
use crate::log::LogError;
use crate::log::queue::{Enqueue, Enqueued, Match, Paired, Policy, QUEUE_MAX, Queue, Waiting};
use crate::time::Timestamp;

const WAITING: &str = "SELECT player_id, game, nickname, guest, rating, ticket, joined_at, expires_at, away FROM queue_entries";
const MATCHES: &str = "SELECT queue_matches.id, game, made_at, room_code, player_id, nickname, guest, bot, waited, done
     FROM queue_matches JOIN queue_seats ON queue_seats.match_id = queue_matches.id WHERE ";
/// Matches read at once; the rest comes with the next look.
const MATCHES_MAX: u32 = 2_000;
/// Players whose wait is asked for an average.
const USUAL_OF: u32 = 20;
/// Players named in one statement.
const NAMED: usize = 500;

#[derive(FromRow)]
struct WaitingRow {
    player_id: Vec<u8>,
    game: String,
    nickname: String,
    guest: i64,
    rating: i64,
    ticket: i64,
    joined_at: i64,
    expires_at: i64,
    away: i64,
}

impl TryFrom<WaitingRow> for Waiting {
    type Error = LogError;

    fn try_from(row: WaitingRow) -> Result<Self, LogError> {
        let WaitingRow { player_id, game, nickname, guest, rating, ticket, joined_at, expires_at, away } = row;
        Ok(Self {
            player_id: player(&player_id)?,
            game,
            nickname,
            guest: guest != 0,
            rating,
            ticket,
            joined_at: Timestamp(joined_at),
            expires_at: Timestamp(expires_at),
            away: away != 0,
        })
    }
}

#[derive(FromRow)]
struct SeatRow {
    id: Vec<u8>,
    game: String,
    made_at: i64,
    room_code: Option<String>,
    player_id: Vec<u8>,
    nickname: String,
    guest: i64,
    bot: Option<String>,
    waited: i64,
    done: i64,
}

/// Rows come in the order of matches, and within one in the order of seats.
fn gather(rows: Vec<SeatRow>) -> Result<Vec<Match>, LogError> {
    let mut matches: Vec<Match> = Vec::new();
    for row in rows {
        let id = Uuid::from_slice(&row.id).map_err(|_| unreadable("match"))?;
        let paired = Paired {
            player_id: player(&row.player_id)?,
            nickname: row.nickname,
            guest: row.guest != 0,
            bot: row.bot,
            waited: row.waited,
            done: row.done != 0,
        };
        match matches.last_mut().filter(|last| last.id == id) {
            Some(last) => last.players.push(paired),
            None => {
                let room = row.room_code.map(|code| code.parse().map_err(|_| unreadable("code"))).transpose()?;
                matches.push(Match { id, game: row.game, made_at: Timestamp(row.made_at), room, players: vec![paired] });
            }
        }
    }
    Ok(matches)
}

fn id(player: PlayerId) -> Vec<u8> {
    player.0.as_bytes().to_vec()
}

#[async_trait]
impl Queue for Log {
    async fn enqueue(&self, wish: Enqueue) -> Result<Enqueued, LogError> {
        let done = self.write(move |connection| Box::pin(async move { enqueue(connection, &wish).await }));
        Ok(match done.await?.map_err(unavailable)? {
            Asked::Is(enqueued) => enqueued,
            Asked::Playing(code) => Enqueued::Playing(code.parse().map_err(|_| unreadable("code"))?),
        })
    }

    async fn dequeue(&self, player: PlayerId) -> Result<bool, LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                hold(connection).await?;
                forget_matches(connection, player).await?;
                remove(connection, player).await
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn queued(&self) -> Result<Vec<Waiting>, LogError> {
        let query = format!("{WAITING} ORDER BY ticket");
        let rows: Vec<WaitingRow> = sqlx::query_as(AssertSqlSafe(query)).fetch_all(&self.readers).await.map_err(unavailable)?;
        rows.into_iter().map(Waiting::try_from).collect()
    }

    async fn queued_one(&self, player: PlayerId) -> Result<Option<Waiting>, LogError> {
        let query = format!("{WAITING} WHERE player_id = $1");
        let row: Option<WaitingRow> =
            sqlx::query_as(AssertSqlSafe(query)).bind(id(player)).fetch_optional(&self.readers).await.map_err(unavailable)?;
        row.map(Waiting::try_from).transpose()
    }

    async fn place(&self, game: &str, ticket: i64) -> Result<(u32, u32), LogError> {
        let (before, all): (i64, i64) = sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(CASE WHEN ticket <= $2 THEN 1 ELSE 0 END), 0) AS BIGINT), count(*)
             FROM queue_entries WHERE game = $1",
        )
        .bind(game)
        .bind(ticket)
        .fetch_one(&self.readers)
        .await
        .map_err(unavailable)?;
        let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        Ok((number(before), number(all)))
    }

    async fn attend_queue(&self, players: &[PlayerId], until: Timestamp, at_least: bool) -> Result<(), LogError> {
        if players.is_empty() {
            return Ok(());
        }
        let players = players.to_vec();
        let done = self.write(move |connection| {
            Box::pin(async move {
                hold(connection).await?;
                for some in players.chunks(NAMED) {
                    let mut query = QueryBuilder::<Db>::new("UPDATE queue_entries SET away = 0, expires_at = ");
                    if at_least {
                        query.push("CASE WHEN expires_at > ").push_bind(until.0).push(" THEN expires_at ELSE ");
                        query.push_bind(until.0).push(" END");
                    } else {
                        query.push_bind(until.0);
                    }
                    query.push(" WHERE player_id IN (");
                    let mut names = query.separated(", ");
                    for player in some {
                        names.push_bind(id(*player));
                    }
                    query.push(")").build().execute(&mut *connection).await?;
                }
                Ok(())
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn absent_from_queue(&self, player: PlayerId, until: Timestamp) -> Result<(), LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                hold(connection).await?;
                sqlx::query(
                    "UPDATE queue_entries SET away = 1, expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 END
                     WHERE player_id = $1",
                )
                .bind(id(player))
                .bind(until.0)
                .execute(connection)
                .await
                .map(drop)
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn revive_queue(&self, now: Timestamp, until: Timestamp) -> Result<(), LogError> {
        let before = if SHARED { now } else { until };
        let done = self.write(move |connection| {
            Box::pin(async move {
                hold(connection).await?;
                let query = sqlx::query(
                    "UPDATE queue_entries SET away = CASE WHEN expires_at < $1 THEN 1 ELSE away END, expires_at = $2
                     WHERE expires_at < $2",
                );
                query.bind(before.0).bind(until.0).execute(connection).await.map(drop)
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn pair(&self, game: &str, now: Timestamp, policy: Policy) -> Result<Vec<Match>, LogError> {
        let game = game.to_owned();
        let done = self.write(move |connection| Box::pin(async move { pair(connection, &game, now, policy).await }));
        done.await?.map_err(unavailable)
    }

    async fn matches(&self, after: Timestamp) -> Result<Vec<Match>, LogError> {
        let query = format!(
            "{MATCHES} queue_matches.id IN (SELECT id FROM queue_matches WHERE room_code IS NULL OR opened_at > $1
                 ORDER BY made_at LIMIT CAST($2 AS BIGINT))
             ORDER BY made_at, queue_matches.id, seat"
        );
        let query = sqlx::query_as(AssertSqlSafe(query)).bind(after.0).bind(i64::from(MATCHES_MAX));
        gather(query.fetch_all(&self.readers).await.map_err(unavailable)?)
    }

    async fn match_of(&self, player: PlayerId, after: Timestamp) -> Result<Option<Match>, LogError> {
        let query = format!(
            "{MATCHES} queue_matches.id = (SELECT queue_matches.id FROM queue_seats
                 JOIN queue_matches ON queue_matches.id = queue_seats.match_id
                 WHERE queue_seats.player_id = $1 AND done = 0 AND made_at > $2 ORDER BY made_at DESC LIMIT 1)
             ORDER BY seat"
        );
        let query = sqlx::query_as(AssertSqlSafe(query)).bind(id(player)).bind(after.0);
        Ok(gather(query.fetch_all(&self.readers).await.map_err(unavailable)?)?.pop())
    }

    async fn match_opened(&self, id: Uuid, room: RoomCode, now: Timestamp) -> Result<(), LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE queue_matches SET room_code = $2, opened_at = $3 WHERE id = $1 AND room_code IS NULL")
                    .bind(id.as_bytes().as_slice())
                    .bind(room.as_str())
                    .bind(now.0)
                    .execute(connection)
                    .await
                    .map(drop)
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn usual_wait(&self, game: &str, after: Timestamp) -> Result<Option<i64>, LogError> {
        sqlx::query_scalar(
            "SELECT CAST(avg(waited) AS BIGINT) FROM (
                 SELECT waited FROM queue_matches JOIN queue_seats ON queue_seats.match_id = queue_matches.id
                 WHERE game = $1 AND made_at > $2 AND bot IS NULL ORDER BY made_at DESC LIMIT CAST($3 AS BIGINT)) AS latest",
        )
        .bind(game)
        .bind(after.0)
        .bind(i64::from(USUAL_OF))
        .fetch_one(&self.readers)
        .await
        .map_err(unavailable)
    }

    async fn forget_queue(&self, now: Timestamp, made_before: Timestamp) -> Result<u32, LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                hold(connection).await?;
                sqlx::query("DELETE FROM queue_matches WHERE made_at < $1").bind(made_before.0).execute(&mut *connection).await?;
                sqlx::query("DELETE FROM queue_entries WHERE expires_at < $1").bind(now.0).execute(connection).await
            })
        });
        Ok(u32::try_from(done.await?.map_err(unavailable)?.rows_affected()).unwrap_or(u32::MAX))
    }
}

/// Makes this the only transaction that changes the queue; the next number.
async fn hold(connection: &mut Connection) -> sqlx::Result<i64> {
    sqlx::query_scalar("UPDATE queue_state SET changes = changes + 1 WHERE id = 1 RETURNING changes").fetch_one(connection).await
}

/// Takes a player out; whether they were in. The caller holds the queue.
async fn remove(connection: &mut Connection, player: PlayerId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM queue_entries WHERE player_id = $1").bind(id(player)).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

async fn forget_matches(connection: &mut Connection, player: PlayerId) -> sqlx::Result<()> {
    let query = sqlx::query("UPDATE queue_seats SET done = 1 WHERE player_id = $1 AND done = 0");
    query.bind(id(player)).execute(connection).await.map(drop)
}

/// Who took a seat in a room after they began to wait waits no longer.
pub(super) async fn seated(connection: &mut Connection, seated: &[(PlayerId, Timestamp)]) -> sqlx::Result<()> {
    if seated.is_empty() {
        return Ok(());
    }
    hold(connection).await?;
    // Hardly anybody who sits down is in the queue.
    let mut query = QueryBuilder::<Db>::new("SELECT player_id, joined_at FROM queue_entries WHERE player_id IN (");
    let mut list = query.separated(", ");
    for (player, _) in seated {
        list.push_bind(id(*player));
    }
    query.push(")");
    let waiting: Vec<(Vec<u8>, i64)> = query.build_query_as().persistent(false).fetch_all(&mut *connection).await?;
    for (player, at) in seated {
        if waiting.iter().any(|(waiting, joined)| waiting == player.0.as_bytes() && *joined < at.0) {
            remove(connection, *player).await?;
        }
    }
    Ok(())
}

/// [`Enqueued`], with a code that is not read yet.
enum Asked {
    Is(Enqueued),
    Playing(String),
}

async fn enqueue(connection: &mut Connection, wish: &Enqueue) -> sqlx::Result<Asked> {
    let ticket = hold(connection).await?;
    let here = id(wish.player_id);
    // Who is in it: a player who left a running game for good is not present there any more.
    let playing: Option<String> = sqlx::query_scalar(
        "SELECT code FROM seatings JOIN rooms ON rooms.id = seatings.room_id
         WHERE seatings.player_id = $1 AND status = 'in_progress' AND EXISTS
             (SELECT 1 FROM presence WHERE presence.room_id = rooms.id AND presence.player_id = $1) LIMIT 1",
    )
    .bind(&here)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(code) = playing {
        return Ok(Asked::Playing(code));
    }
    let opening: Option<i64> = sqlx::query_scalar(
        "SELECT seat FROM queue_seats JOIN queue_matches ON queue_matches.id = queue_seats.match_id
         WHERE player_id = $1 AND (room_code IS NULL AND made_at > $2 OR done = 0 AND opened_at > $3) LIMIT 1",
    )
    .bind(&here)
    .bind(wish.opening_since.0)
    .bind(wish.opened_since.0)
    .fetch_optional(&mut *connection)
    .await?;
    if opening.is_some() {
        return Ok(Asked::Is(Enqueued::Paired));
    }
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM queue_entries WHERE player_id <> $1")
        .bind(&here)
        .fetch_one(&mut *connection)
        .await?;
    if waiting >= i64::from(QUEUE_MAX) {
        return Ok(Asked::Is(Enqueued::Full));
    }
    forget_matches(connection, wish.player_id).await?;
    sqlx::query("DELETE FROM queue_entries WHERE player_id = $1 AND game <> $2")
        .bind(&here)
        .bind(&wish.game)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO queue_entries (player_id, game, nickname, guest, rating, ticket, joined_at, expires_at, away)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
         ON CONFLICT (player_id) DO UPDATE SET nickname = excluded.nickname, away = 0, expires_at =
             CASE WHEN queue_entries.expires_at > excluded.expires_at THEN queue_entries.expires_at ELSE excluded.expires_at END",
    )
    .bind(&here)
    .bind(&wish.game)
    .bind(&wish.nickname)
    .bind(i64::from(wish.guest))
    .bind(wish.rating)
    .bind(ticket)
    .bind(wish.now.0)
    .bind(wish.expires_at.0)
    .execute(connection)
    .await?;
    Ok(Asked::Is(Enqueued::Waiting))
}

async fn pair(connection: &mut Connection, game: &str, now: Timestamp, policy: Policy) -> sqlx::Result<Vec<Match>> {
    hold(connection).await?;
    let query = format!("{WAITING} WHERE game = $1 AND away = 0 AND expires_at > $2 ORDER BY ticket");
    let rows: Vec<WaitingRow> = sqlx::query_as(AssertSqlSafe(query)).bind(game).bind(now.0).fetch_all(&mut *connection).await?;
    // A row that is not ours pairs nobody.
    let waiting = rows.into_iter().filter_map(|row| Waiting::try_from(row).ok()).collect();
    let mut made = Vec::new();
    for each in policy(waiting) {
        // Everybody named is there: nobody else changes the queue meanwhile. Should the policy name somebody twice, all is undone.
        for paired in each.players.iter().filter(|paired| paired.bot.is_none()) {
            if !remove(connection, paired.player_id).await? {
                return Err(sqlx::Error::RowNotFound);
            }
        }
        record(connection, &each).await?;
        made.push(each);
    }
    Ok(made)
}

async fn record(connection: &mut Connection, made: &Match) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO queue_matches (id, game, made_at) VALUES ($1, $2, $3)")
        .bind(made.id.as_bytes().as_slice())
        .bind(&made.game)
        .bind(made.made_at.0)
        .execute(&mut *connection)
        .await?;
    for (seat, paired) in (0_i64..).zip(&made.players) {
        sqlx::query(
            "INSERT INTO queue_seats (match_id, seat, player_id, nickname, guest, bot, waited, done)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
        )
        .bind(made.id.as_bytes().as_slice())
        .bind(seat)
        .bind(id(paired.player_id))
        .bind(&paired.nickname)
        .bind(i64::from(paired.guest))
        .bind(&paired.bot)
        .bind(paired.waited)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
