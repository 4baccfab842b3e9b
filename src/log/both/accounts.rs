//! Players and their accounts. What is written goes through a connection that writes, between two transactions of rooms.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use super::read::{ROOM_COLUMNS, RoomRow, player, unavailable, unreadable};
use super::{Connection, Log, breaks};
use crate::id::{PlayerId, SessionId};
use crate::log::accounts::{
    Account, AccountError, Accounts, NewAccount, NewSession, Notes, Revoked, Rotated, StoredPlayer, Subject,
};
use crate::log::anonymous;
use crate::log::{LogError, StoredRoom};
use crate::time::Timestamp;

const ACCOUNT: &str = "SELECT accounts.player_id, nickname, username, password, accounts.created_at
     FROM accounts JOIN players ON players.id = accounts.player_id WHERE ";

#[derive(FromRow)]
struct AccountRow {
    player_id: Vec<u8>,
    nickname: String,
    username: String,
    password: String,
    created_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = LogError;

    fn try_from(row: AccountRow) -> Result<Self, LogError> {
        let AccountRow { player_id, nickname, username, password, created_at } = row;
        Ok(Self { player_id: player(&player_id)?, nickname, username, password, created_at: Timestamp(created_at) })
    }
}

impl Log {
    async fn account(&self, condition: &str, value: &[u8]) -> Result<Option<Account>, LogError> {
        let query = format!("{ACCOUNT}{condition}");
        let row: Option<AccountRow> =
            sqlx::query_as(AssertSqlSafe(query)).bind(value).fetch_optional(&self.readers).await.map_err(unavailable)?;
        row.map(Account::try_from).transpose()
    }
}

fn id(player: PlayerId) -> Vec<u8> {
    player.0.as_bytes().to_vec()
}

#[async_trait]
impl Accounts for Log {
    async fn create_account(&self, new: NewAccount) -> Result<(), AccountError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO players (id, nickname, guest, created_at, seen_at) VALUES ($1, $2, 0, $3, $3)
                     ON CONFLICT (id) DO UPDATE SET nickname = excluded.nickname, guest = 0, seen_at = excluded.seen_at",
                )
                .bind(id(new.player_id))
                .bind(&new.nickname)
                .bind(new.now.0)
                .execute(&mut *connection)
                .await?;
                sqlx::query(
                    "INSERT INTO accounts (player_id, username, username_key, password, created_at) VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(id(new.player_id))
                .bind(&new.username)
                .bind(new.username.to_ascii_lowercase())
                .bind(&new.password)
                .bind(new.now.0)
                .execute(&mut *connection)
                .await
                .map(drop)
            })
        });
        done.await?.map_err(|error| match error {
            error if breaks(&error, "accounts_username_key", "accounts.username_key") => AccountError::NameTaken,
            error if breaks(&error, "accounts_pkey", "accounts.player_id") => AccountError::HasAccount,
            error => AccountError::Store(unavailable(error)),
        })
    }

    async fn account_named(&self, username: &str) -> Result<Option<Account>, LogError> {
        let query = format!("{ACCOUNT}username_key = $1");
        let row: Option<AccountRow> = sqlx::query_as(AssertSqlSafe(query))
            .bind(username.to_ascii_lowercase())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
        row.map(Account::try_from).transpose()
    }

    async fn account_of(&self, player: PlayerId) -> Result<Option<Account>, LogError> {
        self.account("player_id = $1", player.0.as_bytes()).await
    }

    async fn player(&self, player: PlayerId) -> Result<Option<StoredPlayer>, LogError> {
        let row: Option<(String, i64, i64, i64)> =
            sqlx::query_as("SELECT nickname, guest, created_at, games FROM players WHERE id = $1")
                .bind(id(player))
                .fetch_optional(&self.readers)
                .await
                .map_err(unavailable)?;
        Ok(row.map(|(nickname, guest, created_at, games)| StoredPlayer {
            player_id: player,
            nickname,
            guest: guest != 0,
            created_at: Timestamp(created_at),
            games: u32::try_from(games).unwrap_or(u32::MAX),
        }))
    }

    async fn set_password(&self, player: PlayerId, password: &str) -> Result<bool, LogError> {
        let password = password.to_owned();
        self.change("UPDATE accounts SET password = $2 WHERE player_id = $1", player, password).await
    }

    async fn set_nickname(&self, player: PlayerId, nickname: &str) -> Result<bool, LogError> {
        self.change("UPDATE players SET nickname = $2 WHERE id = $1", player, nickname.to_owned()).await
    }

    async fn open_session(&self, new: NewSession, most: u32) -> Result<(), LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO sessions (id, player_id, generation, created_at, expires_at) VALUES ($1, $2, 1, $3, $4)")
                    .bind(new.id.0.as_bytes().to_vec())
                    .bind(id(new.player_id))
                    .bind(new.now.0)
                    .bind(new.expires_at.0)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(
                    "DELETE FROM sessions WHERE player_id = $1 AND id NOT IN
                         (SELECT id FROM sessions WHERE player_id = $1 ORDER BY created_at DESC, id LIMIT CAST($2 AS BIGINT))",
                )
                .bind(id(new.player_id))
                .bind(i64::from(most))
                .execute(&mut *connection)
                .await?;
                seen(connection, new.player_id, new.now).await
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn rotate(
        &self,
        session: SessionId,
        generation: u32,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotated, LogError> {
        let done = self.write(move |connection| Box::pin(rotate(connection, session, generation, now, expires_at)));
        match done.await?.map_err(unavailable)? {
            Turned::Next(row, generation) => Ok(Rotated::Next { account: row.try_into()?, generation }),
            Turned::Reused => Ok(Rotated::Reused),
            Turned::Gone => Ok(Rotated::Gone),
        }
    }

    async fn revoke(&self, revoked: Revoked) -> Result<(), LogError> {
        self.write(move |connection| Box::pin(revoke(connection, revoked))).await?.map_err(unavailable)
    }

    async fn revocations(&self, after: Timestamp) -> Result<Vec<Revoked>, LogError> {
        let rows: Vec<(String, Vec<u8>, i64)> = sqlx::query_as("SELECT kind, id, at FROM revocations WHERE at > $1")
            .bind(after.0)
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        let read = |(kind, id, at): (String, Vec<u8>, i64)| {
            let id = Uuid::from_slice(&id).map_err(|_| unreadable("revocation"))?;
            let subject = match kind.as_str() {
                "player" => Subject::Player(PlayerId(id)),
                _ => Subject::Session(SessionId(id)),
            };
            Ok(Revoked { subject, at: Timestamp(at) })
        };
        rows.into_iter().map(read).collect()
    }

    async fn delete_player(&self, player: PlayerId, now: Timestamp, name_instead: &str) -> Result<Vec<StoredRoom>, LogError> {
        let instead = name_instead.to_owned();
        let done = self.write(move |connection| {
            Box::pin(async move {
                let rooms = rooms_of(connection, player, u32::MAX).await?;
                for room in &rooms {
                    take_name(connection, room, player, &instead).await?;
                }
                sqlx::query("DELETE FROM players WHERE id = $1").bind(id(player)).execute(&mut *connection).await?;
                revoke(connection, Revoked { subject: Subject::Player(player), at: now }).await?;
                Ok(rooms)
            })
        });
        done.await?.map_err(unavailable)?.into_iter().map(StoredRoom::try_from).collect()
    }

    async fn note(&self, notes: &Notes) -> Result<(), LogError> {
        let notes = notes.clone();
        let done = self.write(move |connection| {
            Box::pin(async move {
                super::notes::seat(connection, &notes.seatings).await?;
                for (room, at) in &notes.endings {
                    super::notes::count(connection, *room, *at).await?;
                }
                Ok(())
            })
        });
        done.await?.map_err(unavailable)
    }

    async fn rooms_of(&self, player: PlayerId, limit: u32) -> Result<Vec<StoredRoom>, LogError> {
        let mut connection = self.readers.acquire().await.map_err(unavailable)?;
        let rows = rooms_of(&mut connection, player, limit).await.map_err(unavailable)?;
        rows.into_iter().map(StoredRoom::try_from).collect()
    }

    async fn forget_guests(&self, seen_before: Timestamp, fewer_than: u32, limit: u32) -> Result<u32, LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "DELETE FROM players WHERE id IN
                         (SELECT id FROM players WHERE guest = 1 AND seen_at < $1 AND games < $2 AND NOT EXISTS
                             (SELECT 1 FROM seatings JOIN rooms ON rooms.id = seatings.room_id
                              WHERE seatings.player_id = players.id AND rooms.ended_at IS NULL)
                          ORDER BY seen_at LIMIT CAST($3 AS BIGINT))",
                )
                .bind(seen_before.0)
                .bind(i64::from(fewer_than))
                .bind(i64::from(limit))
                .execute(connection)
                .await
            })
        });
        let done = done.await?.map_err(unavailable)?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }

    async fn forget_sessions(&self, now: Timestamp, revoked_before: Timestamp) -> Result<(), LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(now.0).execute(&mut *connection).await?;
                sqlx::query("DELETE FROM revocations WHERE at < $1").bind(revoked_before.0).execute(connection).await.map(drop)
            })
        });
        done.await?.map_err(unavailable)
    }
}

impl Log {
    /// Sets one value of one player; whether there was a row.
    async fn change(&self, statement: &'static str, player: PlayerId, value: String) -> Result<bool, LogError> {
        let done = self.write(move |connection| {
            Box::pin(async move { sqlx::query(statement).bind(id(player)).bind(value).execute(connection).await })
        });
        Ok(done.await?.map_err(unavailable)?.rows_affected() > 0)
    }
}

/// [`Rotated`], with a row that is not read yet.
enum Turned {
    Next(AccountRow, u32),
    Reused,
    Gone,
}

async fn rotate(
    connection: &mut Connection,
    session: SessionId,
    generation: u32,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<Turned> {
    let key = session.0.as_bytes().as_slice();
    let owner: Option<Vec<u8>> = sqlx::query_scalar(
        "UPDATE sessions SET generation = generation + 1, expires_at = $4
         WHERE id = $1 AND generation = $2 AND expires_at > $3 RETURNING player_id",
    )
    .bind(key)
    .bind(i64::from(generation))
    .bind(now.0)
    .bind(expires_at.0)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(owner) = owner {
        let query = format!("{ACCOUNT}player_id = $1");
        let account: Option<AccountRow> = sqlx::query_as(AssertSqlSafe(query)).bind(owner).fetch_optional(&mut *connection).await?;
        if let Some(account) = &account
            && let Ok(id) = Uuid::from_slice(&account.player_id)
        {
            seen(connection, PlayerId(id), now).await?;
        }
        return Ok(account.map_or(Turned::Gone, |account| Turned::Next(account, generation.saturating_add(1))));
    }
    let newer: Option<i64> = sqlx::query_scalar("SELECT generation FROM sessions WHERE id = $1 AND generation > $2")
        .bind(key)
        .bind(i64::from(generation))
        .fetch_optional(&mut *connection)
        .await?;
    if newer.is_none() {
        return Ok(Turned::Gone);
    }
    revoke(connection, Revoked { subject: Subject::Session(session), at: now }).await?;
    Ok(Turned::Reused)
}

async fn revoke(connection: &mut Connection, revoked: Revoked) -> sqlx::Result<()> {
    let (kind, id, ended) = match revoked.subject {
        Subject::Player(player) => ("player", player.0, "DELETE FROM sessions WHERE player_id = $1"),
        Subject::Session(session) => ("session", session.0, "DELETE FROM sessions WHERE id = $1"),
    };
    sqlx::query(ended).bind(id.as_bytes().as_slice()).execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO revocations (kind, id, at) VALUES ($1, $2, $3)
         ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at WHERE excluded.at > revocations.at",
    )
    .bind(kind)
    .bind(id.as_bytes().as_slice())
    .bind(revoked.at.0)
    .execute(connection)
    .await
    .map(drop)
}

async fn seen(connection: &mut Connection, player: PlayerId, now: Timestamp) -> sqlx::Result<()> {
    let query = sqlx::query("UPDATE players SET seen_at = $2 WHERE id = $1 AND seen_at < $2");
    query.bind(id(player)).bind(now.0).execute(connection).await.map(drop)
}

async fn rooms_of(connection: &mut Connection, player: PlayerId, limit: u32) -> sqlx::Result<Vec<RoomRow>> {
    let query = format!(
        "SELECT {ROOM_COLUMNS} FROM seatings JOIN rooms ON rooms.id = seatings.room_id WHERE seatings.player_id = $1
         ORDER BY seated_at DESC, room_id DESC LIMIT CAST($2 AS BIGINT)"
    );
    sqlx::query_as(AssertSqlSafe(query)).bind(id(player)).bind(i64::from(limit)).fetch_all(connection).await
}

/// Takes a player's name out of a room's events and listing. Its snapshots, which are a cache, go.
async fn take_name(connection: &mut Connection, room: &RoomRow, player: PlayerId, instead: &str) -> sqlx::Result<()> {
    let bodies: Vec<(i64, String)> = sqlx::query_as("SELECT seq, body FROM events WHERE room_id = $1 AND body LIKE $2")
        .bind(room.id)
        .bind(format!("%{player}%"))
        .fetch_all(&mut *connection)
        .await?;
    for (seq, body) in bodies {
        if let Some(body) = anonymous::event(&body, player, instead) {
            let query = sqlx::query("UPDATE events SET body = $3 WHERE room_id = $1 AND seq = $2");
            query.bind(room.id).bind(seq).bind(body).execute(&mut *connection).await?;
        }
    }
    if let Some(listing) = anonymous::listing(&room.listing, player, instead) {
        let query = sqlx::query("UPDATE rooms SET listing = $2 WHERE id = $1");
        query.bind(room.id).bind(listing).execute(&mut *connection).await?;
    }
    sqlx::query("DELETE FROM snapshots WHERE room_id = $1").bind(room.id).execute(connection).await.map(drop)
}
