//! What connections are told when the log went on without the room, or did not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use parlor::games::{self, Assets};
use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::*;
use parlor::refusal::{Code, Refusal};
use parlor::room::Rooms;
use parlor::room::actor::{Enter, Message, Purpose, Request};
use parlor::room::directory::CreateRoom;
use parlor::room::fact::Player;
use parlor::room::outlet::{Answer, ConnId, Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::room::told::raw;
use parlor::time::{Clock, Timestamp};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

/// A log that fails as it is told to.
struct Faulty {
    log: Arc<dyn EventLog>,
    /// The next append is written, but its answer lost.
    loses_answer: AtomicBool,
    away: AtomicBool,
    /// How often it was asked whether it has a command.
    asked: AtomicU64,
}

impl Faulty {
    fn there(&self) -> Result<(), LogError> {
        if self.away.load(Ordering::SeqCst) { Err(LogError::Unavailable("away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl EventLog for Faulty {
    fn is_shared(&self) -> bool {
        true
    }
    async fn create(&self, room: NewRoom) -> Result<Created, LogError> {
        self.there()?;
        self.log.create(room).await
    }
    async fn append(&self, commit: Commit) -> Result<(), LogError> {
        self.there()?;
        self.log.append(commit).await?;
        if self.loses_answer.swap(false, Ordering::SeqCst) { Err(LogError::Unknown("lost".into())) } else { Ok(()) }
    }
    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError> {
        self.there()?;
        self.log.room(code).await
    }
    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError> {
        self.there()?;
        self.log.rows(room, after, limit).await
    }
    async fn command(&self, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError> {
        self.there()?;
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.log.command(room, key).await
    }
    async fn asleep(&self, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError> {
        self.there()?;
        self.log.asleep(code, at_most, limit).await
    }
    async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError> {
        self.there()?;
        self.log.save_snapshot(room, snapshot).await
    }
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError> {
        self.there()?;
        self.log.due(now, limit).await
    }
    async fn listed(&self, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, LogError> {
        self.log.listed(game, status, limit).await
    }
    async fn live_rooms_of(&self, player: PlayerId) -> Result<u32, LogError> {
        self.log.live_rooms_of(player).await
    }
    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError> {
        self.log.inhabited().await
    }
    async fn delete_ended(&self, ended_before: Timestamp, limit: u32) -> Result<u32, LogError> {
        self.log.delete_ended(ended_before, limit).await
    }
    async fn health(&self) -> Result<(), LogError> {
        self.there()
    }
    async fn close(&self) {
        self.log.close().await;
    }
}

/// Keeps the seqs it was told; takes only so many events in all.
struct Ear {
    told: Mutex<Vec<u64>>,
    /// Which call is refused, once.
    chokes_at: AtomicU64,
    closed: AtomicBool,
}

impl Ear {
    fn new(chokes_at: u64) -> Arc<Self> {
        Arc::new(Self { told: Mutex::default(), chokes_at: AtomicU64::new(chokes_at), closed: AtomicBool::new(false) })
    }
}

impl Outlet for Ear {
    fn emit(&self, event: &str, payload: &RawValue) -> Result<(), Stuck> {
        if matches!(event, "connection_established" | "player_connected" | "presence_update" | "state_sync") {
            return Ok(());
        }
        if self.chokes_at.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(Stuck);
        }
        let payload: serde_json::Value = serde_json::from_str(payload.get()).unwrap();
        self.told.lock().push(payload["seq"].as_u64().unwrap());
        Ok(())
    }
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

struct Bench {
    log: Arc<Faulty>,
    nodes: [Arc<Rooms>; 2],
    code: RoomCode,
    host: Player,
    _folder: tempfile::TempDir,
}

static CONNS: AtomicU64 = AtomicU64::new(1);

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = crate::open_log(folder.path()).await;
        let log = Arc::new(Faulty { log, loses_answer: false.into(), away: false.into(), asked: 0.into() });
        let settings = Arc::new(RoomSettings::default());
        let clock = Clock::manual(Timestamp(1_700_000_000_000));
        let node = || {
            let catalogue = games::catalogue(Assets::default(), &settings);
            Arc::new(Rooms::new(Arc::clone(&log) as Arc<dyn EventLog>, clock.clone(), Arc::clone(&settings), catalogue))
        };
        let nodes = [node(), node()];
        let host = player("Ann");
        let wish = CreateRoom {
            game: "draft".into(),
            host: host.clone(),
            options: raw("{}".into()),
            visibility: Visibility::Private,
            seats: None,
            client_seed: None,
            command_id: None,
        };
        let code = nodes[0].create(wish).await.unwrap();
        Self { log, nodes, code, host, _folder: folder }
    }

    async fn enter(&self, node: usize, who: &Player, ear: &Arc<Ear>) -> ConnId {
        self.enter_by(node, who, ear, None).await
    }

    /// With a command id.
    async fn enter_by(&self, node: usize, who: &Player, ear: &Arc<Ear>, id: Option<&str>) -> ConnId {
        let (reply, answer) = oneshot::channel();
        let conn = ConnId(CONNS.fetch_add(1, Ordering::SeqCst));
        let enter = Enter {
            game: None,
            conn: Some((conn, Arc::clone(ear) as Arc<dyn Outlet>)),
            player: who.clone(),
            purpose: Purpose::Play,
            client_seed: None,
            last_seq: None,
            command: id.map(|id| CommandKey { player: who.id, id: id.into() }),
            extra: serde_json::Map::new(),
            reply: reply_to(reply),
        };
        assert!(self.nodes[node].send(self.code, Message::Enter(Box::new(enter))).is_ok());
        answer.await.unwrap().unwrap();
        conn
    }

    fn ask(&self, node: usize, who: &Player, conn: ConnId, event: &str, payload: &str, id: &str) -> oneshot::Receiver<Answered> {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            acknowledged: true,
            conn: Some(conn),
            player: who.clone(),
            event: event.into(),
            payload: raw(payload.into()),
            command: Some(CommandKey { player: who.id, id: id.into() }),
            expected: None,
            reply: reply_to(reply),
        };
        assert!(self.nodes[node].send(self.code, Message::Request(Box::new(request))).is_ok());
        answer
    }

    async fn chat(&self, node: usize, who: &Player, conn: ConnId, id: &str) -> Answered {
        self.ask(node, who, conn, "chat_message", r#"{"message":"hello"}"#, id).await.unwrap()
    }
}

type Answered = Result<Answer, Refusal>;

fn reply_to(to: oneshot::Sender<Answered>) -> parlor::room::outlet::Reply {
    // The type asks for `Sync`, which a sender is.
    Box::new(move |answer| drop(to.send(answer)))
}

fn player(name: &str) -> Player {
    Player { id: PlayerId::random(), nickname: name.into(), guest: true, bot: None }
}

fn gapless(ear: &Ear) -> bool {
    let told = ear.told.lock();
    !told.is_empty() && told.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[tokio::test]
async fn what_another_node_appended_is_told_before_anything_newer_once_and_in_order() {
    let bench = Bench::new().await;
    let (ear, guests) = (Ear::new(0), Ear::new(0));
    let conn = bench.enter(0, &bench.host, &ear).await;
    bench.chat(0, &bench.host, conn, "a").await.unwrap();
    let guest = player("Bob");
    let other = bench.enter(1, &guest, &guests).await;
    for id in ["b", "c", "d"] {
        bench.chat(1, &guest, other, id).await.unwrap();
    }
    bench.chat(0, &bench.host, conn, "e").await.unwrap();
    bench.chat(1, &guest, other, "f").await.unwrap();
    bench.chat(0, &bench.host, conn, "g").await.unwrap();
    assert!(gapless(&ear) && gapless(&guests), "{:?} {:?}", ear.told.lock(), guests.told.lock());
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    assert_eq!(ear.told.lock().last().copied(), rows.last().map(|row| u64::from(row.seq.0)));
}

#[tokio::test]
async fn whoever_goes_while_another_node_is_faster_is_noted_as_gone() {
    let bench = Bench::new().await;
    let conn = bench.enter(0, &bench.host, &Ear::new(0)).await;
    let guest = player("Bob");
    let other = bench.enter(1, &guest, &Ear::new(0)).await;
    bench.chat(0, &bench.host, conn, "a").await.unwrap();
    assert!(bench.nodes[1].send(bench.code, Message::Gone(other)).is_ok());
    bench.nodes[1].settled().await;
    let (_, rows) = bench.nodes[1].whole_log(bench.code).await.unwrap();
    assert!(rows.last().unwrap().body.contains("disconnected"), "{rows:?}");
}

#[tokio::test]
async fn whoever_is_here_is_shown_so_when_a_node_that_was_faster_has_said_otherwise() {
    let bench = Bench::new().await;
    let here = bench.enter(0, &bench.host, &Ear::new(0)).await;
    let there = bench.enter(1, &bench.host, &Ear::new(0)).await;
    // From its first defeat on a node keeps a way back.
    for (node, conn, id) in [(1, there, "a"), (0, here, "b"), (1, there, "c"), (0, here, "d"), (1, there, "e")] {
        bench.chat(node, &bench.host, conn, id).await.unwrap();
    }
    assert!(bench.nodes[1].send(bench.code, Message::Gone(there)).is_ok());
    bench.nodes[1].settled().await;
    bench.chat(0, &bench.host, here, "f").await.unwrap();
    bench.nodes[0].settled().await;
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    let place = |what: &str| rows.iter().position(|row| row.body.contains(what));
    let (gone, back) = (place("\"disconnected\""), place("\"reconnected\""));
    assert!(gone.is_some() && back > gone, "{rows:?}");
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_told_when_the_room_is_read_again_and_its_retry_is_a_duplicate() {
    let bench = Bench::new().await;
    let ear = Ear::new(0);
    let conn = bench.enter(0, &bench.host, &ear).await;
    bench.chat(0, &bench.host, conn, "a").await.unwrap();
    bench.log.loses_answer.store(true, Ordering::SeqCst);
    assert_eq!(bench.chat(0, &bench.host, conn, "b").await.unwrap_err().code, Code::Unavailable);
    let again = bench.chat(0, &bench.host, conn, "b").await.unwrap();
    assert!(matches!(again, Answer::Applied { duplicate: true, .. }), "{again:?}");
    bench.chat(0, &bench.host, conn, "c").await.unwrap();
    assert!(gapless(&ear), "{:?}", ear.told.lock());
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.command.as_ref().is_some_and(|key| key.id == "b")).count(), 1);
    assert_eq!(ear.told.lock().last().copied(), rows.last().map(|row| u64::from(row.seq.0)));
}

#[tokio::test]
async fn a_long_log_is_not_asked_about_new_commands_and_still_applies_none_twice() {
    let bench = Bench::new().await;
    let (ear, guests, guest) = (Ear::new(0), Ear::new(0), player("Bob"));
    let conn = bench.enter(0, &bench.host, &ear).await;
    bench.enter(0, &guest, &guests).await;
    bench.ask(0, &bench.host, conn, "start_game", "{}", "start").await.unwrap().unwrap();
    // More than a room remembers by itself.
    for hundred in 0..6 {
        let ids = (0..100).map(|n| format!("{}", hundred * 100 + n));
        let asked: Vec<_> = ids.map(|id| bench.ask(0, &bench.host, conn, "chat_message", r#"{"message":"x"}"#, &id)).collect();
        for answer in asked {
            answer.await.unwrap().unwrap();
        }
    }
    assert_eq!(bench.log.asked.load(Ordering::SeqCst), 0);
    let told = ear.told.lock().clone();
    let was_before = |answer: Answered| match answer.unwrap() {
        Answer::Applied { seq, duplicate, .. } => duplicate.then_some(seq),
        other => panic!("{other:?}"),
    };

    // Refused by the rules as things are now, and accepted by them: both were applied long ago. In one step with a new one.
    let start = bench.ask(0, &bench.host, conn, "start_game", "{}", "start");
    let old = bench.ask(0, &bench.host, conn, "chat_message", r#"{"message":"x"}"#, "0");
    let new = bench.ask(0, &bench.host, conn, "chat_message", r#"{"message":"x"}"#, "new");
    let (start, old) = (was_before(start.await.unwrap()), was_before(old.await.unwrap()));
    assert!(start.is_some() && old > start, "{start:?} {old:?}");
    assert_eq!(was_before(new.await.unwrap()), None);
    for n in 1..5 {
        assert!(was_before(bench.chat(0, &bench.host, conn, &format!("{n}")).await).is_some());
    }
    // The other node has only the log to go by.
    let elsewhere = bench.enter(1, &bench.host, &Ear::new(0)).await;
    assert_eq!(was_before(bench.chat(1, &bench.host, elsewhere, "0").await), old);

    assert!(gapless(&ear) && ear.told.lock().len() == told.len() + 1, "one event more was told");
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    let ids: std::collections::HashSet<_> = rows.iter().filter_map(|row| row.command.as_ref().map(|key| &key.id)).collect();
    assert_eq!(ids.len(), rows.iter().filter(|row| row.command.is_some()).count());
}

#[tokio::test]
async fn who_left_may_join_again_under_the_id_of_long_ago() {
    let bench = Bench::new().await;
    let (ears, guests, guest) = (Ear::new(0), Ear::new(0), player("Bob"));
    let host = bench.enter(0, &bench.host, &ears).await;
    let conn = bench.enter_by(0, &guest, &guests, Some("join")).await;
    bench.ask(0, &guest, conn, "leave_room", "{}", "leave").await.unwrap().unwrap();
    for n in 0..600 {
        bench.chat(0, &bench.host, host, &format!("{n}")).await.unwrap();
    }
    bench.enter_by(0, &guest, &Ear::new(0), Some("join")).await;
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.body.contains("Bob")).count(), 3, "came, went and came");
}

#[tokio::test]
async fn who_does_not_take_an_event_is_closed_and_gets_none_after_it() {
    let bench = Bench::new().await;
    let ear = Ear::new(3);
    let conn = bench.enter(0, &bench.host, &ear).await;
    let asked: Vec<_> =
        (0..8).map(|n| bench.ask(0, &bench.host, conn, "chat_message", r#"{"message":"x"}"#, &format!("{n}"))).collect();
    for answer in asked {
        answer.await.unwrap().unwrap();
    }
    assert!(ear.closed.load(Ordering::SeqCst));
    assert_eq!(ear.told.lock().len(), 2, "none after the one that was not taken");
}

#[tokio::test]
async fn a_request_that_changes_nothing_takes_no_other_requests_mark() {
    let bench = Bench::new().await;
    let (ear, guests, guest) = (Ear::new(0), Ear::new(0), player("Bob"));
    let conn = bench.enter(0, &bench.host, &ear).await;
    bench.enter(0, &guest, &guests).await;
    bench.ask(0, &bench.host, conn, "start_game", "{}", "start").await.unwrap().unwrap();
    bench.ask(0, &bench.host, conn, "reset_game", "{}", "reset").await.unwrap().unwrap();
    // Both in one step: asking again for the reset records nothing.
    let chat = bench.ask(0, &bench.host, conn, "chat_message", r#"{"message":"x"}"#, "chat");
    let reset = bench.ask(0, &bench.host, conn, "reset_game", "{}", "reset again");
    chat.await.unwrap().unwrap();
    reset.await.unwrap().unwrap();
    let (_, rows) = bench.nodes[0].whole_log(bench.code).await.unwrap();
    assert!(rows.iter().any(|row| row.command.as_ref().is_some_and(|key| key.id == "chat")));
}

#[tokio::test]
async fn who_leaves_while_the_store_is_away_is_noted_when_it_is_back() {
    let bench = Bench::new().await;
    let ear = Ear::new(0);
    let conn = bench.enter(0, &bench.host, &ear).await;
    bench.log.away.store(true, Ordering::SeqCst);
    assert_eq!(bench.chat(0, &bench.host, conn, "a").await.unwrap_err().code, Code::Unavailable);
    assert!(bench.nodes[0].send(bench.code, Message::Gone(conn)).is_ok());
    assert_eq!(bench.nodes[0].look(bench.code, None).await.err().unwrap().code, Code::Unavailable);
    bench.log.away.store(false, Ordering::SeqCst);
    let rooms = Arc::clone(&bench.nodes[0]);
    let before = rooms.look(bench.code, None).await.unwrap().seq;
    // Nobody asks for the room: its own wish to be woken must do.
    let deadlines = tokio::spawn(parlor::room::deadlines::run(Arc::clone(&rooms), rooms.clock().clone()));
    rooms.clock().advance(Duration::from_secs(2));
    let news = rooms.events(bench.code, None, before, Duration::from_secs(20)).await.unwrap();
    assert_eq!(news.events.iter().map(|event| event.event).collect::<Vec<_>>(), ["player_disconnected"]);
    deadlines.abort();
}
