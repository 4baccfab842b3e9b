//! Waiting for an opponent over HTTP.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Ask, Server, text};

async fn server() -> Server {
    let server = Server::new().await;
    tokio::spawn(Arc::clone(&server.app.queue).run());
    server
}

#[tokio::test]
async fn two_guests_with_nothing_but_http_find_each_other() {
    let server = server().await;
    let ada = server.post("/api/queue/join", json!({ "game": "draft", "nickname": "Ada" })).await.ok(200);
    assert_eq!((&ada["status"], &ada["position"], &ada["game"]), (&json!("waiting"), &json!(1), &json!("draft")));
    let adas = text(&ada["token"]);
    let again = server.send(Ask::post("/api/queue/join", json!({ "game": "draft" })).token(&adas)).await.ok(200);
    assert_eq!((&again["position"], &again["waiting"]), (&json!(1), &json!(1)));
    let ben = server.post("/api/queue/join", json!({ "game": "draft", "nickname": "Ben" })).await.ok(200);
    let bens = text(&ben["token"]);
    let status = |token: &str| server.send(Ask::get("/api/queue/status?wait=25").token(token));
    let (for_ada, for_ben) = tokio::join!(status(&adas), status(&bens));
    let (for_ada, for_ben) = (for_ada.ok(200), for_ben.ok(200));
    assert_eq!((&for_ada["status"], &for_ben["status"]), (&json!("matched"), &json!("matched")));
    assert_eq!(for_ada["room_code"], for_ben["room_code"]);
    assert_eq!(for_ada["opponent"]["nickname"], "Ben");
    let code = text(&for_ada["room_code"]);
    assert!(text(&for_ada["join_url"]).ends_with(&format!("/join/{code}")));
    let entered = server.send(Ask::post(&format!("/api/rooms/{code}/join"), json!({})).token(&adas)).await.ok(200);
    assert_eq!(entered["seat"], for_ada["seat"]);
    let left = server.send(Ask::post("/api/queue/leave", json!({})).token(&adas)).await.ok(200);
    assert_eq!(left["left"], false);
    assert_eq!(status(&adas).await.ok(200)["status"], "idle");
}

#[tokio::test]
async fn the_addresses_that_older_clients_know_do_the_same() {
    let server = server().await;
    for slash in ["", "/"] {
        let joined = server.send(Ask::new("POST", &format!("/game/join{slash}"))).await.ok(200);
        assert_eq!((&joined["status"], &joined["game"], &joined["position"]), (&json!("waiting"), &json!("pong"), &json!(1)));
        let token = text(&joined["token"]);
        let leave = || Ask::post(&format!("/game/leave{slash}"), json!({})).token(&token);
        assert_eq!(server.send(leave()).await.ok(200), json!({ "ok": true, "left": true }));
        assert_eq!(server.send(leave()).await.ok(200)["left"], false);
        assert_eq!(server.get(&format!("/game/join{slash}")).await.status, 405);
    }
}

#[tokio::test]
async fn wishes_that_are_none_are_refused_and_leave_nobody_waiting() {
    let server = server().await;
    for (body, what) in [
        (json!({ "game": "chess" }), "no such game"),
        (json!({ "game": "" }), "no name"),
        (json!({ "game": 5 }), "a number"),
        (json!({ "game": ["draft"] }), "a list"),
        (json!({ "game": "draft", "nickname": "" }), "an empty name"),
        (json!({ "game": "draft", "nickname": "x".repeat(25) }), "a long name"),
        (json!({ "game": "draft", "command_id": 7 }), "a command id that is none"),
    ] {
        server.post("/api/queue/join", body).await.refused(400, "VALIDATION_ERROR", what);
    }
    server.send(Ask::new("POST", "/api/queue/join").body("game=draft")).await.refused(415, "VALIDATION_ERROR", "a form");
    server.post("/api/queue/leave", json!({})).await.refused(401, "AUTH_REQUIRED", "nobody");
    server.get("/api/queue/status").await.refused(401, "AUTH_REQUIRED", "nobody");
    let token = text(&server.post("/api/auth/guest", json!({})).await.ok(201)["token"]);
    for wait in ["-1", "x", "1.5", "99999999999"] {
        let answer = server.send(Ask::get(&format!("/api/queue/status?wait={wait}")).token(&token)).await;
        answer.refused(400, "VALIDATION_ERROR", wait);
    }
    assert_eq!(server.send(Ask::get("/api/queue/status?wait=25").token(&token)).await.ok(200)["status"], "idle");
    let first = server.post("/api/queue/join", json!({ "game": "draft" })).await.ok(200);
    assert_eq!((&first["position"], &first["waiting"]), (&json!(1), &json!(1)));
}
