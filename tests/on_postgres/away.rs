//! A whole server while its Postgres is stopped and started.

use std::time::Duration;

use parlor::app::App;
use parlor::server;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::postgres;

async fn ask(port: u16, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let who = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{who}connection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_says_that_its_store_is_away_and_goes_on_when_it_is_back() {
    let database = postgres::Server::start();
    let url = database.database().await;
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "parlor".to_owned(),
        format!("--data-dir={}", folder.path().display()),
        format!("--database-url={url}"),
        "--postgres-timeout-ms=1000".into(),
        "--rate-limits=off".into(),
        "--secret=a secret of these tests, long enough".into(),
    ];
    let config = parlor::cli::try_parse(args.iter().map(Into::into).collect()).unwrap().cli.config;
    let listener = server::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port();
    let app = App::new(config, address).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server::run(app, listener, async move { drop(stopped.await) }));

    let (status, made) = ask(port, "POST", "/api/rooms", "", &json!({ "game": "draft", "nickname": "Ada" })).await;
    assert_eq!(status, 201, "{made}");
    let (code, token) = (made["room_code"].as_str().unwrap(), made["token"].as_str().unwrap());
    let commands = format!("/api/rooms/{code}/commands");
    let chat = |id: &str| json!({ "event": "chat_message", "data": { "message": "hello" }, "command_id": id });
    assert_eq!(ask(port, "POST", &commands, token, &chat("before")).await.0, 200);
    assert_eq!(ask(port, "GET", "/readyz", "", &json!({})).await.0, 200);

    for round in 0..3 {
        if round == 1 {
            database.kill()
        } else {
            database.stop()
        };
        let (id, more) = (format!("away-{round}"), format!("again-{round}"));
        for id in [&id, &more] {
            let (status, refused) = ask(port, "POST", &commands, token, &chat(id)).await;
            assert_eq!((status, refused["error"]["code"].as_str()), (503, Some("UNAVAILABLE")), "{refused}");
        }
        assert_eq!(ask(port, "POST", "/api/rooms", "", &json!({ "game": "draft" })).await.0, 503);
        let (status, ready) = ask(port, "GET", "/readyz", "", &json!({})).await;
        assert_eq!((status, ready["checks"][0]["ok"].as_bool()), (503, Some(false)), "{ready}");
        assert_eq!(ask(port, "GET", "/healthz", "", &json!({})).await.0, 200);

        database.run();
        // The first request afterwards already works, and the one that was refused is applied once.
        let mut answers = Vec::new();
        for id in [&id, &id] {
            let (status, answer) = ask(port, "POST", &commands, token, &chat(id)).await;
            assert_eq!(status, 200, "{answer}");
            answers.push(answer["duplicate"].as_bool().unwrap_or(false));
        }
        assert!(answers[1], "{answers:?}");
        assert_eq!(ask(port, "GET", "/readyz", "", &json!({})).await.0, 200);
        let (_, told) = ask(port, "GET", &format!("/api/rooms/{code}/events?after=0"), token, &json!({})).await;
        let events = told["events"].as_array().unwrap();
        let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        let chats = events.iter().filter(|event| event["event"] == "chat_message").count();
        assert_eq!(chats, 2 + round, "{told}");
    }
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(30), serving).await.unwrap().unwrap().unwrap();
}
