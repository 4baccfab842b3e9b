//! The mailbox of a room, and the task that exists only while there is mail.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::log::owners::NodeId;

/// One room that is awake, or about to be.
pub struct Cell {
    pub code: RoomCode,
    pub(super) kernel: Arc<Kernel>,
    pub(super) mail: Mutex<Mail>,
    pub(super) awake: AsyncMutex<Awake>,
    /// This node keeps its time, so it stays in memory.
    pub(super) ticking: AtomicBool,
    /// The first beat that found the room's task at work.
    pub(super) late_since: Mutex<Option<tokio::time::Instant>>,
    /// The nodes that show this room, and until when.
    pub(super) shown_at: Mutex<Vec<(NodeId, Timestamp)>>,
    /// This node shows the room, and another keeps its time.
    pub(super) looks_on: AtomicBool,
}

#[derive(Default)]
pub(super) struct Mail {
    queue: VecDeque<Message>,
    running: bool,
    closed: bool,
    last_active: Timestamp,
    /// Another node has appended while nobody was here: what is in memory is old.
    stale: bool,
    audience: usize,
    /// The room's game and status when it last rested.
    standing: Option<(&'static str, Status)>,
}

impl Mail {
    /// Whether nobody here would hear of anything.
    pub(super) fn has_nobody(&self) -> bool {
        self.closed || self.audience == 0 && !self.running
    }
}

impl Cell {
    pub fn new(code: RoomCode, kernel: Arc<Kernel>) -> Self {
        let mail = Mail { last_active: kernel.clock.now(), ..Mail::default() };
        Self {
            code,
            kernel,
            mail: Mutex::new(mail),
            awake: AsyncMutex::default(),
            ticking: AtomicBool::new(false),
            late_since: Mutex::default(),
            shown_at: Mutex::default(),
            looks_on: AtomicBool::new(false),
        }
    }

    /// A room that was just created.
    pub fn opened(
        code: RoomCode,
        kernel: Arc<Kernel>,
        key: RoomKey,
        game: Arc<dyn AnyGame>,
        room: Box<dyn AnyRoom>,
        head: Head,
    ) -> Self {
        let cell = Self::new(code, kernel);
        cell.mail.lock().standing = Some((game.card().name, head.status));
        if let Ok(mut awake) = cell.awake.try_lock() {
            let snapshot_at = room.seq();
            // Who opened it, or is carried over by a rematch, is on the way: that counts as being there for a moment.
            let until = cell.kernel.clock.now() + ARRIVING;
            awake.seen = room.summary().players.iter().map(|p| (p.player_id, until)).collect();
            cell.kernel.deadlines.schedule(code, until + std::time::Duration::from_millis(1));
            awake.told = snapshot_at;
            awake.hosted = Some(Loaded { key, game, room, head, snapshot_at });
        }
        cell
    }

    /// Puts mail into the box, and starts the room's task when it is not running.
    ///
    /// # Errors
    /// [`Full`], with the message, when the box is full or the room has left memory.
    pub fn send(self: &Arc<Self>, message: Message) -> Result<(), Full> {
        let mut mail = self.mail.lock();
        if mail.closed {
            return Err(Full::Closed(message));
        }
        // What the room must learn (who went, what is due) always fits: there is at most one such per connection.
        let must = matches!(message, Message::Gone(_) | Message::Tick | Message::Reread | Message::Adopt | Message::Bot { .. });
        if mail.queue.len() >= self.kernel.settings.mailbox && !must {
            return Err(Full::Busy(message));
        }
        mail.queue.push_back(message);
        if !mail.running {
            mail.running = true;
            tokio::spawn(run(Arc::clone(self)));
        }
        Ok(())
    }

    /// What another node appended; without rows, that it may have. A room without anybody in it only notes that, so that it can fall
    /// asleep.
    pub fn news(self: &Arc<Self>, rows: Vec<Row>) {
        let mut mail = self.mail.lock();
        if mail.closed {
            return;
        }
        // Whoever keeps a room's time has to know what is put in elsewhere.
        let nobody = mail.audience == 0 && !mail.running && !self.ticking.load(Ordering::Relaxed);
        if nobody || mail.queue.len() >= self.kernel.settings.mailbox {
            mail.stale = true;
            return;
        }
        mail.queue.push_back(Message::News(rows));
        if !mail.running {
            mail.running = true;
            tokio::spawn(run(Arc::clone(self)));
        }
    }

    /// Whether its task is running.
    pub fn is_working(&self) -> bool {
        self.mail.lock().running
    }

    /// The room's game and status when it last rested, if it exists.
    pub fn standing(&self) -> Option<(&'static str, Status)> {
        self.mail.lock().standing
    }

    /// Waits until the task that is running now is done.
    pub async fn rest(&self) {
        drop(self.awake.lock().await);
        tokio::task::yield_now().await;
    }

    /// Closes the mailbox if nobody needs the room; then it may leave memory.
    pub fn close_if_idle(&self, before: Timestamp) -> bool {
        let mut mail = self.mail.lock();
        if mail.audience > 0
            && let Ok(mut awake) = self.awake.try_lock()
        {
            // Who waited over HTTP and hung up says nothing.
            mail.audience = awake.audience();
        }
        let idle = !mail.running && mail.queue.is_empty() && mail.audience == 0 && mail.last_active < before;
        let idle = idle && !self.ticking.load(Ordering::Relaxed);
        mail.closed |= idle;
        idle
    }
}

/// Works off the mail. A panic, which would be a bug of ours or of a game, costs the step in which it happened: what it decided did not
/// happen, the state is read from the log again, and the mail behind it is worked off.
pub(super) async fn run(cell: Arc<Cell>) {
    while AssertUnwindSafe(work_off(&cell)).catch_unwind().await.is_err() {
        tracing::error!(room = %cell.code, "a room panicked; it is read from its log again");
        cell.awake.lock().await.hosted = None;
    }
}

/// Works off the mail, step by step, and ends when there is none.
pub(super) async fn work_off(cell: &Arc<Cell>) {
    let mut awake = cell.awake.lock().await;
    loop {
        let step: VecDeque<Message> = {
            let mut mail = cell.mail.lock();
            let count = mail.queue.len().min(STEP_MAX);
            if count == 0 {
                mail.running = false;
                mail.last_active = cell.kernel.clock.now();
                mail.audience = awake.audience();
                // What could not be read this time is as it was.
                mail.standing = awake.hosted.as_ref().map(|l| (l.game.card().name, l.head.status)).or(mail.standing);
                awake.look_on(cell);
                if mail.queue.capacity() > 64 {
                    mail.queue.shrink_to_fit();
                }
                return;
            }
            if std::mem::take(&mut mail.stale) {
                awake.hosted = None;
            }
            mail.queue.drain(..count).collect()
        };
        awake.work(cell, step).await;
    }
}
