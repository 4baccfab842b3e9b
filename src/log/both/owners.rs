//! The leases of ticking rooms.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::query::QueryAs;

use super::super::{Db, IN_ORDER};
use super::{Log, read};
use crate::id::{RoomCode, RoomKey};
use crate::log::LogError;
use crate::log::owners::{Epoch, NodeId, Owners};
use crate::log::writer::{Lease, Store};
use crate::time::Timestamp;

/// A node that claims a room again within its lease keeps its epoch.
const CLAIM: &str = "INSERT INTO room_owners (room_id, node, epoch, expires_at) VALUES ($1, $2, 1, $4)
    ON CONFLICT (room_id) DO UPDATE SET
        node = excluded.node,
        epoch = room_owners.epoch
            + CASE WHEN room_owners.node = excluded.node AND room_owners.expires_at IS NOT NULL THEN 0 ELSE 1 END,
        expires_at = excluded.expires_at
    WHERE room_owners.expires_at IS NULL OR room_owners.expires_at <= $3 OR room_owners.node = excluded.node
    RETURNING room_id, epoch";

/// What is done with leases: the rooms that it concerned, and their epochs.
pub fn query(lease: Lease) -> QueryAs<'static, Db, (i64, i64), <Db as sqlx::Database>::Arguments> {
    let bytes = |node: NodeId| node.0.as_bytes().to_vec();
    match lease {
        Lease::Claim { room, node, now, until } => sqlx::query_as(CLAIM).bind(room.0).bind(bytes(node)).bind(now.0).bind(until.0),
        // To expire now is not to be given back: the matches go on, and another node finds them.
        Lease::Renew { node, until } | Lease::ReleaseAll { node, now: until } => sqlx::query_as(AssertSqlSafe(format!(
            "UPDATE room_owners SET expires_at = $2 WHERE room_id IN
                 (SELECT room_id FROM room_owners WHERE node = $1 AND expires_at IS NOT NULL{IN_ORDER})
             RETURNING room_id, epoch"
        )))
        .bind(bytes(node))
        .bind(until.0),
        Lease::Release { room, node } => {
            sqlx::query_as("UPDATE room_owners SET expires_at = NULL WHERE room_id = $1 AND node = $2 RETURNING room_id, epoch")
                .bind(room.0)
                .bind(bytes(node))
        }
    }
}

impl Log {
    async fn lease(&self, lease: Lease) -> Result<Vec<(RoomKey, Epoch)>, LogError> {
        let done = self.writer()?.aside(move |store| Box::pin(async move { store.lease(lease).await })).await?;
        let rooms = done.map_err(LogError::from)?;
        Ok(rooms.into_iter().map(|(room, epoch)| (RoomKey(room), Epoch(epoch))).collect())
    }
}

#[async_trait]
impl Owners for Log {
    async fn claim(&self, room: RoomKey, node: NodeId, now: Timestamp, until: Timestamp) -> Result<Option<Epoch>, LogError> {
        Ok(self.lease(Lease::Claim { room, node, now, until }).await?.first().map(|(_, epoch)| *epoch))
    }

    async fn renew(&self, node: NodeId, until: Timestamp) -> Result<Vec<RoomKey>, LogError> {
        Ok(self.lease(Lease::Renew { node, until }).await?.into_iter().map(|(room, _)| room).collect())
    }

    async fn release(&self, room: RoomKey, node: NodeId) -> Result<(), LogError> {
        self.lease(Lease::Release { room, node }).await.map(drop)
    }

    async fn release_all(&self, node: NodeId, now: Timestamp) -> Result<(), LogError> {
        self.lease(Lease::ReleaseAll { node, now }).await.map(drop)
    }

    async fn orphans(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        read::orphans(&self.readers, now, limit).await
    }
}
