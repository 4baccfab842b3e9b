//! How often one may ask.

use serde_json::json;

use crate::support::{Answer, Ask, Server};

const HOUR: &str = "--room-rate-every-ms=3600000";

async fn make(server: &Server, peer: [u8; 4], forwarded: Option<&str>) -> Answer {
    let mut ask = Ask::post("/api/rooms", json!({ "game": "draft" })).sent_by(peer);
    if let Some(list) = forwarded {
        ask = ask.header("x-forwarded-for", list);
    }
    server.send(ask).await
}

#[tokio::test]
async fn an_address_makes_so_many_rooms_and_must_then_wait() {
    let server = Server::with(&["--room-rate-burst=2", HOUR]).await;
    let peer = [203, 0, 113, 7];
    server.post("/api/rooms", json!({ "game": "chess" })).await.refused(400, "VALIDATION_ERROR", "what is refused does not count");
    for _ in 0..2 {
        make(&server, peer, None).await.ok(201);
    }
    let refused = make(&server, peer, None).await;
    refused.refused(429, "RATE_LIMITED", "a third room");
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    let ms = refused.body["error"]["details"]["retry_after_ms"].as_u64().unwrap();
    assert!((3_500..=3_600).contains(&seconds) && ms.div_ceil(1_000) == seconds);
    make(&server, peer, Some("198.51.100.1")).await.refused(429, "RATE_LIMITED", "anybody can write this header");
    make(&server, [203, 0, 113, 8], None).await.ok(201);
}

#[tokio::test]
async fn behind_trusted_proxies_the_client_is_counted() {
    let server = Server::with(&["--room-rate-burst=1", HOUR, "--trusted-proxies=10.0.0.0/8"]).await;
    let proxy = [10, 0, 0, 1];
    make(&server, proxy, Some("198.51.100.1")).await.ok(201);
    make(&server, proxy, Some("1.2.3.4, 198.51.100.1")).await.refused(429, "RATE_LIMITED", "what the client put in front");
    make(&server, proxy, Some("198.51.100.2")).await.ok(201);
    make(&server, [203, 0, 113, 7], Some("198.51.100.3")).await.ok(201);
    make(&server, [203, 0, 113, 7], Some("198.51.100.4")).await.refused(429, "RATE_LIMITED", "not a proxy of ours");
}

#[tokio::test]
async fn a_player_sends_so_many_commands_and_must_then_wait() {
    let server = Server::with(&["--socket-rate-burst=3", "--socket-rate-per-s=1"]).await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    for _ in 0..3 {
        host.command("ping", json!({})).await.ok(200);
    }
    let refused = host.command("ping", json!({})).await;
    refused.refused(429, "RATE_LIMITED", "a fourth command");
    assert_eq!(refused.headers["retry-after"], "1");
    guest.command("ping", json!({})).await.ok(200);
}

#[tokio::test]
async fn a_player_has_so_many_open_rooms() {
    let server = Server::with(&["--rate-limits=off", "--rooms-per-player=1"]).await;
    let host = server.room().await;
    let more = Ask::post("/api/rooms", json!({ "game": "draft" })).token(&host.token);
    server.send(more).await.refused(429, "RATE_LIMITED", "a second room");
}
