//! Accounts, asked in process through the real routers and on real stores.

#[path = "../api/schema.rs"]
mod schema;
#[allow(dead_code)]
#[path = "../api/support.rs"]
mod support;

mod bad_input;
mod life;
mod sessions;
mod store;
mod throttle;

use serde_json::{Value, json};
use support::{Answer, Ask, Server, text};

const PASSWORD: &str = "correct horse battery";

/// A server whose passwords are cheap to hash.
async fn server(settings: &[&str]) -> Server {
    Server::with(&[&["--password-memory-kib=64"], settings].concat()).await
}

async fn quiet() -> Server {
    server(&["--rate-limits=off"]).await
}

/// Makes an account, signed in.
async fn register(server: &Server, username: &str) -> Value {
    server.post("/api/auth/register", json!({ "username": username, "password": PASSWORD })).await.ok(201)
}

async fn log_in(server: &Server, username: &str, password: &str) -> Answer {
    server.post("/api/auth/login", json!({ "username": username, "password": password })).await
}

async fn refresh(server: &Server, token: &Value) -> Answer {
    server.post("/api/auth/refresh", json!({ "refresh_token": token })).await
}

async fn verify(server: &Server, token: &Value) -> Answer {
    server.send(Ask::get("/api/auth/verify").token(&text(token))).await
}

async fn as_player(server: &Server, token: &Value, method: &str, path: &str, body: Value) -> Answer {
    let ask = Ask::new(method, path).header("content-type", "application/json").body(body.to_string());
    server.send(ask.token(&text(token))).await
}
