//! Ratings, and the games that they come from.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, FromRow};

use super::read::{code, number, player, unavailable, unreadable};
use super::{Connection, Log};
use crate::id::{PlayerId, RoomKey};
use crate::log::LogError;
use crate::log::ratings::{Played, Ranked, Ratings, Unscored};
use crate::rating::Standing;
use crate::rating::score::Entry;
use crate::time::Timestamp;

const FIGURES: &str = "rating, experience, ratings.games, wins, losses, draws, gammons, backgammons, streak, best_streak";

#[derive(FromRow)]
struct StandingRow {
    rating: f64,
    experience: i64,
    games: i64,
    wins: i64,
    losses: i64,
    draws: i64,
    gammons: i64,
    backgammons: i64,
    streak: i64,
    best_streak: i64,
}

impl From<StandingRow> for Standing {
    fn from(row: StandingRow) -> Self {
        // Only we write here, and only counts.
        let count = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            rating: row.rating,
            experience: count(row.experience),
            games: count(row.games),
            wins: count(row.wins),
            losses: count(row.losses),
            draws: count(row.draws),
            gammons: count(row.gammons),
            backgammons: count(row.backgammons),
            streak: count(row.streak),
            best_streak: count(row.best_streak),
        }
    }
}

#[derive(FromRow)]
struct RankedRow {
    player_id: Vec<u8>,
    nickname: String,
    guest: i64,
    #[sqlx(flatten)]
    standing: StandingRow,
}

#[derive(FromRow)]
struct NamedRow {
    game: String,
    #[sqlx(flatten)]
    standing: StandingRow,
}

#[derive(FromRow)]
struct PlayedRow {
    code: String,
    game: String,
    ended_at: i64,
    result: String,
    kind: Option<String>,
    points: Option<i64>,
    opponent_id: Option<Vec<u8>>,
    nickname: Option<String>,
    counts: i64,
    rating_before: f64,
    rating_after: f64,
}

impl TryFrom<PlayedRow> for Played {
    type Error = LogError;

    fn try_from(row: PlayedRow) -> Result<Self, LogError> {
        let opponent = match (row.opponent_id, row.nickname) {
            (Some(id), Some(nickname)) => Some((player(&id)?, nickname)),
            _ => None,
        };
        Ok(Self {
            code: code(&row.code)?,
            game: row.game,
            at: Timestamp(row.ended_at),
            result: row.result.parse().map_err(|_| unreadable("result"))?,
            kind: row.kind,
            points: row.points.and_then(|points| u32::try_from(points).ok()),
            opponent,
            counts: row.counts == 1,
            rating: (row.rating_before, row.rating_after),
        })
    }
}

type EndingRow = (i64, i64, String, String, i64, String);

#[async_trait]
impl Ratings for Log {
    async fn unscored(&self, limit: u32) -> Result<Vec<Unscored>, LogError> {
        let rows: Vec<EndingRow> = sqlx::query_as(
            "SELECT endings.room_id, endings.seq, rooms.code, rooms.game, events.at, events.body FROM endings
             JOIN rooms ON rooms.id = endings.room_id
             JOIN events ON events.room_id = endings.room_id AND events.seq = endings.seq LIMIT CAST($1 AS BIGINT)",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await
        .map_err(unavailable)?;
        let unscored = rows.into_iter().map(|(room, seq, text, game, at, body)| {
            Ok(Unscored { room: RoomKey(room), code: code(&text)?, game, seq: number(seq)?, at: Timestamp(at), body })
        });
        unscored.collect()
    }

    async fn standing(&self, player: PlayerId, game: &str) -> Result<Standing, LogError> {
        let query = format!("SELECT {FIGURES} FROM ratings WHERE player_id = $1 AND game = $2");
        let row: Option<StandingRow> = sqlx::query_as(AssertSqlSafe(query))
            .bind(id(player))
            .bind(game)
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(row.map(Standing::from).unwrap_or_default())
    }

    async fn enter(&self, ending: Unscored, entries: Vec<Entry>) -> Result<bool, LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                match enter(connection, &ending, &entries).await {
                    // What was done so far is undone.
                    Ok(false) => Err(sqlx::Error::RowNotFound),
                    entered => entered,
                }
            })
        });
        match done.await? {
            Err(sqlx::Error::RowNotFound) => Ok(false),
            entered => entered.map_err(unavailable),
        }
    }

    async fn standings(&self, player: PlayerId) -> Result<Vec<(String, Standing)>, LogError> {
        let query = format!("SELECT game, {FIGURES} FROM ratings WHERE player_id = $1 ORDER BY game");
        let rows: Vec<NamedRow> =
            sqlx::query_as(AssertSqlSafe(query)).bind(id(player)).fetch_all(&self.readers).await.map_err(unavailable)?;
        Ok(rows.into_iter().map(|row| (row.game, row.standing.into())).collect())
    }

    async fn book(&self, player: PlayerId, game: Option<&str>, limit: u32) -> Result<Vec<Played>, LogError> {
        let rows: Vec<PlayedRow> = sqlx::query_as(
            "SELECT code, game, ended_at, result, kind, points, opponent_id, nickname, counts, rating_before, rating_after
             FROM results LEFT JOIN players ON players.id = opponent_id
             WHERE player_id = $1 AND ($2 = '' OR game = $2) ORDER BY ended_at DESC, room_id DESC, seq DESC LIMIT CAST($3 AS BIGINT)",
        )
        .bind(id(player))
        .bind(game.unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await
        .map_err(unavailable)?;
        rows.into_iter().map(Played::try_from).collect()
    }

    async fn leaderboard(&self, game: &str, games: u32, skip: u32, limit: u32) -> Result<(Vec<Ranked>, u32), LogError> {
        let query = format!(
            "SELECT player_id, nickname, guest, {FIGURES} FROM ratings JOIN players ON players.id = player_id
             WHERE game = $1 AND ratings.games >= $2 ORDER BY rating DESC, player_id LIMIT CAST($3 AS BIGINT) OFFSET CAST($4 AS BIGINT)"
        );
        let rows: Vec<RankedRow> = sqlx::query_as(AssertSqlSafe(query))
            .bind(game)
            .bind(i64::from(games))
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        let all: i64 = sqlx::query_scalar("SELECT count(*) FROM ratings WHERE game = $1 AND games >= $2")
            .bind(game)
            .bind(i64::from(games))
            .fetch_one(&self.readers)
            .await
            .map_err(unavailable)?;
        let ranked = rows.into_iter().map(|row| {
            let RankedRow { player_id, nickname, guest, standing } = row;
            Ok(Ranked { player: player(&player_id)?, nickname, guest: guest == 1, standing: standing.into() })
        });
        Ok((ranked.collect::<Result<_, LogError>>()?, u32::try_from(all).unwrap_or(u32::MAX)))
    }
}

fn id(player: PlayerId) -> Vec<u8> {
    player.0.as_bytes().to_vec()
}

/// `false` when the ending is gone, or a standing is not the one that was read.
async fn enter(connection: &mut Connection, ending: &Unscored, entries: &[Entry]) -> sqlx::Result<bool> {
    let taken = sqlx::query("DELETE FROM endings WHERE room_id = $1 AND seq = $2")
        .bind(ending.room.0)
        .bind(i64::from(ending.seq.0))
        .execute(&mut *connection)
        .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    for entry in entries {
        // Who sat where is noted a moment after the fact; the book does not wait for it.
        sqlx::query(
            "INSERT INTO players (id, nickname, guest, created_at, seen_at) VALUES ($1, $2, 1, $3, $3) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id(entry.player))
        .bind(&entry.nickname)
        .bind(ending.at.0)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO results (player_id, ended_at, room_id, seq, code, game, result, kind, points, opponent_id, counts, rating_before, rating_after)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(id(entry.player))
        .bind(ending.at.0)
        .bind(ending.room.0)
        .bind(i64::from(ending.seq.0))
        .bind(ending.code.as_str())
        .bind(&ending.game)
        .bind(<&str>::from(entry.result))
        .bind(&entry.kind)
        .bind(entry.points.map(i64::from))
        .bind(entry.opponent.as_ref().map(|(opponent, _)| id(*opponent)))
        .bind(i64::from(entry.standing.is_some()))
        .bind(entry.rating.0)
        .bind(entry.rating.1)
        .execute(&mut *connection)
        .await?;
        let Some((before, after)) = &entry.standing else { continue };
        let changed = sqlx::query(
            "INSERT INTO ratings (player_id, game, rating, experience, games, wins, losses, draws, gammons, backgammons, streak, best_streak, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (player_id, game) DO UPDATE SET rating = excluded.rating, experience = excluded.experience, games = excluded.games,
                 wins = excluded.wins, losses = excluded.losses, draws = excluded.draws, gammons = excluded.gammons,
                 backgammons = excluded.backgammons, streak = excluded.streak, best_streak = excluded.best_streak,
                 updated_at = excluded.updated_at
             WHERE ratings.games = $14",
        )
        .bind(id(entry.player))
        .bind(&ending.game)
        .bind(after.rating)
        .bind(i64::from(after.experience))
        .bind(i64::from(after.games))
        .bind(i64::from(after.wins))
        .bind(i64::from(after.losses))
        .bind(i64::from(after.draws))
        .bind(i64::from(after.gammons))
        .bind(i64::from(after.backgammons))
        .bind(i64::from(after.streak))
        .bind(i64::from(after.best_streak))
        .bind(ending.at.0)
        .bind(i64::from(before.games))
        .execute(&mut *connection)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
