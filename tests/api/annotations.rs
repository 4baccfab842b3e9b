//! Remarks on finished games.

use serde_json::{Value, json};

use crate::support::{Answer, Ask, Guest, Server};

/// A room whose game is over: the guest left.
async fn finished(server: &Server, visibility: &str) -> (String, String, String) {
    let wish = json!({ "game": "draft", "nickname": "Ada", "visibility": visibility });
    let made = server.post("/api/rooms", wish).await.ok(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let host = Guest { server, code: text(&made["room_code"]), token: text(&made["token"]), id: text(&made["player_id"]) };
    let guest = server.join(&host.code).await;
    host.command("start_game", json!({})).await.ok(200);
    guest.command("leave_room", json!({})).await.ok(200);
    let tokens = (host.token.clone(), guest.token.clone());
    (host.code.clone(), tokens.0, tokens.1)
}

async fn add(server: &Server, code: &str, token: &str, seq: u32, text: &str) -> Answer {
    let path = format!("/api/rooms/{code}/annotations");
    server.send(Ask::post(&path, json!({ "seq": seq, "text": text })).token(token)).await
}

async fn found(server: &Server, query: &str, token: Option<&str>) -> Vec<String> {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let ask = Ask::get(&format!("/api/annotations?q={query}"));
    let ask = token.into_iter().fold(ask, |ask, token| ask.token(token));
    let answer = server.send(ask).await.ok(200);
    answer["annotations"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_finished_game_is_annotated_and_the_words_found_again() {
    let server = Server::new().await;
    let (code, host, guest) = finished(&server, "public").await;
    let kept = add(&server, &code, &host, 3, "  A <b>bold</b> Rückschlag\u{7}\nhere ").await.ok(201);
    assert_eq!(kept["annotation"]["text"], "A <b>bold</b> Rückschlag\nhere", "kept as it is, to be escaped where it is shown");
    assert_eq!((&kept["annotation"]["nickname"], &kept["annotation"]["seq"]), (&json!("Ada"), &json!(3)));
    add(&server, &code, &guest, 1, "the second remark").await.ok(201);

    let path = format!("/api/rooms/{code}/annotations");
    let all = server.get(&path).await.ok(200);
    assert_eq!(all["annotations"].as_array().unwrap().len(), 2);
    assert_eq!((&all["annotations"][0]["mine"], &all["next"]), (&json!(false), &Value::Null));
    let one = server.send(Ask::get(&format!("{path}?seq=1")).token(&guest)).await.ok(200);
    assert_eq!((one["annotations"].as_array().unwrap().len(), &one["annotations"][0]["mine"]), (1, &json!(true)));
    let page = server.get(&format!("{path}?limit=1")).await.ok(200);
    let next = server.get(&format!("{path}?limit=1&after={}", page["next"])).await.ok(200);
    assert_eq!(next["annotations"][0]["text"], "the second remark");

    for (query, count) in [
        ("bold", 1),
        ("BOLD rück", 1),
        ("ruckschlag", 1),
        ("bold nothing", 0),
        ("remark", 1),
        ("re", 1),
        ("the OR bold", 0),
        ("\"bold", 1),
        ("bold\" OR \"x", 0),
        ("bold*", 1),
        ("body:bold", 0),
        ("^bold", 1),
        ("NEAR(bold here)", 0),
        ("-bold", 1),
        ("bold')--", 1),
        ("{bold}", 1),
        ("bold\0here", 1),
    ] {
        assert_eq!(found(&server, query, None).await.len(), count, "{query:?}");
    }
    for nothing in ["", "   ", "\"\"", "***", "-", "()"] {
        let query: String = form_urlencoded::byte_serialize(nothing.as_bytes()).collect();
        server.get(&format!("/api/annotations?q={query}")).await.refused(400, "VALIDATION_ERROR", nothing);
    }
    server.get("/api/annotations").await.refused(400, "VALIDATION_ERROR", "no q");
    server.get("/api/annotations?q=a&before=x").await.refused(400, "VALIDATION_ERROR", "no id");
    server.get("/api/annotations?q=a&limit=-1").await.refused(400, "VALIDATION_ERROR", "no limit");
}

#[tokio::test]
async fn only_its_author_and_the_host_delete_an_annotation() {
    let server = Server::new().await;
    let (code, host, guest) = finished(&server, "public").await;
    let id = |kept: Value| kept["annotation"]["id"].as_i64().unwrap();
    let by_host = id(add(&server, &code, &host, 1, "hosts remark").await.ok(201));
    let by_guest = id(add(&server, &code, &guest, 1, "guests remark").await.ok(201));
    let path = |id: &str| format!("/api/rooms/{code}/annotations/{id}");
    let delete = |id: String, token: &str| server.send(Ask::new("DELETE", &path(&id)).token(token));
    delete(by_host.to_string(), &guest).await.refused(403, "FORBIDDEN", "the guest is not the host");
    server.send(Ask::new("DELETE", &path(&by_host.to_string()))).await.refused(401, "AUTH_REQUIRED", "nobody");
    for nothing in ["0", "-1", "99999", "x", "9223372036854775808", "1%20OR%201=1"] {
        delete(nothing.into(), &host).await.refused(404, "INVALID_GAME", nothing);
    }
    delete(by_guest.to_string(), &host).await.ok(200);
    delete(by_guest.to_string(), &host).await.refused(404, "INVALID_GAME", "twice");
    assert_eq!(found(&server, "remark", None).await, ["hosts remark"], "its words are gone, too");
    delete(by_host.to_string(), &host).await.ok(200);
    assert!(found(&server, "remark", None).await.is_empty());
    let other = finished(&server, "public").await;
    let kept = id(add(&server, &other.0, &other.1, 1, "elsewhere").await.ok(201));
    delete(kept.to_string(), &host).await.refused(404, "INVALID_GAME", "of another room");
}

#[tokio::test]
async fn a_search_finds_only_rooms_that_the_asker_may_see() {
    let server = Server::new().await;
    let (code, host, _) = finished(&server, "private").await;
    add(&server, &code, &host, 1, "confidential").await.ok(201);
    assert_eq!(found(&server, "confidential", Some(&host)).await, ["confidential"]);
    assert!(found(&server, "confidential", None).await.is_empty());
    let (_, stranger, _) = finished(&server, "private").await;
    assert!(found(&server, "confidential", Some(&stranger)).await.is_empty());
    // Whoever knows the code sees the room, and what is said of it.
    let all = server.get(&format!("/api/rooms/{code}/annotations")).await.ok(200);
    assert_eq!(all["annotations"][0]["text"], "confidential");
}

#[tokio::test]
async fn what_is_no_annotation_is_refused() {
    let server = Server::new().await;
    let (code, host, _) = finished(&server, "public").await;
    let path = format!("/api/rooms/{code}/annotations");
    for bad in [
        json!({}),
        json!({ "seq": 1 }),
        json!({ "text": "x" }),
        json!({ "seq": 0, "text": "x" }),
        json!({ "seq": 9999, "text": "x" }),
        json!({ "seq": -1, "text": "x" }),
        json!({ "seq": "1", "text": "x" }),
        json!({ "seq": 1, "text": "" }),
        json!({ "seq": 1, "text": " \n\t\u{0} " }),
        json!({ "seq": 1, "text": "x".repeat(1_001) }),
        json!({ "seq": 1, "text": 5 }),
    ] {
        let answer = server.send(Ask::post(&path, bad.clone()).token(&host)).await;
        answer.refused(400, "VALIDATION_ERROR", &bad.to_string());
    }
    add(&server, &code, &host, 1, &"ö".repeat(1_000)).await.ok(201);
    server.post(&path, json!({ "seq": 1, "text": "x" })).await.refused(401, "AUTH_REQUIRED", "nobody");
    add(&server, "BCDFGH", &host, 1, "x").await.refused(404, "INVALID_GAME", "no room");
    add(&server, "nonsense", &host, 1, "x").await.refused(404, "INVALID_GAME", "no code");
    let room = server.room().await;
    add(&server, &room.code, &room.token, 1, "x").await.refused(409, "NOT_READY", "not over");
}

#[tokio::test]
async fn annotations_go_with_their_room() {
    let server = Server::new().await;
    let (code, host, _) = finished(&server, "public").await;
    add(&server, &code, &host, 1, "ephemeral").await.ok(201);
    let later = server.app.clock.now() + std::time::Duration::from_secs(3_600);
    assert_eq!(server.app.rooms.cleanup(later).await.unwrap(), 1);
    assert!(found(&server, "ephemeral", None).await.is_empty());
}
