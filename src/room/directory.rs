//! Which rooms are awake, and how everybody outside gets at one: the facade that sockets, HTTP and jobs use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::RwLock;
use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::games::{AnyGame, Catalogue, Opening};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::owners::NodeId;
use crate::log::{Created, EventLog, LogError, NewRoom, Row, Status, StoredRoom, Visibility};
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Cell, EventShown, Full, Look, Message, no_such_room, store_failed};
use crate::room::deadlines::{Deadlines, DeadlinesOf};
use crate::room::erased::RematchSpec;
use crate::room::fact::Player;
use crate::room::peers::Peers;
use crate::room::settings::RoomSettings;
use crate::room::thinking::Thinking;
use crate::room::ticker::Ticker;
use crate::room::told::raw;
use crate::time::{Clock, Timestamp};

/// How many codes are tried before giving up: with a million rooms alive, one try in 480 finds a taken code.
const CODES_TRIED: u32 = 8;
/// Events that one HTTP answer carries.
const EVENTS_MAX: u32 = 500;

/// What every room shares.
pub struct Kernel {
    pub log: Arc<dyn EventLog>,
    pub clock: Clock,
    pub settings: Arc<RoomSettings>,
    pub catalogue: Catalogue,
    pub deadlines: Deadlines,
    pub thinking: Thinking,
    pub booted_at: Timestamp,
    pub(super) peers: OnceLock<Arc<dyn Peers>>,
    /// This process, as owner of ticking rooms.
    pub node: NodeId,
    pub ticker: Ticker,
    draining: AtomicBool,
    /// Wakes those who wait for events when the server stops.
    drained: Notify,
    pub(super) cells: RwLock<HashMap<RoomCode, Arc<Cell>>>,
}

/// A wish for a room.
pub struct CreateRoom {
    pub game: String,
    pub host: Player,
    pub options: Box<RawValue>,
    pub visibility: Visibility,
    pub seats: Option<u8>,
    pub client_seed: Option<String>,
    pub command_id: Option<String>,
}

/// Events as a viewer may know them.
pub struct Events {
    pub events: Vec<EventShown>,
    /// Up to where they go.
    pub seq: Seq,
}

/// The rooms of this server.
pub struct Rooms {
    pub(super) kernel: Arc<Kernel>,
}

impl Rooms {
    pub fn new(log: Arc<dyn EventLog>, clock: Clock, settings: Arc<RoomSettings>, catalogue: Catalogue) -> Self {
        let thinking = Thinking::new(settings.bot_threads);
        let kernel = Kernel {
            booted_at: clock.now(),
            log,
            clock,
            settings,
            catalogue,
            deadlines: Deadlines::default(),
            thinking,
            peers: OnceLock::new(),
            node: NodeId::random(),
            ticker: Ticker::default(),
            draining: AtomicBool::new(false),
            drained: Notify::new(),
            cells: RwLock::default(),
        };
        Self { kernel: Arc::new(kernel) }
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.kernel.catalogue
    }

    pub fn clock(&self) -> &Clock {
        &self.kernel.clock
    }

    /// Rooms in memory.
    pub fn awake(&self) -> usize {
        self.kernel.cells.read().len()
    }

    /// How many of them are of which game, and where in their lives.
    pub fn standings(&self) -> HashMap<(&'static str, Status), u32> {
        self.kernel.cells.read().values().filter_map(|cell| cell.standing()).fold(HashMap::new(), |mut counts, standing| {
            *counts.entry(standing).or_default() += 1;
            counts
        })
    }

    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(super) fn deadlines(&self) -> DeadlinesOf {
        DeadlinesOf(Arc::clone(&self.kernel))
    }

    /// Opens a room for `wish.host`; the same command id opens it once.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `RATE_LIMITED` when the host has too many rooms, `UNAVAILABLE`.
    pub async fn create(&self, wish: CreateRoom) -> Result<RoomCode, Refusal> {
        self.create_once(wish).await.map(|(code, _)| code)
    }

    /// As [`create`](Rooms::create), and whether this command had opened the room before.
    ///
    /// # Errors
    /// As [`create`](Rooms::create).
    pub async fn create_once(&self, wish: CreateRoom) -> Result<(RoomCode, bool), Refusal> {
        let game = self.kernel.catalogue.find(&wish.game).ok_or_else(|| Refusal::invalid("there is no such game"))?;
        let made = self.kernel.log.live_rooms_of(wish.host.id).await.map_err(|error| store_failed(&error))?;
        if made >= self.kernel.settings.rooms_per_player {
            return Err(Refusal::new(Code::RateLimited, "you have too many open rooms; finish or leave some")
                .with(serde_json::json!({ "retry_after_ms": 60_000, "rooms": made })));
        }
        let host = wish.host.id;
        let players = vec![(Seat::HOST, wish.host, wish.client_seed)];
        let opening = move |code, now| Opening {
            code,
            options: wish.options.clone(),
            seats: wish.seats,
            players: players.clone(),
            follows: None,
            now,
        };
        self.kernel.open(game, host, wish.visibility, wish.command_id, opening).await
    }

    /// The room's mailbox; whether the room exists turns out when it is read.
    pub fn cell(&self, code: RoomCode) -> Arc<Cell> {
        self.kernel.cell(code)
    }

    /// Sends to a room, also when it falls asleep at this moment.
    ///
    /// # Errors
    /// The message, when the mailbox is full.
    pub fn send(&self, code: RoomCode, mut message: Message) -> Result<Arc<Cell>, Message> {
        loop {
            let cell = self.cell(code);
            match cell.send(message) {
                Ok(()) => return Ok(cell),
                Err(Full::Busy(message)) => return Err(message),
                Err(Full::Closed(back)) => {
                    self.kernel.forget(&cell);
                    message = back;
                }
            }
        }
    }

    /// Has a room that is awake read its log again.
    pub fn reread(&self, code: RoomCode) {
        let awake = self.kernel.cells.read().get(&code).cloned();
        if let Some(cell) = awake {
            // A room that left memory meanwhile reads its log anyway.
            let _ = cell.send(Message::Reread);
        }
    }

    /// Lets a room see what is due.
    pub fn tick(&self, code: RoomCode) {
        let _ = self.send(code, Message::Tick);
    }

    /// # Errors
    /// `INVALID_GAME`, `BUSY`, `UNAVAILABLE`.
    pub async fn look(&self, code: RoomCode, player: Option<PlayerId>) -> Result<Look, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(code, Message::Look { player, reply }).map_err(|_| busy())?;
        answer.await.map_err(|_| Refusal::new(Code::InternalError, "the room did not answer"))?
    }

    /// The events after `after`; with none there, waits up to `wait` for one. A player who asks is here, as long as they wait.
    ///
    /// # Errors
    /// As [`look`](Rooms::look), and `FORBIDDEN` for games without spectators.
    pub async fn events(&self, code: RoomCode, player: Option<PlayerId>, after: Seq, wait: Duration) -> Result<Events, Refusal> {
        let until = Instant::now() + wait;
        let look = loop {
            let drained = self.kernel.drained.notified();
            let left = until.saturating_duration_since(Instant::now());
            let (wake, woken) = oneshot::channel();
            self.send(code, Message::Listen { player, after, wake }).map_err(|_| busy())?;
            let look = self.look(code, player).await?;
            look.may_watch()?;
            if look.seq > after || left.is_zero() || self.kernel.is_draining() {
                break look;
            }
            // Asked again in between, so that being seen does not run out during a long wait.
            let part = left.min(self.kernel.settings.http_presence / 3);
            tokio::select! {
                _ = tokio::time::timeout(part, woken) => {}
                () = drained => {}
            }
        };
        if look.seq <= after {
            return Ok(Events { events: vec![], seq: look.seq });
        }
        let rows = self.kernel.log.rows(look.key, after, EVENTS_MAX).await.map_err(|error| store_failed(&error))?;
        let seq = rows.last().map_or(after, |row| row.seq);
        let events = rows.iter().filter_map(|row| {
            let told = look.game.tell(row, look.viewer).inspect_err(|error| tracing::error!(%error, "unreadable event"));
            Some(EventShown::new(row.seq, row.at, told.ok()?))
        });
        Ok(Events { events: events.collect(), seq })
    }

    /// Notes that a player was here a moment ago, without a connection.
    pub fn seen(&self, code: RoomCode, player: PlayerId) {
        // Whoever listens is seen; this one does not wait for anything.
        let (wake, _) = oneshot::channel();
        let _ = self.send(code, Message::Listen { player: Some(player), after: Seq(0), wake });
    }

    /// The state after event `at`, as `player` may see it.
    ///
    /// # Errors
    /// As [`look`](Rooms::look), and `VALIDATION_ERROR` when the log is shorter.
    pub async fn state_at(&self, code: RoomCode, player: Option<PlayerId>, at: Seq) -> Result<Box<RawValue>, Refusal> {
        let look = self.look(code, player).await?;
        look.may_watch()?;
        if at > look.seq || at.0 == 0 {
            return Err(Refusal::invalid(format!("`at` is from 1 to {}", look.seq)));
        }
        Ok(self.kernel.read_room(code, at).await?.room.state(look.viewer))
    }

    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`.
    pub async fn stored(&self, code: RoomCode) -> Result<StoredRoom, Refusal> {
        self.kernel.log.room(code).await.map_err(|error| store_failed(&error))?.ok_or_else(no_such_room)
    }

    /// A room's whole log.
    ///
    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`.
    pub async fn whole_log(&self, code: RoomCode) -> Result<(StoredRoom, Vec<Row>), Refusal> {
        let stored = self.stored(code).await?;
        let rows = self.kernel.read_rows(stored.key, Seq(0), Seq(u32::MAX)).await?;
        Ok((stored, rows))
    }

    /// # Errors
    /// `INVALID_GAME` when this server does not have the room's game.
    pub fn game_of(&self, stored: &StoredRoom) -> Result<Arc<dyn AnyGame>, Refusal> {
        self.kernel.game_of(stored)
    }

    /// Public rooms, newest first.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn listed(&self, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, Refusal> {
        self.kernel.log.listed(game, status, limit).await.map_err(|error| store_failed(&error))
    }

    /// Rooms that are due.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        self.kernel.log.due(now, limit).await
    }

    /// After a start: rooms that had players when the last process ended begin their grace anew.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn recover(&self) -> Result<usize, LogError> {
        let rooms = self.kernel.log.inhabited().await?;
        let count = rooms.len();
        rooms.into_iter().for_each(|code| self.tick(code));
        Ok(count)
    }

    /// From now on nobody who disconnects is marked as gone: the next process begins their grace.
    pub fn drain(&self) {
        self.kernel.draining.store(true, Ordering::SeqCst);
        self.kernel.drained.notify_waiters();
    }

    /// Ready when no room has mail or work left.
    pub async fn settled(&self) {
        loop {
            let cells: Vec<_> = self.kernel.cells.read().values().filter(|cell| cell.is_working()).cloned().collect();
            if cells.is_empty() {
                return;
            }
            for cell in cells {
                cell.rest().await;
            }
        }
    }

    /// Lets rooms that nobody needs leave memory; how many did.
    pub fn sweep(&self) -> usize {
        let before = self.kernel.clock.now() - self.kernel.settings.idle;
        let mut cells = self.kernel.cells.write();
        let all = cells.len();
        cells.retain(|_, cell| !cell.close_if_idle(before));
        all - cells.len()
    }

    /// Deletes what ended before `before`; how many rooms.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cleanup(&self, before: Timestamp) -> Result<u32, LogError> {
        let mut deleted = 0;
        loop {
            let now = self.kernel.log.delete_ended(before, 200).await?;
            deleted += now;
            if now < 200 {
                return Ok(deleted);
            }
        }
    }

    /// # Errors
    /// When the store does not answer.
    pub async fn health(&self) -> Result<(), LogError> {
        self.kernel.log.health().await
    }
}

impl Kernel {
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Ready when the server begins to stop.
    pub(super) fn drained(&self) -> impl Future<Output = ()> {
        self.drained.notified()
    }

    fn cell(self: &Arc<Self>, code: RoomCode) -> Arc<Cell> {
        if let Some(cell) = self.cells.read().get(&code) {
            return Arc::clone(cell);
        }
        let mut cells = self.cells.write();
        Arc::clone(cells.entry(code).or_insert_with(|| Arc::new(Cell::new(code, Arc::clone(self)))))
    }

    /// A code without a room, or a room that closed its mailbox.
    ///
    /// Only that cell: another task may have put a new one in its place.
    pub fn forget(&self, cell: &Arc<Cell>) {
        let mut cells = self.cells.write();
        if cells.get(&cell.code).is_some_and(|there| Arc::ptr_eq(there, cell)) {
            cells.remove(&cell.code);
        }
    }

    async fn open(
        self: &Arc<Self>,
        game: &Arc<dyn AnyGame>,
        created_by: PlayerId,
        visibility: Visibility,
        command_id: Option<String>,
        opening: impl Fn(RoomCode, Timestamp) -> Opening + Send,
    ) -> Result<(RoomCode, bool), Refusal> {
        for _ in 0..CODES_TRIED {
            let (code, now) = (RoomCode::random(), self.clock.now());
            let (room, out) = game.open(opening(code, now))?;
            let head = room.head(&room.summary());
            let new = NewRoom {
                code,
                game: game.card().name.to_owned(),
                visibility,
                created_by,
                created_at: now,
                command_id: command_id.clone(),
                head: head.clone(),
                rows: out.rows,
                presence: out.presence,
            };
            match self.log.create(new).await.map_err(|error| store_failed(&error))? {
                Created::New(key) => {
                    if let Some(at) = room.wake_at() {
                        self.deadlines.schedule(code, at);
                    }
                    let cell = Cell::opened(code, Arc::clone(self), key, Arc::clone(game), room, head);
                    self.cells.write().insert(code, Arc::new(cell));
                    return Ok((code, false));
                }
                Created::Before(code) => return Ok((code, true)),
                Created::CodeTaken => {}
            }
        }
        Err(busy())
    }

    /// Opens the room of a rematch, with the same people in the same seats.
    ///
    /// # Errors
    /// As creating a room.
    pub async fn open_rematch(self: &Arc<Self>, spec: RematchSpec, game: &str, id: String) -> Result<RoomCode, Refusal> {
        let game = self.catalogue.find(game).ok_or_else(no_such_room)?;
        let host = spec.players.iter().find(|(seat, _)| *seat == Seat::HOST).map(|(_, player)| player.id);
        let host = host.ok_or_else(no_such_room)?;
        let players: Vec<_> = spec.players.iter().map(|(seat, player)| (*seat, player.clone(), None)).collect();
        let opening = |code, now| Opening {
            code,
            options: spec.options.clone(),
            seats: Some(spec.seats),
            players: players.clone(),
            follows: None,
            now,
        };
        self.open(game, host, Visibility::Private, Some(id), opening).await.map(|(code, _)| code)
    }
}

pub fn busy() -> Refusal {
    Refusal::new(Code::Busy, "too much at once; try again in a moment").with(serde_json::json!({ "retry_after_ms": 500 }))
}

/// `{}`.
pub fn no_options() -> Box<RawValue> {
    raw("{}".into())
}
