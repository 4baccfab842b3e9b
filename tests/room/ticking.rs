//! Games that time moves on: frames, goals, bots, and which of two nodes keeps the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use parlor::games::{self, Assets};
use parlor::id::{RoomCode, Seq};
use parlor::log::EventLog;
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::refusal::{Code, Refusal};
use parlor::room::actor::{Enter, Message, Purpose, Request};
use parlor::room::directory::CreateRoom;
use parlor::room::fact::Player;
use parlor::room::outlet::{Answer, ConnId, Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::room::told::raw;
use parlor::room::{Rooms, ticker};
use parlor::time::Clock;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::player;

/// Hears everything, and says when there is more.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<(String, Value)>>,
    more: Notify,
}

impl Outlet for Ear {
    fn emit(&self, event: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        self.heard.lock().push((event.into(), serde_json::from_str(payload.get()).unwrap()));
        self.more.notify_one();
        Ok(())
    }
    fn close(&self) {}
}

impl Ear {
    /// The first payload of `event` for which `matches`, waiting for it.
    async fn hears(&self, event: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                if let Some((_, payload)) = self.heard.lock().iter().find(|(name, payload)| name == event && matches(payload)) {
                    return payload.clone();
                }
                self.more.notified().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), found).await {
            Ok(found) => found,
            Err(_) => panic!("{event} was not heard among {:?}", self.heard.lock().iter().rev().take(9).collect::<Vec<_>>()),
        }
    }

    fn all(&self, event: &str) -> Vec<Value> {
        self.heard.lock().iter().filter(|(name, _)| name == event).map(|(_, payload)| payload.clone()).collect()
    }
}

/// A process with rooms and a ticker.
struct Node {
    rooms: Arc<Rooms>,
    ticker: JoinHandle<()>,
}

impl Node {
    fn start(log: &Arc<dyn EventLog>) -> Self {
        let settings = Arc::new(RoomSettings { bot_delay: Duration::ZERO, ..RoomSettings::default() });
        let rooms = Arc::new(Rooms::new(
            Arc::clone(log),
            Clock::system(),
            Arc::clone(&settings),
            games::catalogue(Assets::default(), &settings),
        ));
        let ticker = tokio::spawn(ticker::run(Arc::clone(&rooms)));
        Self { rooms, ticker }
    }

    async fn enter(&self, code: RoomCode, player: &Player, purpose: Purpose) -> (ConnId, Arc<Ear>) {
        static CONNS: AtomicU64 = AtomicU64::new(1);
        let (conn, ear) = (ConnId(CONNS.fetch_add(1, Ordering::Relaxed)), Arc::new(Ear::default()));
        let (reply, answer) = oneshot::channel();
        let enter = Enter {
            conn: Some((conn, Arc::clone(&ear) as Arc<dyn Outlet>)),
            player: player.clone(),
            game: None,
            purpose,
            client_seed: None,
            last_seq: None,
            command: None,
            extra: serde_json::Map::new(),
            reply: Box::new(move |answer| drop(reply.send(answer.map(drop)))),
        };
        assert!(self.rooms.send(code, Message::Enter(Box::new(enter))).is_ok());
        answer.await.unwrap().unwrap();
        (conn, ear)
    }

    async fn ask(&self, code: RoomCode, conn: ConnId, player: &Player, event: &str, payload: &str) -> Result<Answer, Refusal> {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            conn: Some(conn),
            player: player.clone(),
            event: event.into(),
            payload: raw(payload.into()),
            command: None,
            expected: None,
            acknowledged: true,
            reply: Box::new(move |answer| drop(reply.send(answer))),
        };
        assert!(self.rooms.send(code, Message::Request(Box::new(request))).is_ok());
        answer.await.unwrap()
    }

    async fn opens(&self, host: &Player, options: &str) -> RoomCode {
        let wish = CreateRoom {
            game: "pong".into(),
            host: host.clone(),
            options: raw(options.into()),
            visibility: parlor::log::Visibility::Private,
            seats: None,
            client_seed: None,
            command_id: None,
        };
        self.rooms.create(wish).await.unwrap()
    }

    /// What the log folds to, as JSON.
    async fn folded(&self, code: RoomCode) -> Value {
        let (_, rows) = self.rooms.whole_log(code).await.unwrap();
        let state = self.rooms.state_at(code, None, rows.last().unwrap().seq).await.unwrap();
        serde_json::from_str(state.get()).unwrap()
    }
}

async fn store() -> (Arc<dyn EventLog>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(&folder.path().join("parlor.db"), Settings::default()).await.unwrap();
    (Arc::new(log), folder)
}

struct Match {
    code: RoomCode,
    host: Player,
    guest: Player,
    hosts: (ConnId, Arc<Ear>),
    guests: (ConnId, Arc<Ear>),
}

/// A running match: the guest's `player_ready` in the full lobby starts it.
async fn running(node: &Node, options: &str) -> Match {
    let (host, guest) = (player("Ann"), player("Bob"));
    let code = node.opens(&host, options).await;
    let hosts = node.enter(code, &host, Purpose::Play).await;
    let early = node.ask(code, hosts.0, &host, "player_ready", "{}").await.unwrap_err();
    assert_eq!(early.code, Code::NotReady, "alone nobody starts");
    let guests = node.enter(code, &guest, Purpose::Play).await;
    node.ask(code, guests.0, &guest, "player_ready", "{}").await.unwrap();
    node.ask(code, hosts.0, &host, "player_ready", "{}").await.unwrap();
    Match { code, host, guest, hosts, guests }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_alone_brings_a_goal_and_the_log_comes_to_what_was_seen() {
    let (log, _folder) = store().await;
    let node = Node::start(&log);
    let Match { code, host, hosts, guests, .. } = running(&node, r#"{"points":1,"frames_per_s":60}"#).await;
    let began = hosts.1.hears("match_began", |_| true).await;
    assert_eq!(hosts.1.all("game_state").len(), 1, "the whole state when it starts");
    // Out of the way of the ball, which goes to either side.
    node.ask(code, hosts.0, &host, "player_move", r#"{"y":0}"#).await.unwrap();
    let ended = hosts.1.hears("game_ended", |_| true).await;
    let goal = hosts.1.all("score_update").pop().unwrap();
    assert_eq!((goal["left"].as_u64().unwrap() + goal["right"].as_u64().unwrap(), &goal["serve_to"]), (1, &Value::Null));
    assert_eq!(ended["results"]["winner"], goal["scorer"]);

    let frames = hosts.1.all("game_update");
    let ticks: Vec<_> = frames.iter().map(|frame| frame["tick"].as_u64().unwrap()).collect();
    assert!(ticks.is_sorted() && ticks.len() > 60, "{ticks:?}");
    assert!(frames.iter().all(|frame| frame.get("seq").is_none() && frame.get("field").is_none()));
    assert!(guests.1.all("game_update").len() > 60);

    let folded = node.folded(code).await;
    assert_eq!((&folded["tick"], &folded["phase"]), (&goal["tick"], &Value::from("finished")));
    assert_eq!(folded["winner"], goal["scorer"]);
    let checked = node.rooms.verify(code).await.unwrap();
    assert!(checked.len() == 2 && checked.iter().all(|draw| draw.claimed == draw.computed), "{began}");
    node.ticker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drops_out_stops_the_time_until_they_are_back() {
    let (log, _folder) = store().await;
    let node = Node::start(&log);
    let Match { code, guest, hosts, guests, .. } = running(&node, "{}").await;
    hosts.1.hears("game_update", |frame| frame["tick"].as_u64() > Some(5)).await;
    node.rooms.send(code, Message::Gone(guests.0)).ok();
    let paused = hosts.1.hears("game_paused", |_| true).await;
    assert_eq!((&paused["reason"], &paused["side"]), (&Value::from("away"), &Value::from("right")));
    let (_, back) = node.enter(code, &guest, Purpose::Play).await;
    let resumed = hosts.1.hears("game_resumed", |_| true).await;
    assert_eq!(resumed["tick"], paused["tick"]);
    assert_eq!(back.all("game_state").len(), 1);
    back.hears("game_update", |frame| frame["tick"].as_u64() > paused["tick"].as_u64()).await;
    node.ticker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_plays_alone_against_one_person() {
    let (log, _folder) = store().await;
    let node = Node::start(&log);
    let host = player("Ann");
    let code = node.opens(&host, r#"{"points":1}"#).await;
    let (conn, ear) = node.enter(code, &host, Purpose::Play).await;
    node.ask(code, conn, &host, "add_bot", r#"{"level":"hard"}"#).await.unwrap();
    node.ask(code, conn, &host, "start_game", "{}").await.unwrap();
    ear.hears("player_ready", |ready| ready["side"] == "right").await;
    node.ask(code, conn, &host, "player_ready", "{}").await.unwrap();
    ear.hears("player_moved", |moved| moved["side"] == "right").await;
    // Nobody plays on the left: sooner or later the bot wins.
    node.ask(code, conn, &host, "player_move", r#"{"y":0}"#).await.unwrap();
    ear.hears("game_ended", |_| true).await;
    node.ticker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_owner_dies_another_node_takes_over_and_the_old_one_can_log_nothing_of_its_own() {
    let (log, _folder) = store().await;
    let (a, b) = (Node::start(&log), Node::start(&log));
    let (host, guest) = (player("Ann"), player("Bob"));
    let code = a.opens(&host, "{}").await;
    let hosts = a.enter(code, &host, Purpose::Play).await;
    let guests = a.enter(code, &guest, Purpose::Play).await;
    // Both have a second tab on the other node.
    let (other_conn, other) = b.enter(code, &host, Purpose::Play).await;
    b.enter(code, &guest, Purpose::Play).await;
    a.ask(code, guests.0, &guest, "player_ready", "{}").await.unwrap();
    a.ask(code, hosts.0, &host, "player_ready", "{}").await.unwrap();
    hosts.1.hears("game_update", |frame| frame["tick"].as_u64() > Some(30)).await;
    assert!(other.all("game_update").is_empty(), "one node keeps the time");

    a.ticker.abort();
    let died = Instant::now();
    let last = hosts.1.all("game_update").last().unwrap()["tick"].as_u64().unwrap();
    let resumed = other.hears("game_resumed", |_| true).await;
    let took = died.elapsed();
    assert!(ticker::LEASE < Duration::from_millis(2_500));
    println!("taken over after {took:?}");
    assert!(resumed["tick"].as_u64().unwrap() <= last, "from the last logged point: {resumed}, not {last}");
    other.hears("game_update", |frame| frame["tick"].as_u64() > resumed["tick"].as_u64()).await;

    // The old owner wakes up and still believes that it keeps the time: its append is refused, the player's move is not.
    let move_down = r#"{"direction":1}"#;
    a.ask(code, hosts.0, &host, "player_move", move_down).await.unwrap();
    // The new owner has not heard of it: its own append meets the taken number, and it goes on from there.
    b.ask(code, other_conn, &host, "player_move", r#"{"direction":-1}"#).await.unwrap();
    let frame = other.hears("game_update", |frame| frame["left"]["direction"] == -1).await;
    let (_, rows) = b.rooms.whole_log(code).await.unwrap();
    let bodies: Vec<_> = rows.iter().map(|row| row.body.as_str()).collect();
    let at =
        |needle: &str| bodies.iter().position(|body| body.contains(needle)).unwrap_or_else(|| panic!("{needle} in {bodies:?}"));
    assert!(at("\"continued\"") < at("\"down\"") && at("\"down\"") < at("\"up\""), "{bodies:?}");
    let ticks: Vec<u64> = rows
        .iter()
        .filter_map(|row| {
            serde_json::from_str::<Value>(&row.body).unwrap()["played"].as_object()?.values().next()?["tick"].as_u64()
        })
        .collect();
    assert!(ticks.is_sorted() && frame["tick"].as_u64() >= ticks.last().copied(), "{ticks:?}");
    b.rooms.state_at(code, None, Seq(1)).await.unwrap();
    b.ticker.abort();
}
