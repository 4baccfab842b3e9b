//! The nodes on this database, and who is connected to them.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::PostgresLog;
use crate::id::{NodeId, PlayerId, RoomCode, RoomKey};
use crate::log::LogError;
use crate::log::nodes::{Beat, Nodes};

fn unavailable(error: sqlx::Error) -> LogError {
    LogError::Unavailable(error.to_string())
}

fn bytes(players: &[PlayerId]) -> Vec<&[u8]> {
    players.iter().map(|player| player.0.as_bytes().as_slice()).collect()
}

#[async_trait]
impl Nodes for PostgresLog {
    async fn beat(&self, node: NodeId, address: Option<&str>) -> Result<Beat, LogError> {
        // A row that was never updated has no xmax: it is new.
        let (entered, alive): (bool, Vec<Vec<u8>>) = sqlx::query_as(
            "WITH beat AS (
                 INSERT INTO nodes (id, beat_at, address) VALUES ($1, extract(epoch FROM clock_timestamp()) * 1000, $2)
                 ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at RETURNING xmax = 0 AS entered
             )
             SELECT entered, ARRAY(SELECT id FROM nodes) FROM beat",
        )
        .bind(node.0.as_bytes().as_slice())
        .bind(address)
        .fetch_one(&self.readers)
        .await
        .map_err(unavailable)?;
        let alive = alive.iter().filter_map(|id| Uuid::from_slice(id).ok().map(NodeId)).collect();
        Ok(Beat { entered, alive })
    }

    async fn address(&self, node: NodeId) -> Result<Option<String>, LogError> {
        let address: Option<Option<String>> = sqlx::query_scalar("SELECT address FROM nodes WHERE id = $1")
            .bind(node.0.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(address.flatten())
    }

    async fn give_up(&self, silent: Duration) -> Result<Vec<RoomCode>, LogError> {
        let codes: Vec<String> = sqlx::query_scalar(
            "WITH dead AS (
                 DELETE FROM nodes WHERE beat_at < extract(epoch FROM clock_timestamp()) * 1000 - $1 RETURNING id
             )
             SELECT code FROM rooms WHERE id IN (SELECT room_id FROM connections JOIN dead ON connections.node_id = dead.id)",
        )
        .bind(i64::try_from(silent.as_millis()).unwrap_or(i64::MAX))
        .fetch_all(&self.readers)
        .await
        .map_err(unavailable)?;
        // Written by our own rooms; a code that is none belongs to no room of ours.
        Ok(codes.iter().filter_map(|code| code.parse().ok()).collect())
    }

    async fn attend(
        &self,
        node: NodeId,
        room: RoomKey,
        came: &[PlayerId],
        went: &[PlayerId],
    ) -> Result<HashSet<PlayerId>, LogError> {
        let elsewhere: Vec<Vec<u8>> = sqlx::query_scalar(
            "WITH came AS (
                 INSERT INTO connections (room_id, player_id, node_id) SELECT $1, player, $2 FROM unnest($3::bytea[]) AS player
                 ON CONFLICT DO NOTHING
             ), went AS (
                 DELETE FROM connections WHERE room_id = $1 AND node_id = $2 AND player_id = ANY ($4::bytea[])
             )
             SELECT DISTINCT player_id FROM connections WHERE room_id = $1 AND node_id <> $2",
        )
        .bind(room.0)
        .bind(node.0.as_bytes().as_slice())
        .bind(bytes(came))
        .bind(bytes(went))
        .fetch_all(&self.readers)
        .await
        .map_err(unavailable)?;
        Ok(elsewhere.iter().filter_map(|player| Uuid::from_slice(player).ok().map(PlayerId)).collect())
    }
}
