//! An account from its making to its end.

use serde_json::json;

use crate::support::{Ask, text};
use crate::{PASSWORD, as_player, log_in, quiet, refresh, register, verify};

#[tokio::test]
async fn an_account_is_made_signed_in_to_and_known_by_its_tokens() {
    let server = quiet().await;
    let made = register(&server, "Ada_L").await;
    assert_eq!((&made["nickname"], &made["guest"]), (&json!("Ada_L"), &json!(false)));
    assert_eq!((&made["access"], &made["refresh"]), (&made["token"], &made["refresh_token"]));
    for name in ["Ada_L", "ada_l", " ADA_L "] {
        let session = log_in(&server, name, PASSWORD).await.ok(200);
        assert_eq!(session["player_id"], made["player_id"]);
        let who = verify(&server, &session["token"]).await.ok(200);
        assert_eq!((&who["player_id"], &who["nickname"], &who["guest"]), (&made["player_id"], &json!("Ada_L"), &json!(false)));
    }
    let obtained = server.post("/api/auth/token", json!({ "username": "ada_l", "password": PASSWORD })).await.ok(200);
    for path in ["/api/auth/verify", "/api/auth/token/verify"] {
        let whose = server.post(path, json!({ "token": obtained["access"] })).await.ok(200);
        assert_eq!(whose["player_id"], made["player_id"]);
    }
    let me = as_player(&server, &obtained["token"], "GET", "/api/auth/me", json!({})).await.ok(200);
    assert_eq!((&me["username"], &me["games"]), (&json!("Ada_L"), &json!(0)));
    let public = server.get(&format!("/api/players/{}", text(&made["player_id"]))).await.ok(200);
    assert_eq!(public["nickname"], "Ada_L");
    assert!(public.get("username").is_none());
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_capitals() {
    let server = quiet().await;
    register(&server, "ada").await;
    let again = server.post("/api/auth/register", json!({ "username": "ADA", "password": PASSWORD })).await;
    again.refused(409, "VALIDATION_ERROR", "taken");
    assert_eq!(again.body["error"]["details"], json!({ "field": "username", "taken": true }));
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_one_gets_it() {
    let server = quiet().await;
    let ask = || server.post("/api/auth/register", json!({ "username": "ada", "password": PASSWORD }));
    let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
    let statuses = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((statuses(201), statuses(409)), (1, 19));
}

#[tokio::test]
async fn a_guest_who_makes_an_account_stays_the_same_player_in_the_same_seat() {
    let server = quiet().await;
    let host = server.room().await;
    let token = json!(host.token);
    let wish = json!({ "username": "ada", "password": PASSWORD });
    let account = as_player(&server, &token, "POST", "/api/auth/convert", wish.clone()).await.ok(200);
    assert_eq!((&account["player_id"], &account["nickname"], &account["guest"]), (&json!(host.id), &json!("Ada"), &json!(false)));
    let ask = Ask::post(&host.path("/commands"), json!({ "event": "chat_message", "data": { "message": "still me" } }));
    server.send(ask.token(&text(&account["token"]))).await.ok(200);
    // Nobody else can be made of that guest, nor the account be changed with what was the guest's.
    let other = json!({ "username": "eve", "password": PASSWORD });
    as_player(&server, &token, "POST", "/api/auth/convert", other.clone()).await.refused(403, "FORBIDDEN", "twice");
    as_player(&server, &account["token"], "POST", "/api/auth/convert", other).await.refused(403, "FORBIDDEN", "an account");
    for (method, path, body) in [
        ("GET", "/api/auth/me", json!({})),
        ("PATCH", "/api/auth/me", json!({ "nickname": "Eve" })),
        ("DELETE", "/api/auth/me", json!({})),
        ("POST", "/api/auth/password", json!({ "password": PASSWORD, "new_password": "something else" })),
        ("POST", "/api/auth/refresh", json!({})),
    ] {
        as_player(&server, &token, method, path, body).await.refused(401, "AUTH_REQUIRED", path);
    }
    server.post("/api/auth/convert", wish).await.refused(401, "AUTH_REQUIRED", "nobody");
}

#[tokio::test]
async fn a_nickname_changes_and_the_next_tokens_have_it() {
    let server = quiet().await;
    let ada = register(&server, "ada").await;
    let renamed = as_player(&server, &ada["token"], "PATCH", "/api/auth/me", json!({ "nickname": " Zoë  🦊 " })).await.ok(200);
    assert_eq!(renamed["nickname"], "Zoë 🦊");
    assert_eq!(verify(&server, &renamed["token"]).await.ok(200)["nickname"], "Zoë 🦊");
    assert_eq!(refresh(&server, &ada["refresh_token"]).await.ok(200)["nickname"], "Zoë 🦊");
    assert_eq!(log_in(&server, "ada", PASSWORD).await.ok(200)["nickname"], "Zoë 🦊");
    let guest = server.post("/api/auth/guest", json!({ "nickname": "Ben" })).await.ok(201);
    let renamed = as_player(&server, &guest["token"], "PATCH", "/api/auth/me", json!({ "nickname": "Bo" })).await.ok(200);
    assert_eq!((&renamed["nickname"], &renamed["guest"]), (&json!("Bo"), &json!(true)));
}

#[tokio::test]
async fn another_password_ends_every_session_but_the_one_that_it_begins() {
    let server = quiet().await;
    let (ada, elsewhere) = (register(&server, "ada").await, log_in(&server, "ada", PASSWORD).await.ok(200));
    let change = |current: &str, new: &str| json!({ "password": current, "new_password": new });
    let path = "/api/auth/password";
    as_player(&server, &ada["token"], "POST", path, change("wrong", "another good one")).await.refused(403, "FORBIDDEN", "wrong");
    as_player(&server, &ada["token"], "POST", path, change(PASSWORD, "short")).await.refused(400, "VALIDATION_ERROR", "short");
    let fresh = as_player(&server, &ada["token"], "POST", path, change(PASSWORD, "another good one")).await.ok(200);
    for old in [&ada, &elsewhere] {
        verify(&server, &old["token"]).await.refused(401, "AUTH_REQUIRED", "an old session");
        refresh(&server, &old["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "an old session");
    }
    verify(&server, &fresh["token"]).await.ok(200);
    refresh(&server, &fresh["refresh_token"]).await.ok(200);
    log_in(&server, "ada", PASSWORD).await.refused(401, "AUTH_REQUIRED", "the old password");
    log_in(&server, "ada", "another good one").await.ok(200);
}

#[tokio::test]
async fn who_deletes_themselves_is_gone_and_their_seat_is_somebodys() {
    let server = quiet().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    let wish = json!({ "username": "ada", "password": PASSWORD });
    let ada = as_player(&server, &json!(host.token), "POST", "/api/auth/convert", wish).await.ok(200);
    let say = Ask::post(&host.path("/commands"), json!({ "event": "chat_message", "data": { "message": "bye" } }));
    server.send(say.token(&text(&ada["token"]))).await.ok(200);
    server.app.notes.flush().await;
    for body in [json!({}), json!({ "password": "wrong one" })] {
        let answer = as_player(&server, &ada["token"], "DELETE", "/api/auth/me", body).await;
        assert!([400, 403].contains(&answer.status), "{}", answer.body);
    }
    as_player(&server, &ada["token"], "DELETE", "/api/auth/me", json!({ "password": PASSWORD })).await.ok(200);
    verify(&server, &ada["token"]).await.refused(401, "AUTH_REQUIRED", "deleted");
    verify(&server, &json!(host.token)).await.refused(401, "AUTH_REQUIRED", "deleted");
    refresh(&server, &ada["refresh_token"]).await.refused(401, "AUTH_REQUIRED", "deleted");
    log_in(&server, "ada", PASSWORD).await.refused(401, "AUTH_REQUIRED", "deleted");
    server.get(&format!("/api/players/{}", text(&ada["player_id"]))).await.refused(404, "VALIDATION_ERROR", "deleted");
    let room = guest.get("").await.ok(200);
    assert_eq!((&room["host_nickname"], &room["players"][0]["nickname"]), (&json!("Somebody"), &json!("Somebody")));
    let events = guest.events(0).await;
    let told = serde_json::to_string(&events).unwrap();
    assert!(told.contains("Somebody") && told.contains("bye") && !told.contains("\"Ada\""), "{told}");
    guest.command("chat_message", json!({ "message": "the room lives" })).await.ok(200);
    // The name is free, and whoever takes it is somebody else.
    assert_ne!(register(&server, "ada").await["player_id"], ada["player_id"]);
}
