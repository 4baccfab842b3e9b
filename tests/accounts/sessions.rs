//! What proves who one is, and what ends that.

use serde_json::json;

use crate::support::{Ask, text};
use crate::{PASSWORD, as_player, log_in, quiet, refresh, register, server, verify};

#[tokio::test]
async fn a_refresh_token_counts_once_and_using_it_again_ends_its_whole_session() {
    let server = quiet().await;
    let first = register(&server, "ada").await;
    let elsewhere = log_in(&server, "ada", PASSWORD).await.ok(200);
    let second = refresh(&server, &first["refresh_token"]).await.ok(200);
    let path = "/api/auth/token/refresh";
    let third = server.post(path, json!({ "refresh": second["refresh"] })).await.ok(200);
    for session in [&first, &second, &third] {
        verify(&server, &session["token"]).await.ok(200);
    }
    refresh(&server, &first["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "a copy of the first");
    for session in [&first, &second, &third] {
        verify(&server, &session["token"]).await.refused(401, "AUTH_REQUIRED", "the thief's and the owner's");
        refresh(&server, &session["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "the thief's and the owner's");
    }
    verify(&server, &elsewhere["token"]).await.ok(200);
    refresh(&server, &elsewhere["refresh_token"]).await.ok(200);
}

#[tokio::test]
async fn of_many_uses_of_one_refresh_token_at_once_at_most_one_succeeds() {
    let server = quiet().await;
    let ada = register(&server, "ada").await;
    let answers = futures_util::future::join_all((0..20).map(|_| refresh(&server, &ada["refresh_token"]))).await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 1);
    verify(&server, &good[0].body["token"]).await.refused(401, "AUTH_REQUIRED", "the copies ended the session");
}

#[tokio::test]
async fn refresh_tokens_that_do_not_count_are_refused() {
    let server = quiet().await;
    let ada = register(&server, "ada").await;
    let (good, access) = (text(&ada["refresh_token"]), text(&ada["token"]));
    let (body, signature) = good.rsplit_once('.').unwrap();
    let backwards: String = signature.chars().rev().collect();
    for bad in ["", "nonsense", &access, body, &format!("{body}.{backwards}"), &"x".repeat(5_000)] {
        refresh(&server, &json!(bad)).await.refused(401, "AUTH_REQUIRED", bad);
    }
    verify(&server, &json!(good)).await.refused(401, "AUTH_REQUIRED", "a refresh token is no session token");
    refresh(&server, &json!(good)).await.ok(200);
}

#[tokio::test]
async fn an_expired_token_in_the_header_does_not_keep_a_refresh_token_from_counting() {
    let server = server(&["--rate-limits=off", "--access-lifetime-s=1"]).await;
    let ada = register(&server, "ada").await;
    let stale = server.app.tokens.issue_for(
        &server.app.tokens.verify(&text(&ada["token"]), parlor::time::Timestamp(0)).unwrap(),
        server.app.clock.now(),
        std::time::Duration::ZERO,
    );
    let ask = Ask::post("/api/auth/refresh", json!({ "refresh_token": ada["refresh_token"] }));
    let next = server.send(ask.token(&stale.0)).await.ok(200);
    let ask = Ask::post("/api/auth/login", json!({ "username": "ada", "password": PASSWORD }));
    server.send(ask.token(&stale.0)).await.ok(200);
    let ask = Ask::post("/api/auth/logout", json!({ "refresh_token": next["refresh_token"] }));
    server.send(ask.token(&stale.0)).await.ok(200);
    refresh(&server, &next["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "signed out");
}

#[tokio::test]
async fn a_guest_renews_their_own_token_and_an_account_does_not() {
    let server = quiet().await;
    let guest = server.post("/api/auth/guest", json!({ "nickname": "Ben" })).await.ok(201);
    let renewed = as_player(&server, &guest["token"], "POST", "/api/auth/refresh", json!({})).await.ok(200);
    assert_eq!((&renewed["player_id"], &renewed["nickname"]), (&guest["player_id"], &json!("Ben")));
    assert!(renewed.get("refresh_token").is_none());
    let ada = register(&server, "ada").await;
    as_player(&server, &ada["token"], "POST", "/api/auth/refresh", json!({})).await.refused(401, "AUTH_REQUIRED", "an account");
    server.post("/api/auth/refresh", json!({})).await.refused(401, "AUTH_REQUIRED", "nobody");
}

#[tokio::test]
async fn signing_out_ends_that_session_and_signing_out_everywhere_ends_all() {
    let server = quiet().await;
    let ada = register(&server, "ada").await;
    let [one, two, three] = [
        log_in(&server, "ada", PASSWORD).await.ok(200),
        log_in(&server, "ada", PASSWORD).await.ok(200),
        log_in(&server, "ada", PASSWORD).await.ok(200),
    ];
    let out = as_player(&server, &one["token"], "POST", "/api/auth/logout", json!({})).await;
    assert!(out.headers["set-cookie"].to_str().unwrap().starts_with("parlor_session=;"));
    out.ok(200);
    server.post("/api/auth/logout", json!({ "refresh": two["refresh"] })).await.ok(200);
    for gone in [&one, &two] {
        verify(&server, &gone["token"]).await.refused(401, "AUTH_REQUIRED", "signed out");
        refresh(&server, &gone["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "signed out");
    }
    verify(&server, &three["token"]).await.ok(200);
    as_player(&server, &three["token"], "POST", "/api/auth/logout_everywhere", json!({})).await.ok(200);
    for gone in [&ada, &three] {
        verify(&server, &gone["token"]).await.refused(401, "AUTH_REQUIRED", "signed out everywhere");
        refresh(&server, &gone["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "signed out everywhere");
    }
    let back = log_in(&server, "ada", PASSWORD).await.ok(200);
    verify(&server, &back["token"]).await.ok(200);
    server.post("/api/auth/logout", json!({})).await.refused(401, "AUTH_REQUIRED", "nobody");
    server.post("/api/auth/logout_everywhere", json!({})).await.refused(401, "AUTH_REQUIRED", "nobody");
}

#[tokio::test]
async fn a_guest_who_signs_out_is_nobody_any_more() {
    let server = quiet().await;
    let guest = server.post("/api/auth/guest", json!({})).await.ok(201);
    as_player(&server, &guest["token"], "POST", "/api/auth/logout", json!({})).await.ok(200);
    verify(&server, &guest["token"]).await.refused(401, "AUTH_REQUIRED", "signed out");
}

#[tokio::test]
async fn a_revoked_token_is_refused_wherever_one_is_shown() {
    let server = quiet().await;
    let host = server.room().await;
    server.app.desk.log_out_everywhere(host.id.parse().unwrap()).await.unwrap();
    for ask in [
        Ask::get(&host.path("")),
        Ask::get(&host.path("/events")),
        Ask::post("/api/rooms", json!({ "game": "draft" })),
        Ask::post(&host.path("/commands"), json!({ "event": "start_game" })),
        Ask::get("/api/auth/me"),
    ] {
        server.send(ask.token(&host.token)).await.refused(401, "AUTH_REQUIRED", "revoked");
    }
}

#[tokio::test]
async fn no_page_of_another_origin_acts_by_cookie() {
    let server = server(&["--rate-limits=off", "--allowed-origins=*"]).await;
    let ada = register(&server, "ada").await;
    let cookie = format!("parlor_session={}", text(&ada["token"]));
    for (method, path) in [
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/logout_everywhere"),
        ("DELETE", "/api/auth/me"),
        ("PATCH", "/api/auth/me"),
    ] {
        let ask = Ask::new(method, path).header("content-type", "application/json").body(r#"{"nickname":"Eve"}"#);
        let ask = ask.header("cookie", &cookie).header("origin", "https://evil.example");
        server.send(ask).await.refused(401, "AUTH_REQUIRED", path);
    }
    verify(&server, &ada["token"]).await.ok(200);
}
