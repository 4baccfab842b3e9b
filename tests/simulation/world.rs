//! The people, the nodes, and what happens to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use parlor::games::{self, Assets};
use parlor::id::{PlayerId, RoomCode, Seq};
use parlor::log::{CommandKey, EventLog, Visibility};
use parlor::refusal::{Code, Refusal};
use parlor::room::Rooms;
use parlor::room::actor::{Enter, Message, Purpose, Request};
use parlor::room::directory::CreateRoom;
use parlor::room::fact::Player;
use parlor::room::outlet::{Answer, ConnId, Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::room::told::raw;
use parlor::time::{Clock, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::log::{Calls, Disk, Line};

/// What one connection was told, in order.
pub struct Ear {
    pub told: Mutex<Vec<(u64, String)>>,
    /// The connection is no more: nothing reaches it.
    pub cut: AtomicBool,
    /// It takes this many events more, and then no other.
    takes: AtomicU32,
}

impl Outlet for Ear {
    fn emit(&self, event: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        if self.cut.load(Ordering::SeqCst) || self.takes.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(Stuck);
        }
        let value: Value = serde_json::from_str(payload.get()).unwrap();
        // Those carry the seq up to which they hold, and are not events themselves.
        if !matches!(event, "connection_established" | "player_connected" | "presence_update" | "state_sync") {
            self.told.lock().push((value["seq"].as_u64().unwrap(), format!("{event} {payload}")));
        }
        Ok(())
    }
    fn close(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

pub struct Conn {
    pub id: ConnId,
    pub node: usize,
    pub ear: Arc<Ear>,
}

pub struct Person {
    pub player: Player,
    pub conns: Vec<Conn>,
    /// The last event this person was told on any connection.
    knows: u64,
}

type Answered = Result<Answer, Refusal>;

/// A command that somebody sent, until its answer is final.
pub struct Sent {
    pub who: usize,
    pub id: String,
    event: &'static str,
    payload: String,
    asked: Option<oneshot::Receiver<Answered>>,
    pub answer: Option<Answered>,
}

struct Node {
    rooms: Arc<Rooms>,
    line: Arc<Line>,
}

pub struct World {
    pub luck: fastrand::Rng,
    pub disk: Arc<Mutex<Disk>>,
    pub code: RoomCode,
    pub people: Vec<Person>,
    /// Connections that are over, and what they were told.
    pub past: Vec<Arc<Ear>>,
    pub sent: Vec<Sent>,
    calls: Calls,
    clock: Clock,
    nodes: Vec<Node>,
    failing: Arc<AtomicU32>,
    conns: AtomicU64,
}

const NODES: usize = 2;

impl World {
    pub async fn new(seed: u64) -> Self {
        let mut luck = fastrand::Rng::with_seed(seed);
        let mut person = |name: &str| {
            let id = PlayerId(uuid::Builder::from_random_bytes(luck.u128(..).to_be_bytes()).into_uuid());
            let player = Player { id, nickname: name.into(), guest: true, bot: None };
            Person { player, conns: vec![], knows: 0 }
        };
        let people: Vec<_> = ["Ann", "Bob", "Cid"].map(&mut person).into_iter().collect();
        let host = people[0].player.clone();
        let mut world = Self {
            luck,
            disk: Arc::default(),
            code: RoomCode::random(),
            people,
            past: vec![],
            sent: vec![],
            calls: Arc::default(),
            clock: Clock::manual(Timestamp(1_700_000_000_000)),
            nodes: vec![],
            failing: Arc::default(),
            conns: AtomicU64::new(1),
        };
        for _ in 0..NODES {
            let node = world.boot();
            world.nodes.push(node);
        }
        let wish = CreateRoom {
            game: "draft".into(),
            host,
            options: raw("{}".into()),
            visibility: Visibility::Private,
            seats: None,
            client_seed: None,
            command_id: None,
        };
        let rooms = Arc::clone(&world.nodes[0].rooms);
        let made = tokio::spawn(async move { rooms.create(wish).await.unwrap() });
        world.settle().await;
        world.code = made.await.unwrap();
        world.enter(0).await;
        world
    }

    fn boot(&mut self) -> Node {
        let line = Line::new(Arc::clone(&self.disk), Arc::clone(&self.calls), self.luck.fork(), Arc::clone(&self.failing));
        let settings = RoomSettings { snapshot_every: self.luck.u32(3..40), mailbox: 64, ..RoomSettings::default() };
        let settings = Arc::new(settings);
        let catalogue = games::catalogue(Assets::default(), &settings);
        let log = Arc::clone(&line) as Arc<dyn EventLog>;
        Node { rooms: Arc::new(Rooms::new(log, self.clock.clone(), settings, catalogue)), line }
    }

    /// Lets everything run that can, up to where it waits for the log.
    async fn run(&self) {
        for _ in 0..12 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets one call to the log go on.
    async fn one_call(&mut self) -> bool {
        self.run().await;
        let mut calls = self.calls.lock();
        if calls.is_empty() {
            return false;
        }
        let nth = self.luck.usize(..calls.len());
        let _ = calls.swap_remove(nth).send(());
        true
    }

    async fn settle(&mut self) {
        while self.one_call().await {}
        self.hear();
    }

    /// Takes note of what arrived.
    fn hear(&mut self) {
        for sent in &mut self.sent {
            if let Some(asked) = &mut sent.asked {
                match asked.try_recv() {
                    Ok(answer) => {
                        sent.asked = None;
                        // What may have happened or not is asked again, under the same id.
                        let open = matches!(&answer, Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Busy));
                        sent.answer = (!open).then_some(answer);
                    }
                    Err(oneshot::error::TryRecvError::Closed) => sent.asked = None,
                    Err(oneshot::error::TryRecvError::Empty) => {}
                }
            }
        }
        for person in &mut self.people {
            for conn in &person.conns {
                let last = conn.ear.told.lock().last().map_or(0, |(seq, _)| *seq);
                person.knows = person.knows.max(last);
            }
            let over = |conn: &Conn| conn.ear.cut.load(Ordering::SeqCst);
            self.past.extend(person.conns.iter().filter(|conn| over(conn)).map(|conn| Arc::clone(&conn.ear)));
            person.conns.retain(|conn| !over(conn));
        }
    }

    pub async fn step(&mut self) {
        let who = self.luck.usize(..self.people.len());
        match self.luck.u32(0..100) {
            0..55 => self.command(who).await,
            55..67 => self.enter(who).await,
            67..74 => self.hang_up(who),
            74..80 => self.again(),
            80..90 => {
                let ms = if self.luck.u32(0..8) == 0 { self.luck.u64(10_000..2_000_000) } else { self.luck.u64(1..6_000) };
                self.pass(Duration::from_millis(ms)).await;
            }
            90..94 => self.kill().await,
            94..97 => {
                for node in &self.nodes {
                    node.rooms.sweep();
                }
            }
            _ => self.failing.store(self.luck.choice([0, 0, 100, 400]).unwrap_or(0), Ordering::SeqCst),
        }
        // Sometimes the next thing happens while this one is under way.
        if self.luck.u32(0..3) > 0 {
            self.settle().await;
        } else {
            for _ in 0..self.luck.u32(0..4) {
                self.one_call().await;
            }
            self.hear();
        }
    }

    fn ask(&mut self, node: usize, message: Message) {
        // A full mailbox answers by itself, or drops what it could not take: its sender asks again.
        let _ = self.nodes[node].rooms.send(self.code, message);
    }

    /// Comes in, or back, by a connection to one of the nodes.
    pub async fn enter(&mut self, who: usize) {
        let node = self.luck.usize(..NODES);
        let resumes = self.luck.bool();
        let takes = if self.luck.u32(0..12) == 0 { self.luck.u32(1..20) } else { u32::MAX };
        let person = &mut self.people[who];
        let ear = Arc::new(Ear { told: Mutex::default(), cut: AtomicBool::new(false), takes: AtomicU32::new(takes) });
        let id = ConnId(self.conns.fetch_add(1, Ordering::SeqCst));
        let last_seq = (resumes && self.luck.bool()).then_some(Seq(person.knows as u32));
        // Who is not let in hears nothing more.
        let refused = Arc::clone(&ear);
        let reply = Box::new(move |answer: Answered| {
            if answer.is_err() {
                refused.close();
            }
        });
        let enter = Enter {
            game: None,
            conn: Some((id, Arc::clone(&ear) as Arc<dyn Outlet>)),
            player: person.player.clone(),
            purpose: if resumes { Purpose::Resume } else { Purpose::Play },
            client_seed: None,
            last_seq,
            command: None,
            extra: serde_json::Map::new(),
            reply,
        };
        person.conns.push(Conn { id, node, ear });
        self.ask(node, Message::Enter(Box::new(enter)));
    }

    fn hang_up(&mut self, who: usize) {
        if let Some(conn) = self.people[who].conns.pop() {
            conn.ear.cut.store(true, Ordering::SeqCst);
            self.past.push(Arc::clone(&conn.ear));
            self.ask(conn.node, Message::Gone(conn.id));
        }
    }

    async fn command(&mut self, who: usize) {
        let state = self.state(who).await;
        let (event, payload) = match self.luck.u32(0..20) {
            0..4 => ("chat_message", r#"{"message":"hello"}"#.to_owned()),
            4..7 => ("start_game", "{}".to_owned()),
            7..11 => ("draw_character", "{}".to_owned()),
            11..17 => ("place_character", self.placing(&state)),
            17 => ("reset_game", "{}".to_owned()),
            18 if self.luck.u32(0..3) == 0 => ("leave_room", "{}".to_owned()),
            18 => ("request_sync", r#"{"last_seq":1}"#.to_owned()),
            _ if self.luck.u32(0..4) == 0 => ("rematch", "{}".to_owned()),
            _ => ("request_presence", "{}".to_owned()),
        };
        let id = format!("command {}", self.sent.len());
        self.sent.push(Sent { who, id, event, payload, asked: None, answer: None });
        self.send(self.sent.len() - 1);
    }

    /// Any role of one's own, free or not.
    fn placing(&mut self, state: &Value) -> String {
        let roles = state["template"]["roles"].as_array().cloned().unwrap_or_default();
        let role = if roles.is_empty() { Value::Null } else { roles[self.luck.usize(..roles.len())].clone() };
        let character = state["drawn_character"]["id"].as_u64().unwrap_or(1);
        serde_json::json!({ "character_id": character, "role_name": role }).to_string()
    }

    /// What a player sees on some node.
    async fn state(&mut self, who: usize) -> Value {
        let node = self.luck.usize(..NODES);
        let (rooms, player, code) = (Arc::clone(&self.nodes[node].rooms), self.people[who].player.id, self.code);
        let looking = tokio::spawn(async move { rooms.look(code, Some(player)).await });
        for _ in 0..30 {
            if looking.is_finished() || !self.one_call().await {
                break;
            }
        }
        if !looking.is_finished() {
            return Value::Null;
        }
        looking.await.unwrap().map_or(Value::Null, |look| serde_json::from_str(look.state.get()).unwrap())
    }

    fn send(&mut self, nth: usize) {
        let sent = &self.sent[nth];
        let person = &self.people[sent.who];
        let at = if person.conns.is_empty() { None } else { Some(&person.conns[self.luck.usize(..person.conns.len())]) };
        let (node, conn) = at.map_or_else(|| (self.luck.clone().usize(..NODES), None), |conn| (conn.node, Some(conn.id)));
        let (reply, asked) = oneshot::channel();
        // Whoever leaves goes by the connection with which they say so.
        let leaves = at.filter(|_| sent.event == "leave_room").map(|conn| Arc::clone(&conn.ear));
        let reply = Box::new(move |answer: Answered| {
            if let (Some(ear), true) = (leaves, answer.is_ok()) {
                ear.close();
            }
            drop(reply.send(answer));
        });
        let request = Request {
            acknowledged: true,
            conn,
            player: person.player.clone(),
            event: sent.event.into(),
            payload: raw(sent.payload.clone()),
            command: Some(CommandKey { player: person.player.id, id: sent.id.clone() }),
            expected: None,
            reply,
        };
        self.sent[nth].asked = Some(asked);
        self.ask(node, Message::Request(Box::new(request)));
    }

    /// Sends something again that was sent before: because nobody answered, or by mistake.
    fn again(&mut self) {
        if !self.sent.is_empty() {
            let nth = self.luck.usize(..self.sent.len());
            if self.sent[nth].asked.is_none() && self.sent[nth].answer.is_none() {
                self.send(nth);
            }
        }
    }

    async fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        for node in &self.nodes {
            node.rooms.tick(self.code);
        }
    }

    /// Kills a node as the power switch does, and boots another in its place.
    async fn kill(&mut self) {
        let nth = self.luck.usize(..NODES);
        self.nodes[nth].line.dead.store(true, Ordering::SeqCst);
        for person in &mut self.people {
            for conn in person.conns.iter().filter(|conn| conn.node == nth) {
                conn.ear.cut.store(true, Ordering::SeqCst);
            }
        }
        self.hear();
        self.nodes[nth] = self.boot();
        let rooms = Arc::clone(&self.nodes[nth].rooms);
        tokio::spawn(async move { rooms.recover().await });
    }

    /// Ends all trouble: every open command gets its answer, and both nodes read what is newest.
    pub async fn calm_down(&mut self) {
        self.failing.store(0, Ordering::SeqCst);
        self.settle().await;
        for _ in 0..8 {
            for nth in 0..self.sent.len() {
                if self.sent[nth].answer.is_none() {
                    self.send(nth);
                    self.settle().await;
                }
            }
        }
        // Whoever is connected to a node that did not write last learns what is newer when that node writes.
        for _ in 0..2 {
            for node in 0..NODES {
                let player = Player { nickname: "Eve".into(), ..self.people[0].player.clone() };
                let (reply, _) = oneshot::channel();
                let id = format!("calm {}", self.luck.u64(..));
                let request = Request {
                    acknowledged: true,
                    conn: None,
                    command: Some(CommandKey { player: player.id, id }),
                    player,
                    event: "chat_message".into(),
                    payload: raw(r#"{"message":"calm"}"#.into()),
                    expected: None,
                    reply: reply_to(reply),
                };
                self.ask(node, Message::Request(Box::new(request)));
                self.settle().await;
            }
        }
    }

    /// The node whose view is checked in the end.
    pub const LAST: usize = NODES - 1;

    /// Up to where that node knows the room, and for everybody the state that it shows and the one that the log comes to there.
    pub async fn views(&mut self) -> (Seq, Vec<[String; 2]>) {
        let (node, fresh) = (Arc::clone(&self.nodes[Self::LAST].rooms), self.boot().rooms);
        let code = self.code;
        let mut views = Vec::new();
        let mut at = Seq(0);
        for player in self.people.iter().map(|person| person.player.id).collect::<Vec<_>>() {
            let (node, fresh) = (Arc::clone(&node), Arc::clone(&fresh));
            let looking = tokio::spawn(async move {
                let look = node.look(code, Some(player)).await.ok().unwrap();
                let state = fresh.state_at(code, Some(player), look.seq).await.unwrap();
                (look.seq, [look.state.get().to_owned(), state.get().to_owned()])
            });
            self.settle().await;
            let (seq, view) = looking.await.unwrap();
            at = seq;
            views.push(view);
        }
        (at, views)
    }
}

fn reply_to(to: oneshot::Sender<Answered>) -> parlor::room::outlet::Reply {
    Box::new(move |answer| drop(to.send(answer)))
}

impl Sent {
    /// Whether it is recorded whenever it is accepted; asking twice for the same rematch, or looking, is not.
    pub fn always_logged(&self) -> bool {
        matches!(self.event, "chat_message" | "start_game" | "draw_character" | "place_character")
    }
}
