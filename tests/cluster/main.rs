//! Several nodes on one Postgres and one Redis: to those who play they are one server.

mod aside;
mod balancer;
mod client;
#[path = "../support/kept.rs"]
mod kept;
mod links;
mod nodes;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/redis.rs"]
mod redis;
mod relay;
mod rolling;
mod session;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use client::{Client, Player};
use nodes::{Cluster, Node};

/// A draft between a host on one node and a guest on another, started.
async fn started(host_at: &Node, guest_at: &Node) -> (String, [Client; 2]) {
    let mut host = Client::connect(host_at.port, json!({})).await;
    let made = host.ok("create_room", json!({ "nickname": "Ada" })).await;
    let code = made["room_code"].as_str().unwrap().to_owned();
    let mut guest = Client::connect(guest_at.port, json!({})).await;
    guest.ok("join_room", json!({ "room_code": code, "nickname": "Ben" })).await;
    host.wait_for("player_joined").await;
    host.ok("start_game", json!({})).await;
    guest.wait_for("game_started").await;
    (code, [host, guest])
}

async fn state(client: &mut impl Player) -> Value {
    client.ok("request_sync", json!({})).await["state"].clone()
}

/// One draw and one placement by whose turn it is; both wait until they have heard of it.
async fn turn(clients: &mut [impl Player; 2], n: usize) {
    let state = state(&mut clients[0]).await;
    let role = if state["current_turn"] == "host" { 0 } else { 1 };
    let mine = &state[["host_placements", "guest_placements"][role]];
    let drawn = clients[role].ok("draw_character", json!({ "command_id": format!("draw {n}") })).await;
    assert_eq!(drawn["duplicate"], Value::Null);
    let mut character = Value::Null;
    for client in clients.iter_mut() {
        character = client.wait_for("character_drawn").await["character"].clone();
    }
    let roles = state["template"]["roles"].as_array().unwrap();
    let free = roles.iter().find(|name| mine.get(name.as_str().unwrap()).is_none_or(Value::is_null)).unwrap();
    let place = json!({ "character_id": character["id"], "role_name": free, "command_id": format!("place {n}") });
    clients[role].ok("place_character", place).await;
    for client in clients.iter_mut() {
        client.wait_for("character_placed").await;
    }
}

fn turns(state: &Value) -> usize {
    2 * state["template"]["roles"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_game_between_two_nodes_is_played_to_its_end_as_on_one() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, mut clients) = started(&nodes[0], &nodes[1]).await;
    let all = turns(&state(&mut clients[0]).await);
    let began = Instant::now();
    for n in 0..all {
        turn(&mut clients, n).await;
    }
    let took = began.elapsed();
    let ends = [clients[0].wait_for("game_ended").await, clients[1].wait_for("game_ended").await];
    assert_eq!(ends[0]["results"], ends[1]["results"]);
    for client in &mut clients {
        client.ok("chat_message", json!({ "message": "well played" })).await;
    }
    for client in &mut clients {
        client.wait_until("chat_message", |_| true).await;
        client.wait_until("chat_message", |_| true).await;
        assert!(client.is_gapless(), "{:?}", client.seqs);
    }
    assert_eq!(clients[0].seqs.last(), clients[1].seqs.last());
    // Nobody was ever away, though each node sees but one of them.
    for node in &nodes {
        let events = node.get(&format!("/api/rooms/{code}/events?after=0"));
        assert!(!events.contains("player_disconnected") && events.contains("game_ended"), "{events}");
    }
    // Each of the moves was seen on the other node sooner than by asking the store in turns.
    assert!(took < Duration::from_millis(1_500) * all as u32, "{all} turns took {took:?}");
    println!("{all} turns of two moves between two nodes: {took:?}");
}

/// Each node is slower than the other again and again: then it goes back to what the log has, and decides once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_on_two_nodes_do_at_once_is_done_once_and_heard_in_one_order() {
    const EACH: usize = 150;
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (_, [host, guest]) = started(&nodes[0], &nodes[1]).await;
    let talk = async |mut client: Client, who: &str| {
        for n in 0..EACH {
            let say = json!({ "message": format!("{who} {n}"), "command_id": format!("{who} {n}") });
            loop {
                let answer = client.ask("chat_message", say.clone()).await;
                if answer["ok"] == true {
                    break;
                }
                // Said again under its id.
                assert_eq!(answer["error"]["code"], "BUSY", "{answer}");
            }
        }
        client
    };
    let (mut host, mut guest) = tokio::join!(talk(host, "Ada"), talk(guest, "Ben"));
    let mut heard = Vec::new();
    for client in [&mut host, &mut guest] {
        let mut said = Vec::new();
        while said.len() < 2 * EACH {
            said.push(client.wait_for("chat_message").await["message"].clone());
        }
        heard.push(said);
    }
    assert_eq!(heard[0], heard[1]);
    for who in ["Ada", "Ben"] {
        let own: Vec<_> = heard[0].iter().filter_map(Value::as_str).filter(|said| said.starts_with(who)).collect();
        let said: Vec<_> = (0..EACH).map(|n| format!("{who} {n}")).collect();
        assert_eq!(own, said);
    }
    let mut clients = [host, guest];
    turn(&mut clients, 0).await;
    assert!(clients.iter().all(Client::is_gapless));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_games_between_nodes_go_on_and_nothing_is_lost_or_told_twice() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (_, mut clients) = started(&nodes[0], &nodes[1]).await;
    let all = turns(&state(&mut clients[0]).await);
    for n in 0..all {
        if n == 2 {
            cluster.redis.kill();
            tokio::task::block_in_place(|| nodes.iter().for_each(|node| node.linked(false)));
        }
        if n == 4 {
            tokio::task::block_in_place(|| {
                cluster.redis.run();
                nodes.iter().for_each(|node| node.linked(true));
            });
        }
        turn(&mut clients, n).await;
    }
    for client in &mut clients {
        client.wait_for("game_ended").await;
        assert!(client.is_gapless(), "{:?}", client.seqs);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_with_tabs_on_two_nodes_is_away_when_both_are_closed() {
    let cluster = Cluster::new(&["--grace-ms=60000"]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, [mut host, guest]) = started(&nodes[0], &nodes[1]).await;
    let again = json!({ "token": guest.token, "room_code": code, "last_seq": guest.seqs.last() });
    let mut tab = Client::connect(nodes[0].port, again).await;
    tab.wait_for("connection_established").await;
    drop(guest);
    // The node that the closed tab was on has said all it has to say when it has answered.
    host.ok("chat_message", json!({ "message": "still there?" })).await;
    tab.wait_for("chat_message").await;
    host.listen(Duration::from_millis(500)).await;
    let online = host.ok("request_presence", json!({})).await;
    assert_eq!(online["online_players"].as_array().unwrap().len(), 2, "{online}");
    drop(tab);
    let away = host.wait_for("player_disconnected").await;
    assert_eq!(away["seat"], 1, "{away}");
    assert!(host.is_gapless(), "{:?}", host.seqs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_node_is_killed_its_players_are_shown_away_and_go_on_elsewhere() {
    let cluster = Cluster::new(&["--grace-ms=60000"]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, [mut host, guest]) = started(&nodes[0], &nodes[1]).await;
    // Nodes watch over others once they have seen the store in order for a while.
    host.listen(Duration::from_secs(5)).await;
    let [staying, dying] = nodes;
    dying.process.kill();
    let killed = Instant::now();
    let away = host.wait_for("player_disconnected").await;
    println!("shown away after {:?}", killed.elapsed());
    assert_eq!(away["seat"], 1, "{away}");
    let again = json!({ "token": guest.token, "room_code": code, "last_seq": guest.seqs.last() });
    let mut guest = Client::connect(staying.port, again).await;
    guest.wait_for("connection_established").await;
    host.wait_for("player_reconnected").await;
    let mut clients = [host, guest];
    turn(&mut clients, 0).await;
    assert!(clients.iter().all(Client::is_gapless));
}

/// The guest goes on at a third node before anybody was shown away, so that nothing is appended that would show the gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_could_not_tell_before_it_was_killed_is_told_by_the_others() {
    let cluster = Cluster::new(&["--grace-ms=60000", "--ping-interval-ms=120000", "--ping-timeout-ms=120000"]).await;
    let [staying, other] = [cluster.node(), cluster.node()];
    // It finds no Redis, and writes to the same Postgres as the others.
    let dying = cluster.node_at("redis://127.0.0.1:1");
    let mut host = Client::connect(staying.port, json!({})).await;
    let code = host.ok("create_room", json!({ "nickname": "Ada" })).await["room_code"].clone();
    let mut guest = Client::connect(dying.port, json!({})).await;
    guest.ok("join_room", json!({ "room_code": code, "nickname": "Ben" })).await;
    guest.ok("chat_message", json!({ "message": "does anybody hear me?" })).await;
    guest.wait_for("chat_message").await;
    dying.process.kill();
    let again = json!({ "token": guest.token, "room_code": code, "last_seq": guest.seqs.last() });
    let mut guest = Client::connect(other.port, again).await;
    guest.wait_for("connection_established").await;
    assert_eq!(host.wait_for("player_joined").await["player"]["nickname"], "Ben");
    assert_eq!(host.wait_for("chat_message").await["message"], "does anybody hear me?");
    assert!(host.is_gapless(), "{:?}", host.seqs);
    host.ok("start_game", json!({})).await;
    guest.wait_for("game_started").await;
    turn(&mut [host, guest], 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_players_of_a_node_that_was_paused_are_shown_away_and_back_again() {
    let cluster = Cluster::new(&["--grace-ms=60000", "--ping-interval-ms=120000", "--ping-timeout-ms=120000"]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (_, [mut host, mut guest]) = started(&nodes[0], &nodes[1]).await;
    host.listen(Duration::from_secs(5)).await;
    nodes[1].process.signal("STOP");
    let away = host.wait_for("player_disconnected").await;
    assert_eq!(away["seat"], 1, "{away}");
    nodes[1].process.signal("CONT");
    let back = host.wait_for("player_reconnected").await;
    assert_eq!(back["seat"], 1, "{back}");
    guest.wait_for("player_reconnected").await;
    let mut clients = [host, guest];
    turn(&mut clients, 0).await;
    assert!(clients.iter().all(Client::is_gapless));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_a_node_that_is_stopped_goes_on_at_another_and_nobody_is_shown_away() {
    let cluster = Cluster::new(&[]).await;
    let [staying, stopping] = [cluster.node(), cluster.node()];
    let (code, [host, mut guest]) = started(&staying, &stopping).await;
    stopping.process.signal("TERM");
    guest.wait_for("server_draining").await;
    let again = json!({ "token": guest.token, "room_code": code, "last_seq": guest.seqs.last() });
    let mut guest = Client::connect(staying.port, again).await;
    guest.wait_for("connection_established").await;
    let mut clients = [host, guest];
    turn(&mut clients, 0).await;
    let events = staying.get(&format!("/api/rooms/{code}/events?after=0"));
    assert!(!events.contains("player_disconnected"), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_joins_disturbs_nobody() {
    let cluster = Cluster::new(&[]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, mut clients) = started(&nodes[0], &nodes[1]).await;
    let third = cluster.node();
    // It has read the room, and knows that both are connected elsewhere.
    let mut watcher = Client::connect(third.port, json!({})).await;
    watcher.ok("join_room", json!({ "room_code": code, "as": "spectator" })).await;
    turn(&mut clients, 0).await;
    watcher.wait_for("character_placed").await;
    let events = third.get(&format!("/api/rooms/{code}/events?after=0"));
    assert!(!events.contains("player_disconnected"), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_joins_does_not_lengthen_the_grace_of_those_who_are_away() {
    // Less than a restart gives to those who could not come back meanwhile.
    let cluster = Cluster::new(&["--grace-ms=20000"]).await;
    let nodes = [cluster.node(), cluster.node()];
    let (code, [mut host, guest]) = started(&nodes[0], &nodes[1]).await;
    drop(guest);
    host.wait_for("player_disconnected").await;
    let third = cluster.node();
    let mut watcher = Client::connect(third.port, json!({})).await;
    watcher.ok("join_room", json!({ "room_code": code, "as": "spectator" })).await;
    host.ok("chat_message", json!({ "message": "take your time" })).await;
    watcher.wait_for("chat_message").await;
    let events = third.get(&format!("/api/rooms/{code}/events?after=0"));
    assert_eq!(events.matches("player_disconnected").count(), 1, "{events}");
}

#[test]
fn several_nodes_need_a_store_and_a_secret_that_they_share() {
    let run = |args: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parlor"));
        let output =
            command.args(["--listen=127.0.0.1:0", "--redis-url=redis://127.0.0.1:1"]).args(args).current_dir(folder.path());
        let output = output.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["--secret=long enough for this"]).contains("DATABASE_URL should be postgres://"));
    assert!(run(&["--database-url=postgres://127.0.0.1:1/x"]).contains("PARLOR_SECRET"));
}
