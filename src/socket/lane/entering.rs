//! What a lane waits for: opening a room, and coming into one, be it asked for, coming back, or going along to a rematch.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::value::RawValue;
use socketioxide::socket::Socket;
use tokio::sync::oneshot;

use super::{Heard, Lane, read};
use crate::account::nickname;
use crate::id::{RoomCode, Seq};
use crate::log::CommandKey;
use crate::refusal::Refusal;
use crate::room::actor::{Enter, Message, Purpose, no_such_room};
use crate::room::directory::{CreateRoom, busy, no_options};
use crate::socket::answer::Answerer;
use crate::socket::envelope::Envelope;
use crate::socket::matchmaking::{self, QueueJoinIn};
use crate::socket::outlet::SocketOutlet;
use crate::socket::wire::{CreateRoomIn, JoinRoomIn, PurposeIn};
use crate::web::qr::Qr;

/// How to enter a room.
struct Entry {
    nickname: Option<String>,
    purpose: Purpose,
    client_seed: Option<String>,
    last_seq: Option<Seq>,
    extra: serde_json::Map<String, serde_json::Value>,
}

impl Entry {
    fn to(purpose: Purpose) -> Self {
        Self { nickname: None, purpose, client_seed: None, last_seq: None, extra: serde_json::Map::new() }
    }
}

impl Lane {
    /// Handles an event that has to wait for something.
    pub(super) async fn wait_for(self: &Arc<Self>, heard: Heard) {
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
        let mut entry = Entry::to(Purpose::Play);
        entry.extra.insert("qr_code".into(), Qr::new(&url).map(|qr| qr.data_url()).unwrap_or_default().into());
        entry.extra.insert("join_url".into(), url.into());
        if before {
            entry.extra.insert("duplicate".into(), true.into());
        }
        Ok((code, entry))
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

    /// Comes back to a room, as the handshake asked; after [`hold`](Lane::hold).
    pub async fn resume(self: &Arc<Self>, socket: &Arc<Socket>, code: RoomCode, last_seq: Option<Seq>) {
        let entry = Entry { last_seq, ..Entry::to(Purpose::Resume) };
        Arc::clone(self).enter_unasked("resume", socket, code, entry).await;
    }

    /// Goes into a room for which no event asked; refused, that is told under `name`. Then what queued up meanwhile is handled.
    async fn enter_unasked(self: Arc<Self>, name: &str, socket: &Arc<Socket>, code: RoomCode, entry: Entry) {
        let answerer = Answerer::new(&self.voice, socket, name, None);
        self.enter(code, entry, Envelope::default(), answerer).await;
        if let Some(waits) = self.next() {
            self.catch_up(waits).await;
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
        let entry = Entry::to(if seated { Purpose::Play } else { Purpose::Watch });
        tokio::spawn(async move { lane.enter_unasked("rematch", &socket, code, entry).await });
    }
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

fn wrong_namespace() -> Refusal {
    Refusal::invalid("rooms are created and joined in the namespace of their game, such as /draft")
}
