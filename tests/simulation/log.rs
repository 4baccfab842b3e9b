//! The log of a simulation: in memory, slow, and unreliable as told. What it keeps survives every node.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::*;
use parlor::time::Timestamp;
use tokio::sync::oneshot;

/// What the disk holds.
#[derive(Default)]
pub struct Disk {
    rooms: BTreeMap<RoomCode, StoredRoom>,
    rows: HashMap<RoomKey, BTreeMap<Seq, Row>>,
    snapshots: HashMap<RoomKey, Vec<Snapshot>>,
    present: HashMap<RoomKey, HashSet<PlayerId>>,
    made: HashMap<(PlayerId, String), RoomCode>,
}

impl Disk {
    pub fn rows(&self, code: RoomCode) -> Vec<Row> {
        self.rows[&self.rooms[&code].key].values().cloned().collect()
    }

    fn note(&mut self, room: RoomKey, presence: &[Presence]) {
        let present = self.present.entry(room).or_default();
        for change in presence {
            match change {
                Presence::Here { player, .. } => present.insert(*player),
                Presence::Gone(player) => present.remove(player),
            };
        }
    }

    fn create(&mut self, new: NewRoom) -> Created {
        if let Some(code) = new.command_id.as_ref().and_then(|id| self.made.get(&(new.created_by, id.clone()))) {
            return Created::Before(*code);
        }
        if self.rooms.contains_key(&new.code) {
            return Created::CodeTaken;
        }
        let key = RoomKey(self.rooms.len() as i64 + 1);
        self.made.extend(new.command_id.map(|id| ((new.created_by, id), new.code)));
        self.rows.insert(key, new.rows.into_iter().map(|row| (row.seq, row)).collect());
        self.note(key, &new.presence);
        let NewRoom { code, game, visibility, created_by, created_at, head, .. } = new;
        self.rooms.insert(code, StoredRoom { key, code, game, visibility, created_by, created_at, head });
        Created::New(key)
    }

    fn append(&mut self, commit: &Commit) -> Result<(), LogError> {
        let rows = self.rows.get_mut(&commit.room).ok_or(LogError::Conflict)?;
        let last = rows.last_key_value().map_or(0, |(seq, _)| seq.0);
        let mut known: HashSet<_> = rows.values().filter_map(|row| row.command.clone()).collect();
        for (row, expected) in commit.rows.iter().zip(last + 1..) {
            if rows.contains_key(&row.seq) {
                return Err(LogError::Conflict);
            }
            assert_eq!(row.seq.0, expected, "a gap in the log");
            if row.command.clone().is_some_and(|key| !known.insert(key)) {
                return Err(LogError::Duplicate);
            }
        }
        rows.extend(commit.rows.iter().map(|row| (row.seq, row.clone())));
        self.note(commit.room, &commit.presence);
        if let Some(head) = &commit.head
            && let Some(room) = self.rooms.values_mut().find(|room| room.key == commit.room)
        {
            room.head = head.clone();
        }
        Ok(())
    }
}

/// Calls that are under way. The simulation decides which one goes on next.
pub type Calls = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

/// One node's way to the disk.
pub struct Line {
    disk: Arc<Mutex<Disk>>,
    calls: Calls,
    luck: Mutex<fastrand::Rng>,
    /// Of a thousand calls, how many fail.
    pub failing: Arc<AtomicU32>,
    /// The node was killed: its calls never come back. Whether one under way is carried out is a matter of luck.
    pub dead: AtomicBool,
}

/// How a call fares.
enum Fate {
    Well,
    /// Nothing happens.
    Fails,
    /// It happens, but the answer is lost.
    Unheard,
}

impl Line {
    pub fn new(disk: Arc<Mutex<Disk>>, calls: Calls, luck: fastrand::Rng, failing: Arc<AtomicU32>) -> Arc<Self> {
        Arc::new(Self { disk, calls, luck: Mutex::new(luck), failing, dead: AtomicBool::new(false) })
    }

    fn dice(&self, sides: u32) -> u32 {
        self.luck.lock().u32(0..sides)
    }

    /// Takes its time, and never ends on a node that was killed meanwhile.
    async fn travel(&self) -> Fate {
        let (go, gone) = oneshot::channel();
        self.calls.lock().push(go);
        let _ = gone.await;
        if self.dead.load(Ordering::SeqCst) && self.dice(2) == 0 {
            std::future::pending::<()>().await;
        }
        match self.dice(1_000) < self.failing.load(Ordering::SeqCst) {
            true if self.dice(2) == 0 => Fate::Fails,
            true => Fate::Unheard,
            false => Fate::Well,
        }
    }

    async fn call<T>(&self, work: impl FnOnce(&mut Disk) -> T) -> Result<T, LogError> {
        let fate = self.travel().await;
        if matches!(fate, Fate::Fails) {
            return Err(LogError::Unavailable("simulated".into()));
        }
        let done = work(&mut self.disk.lock());
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if matches!(fate, Fate::Unheard) { Err(LogError::Unavailable("simulated, but done".into())) } else { Ok(done) }
    }
}

#[async_trait]
impl EventLog for Line {
    fn is_shared(&self) -> bool {
        true
    }
    async fn create(&self, room: NewRoom) -> Result<Created, LogError> {
        self.call(|disk| disk.create(room)).await
    }
    async fn append(&self, commit: Commit) -> Result<(), LogError> {
        self.call(|disk| disk.append(&commit)).await?
    }
    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
        self.call(|disk| disk.rooms.get(&code).cloned()).await
    }
    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
        let page =
            |disk: &mut Disk| disk.rows[&room].range(after.next()..).take(limit as usize).map(|(_, row)| row.clone()).collect();
        self.call(page).await
    }
    async fn command(&self, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError> {
        self.call(|disk| disk.rows[&room].values().find(|row| row.command.as_ref() == Some(key)).map(|row| row.seq)).await
    }
    async fn asleep(&self, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError> {
        let asleep = |disk: &mut Disk| {
            let room = disk.rooms.get(&code)?.clone();
            let snapshots = disk.snapshots.get(&room.key).into_iter().flatten();
            let snapshot = snapshots.rev().find(|snapshot| snapshot.seq <= at_most).cloned();
            let after = snapshot.as_ref().map_or(Seq(1), |snapshot| snapshot.seq.next());
            let rows = disk.rows[&room.key].range(after..).take_while(|(seq, _)| **seq <= at_most);
            let rows = rows.take(limit as usize).map(|(_, row)| row.clone()).collect();
            Some(Asleep { room, snapshot, rows })
        };
        self.call(asleep).await
    }
    async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError> {
        self.call(|disk| disk.snapshots.entry(room).or_default().push(snapshot)).await
    }
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        let due = |room: &&StoredRoom| room.head.wake_at.is_some_and(|at| at <= now);
        self.call(|disk| disk.rooms.values().filter(due).map(|room| room.code).take(limit as usize).collect()).await
    }
    async fn listed(&self, _: Option<&str>, _: Option<Status>, _: u32) -> Result<Vec<StoredRoom>, LogError> {
        Ok(vec![])
    }
    async fn live_rooms_of(&self, player: PlayerId) -> Result<u32, LogError> {
        let live = |room: &&StoredRoom| room.created_by == player && !room.head.status.is_over();
        self.call(|disk| disk.rooms.values().filter(live).count() as u32).await
    }
    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError> {
        let here = |disk: &mut Disk| {
            let full = |room: &&StoredRoom| disk.present.get(&room.key).is_some_and(|present| !present.is_empty());
            disk.rooms.values().filter(full).map(|room| room.code).collect()
        };
        self.call(here).await
    }
    async fn delete_ended(&self, _: Timestamp, _: u32) -> Result<u32, LogError> {
        Ok(0)
    }
    async fn health(&self) -> Result<(), LogError> {
        Ok(())
    }
    async fn close(&self) {}
}
