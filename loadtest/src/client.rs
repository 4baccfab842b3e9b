//! One connected client: sends commands, takes what comes, and checks it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::check::{Broken, Sequence};
use crate::connection::{Connection, Transport};
use crate::tally::Span;
use crate::wire::{self, Packet};
use crate::world::{Round, World};

/// Before a time in a message.
pub const MARK: u8 = b'@';
/// How far from its end a message's time stands at most.
const MARK_TAIL: usize = 120;

/// What a game says about its events, so that they can be checked.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub namespace: &'static str,
    /// Events that are not the same for all.
    pub own_events: &'static [&'static str],
    /// Keys of the state that are not the same for all, or not at two moments.
    pub own_keys: &'static [&'static str],
}

/// A command that is not answered yet.
struct Pending {
    id: u64,
    due: Instant,
    /// Whether it is one of those that are measured.
    counts: bool,
}

/// What was heard.
#[derive(Debug)]
pub enum Heard {
    Event { name: Range<usize>, payload: Range<usize>, packet: Bytes },
    Answer { id: u64, ok: bool, code: Option<String>, payload: Bytes },
    Connected,
    Ping,
    Nothing,
}

impl Heard {
    /// Name and payload of an event.
    pub fn event(&self) -> Option<(&str, &[u8])> {
        match self {
            Self::Event { name, payload, packet } => {
                Some((std::str::from_utf8(&packet[name.clone()]).ok()?, &packet[payload.clone()]))
            }
            _ => None,
        }
    }
}

/// The other half of `ok: false`.
#[derive(Deserialize)]
struct Refusal {
    error: Fault,
}

#[derive(Deserialize)]
struct Fault {
    code: String,
    message: String,
}

/// One connected client.
pub struct Client {
    pub world: Arc<World>,
    rules: Rules,
    host: String,
    transport: Transport,
    connection: Connection,
    next_id: u64,
    pending: VecDeque<Pending>,
    pub seqs: Sequence,
    pub round: Option<Arc<Round>>,
    pub token: String,
    pub player_id: String,
    alarm: Alarm,
}

impl Client {
    /// Connects and waits for `session`.
    ///
    /// # Errors
    /// When that fails.
    pub async fn connect(world: &Arc<World>, rules: Rules, transport: Transport, number: usize) -> Result<Self> {
        let host = world.hosts[number % world.hosts.len()].clone();
        let begun = Instant::now();
        let connection = Connection::open(&host, transport).await?;
        let mut client = Self {
            world: Arc::clone(world),
            rules,
            host,
            transport,
            connection,
            next_id: 0,
            pending: VecDeque::new(),
            seqs: Sequence::default(),
            round: None,
            token: String::new(),
            player_id: String::new(),
            alarm: world.alarms.at(begun),
        };
        client.greet(&format!("{{\"nickname\":\"Load {number}\"}}")).await?;
        world.tally.took(Span::Connect, begun.elapsed());
        Ok(client)
    }

    /// Opens the namespace and waits for `session`.
    async fn greet(&mut self, auth: &str) -> Result<()> {
        #[derive(Deserialize)]
        struct Session {
            token: String,
            player_id: String,
        }
        self.connection.send(&format!("40{},{auth}", self.rules.namespace)).await?;
        loop {
            let heard = self.hear().await?;
            if let Some(("session", payload)) = heard.event() {
                let session: Session = serde_json::from_slice(payload)?;
                (self.token, self.player_id) = (session.token, session.player_id);
                return Ok(());
            }
        }
    }

    /// Lets the connection break without a word and comes back with a new one.
    ///
    /// # Errors
    /// When coming back fails.
    pub async fn drop_and_resume(&mut self) -> Result<()> {
        let round = self.round.clone().context("in no room")?;
        self.connection = Connection::Dropped;
        let begun = Instant::now();
        self.connection = Connection::open(&self.host, self.transport).await?;
        self.pending.clear();
        let auth = serde_json::json!({ "token": self.token, "room_code": round.code, "last_seq": self.seqs.last() });
        self.greet(&auth.to_string()).await?;
        loop {
            let heard = self.hear().await?;
            match heard.event() {
                Some(("connection_established", payload)) => {
                    let entered: Entered = serde_json::from_slice(payload)?;
                    if entered.seq != self.seqs.last() {
                        let last = self.seqs.last();
                        self.broken(Broken::Gap, || format!("came back with {last}, and the room is at {}", entered.seq));
                        self.seqs = Sequence::after(entered.seq);
                    }
                    break;
                }
                Some(("error", payload)) => bail!("coming back was refused: {}", String::from_utf8_lossy(payload)),
                _ => {}
            }
        }
        self.world.tally.took(Span::Resume, begun.elapsed());
        self.world.tally.count(|counts| counts.resumed += 1);
        Ok(())
    }

    /// Commands without an answer.
    pub fn unanswered(&self) -> usize {
        self.pending.len()
    }

    /// Sends a command that is measured, which was due at `due`.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, event: &str, payload: &str, due: Instant) -> Result<()> {
        self.world.tally.count(|counts| counts.sent += 1);
        self.emit(event, payload, due, true).await.map(drop)
    }

    /// Sends a command that is not measured.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send_quietly(&mut self, event: &str, payload: &str) -> Result<()> {
        self.emit(event, payload, Instant::now(), false).await.map(drop)
    }

    async fn emit(&mut self, event: &str, payload: &str, due: Instant, counts: bool) -> Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.push_back(Pending { id, due, counts });
        self.connection.send(&wire::command(self.rules.namespace, id, event, payload)).await?;
        Ok(id)
    }

    /// Sends a command of the setting up and waits for its answer. What else comes goes to `meanwhile`.
    ///
    /// # Errors
    /// When it is refused, or the connection ends.
    pub async fn ask(&mut self, event: &str, payload: &str, mut meanwhile: impl FnMut(Heard)) -> Result<Bytes> {
        let wanted = self.emit(event, payload, Instant::now(), false).await?;
        loop {
            match self.hear().await? {
                Heard::Answer { id, ok: true, payload, .. } if id == wanted => return Ok(payload),
                Heard::Answer { id, payload, .. } if id == wanted => {
                    bail!("{event} was refused: {}", String::from_utf8_lossy(&payload))
                }
                heard => meanwhile(heard),
            }
        }
    }

    /// What comes next.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn hear(&mut self) -> Result<Heard> {
        let packet = self.connection.next().await?;
        self.take(packet).await
    }

    /// What comes next, or none at `deadline`.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn hear_until(&mut self, deadline: Instant) -> Result<Option<Heard>> {
        self.alarm.reset(deadline);
        let packet = tokio::select! {
            biased;
            packet = self.connection.next() => packet?,
            () = &mut self.alarm => return Ok(None),
        };
        self.take(packet).await.map(Some)
    }

    /// Goes on hearing until `other` is there.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn hear_while<T>(&mut self, other: impl Future<Output = T>, mut meanwhile: impl FnMut(Heard)) -> Result<T> {
        tokio::pin!(other);
        loop {
            let packet = tokio::select! {
                packet = self.connection.next() => packet?,
                result = &mut other => return Ok(result),
            };
            meanwhile(self.take(packet).await?);
        }
    }

    async fn take(&mut self, packet: Bytes) -> Result<Heard> {
        let heard = self.sort(packet)?;
        if matches!(heard, Heard::Ping) {
            self.connection.send("3").await?;
        }
        Ok(heard)
    }

    fn sort(&mut self, packet: Bytes) -> Result<Heard> {
        Ok(match wire::read(&packet)? {
            Packet::Ping => Heard::Ping,
            Packet::Open | Packet::Pong | Packet::Noop => Heard::Nothing,
            Packet::Close | Packet::Disconnected => bail!("the server closed the session"),
            Packet::Connected => Heard::Connected,
            Packet::Refused(why) => bail!("the namespace was refused: {}", String::from_utf8_lossy(&packet[why])),
            Packet::Event { name, payload } => {
                self.check(&packet, &name, &payload);
                Heard::Event { name, payload, packet }
            }
            Packet::Answer { id, payload } => self.answered(id, packet.slice(payload)),
        })
    }

    /// Numbers and sameness of an event.
    fn check(&mut self, packet: &Bytes, name: &Range<usize>, payload: &Range<usize>) {
        let bytes = packet.len() as u64;
        let Some(seq) = wire::seq(&packet[payload.clone()]) else {
            self.world.tally.count(|counts| {
                counts.others += 1;
                counts.bytes += bytes;
            });
            return;
        };
        self.world.tally.count(|counts| {
            counts.events += 1;
            counts.bytes += bytes;
        });
        // What comes before the answer to entering is of the room that was left.
        let Some(round) = &self.round else { return };
        let known = self.seqs.last();
        let name = &packet[name.clone()];
        if let Err(broken) = self.seqs.hear(seq) {
            self.world.checks.broken(broken, || {
                format!("room {}: {} is number {seq}, after {known}", round.code, String::from_utf8_lossy(name))
            });
        }
        let own = name == b"hidden" || self.rules.own_events.iter().any(|own| own.as_bytes() == name);
        if !own && !round.log.agrees(seq, packet) {
            self.world.checks.broken(Broken::Different, || {
                format!("room {}: two were told different things as number {seq}: {}", round.code, String::from_utf8_lossy(packet))
            });
        }
        if name == b"chat_message" {
            self.delivered(&packet[payload.clone()]);
        }
    }

    /// Messages carry when they were due.
    fn delivered(&self, payload: &[u8]) {
        let tail = &payload[payload.len().saturating_sub(MARK_TAIL)..];
        let Some(at) = tail.iter().rposition(|&byte| byte == MARK) else { return };
        let digits = tail[at + 1..].iter().take_while(|byte| byte.is_ascii_digit());
        let sent = digits.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        let now = self.world.micros(Instant::now());
        self.world.tally.took(Span::Delivery, std::time::Duration::from_micros(now.saturating_sub(sent)));
    }

    fn answered(&mut self, id: u64, payload: Bytes) -> Heard {
        let pending = match self.pending.iter().position(|pending| pending.id == id) {
            Some(at) => self.pending.remove(at),
            None => None,
        };
        if payload.starts_with(b"{\"ok\":true") {
            if let Some(pending) = pending.filter(|pending| pending.counts) {
                self.world.tally.took(Span::Answer, pending.due.elapsed());
                self.world.tally.count(|counts| {
                    counts.answered += 1;
                    counts.bytes += payload.len() as u64;
                });
            }
            return Heard::Answer { id, ok: true, code: None, payload };
        }
        let (code, message) = serde_json::from_slice::<Refusal>(&payload)
            .map_or_else(|_| ("UNREADABLE".to_owned(), String::new()), |refusal| (refusal.error.code, refusal.error.message));
        if pending.is_some_and(|pending| pending.counts) {
            self.world.tally.refused(&code);
            // Who plays by the rules is refused only for want of room or of time: the game may end while a command is under way.
            if !matches!(code.as_str(), "BUSY" | "RATE_LIMITED" | "UNAVAILABLE" | "ROOM_UNAVAILABLE" | "NOT_READY") {
                self.broken(Broken::Refused, || format!("a legal command was refused: {code}, {message}"));
            }
        }
        Heard::Answer { id, ok: false, code: Some(code), payload }
    }

    /// Counts a violation, with the room it happened in.
    pub fn broken(&self, what: Broken, example: impl FnOnce() -> String) {
        let code = self.round.as_ref().map_or("-", |round| round.code.as_str());
        self.world.checks.broken(what, || format!("room {code}: {}", example()));
    }

    /// Asks for the state and compares it with what others of the room have at the same number.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn compare(&mut self) -> Result<()> {
        #[derive(Deserialize)]
        struct Synced {
            seq: u64,
            state: serde_json::Value,
        }
        let Some(round) = self.round.clone() else { return Ok(()) };
        let answer = self.ask("request_sync", "{}", drop).await?;
        let synced: Synced = serde_json::from_slice(&answer).context("the answer to request_sync")?;
        if let Err(keys) = round.log.state_agrees(synced.seq, synced.state, self.rules.own_keys) {
            self.broken(Broken::State, || format!("two have different states at number {}: {keys}", synced.seq));
        }
        Ok(())
    }
}

/// What entering a room is answered with, as far as it is of use.
#[derive(Debug, Deserialize)]
pub struct Entered {
    pub room_code: String,
    pub seq: u64,
    pub seat: Option<u32>,
}
