//! The room as an actor: a bounded mailbox, and a task that exists only while there is mail.
//!
//! The order of a step never changes: decide, append, then tell. Mail that came in meanwhile is decided together and shares one
//! commit; if that commit fails, the state is read from the log again, because what was decided did not happen.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::game::Viewer;
use crate::games::AnyGame;
use crate::id::{PlayerId, RoomCode, RoomKey, Seat, Seq};
use crate::log::{CommandKey, Commit, Head, LogError, Row, Status};
use crate::refusal::{Code, Refusal};
use crate::room::decide::{Asker, Done, Encoded, Failed, Outbox, is_aside, knows};
use crate::room::directory::Kernel;
use crate::room::erased::{AnyRoom, Summary};
use crate::room::fact::Player;
use crate::room::outlet::{Answer, ConnId, Outlet, Reply};
use crate::room::told::{Told, raw};
use crate::time::Timestamp;

/// Mail that is decided in one go and shares a commit. Small enough that the first answer does not wait long for the last decision.
const STEP_MAX: usize = 128;
/// How often a step is decided again because another node appended first.
const TRIES: u32 = 3;
/// The most events told to one who comes back; who is further behind gets the whole state.
const REPLAY_MAX: u32 = 1_000;
/// How long the people of a new room have to arrive in it.
const ARRIVING: std::time::Duration = std::time::Duration::from_secs(10);
/// "Is typing" is passed on once in this time per player, and "stopped" once after each: two a second.
const TYPING_EVERY_MS: i64 = 1_000;
/// More people than this do not type at once.
const TYPISTS_MAX: usize = 64;
/// Who began to type this long ago and never stopped has gone.
const TYPING_MAX_MS: i64 = 30_000;

/// Somebody comes in, or back.
pub struct Enter {
    /// None over plain HTTP.
    pub conn: Option<(ConnId, Arc<dyn Outlet>)>,
    pub player: Player,
    /// The game that the caller can speak of; any, when it does not matter.
    pub game: Option<&'static str>,
    pub purpose: Purpose,
    pub client_seed: Option<String>,
    pub last_seq: Option<Seq>,
    pub command: Option<CommandKey>,
    /// Added to the acknowledgement: what only the caller knows, such as links.
    pub extra: serde_json::Map<String, serde_json::Value>,
    pub reply: Reply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Play,
    Watch,
    /// From the handshake: whoever has a seat gets it back, others watch. What was missed comes as events.
    Resume,
}

/// Somebody wants something.
pub struct Request {
    pub conn: Option<ConnId>,
    pub player: Player,
    pub event: String,
    pub payload: Box<RawValue>,
    pub command: Option<CommandKey>,
    pub expected: Option<Seq>,
    /// Whether the answer itself reaches the client; if not, what was asked for is sent as an event.
    pub acknowledged: bool,
    pub reply: Reply,
}

/// What a look at a room shows.
pub struct Look {
    pub key: RoomKey,
    pub game: Arc<dyn AnyGame>,
    pub seq: Seq,
    pub viewer: Viewer,
    pub seat: Option<Seat>,
    pub role: &'static str,
    pub state: Box<RawValue>,
    pub summary: Summary,
    /// How many people without a seat are connected.
    pub watchers: usize,
}

impl Look {
    /// Whether the one who looks may see the game, not only that it exists.
    ///
    /// # Errors
    /// `FORBIDDEN` when this game has no spectators and the player no seat.
    pub fn may_watch(&self) -> Result<(), Refusal> {
        if self.seat.is_some() || self.game.card().spectators || self.summary.status.is_over() {
            return Ok(());
        }
        Err(Refusal::new(Code::Forbidden, "this game cannot be watched"))
    }
}

pub enum Message {
    Enter(Box<Enter>),
    Request(Box<Request>),
    /// A connection ended.
    Gone(ConnId),
    /// Look whether anything is due, and who is here.
    Tick,
    Look {
        player: Option<PlayerId>,
        reply: oneshot::Sender<Result<Look, Refusal>>,
    },
    /// Wakes the sender when there is an event after `after`.
    Listen {
        player: Option<PlayerId>,
        after: Seq,
        wake: oneshot::Sender<()>,
    },
    /// A bot has made up its mind about the state at `version`.
    Bot {
        seat: Seat,
        version: Seq,
        command: Option<(String, Box<RawValue>)>,
    },
}

/// The mailbox takes nothing more.
pub enum Full {
    /// Too much mail.
    Busy(Message),
    /// The room left memory: ask the directory for it again.
    Closed(Message),
}

/// One room that is awake, or about to be.
pub struct Cell {
    pub code: RoomCode,
    kernel: Arc<Kernel>,
    mail: Mutex<Mail>,
    awake: AsyncMutex<Awake>,
}

#[derive(Default)]
struct Mail {
    queue: VecDeque<Message>,
    running: bool,
    closed: bool,
    last_active: Timestamp,
    audience: usize,
}

struct Conn {
    id: ConnId,
    player: PlayerId,
    outlet: Arc<dyn Outlet>,
    /// It knows everything up to here.
    since: Seq,
}

/// Somebody of whom others were told that they type.
struct Typist {
    player: PlayerId,
    at: Timestamp,
    typing: bool,
}

#[derive(Default)]
struct Awake {
    hosted: Option<Loaded>,
    conns: Vec<Conn>,
    /// Players seen over HTTP, and until when that counts.
    seen: Vec<(PlayerId, Timestamp)>,
    waiting: Vec<(Seq, oneshot::Sender<()>)>,
    typists: Vec<Typist>,
    /// The connections were told everything up to here; what the log has beyond it they are told when the room is read again.
    told: Seq,
    bot_thinking: Option<(Seat, Seq)>,
}

struct Loaded {
    key: RoomKey,
    game: Arc<dyn AnyGame>,
    room: Box<dyn AnyRoom>,
    head: Head,
    snapshot_at: Seq,
}

/// A message that was decided, and what its sender will be told if the commit stands.
enum Settled {
    Request(Box<Request>, Result<Answer, Refusal>),
    Enter(Box<Enter>, Result<Option<Seat>, Refusal>),
    Bot(Seat, Seq, Option<(String, Box<RawValue>)>),
}

impl Cell {
    pub fn new(code: RoomCode, kernel: Arc<Kernel>) -> Self {
        let mail = Mail { last_active: kernel.clock.now(), ..Mail::default() };
        Self { code, kernel, mail: Mutex::new(mail), awake: AsyncMutex::default() }
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
        let must = matches!(message, Message::Gone(_) | Message::Tick | Message::Bot { .. });
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

    /// Whether its task is running.
    pub fn is_working(&self) -> bool {
        self.mail.lock().running
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
        mail.closed |= idle;
        idle
    }
}

/// Works off the mail. A panic, which would be a bug of ours or of a game, costs the step in which it happened: what it decided did not
/// happen, the state is read from the log again, and the mail behind it is worked off.
async fn run(cell: Arc<Cell>) {
    while AssertUnwindSafe(work_off(&cell)).catch_unwind().await.is_err() {
        tracing::error!(room = %cell.code, "a room panicked; it is read from its log again");
        cell.awake.lock().await.hosted = None;
    }
}

/// Works off the mail, step by step, and ends when there is none.
async fn work_off(cell: &Arc<Cell>) {
    let mut awake = cell.awake.lock().await;
    loop {
        let step: VecDeque<Message> = {
            let mut mail = cell.mail.lock();
            let count = mail.queue.len().min(STEP_MAX);
            if count == 0 {
                mail.running = false;
                mail.last_active = cell.kernel.clock.now();
                mail.audience = awake.audience();
                if mail.queue.capacity() > 64 {
                    mail.queue.shrink_to_fit();
                }
                return;
            }
            mail.queue.drain(..count).collect()
        };
        awake.work(cell, step).await;
    }
}

impl Awake {
    /// How many there are for whom the room stays in memory.
    fn audience(&mut self) -> usize {
        self.waiting.retain(|(_, wake)| !wake.is_closed());
        self.conns.len() + self.waiting.len() + self.seen.len()
    }

    async fn work(&mut self, cell: &Arc<Cell>, mut mail: VecDeque<Message>) {
        let kernel = Arc::clone(&cell.kernel);
        let mut tries = 0;
        while !mail.is_empty() {
            if let Err(refusal) = self.load(cell, &kernel).await {
                self.refuse_all(cell, &kernel, mail, &refusal);
                return;
            }
            let mut out = Outbox::default();
            let mut settled = Vec::new();
            let torn = self.decide(cell, &kernel, &mut mail, &mut out, &mut settled).await;
            let outcome = if torn { Err(LogError::Conflict) } else { self.append(&kernel, &mut out).await };
            match outcome {
                Ok(()) => {
                    tries = 0;
                    self.tell(cell, &kernel, out, settled).await;
                }
                Err(LogError::Conflict | LogError::Duplicate) if tries < TRIES => {
                    tries += 1;
                    self.hosted = None;
                    // Decide the same mail again on what the log says now.
                    for message in settled.into_iter().rev() {
                        mail.push_front(self.unsettle(message));
                    }
                }
                Err(error) => {
                    self.hosted = None;
                    let refusal = match &error {
                        LogError::Unavailable(_) => unavailable(),
                        _ => Refusal::new(Code::Busy, "too many are writing to this room at once; try again"),
                    };
                    tracing::warn!(%error, room = %cell.code, "nothing of this step was applied");
                    self.fail(settled, &refusal);
                    // Whoever left meanwhile has to be noted once the store is back.
                    kernel.deadlines.schedule(cell.code, kernel.clock.now() + std::time::Duration::from_secs(1));
                }
            }
        }
    }

    /// Reads the room from its snapshot and log when it is not in memory.
    async fn load(&mut self, cell: &Arc<Cell>, kernel: &Arc<Kernel>) -> Result<(), Refusal> {
        if self.hosted.is_some() {
            return Ok(());
        }
        let stored = kernel.log.room(cell.code).await.map_err(|error| store_failed(&error))?;
        let stored = stored.ok_or_else(no_such_room)?;
        let game = kernel.catalogue.find(&stored.game).cloned().ok_or_else(|| {
            tracing::error!(room = %cell.code, game = stored.game, "this server does not have the room's game");
            no_such_room()
        })?;
        let room = kernel.read_room(&stored, &game, Seq(u32::MAX)).await?;
        let mut loaded = Loaded { key: stored.key, game, snapshot_at: room.seq(), room, head: stored.head };
        self.catch_up(kernel, &loaded).await?;
        let mut out = Outbox::default();
        loaded.room.interrupted(kernel.booted_at, kernel.clock.now(), &mut out);
        self.hosted = Some(loaded);
        if !out.rows.is_empty() {
            if let Err(error) = self.append(kernel, &mut out).await {
                self.hosted = None;
                return Err(store_failed(&error));
            }
            self.tell(cell, kernel, out, vec![]).await;
        }
        self.schedule(cell, kernel);
        Ok(())
    }

    /// Tells those who are connected what was appended without this room: by another node, or by itself when the store's answer was lost.
    async fn catch_up(&mut self, kernel: &Kernel, loaded: &Loaded) -> Result<(), Refusal> {
        let seq = loaded.room.seq();
        while self.told < seq && self.conns.iter().any(|c| c.since != Seq(u32::MAX)) {
            let rows = kernel
                .log
                .rows(loaded.key, self.told, REPLAY_MAX.min(seq.0 - self.told.0))
                .await
                .map_err(|error| store_failed(&error))?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            for row in &rows {
                // Whoever takes nothing more is closed and dropped at once: an event left out would be a gap.
                self.conns.retain(|conn| {
                    let viewer = loaded.room.viewer(Some(conn.player));
                    let told = (conn.since < row.seq).then(|| told(loaded, row, viewer)).flatten();
                    let alive = told.is_none_or(|(_, _, told)| conn.outlet.emit(told.event, &told.payload).is_ok());
                    if !alive {
                        conn.outlet.close();
                    }
                    alive
                });
            }
            self.told = last;
        }
        if self.told < seq || !self.waiting.is_empty() {
            self.told = self.told.max(seq);
            for (_, wake) in self.waiting.drain(..) {
                let _ = wake.send(());
            }
        }
        Ok(())
    }

    /// Decides mail until it is all done or something has to be committed first. `true` when the state can no longer be trusted.
    async fn decide(
        &mut self,
        cell: &Arc<Cell>,
        kernel: &Arc<Kernel>,
        mail: &mut VecDeque<Message>,
        out: &mut Outbox,
        settled: &mut Vec<Settled>,
    ) -> bool {
        let now = kernel.clock.now();
        let mut people = false;
        while let Some(message) = mail.pop_front() {
            let Some(loaded) = self.hosted.as_mut() else {
                mail.push_front(message);
                return true;
            };
            match message {
                Message::Request(request) if !out.rows.is_empty() && shows_state(&request.event) => {
                    // Only what is committed may be shown.
                    mail.push_front(Message::Request(request));
                    break;
                }
                Message::Request(request) => {
                    people |= request.conn.is_none() && self.seen_over_http(&request.player, now, kernel, cell);
                    match self.answer(kernel, &request, now, out).await {
                        Ok(answer) => {
                            let leaves = request.event == "leave_room" && answer.is_ok();
                            settled.push(Settled::Request(request, answer));
                            if leaves {
                                break;
                            }
                        }
                        Err(torn) => {
                            tracing::error!(room = %cell.code, error = %torn, event = request.event, "a game broke its word");
                            let refusal = Refusal::new(Code::InternalError, "this move could not be decided");
                            (request.reply)(Err(refusal));
                            return true;
                        }
                    }
                }
                Message::Enter(enter) => {
                    people = true;
                    let entered = self.enter(kernel, &enter, now, out);
                    if entered.is_ok() && enter.conn.is_none() {
                        self.seen_over_http(&enter.player, now, kernel, cell);
                    }
                    settled.push(Settled::Enter(enter, entered));
                    // What one who comes in is told is read after the commit, before anything newer happens.
                    break;
                }
                Message::Gone(conn) => {
                    self.conns.retain(|c| c.id != conn);
                    people = true;
                }
                Message::Tick => people = true,
                Message::Look { player, reply } => {
                    let look = Look {
                        key: loaded.key,
                        game: Arc::clone(&loaded.game),
                        seq: loaded.room.seq(),
                        viewer: loaded.room.viewer(player),
                        seat: player.and_then(|player| loaded.room.seat_of(player)),
                        role: loaded.room.role(player.and_then(|player| loaded.room.seat_of(player))),
                        state: loaded.room.state(loaded.room.viewer(player)),
                        summary: loaded.room.summary(),
                        watchers: {
                            let all = self.conns.iter().map(|c| c.player).filter(|p| loaded.room.seat_of(*p).is_none());
                            all.collect::<HashSet<_>>().len()
                        },
                    };
                    // Only what is committed may be seen: the rest of this step has not happened yet.
                    if out.rows.is_empty() {
                        let _ = reply.send(Ok(look));
                    } else {
                        mail.push_front(Message::Look { player, reply });
                        break;
                    }
                }
                Message::Listen { player, after, wake } => {
                    if let Some(player) = player {
                        people |= self.seen(player, now, kernel, cell);
                    }
                    let loaded = self.hosted.as_ref();
                    if loaded.is_some_and(|l| l.room.seq() > after) || self.waiting.len() >= kernel.settings.audience {
                        let _ = wake.send(());
                    } else {
                        self.waiting.retain(|(_, wake)| !wake.is_closed());
                        self.waiting.push((after, wake));
                    }
                }
                Message::Bot { seat, version, command } => {
                    self.bot_thinking = None;
                    if loaded.room.version() != version {
                        continue;
                    }
                    if let (Some(player), Some((event, payload))) = (loaded.room.bot_player(seat), &command) {
                        let asker = Asker { player };
                        if let Err(error) = loaded.room.request(&asker, event, payload, now, out) {
                            tracing::error!(%error, room = %cell.code, event, "a bot's move was refused");
                            if matches!(error, Failed::Torn) {
                                return true;
                            }
                        }
                        settled.push(Settled::Bot(seat, version, command));
                    }
                }
            }
        }
        if people && !kernel.is_draining() {
            let (conns, seen) = (&self.conns, &mut self.seen);
            seen.retain(|(_, until)| *until > now);
            let online = |player| conns.iter().any(|c| c.player == player) || seen.iter().any(|(p, _)| *p == player);
            if let Some(loaded) = self.hosted.as_mut()
                && let Err(error) = loaded.room.reconcile(&online, now, out)
            {
                tracing::error!(%error, room = %cell.code, "a game refused to take note of who is here");
                return matches!(error, Failed::Torn);
            }
        }
        false
    }

    /// Notes that a player was seen over HTTP; `true` when that is news.
    fn seen(&mut self, player: PlayerId, now: Timestamp, kernel: &Kernel, cell: &Cell) -> bool {
        if self.hosted.as_ref().is_none_or(|l| l.room.seat_of(player).is_none()) {
            return false;
        }
        // A socket knows at once when it is gone; a page fetched beside it must not hide that.
        if self.conns.iter().any(|c| c.player == player) {
            return false;
        }
        if self.conns.iter().any(|c| c.player == player) {
            // A connection says better than a request whether somebody is here.
            return false;
        }
        let until = now + kernel.settings.http_presence;
        kernel.deadlines.schedule(cell.code, until + std::time::Duration::from_millis(1));
        match self.seen.iter_mut().find(|(p, _)| *p == player) {
            Some(entry) => {
                entry.1 = until;
                false
            }
            None => {
                self.seen.push((player, until));
                true
            }
        }
    }

    fn seen_over_http(&mut self, player: &Player, now: Timestamp, kernel: &Kernel, cell: &Cell) -> bool {
        self.seen(player.id, now, kernel, cell)
    }

    fn enter(&mut self, kernel: &Kernel, enter: &Enter, now: Timestamp, out: &mut Outbox) -> Result<Option<Seat>, Refusal> {
        let Some(loaded) = self.hosted.as_mut() else { return Err(unavailable()) };
        if enter.conn.is_some() && self.conns.len() >= kernel.settings.audience {
            return Err(Refusal::new(Code::Busy, "this room takes no more connections"));
        }
        let name = loaded.game.card().name;
        if enter.game.is_some_and(|game| game != name) {
            return Err(Refusal::new(Code::InvalidGame, format!("this room plays another game; connect to /{name}"))
                .with(serde_json::json!({ "game": name, "namespace": format!("/{name}") })));
        }
        let room = &mut loaded.room;
        let seat = match (room.seat_of(enter.player.id), enter.purpose) {
            (Some(seat), Purpose::Play | Purpose::Resume) if room.status() != Status::Abandoned => Some(seat),
            (Some(seat), Purpose::Resume) => Some(seat),
            (Some(_), Purpose::Watch) => {
                return Err(Refusal::invalid("you have a seat in this room; join as a player"));
            }
            (_, Purpose::Play) => {
                let seat = room.join(enter.player.clone(), enter.client_seed.clone(), now, out)?;
                // Joining, leaving and joining again under one id: the first time it was applied stays the one that is remembered.
                if let Some(key) = enter.command.as_ref().filter(|key| room.known(key).is_none()) {
                    room.stamp(key.clone(), out);
                }
                Some(seat)
            }
            (None, Purpose::Watch | Purpose::Resume) => {
                room.watch()?;
                None
            }
        };
        if let Some((id, outlet)) = &enter.conn {
            let conn = Conn { id: *id, player: enter.player.id, outlet: Arc::clone(outlet), since: Seq(u32::MAX) };
            self.conns.retain(|c| c.id != *id);
            self.conns.push(conn);
            // From now on the socket says whether they are here, not the page that opened it.
            self.seen.retain(|(player, _)| *player != enter.player.id);
        }
        Ok(seat)
    }

    async fn answer(
        &mut self,
        kernel: &Arc<Kernel>,
        request: &Request,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Result<Answer, Refusal>, Failed> {
        let Some(loaded) = self.hosted.as_mut() else { return Ok(Err(unavailable())) };
        if let Some(key) = &request.command {
            let mut before = loaded.room.known(key);
            if before.is_none() && loaded.room.forgot_commands() {
                match kernel.log.command(loaded.key, key).await {
                    Ok(found) => before = found,
                    Err(error) => return Ok(Err(store_failed(&error))),
                }
            }
            if let Some(seq) = before {
                return Ok(Ok(Answer::Applied { seq, version: loaded.room.version(), duplicate: true }));
            }
        }
        if request.conn.is_none() && loaded.room.seat_of(request.player.id).is_none() {
            // Over plain HTTP nobody is in the room by a connection: only a seat makes one a part of it.
            if let Err(refusal) = loaded.takes_from_outside(&request.event) {
                return Ok(Err(refusal));
            }
        }
        let version = loaded.room.version();
        if let Some(expected) = request.expected
            && version > expected
        {
            let refusal = Refusal::new(Code::StaleVersion, "the game has moved on; look at it again")
                .with(serde_json::json!({ "current_version": version, "seq": loaded.room.seq() }));
            return Ok(Err(refusal));
        }
        if let Some(answer) = self.aside(request, now) {
            return Ok(answer);
        }
        let Some(loaded) = self.hosted.as_mut() else { return Ok(Err(unavailable())) };
        if request.event == "leave_room" && loaded.room.seat_of(request.player.id).is_none() {
            // Whoever only watches goes without a word in the log.
            return Ok(Ok(Answer::Applied { seq: loaded.room.seq(), version: loaded.room.version(), duplicate: false }));
        }
        let asker = Asker { player: request.player.clone() };
        let rows_before = out.rows.len();
        let done = match loaded.room.request(&asker, &request.event, &request.payload, now, out) {
            Ok(done) => done,
            Err(Failed::Refused(refusal)) => return Ok(Err(refusal)),
            Err(torn @ Failed::Torn) => return Err(torn),
        };
        let mut pending = None;
        // Decided again after a conflict, it is still the same rematch: one room is opened for it.
        let rematch_id = format!("rematch {} {}", loaded.room.summary().room_code, version);
        match done {
            Done::Applied => {}
            Done::Pending { waiting_for } => pending = Some(waiting_for),
            Done::RematchDue => match kernel.open_rematch(loaded.room.rematch_spec(), loaded.game.card().name, rematch_id).await {
                Ok(code) => loaded.room.rematch_ready(code, now, out),
                Err(refusal) => {
                    tracing::warn!(%refusal, "the room of a rematch could not be opened");
                    return Err(Failed::Torn);
                }
            },
        }
        // A request that changed nothing has no row to mark: the last one is another request's.
        if let Some(key) = request.command.as_ref().filter(|_| out.rows.len() > rows_before) {
            loaded.room.stamp(key.clone(), out);
        }
        let (seq, version) = (loaded.room.seq(), loaded.room.version());
        let next_room = if request.event == "rematch" { loaded.room.summary().next_room } else { None };
        Ok(Ok(match (pending, next_room) {
            (Some(waiting_for), _) => json_answer(&serde_json::json!({
                "ok": true, "seq": seq, "version": version, "pending": true, "waiting_for": waiting_for,
            })),
            (None, Some(room_code)) => json_answer(&serde_json::json!({
                "ok": true, "seq": seq, "version": version, "room_code": room_code,
            })),
            (None, None) => Answer::Applied { seq, version, duplicate: false },
        }))
    }

    /// Requests that are answered from what is known and never logged.
    fn aside(&mut self, request: &Request, now: Timestamp) -> Option<Result<Answer, Refusal>> {
        let loaded = self.hosted.as_ref()?;
        let room = &loaded.room;
        match request.event.as_str() {
            "ping" => Some(Ok(json_answer(&serde_json::json!({ "ok": true, "server_time": now })))),
            "request_presence" => {
                let presence = Presence::of(&room.summary());
                if !request.acknowledged {
                    self.emit_to(request.conn, "presence_update", &presence);
                }
                Some(Ok(json_answer(&WithOk { ok: true, more: presence })))
            }
            "request_sync" | "reconnect_sync" => {
                let ask: SyncAsk = match serde_json::from_str(request.payload.get()) {
                    Ok(ask) => ask,
                    Err(error) => return Some(Err(Refusal::invalid(format!("request_sync: {error}")))),
                };
                let (seq, version) = (room.seq(), room.version());
                let current = match (ask.last_seq, ask.version) {
                    (Some(last), _) => last >= seq,
                    (None, Some(known)) => known >= version,
                    (None, None) => false,
                };
                if current {
                    return Some(Ok(json_answer(&serde_json::json!({
                        "ok": true, "sync_confirmed": true, "seq": seq, "version": version,
                    }))));
                }
                let state = room.state(room.viewer(Some(request.player.id)));
                let sync = Sync { state: &state, seq, version, reason: "requested", status: room.status() };
                self.emit_to(request.conn, "state_sync", &sync);
                Some(Ok(json_answer(&WithOk { ok: true, more: sync })))
            }
            "typing" => {
                let ask: TypingAsk = match serde_json::from_str(request.payload.get()) {
                    Ok(ask) => ask,
                    Err(error) => return Some(Err(Refusal::invalid(format!("typing: {error}")))),
                };
                self.typing(request, ask.typing, now);
                let loaded = self.hosted.as_ref()?;
                Some(Ok(Answer::Applied { seq: loaded.room.seq(), version: loaded.room.version(), duplicate: false }))
            }
            _ => None,
        }
    }

    fn typing(&mut self, request: &Request, typing: bool, now: Timestamp) {
        let ago = |at: Timestamp| now.0 - at.0;
        self.typists.retain(|t| ago(t.at) < if t.typing { TYPING_MAX_MS } else { TYPING_EVERY_MS });
        let room_for_more = self.typists.len() < TYPISTS_MAX;
        let known = self.typists.iter_mut().find(|t| t.player == request.player.id);
        match known {
            Some(typist) if typing && ago(typist.at) >= TYPING_EVERY_MS => (typist.at, typist.typing) = (now, true),
            // Names would linger if a stop were not passed on.
            Some(typist) if !typing && typist.typing => typist.typing = false,
            None if typing && room_for_more => {
                self.typists.push(Typist { player: request.player.id, at: now, typing });
            }
            _ => return,
        }
        let note = TypingShown { player_id: request.player.id, nickname: &request.player.nickname, typing };
        let Ok(payload) = serde_json::value::to_raw_value(&note) else { return };
        for conn in self.conns.iter().filter(|c| Some(c.id) != request.conn && c.since != Seq(u32::MAX)) {
            // Not worth dropping anybody for: it will be missing, and the next real event decides.
            let _ = conn.outlet.emit("player_typing", &payload);
        }
    }

    fn emit_to(&self, conn: Option<ConnId>, event: &'static str, payload: &impl Serialize) {
        let conn = conn.and_then(|id| self.conns.iter().find(|c| c.id == id));
        if let (Some(conn), Ok(payload)) = (conn, serde_json::value::to_raw_value(payload)) {
            let _ = conn.outlet.emit(event, &payload);
        }
    }

    async fn append(&mut self, kernel: &Kernel, out: &mut Outbox) -> Result<(), LogError> {
        let Some(loaded) = self.hosted.as_mut() else { return Err(LogError::Conflict) };
        if out.rows.is_empty() {
            return Ok(());
        }
        let head = loaded.changed_head(out.people_changed);
        let commit = Commit {
            room: loaded.key,
            rows: std::mem::take(&mut out.rows),
            head: head.clone(),
            presence: std::mem::take(&mut out.presence),
        };
        kernel.log.append(commit).await?;
        if let Some(head) = head {
            loaded.head = head;
        }
        Ok(())
    }

    /// The commit stands: everybody is told, then the askers are answered.
    async fn tell(&mut self, cell: &Arc<Cell>, kernel: &Arc<Kernel>, out: Outbox, settled: Vec<Settled>) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        let mut stuck = Vec::new();
        let next_room = out.next_room;
        for update in &out.updates {
            self.told = self.told.max(update.seq);
            for conn in self.conns.iter().filter(|c| c.since < update.seq) {
                // After one that it did not take, an event would be a gap.
                if stuck.contains(&conn.id) {
                    continue;
                }
                let told = update.told.for_viewer(|| loaded.room.seat_of(conn.player));
                if conn.outlet.emit(told.event, &told.payload).is_err() {
                    stuck.push(conn.id);
                }
            }
        }
        if out.people_changed {
            let presence = Presence::of(&loaded.room.summary());
            if let Ok(payload) = serde_json::value::to_raw_value(&presence) {
                for conn in self.conns.iter().filter(|c| c.since != Seq(u32::MAX)) {
                    if conn.outlet.emit("presence_update", &payload).is_err() {
                        stuck.push(conn.id);
                    }
                }
            }
        }
        if !out.updates.is_empty() {
            for (_, wake) in self.waiting.drain(..) {
                let _ = wake.send(());
            }
        }
        for message in settled {
            match message {
                Settled::Request(request, answer) => {
                    if request.event == "leave_room" && answer.is_ok() {
                        self.conns.retain(|c| Some(c.id) != request.conn);
                        self.seen.retain(|(p, _)| *p != request.player.id);
                    }
                    (request.reply)(answer);
                }
                Settled::Enter(enter, entered) => self.welcome(kernel, enter, entered).await,
                Settled::Bot(..) => {}
            }
        }
        self.drop_stuck(cell, &stuck);
        if let Some(code) = next_room {
            self.conns.iter().for_each(|conn| conn.outlet.follow(code));
        }
        self.schedule(cell, kernel);
        self.think(cell, kernel);
        self.snapshot(kernel);
    }

    /// Connections that take nothing more are dropped, so that they hold up nobody.
    fn drop_stuck(&mut self, cell: &Arc<Cell>, stuck: &[ConnId]) {
        if stuck.is_empty() {
            return;
        }
        for conn in self.conns.iter().filter(|c| stuck.contains(&c.id)) {
            conn.outlet.close();
        }
        self.conns.retain(|c| !stuck.contains(&c.id));
        tracing::debug!(room = %cell.code, count = stuck.len(), "dropped connections that take nothing more");
        let _ = cell.send(Message::Tick);
    }

    /// Tells one who came in what there is to know, in order, before anything newer.
    async fn welcome(&mut self, kernel: &Kernel, enter: Box<Enter>, entered: Result<Option<Seat>, Refusal>) {
        let Some(loaded) = self.hosted.as_ref() else { return (enter.reply)(Err(unavailable())) };
        let seat = match entered {
            Ok(seat) => seat,
            Err(refusal) => return (enter.reply)(Err(refusal)),
        };
        let room = &loaded.room;
        let (seq, viewer) = (room.seq(), room.viewer(Some(enter.player.id)));
        let missed = match enter.last_seq.filter(|last| *last <= seq) {
            Some(last) if seq.0 - last.0 <= REPLAY_MAX => match kernel.log.rows(loaded.key, last, REPLAY_MAX).await {
                Ok(rows) => Some(rows),
                Err(error) => {
                    self.conns.retain(|c| enter.conn.as_ref().is_none_or(|(id, _)| c.id != *id));
                    return (enter.reply)(Err(store_failed(&error)));
                }
            },
            _ => None,
        };
        let told: Option<Vec<(Seq, Timestamp, Told)>> =
            missed.map(|rows| rows.iter().filter_map(|row| told(loaded, row, viewer)).collect());
        let state = room.state(viewer);
        let welcome = Welcome::new(room.as_ref(), seat, &state);
        if let Some((id, outlet)) = &enter.conn {
            let mut alive = true;
            if enter.purpose == Purpose::Resume {
                alive = told.iter().flatten().all(|(_, _, told)| outlet.emit(told.event, &told.payload).is_ok());
            }
            if alive && let Ok(payload) = serde_json::value::to_raw_value(&welcome) {
                alive = outlet.emit("connection_established", &payload).is_ok();
            }
            if !alive {
                outlet.close();
                self.conns.retain(|c| c.id != *id);
            }
            if let Some(conn) = self.conns.iter_mut().find(|c| c.id == *id) {
                conn.since = seq;
            }
        }
        let events = told.filter(|_| enter.purpose != Purpose::Resume).map(|told| {
            let shown = |(seq, at, told): (Seq, Timestamp, Told)| EventShown::new(seq, at, told);
            told.into_iter().map(shown).collect()
        });
        let answer = Entered {
            ok: true,
            extra: enter.extra,
            state: events.is_none().then_some(&state),
            events,
            welcome: Welcome { current_state: None, ..welcome },
        };
        (enter.reply)(Ok(json_answer(&answer)));
    }

    fn schedule(&self, cell: &Cell, kernel: &Kernel) {
        // A server that drains acts on no deadline, so being woken again and again would only burn time.
        if kernel.is_draining() {
            return;
        }
        let due = self.hosted.as_ref().and_then(|l| l.room.wake_at());
        let unseen = self.seen.iter().map(|(_, until)| *until + std::time::Duration::from_millis(1)).min();
        if let Some(at) = due.into_iter().chain(unseen).min() {
            kernel.deadlines.schedule(cell.code, at);
        }
    }

    /// Lets the bot whose move it is think, away from this task.
    fn think(&mut self, cell: &Arc<Cell>, kernel: &Kernel) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        // With nobody there a bot waits, too.
        if !loaded.room.anybody_here() {
            return;
        }
        let Some((seat, job)) = loaded.room.bot_job() else { return };
        let version = loaded.room.version();
        if self.bot_thinking == Some((seat, version)) {
            return;
        }
        self.bot_thinking = Some((seat, version));
        let (cell, delay) = (Arc::clone(cell), kernel.settings.bot_delay);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let command = tokio::task::spawn_blocking(job).await.unwrap_or_else(|error| {
                tracing::error!(%error, "a bot panicked");
                None
            });
            let _ = cell.send(Message::Bot { seat, version, command });
        });
    }

    fn snapshot(&mut self, kernel: &Arc<Kernel>) {
        let Some(loaded) = self.hosted.as_mut() else { return };
        if loaded.room.seq().0 < loaded.snapshot_at.0 + kernel.settings.snapshot_every {
            return;
        }
        if let Some(snapshot) = loaded.room.snapshot() {
            loaded.snapshot_at = snapshot.seq;
            let (log, key) = (Arc::clone(&kernel.log), loaded.key);
            tokio::spawn(async move {
                if let Err(error) = log.save_snapshot(key, snapshot).await {
                    tracing::debug!(%error, "no snapshot this time");
                }
            });
        }
    }

    fn unsettle(&mut self, settled: Settled) -> Message {
        match settled {
            Settled::Request(request, _) => Message::Request(request),
            Settled::Enter(enter, _) => Message::Enter(enter),
            Settled::Bot(seat, version, command) => Message::Bot { seat, version, command },
        }
    }

    fn fail(&mut self, settled: Vec<Settled>, refusal: &Refusal) {
        for message in settled {
            match message {
                Settled::Request(request, answer) => {
                    // What was refused for another reason stays refused for that.
                    (request.reply)(Err(answer.err().unwrap_or_else(|| refusal.clone())));
                }
                Settled::Enter(enter, entered) => {
                    self.conns.retain(|c| enter.conn.as_ref().is_none_or(|(id, _)| c.id != *id));
                    (enter.reply)(Err(entered.err().unwrap_or_else(|| refusal.clone())));
                }
                Settled::Bot(..) => {}
            }
        }
    }

    fn refuse_all(&mut self, cell: &Arc<Cell>, kernel: &Kernel, mail: VecDeque<Message>, refusal: &Refusal) {
        let gone = refusal.code == Code::InvalidGame;
        // Who left while the store was away has to be noted when it is back, also when nobody is left to ask for the room.
        let news = mail.iter().any(|message| matches!(message, Message::Gone(_) | Message::Tick));
        for message in mail {
            match message {
                Message::Request(request) => (request.reply)(Err(refusal.clone())),
                Message::Enter(enter) => {
                    // It may have been let in before its commit was lost to another writer.
                    let entering = |c: &Conn| enter.conn.as_ref().is_some_and(|(id, _)| c.id == *id) && c.since == Seq(u32::MAX);
                    self.conns.retain(|c| !entering(c));
                    (enter.reply)(Err(refusal.clone()));
                }
                Message::Look { reply, .. } => drop(reply.send(Err(refusal.clone()))),
                Message::Gone(conn) => self.conns.retain(|c| c.id != conn),
                Message::Listen { wake, .. } => drop(wake.send(())),
                Message::Tick | Message::Bot { .. } => {}
            }
        }
        if gone {
            kernel.forget(cell);
        } else if !self.conns.is_empty() || news && refusal.code == Code::Unavailable {
            kernel.deadlines.schedule(cell.code, kernel.clock.now() + std::time::Duration::from_secs(1));
        }
    }
}

impl Loaded {
    /// Whether one without a seat may ask this.
    fn takes_from_outside(&self, event: &str) -> Result<(), Refusal> {
        if event == "chat_message" || is_aside(event) {
            return self.room.watch();
        }
        if knows(event) || self.game.knows(event) {
            return Err(Refusal::new(Code::NotInGame, "you have no seat in this room; join it first"));
        }
        Ok(())
    }

    /// The room's head, when it is not the one that the store has.
    fn changed_head(&self, people_changed: bool) -> Option<Head> {
        if people_changed {
            return Some(self.room.head());
        }
        let wake_at = self.room.wake_at();
        (wake_at != self.head.wake_at || self.room.status() != self.head.status).then(|| self.room.head())
    }
}

impl Encoded {
    fn for_viewer(&self, seat: impl FnOnce() -> Option<Seat>) -> &Told {
        match self {
            Encoded::ForAll(told) => told,
            Encoded::PerSeat(seats, watching) => seat().and_then(|seat| seats.get(seat.index())).unwrap_or(watching),
        }
    }
}

fn told(loaded: &Loaded, row: &Row, viewer: Viewer) -> Option<(Seq, Timestamp, Told)> {
    match loaded.game.tell(row, viewer) {
        Ok(told) => Some((row.seq, row.at, told)),
        Err(error) => {
            tracing::error!(%error, "an event of the log cannot be told");
            None
        }
    }
}

/// Whether the answer shows the room as it is, at once.
fn shows_state(event: &str) -> bool {
    matches!(event, "request_sync" | "reconnect_sync" | "request_presence")
}

pub fn no_such_room() -> Refusal {
    Refusal::new(Code::InvalidGame, "there is no room with this code")
}

pub fn unavailable() -> Refusal {
    Refusal::new(Code::Unavailable, "the store cannot be reached; nothing was applied")
}

pub fn store_failed(error: &LogError) -> Refusal {
    tracing::warn!(%error, "the store did not answer");
    unavailable()
}

pub fn json_answer(object: &impl Serialize) -> Answer {
    Answer::Json(serde_json::value::to_raw_value(object).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        raw(r#"{"ok":true}"#.into())
    }))
}

/// Who is in a room.
#[derive(Serialize)]
pub struct Presence {
    online_players: Vec<PlayerId>,
    total_players: usize,
    players: Vec<crate::room::erased::Seated>,
}

impl Presence {
    pub fn of(summary: &Summary) -> Self {
        Self {
            online_players: summary.players.iter().filter(|p| p.online).map(|p| p.player_id).collect(),
            total_players: summary.players.len(),
            players: summary.players.clone(),
        }
    }
}

#[derive(Serialize)]
struct WithOk<T> {
    ok: bool,
    #[serde(flatten)]
    more: T,
}

#[derive(Serialize)]
struct Sync<'a> {
    state: &'a RawValue,
    seq: Seq,
    version: Seq,
    status: Status,
    reason: &'static str,
}

#[derive(serde::Deserialize)]
struct SyncAsk {
    last_seq: Option<Seq>,
    version: Option<Seq>,
}

#[derive(serde::Deserialize)]
struct TypingAsk {
    typing: bool,
}

#[derive(Serialize)]
struct TypingShown<'a> {
    player_id: PlayerId,
    nickname: &'a str,
    typing: bool,
}

/// An event in a list.
#[derive(Serialize)]
pub struct EventShown {
    pub seq: Seq,
    pub event: &'static str,
    pub data: Box<RawValue>,
    pub timestamp: Timestamp,
}

impl EventShown {
    pub fn new(seq: Seq, timestamp: Timestamp, told: Told) -> Self {
        Self { seq, event: told.event, data: told.payload, timestamp }
    }
}

/// What one who comes in learns.
#[derive(Serialize)]
struct Welcome<'a> {
    player_role: &'static str,
    seat: Option<Seat>,
    is_host: bool,
    room_code: RoomCode,
    game: &'static str,
    status: Status,
    seq: Seq,
    version: Seq,
    seed_hash: String,
    players: Vec<crate::room::erased::Seated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_room: Option<RoomCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_state: Option<&'a RawValue>,
}

impl<'a> Welcome<'a> {
    fn new(room: &dyn AnyRoom, seat: Option<Seat>, state: &'a RawValue) -> Self {
        let summary = room.summary();
        Self {
            player_role: room.role(seat),
            seat,
            is_host: seat == Some(Seat::HOST),
            room_code: summary.room_code,
            game: summary.game,
            status: summary.status,
            seq: summary.seq,
            version: summary.version,
            seed_hash: summary.seed_hash,
            players: summary.players,
            next_room: summary.next_room,
            current_state: Some(state),
        }
    }
}

#[derive(Serialize)]
struct Entered<'a> {
    ok: bool,
    #[serde(flatten)]
    welcome: Welcome<'a>,
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventShown>>,
}
