//! What is in no log and crosses nodes: typing, frames of games in real time, tokens that no longer count.

use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, Player};
use crate::nodes::{Cluster, Node};
use crate::session::http;
use crate::{started, state};

/// Asks the JSON API of a node.
async fn api(node: &Node, method: Method, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:{}{path}", node.port))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let response = http().request(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(axum::body::Body::new(response.into_body()), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_types_is_seen_typing_on_every_node() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, [mut host, mut guest]) = started(&nodes[0], &nodes[1]).await;
    let mut watcher = Client::connect(nodes[1].port, json!({})).await;
    watcher.ok("join_room", json!({ "room_code": code, "as": "spectator" })).await;
    for typing in [true, false] {
        host.ok("typing", json!({ "typing": typing })).await;
        for other in [&mut guest, &mut watcher] {
            let seen = other.wait_for("player_typing").await;
            assert_eq!((&seen["typing"], &seen["nickname"]), (&json!(typing), &json!("Ada")));
        }
    }
    // Redis is emptied of those who listen, and comes back: they listen again.
    tokio::task::block_in_place(|| {
        cluster.redis.kill();
        nodes.iter().for_each(|node| node.linked(false));
        cluster.redis.run();
        nodes.iter().for_each(|node| node.linked(true));
    });
    guest.ok("typing", json!({ "typing": true })).await;
    assert_eq!(host.wait_for("player_typing").await["nickname"], "Ben");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_in_real_time_is_seen_on_nodes_that_do_not_keep_its_time() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node(), cluster.node()];
    let mut left = Client::enter(nodes[0].port, "/pong", json!({})).await;
    let code = left.ok("create_room", json!({ "nickname": "Ada" })).await["room_code"].clone();
    let mut right = Client::enter(nodes[1].port, "/pong", json!({})).await;
    right.ok("join_room", json!({ "room_code": code, "nickname": "Ben" })).await;
    let mut watcher = Client::enter(nodes[2].port, "/pong", json!({})).await;
    watcher.ok("join_room", json!({ "room_code": code, "as": "spectator" })).await;
    left.ok("player_ready", json!({})).await;
    right.ok("player_ready", json!({})).await;
    for client in [&mut left, &mut right, &mut watcher] {
        // The ball moves, and goes on moving.
        let first = client.wait_for("game_update").await;
        client.wait_until("game_update", |frame| frame["tick"].as_u64() > first["tick"].as_u64()).await;
    }
    let window = Duration::from_secs(2);
    let (l, r, w) =
        tokio::join!(left.count("game_update", window), right.count("game_update", window), watcher.count("game_update", window));
    println!("frames in two seconds: {l}, {r}, and {w} to one who watches; one node keeps the time");
    // 30 a second where there is time for it; one in three where there is not.
    let most = l.max(r).max(w);
    assert!(l.min(r).min(w) * 3 > most && most > 0, "{l} {r} {w}");
    // Nobody is sent frames any more who is not there.
    drop(watcher);
    drop(right);
    left.listen(Duration::from_secs(4)).await;
    let told = |node: &Node| {
        let metrics = node.get("/metrics");
        metrics.lines().find_map(|line| line.strip_prefix("parlor_cluster_asides_total ")?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before: u64 = nodes.iter().map(told).sum();
    left.listen(Duration::from_secs(1)).await;
    let since = nodes.iter().map(told).sum::<u64>() - before;
    assert!(since < 10, "{since} messages in a second of a match that one node shows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_everywhere_is_disconnected_on_every_node_also_while_redis_is_away() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    for redis_is_away in [false, true] {
        let mut tab = Client::connect(nodes[1].port, json!({})).await;
        let mut other = Client::connect(nodes[1].port, json!({})).await;
        if redis_is_away {
            tokio::task::block_in_place(|| {
                cluster.redis.kill();
                nodes.iter().for_each(|node| node.linked(false));
            });
        }
        let began = Instant::now();
        let (status, answer) = api(&nodes[0], Method::POST, "/api/auth/logout_everywhere", &tab.token, &json!({})).await;
        assert!(status.is_success(), "{status} {answer}");
        let told = tab.hung_up().await;
        println!("disconnected on the other node after {:?}, Redis away: {redis_is_away}", began.elapsed());
        assert!(told.iter().any(|event| event == "token_revoked"), "{told:?}");
        assert!(redis_is_away || began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let (status, _) = api(&nodes[1], Method::GET, "/api/auth/me", &tab.token, &json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(other.ask("ping", json!({})).await["ok"], true, "others stay");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_deleted_on_one_node_has_no_name_on_any() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (_, [mut host, mut guest]) = started(&nodes[1], &nodes[1]).await;
    let (status, answer) = api(&nodes[0], Method::DELETE, "/api/auth/me", &guest.token, &json!({})).await;
    assert!(status.is_success(), "{status} {answer}");
    assert!(guest.hung_up().await.iter().any(|event| event == "token_revoked"));
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let players = host.ok("request_presence", json!({})).await["players"].to_string();
        if !players.contains("Ben") {
            assert!(players.contains("Somebody") && players.contains("Ada"), "{players}");
            break;
        }
        assert!(Instant::now() < until, "{players}");
        host.listen(Duration::from_millis(20)).await;
    }
    assert!(state(&mut host).await.is_object());
}
