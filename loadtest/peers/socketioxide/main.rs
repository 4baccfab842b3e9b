//! The work of `make compare` on bare socketioxide: nobody is known, nothing is checked, nothing is written down.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, Extension, SocketRef};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

static SEQ: AtomicU64 = AtomicU64::new(0);
const NOW: &str = "2026-01-01T00:00:00.000Z";
const SOMEONE: Player = Player { player_id: "b2b6c2de-6f5a-4a0f-9a3b-0d1c6a3a5c11", nickname: "someone" };

#[derive(Clone, Serialize)]
struct Player {
    player_id: &'static str,
    nickname: &'static str,
}

#[derive(Clone)]
struct Room(String);

#[derive(Deserialize)]
struct Join {
    room: String,
}

#[derive(Deserialize)]
struct Ping {
    timestamp: u64,
}

#[derive(Serialize)]
struct Pong {
    ok: bool,
    timestamp: u64,
    server_time: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Typing {
    typing: bool,
}

#[derive(Serialize)]
struct PlayerTyping {
    #[serde(flatten)]
    player: Player,
    typing: bool,
}

#[derive(Deserialize)]
struct Say {
    message: String,
}

#[derive(Serialize)]
struct Said<'a> {
    player: Player,
    message: &'a str,
    seq: u64,
    timestamp: &'static str,
}

#[derive(Serialize)]
struct Done {
    ok: bool,
    seq: Option<u64>,
}

async fn connected(socket: SocketRef) {
    socket.on("join", async |socket: SocketRef, Data(Join { room }), ack: AckSender| {
        socket.join(room.clone());
        socket.extensions.insert(Room(room));
        let _ = ack.send(&Done { ok: true, seq: None });
    });
    socket.on("ping", async |Data(Ping { timestamp }), ack: AckSender| {
        let _ = ack.send(&Pong { ok: true, timestamp, server_time: NOW });
    });
    socket.on("typing", async |socket: SocketRef, Extension(Room(room)), Data(Typing { typing }), ack: AckSender| {
        let _ = socket.to(room).emit("player_typing", &PlayerTyping { player: SOMEONE, typing }).await;
        let _ = ack.send(&Done { ok: true, seq: None });
    });
    socket.on("chat_message", async |socket: SocketRef, Extension(Room(room)), Data(Say { message }), ack: AckSender| {
        let seq = SEQ.fetch_add(1, Ordering::Relaxed) + 1;
        let said = Said { player: SOMEONE, message: &message, seq, timestamp: NOW };
        let _ = socket.within(room).emit("chat_message", &said).await;
        let _ = ack.send(&Done { ok: true, seq: Some(seq) });
    });
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", connected);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, axum::Router::new().layer(layer)).await
}
