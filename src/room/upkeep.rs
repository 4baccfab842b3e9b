//! What a server does about its rooms' store now and then.

use crate::log::LogError;
use crate::room::Rooms;
use crate::time::Timestamp;

impl Rooms {
    /// Deletes what ended before `before`; how many rooms.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cleanup(&self, before: Timestamp) -> Result<u32, LogError> {
        let mut deleted = 0;
        loop {
            let now = self.kernel().log.delete_ended(before, 200).await?;
            deleted += now;
            if now < 200 {
                return Ok(deleted);
            }
        }
    }

    /// # Errors
    /// When the store does not answer.
    pub async fn health(&self) -> Result<(), LogError> {
        self.kernel().log.health().await
    }
}
