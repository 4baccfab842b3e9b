//! Who one is.

use serde_json::json;

use crate::support::{Ask, Server, text};

#[tokio::test]
async fn a_guest_is_who_the_token_says() {
    let server = Server::new().await;
    let answer = server.post("/api/auth/guest", json!({ "nickname": "Zoë 🦊" })).await;
    assert!(!answer.headers.contains_key("set-cookie"));
    let guest = answer.ok(201);
    let token = text(&guest["token"]);
    let me = server.send(Ask::get("/api/auth/verify").token(&token)).await.ok(200);
    assert_eq!((&me["player_id"], &me["nickname"], &me["guest"]), (&guest["player_id"], &json!("Zoë 🦊"), &json!(true)));
    assert!(me.get("token").is_none());
    let cookie = format!("parlor_session={token}");
    let by_cookie = server.send(Ask::get("/api/auth/verify").header("cookie", &cookie)).await.ok(200);
    assert_eq!(by_cookie["player_id"], guest["player_id"]);
    let unnamed = server.send(Ask::new("POST", "/api/auth/guest")).await.ok(201);
    assert!(!text(&unnamed["nickname"]).is_empty());
}

#[tokio::test]
async fn the_cookie_of_our_pages_counts_and_other_origins_get_nothing_by_it() {
    let server = Server::with(&["--rate-limits=off", "--allowed-origins=*"]).await;
    let token = text(&server.post("/api/auth/guest", json!({})).await.ok(201)["token"]);
    let cookie = format!("parlor_session={token}");
    let ask = |origin: &str| Ask::get("/api/auth/verify").header("cookie", &cookie).header("origin", origin);
    server.send(ask("http://127.0.0.1:3000")).await.ok(200);
    server.send(ask("https://evil.example")).await.refused(401, "AUTH_REQUIRED", "a foreign page");
    let strict = Server::new().await;
    let refused = strict.send(Ask::get("/api/games").header("origin", "https://evil.example")).await;
    assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn tokens_that_do_not_count_are_refused_everywhere() {
    let server = Server::new().await;
    let host = server.room().await;
    let (head, rest) = host.token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let expired = {
        let identity = server.app.tokens.verify(&host.token, server.app.clock.now()).unwrap();
        server.app.tokens.issue_for(&identity, server.app.clock.now(), std::time::Duration::ZERO).0
    };
    for token in [
        "",
        "nonsense",
        &format!("{head}.{claims}."),
        &format!("{none}.{claims}."),
        &format!("{none}.{claims}.{signature}"),
        &format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>()),
        &expired,
        &"x".repeat(5_000),
    ] {
        for ask in [
            Ask::get("/api/auth/verify"),
            Ask::get(&host.path("")),
            Ask::get(&host.path("/events")),
            Ask::get(&host.path("/state")),
            Ask::post("/api/rooms", json!({ "game": "draft" })),
            Ask::post(&host.path("/join"), json!({})),
            Ask::post(&host.path("/commands"), json!({ "event": "start_game" })),
        ] {
            let answer = server.send(ask.token(token)).await;
            answer.refused(401, "AUTH_REQUIRED", token);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    server.get("/api/auth/verify").await.refused(401, "AUTH_REQUIRED", "nobody");
    let ask = Ask::post(&host.path("/commands"), json!({ "event": "chat_message", "data": { "message": "x" } }));
    server.send(ask.clone()).await.refused(401, "AUTH_REQUIRED", "a command of nobody");
    server.send(ask.header("authorization", "Basic YTpi")).await.refused(401, "AUTH_REQUIRED", "another scheme");
}

#[tokio::test]
async fn names_that_are_none_are_refused() {
    let server = Server::new().await;
    let host = server.room().await;
    for name in [json!(""), json!("\u{202e}\u{0}"), json!("x".repeat(10_000)), json!(5), json!(["Ada"])] {
        for path in ["/api/auth/guest", "/api/rooms", &host.path("/join")] {
            let answer = server.post(path, json!({ "game": "draft", "nickname": name })).await;
            answer.refused(400, "VALIDATION_ERROR", path);
        }
    }
    let hidden = server.post("/api/auth/guest", json!({ "nickname": "a\u{202e}<b>" })).await.ok(201);
    assert_eq!(hidden["nickname"], "a<b>");
}
