//! A small Socket.IO server behind the msgpack door, for the client tests and for measuring what the door costs.
//!
//! `msgpack_echo [plain]`: with `plain`, the same server without the door. Prints its address; ends when its standard input does.

use std::time::Duration;

use axum::Router;
use parlor::socket::door::{Door, Limits};
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, Event, SocketRef};
use std::future::{IntoFuture, ready};

const MAX_PAYLOAD: usize = 100_000;
const MAX_MESSAGE: usize = 200_000;

/// Tells the client what it was when it connected.
fn greet(socket: SocketRef, auth: Value) {
    let parts = socket.req_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let seen = json!({ "auth": auth, "cookie": header("cookie"), "origin": header("origin"), "uri": parts.uri.to_string() });
    let _ = socket.emit("hello", &seen);
}

/// `echo` comes back as an event and as the acknowledgement; `burst {count}` answers with that many events; `bye` disconnects.
fn wire(socket: SocketRef) {
    socket.on("echo", |socket: SocketRef, Data(data): Data<Value>, ack: AckSender| {
        // Sent before the future begins: futures of several events may overtake each other.
        let _ = socket.emit("echo", &data);
        let _ = ack.send(&data);
        ready(())
    });
    socket.on("burst", |socket: SocketRef, Data(count): Data<u64>| async move {
        for index in 0..count {
            // The buffer of a client is bounded; what does not fit yet waits.
            while socket.emit("item", &json!({ "index": index })).is_err() {
                if !socket.connected() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    socket.on("ask", |socket: SocketRef, Data(data): Data<Value>| async move {
        if let Ok(answer) = socket.emit_with_ack::<_, Value>("ask", &data) {
            let answer = answer.await.unwrap_or_else(|error| json!({ "error": error.to_string() }));
            let _ = socket.emit("answer", &answer);
        }
    });
    socket.on("bye", |socket: SocketRef| {
        let _ = socket.disconnect();
        ready(())
    });
    socket.on_fallback(|socket: SocketRef, Event(name): Event| {
        let _ = socket.emit("unknown", &name);
        ready(())
    });
}

async fn connected(socket: SocketRef, Data(auth): Data<Value>) {
    greet(socket, auth);
}

/// Listeners that are registered before the client hears that it is connected miss nothing.
async fn listen(socket: SocketRef) -> Result<(), Refused> {
    wire(socket);
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("AUTH_REQUIRED: nobody may enter")]
struct Refused;

async fn refuse(_: SocketRef) -> Result<(), Refused> {
    Err(Refused)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    use socketioxide::handler::ConnectHandler;

    let (service, io) = SocketIo::builder()
        .max_payload(MAX_PAYLOAD as u64)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        .ping_interval(Duration::from_secs(5))
        .ping_timeout(Duration::from_secs(3))
        .build_svc();
    io.ns("/", connected.with(listen));
    io.ns("/draft", connected.with(listen));
    io.ns("/closed", connected.with(refuse));

    let limits = Limits { path: "/socket.io", max_payload: MAX_PAYLOAD, max_message: MAX_MESSAGE, idle: Duration::from_secs(30) };
    let app = match std::env::args().nth(1).as_deref() {
        Some("plain") => Router::new().fallback_service(service),
        _ => Router::new().fallback_service(Door::new(service, limits)),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (end, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || end.send(std::io::copy(&mut std::io::stdin(), &mut std::io::sink())));
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served,
        _ = ended => Ok(()),
    }
}
