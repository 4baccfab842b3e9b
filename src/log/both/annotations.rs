//! Remarks. How their words are indexed and asked for is each store's own: `FOUND` and `search_of`.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, FromRow, QueryBuilder};

use super::read::{player, unavailable, unreadable};
use super::{Db, FOUND, Log, search_of};
use crate::id::{PlayerId, RoomKey, Seq};
use crate::log::LogError;
use crate::log::annotations::{Annotated, Annotation, Annotations, NewAnnotation, Words};
use crate::time::Timestamp;

const ANNOTATION: &str =
    "SELECT annotations.id, rooms.code, rooms.game, annotations.seq, annotations.player_id, annotations.nickname,
     annotations.body, annotations.created_at FROM annotations JOIN rooms ON rooms.id = annotations.room_id WHERE ";

#[derive(FromRow)]
struct AnnotationRow {
    id: i64,
    code: String,
    game: String,
    seq: i64,
    player_id: Vec<u8>,
    nickname: String,
    body: String,
    created_at: i64,
}

impl TryFrom<AnnotationRow> for Annotation {
    type Error = LogError;

    fn try_from(row: AnnotationRow) -> Result<Self, LogError> {
        Ok(Self {
            id: row.id,
            room: row.code.parse().map_err(|_| unreadable("code"))?,
            game: row.game,
            seq: Seq(u32::try_from(row.seq).map_err(|_| unreadable("seq"))?),
            player: player(&row.player_id)?,
            nickname: row.nickname,
            text: row.body,
            created_at: Timestamp(row.created_at),
        })
    }
}

#[async_trait]
impl Annotations for Log {
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
        let mut query = QueryBuilder::<Db>::new(ANNOTATION);
        query.push("annotations.room_id = ").push_bind(room.0).push(" AND annotations.id > ").push_bind(after);
        if let Some(seq) = seq {
            query.push(" AND annotations.seq = ").push_bind(i64::from(seq.0));
        }
        query.push(" ORDER BY annotations.id LIMIT CAST(").push_bind(i64::from(limit)).push(" AS BIGINT)");
        let found: Vec<AnnotationRow> = query.build_query_as().fetch_all(&self.readers).await.map_err(unavailable)?;
        found.into_iter().map(Annotation::try_from).collect()
    }

    async fn annotation(&self, room: RoomKey, id: i64) -> Result<Option<Annotation>, LogError> {
        let query = format!("{ANNOTATION} annotations.room_id = $1 AND annotations.id = $2");
        let found: Option<AnnotationRow> =
            sqlx::query_as(AssertSqlSafe(query)).bind(room.0).bind(id).fetch_optional(&self.readers).await.map_err(unavailable)?;
        found.map(Annotation::try_from).transpose()
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
            "{ANNOTATION} {FOUND} AND annotations.id < $2
             AND (rooms.visibility = 'public' OR rooms.created_by = $3
                  OR EXISTS (SELECT 1 FROM seatings WHERE seatings.room_id = rooms.id AND seatings.player_id = $3))
             ORDER BY annotations.id DESC LIMIT CAST($4 AS BIGINT)"
        );
        let found: Vec<AnnotationRow> = sqlx::query_as(AssertSqlSafe(query))
            .bind(search_of(words))
            .bind(before)
            .bind(asker.map(|asker| asker.0.as_bytes().to_vec()))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        found.into_iter().map(Annotation::try_from).collect()
    }
}
