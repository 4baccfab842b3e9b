//! The whole game over plain HTTP.

use serde_json::{Value, json};

use crate::support::{Ask, Guest, Server, text};

/// Plays one side until the end, woken by events alone; returns every event told.
async fn play(player: &Guest<'_>, role: &str) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    while !told.iter().any(|event| event["event"] == "game_ended") {
        let answer = player.get(&format!("/events?after={}&wait=25", told.len())).await.ok(200);
        told.extend(answer["events"].as_array().unwrap().iter().cloned());
        assert_eq!(answer["seq"], told.len(), "the log comes whole and in order");
        let state = player.state().await;
        if state["status"] != "in_progress" || state["current_turn"] != role {
            continue;
        }
        if state["drawn_character"].is_null() {
            player.command("draw_character", json!({ "remaining_character_ids": [] })).await.ok(200);
        }
        let state = player.state().await;
        let taken = state[format!("{role}_placements")].as_object().unwrap();
        let free = state["template"]["roles"].as_array().unwrap().iter().find(|name| !taken.contains_key(name.as_str().unwrap()));
        let place = json!({ "character_id": state["drawn_character"]["id"], "role_name": free.unwrap() });
        player.command("place_character", place).await.ok(200);
    }
    told
}

#[tokio::test]
async fn two_guests_play_a_whole_draft_with_nothing_but_http() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    host.command("client_seed", json!({ "client_seed": "clover" })).await.ok(200);
    host.get("/verify").await.refused(403, "FORBIDDEN", "the seed is secret until the end");
    host.command("start_game", json!({})).await.ok(200);
    let (hosts, guests) = tokio::join!(play(&host, "host"), play(&guest, "guest"));
    assert_eq!(hosts, guests, "both are told the same story");
    let ended = &hosts.last().unwrap()["data"];
    assert!(ended["results"]["host"]["total"].is_u64() && ended["seed"].is_string());
    let seqs: Vec<u64> = hosts.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());

    let verdict = server.get(&host.path("/verify")).await.ok(200);
    let draws = verdict["draws"].as_array().unwrap();
    assert_eq!(
        (&verdict["matches"], draws.len()),
        (&json!(true), hosts.iter().filter(|e| e["event"] == "character_drawn").count())
    );

    // Any moment can be looked at again.
    let drawn = hosts.iter().find(|event| event["event"] == "character_drawn").unwrap();
    let at = drawn["seq"].as_u64().unwrap();
    let then = server.get(&host.path(&format!("/state?at={at}"))).await.ok(200);
    assert_eq!((&then["state"]["drawn_character"], &then["seq"]), (&drawn["data"]["character"], &json!(at)));
    assert_eq!((&then["status"], &then["version"]), (&json!("in_progress"), &json!(at)));
    let before = server.get(&host.path(&format!("/state?at={}", at - 1))).await.ok(200);
    assert!(before["state"]["drawn_character"].is_null());
    let now = host.get("/state").await.ok(200);
    assert_eq!(
        (&now["status"], &now["player_role"], &now["state"]["results"]),
        (&json!("completed"), &json!("host"), &ended["results"])
    );

    // And they play again.
    let asked = host.command("rematch", json!({})).await.ok(200);
    assert_eq!((&asked["pending"], &asked["waiting_for"]), (&json!(true), &json!([guest.id])));
    let again = guest.command("rematch", json!({})).await.ok(200);
    let next = server.get(&format!("/api/rooms/{}", text(&again["room_code"]))).await.ok(200);
    assert_eq!((&next["host_nickname"], &next["guest_nickname"]), (&json!("Ada"), &json!("Ben")));
}

#[tokio::test]
async fn a_command_is_applied_once_per_command_id() {
    let server = Server::new().await;
    let host = server.room().await;
    let say = |id: &str| json!({ "event": "chat_message", "data": { "message": "once" }, "command_id": id });
    let send = async |body: Value| server.send(Ask::post(&host.path("/commands"), body).token(&host.token)).await.ok(200);
    let first = send(say("a")).await;
    let again = send(say("a")).await;
    assert_eq!((&again["seq"], &again["duplicate"], &first["duplicate"]), (&first["seq"], &json!(true), &Value::Null));
    // The id may also be in the payload, as a socket sends it.
    let inside = send(json!({ "event": "chat_message", "data": { "message": "once", "command_id": "a" } })).await;
    assert_eq!((&inside["seq"], &inside["duplicate"]), (&first["seq"], &json!(true)));
    assert_eq!(send(say("b")).await["seq"], first["seq"].as_u64().unwrap() + 1);
    // Leaving is answered again also when one has left.
    let leave = json!({ "event": "leave_room", "command_id": "bye" });
    let left = send(leave.clone()).await;
    assert_eq!(send(leave).await["duplicate"], true, "{left}");
}

#[tokio::test]
async fn every_event_of_a_room_works() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    let sync = host.command("request_sync", json!({})).await.ok(200);
    assert!(sync["state"].is_object());
    let sync = host.command("request_sync", json!({ "last_seq": sync["seq"] })).await.ok(200);
    assert_eq!(sync["sync_confirmed"], true);
    let presence = guest.command("request_presence", json!({})).await.ok(200);
    assert_eq!((&presence["total_players"], presence["online_players"].as_array().unwrap().len()), (&json!(2), 2));
    let pong = guest.command("ping", json!({ "timestamp": 12.5 })).await.ok(200);
    assert!(pong["timestamp"] == 12.5 && pong["server_time"].is_string());
    guest.command("typing", json!({ "typing": true })).await.ok(200);
    guest.command("client_seed", json!({ "client_seed": "x" })).await.ok(200);
    guest.command("leave_room", json!(null)).await.ok(200);
    host.command("add_bot", json!({ "level": "easy" })).await.ok(200);
    host.command("remove_bot", json!({ "seat": 1 })).await.ok(200);
    host.command("add_bot", json!({})).await.ok(200);
    host.command("start_game", json!({})).await.ok(200);
    host.command("reset_game", json!({})).await.ok(200);
    let told: Vec<_> = host.events(0).await.iter().map(|event| text(&event["event"])).collect();
    for event in ["room_opened", "player_joined", "client_seed_added", "player_left", "game_started", "game_reset"] {
        assert!(told.iter().any(|one| one == event), "{event} in {told:?}");
    }
}

#[tokio::test]
async fn a_spectator_watches_and_chats_and_nothing_else() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    let cleo = text(&server.post("/api/auth/guest", json!({ "nickname": "Cleo" })).await.ok(201)["token"]);
    let cleo = Guest { server: &server, code: host.code.clone(), token: cleo, id: String::new() };
    cleo.command("chat_message", json!({ "message": "hello" })).await.ok(200);
    let said = server.get(&host.path("/events?after=0")).await.ok(200);
    let said = said["events"].as_array().unwrap().last().unwrap()["data"].clone();
    assert_eq!(
        (&said["player"]["nickname"], &said["player"]["seat"], &said["message"]),
        (&json!("Cleo"), &Value::Null, &json!("hello"))
    );
    for event in ["request_sync", "request_presence", "ping"] {
        cleo.command(event, json!({})).await.ok(200);
    }
    for (event, data) in [
        ("start_game", json!({})),
        ("leave_room", json!({})),
        ("reset_game", json!({})),
        ("rematch", json!({})),
        ("add_bot", json!({})),
        ("remove_bot", json!({ "seat": 0 })),
        ("client_seed", json!({ "client_seed": "x" })),
        ("draw_character", json!({})),
        ("place_character", json!({ "character_id": 1, "role_name": "x" })),
    ] {
        cleo.command(event, data).await.refused(403, "NOT_IN_GAME", event);
    }
    cleo.command("fly", json!({})).await.refused(400, "UNKNOWN_EVENT", "fly");
    assert_eq!(cleo.get("/state").await.ok(200)["player_role"], "spectator");
    host.command("leave_room", json!({})).await.ok(200);
    guest.command("leave_room", json!({})).await.ok(200);
    cleo.command("chat_message", json!({ "message": "anybody?" })).await.refused(409, "ROOM_UNAVAILABLE", "an abandoned room");
}

#[tokio::test]
async fn refusals_of_the_game_have_their_status_and_code() {
    let server = Server::new().await;
    let host = server.room().await;
    host.command("start_game", json!({})).await.refused(409, "NOT_READY", "alone");
    let guest = server.join(&host.code).await;
    guest.command("start_game", json!({})).await.refused(403, "NOT_HOST", "the guest starts");
    host.command("draw_character", json!({})).await.refused(409, "NOT_READY", "before the start");
    host.command("start_game", json!({})).await.ok(200);
    guest.command("draw_character", json!({})).await.refused(409, "NOT_YOUR_TURN", "out of turn");
    host.command("draw_character", json!({})).await.ok(200);
    let place = json!({ "character_id": 4_000_000, "role_name": "nothing" });
    assert!([409, 422].contains(&host.command("place_character", place).await.status));
    let stale = host.command("chat_message", json!({ "message": "x", "expected_version": 1 })).await;
    stale.refused(409, "STALE_VERSION", "an old version");
    assert!(stale.body["error"]["details"]["current_version"].as_u64().unwrap() > 1);
    let ask = json!({ "event": "draw_character", "game_version": 1 });
    server.send(Ask::post(&host.path("/commands"), ask).token(&host.token)).await.refused(409, "STALE_VERSION", "beside the data");
    server.post(&host.path("/join"), json!({})).await.refused(409, "ROOM_FULL", "late");
}

#[tokio::test]
async fn waiting_ends_with_the_first_event_or_with_the_time() {
    let server = Server::new().await;
    let host = server.room().await;
    let seq = host.events(0).await.len();
    let path = format!("/events?after={seq}&wait=25");
    let (waited, _) = tokio::join!(host.get(&path), async {
        // The waiting request is in the room's mailbox first.
        tokio::task::yield_now().await;
        host.command("chat_message", json!({ "message": "wake up" })).await.ok(200)
    });
    let waited = waited.ok(200);
    assert_eq!((&waited["events"][0]["data"]["message"], &waited["seq"]), (&json!("wake up"), &json!(seq + 1)));
    let began = std::time::Instant::now();
    let empty = host.get(&format!("/events?after={}&wait=1", seq + 1)).await.ok(200);
    assert!(empty["events"].as_array().unwrap().is_empty() && began.elapsed().as_millis() >= 950);
    assert_eq!(empty["seq"], seq + 1);
    let ahead = host.get("/events?after=4294967295").await.ok(200);
    assert_eq!((&ahead["events"], &ahead["seq"]), (&json!([]), &json!(seq + 1)));
    // A server that stops keeps nobody waiting.
    let (waited, ()) = tokio::join!(host.get("/events?after=4000&wait=25"), async {
        tokio::task::yield_now().await;
        server.app.rooms.drain();
    });
    assert!(waited.ok(200)["events"].as_array().unwrap().is_empty() && began.elapsed().as_secs() < 15);
}
