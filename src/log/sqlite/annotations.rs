//! Remarks in the SQLite file; their words are in an FTS5 index that triggers keep.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, QueryBuilder, Row as _, Sqlite};

use super::SqliteLog;
use super::read::{player, unavailable, unreadable};
use crate::id::{PlayerId, RoomKey, Seq};
use crate::log::LogError;
use crate::log::annotations::{Annotated, Annotation, Annotations, NewAnnotation, Words};
use crate::time::Timestamp;

const ANNOTATION: &str =
    "SELECT annotations.id, rooms.code, rooms.game, annotations.seq, annotations.player_id, annotations.nickname,
     annotations.body, annotations.created_at FROM annotations JOIN rooms ON rooms.id = annotations.room_id WHERE ";

struct Found(Annotation);

impl<'r> FromRow<'r, SqliteRow> for Found {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let decode = |error: LogError| sqlx::Error::Decode(error.into());
        let (code, by): (String, Vec<u8>) = (row.try_get("code")?, row.try_get("player_id")?);
        let seq: i64 = row.try_get("seq")?;
        Ok(Self(Annotation {
            id: row.try_get("id")?,
            room: code.parse().map_err(|_| decode(unreadable("code")))?,
            game: row.try_get("game")?,
            seq: Seq(u32::try_from(seq).map_err(|_| decode(unreadable("seq")))?),
            player: player(&by).map_err(decode)?,
            nickname: row.try_get("nickname")?,
            text: row.try_get("body")?,
            created_at: Timestamp(row.try_get("created_at")?),
        }))
    }
}

/// All of the words, the last as a beginning, each as a string of FTS5: nothing in it is an operator.
fn match_of(words: &Words) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    format!("{}*", words.join(" "))
}

#[async_trait]
impl Annotations for SqliteLog {
    async fn annotate(&self, new: NewAnnotation) -> Result<Annotated, LogError> {
        let kept = self.write(move |connection| {
            Box::pin(async move {
                // One statement, so that two at once do not both find room for one.
                let kept: Option<i64> = sqlx::query_scalar(
                    "INSERT INTO annotations (room_id, seq, player_id, nickname, body, created_at)
                     SELECT $1, $2, $3, $4, $5, $6
                     WHERE (SELECT count(*) FROM annotations WHERE room_id = $1) < $8
                       AND (SELECT count(*) FROM annotations WHERE room_id = $1 AND player_id = $3) < $7
                     RETURNING id",
                )
                .bind(new.room.0)
                .bind(i64::from(new.seq.0))
                .bind(new.player.0.as_bytes().to_vec())
                .bind(new.nickname)
                .bind(new.text)
                .bind(new.now.0)
                .bind(i64::from(new.most.0))
                .bind(i64::from(new.most.1))
                .fetch_optional(connection)
                .await?;
                Ok(kept)
            })
        });
        match kept.await? {
            Ok(kept) => Ok(kept.map_or(Annotated::Full, Annotated::Kept)),
            Err(error) if error.as_database_error().is_some_and(|refused| refused.is_foreign_key_violation()) => {
                Err(LogError::Conflict)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn annotations(&self, room: RoomKey, seq: Option<Seq>, after: i64, limit: u32) -> Result<Vec<Annotation>, LogError> {
        let mut query = QueryBuilder::<Sqlite>::new(ANNOTATION);
        query.push("annotations.room_id = ").push_bind(room.0).push(" AND annotations.id > ").push_bind(after);
        if let Some(seq) = seq {
            query.push(" AND annotations.seq = ").push_bind(i64::from(seq.0));
        }
        query.push(" ORDER BY annotations.id LIMIT ").push_bind(i64::from(limit));
        let found: Vec<Found> = query.build_query_as().fetch_all(&self.readers).await.map_err(unavailable)?;
        Ok(found.into_iter().map(|found| found.0).collect())
    }

    async fn annotation(&self, room: RoomKey, id: i64) -> Result<Option<Annotation>, LogError> {
        let query = format!("{ANNOTATION} annotations.room_id = $1 AND annotations.id = $2");
        let found: Option<Found> =
            sqlx::query_as(AssertSqlSafe(query)).bind(room.0).bind(id).fetch_optional(&self.readers).await.map_err(unavailable)?;
        Ok(found.map(|found| found.0))
    }

    async fn remove_annotation(&self, room: RoomKey, id: i64) -> Result<bool, LogError> {
        let removed = self.write(move |connection| {
            Box::pin(async move {
                let query = sqlx::query("DELETE FROM annotations WHERE room_id = $1 AND id = $2").bind(room.0).bind(id);
                query.execute(connection).await.map(|done| done.rows_affected() > 0)
            })
        });
        removed.await?.map_err(unavailable)
    }

    async fn find_annotations(
        &self,
        words: &Words,
        asker: Option<PlayerId>,
        before: i64,
        limit: u32,
    ) -> Result<Vec<Annotation>, LogError> {
        let query = format!(
            "{ANNOTATION} annotations.id IN (SELECT rowid FROM annotations_words WHERE annotations_words MATCH $1)
             AND annotations.id < $2
             AND (rooms.visibility = 'public' OR rooms.created_by = $3
                  OR EXISTS (SELECT 1 FROM seatings WHERE seatings.room_id = rooms.id AND seatings.player_id = $3))
             ORDER BY annotations.id DESC LIMIT $4"
        );
        let found: Vec<Found> = sqlx::query_as(AssertSqlSafe(query))
            .bind(match_of(words))
            .bind(before)
            .bind(asker.map(|asker| asker.0.as_bytes().to_vec()))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(found.into_iter().map(|found| found.0).collect())
    }
}
