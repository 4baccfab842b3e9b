//! Bots, and what was best: asked over HTTP.

use serde_json::{Value, json};

use crate::support::{Ask, Guest, Server, text};

const OPENING: &str = "4HPwATDgc/ABMA";

async fn room<'a>(server: &'a Server, options: Value) -> Guest<'a> {
    let made = server.post("/api/rooms", json!({ "game": "backgammon", "nickname": "Ada", "options": options })).await.ok(201);
    Guest { server, code: text(&made["room_code"]), token: text(&made["token"]), id: text(&made["player_id"]) }
}

async fn analyze(guest: &Guest<'_>, mut question: Value) -> crate::support::Answer {
    question["room_code"] = json!(guest.code);
    guest.server.send(Ask::post("/api/backgammon/analyze", question).token(&guest.token)).await
}

/// Plays the host's side, any legal way, until the game is over or `until` is in the log.
async fn play(host: &Guest<'_>, until: u64) {
    let mut seq = 0;
    loop {
        seq = host.get(&format!("/events?after={seq}&wait=25")).await.ok(200)["seq"].as_u64().unwrap();
        let state = host.state().await;
        if state["status"] != "in_progress" || seq >= until {
            return;
        }
        if state["to_decide"] != "white" {
            continue;
        }
        let first = state["legal_moves"][0].clone();
        let (event, data) = match state["phase"].as_str().unwrap() {
            "doubled" => ("accept_double", json!({})),
            "rolling" => ("roll_dice", json!({})),
            _ if first.is_null() => ("end_turn", json!({})),
            _ => ("move", json!({ "moves": first })),
        };
        // The clock of this test is the log: an answer that came too late only means looking again.
        host.command(event, data).await;
    }
}

#[tokio::test]
async fn a_whole_game_is_played_against_each_bot_and_then_judged() {
    let server = Server::with(&["--rate-limits=off", "--bot-delay-ms=0"]).await;
    for level in ["beginner", "expert"] {
        let host = room(&server, json!({ "game_type": "rated" })).await;
        host.command("add_bot", json!({ "seat": 1, "level": level })).await.ok(200);
        host.command("start_game", json!({})).await.ok(200);
        analyze(&host, json!({})).await.refused(403, "FORBIDDEN", "a rated game that runs");
        play(&host, u64::MAX).await;
        let state = host.state().await;
        assert_eq!(state["status"], "completed", "{level}: {state}");
        assert!(state["results"]["winner"].is_string());
        if level == "expert" {
            let report = analyze(&host, json!({ "moves": true })).await.ok(200);
            let [mine, bots] = [0, 1].map(|side| report["summary"][side]["loss_per_decision"].as_f64().unwrap());
            assert!(report["turns"].as_array().unwrap().len() > 10 && bots < mine, "the bot plays better: {bots} {mine}");
        }
    }
}

#[tokio::test]
async fn positions_are_analysed_by_their_id_and_in_casual_rooms() {
    let server = Server::with(&["--rate-limits=off", "--bot-delay-ms=0"]).await;
    let ask = |question: Value| server.post("/api/backgammon/analyze", question);
    let report = ask(json!({ "position_id": OPENING, "dice": [4, 2] })).await.ok(200);
    assert_eq!(report["best_moves"][0]["notation"], "8/4 6/4");

    let host = room(&server, json!({})).await;
    analyze(&host, json!({})).await.refused(409, "NOT_READY", "nothing is being played");
    host.command("add_bot", json!({ "seat": 1, "level": "skilled" })).await.ok(200);
    host.command("start_game", json!({})).await.ok(200);
    play(&host, 12).await;
    let now = analyze(&host, json!({})).await.ok(200);
    assert!(now["best_moves"].is_array() && now["player"].is_string(), "{now}");
    let events = host.events(0).await;
    let opening = events.iter().find(|event| event["event"] == "opening_roll").unwrap();
    let then = analyze(&host, json!({ "at": opening["seq"] })).await.ok(200);
    assert_eq!((&then["position_id"], &then["dice"]), (&json!(OPENING), &opening["data"]["dice"]));
    // Others may look, too.
    ask(json!({ "room_code": host.code, "at": opening["seq"] })).await.ok(200);

    for bad in
        [json!({}), json!({ "position_id": "x" }), json!({ "position_id": OPENING, "dice": [9, 9] }), json!({ "room_code": 5 })]
    {
        ask(bad.clone()).await.refused(400, "VALIDATION_ERROR", &bad.to_string());
    }
    for at in [json!(0), json!(100_000), json!(-1), json!("1")] {
        analyze(&host, json!({ "at": at })).await.refused(400, "VALIDATION_ERROR", &at.to_string());
    }
    ask(json!({ "room_code": "BCDFGH" })).await.refused(404, "INVALID_GAME", "no such room");
    server.post("/api/draft/analyze", json!({})).await.refused(400, "UNKNOWN_EVENT", "draft answers no questions");
    server.post("/api/nothing/analyze", json!({})).await.refused(400, "UNKNOWN_EVENT", "no such game");
    let draft = server.room().await;
    ask(json!({ "room_code": draft.code })).await.refused(400, "VALIDATION_ERROR", "another game's room");
}

#[tokio::test]
async fn analysis_is_rate_limited() {
    let server = Server::with(&[]).await;
    let mut last = None;
    for _ in 0..30 {
        last = Some(server.post("/api/backgammon/analyze", json!({ "position_id": "x" })).await);
    }
    last.unwrap().refused(429, "RATE_LIMITED", "thirty at once");
}

#[tokio::test]
async fn a_room_answers_while_its_bot_thinks() {
    // The bot thinks for a minute; nobody else has to.
    let server = Server::with(&["--rate-limits=off", "--bot-delay-ms=60000"]).await;
    let host = room(&server, json!({})).await;
    host.command("add_bot", json!({ "seat": 1, "level": "expert" })).await.ok(200);
    host.command("start_game", json!({})).await.ok(200);
    for n in 0..5 {
        host.command("chat_message", json!({ "message": format!("thinking? {n}") })).await.ok(200);
    }
    // What it comes to think of is about a game that is over by then.
    host.command("leave_room", json!({})).await.ok(200);
}
