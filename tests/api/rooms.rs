//! Rooms are made, found and joined.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Ask, Server, text};

fn read_qr(bytes: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (side, row) = (info.width as usize, info.line_size);
    let bright = |x: usize, y: usize| if pixels[y * row + x / 8] & (0x80 >> (x % 8)) == 0 { 0 } else { 255 };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, bright);
    picture.detect_grids().first().expect("there is a code in the picture").decode().unwrap().1
}

#[tokio::test]
async fn whoever_makes_a_room_is_its_host_and_gets_a_token() {
    let server = Server::new().await;
    let answer = server.post("/api/rooms", json!({ "game": "draft", "nickname": "  Ada  " })).await;
    assert!(!answer.headers.contains_key("set-cookie") && answer.headers["cache-control"] == "no-store");
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let made = answer.ok(201);
    assert_eq!(
        (&made["nickname"], &made["player_role"], &made["seat"], &made["status"]),
        (&json!("Ada"), &json!("host"), &json!(0), &json!("waiting"))
    );
    assert_eq!(made["join_url"], format!("http://127.0.0.1:3000/join/{}", text(&made["room_code"])));
    let shown = server.get(&location).await.ok(200);
    assert_eq!((&shown["host_nickname"], &shown["guest_nickname"]), (&json!("Ada"), &Value::Null));
    let me = server.send(Ask::get("/api/auth/verify").token(&text(&made["token"]))).await.ok(200);
    assert_eq!((&me["player_id"], &me["expires_at"]), (&made["player_id"], &made["expires_at"]));
}

#[tokio::test]
async fn the_qr_codes_say_the_join_link() {
    let server = Server::new().await;
    let made = server.post("/api/rooms", json!({ "game": "draft" })).await.ok(201);
    let (code, url) = (text(&made["room_code"]), text(&made["join_url"]));
    let data = text(&made["qr_code"]);
    let data = data.strip_prefix("data:image/png;base64,").unwrap();
    assert_eq!(read_qr(&STANDARD.decode(data).unwrap()), url);
    let png = server.get(&format!("/api/rooms/{}/qr.png", code.to_lowercase())).await;
    assert!(png.status == 200 && png.headers["cache-control"] == "private, max-age=300");
    assert_eq!(read_qr(&png.bytes), url);
    let svg = server.get(&format!("/api/rooms/{code}/qr.svg")).await;
    assert!(svg.status == 200 && svg.headers["content-type"] == "image/svg+xml" && svg.bytes.starts_with(b"<?xml"));
    let elsewhere = server.send(Ask::get(&format!("/api/rooms/{code}/qr.png")).header("host", "192.168.1.5:3000")).await;
    assert_eq!(read_qr(&elsewhere.bytes), format!("http://192.168.1.5:3000/join/{code}"));
    for missing in ["222222", "nonsense"] {
        for kind in ["png", "svg"] {
            server.get(&format!("/api/rooms/{missing}/qr.{kind}")).await.refused(404, "INVALID_GAME", missing);
        }
    }
}

#[tokio::test]
async fn a_strange_host_does_not_get_into_links() {
    let server = Server::new().await;
    let ask = Ask::post("/api/rooms", json!({ "game": "draft" })).header("host", "evil.example");
    let made = server.send(ask).await.ok(201);
    assert!(text(&made["join_url"]).starts_with("http://127.0.0.1:3000/join/"));
}

#[tokio::test]
async fn options_may_lie_beside_the_other_fields() {
    let server = Server::new().await;
    for wish in [
        json!({ "host_nickname": "Ada", "template_id": 2, "anime_pool_ids": [1, 2] }),
        json!({ "game": "draft", "options": { "template_id": 2, "anime_pool_ids": [1, 2] } }),
        json!({ "game": "draft", "template_id": 2, "options": { "anime_pool_ids": [1, 2] } }),
        json!({ "game": "draft", "template_id": 1, "options": { "template_id": 2, "anime_pool_ids": [1, 2] } }),
    ] {
        let made = server.post("/api/rooms", wish.clone()).await.ok(201);
        assert_eq!((&made["state"]["template_id"], &made["state"]["anime_pool_ids"]), (&json!(2), &json!([1, 2])), "{wish}");
    }
}

#[tokio::test]
async fn one_joins_watches_and_comes_back() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code.to_lowercase()).await;
    let shown = server.get(&host.path("")).await.ok(200);
    assert_eq!((&shown["guest_nickname"], &shown["status"], &shown["player_count"]), (&json!("Ben"), &json!("ready"), &json!(2)));
    let again = server.send(Ask::post(&host.path("/join"), json!({ "last_seq": 1 })).token(&guest.token)).await.ok(200);
    assert_eq!((&again["seat"], &again["player_id"]), (&json!(1), &json!(guest.id)));
    let events = again["events"].as_array().unwrap();
    assert!(again.get("state").is_none() && events[0]["seq"] == 2, "what came after the event one has");
    let full = server.post(&host.path("/join"), json!({})).await;
    full.refused(409, "ROOM_FULL", "a third");
    assert_eq!(full.body["error"]["details"]["can_spectate"], true);
    let watching = server.post(&host.path("/join"), json!({ "as": "spectator", "nickname": "Cleo" })).await.ok(200);
    assert_eq!((&watching["player_role"], &watching["seat"]), (&json!("spectator"), &Value::Null));
    // Nothing to say counts as `{}`.
    server.send(Ask::new("POST", &host.path("/join")).token(&guest.token)).await.ok(200);
}

#[tokio::test]
async fn a_name_given_to_a_room_is_in_the_new_token() {
    let server = Server::new().await;
    let first = server.post("/api/auth/guest", json!({ "nickname": "Somebody" })).await.ok(201);
    let ask = Ask::post("/api/rooms", json!({ "game": "draft", "nickname": "Ada" })).token(&text(&first["token"]));
    let made = server.send(ask).await.ok(201);
    assert_eq!(
        (&made["player_id"], &made["nickname"], &made["expires_at"]),
        (&first["player_id"], &json!("Ada"), &first["expires_at"])
    );
    let me = server.send(Ask::get("/api/auth/verify").token(&text(&made["token"]))).await.ok(200);
    assert_eq!(me["nickname"], "Ada");
    // With the old token they still speak as who they are in the room.
    let path = format!("/api/rooms/{}", text(&made["room_code"]));
    let say = json!({ "event": "chat_message", "data": { "message": "hello" } });
    server.send(Ask::post(&format!("{path}/commands"), say).token(&text(&first["token"]))).await.ok(200);
    let events = server.get(&format!("{path}/events")).await.ok(200);
    assert_eq!(events["events"].as_array().unwrap().last().unwrap()["data"]["player"]["nickname"], "Ada");
}

#[tokio::test]
async fn a_room_is_made_once_per_command_id() {
    let server = Server::new().await;
    let me = text(&server.post("/api/auth/guest", json!({})).await.ok(201)["token"]);
    let ask = Ask::post("/api/rooms", json!({ "game": "draft", "command_id": "one" })).token(&me);
    let first = server.send(ask.clone()).await.ok(201);
    let again = server.send(ask).await.ok(201);
    assert_eq!((&again["room_code"], &again["duplicate"]), (&first["room_code"], &json!(true)));
    let other = Ask::post("/api/rooms", json!({ "game": "draft", "command_id": "two" })).token(&me);
    assert_ne!(server.send(other).await.ok(201)["room_code"], first["room_code"]);
}

#[tokio::test]
async fn public_rooms_are_listed_newest_first_and_private_ones_never() {
    let server = Server::new().await;
    let mut codes = Vec::new();
    for visibility in ["public", "private", "public"] {
        let made = server.post("/api/rooms", json!({ "game": "draft", "visibility": visibility })).await.ok(201);
        codes.push(text(&made["room_code"]));
    }
    let codes_at = async |query: &str| -> Vec<String> {
        let listed = server.get(&format!("/api/rooms{query}")).await.ok(200);
        listed["rooms"].as_array().unwrap().iter().map(|room| text(&room["room_code"])).collect()
    };
    let mut public = vec![codes[0].clone(), codes[2].clone()];
    for query in ["", "?game=draft&status=waiting", "?game=&status=", "?limit=4294967295", "?unknown=1"] {
        let mut listed = codes_at(query).await;
        listed.sort();
        public.sort();
        assert_eq!(listed, public, "{query}");
    }
    assert_eq!(codes_at("?limit=1").await.len(), 1);
    assert!(codes_at("?limit=0").await.is_empty() && codes_at("?status=ready").await.is_empty());
    assert!(codes_at("?game=chess").await.is_empty());
    server.join(&codes[0]).await;
    assert_eq!(codes_at("?status=ready").await, [codes[0].clone()]);
}

#[tokio::test]
async fn the_games_are_described() {
    let server = Server::new().await;
    let games = server.get("/api/games").await.ok(200);
    let draft = &games["games"][0];
    assert_eq!(
        (&draft["name"], &draft["namespace"], &draft["seats"]),
        (&json!("draft"), &json!("/draft"), &json!({ "min": 2, "max": 2 }))
    );
    assert!(draft["options"]["properties"]["template_id"].is_object() && draft["catalogue"]["templates"].is_array());
}
