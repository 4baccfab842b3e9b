//! Images.

use async_trait::async_trait;

use super::Log;
use super::read::unavailable;
use crate::id::RoomKey;
use crate::log::LogError;
use crate::log::images::{ImageId, Images, NewImage, StoredImage};

#[async_trait]
impl Images for Log {
    async fn keep_image(&self, new: NewImage) -> Result<bool, LogError> {
        let size = i64::try_from(new.body.len()).unwrap_or(i64::MAX);
        let bytes = i64::try_from(new.quota.bytes).unwrap_or(i64::MAX);
        let kept = self.write(move |connection| {
            Box::pin(async move {
                // One statement, so that two at once do not both find room for one.
                let query = sqlx::query(
                    "INSERT INTO images (room_id, id, player_id, media_type, width, height, size, created_at, body)
                     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
                     WHERE (SELECT count(*) FROM images WHERE room_id = $1) < $10
                       AND (SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM images WHERE room_id = $1) <= $11 - $7",
                );
                let query = query
                    .bind(new.room.0)
                    .bind(new.id.0.as_bytes().to_vec())
                    .bind(new.player.0.as_bytes().to_vec())
                    .bind(new.media_type)
                    .bind(i64::from(new.width))
                    .bind(i64::from(new.height))
                    .bind(size)
                    .bind(new.now.0)
                    .bind(new.body)
                    .bind(i64::from(new.quota.images))
                    .bind(bytes);
                query.execute(connection).await.map(|done| done.rows_affected() > 0)
            })
        });
        match kept.await? {
            Ok(kept) => Ok(kept),
            Err(error) if error.as_database_error().is_some_and(|refused| refused.is_foreign_key_violation()) => {
                Err(LogError::Conflict)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn image(&self, room: RoomKey, id: ImageId) -> Result<Option<StoredImage>, LogError> {
        let found: Option<(String, Vec<u8>)> = sqlx::query_as("SELECT media_type, body FROM images WHERE room_id = $1 AND id = $2")
            .bind(room.0)
            .bind(id.0.as_bytes().to_vec())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(found.map(|(media_type, body)| StoredImage { media_type, body }))
    }
}
