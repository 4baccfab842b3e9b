//! No sticky sessions: every request of a client may reach another node.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::balancer::Balancer;
use crate::client::Player;
use crate::nodes::{Cluster, Node, PATIENT};
use crate::session::{Session, http, send};
use crate::{state, turn, turns};

async fn three() -> (Cluster, Vec<Node>, Balancer) {
    let cluster = Cluster::new(&PATIENT).await;
    let nodes: Vec<Node> = tokio::task::block_in_place(|| (0..3).map(|_| cluster.node()).collect());
    let balancer = Balancer::start(nodes.iter().map(|node| node.port).collect()).await;
    (cluster, nodes, balancer)
}

async fn pair(port: u16) -> (String, [Session; 2]) {
    let mut host = Session::connect(port, json!({})).await.unwrap();
    let made = host.ok("create_room", json!({ "nickname": "Ada" })).await;
    let code = made["room_code"].as_str().unwrap().to_owned();
    let mut guest = Session::connect(port, json!({})).await.unwrap();
    guest.ok("join_room", json!({ "room_code": code, "nickname": "Ben" })).await;
    host.wait_for("player_joined").await;
    // On a machine that does much else a node may be taken for dead for a moment, and its players for away.
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let started = host.ask("start_game", json!({})).await;
        if started["ok"] == true {
            break;
        }
        assert!(started["error"]["code"] == "NOT_READY" && Instant::now() < until, "{started}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    guest.wait_for("game_started").await;
    (code, [host, guest])
}

/// How often the nodes have passed requests on, by outcome.
fn relayed(nodes: &[Node], outcome: &str) -> u64 {
    let name = format!("parlor_relay_total{{outcome=\"{outcome}\"}} ");
    let of = |node: &Node| node.get("/metrics").lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok());
    nodes.iter().filter_map(of).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_that_only_poll_play_through_a_proxy_that_knows_no_sessions() {
    let (_cluster, nodes, balancer) = three().await;
    let port = balancer.port;
    let began = Instant::now();
    let mut games = JoinSet::new();
    for _ in 0..100 {
        // People do not all come in the same millisecond.
        tokio::time::sleep(Duration::from_millis(20)).await;
        games.spawn(async move {
            let (_, mut clients) = pair(port).await;
            let all = turns(&state(&mut clients[0]).await);
            for n in 0..all {
                turn(&mut clients, n).await;
            }
            let ends = [clients[0].wait_for("game_ended").await, clients[1].wait_for("game_ended").await];
            assert_eq!(ends[0]["results"], ends[1]["results"]);
            for client in &clients {
                assert!(client.seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{:?}", client.seqs);
            }
            all
        });
    }
    // A request that fails ends its session, and with it the game.
    let turns: usize = games.join_all().await.into_iter().sum();
    let (passed, requests) = (relayed(&nodes, "passed"), balancer.requests());
    println!("100 games of 200 clients, {turns} turns: {requests} requests, {passed} passed on, {:?}", began.elapsed());
    assert!(passed as usize > requests / 2, "{passed} of {requests} requests reached another node than their own");
    for outcome in ["unknown_session", "unknown_node", "unreachable", "broken", "forged", "astray"] {
        assert_eq!(relayed(&nodes, outcome), 0, "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_takes_over_from_polling_on_whatever_node_it_arrives() {
    let (_cluster, nodes, balancer) = three().await;
    for node in &nodes {
        let poller = Session::connect(balancer.port, json!({})).await.unwrap();
        // Straight to one node each: the session is on another for two of them at least.
        assert_eq!(poller.upgrade(node.port).await["ok"], true);
        let poller = Session::connect(node.port, json!({})).await.unwrap();
        assert_eq!(poller.upgrade(balancer.port).await["ok"], true);
    }
    let away = Session::connect(nodes[0].port, json!({})).await.unwrap();
    assert_eq!(away.upgrade(nodes[1].port).await["ok"], true);
    assert!(relayed(&nodes, "upgraded") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_every_version_and_transport_play_through_such_a_proxy() {
    let (_cluster, nodes, balancer) = three().await;
    let url = format!("http://127.0.0.1:{}", balancer.port);
    let mut node = std::process::Command::new("node");
    node.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/clients.mjs"), &url]);
    let output = tokio::task::spawn_blocking(move || node.output().expect("Node is there")).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(relayed(&nodes, "passed") > 0 && relayed(&nodes, "upgraded") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_node_of_a_session_is_killed_its_clients_begin_anew_at_once_and_go_on() {
    let (_cluster, mut nodes, balancer) = three().await;
    let mut games = Vec::new();
    for _ in 0..6 {
        let (code, mut clients) = pair(balancer.port).await;
        turn(&mut clients, 0).await;
        games.push((code, clients));
    }
    let dying = nodes.remove(0);
    dying.process.kill();
    let killed = Instant::now();
    let mut moved = 0;
    for (code, clients) in games {
        let mut there = Vec::new();
        for mut client in clients {
            if let Err((status, text)) = client.try_ask("ping", json!({ "timestamp": 1 })).await {
                assert!(matches!(status, StatusCode::BAD_REQUEST | StatusCode::BAD_GATEWAY), "{status} {text}");
                let resume = json!({ "token": client.token, "room_code": code, "last_seq": client.seqs.last() });
                let mut seqs = std::mem::take(&mut client.seqs);
                client = Session::connect(balancer.port, resume).await.unwrap();
                client.wait_for("connection_established").await;
                seqs.append(&mut client.seqs);
                client.seqs = seqs;
                moved += 1;
            }
            there.push(client);
        }
        let Ok(mut clients) = <[Session; 2]>::try_from(there) else { panic!("two play") };
        turn(&mut clients, 1).await;
        for client in &clients {
            assert!(client.seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{:?}", client.seqs);
        }
    }
    println!("{moved} of 12 clients had their session on the node; all had played on after {:?}", killed.elapsed());
    assert!(moved > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_node_has_given_out_or_passed_on_is_refused() {
    let (_cluster, nodes, balancer) = three().await;
    let poller = Session::connect(nodes[0].port, json!({})).await.unwrap();
    let url = poller.url().to_owned();
    let sid = url.rsplit("sid=").next().unwrap().to_owned();
    let http = http();
    for forged in [
        sid[..16].to_owned(),
        "A".repeat(16),
        "A".repeat(sid.len()),
        format!("{}{}", "A".repeat(16), &sid[16..]),
        format!("{}{}{}", &sid[..16], "A".repeat(22), &sid[38..]),
        format!("{sid}A"),
        "..%2F..%2Fmetrics".to_owned(),
        String::new(),
    ] {
        for node in &nodes {
            let forged = format!("http://127.0.0.1:{}/socket.io/?EIO=4&transport=polling&sid={forged}", node.port);
            for method in [Method::GET, Method::POST] {
                let (status, text) = send(&http, method, &forged, "40").await;
                assert_eq!(status, StatusCode::BAD_REQUEST, "{forged}");
                let body: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(body["message"], "Session ID unknown", "{forged}");
            }
        }
    }
    // A request that claims to come from a node, and does not prove it.
    for (node, pass) in nodes.iter().flat_map(|node| {
        [format!("203.0.113.7:1 {}", "0".repeat(64)), "x".into(), String::new(), "203.0.113.7:1 \u{7f}".into()]
            .map(|pass| (node, pass))
    }) {
        let mut stream = TcpStream::connect(("127.0.0.1", node.port)).unwrap();
        let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        write!(stream, "GET {target} HTTP/1.1\r\nhost: x\r\nparlor-relay: {pass}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // A session id never leads anywhere but to Socket.IO.
    for path in ["/metrics", "/api/games", "/socket.io/x", "//metrics", "/socket.io/../metrics"] {
        let (_, there) = send(&http, Method::GET, &format!("http://127.0.0.1:{}{path}?sid={sid}", nodes[1].port), "").await;
        assert!(!there.contains("Session ID"), "{path}: {there}");
    }
    let before = relayed(&nodes, "passed");
    let mut poller = Session::connect(balancer.port, json!({})).await.unwrap();
    assert_eq!(poller.ask("ping", json!({ "timestamp": 1 })).await["ok"], true);
    assert!(relayed(&nodes, "passed") > before, "and what is right is passed on");
}
