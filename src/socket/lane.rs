//! The order of one socket's events: each is handled after the one before, also when that has to wait for something.
//!
//! There is no task per socket. An event is handled where it arrives; only what has to wait (opening and entering rooms) runs in a
//! task, and what arrives meanwhile queues behind it. Events for a room go into its mailbox, which keeps their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use socketioxide::socket::Socket;
use socketioxide_core::Value;
use tokio::sync::oneshot;

use crate::account::{Identity, nickname};
use crate::app::App;
use crate::backlog::Unanswered;
use crate::games::AnyGame;
use crate::id::{RoomCode, Seq};
use crate::log::CommandKey;
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Cell, Enter, Full, Message, Purpose, Request, no_such_room};
use crate::room::decide::knows;
use crate::room::directory::{CreateRoom, busy, no_options};
use crate::room::fact::Player;
use crate::room::outlet::{Answer, ConnId, Reply};
use crate::socket::answer::Answerer;
use crate::socket::consult;
use crate::socket::envelope::{Envelope, plain};
use crate::socket::expiry::Expiries;
use crate::socket::matchmaking::{self, QueueJoinIn};
use crate::socket::outlet::SocketOutlet;
use crate::socket::voice::Voice;
use crate::socket::wire::{CreateRoomIn, EventIn, JoinRoomIn, PingIn, PurposeIn, RefreshTokenIn};
use crate::time::Timestamp;
use crate::web::qr::Qr;

/// Events that may wait behind one that waits; a page that comes back resends about a dozen.
const QUEUE_MAX: usize = 256;

type Limiter = RateLimiter<governor::state::NotKeyed, governor::state::InMemoryState, DefaultClock>;

/// One socket in one namespace.
pub struct Lane {
    pub id: ConnId,
    pub(super) app: Arc<App>,
    expiries: Arc<Expiries>,
    pub(super) game: Option<Arc<dyn AnyGame>>,
    identity: Mutex<Identity>,
    /// What join links begin with for this client.
    base: String,
    address: std::net::IpAddr,
    limiter: Option<Limiter>,
    pub voice: Arc<Voice>,
    state: Mutex<State>,
    /// Requests in the room's mailbox that are not answered yet.
    outstanding: Arc<Unanswered>,
    gone: AtomicBool,
}

#[derive(Default)]
struct State {
    busy: bool,
    queue: VecDeque<Heard>,
    /// The room that the socket is in, and its way here.
    room: Option<(Arc<Cell>, Arc<SocketOutlet>)>,
}

/// An event that was understood so far.
struct Heard {
    payload: Box<RawValue>,
    envelope: Envelope,
    answerer: Answerer,
}

/// What a lane is made of.
pub struct Parts {
    pub app: Arc<App>,
    pub expiries: Arc<Expiries>,
    pub game: Option<Arc<dyn AnyGame>>,
    pub identity: Identity,
    pub base: String,
    pub address: std::net::IpAddr,
}

#[derive(Serialize)]
struct PongOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a RawValue>,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct PongAck<'a> {
    ok: bool,
    #[serde(flatten)]
    pong: PongOut<'a>,
}

#[derive(Serialize)]
struct Refreshed<'a> {
    ok: bool,
    token: &'a str,
    expires_at: Timestamp,
}

impl Lane {
    pub fn new(parts: Parts) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let Parts { app, expiries, game, identity, base, address } = parts;
        let quota = Quota::with_period(app.config.socket_rate_every()).map(|q| q.allow_burst(app.config.socket_rate_burst));
        let limiter = quota.filter(|_| app.config.rate_limits).map(RateLimiter::direct);
        Self {
            id: ConnId(NEXT.fetch_add(1, Ordering::Relaxed)),
            app,
            expiries,
            game,
            identity: Mutex::new(identity),
            base,
            address,
            limiter,
            voice: Arc::default(),
            state: Mutex::default(),
            outstanding: Arc::default(),
            gone: AtomicBool::new(false),
        }
    }

    pub fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    pub fn expires_at(&self) -> Timestamp {
        self.identity.lock().expires_at
    }

    /// One event, as it arrived.
    pub fn hear(self: &Arc<Self>, socket: &Arc<Socket>, value: &Value, ack: Option<i64>) {
        if self.voice.is_over() {
            return;
        }
        let text = match value {
            Value::Str(text, _) => text.clone(),
            Value::Bytes(_) => return self.voice.hang_up(socket),
        };
        let Ok(heard) = serde_json::from_str::<EventIn<'_>>(text.as_str()) else {
            let answerer = Answerer::new(&self.voice, socket, "", ack);
            return answerer.refuse(&Refusal::invalid("an event is a name and a payload"));
        };
        let answerer = Answerer::new(&self.voice, socket, &heard.event, ack);
        if let Err(refusal) = self.within_rate() {
            return answerer.refuse(&refusal);
        }
        if text.len() > self.app.config.max_event_bytes {
            let max = self.app.config.max_event_bytes;
            return answerer.refuse(&Refusal::new(Code::PayloadTooLarge, format!("an event has at most {max} bytes")));
        }
        let payload = heard.payload.filter(|payload| *payload.get() != *"null").map_or_else(no_options, ToOwned::to_owned);
        match Envelope::read(&payload) {
            Ok(envelope) => self.queue(Heard { payload, envelope, answerer }),
            // An unknown event is unknown whatever it carries.
            Err(_) if !self.knows(answerer.event()) => answerer.refuse(&unknown(&heard.event)),
            Err(refusal) => answerer.refuse(&refusal),
        }
    }

    fn within_rate(&self) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            Refusal::new(Code::RateLimited, "too many events; slow down").with(serde_json::json!({ "retry_after_ms": ms }))
        })
    }

    fn knows(&self, event: &str) -> bool {
        matches!(event, "create_room" | "join_room" | "join_game_room" | "refresh_token")
            || knows(event)
            || matchmaking::knows(event)
            || self.game.as_ref().is_some_and(|game| game.knows(event))
    }

    fn queue(self: &Arc<Self>, heard: Heard) {
        let mut state = self.state.lock();
        if state.busy {
            if state.queue.len() >= QUEUE_MAX {
                drop(state);
                return heard.answerer.refuse(&busy());
            }
            state.queue.push_back(heard);
            return;
        }
        if let Some(waits) = self.handle(heard, &mut state) {
            state.busy = true;
            drop(state);
            let lane = Arc::clone(self);
            tokio::spawn(async move { lane.catch_up(waits).await });
        }
    }

    /// Handles what has to wait, and then whatever queued up behind it.
    async fn catch_up(self: Arc<Self>, mut waits: Heard) {
        loop {
            self.wait_for(waits).await;
            match self.next() {
                Some(next) => waits = next,
                None => return,
            }
        }
    }

    /// Works off the queue up to the next event that has to wait; without one the lane is free again.
    fn next(self: &Arc<Self>) -> Option<Heard> {
        let mut state = self.state.lock();
        while let Some(next) = state.queue.pop_front() {
            if let Some(waits) = self.handle(next, &mut state) {
                return Some(waits);
            }
        }
        state.busy = false;
        None
    }

    /// Handles an event at once, or gives it back when it has to wait for something.
    fn handle(self: &Arc<Self>, heard: Heard, state: &mut State) -> Option<Heard> {
        match heard.answerer.event() {
            "create_room" | "join_room" | "join_game_room" | "queue_join" | "queue_leave" | "queue_status" => return Some(heard),
            "refresh_token" => self.refresh(heard),
            "ping" if state.room.is_none() || self.outstanding.is_none() => {
                pong(heard.answerer, &heard.payload, self.app.clock.now());
            }
            event if self.game.as_ref().is_some_and(|game| game.answers(event)) => self.consult(state, heard),
            _ => match &state.room {
                Some((room, _)) => self.ask(room, heard),
                None => {
                    let known = self.knows(heard.answerer.event());
                    let refusal = if known { not_in_a_room() } else { unknown(heard.answerer.event()) };
                    heard.answerer.refuse(&refusal);
                }
            },
        }
        None
    }

    fn consult(&self, state: &State, heard: Heard) {
        let (Some(game), room) = (&self.game, state.room.as_ref().map(|(room, _)| room.code)) else { return };
        consult::ask(&self.app, game.card().name, self.identity().player_id, room, heard.payload, heard.answerer);
    }

    /// Puts a request into the room's mailbox.
    fn ask(self: &Arc<Self>, room: &Arc<Cell>, heard: Heard) {
        let Heard { payload, envelope, answerer } = heard;
        let pending = match self.app.backlog.admit(&self.outstanding) {
            Ok(pending) => pending,
            Err(refusal) => return answerer.refuse(&refusal),
        };
        let player = self.player(None);
        let clock = self.app.clock.clone();
        let event = answerer.event().to_owned();
        let acknowledged = answerer.is_acknowledged();
        let leaves = (event == "leave_room").then(|| (Arc::downgrade(self), room.code));
        let pinged = (event == "ping").then(|| payload.clone());
        let reply: Reply = Box::new(move |answer: Result<Answer, Refusal>| {
            drop(pending);
            match (pinged, &answer) {
                (Some(payload), Ok(_)) => return pong(answerer, &payload, clock.now()),
                _ if answer.is_ok() => {
                    if let Some((lane, code)) = leaves.and_then(|(lane, code)| Some((lane.upgrade()?, code))) {
                        // By now it may be in another one.
                        lane.state.lock().room.take_if(|(room, _)| room.code == code);
                    }
                }
                _ => {}
            }
            answerer.answer(answer);
        });
        let command = envelope.command_id.map(|id| CommandKey { player: player.id, id });
        let request =
            Request { conn: Some(self.id), player, event, payload, command, expected: envelope.expected, acknowledged, reply };
        self.post(room, Message::Request(Box::new(request)));
    }

    /// A room that has a connection of ours stays in memory, so its mailbox is full at worst.
    fn post(&self, room: &Arc<Cell>, message: Message) {
        let back = match room.send(message) {
            Ok(()) => return,
            Err(Full::Busy(message)) => message,
            Err(Full::Closed(message)) => match self.app.rooms.send(room.code, message) {
                Ok(_) => return,
                Err(message) => message,
            },
        };
        match back {
            Message::Request(request) => (request.reply)(Err(busy())),
            Message::Enter(enter) => (enter.reply)(Err(busy())),
            _ => {}
        }
    }

    async fn wait_for(self: &Arc<Self>, heard: Heard) {
        let result = match heard.answerer.event() {
            "create_room" => self.create(&heard).await,
            event if matchmaking::knows(event) => return self.matchmake(heard).await,
            _ => self.join(&heard),
        };
        match result {
            Ok((code, entry)) => self.enter(code, entry, heard.envelope, heard.answerer).await,
            Err(refusal) => heard.answerer.refuse(&refusal),
        }
    }

    async fn matchmake(&self, heard: Heard) {
        let asked = read(&heard).and_then(|ask: QueueJoinIn| Ok((named(ask.nickname.as_deref())?, ask.game)));
        let asked = asked.map(|(name, game)| (self.player(Some(name)), game));
        matchmaking::answer(self, asked, heard.answerer).await;
    }

    async fn create(&self, heard: &Heard) -> Result<(RoomCode, Entry), Refusal> {
        let Some(game) = &self.game else { return Err(wrong_namespace()) };
        let ask: CreateRoomIn = read(heard)?;
        let host = self.player(Some(named(ask.nickname.as_deref())?));
        self.app.room_limit.check(self.address)?;
        let wish = CreateRoom {
            game: game.card().name.to_owned(),
            host,
            options: object(ask.options)?,
            visibility: ask.visibility,
            seats: ask.seats,
            client_seed: ask.client_seed,
            command_id: heard.envelope.command_id.clone(),
        };
        let (code, before) = self.app.rooms.create_once(wish).await?;
        let url = format!("{}/join/{code}", self.base);
        let mut extra = serde_json::Map::new();
        extra.insert("qr_code".into(), Qr::new(&url).map(|qr| qr.data_url()).unwrap_or_default().into());
        extra.insert("join_url".into(), url.into());
        if before {
            extra.insert("duplicate".into(), true.into());
        }
        Ok((code, Entry { nickname: None, purpose: Purpose::Play, client_seed: None, last_seq: None, extra }))
    }

    fn join(&self, heard: &Heard) -> Result<(RoomCode, Entry), Refusal> {
        if self.game.is_none() {
            return Err(wrong_namespace());
        }
        let ask: JoinRoomIn = read(heard)?;
        let code = ask.room_code.parse().map_err(|_| no_such_room())?;
        let purpose = match ask.purpose {
            PurposeIn::Player => Purpose::Play,
            PurposeIn::Spectator => Purpose::Watch,
        };
        let mut extra = serde_json::Map::new();
        extra.insert("join_url".into(), format!("{}/join/{code}", self.base).into());
        let nickname = named(ask.nickname.as_deref())?;
        Ok((code, Entry { nickname, purpose, client_seed: ask.client_seed, last_seq: ask.last_seq, extra }))
    }

    /// Lets what arrives queue up, until [`resume`](Lane::resume) is done.
    pub fn hold(&self) {
        self.state.lock().busy = true;
    }

    /// Comes back to a room, as the handshake asked; after [`hold`](Lane::hold).
    pub async fn resume(self: &Arc<Self>, socket: &Arc<Socket>, code: RoomCode, last_seq: Option<Seq>) {
        let entry = Entry { nickname: None, purpose: Purpose::Resume, client_seed: None, last_seq, extra: serde_json::Map::new() };
        let answerer = Answerer::new(&self.voice, socket, "resume", None);
        self.enter(code, entry, Envelope::default(), answerer).await;
        if let Some(waits) = self.next() {
            Arc::clone(self).catch_up(waits).await;
        }
    }

    async fn enter(self: &Arc<Self>, code: RoomCode, entry: Entry, envelope: Envelope, answerer: Answerer) {
        let player = self.player(entry.nickname.map(Some));
        let socket = Arc::clone(answerer.socket());
        let outlet = SocketOutlet::new(self, &socket, entry.purpose != Purpose::Watch);
        let before = self.state.lock().room.clone().filter(|(room, _)| room.code != code);
        if let Some((_, outlet)) = &before {
            outlet.hold();
        }
        let (done, entered) = oneshot::channel();
        let enter = Enter {
            conn: Some((self.id, Arc::clone(&outlet) as _)),
            command: envelope.command_id.map(|id| CommandKey { player: player.id, id }),
            player,
            game: self.game.as_ref().map(|game| game.card().name),
            purpose: entry.purpose,
            client_seed: entry.client_seed,
            last_seq: entry.last_seq,
            extra: entry.extra,
            reply: Box::new(move |answer| {
                let ok = answer.is_ok();
                answerer.answer(answer);
                let _ = done.send(ok);
            }),
        };
        let room = match self.app.rooms.send(code, Message::Enter(Box::new(enter))) {
            Ok(room) => Some(room),
            Err(message) => {
                if let Message::Enter(enter) = message {
                    (enter.reply)(Err(busy()));
                }
                None
            }
        };
        match room {
            Some(room) if entered.await.unwrap_or(false) => {
                self.state.lock().room = Some((room, outlet));
                if let Some((old, outlet)) = before {
                    // One room at a time: entering another leaves the first as a closed tab would.
                    outlet.shut();
                    self.post(&old, Message::Gone(self.id));
                }
                if self.gone.load(Ordering::SeqCst) {
                    self.leave();
                }
            }
            _ => {
                if let Some((_, outlet)) = before {
                    outlet.release();
                }
            }
        }
    }

    /// The room went on in another one: a rematch. The socket goes along.
    pub fn follow(self: &Arc<Self>, socket: &Arc<Socket>, code: RoomCode, seated: bool) {
        let (lane, socket) = (Arc::clone(self), Arc::clone(socket));
        {
            let mut state = self.state.lock();
            if state.busy {
                // It is on its way elsewhere, by its own wish.
                return;
            }
            state.busy = true;
        }
        tokio::spawn(async move {
            let entry = Entry {
                nickname: None,
                purpose: if seated { Purpose::Play } else { Purpose::Watch },
                client_seed: None,
                last_seq: None,
                extra: serde_json::Map::new(),
            };
            let answerer = Answerer::new(&lane.voice, &socket, "rematch", None);
            lane.enter(code, entry, Envelope::default(), answerer).await;
            if let Some(waits) = lane.next() {
                lane.catch_up(waits).await;
            }
        });
    }

    /// The room that this socket is in.
    pub fn room(&self) -> Option<RoomCode> {
        self.state.lock().room.as_ref().map(|(room, _)| room.code)
    }

    /// The socket is gone.
    pub fn close(&self) {
        self.gone.store(true, Ordering::SeqCst);
        self.expiries.forget(self.expires_at(), self.id);
        self.leave();
    }

    fn leave(&self) {
        if let Some((room, _)) = self.state.lock().room.take() {
            self.post(&room, Message::Gone(self.id));
        }
    }

    fn refresh(self: &Arc<Self>, heard: Heard) {
        let now = self.app.clock.now();
        let refreshed = read::<RefreshTokenIn>(&heard).and_then(|ask| {
            let own = self.identity();
            let identity = self.app.tokens.verify(&ask.token, now)?;
            if identity.player_id != own.player_id {
                return Err(Refusal::new(Code::Forbidden, "this token is another player's"));
            }
            Ok((identity, ask.token))
        });
        match refreshed {
            Ok((identity, token)) => {
                let before = std::mem::replace(&mut *self.identity.lock(), identity.clone());
                self.expiries.forget(before.expires_at, self.id);
                self.expiries.watch(identity.expires_at, self, heard.answerer.socket());
                heard.answerer.give(&Refreshed { ok: true, token: &token, expires_at: identity.expires_at });
            }
            Err(refusal) => heard.answerer.refuse(&refusal),
        }
    }

    fn player(&self, nickname: Option<Option<String>>) -> Player {
        let mut identity = self.identity.lock();
        if let Some(Some(nickname)) = nickname {
            // A name given once is the player's from then on, as far as this socket goes.
            identity.nickname = nickname;
        }
        Player { id: identity.player_id, nickname: identity.nickname.clone(), guest: identity.guest, bot: None }
    }
}

/// How to enter a room.
struct Entry {
    nickname: Option<String>,
    purpose: Purpose,
    client_seed: Option<String>,
    last_seq: Option<Seq>,
    extra: serde_json::Map<String, serde_json::Value>,
}

/// How long a drained server asks its clients to wait before they come back.
pub const RECONNECT_AFTER: Duration = Duration::from_millis(500);

fn read<'a, T: Deserialize<'a>>(heard: &'a Heard) -> Result<T, Refusal> {
    serde_json::from_str(heard.payload.get())
        .map_err(|error| Refusal::invalid(format!("{}: {}", heard.answerer.event(), plain(&error))))
}

fn object(options: Option<Box<RawValue>>) -> Result<Box<RawValue>, Refusal> {
    match options {
        None => Ok(no_options()),
        Some(options) if options.get() == "null" => Ok(no_options()),
        Some(options) if options.get().starts_with('{') => Ok(options),
        Some(_) => Err(Refusal::invalid("options should be an object")),
    }
}

fn named(given: Option<&str>) -> Result<Option<String>, Refusal> {
    given.map(nickname::clean).transpose()
}

fn pong(answerer: Answerer, payload: &RawValue, server_time: Timestamp) {
    let ask: PingIn = match serde_json::from_str(payload.get()) {
        Ok(ask) => ask,
        Err(error) => return answerer.refuse(&Refusal::invalid(format!("ping: {}", plain(&error)))),
    };
    let pong = PongOut { timestamp: ask.timestamp.as_deref(), server_time };
    answerer.emit("pong", &pong);
    answerer.give(&PongAck { ok: true, pong });
}

fn unknown(event: &str) -> Refusal {
    let name: String = event.chars().filter(|c| !c.is_control()).take(64).collect();
    Refusal::new(Code::UnknownEvent, format!("there is no event `{name}`"))
}

fn not_in_a_room() -> Refusal {
    Refusal::new(Code::NoGame, "you are in no room; create or join one first")
}

fn wrong_namespace() -> Refusal {
    Refusal::invalid("rooms are created and joined in the namespace of their game, such as /draft")
}
