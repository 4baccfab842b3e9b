//! Requests that are not in order.

use serde_json::{Value, json};

use crate::support::{Ask, Server};

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused_at_every_route() {
    let server = Server::new().await;
    let host = server.room().await;
    for path in ["/api/rooms", "/api/auth/guest", &host.path("/join"), &host.path("/commands")] {
        let ask = |body: &[u8]| Ask::new("POST", path).token(&host.token).body(body).header("content-type", "application/json");
        for body in [
            &b"{"[..],
            b"[]",
            b"null",
            b"5",
            b"\"{}\"",
            b"{}{}",
            b"{\"a\":}",
            b"{\"\xff\xfe\":1}",
            b"\0",
            b"{'a':1}",
            b"{\"a\":1,}",
        ] {
            server.send(ask(body)).await.refused(400, "VALIDATION_ERROR", &format!("{path} {body:?}"));
        }
        let nested = format!(r#"{{"game":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        assert!(server.send(ask(nested.as_bytes())).await.status < 500, "no depth is too deep");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"] {
            let ask = Ask::new("POST", path).token(&host.token).body("{}").header("content-type", kind);
            server.send(ask).await.refused(415, "VALIDATION_ERROR", kind);
        }
        server.send(Ask::new("POST", path).token(&host.token).body("{}")).await.refused(415, "VALIDATION_ERROR", "no type");
        let large = json!({ "game": "draft", "event": "ping", "x": "x".repeat(70_000) });
        server.send(Ask::post(path, large).token(&host.token)).await.refused(413, "PAYLOAD_TOO_LARGE", path);
    }
}

#[tokio::test]
async fn fields_of_the_wrong_type_are_refused() {
    let server = Server::new().await;
    let host = server.room().await;
    let wrong_rooms = [
        r#"{}"#,
        r#"{"game":"chess"}"#,
        r#"{"game":""}"#,
        r#"{"game":5}"#,
        r#"{"game":"draft","game":"draft"}"#,
        r#"{"game":"draft","options":[]}"#,
        r#"{"game":"draft","options":"x"}"#,
        r#"{"game":"draft","options":{"template_id":"x"}}"#,
        r#"{"game":"draft","options":{"template_id":-1}}"#,
        r#"{"game":"draft","options":{"template_id":1e300}}"#,
        r#"{"game":"draft","options":{"template_id":999999}}"#,
        r#"{"game":"draft","options":{"template_id":1,"template_id":2}}"#,
        r#"{"game":"draft","template_id":"x"}"#,
        r#"{"template_id":999999}"#,
        r#"{"game":"draft","anime_pool_ids":[]}"#,
        r#"{"game":"draft","visibility":"secret"}"#,
        r#"{"game":"draft","seats":0}"#,
        r#"{"game":"draft","seats":-1}"#,
        r#"{"game":"draft","seats":256}"#,
        r#"{"game":"draft","seats":2.5}"#,
        r#"{"game":"draft","client_seed":""}"#,
        r#"{"game":"draft","client_seed":"a|b"}"#,
        r#"{"game":"draft","command_id":""}"#,
        r#"{"game":"draft","command_id":7}"#,
        r#"{"game":"draft","command_id":"a\u0000"}"#,
    ];
    let wrong_joins = [
        r#"{"as":"king"}"#,
        r#"{"as":1}"#,
        r#"{"last_seq":-1}"#,
        r#"{"last_seq":4294967296}"#,
        r#"{"last_seq":"1"}"#,
        r#"{"client_seed":"a b"}"#,
        r#"{"nickname":"a","nickname":"b"}"#,
        r#"{"nickname":"a","guest_nickname":"b"}"#,
    ];
    let long = format!(r#"{{"event":"chat_message","data":{{"message":"x"}},"command_id":"{}"}}"#, "x".repeat(65));
    let wrong_commands = [
        r#"{}"#,
        r#"{"data":{}}"#,
        r#"{"event":5}"#,
        r#"{"event":null}"#,
        r#"{"event":["ping"]}"#,
        r#"{"event":"chat_message"}"#,
        r#"{"event":"chat_message","data":[]}"#,
        r#"{"event":"chat_message","data":"hi"}"#,
        r#"{"event":"chat_message","data":{"message":""}}"#,
        r#"{"event":"chat_message","data":{"message":7}}"#,
        r#"{"event":"chat_message","data":{"message":"a","message":"b"}}"#,
        r#"{"event":"chat_message","event":"ping","data":{"message":"a"}}"#,
        r#"{"event":"chat_message","data":{"message":"a"},"command_id":7}"#,
        r#"{"event":"chat_message","data":{"message":"a"},"expected_version":-1}"#,
        r#"{"event":"chat_message","data":{"message":"a"},"expected_version":1.5}"#,
        r#"{"event":"chat_message","data":{"message":"a","game_version":"x"}}"#,
        r#"{"event":"ping","data":[]}"#,
        r#"{"event":"typing","data":{"typing":"yes"}}"#,
        r#"{"event":"request_sync","data":{"last_seq":-5}}"#,
        r#"{"event":"add_bot","data":{"seat":-1}}"#,
        r#"{"event":"add_bot","data":{"seat":200}}"#,
        r#"{"event":"remove_bot","data":{}}"#,
        r#"{"event":"client_seed","data":{"client_seed":5}}"#,
        r#"{"event":"place_character","data":{"character_id":"x","role_name":1}}"#,
        r#"{"event":"place_character"}"#,
        r#"{"event":"create_room","data":{}}"#,
        r#"{"event":"join_room","data":{"room_code":"BCDFGH"}}"#,
        r#"{"event":"join_game_room","data":{}}"#,
        r#"{"event":"refresh_token","data":{}}"#,
        &long,
    ];
    let post = async |path: &str, body: &str| {
        let ask = Ask::new("POST", path).token(&host.token).header("content-type", "application/json").body(body);
        server.send(ask).await.refused(400, "VALIDATION_ERROR", &format!("{path} {body}"));
    };
    for body in wrong_rooms {
        post("/api/rooms", body).await;
    }
    let seq = host.events(0).await.len();
    for body in wrong_commands {
        post(&host.path("/commands"), body).await;
    }
    for event in ["fly", "", "start_game ", "START_GAME", "__proto__", "\u{0}", &"x".repeat(5_000)] {
        host.command(event, json!({})).await.refused(400, "UNKNOWN_EVENT", event);
    }
    assert_eq!(host.events(0).await.len(), seq, "nothing was logged");
    for body in wrong_joins {
        let ask = Ask::new("POST", &host.path("/join")).header("content-type", "application/json").body(body);
        server.send(ask).await.refused(400, "VALIDATION_ERROR", body);
    }
    assert_eq!(server.get(&host.path("")).await.ok(200)["player_count"], 1, "nobody came in");
}

#[tokio::test]
async fn addresses_that_name_no_room_are_refused() {
    let server = Server::new().await;
    let token = server.room().await.token;
    let codes =
        ["222222", "BCDFG", "BCDFGHJ", "BCDFGA", "%D0%92%D0%A1DFGH", "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%20", "BCDFGH%0a"];
    for code in codes {
        for rest in ["", "/qr.svg", "/qr.png", "/events", "/state", "/verify"] {
            let path = format!("/api/rooms/{code}{rest}");
            server.send(Ask::get(&path).token(&token)).await.refused(404, "INVALID_GAME", &path);
        }
        for rest in ["/join", "/commands"] {
            let path = format!("/api/rooms/{code}{rest}");
            let ask = Ask::post(&path, json!({ "event": "ping" })).token(&token);
            server.send(ask).await.refused(404, "INVALID_GAME", &path);
        }
    }
    assert_eq!(server.app.rooms.awake(), 1, "asking for what is not there leaves nothing behind");
}

#[tokio::test]
async fn queries_that_say_nothing_sensible_are_refused() {
    let server = Server::new().await;
    let host = server.room().await;
    let numbers = ["x", "-1", "1.5", "4294967296", "99999999999999999999", "1e3", "0x1", "%00", "1%202", "+"];
    for (path, fields) in [("/events", ["after", "wait"]), ("/state", ["at", "at"])] {
        for (field, number) in fields.iter().flat_map(|field| numbers.map(|number| (field, number))) {
            let query = format!("{path}?{field}={number}");
            host.get(&query).await.refused(400, "VALIDATION_ERROR", &query);
        }
    }
    for query in
        ["/events?after=1&after=2", "/state?at=0", "/state?at=1000000", "/export", "/export?format=mat", "/export?format=%00"]
    {
        host.get(query).await.refused(400, "VALIDATION_ERROR", query);
    }
    for query in ["?status=sideways", "?status=WAITING", "?limit=x", "?limit=-1", "?game=a&game=b"] {
        server.get(&format!("/api/rooms{query}")).await.refused(400, "VALIDATION_ERROR", query);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_not_there() {
    let server = Server::new().await;
    let host = server.room().await;
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/rooms/",
        "/api/rooms/BCDFGH/nothing",
        "/api/../api/nothing",
        "/api/auth",
        "/api/auth/guest/x",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = server.send(Ask::new(method, path)).await;
            assert_eq!((answer.status, answer.code()), (404, "VALIDATION_ERROR"), "{method} {path}: {}", answer.body);
        }
    }
    for (method, path) in [
        ("DELETE", "/api/rooms"),
        ("PUT", "/api/rooms"),
        ("POST", "/api/games"),
        ("POST", &host.path("")),
        ("GET", &host.path("/join")),
        ("GET", &host.path("/commands")),
        ("POST", &host.path("/events")),
        ("GET", "/api/auth/guest"),
        ("TRACE", "/api/docs"),
        ("NONSENSE", "/api/games"),
    ] {
        let answer = server.send(Ask::new(method, path)).await;
        answer.refused(405, "VALIDATION_ERROR", &format!("{method} {path}"));
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
    }
    let head = server.send(Ask::new("HEAD", "/api/games")).await;
    assert!(head.status == 200 && head.bytes.is_empty() && head.body == Value::Null);
}
