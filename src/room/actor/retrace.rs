//! Going back to what the log has, when another node was faster.
//!
//! The state is ahead of the log then, by what was decided in vain. Reading the room again means its snapshot, all that followed, and who
//! is where, and it may happen to every other move while people on several nodes talk at once. So from the first time on, a room keeps how
//! it was some commits ago, and those commits: then only what others appended is asked for.

use super::*;

/// Commits' rows that are gone through again at most; beyond them the room is copied.
const ROWS_MAX: usize = 32;

/// Where a room was, and what the log has beyond that as far as this node knows.
#[derive(Default)]
pub(super) struct Past {
    /// Another node has been faster before.
    contended: bool,
    kept: Option<(Box<dyn AnyRoom>, Vec<Row>)>,
}

impl Past {
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// The room was read, and is what the log has.
    pub fn begins(&mut self, room: &dyn AnyRoom) {
        // Between the events of a ticking game its own time passes, which no row tells.
        self.kept = (self.contended && room.ticks().is_none()).then(|| (room.copy(), vec![]));
    }

    /// The log has these rows, too, and the room is as it was after them.
    pub fn grows(&mut self, rows: Vec<Row>, room: &dyn AnyRoom) {
        let Some((_, kept)) = &mut self.kept else { return };
        kept.extend(rows);
        if kept.len() > ROWS_MAX || room.ticks().is_some() {
            self.begins(room);
        }
    }

    /// The room as the log had it, if it is kept.
    fn room(&self) -> Option<Box<dyn AnyRoom>> {
        let (room, rows) = self.kept.as_ref()?;
        let mut room = room.copy();
        rows.iter().try_for_each(|row| room.follow(row)).ok()?;
        Some(room)
    }
}

impl Awake {
    /// Another node has appended first: the room as it is with that, or none, and it is read again with the next mail. `true` when that may
    /// have changed who is here.
    pub(super) async fn go_back(&mut self, kernel: &Kernel) -> bool {
        self.past.contended = true;
        let Some(mut loaded) = self.hosted.take() else { return false };
        // What was told is in the log: a room that does not know it would tell it again.
        let Some(room) = self.past.room().filter(|room| room.seq() >= self.told) else { return false };
        let before = room.seq();
        loaded.room = room;
        self.hosted = Some(loaded);
        // Without an answer from the log there is no room.
        let changed = self.hear(kernel, vec![]).await.unwrap_or_default();
        // Refused, and yet nothing is newer: the log knows why.
        self.hosted.take_if(|loaded| loaded.room.seq() == before);
        changed
    }
}
