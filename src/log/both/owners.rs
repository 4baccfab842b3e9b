//! The leases of ticking rooms.

use async_trait::async_trait;

use super::{Connection, Log};
use crate::id::{RoomCode, RoomKey};
use crate::log::LogError;
use crate::log::owners::{Epoch, NodeId, Owners};
use crate::log::store::Lease;
use crate::time::Timestamp;

#[async_trait]
impl Owners for Log {
    async fn claim(&self, room: RoomKey, node: NodeId, now: Timestamp, until: Timestamp) -> Result<Option<Epoch>, LogError> {
        let claimed = self.writer()?.lease(Lease::Claim { room, node, now, until }).await?;
        Ok(claimed.first().map(|(_, epoch)| *epoch))
    }

    async fn renew(&self, node: NodeId, until: Timestamp) -> Result<Vec<RoomKey>, LogError> {
        let renewed = self.writer()?.lease(Lease::Renew { node, until }).await?;
        Ok(renewed.into_iter().map(|(room, _)| room).collect())
    }

    async fn release(&self, room: RoomKey, node: NodeId) -> Result<(), LogError> {
        self.writer()?.lease(Lease::Release { room, node }).await.map(drop)
    }

    async fn release_all(&self, node: NodeId, now: Timestamp) -> Result<(), LogError> {
        self.writer()?.lease(Lease::ReleaseAll { node, now }).await.map(drop)
    }

    async fn orphans(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        super::read::orphans(&self.readers, now, limit).await
    }
}

/// A node that claims a room again within its lease keeps its epoch.
const CLAIM: &str = "INSERT INTO room_owners (room_id, node, epoch, expires_at) VALUES ($1, $2, 1, $4)
    ON CONFLICT (room_id) DO UPDATE SET
        node = excluded.node,
        epoch = room_owners.epoch
            + CASE WHEN room_owners.node = excluded.node AND room_owners.expires_at IS NOT NULL THEN 0 ELSE 1 END,
        expires_at = excluded.expires_at
    WHERE room_owners.expires_at IS NULL OR room_owners.expires_at <= $3 OR room_owners.node = excluded.node
    RETURNING room_id, epoch";

fn bytes(node: NodeId) -> Vec<u8> {
    node.0.as_bytes().to_vec()
}

/// Changes leases; the rooms that are the node's then, with their epochs.
///
/// # Errors
/// Those of the store.
pub async fn lease(connection: &mut Connection, lease: Lease) -> sqlx::Result<Vec<(RoomKey, Epoch)>> {
    let query = match lease {
        Lease::Claim { room, node, now, until } => sqlx::query_as(CLAIM).bind(room.0).bind(bytes(node)).bind(now.0).bind(until.0),
        Lease::Renew { node, until } => sqlx::query_as(
            "UPDATE room_owners SET expires_at = $2 WHERE node = $1 AND expires_at IS NOT NULL RETURNING room_id, epoch",
        )
        .bind(bytes(node))
        .bind(until.0),
        Lease::Release { room, node } => {
            sqlx::query_as("UPDATE room_owners SET expires_at = NULL WHERE room_id = $1 AND node = $2 RETURNING room_id, epoch")
                .bind(room.0)
                .bind(bytes(node))
        }
        // Run out, not given back: the matches go on, and another node finds them.
        Lease::ReleaseAll { node, now } => sqlx::query_as(
            "UPDATE room_owners SET expires_at = $2 WHERE node = $1 AND expires_at IS NOT NULL RETURNING room_id, epoch",
        )
        .bind(bytes(node))
        .bind(now.0),
    };
    let rows: Vec<(i64, i64)> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(room, epoch)| (RoomKey(room), Epoch(epoch))).collect())
}
