//! Handing a step to the log.

use super::*;

impl Awake {
    /// Whether nobody else has appended meanwhile. What is accepted finds out by its commit; a refusal writes nothing, and one that comes
    /// of an old state would turn away a move that is in the log already.
    pub(super) async fn still_newest(&self, kernel: &Kernel) -> Result<(), LogError> {
        let Some(loaded) = self.hosted.as_ref().filter(|_| kernel.log.is_shared()) else { return Ok(()) };
        let newer = kernel.log.rows(loaded.key, loaded.room.seq(), 1).await?;
        if newer.is_empty() { Ok(()) } else { Err(LogError::Conflict) }
    }

    pub(super) async fn append(&mut self, cell: &Cell, kernel: &Kernel, out: &mut Outbox) -> Result<(), LogError> {
        let Some(loaded) = self.hosted.as_mut() else { return Err(LogError::Conflict) };
        if out.rows.is_empty() {
            return Ok(());
        }
        let head = loaded.changed_head(out);
        let commit = Commit {
            room: loaded.key,
            rows: std::mem::take(&mut out.rows),
            head: head.clone(),
            presence: std::mem::take(&mut out.presence),
            epoch: self.time.epoch(),
        };
        let rows = (kernel.peers().is_some() || self.past.is_kept()).then(|| commit.rows.clone());
        kernel.log.append(commit).await?;
        if let Some(rows) = rows {
            if let Some(peers) = kernel.peers() {
                peers.appended(cell.code, &rows);
            }
            self.past.grows(rows, loaded.room.as_ref());
        }
        if let Some(head) = head {
            loaded.head = head;
        }
        Ok(())
    }
}

impl Loaded {
    /// The room's head, when it is not the one that the store has. What it is made of is told, too.
    fn changed_head(&self, out: &mut Outbox) -> Option<Head> {
        let changed = || self.room.wake_at() != self.head.wake_at || self.room.status() != self.head.status;
        if !out.people_changed && !changed() {
            return None;
        }
        let summary = out.summary.insert(self.room.summary());
        Some(self.room.head(summary))
    }
}
