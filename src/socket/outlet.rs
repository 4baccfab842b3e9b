//! A room's way to one socket.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde_json::value::RawValue;
use socketioxide::socket::Socket;

use crate::id::RoomCode;
use crate::room::outlet::{Outlet, Stuck};
use crate::socket::lane::Lane;
use crate::socket::voice::Voice;

/// Events that wait while the socket is on its way elsewhere: that takes one commit.
const HELD_MAX: usize = 4_096;

pub struct SocketOutlet {
    voice: Arc<Voice>,
    socket: Arc<Socket>,
    lane: Weak<Lane>,
    seated: bool,
    passage: Mutex<Passage>,
}

/// Whether what the room says reaches the socket. Numbered events do not say of which room they are, so nothing of a room may be heard after
/// another has said that one is in it.
enum Passage {
    Open,
    /// The socket is on its way into another room; should it be refused there, it has missed nothing here.
    Held(Vec<(&'static str, Box<RawValue>)>),
    /// It is in another room.
    Shut,
}

impl SocketOutlet {
    pub fn new(lane: &Arc<Lane>, socket: &Arc<Socket>, seated: bool) -> Arc<Self> {
        Arc::new(Self {
            voice: Arc::clone(&lane.voice),
            socket: Arc::clone(socket),
            lane: Arc::downgrade(lane),
            seated,
            passage: Mutex::new(Passage::Open),
        })
    }

    /// From now on nothing passes, until it is known where the socket is.
    pub fn hold(&self) {
        *self.passage.lock() = Passage::Held(Vec::new());
    }

    /// The socket stays: what was held passes.
    pub fn release(&self) {
        let mut passage = self.passage.lock();
        if let Passage::Held(held) = std::mem::replace(&mut *passage, Passage::Open)
            && held.iter().any(|(event, payload)| self.voice.emit(&self.socket, event, payload).is_err())
        {
            self.voice.hang_up(&self.socket);
        }
    }

    /// The socket has gone elsewhere.
    pub fn shut(&self) {
        *self.passage.lock() = Passage::Shut;
    }
}

impl Outlet for SocketOutlet {
    fn emit(&self, event: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        // Kept while it is said: whoever holds the passage knows that nothing is on its way any more.
        match &mut *self.passage.lock() {
            Passage::Open => self.voice.emit(&self.socket, event, payload),
            Passage::Held(held) if held.len() < HELD_MAX => {
                held.push((event, payload.to_owned()));
                Ok(())
            }
            Passage::Held(_) => Err(Stuck),
            Passage::Shut => Ok(()),
        }
    }

    fn emit_volatile(&self, event: &'static str, payload: &RawValue) {
        if let Passage::Open = &*self.passage.lock() {
            self.voice.emit_volatile(&self.socket, event, payload);
        }
    }

    fn follow(&self, code: RoomCode) {
        if let Some(lane) = self.lane.upgrade() {
            lane.follow(&self.socket, code, self.seated);
        }
    }

    fn close(&self) {
        self.voice.hang_up(&self.socket);
    }
}
