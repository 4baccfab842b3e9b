//! What people do with accounts, over the API.

use crate::support::{Answer, Ask, Server, text};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery";

/// A server whose passwords are cheap to hash.
pub async fn server(settings: &[&str]) -> Server {
    Server::with(&[&["--password-memory-kib=64"], settings].concat()).await
}

pub async fn quiet() -> Server {
    server(&["--rate-limits=off"]).await
}

/// Makes an account, signed in.
pub async fn register(server: &Server, username: &str) -> Value {
    server.post("/api/auth/register", json!({ "username": username, "password": PASSWORD })).await.ok(201)
}

pub async fn log_in(server: &Server, username: &str, password: &str) -> Answer {
    server.post("/api/auth/login", json!({ "username": username, "password": password })).await
}

pub async fn refresh(server: &Server, token: &Value) -> Answer {
    server.post("/api/auth/refresh", json!({ "refresh_token": token })).await
}

pub async fn verify(server: &Server, token: &Value) -> Answer {
    server.send(Ask::get("/api/auth/verify").token(&text(token))).await
}

pub async fn as_player(server: &Server, token: &Value, method: &str, path: &str, body: Value) -> Answer {
    let ask = Ask::new(method, path).header("content-type", "application/json").body(body.to_string());
    server.send(ask.token(&text(token))).await
}
