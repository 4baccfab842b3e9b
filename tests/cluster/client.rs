//! A Socket.IO client over a WebSocket, as small as these tests need it.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A machine that does much else at once may take its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who plays, whatever the transport.
pub trait Player {
    /// Sends an event and waits for its acknowledgement.
    async fn ask(&mut self, event: &str, data: Value) -> Value;

    /// The next event of this name; those before it are passed over.
    async fn wait_for(&mut self, name: &str) -> Value;

    async fn ok(&mut self, event: &str, data: Value) -> Value {
        let answer = self.ask(event, data).await;
        assert_eq!(answer["ok"], true, "{event}: {answer}");
        answer
    }
}

pub struct Client {
    socket: WebSocketStream<TcpStream>,
    namespace: &'static str,
    next_id: u64,
    events: VecDeque<(String, Value)>,
    pub token: String,
    /// Logged events as they came: their seqs.
    pub seqs: Vec<u64>,
}

impl Client {
    /// Connects to the node at `port`; `auth` is what the handshake carries.
    pub async fn connect(port: u16, auth: Value) -> Self {
        Self::enter(port, "/draft", auth).await
    }

    /// The same for another game.
    pub async fn enter(port: u16, namespace: &'static str, auth: Value) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        socket.send(Message::text(format!("40{namespace},{auth}"))).await.unwrap();
        let mut client = Self { socket, namespace, next_id: 0, events: VecDeque::new(), token: String::new(), seqs: Vec::new() };
        let session = client.wait_for("session").await;
        client.token = session["token"].as_str().unwrap().to_owned();
        client
    }

    pub async fn wait_until(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some((event, data)) = self.events.pop_front() {
                if event == name && fits(&data) {
                    return data;
                }
            }
            assert!(self.receive(until).await.is_some(), "{name} did not come");
        }
    }

    /// Waits until the server hangs up; the events that came before.
    pub async fn hung_up(&mut self) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            match timeout_at(until, self.socket.next()).await.expect("the server hangs up") {
                None | Some(Err(_) | Ok(Message::Close(_))) => break,
                Some(Ok(Message::Text(text))) if text.starts_with("41") => break,
                Some(Ok(Message::Text(text))) if text == "2" => self.socket.send(Message::text("3")).await.unwrap(),
                Some(Ok(Message::Text(text))) => self.events.extend(event(self.namespace, text.as_str())),
                _ => {}
            }
        }
        self.events.drain(..).map(|(name, _)| name).collect()
    }

    /// Events of this name that have come, listening for this long.
    pub async fn count(&mut self, name: &str, time: Duration) -> usize {
        self.listen(time).await;
        let count = self.events.iter().filter(|(event, _)| event == name).count();
        self.events.clear();
        count
    }

    /// Listens for this long.
    pub async fn listen(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while self.receive(until).await.is_some() {}
    }

    /// Reads one packet; events are kept, heartbeats answered. None when the time is over.
    async fn receive(&mut self, until: Instant) -> Option<String> {
        loop {
            let message = timeout_at(until, self.socket.next()).await.ok()?;
            let text = match message.expect("the connection is open").unwrap() {
                Message::Text(text) => text.as_str().to_owned(),
                Message::Close(_) => panic!("the server closed the connection"),
                _ => continue,
            };
            if text == "2" {
                self.socket.send(Message::text("3")).await.unwrap();
                continue;
            }
            if let Some((name, data)) = event(self.namespace, &text) {
                let logged = !matches!(name.as_str(), "connection_established" | "state_sync");
                if let Some(seq) = data["seq"].as_u64().filter(|_| logged) {
                    self.seqs.push(seq);
                }
                self.events.push_back((name, data));
            }
            return Some(text);
        }
    }

    /// Whether no event was missed, came twice, or came out of order.
    pub fn is_gapless(&self) -> bool {
        self.seqs.windows(2).all(|pair| pair[1] == pair[0] + 1)
    }
}

impl Player for Client {
    async fn ask(&mut self, event: &str, data: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let packet = format!("42{},{id}{}", self.namespace, json!([event, data]));
        self.socket.send(Message::text(packet)).await.unwrap();
        let begins = format!("43{},{id}[", self.namespace);
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.receive(until).await.unwrap_or_else(|| panic!("no answer to {event}"));
            if let Some(rest) = text.strip_prefix(&begins) {
                return serde_json::from_str::<Vec<Value>>(&format!("[{rest}")).unwrap().remove(0);
            }
        }
    }

    async fn wait_for(&mut self, name: &str) -> Value {
        self.wait_until(name, |_| true).await
    }
}

/// The name and the payload of an event.
fn event(namespace: &str, packet: &str) -> Option<(String, Value)> {
    let event = packet.strip_prefix(&format!("42{namespace},"))?;
    let mut parts: Vec<Value> = serde_json::from_str(event).unwrap();
    let data = if parts.len() > 1 { parts.remove(1) } else { Value::Null };
    Some((parts[0].as_str().unwrap().to_owned(), data))
}
