//! One node after the other is stopped and started anew, while games go on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::balancer::Balancer;
use crate::nodes::{Cluster, Node, PATIENT};
use crate::session::{Failure, Session};

const GAMES: usize = 20;
/// Between two commands of one client.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two tries to connect: no client of ours is slower.
const AGAIN: Duration = Duration::from_millis(50);

/// Somebody who plays on whatever happens to the nodes.
struct Steady {
    port: u16,
    by_websocket: bool,
    session: Session,
    code: String,
    seqs: Vec<u64>,
    /// How long it took to be back, each time.
    breaks: Vec<Duration>,
    /// The last event it had each time.
    came_back: Vec<Option<u64>>,
    /// Commands that were acknowledged, and those of them that had been applied before.
    acknowledged: Vec<(String, u64)>,
    duplicates: usize,
}

async fn connect(port: u16, by_websocket: bool, auth: Value) -> Result<Session, Failure> {
    if by_websocket { Session::connect_by_websocket(port, auth).await } else { Session::connect(port, auth).await }
}

impl Steady {
    async fn new(port: u16, by_websocket: bool) -> Self {
        let session = connect(port, by_websocket, json!({})).await.unwrap();
        let (code, seqs, breaks, came_back, acknowledged) = (String::new(), vec![], vec![], vec![], vec![]);
        Self { port, by_websocket, session, code, seqs, breaks, came_back, acknowledged, duplicates: 0 }
    }

    /// Comes back to the room as a client does: with its token, the room, and the last event it has.
    async fn come_back(&mut self) {
        let began = Instant::now();
        self.seqs.append(&mut self.session.seqs);
        self.came_back.push(self.seqs.last().copied());
        loop {
            let resume = json!({ "token": self.session.token, "room_code": self.code, "last_seq": self.seqs.last() });
            if let Ok(mut session) = connect(self.port, self.by_websocket, resume).await
                && session.next_event("connection_established").await.is_ok()
            {
                self.session = session;
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "nobody lets the client in");
            tokio::time::sleep(AGAIN).await;
        }
        self.breaks.push(began.elapsed());
    }

    /// Sends a command until it is answered.
    async fn command(&mut self, event: &str, mut data: Value, id: &str) -> Value {
        data["command_id"] = id.into();
        loop {
            match self.session.try_ask(event, data.clone()).await {
                Ok(answer) if answer["ok"] == true => {
                    self.duplicates += usize::from(answer["duplicate"] == true);
                    self.acknowledged.push((id.to_owned(), answer["seq"].as_u64().unwrap()));
                    return answer;
                }
                // Said by a node that is about to stop, or just after coming back.
                Ok(answer) if matches!(answer["error"]["code"].as_str(), Some("BUSY" | "UNAVAILABLE" | "NO_GAME")) => {
                    tokio::time::sleep(AGAIN).await;
                }
                Ok(answer) => panic!("{event}: {answer}"),
                Err(_) => self.come_back().await,
            }
        }
    }

    async fn state(&mut self) -> Value {
        loop {
            match self.session.try_ask("request_sync", json!({})).await {
                Ok(answer) if answer["ok"] == true => return answer["state"].clone(),
                Ok(_) => tokio::time::sleep(AGAIN).await,
                Err(_) => self.come_back().await,
            }
        }
    }

    /// Plays if it is this one's turn; whether it was.
    async fn turn(&mut self, role: &str, n: usize) -> bool {
        let state = self.state().await;
        if state["current_turn"] != role {
            return false;
        }
        let placements = &state[format!("{role}_placements")];
        let roles = state["template"]["roles"].as_array().unwrap();
        let mut all_free = roles.iter().filter(|name| placements.get(name.as_str().unwrap()).is_none_or(Value::is_null));
        // The last role stays free, so that the game goes on for as long as the test does.
        let (Some(free), Some(_)) = (all_free.next(), all_free.next()) else { return false };
        if state["drawn_character"].is_null() {
            self.command("draw_character", json!({}), &format!("{role} draws {n}")).await;
        }
        let drawn = self.state().await["drawn_character"].clone();
        if drawn.is_null() {
            return false;
        }
        let place = json!({ "character_id": drawn["id"], "role_name": free });
        self.command("place_character", place, &format!("{role} places {n}")).await;
        true
    }
}

struct Played {
    code: String,
    players: [Steady; 2],
}

/// Two who play a draft, a turn now and then, and talk all the time.
async fn play(port: u16, by_websocket: [bool; 2], over: Arc<AtomicBool>, begun: Arc<AtomicUsize>) -> Played {
    let mut host = Steady::new(port, by_websocket[0]).await;
    let mut guest = Steady::new(port, by_websocket[1]).await;
    let made = host.session.try_ask("create_room", json!({ "nickname": "Ada" })).await.unwrap();
    let code = made["room_code"].as_str().unwrap().to_owned();
    (host.code, guest.code) = (code.clone(), code.clone());
    guest.session.try_ask("join_room", json!({ "room_code": code, "nickname": "Ben" })).await.unwrap();
    host.command("start_game", json!({}), "start").await;
    begun.fetch_add(1, Ordering::SeqCst);
    let mut n = 0;
    while !over.load(Ordering::SeqCst) {
        n += 1;
        for (player, role) in [(&mut host, "host"), (&mut guest, "guest")] {
            player.command("chat_message", json!({ "message": format!("{role} says {n}") }), &format!("{role} says {n}")).await;
            if n % 10 == 0 {
                player.turn(role, n).await;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    for player in [&mut host, &mut guest] {
        // Whatever is still on the way arrives before this answer.
        player.state().await;
        player.seqs.append(&mut player.session.seqs);
    }
    Played { code, players: [host, guest] }
}

/// How long it takes at most, meanwhile, to connect to a node that goes on: what the machine does to anybody.
async fn slowest(node: Arc<AtomicU16>, over: Arc<AtomicBool>) -> Duration {
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::SeqCst) {
        let began = Instant::now();
        if connect(node.load(Ordering::SeqCst), true, json!({})).await.is_ok() {
            slowest = slowest.max(began.elapsed());
        }
        tokio::time::sleep(PAUSE).await;
    }
    slowest
}

/// All events of a room, as the API tells them.
fn log(node: &Node, code: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event["seq"].as_u64().unwrap());
        let answer = node.get(&format!("/api/rooms/{code}/events?after={after}"));
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let events = body["events"].as_array().unwrap();
        if events.is_empty() {
            return all;
        }
        all.extend(events.iter().cloned());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_restarted_one_after_the_other_and_no_game_notices_more_than_a_moment() {
    let cluster = Cluster::new(&PATIENT[1..]).await;
    let mut nodes: Vec<Node> = tokio::task::block_in_place(|| (0..3).map(|_| cluster.node()).collect());
    let ports = |nodes: &[Node]| nodes.iter().map(|node| node.port).collect::<Vec<_>>();
    let balancer = Balancer::start(ports(&nodes)).await;
    let (over, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut games = JoinSet::new();
    for n in 0..GAMES {
        games.spawn(play(balancer.port, [n % 2 == 0, n % 4 < 2], Arc::clone(&over), Arc::clone(&begun)));
    }
    while begun.load(Ordering::SeqCst) < GAMES {
        assert!(games.try_join_next().is_none(), "no game ends before it is told to");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let newest = Arc::new(AtomicU16::new(nodes[2].port));
    let slowness = tokio::spawn(slowest(Arc::clone(&newest), Arc::clone(&over)));
    let mut drains = Vec::new();
    for _ in 0..3 {
        // The others have seen the store in order for long enough to watch over each other.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let stopping = nodes.remove(0);
        let began = Instant::now();
        stopping.process.signal("TERM");
        let status = tokio::task::spawn_blocking(move || stopping.process.wait()).await.unwrap();
        assert!(status.success(), "{status}");
        drains.push(began.elapsed());
        let node = tokio::task::block_in_place(|| cluster.node());
        newest.store(node.port, Ordering::SeqCst);
        nodes.push(node);
        balancer.set(ports(&nodes));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    over.store(true, Ordering::SeqCst);
    let played = games.join_all().await;
    let slowest = slowness.await.unwrap();

    let (mut commands, mut retried, mut breaks, mut away) = (0, 0, Vec::<Duration>::new(), 0);
    for Played { code, players } in &played {
        let events = log(&nodes[0], code);
        let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "the log of {code} has a gap: {seqs:?}");
        let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
        assert_eq!(of("game_ended") + of("player_left"), 0, "nobody finishes a draft in this time, and nobody gives up");
        away += of("player_disconnected");
        // Applied once: what was said stands in the log once, and there are as many moves as were acknowledged.
        let mut said: HashMap<&str, usize> = HashMap::new();
        for event in events.iter().filter(|event| event["event"] == "chat_message") {
            *said.entry(event["data"]["message"].as_str().unwrap()).or_default() += 1;
        }
        let acknowledged: Vec<&str> = players.iter().flat_map(|p| &p.acknowledged).map(|(id, _)| id.as_str()).collect();
        assert_eq!(acknowledged.iter().collect::<HashSet<_>>().len(), acknowledged.len());
        for id in acknowledged.iter().filter(|id| id.contains("says")) {
            assert_eq!(said.remove(id), Some(1), "{id} in {code}");
        }
        assert!(said.is_empty(), "every command was acknowledged in the end: {said:?}");
        for (kind, event) in [("draws", "character_drawn"), ("places", "character_placed")] {
            assert_eq!(acknowledged.iter().filter(|id| id.contains(kind)).count(), of(event), "{event} in {code}");
        }
        for player in players {
            commands += player.acknowledged.len();
            retried += player.duplicates;
            breaks.extend(&player.breaks);
            let known = &player.seqs;
            let odd: Vec<_> = known.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
            let (came_back, by_websocket) = (&player.came_back, player.by_websocket);
            assert!(odd.is_empty(), "missed or told twice: {odd:?}; by WebSocket: {by_websocket}; came back after {came_back:?}");
            for (id, seq) in &player.acknowledged {
                assert!(seqs.contains(seq), "{id} was acknowledged and is not in the log");
            }
        }
    }
    breaks.sort();
    let longest = breaks.last().copied().unwrap_or_default();
    println!(
        "{commands} commands of {} clients acknowledged, {retried} of them on a second try; drains took {drains:?}; \
         {} interruptions, median {:?}, longest {longest:?}; shown away {away} times",
        2 * GAMES,
        breaks.len(),
        breaks.get(breaks.len() / 2),
    );
    // Three seconds, or more on a machine on which anything takes long.
    let allowed = Duration::from_secs(3).max(slowest * 5);
    assert!(!breaks.is_empty() && longest < allowed, "back after {longest:?}; the slowest of other connections took {slowest:?}");
}
