//! A Socket.IO client that knows when its session fails: by polling, as on a network where nothing else passes, or over a WebSocket.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Player;

/// A machine that does much else at once may take its time.
const PATIENCE: Duration = Duration::from_secs(60);
const NAMESPACE: &str = "/draft";

/// Why a session ended.
pub type Failure = (StatusCode, String);

pub struct Session {
    http: Http<HttpConnector, Body>,
    url: String,
    packets: mpsc::UnboundedReceiver<Result<String, Failure>>,
    /// Over a WebSocket, what is sent goes here.
    socket: Option<mpsc::UnboundedSender<String>>,
    reading: JoinHandle<()>,
    next_id: u64,
    events: VecDeque<(String, Value)>,
    pub token: String,
    pub seqs: Vec<u64>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

pub fn http() -> Http<HttpConnector, Body> {
    Http::builder(TokioExecutor::new()).build(HttpConnector::new())
}

pub async fn send(http: &Http<HttpConnector, Body>, method: Method, url: &str, body: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(url).body(Body::from(body.to_owned())).unwrap();
    match http.request(request).await {
        Ok(response) => {
            let status = response.status();
            match to_bytes(Body::new(response.into_body()), usize::MAX).await {
                Ok(body) => (status, String::from_utf8_lossy(&body).into_owned()),
                // Cut off: what was in it has not arrived.
                Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
            }
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    }
}

impl Session {
    /// Connects through `port`; the failure that ended the attempt, otherwise.
    pub async fn connect(port: u16, auth: Value) -> Result<Self, Failure> {
        let http = http();
        let base = format!("http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling");
        let (status, open) = send(&http, Method::GET, &base, "").await;
        let sid = open.strip_prefix('0').and_then(|open| serde_json::from_str::<Value>(open).ok());
        let Some(sid) = sid.and_then(|open| Some(open["sid"].as_str()?.to_owned())) else { return Err((status, open)) };
        let url = format!("{base}&sid={sid}");
        let (found, packets) = mpsc::unbounded_channel();
        let reading = tokio::spawn(poll(http.clone(), url.clone(), found));
        let (events, seqs) = (VecDeque::new(), Vec::new());
        let poller = Self { http, url, packets, socket: None, reading, next_id: 0, events, token: String::new(), seqs };
        poller.begin(auth).await
    }

    /// The same over a WebSocket.
    pub async fn connect_by_websocket(port: u16, auth: Value) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| (StatusCode::BAD_GATEWAY, error.to_string());
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| failed(&error))?;
        let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
        let (socket, _) = tokio_tungstenite::client_async(&url, stream).await.map_err(|error| failed(&error))?;
        let (found, packets) = mpsc::unbounded_channel();
        let (sender, to_send) = mpsc::unbounded_channel();
        let reading = tokio::spawn(carry(socket, to_send, found));
        let (events, seqs) = (VecDeque::new(), Vec::new());
        let session =
            Self { http: http(), url, packets, socket: Some(sender), reading, next_id: 0, events, token: String::new(), seqs };
        session.begin(auth).await
    }

    async fn begin(mut self, auth: Value) -> Result<Self, Failure> {
        self.post(&format!("40{NAMESPACE},{auth}")).await?;
        let session = self.next_event("session").await?;
        self.token = session["token"].as_str().unwrap().to_owned();
        Ok(self)
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Moves the session to a WebSocket that is opened through `port`, asks something, and hangs up.
    pub async fn upgrade(self, port: u16) -> Value {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let url = self.url.replace("http://", "ws://").replace("transport=polling", "transport=websocket");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        socket.send(Message::text("2probe")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().to_text().unwrap(), "3probe");
        // The poll that waits is let go, and no other follows.
        socket.send(Message::text("5")).await.unwrap();
        socket.send(Message::text(format!("42{NAMESPACE},77{}", json!(["ping", { "timestamp": 1 }])))).await.unwrap();
        loop {
            let message = socket.next().await.unwrap().unwrap();
            let text = message.to_text().unwrap();
            if text == "2" {
                socket.send(Message::text("3")).await.unwrap();
            } else if let Some(answer) = text.strip_prefix(&format!("43{NAMESPACE},77")) {
                return serde_json::from_str::<Vec<Value>>(answer).unwrap().remove(0);
            }
        }
    }

    async fn post(&self, packet: &str) -> Result<(), Failure> {
        if let Some(socket) = &self.socket {
            return socket.send(packet.to_owned()).map_err(|_| (StatusCode::GONE, "the connection has ended".to_owned()));
        }
        match send(&self.http, Method::POST, &self.url, packet).await {
            (StatusCode::OK, _) => Ok(()),
            failure => Err(failure),
        }
    }

    /// Sends an event and waits for its acknowledgement.
    pub async fn try_ask(&mut self, event: &str, data: Value) -> Result<Value, Failure> {
        let id = self.next_id;
        self.next_id += 1;
        self.post(&format!("42{NAMESPACE},{id}{}", json!([event, data]))).await?;
        let begins = format!("43{NAMESPACE},{id}[");
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.receive(until).await?;
            if let Some(rest) = text.strip_prefix(&begins) {
                return Ok(serde_json::from_str::<Vec<Value>>(&format!("[{rest}")).unwrap().remove(0));
            }
        }
    }

    pub async fn next_event(&mut self, name: &str) -> Result<Value, Failure> {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some((event, data)) = self.events.pop_front() {
                if event == name {
                    return Ok(data);
                }
            }
            self.receive(until).await?;
        }
    }

    async fn receive(&mut self, until: Instant) -> Result<String, Failure> {
        loop {
            let received = timeout_at(until, self.packets.recv()).await;
            let packet = received.map_err(|_| (StatusCode::REQUEST_TIMEOUT, "nothing came in time".to_owned()))?;
            let text = packet.unwrap_or_else(|| Err((StatusCode::GONE, "polling has ended".to_owned())))?;
            if text == "2" {
                self.post("3").await?;
                continue;
            }
            if let Some(event) = text.strip_prefix(&format!("42{NAMESPACE},")) {
                let mut parts: Vec<Value> = serde_json::from_str(event).unwrap();
                let data = if parts.len() > 1 { parts.remove(1) } else { Value::Null };
                let name = parts[0].as_str().unwrap().to_owned();
                let logged = !matches!(name.as_str(), "connection_established" | "state_sync");
                if let Some(seq) = data["seq"].as_u64().filter(|_| logged) {
                    self.seqs.push(seq);
                }
                self.events.push_back((name, data));
            }
            return Ok(text);
        }
    }
}

impl Player for Session {
    async fn ask(&mut self, event: &str, data: Value) -> Value {
        self.try_ask(event, data).await.unwrap_or_else(|failure| panic!("{event}: {failure:?}"))
    }

    async fn wait_for(&mut self, name: &str) -> Value {
        self.next_event(name).await.unwrap_or_else(|failure| panic!("waiting for {name}: {failure:?}"))
    }
}

/// Polls until that fails or nobody listens; heartbeats and all else go to the client.
async fn poll(http: Http<HttpConnector, Body>, url: String, found: mpsc::UnboundedSender<Result<String, Failure>>) {
    loop {
        match send(&http, Method::GET, &url, "").await {
            (StatusCode::OK, payload) => {
                for packet in payload.split('\u{1e}') {
                    let closed = packet == "1";
                    if found.send(Ok(packet.to_owned())).is_err() || closed || packet == "6" {
                        return;
                    }
                }
            }
            failure => {
                let _ = found.send(Err(failure));
                return;
            }
        }
    }
}

/// Carries packets both ways until the WebSocket ends.
async fn carry(
    mut socket: WebSocketStream<TcpStream>,
    mut to_send: mpsc::UnboundedReceiver<String>,
    found: mpsc::UnboundedSender<Result<String, Failure>>,
) {
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => drop(found.send(Ok(text.as_str().to_owned()))),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break,
            },
            packet = to_send.recv() => match packet {
                Some(packet) => if socket.send(Message::text(packet)).await.is_err() { break },
                None => break,
            },
        }
    }
    let _ = found.send(Err((StatusCode::GONE, "the connection has ended".to_owned())));
}
