//! Long-polling payloads of Engine.IO 4, where a msgpack packet is a record `b` and base64, and which sessions send them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use socketioxide::socket::Sid;

use super::packet;

/// What divides the records of a payload.
const SEPARATOR: u8 = 0x1e;

/// Which parser the beginning of a payload shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text packets, or nothing of Socket.IO in a payload that is complete.
    Common,
    /// Perhaps msgpack; its records have to be tried.
    Binary,
    /// Only Engine.IO's own packets so far.
    Nothing,
}

/// Judges the first Socket.IO packet of a payload, of which perhaps only the beginning is there.
pub fn look(payload: &[u8]) -> Look {
    let deciding = payload.split(|byte| *byte == SEPARATOR).find_map(|record| match record.first() {
        Some(b'4') => Some(Look::Common),
        Some(b'b') => Some(Look::Binary),
        _ => None,
    });
    deciding.unwrap_or(Look::Nothing)
}

/// A client's payload with text in place of msgpack, as bodies of at most `limit` bytes each: text is longer than what the client measured.
///
/// `None` when the first binary record is not a msgpack packet. A later one that is not stays as it is, for the server to refuse.
pub fn to_text(payload: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
    let mut bodies = vec![];
    let mut body: Vec<u8> = vec![];
    let mut tried = false;
    for record in payload.split(|byte| *byte == SEPARATOR) {
        let text = match record.split_first() {
            Some((b'b', coded)) => {
                let text = STANDARD.decode(coded).ok().and_then(|packet| packet::to_text(&packet, limit).ok());
                if text.is_none() && !tried {
                    return None;
                }
                tried = true;
                text
            }
            _ => None,
        };
        let len = text.as_ref().map_or(record.len(), |text| text.len() + 1);
        if !body.is_empty() && body.len() + 1 + len > limit {
            bodies.push(std::mem::take(&mut body));
        }
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        match text {
            Some(text) => {
                body.push(b'4');
                body.extend_from_slice(text.as_bytes());
            }
            None => body.extend_from_slice(record),
        }
    }
    bodies.push(body);
    Some(bodies)
}

/// A server's payload with msgpack in place of text; Engine.IO's own packets stay as they are.
pub fn from_text(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 4);
    for (index, record) in payload.split(|byte| *byte == SEPARATOR).enumerate() {
        if index > 0 {
            out.push(SEPARATOR);
        }
        let text = record.strip_prefix(b"4").and_then(|text| str::from_utf8(text).ok());
        match text.and_then(|text| packet::from_text(text).ok()) {
            Some(packet) => {
                out.push(b'b');
                out.extend_from_slice(STANDARD.encode(packet).as_bytes());
            }
            None => out.extend_from_slice(record),
        }
    }
    out
}

/// The sessions that sent msgpack while polling.
///
/// Only sessions that the server knows are kept, so there are never more than it has, and those not heard of for `idle` are forgotten: a
/// session that polls is heard of at each heartbeat.
pub struct Sessions {
    idle: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    seen: HashMap<Sid, Instant>,
    /// At how many entries to look for old ones: doubling it makes that cheap on the whole.
    sweep_at: usize,
}

/// Below this many entries, about 3 kB, looking for old ones is not worth it.
const FEW: usize = 64;

impl Sessions {
    /// None yet; sessions are forgotten after `idle`, which should be longer than a heartbeat.
    pub fn new(idle: Duration) -> Self {
        Sessions { idle, known: Mutex::default() }
    }

    /// Remembers that `sid` uses msgpack.
    pub fn insert(&self, sid: Sid, now: Instant) {
        let known = &mut *self.known.lock();
        known.seen.insert(sid, now);
        if known.seen.len() >= known.sweep_at.max(FEW) {
            known.seen.retain(|_, seen| now.duration_since(*seen) < self.idle);
            known.seen.shrink_to(FEW);
            known.sweep_at = known.seen.len() * 2;
        }
    }

    /// Whether `sid` uses msgpack; being asked for keeps it.
    pub fn contains(&self, sid: Sid, now: Instant) -> bool {
        match self.known.lock().seen.get_mut(&sid) {
            Some(seen) => {
                *seen = now;
                true
            }
            None => false,
        }
    }

    /// Forgets a session that has ended.
    pub fn remove(&self, sid: Sid) {
        self.known.lock().seen.remove(&sid);
    }

    /// How many sessions are remembered.
    pub fn len(&self) -> usize {
        self.known.lock().seen.len()
    }
}
