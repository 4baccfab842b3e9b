//! A server without a network, and requests to it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::middleware::{from_fn, from_fn_with_state};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use parlor::app::{App, room_settings};
use parlor::games::{Assets, catalogue};
use parlor::room::settings::RoomSettings;
use parlor::room::{Rooms, deadlines};
use parlor::web::{api, cors, headers};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::schema;

pub const PEER: [u8; 4] = [203, 0, 113, 7];

pub struct Server {
    pub app: Arc<App>,
    router: Router,
    document: Value,
    _folder: TempDir,
}

impl Server {
    pub async fn new() -> Self {
        Self::with(&["--rate-limits=off"]).await
    }

    /// With settings as on the command line.
    pub async fn with(settings: &[&str]) -> Self {
        Self::rooms_with(settings, |_| {}).await
    }

    /// With settings of rooms that operators have no names for.
    pub async fn rooms_with(settings: &[&str], change: impl FnOnce(&mut RoomSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = format!("--data-dir={}", folder.path().display());
        let args = ["parlor", &data, "--sqlite-synchronous=normal", "--secret=a secret of these tests, long enough"];
        let database = crate::database(folder.path()).await.map(|url| format!("--database-url={url}"));
        let args = args.into_iter().chain(database.as_deref()).chain(settings.iter().copied()).map(Into::into).collect();
        let config = parlor::cli::try_parse(args).unwrap().cli.config;
        let app = App::new(config, "127.0.0.1:3000".parse().unwrap()).await.unwrap();
        let mut app = Arc::into_inner(app).unwrap();
        let mut rooms = room_settings(&app.config);
        change(&mut rooms);
        let rooms = Arc::new(rooms);
        let games = catalogue(Assets::default(), &rooms);
        app.rooms = Arc::new(Rooms::new(Arc::clone(&app.log), app.clock.clone(), rooms, games));
        let app = Arc::new(app);
        tokio::spawn(deadlines::run(Arc::clone(&app.rooms), app.clock.clone()));
        // As the whole server puts it together.
        let router = Router::new()
            .merge(api::router().layer(from_fn_with_state(Arc::clone(&app.origins), cors::gate)))
            .layer(from_fn(headers::secure))
            .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
            .with_state(Arc::clone(&app));
        let document = serde_json::from_str(api::about::OPENAPI).unwrap();
        Self { app, router, document, _folder: folder }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Ask::get(path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Ask::post(path, body)).await
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        let Ask { method, path, headers, body, peer } = ask;
        let mut request = Request::builder().method(method.as_str()).uri(&path).extension(ConnectInfo(SocketAddr::from((peer, 5))));
        if !headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", "127.0.0.1:3000");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body, bytes };
        self.hold_against_document(&method, &path, &answer);
        answer
    }

    fn hold_against_document(&self, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap_or_default();
        let fits = |template: &str| {
            let (given, wanted): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
            given.len() == wanted.len()
                && given.iter().zip(wanted).all(|(given, wanted)| wanted.starts_with('{') || wanted == *given)
        };
        let (_, methods) = match self.document["paths"].as_object().unwrap().iter().find(|(template, _)| fits(template)) {
            Some(found) => found,
            None => return,
        };
        let Some(operation) = methods.get(method.to_ascii_lowercase()) else { return };
        if answer.status == 403 && answer.headers.get("vary").is_some() && answer.code() == "FORBIDDEN" {
            // The gate for other origins stands in front of everything.
            return;
        }
        let mut response = &operation["responses"][answer.status.to_string()];
        assert!(!response.is_null(), "{method} {path} may not answer {}: {}", answer.status, answer.body);
        if let Some(reference) = response["$ref"].as_str() {
            response = schema::resolve(&self.document, reference);
        }
        let kind = answer.headers["content-type"].to_str().unwrap().split(';').next().unwrap();
        let content = &response["content"][kind];
        assert!(content.is_object(), "{method} {path} may not answer {} with {kind}", answer.status);
        if kind == "application/json" {
            schema::check(&self.document, &content["schema"], &answer.body, &format!("{method} {path}: {}", answer.status));
        }
    }

    /// A room with a host.
    pub async fn room(&self) -> Guest<'_> {
        let made = self.post("/api/rooms", json!({ "game": "draft", "nickname": "Ada" })).await.ok(201);
        Guest { server: self, code: text(&made["room_code"]), token: text(&made["token"]), id: text(&made["player_id"]) }
    }

    /// Another player of that room.
    pub async fn join(&self, code: &str) -> Guest<'_> {
        let joined = self.post(&format!("/api/rooms/{code}/join"), json!({ "nickname": "Ben" })).await.ok(200);
        Guest { server: self, code: code.to_owned(), token: text(&joined["token"]), id: text(&joined["player_id"]) }
    }
}

/// Somebody in a room who has nothing but HTTP.
pub struct Guest<'a> {
    pub server: &'a Server,
    pub code: String,
    pub token: String,
    pub id: String,
}

impl Guest<'_> {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}{rest}", self.code)
    }

    pub async fn get(&self, rest: &str) -> Answer {
        self.server.send(Ask::get(&self.path(rest)).token(&self.token)).await
    }

    pub async fn command(&self, event: &str, data: Value) -> Answer {
        self.server.send(Ask::post(&self.path("/commands"), json!({ "event": event, "data": data })).token(&self.token)).await
    }

    pub async fn state(&self) -> Value {
        self.get("/state").await.ok(200)["state"].clone()
    }

    pub async fn events(&self, after: u64) -> Vec<Value> {
        self.get(&format!("/events?after={after}")).await.ok(200)["events"].as_array().unwrap().clone()
    }
}

#[derive(Clone)]
pub struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: [u8; 4],
}

impl Ask {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), headers: vec![], body: vec![], peer: PEER }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str, body: Value) -> Self {
        Self::new("POST", path).header("content-type", "application/json").body(body.to_string())
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn sent_by(mut self, peer: [u8; 4]) -> Self {
        self.peer = peer;
        self
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Bytes,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// A refusal with this status and code.
    pub fn refused(&self, status: u16, code: &str, what: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{what}: {}", self.body);
        assert_eq!(self.body["ok"], false, "{what}");
        let message = self.body["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && message.len() < 1_000, "{what}: {message}");
        assert_eq!(self.headers["cache-control"], "no-store", "{what}");
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} should be a text")).to_owned()
}
