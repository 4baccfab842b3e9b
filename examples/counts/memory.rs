//! A log that keeps what rooms ask for while they are awake, and nothing else: so that rooms are counted, and not a store.

use std::collections::HashMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::*;
use parlor::time::Timestamp;

/// The rooms, each with its rows.
#[derive(Default)]
pub struct MemoryLog(Mutex<HashMap<RoomCode, (StoredRoom, Vec<Row>)>>);

#[async_trait]
impl EventLog for MemoryLog {
    fn is_shared(&self) -> bool {
        false
    }
    async fn create(&self, new: NewRoom) -> Result<Created, LogError> {
        let mut rooms = self.0.lock();
        let key = RoomKey(i64::try_from(rooms.len()).unwrap_or(i64::MAX));
        let NewRoom { code, game, visibility, created_by, created_at, head, rows, .. } = new;
        rooms.insert(code, (StoredRoom { key, code, game, visibility, created_by, created_at, head }, rows));
        Ok(Created::New(key))
    }
    async fn append(&self, _: Commit) -> Result<(), LogError> {
        Ok(())
    }
    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
        Ok(self.0.lock().get(&code).map(|(room, _)| room.clone()))
    }
    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
        let rooms = self.0.lock();
        let rows = rooms.values().find(|(stored, _)| stored.key == room).map(|(_, rows)| rows.as_slice()).unwrap_or_default();
        Ok(rows.iter().filter(|row| row.seq > after).take(limit as usize).cloned().collect())
    }
    async fn command(&self, _: RoomKey, _: &CommandKey) -> Result<Option<Seq>, LogError> {
        Ok(None)
    }
    async fn asleep(&self, code: RoomCode, _: Seq, _: u32) -> Result<Option<Asleep>, LogError> {
        Ok(self.0.lock().get(&code).map(|(room, rows)| Asleep { room: room.clone(), snapshot: None, rows: rows.clone() }))
    }
    async fn save_snapshot(&self, _: RoomKey, _: Snapshot) -> Result<(), LogError> {
        Ok(())
    }
    async fn due(&self, _: Timestamp, _: u32) -> Result<Vec<RoomCode>, LogError> {
        Ok(vec![])
    }
    async fn listed(&self, _: Option<&str>, _: Option<Status>, _: u32) -> Result<Vec<StoredRoom>, LogError> {
        Ok(vec![])
    }
    async fn live_rooms_of(&self, _: PlayerId) -> Result<u32, LogError> {
        Ok(0)
    }
    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError> {
        Ok(vec![])
    }
    async fn delete_ended(&self, _: Timestamp, _: u32) -> Result<u32, LogError> {
        Ok(0)
    }
    async fn health(&self) -> Result<(), LogError> {
        Ok(())
    }
    async fn close(&self) {}
}
