//! The room as an actor: a bounded mailbox, and a task that exists only while there is mail.
//!
//! The order of a step never changes: decide, append, then tell. Mail that came in meanwhile is decided together and shares one
//! commit; if that commit fails, the state is read from the log again, because what was decided did not happen.
//!
//! - `mail`: what is sent to a room; `cell`: its mailbox and its task.
//! - here: the step, from mail to commit; `commit`: handing it to the log; `aftermath`: what follows it.
//! - `beat`: the time of ticking games.
//! - `once`: what is sent again is applied once; `news`: what other nodes did; `retrace`: when they were faster; `abroad`: what they see that is not logged; `entry`: coming in and coming back; `asides`: what is answered and never logged; `shown`: the shapes of answers.

mod abroad;
mod aftermath;
mod answers;
mod asides;
mod beat;
mod cell;
mod commit;
mod entry;
mod mail;
mod news;
mod once;
mod retrace;
mod shown;

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
use crate::room::decide::{Asker, Done, Failed, is_aside, knows};
use crate::room::directory::Kernel;
use crate::room::erased::AnyRoom;
use crate::room::fact::Player;
use crate::room::outbox::Outbox;
use crate::room::outlet::{Answer, ConnId, Outlet, Reply};
use crate::room::reading::ReadRoom;
use crate::room::summary::{People, Summary};
use crate::room::told::{Told, raw};
use crate::time::Timestamp;

use answers::lost;
pub use answers::{json_answer, no_such_room, store_failed, unavailable};
pub use cell::Cell;
pub use mail::{Enter, Full, Look, Message, Purpose, Request};
use shown::*;
pub use shown::{EventShown, Presence};
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
    company: news::Company,
    /// Who is here may have changed since the log was last told.
    people: bool,
    past: retrace::Past,
    time: beat::Time,
    /// The log refused what it had already: from now on it is asked first. See `once`.
    asks_first: bool,
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

impl Settled {
    fn is_refused(&self) -> bool {
        matches!(self, Settled::Request(_, Err(_)) | Settled::Enter(_, Err(_)))
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
        // What other nodes appended comes first: the log would refuse what is decided without it.
        mail.make_contiguous().sort_by_key(|message| !matches!(message, Message::News(_)));
        if !self.time.is_here() && mail.iter().any(|message| matches!(message, Message::Adopt)) {
            self.hosted = None;
        }
        while !mail.is_empty() {
            if matches!(mail.front(), Some(Message::Reread)) {
                mail.pop_front();
                self.hosted = None;
                continue;
            }
            if let Err(refusal) = self.load(cell, &kernel).await {
                self.refuse_all(cell, &kernel, mail, &refusal);
                return;
            }
            let mut out = Outbox::default();
            let mut settled = Vec::new();
            let torn = self.decide(cell, &kernel, &mut mail, &mut out, &mut settled).await;
            let outcome = if torn {
                Err(LogError::Conflict)
            } else if out.rows.is_empty() && settled.iter().any(Settled::is_refused) {
                self.still_newest(&kernel).await
            } else {
                self.append(cell, &kernel, &mut out).await
            };
            match outcome {
                Ok(()) => {
                    tries = 0;
                    self.people = false;
                    self.tell(cell, &kernel, out, settled).await;
                    self.keep_time(cell, &kernel).await;
                }
                Err(why @ (LogError::Conflict | LogError::Duplicate | LogError::Superseded)) if tries < TRIES => {
                    tries += 1;
                    match why {
                        LogError::Conflict => self.people |= self.go_back(&kernel).await,
                        _ => self.hosted = None,
                    }
                    self.asks_first |= matches!(why, LogError::Duplicate);
                    if matches!(why, LogError::Superseded) {
                        self.let_go(cell);
                    }
                    // Decide the same mail again on what the log says now.
                    for message in settled.into_iter().rev() {
                        mail.push_front(self.unsettle(message));
                    }
                    if self.people {
                        mail.push_back(Message::Tick);
                    }
                }
                Err(error) => {
                    self.hosted = None;
                    let refusal = match &error {
                        LogError::Unavailable(_) => unavailable(),
                        LogError::Unknown(_) => {
                            if let Some(peers) = kernel.peers() {
                                peers.appended(cell.code, &[]);
                            }
                            lost()
                        }
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
        let ReadRoom { stored, game, room } = kernel.read_room(cell.code, Seq(u32::MAX)).await?;
        let mut loaded = Loaded { key: stored.key, game, snapshot_at: room.seq(), room, head: stored.head };
        self.past.begins(loaded.room.as_ref());
        self.catch_up(kernel, &loaded).await?;
        let mut out = Outbox::default();
        let now = kernel.clock.now();
        self.attend(kernel, loaded.key, now).await.map_err(|error| store_failed(&error))?;
        loaded.room.keep_time(self.time.is_here());
        let elsewhere = |player| self.company.elsewhere.contains(&player);
        if let Err(error) = loaded.room.interrupted(&elsewhere, kernel.peers().is_none(), kernel.booted_at, now, &mut out) {
            tracing::error!(%error, room = %cell.code, "a game could not take note of the restart");
            return Err(Refusal::new(Code::InternalError, "this room cannot be read"));
        }
        self.hosted = Some(loaded);
        if !out.rows.is_empty() {
            if let Err(error) = self.append(cell, kernel, &mut out).await {
                self.hosted = None;
                return Err(store_failed(&error));
            }
            self.tell(cell, kernel, out, vec![]).await;
        }
        self.schedule(cell, kernel);
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
        while let Some(message) = mail.pop_front() {
            let Some(loaded) = self.hosted.as_mut() else {
                mail.push_front(message);
                return true;
            };
            match message {
                Message::Request(request) if !out.rows.is_empty() && asides::shows_state(&request.event) => {
                    // Only what is committed may be shown.
                    mail.push_front(Message::Request(request));
                    break;
                }
                Message::Request(request) => {
                    self.people |= request.conn.is_none() && self.seen_over_http(&request.player, now, kernel, cell);
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
                    self.people = true;
                    let entered = match self.enter(kernel, &enter, now, out) {
                        Ok(seat) => Ok(seat),
                        Err(Failed::Refused(refusal)) => Err(refusal),
                        Err(torn @ Failed::Torn) => {
                            tracing::error!(room = %cell.code, error = %torn, "a game broke its word to one who came late");
                            (enter.reply)(Err(Refusal::new(Code::InternalError, "you could not be let in")));
                            return true;
                        }
                    };
                    if entered.is_ok() && enter.conn.is_none() {
                        self.seen_over_http(&enter.player, now, kernel, cell);
                    }
                    settled.push(Settled::Enter(enter, entered));
                    // What one who comes in is told is read after the commit, before anything newer happens.
                    break;
                }
                Message::Gone(conn) => {
                    self.conns.retain(|c| c.id != conn);
                    self.people = true;
                }
                Message::Tick | Message::Adopt => {
                    self.time.look();
                    self.people = true;
                }
                Message::News(rows) if !out.rows.is_empty() => {
                    // This step will find that another was faster.
                    mail.push_front(Message::News(rows));
                    break;
                }
                Message::News(rows) => match self.hear(kernel, rows).await {
                    Ok(changed) => self.people |= changed,
                    // Read again with the next mail, and that there is some is seen to.
                    Err(_) => kernel.deadlines.schedule(cell.code, now + std::time::Duration::from_secs(1)),
                },
                Message::TypingElsewhere(note) => self.tell_typing(None, &note),
                Message::Reread => {
                    // What was decided so far is committed first.
                    mail.push_front(Message::Reread);
                    break;
                }
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
                        self.people |= self.seen(player, now, kernel, cell);
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
                    if self.bot_thinking == Some((seat, version)) {
                        self.bot_thinking = None;
                    }
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
        self.people && !kernel.is_draining() && self.note_people(kernel, cell, now, out).await
    }

    /// Decides a request that was not applied before.
    async fn answer_new(
        &mut self,
        kernel: &Arc<Kernel>,
        request: &Request,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Result<Answer, Refusal>, Failed> {
        let Some(loaded) = self.hosted.as_mut() else { return Ok(Err(unavailable())) };
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
        if let Some(answer) = self.aside(kernel, request, now) {
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
        match done {
            Done::Applied => {}
            Done::Pending { waiting_for } => pending = Some(waiting_for),
            Done::RematchDue => {
                // Decided again after a conflict, it is still the same rematch: one room is opened for it.
                let id = format!("rematch {} {}", loaded.room.summary().room_code, version);
                match kernel.open_rematch(loaded.room.rematch_spec(), loaded.game.card().name, id).await {
                    Ok(code) => loaded.room.rematch_ready(code, now, out),
                    Err(refusal) => {
                        tracing::warn!(%refusal, "the room of a rematch could not be opened");
                        return Err(Failed::Torn);
                    }
                }
            }
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
