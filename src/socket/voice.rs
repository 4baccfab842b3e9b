//! What goes out to one socket, in order.
//!
//! Packets go straight into the connection's buffer. When that is full, they wait here until the client has read some: a burst of
//! thousands of requests is answered in full. A client that does not read at all is hung up on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::RawValue;
use socketioxide::extract::AckSender;
use socketioxide::handler::FromMessageParts;
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};
use socketioxide_core::Value;

use crate::room::outlet::Stuck;

/// Packets that wait here at most. A client that is this far behind will not catch up.
const WAITING_MAX: usize = 32_768;
/// How often the buffer is tried again while it is full; a client on a fast line empties it in less.
const TRY_EVERY: Duration = Duration::from_millis(2);
/// How long a client may take nothing at all.
const STALLED_MAX: Duration = Duration::from_secs(5);
/// How long hanging up is tried; the heartbeat has ended the connection by then.
const HANG_UP_MAX: Duration = Duration::from_secs(15);

/// The way out to one socket.
///
/// It begins held: the client may hear that it is in, and answer, before socketioxide takes anything for it.
pub struct Voice {
    /// The socket is being hung up on.
    over: AtomicBool,
    backed_up: AtomicBool,
    waiting: Mutex<VecDeque<Said>>,
}

impl Default for Voice {
    fn default() -> Self {
        Self { over: AtomicBool::new(false), backed_up: AtomicBool::new(true), waiting: Mutex::default() }
    }
}

enum Said {
    Event(&'static str, Box<RawValue>),
    Ack(i64, Box<RawValue>),
}

impl Voice {
    /// Greets a client that is in now, and then says what was held back for it.
    pub fn open<T: Serialize + ?Sized>(self: &Arc<Self>, socket: &Arc<Socket>, event: &'static str, greeting: &T) {
        let greeted = socket.emit(event, greeting).is_ok();
        let mut waiting = self.waiting.lock();
        if !greeted && let Ok(greeting) = serde_json::value::to_raw_value(greeting) {
            waiting.push_front(Said::Event(event, greeting));
        }
        if waiting.is_empty() {
            self.backed_up.store(false, Ordering::Release);
        } else {
            tokio::spawn(Arc::clone(self).catch_up(Arc::clone(socket)));
        }
    }

    /// # Errors
    /// [`Stuck`] when the connection is closed or hopelessly behind.
    pub fn emit<T: Serialize + ?Sized>(
        self: &Arc<Self>,
        socket: &Arc<Socket>,
        event: &'static str,
        payload: &T,
    ) -> Result<(), Stuck> {
        self.say(
            socket,
            |socket| socket.emit(event, payload),
            || Some(Said::Event(event, serde_json::value::to_raw_value(payload).ok()?)),
        )
    }

    /// Sends an event that the next one replaces: while the client reads nothing, only the newest waits for it.
    pub fn emit_volatile<T: Serialize + ?Sized>(&self, socket: &Arc<Socket>, event: &'static str, payload: &T) {
        // Behind others that wait it would come out of order, and whoever is behind has enough to read.
        if !self.backed_up.load(Ordering::Acquire) {
            let _ = socket.volatile().emit(event, payload);
        }
    }

    /// # Errors
    /// [`Stuck`] when the connection is closed or hopelessly behind.
    pub fn acknowledge<T: Serialize>(self: &Arc<Self>, socket: &Arc<Socket>, ack: i64, answer: &T) -> Result<(), Stuck> {
        self.say(
            socket,
            |socket| send_ack(socket, ack, answer),
            || Some(Said::Ack(ack, serde_json::value::to_raw_value(answer).ok()?)),
        )
    }

    fn say(
        self: &Arc<Self>,
        socket: &Arc<Socket>,
        now: impl FnOnce(&Arc<Socket>) -> Result<(), SendError>,
        later: impl FnOnce() -> Option<Said>,
    ) -> Result<(), Stuck> {
        if !self.backed_up.load(Ordering::Acquire) {
            match now(socket) {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {}
                Err(_) => return Err(Stuck),
            }
        }
        let Some(said) = later() else { return Err(Stuck) };
        let mut waiting = self.waiting.lock();
        if waiting.len() >= WAITING_MAX {
            return Err(Stuck);
        }
        waiting.push_back(said);
        if !self.backed_up.swap(true, Ordering::AcqRel) {
            tokio::spawn(Arc::clone(self).catch_up(Arc::clone(socket)));
        }
        Ok(())
    }

    /// Sends what waits, as fast as the client takes it.
    async fn catch_up(self: Arc<Self>, socket: Arc<Socket>) {
        let mut stalled = Duration::ZERO;
        loop {
            let sent = {
                let mut waiting = self.waiting.lock();
                let Some(next) = waiting.front() else {
                    self.backed_up.store(false, Ordering::Release);
                    return;
                };
                let sent = match next {
                    Said::Event(event, payload) => socket.emit(event, payload),
                    Said::Ack(ack, answer) => send_ack(&socket, *ack, answer),
                };
                if sent.is_ok() {
                    waiting.pop_front();
                }
                sent
            };
            match sent {
                Ok(()) => stalled = Duration::ZERO,
                Err(SendError::Socket(SocketError::InternalChannelFull)) if stalled < STALLED_MAX => {
                    tokio::time::sleep(TRY_EVERY).await;
                    stalled += TRY_EVERY;
                }
                Err(_) => {
                    self.waiting.lock().clear();
                    return self.hang_up(&socket);
                }
            }
        }
    }

    /// Whether it is being hung up on: what arrives from now on needs no answer.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Ends the connection, a moment from now: whoever hears of its end takes locks that the caller may hold. While its buffer is full even
    /// that does not fit, so it is tried until it does.
    pub fn hang_up(&self, socket: &Arc<Socket>) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        let socket = Arc::downgrade(socket);
        tokio::spawn(async move {
            let mut waited = Duration::ZERO;
            while let Some(socket) = socket.upgrade().filter(|socket| socket.connected()) {
                if socket.disconnect().is_ok() || waited > HANG_UP_MAX {
                    return;
                }
                tokio::time::sleep(TRY_EVERY * 50).await;
                waited += TRY_EVERY * 50;
            }
        });
    }
}

fn send_ack<T: Serialize + ?Sized>(socket: &Arc<Socket>, ack: i64, answer: &T) -> Result<(), SendError> {
    // The extractor is the only public way to an AckSender; it looks at nothing but the id.
    let Ok(sender) = <AckSender as FromMessageParts<_>>::from_message_parts(socket, &mut Value::Str("".into(), None), &Some(ack));
    sender.send(answer)
}
