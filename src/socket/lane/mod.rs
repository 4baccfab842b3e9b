//! The order of one socket's events: each is handled after the one before, also when that has to wait for something.
//!
//! There is no task per socket. An event is handled where it arrives; only what has to wait (opening and entering rooms) runs in a
//! task (`entering`), and what arrives meanwhile queues behind it. Events for a room go into its mailbox, which keeps their order.

mod entering;

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

use crate::account::Identity;
use crate::app::App;
use crate::backlog::Unanswered;
use crate::games::AnyGame;
use crate::id::RoomCode;
use crate::log::CommandKey;
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Cell, Full, Message, Request};
use crate::room::decide::knows;
use crate::room::directory::{busy, no_options};
use crate::room::fact::Player;
use crate::room::outlet::{Answer, ConnId, Reply};
use crate::socket::answer::Answerer;
use crate::socket::consult;
use crate::socket::envelope::{Envelope, plain};
use crate::socket::expiry::Expiries;
use crate::socket::matchmaking;
use crate::socket::outlet::SocketOutlet;
use crate::socket::voice::Voice;
use crate::socket::wire::{EventIn, PingIn, RefreshTokenIn};
use crate::time::Timestamp;

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

    /// Lets what arrives queue up, until [`resume`](Lane::resume) is done.
    pub fn hold(&self) {
        self.state.lock().busy = true;
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

/// How long a drained server asks its clients to wait before they come back.
pub const RECONNECT_AFTER: Duration = Duration::from_millis(500);

fn read<'a, T: Deserialize<'a>>(heard: &'a Heard) -> Result<T, Refusal> {
    serde_json::from_str(heard.payload.get())
        .map_err(|error| Refusal::invalid(format!("{}: {}", heard.answerer.event(), plain(&error))))
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
