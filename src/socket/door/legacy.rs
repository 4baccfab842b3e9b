//! Clients of Engine.IO 3, as `socket.io-client` 2.x is one, where they differ from what the server behind speaks.
//!
//! - They put what later clients send as `auth` into a query behind the namespace: `0/draft?token=…,`. The server would take all of it
//!   for the namespace's name. It gets an `auth` instead, in which the query stands: `0/draft,{"?":"token=…"}`.
//! - They expect the message of a refusal as a string, `4/draft,"no"`, as Node's server sends it to them.
//!
//! Bytes in, bytes out; no I/O. Everything else passes, frame by frame and without being kept.

use bytes::{Buf, BytesMut};
use serde::{Deserialize, Serialize};

use super::frame::{Frame, Opcode, SMALL, header};

/// An `auth` that holds the query of a namespace, for clients that have no `auth`. No client sends this name by itself.
#[derive(Debug, Serialize)]
struct Auth<'a> {
    #[serde(rename = "?")]
    query: &'a str,
}

/// A CONNECT packet with its namespace's query as `auth`; `None` when it has no query, or is another packet.
///
/// A packet that has an `auth` of its own, which 2.x clients do not send, keeps it.
pub fn connect(packet: &str) -> Option<String> {
    let rest = packet.strip_prefix('0').filter(|rest| rest.starts_with('/'))?;
    let (namespace, data) = rest.split_once(',').unwrap_or((rest, ""));
    let (namespace, query) = namespace.split_once('?')?;
    let auth = match (data, query) {
        ("", "") => String::new(),
        ("", query) => serde_json::to_string(&Auth { query }).ok()?,
        (data, _) => data.to_owned(),
    };
    Some(format!("0{namespace},{auth}"))
}

/// A refusal by the server with its message alone; `None` for any other packet.
pub fn refusal(packet: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    let rest = packet.strip_prefix('4')?;
    let data = if rest.starts_with('/') { rest.find(',')? + 1 } else { 0 };
    let Refusal { message } = serde_json::from_str(&rest[data..]).ok()?;
    Some(format!("4{}{}", &rest[..data], serde_json::to_string(&message).ok()?))
}

/// What is done to the packets of one direction.
#[derive(Clone, Copy)]
pub struct Change {
    /// How the messages concerned begin, Engine.IO's `4` included.
    prefix: &'static str,
    change: fn(&str) -> Option<String>,
}

/// From the client.
pub const CONNECTS: Change = Change { prefix: "40/", change: connect };
/// From the server.
pub const REFUSALS: Change = Change { prefix: "44", change: refusal };

impl Change {
    /// The message changed, or `None` if it stays as it is.
    fn of(self, message: &[u8]) -> Option<String> {
        let message = str::from_utf8(message).ok().filter(|message| message.starts_with(self.prefix))?;
        Some(format!("4{}", (self.change)(&message[1..])?))
    }

    /// A long-polling payload with its packets changed, as bodies of about `limit` bytes at most; `None` if it stays as it is.
    ///
    /// Payloads are text, `LENGTH:PACKET…` with lengths in UTF-16 units, or binary, with a byte for the kind before each length.
    pub fn payload(self, payload: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
        if !payload.windows(self.prefix.len()).any(|bytes| bytes == self.prefix.as_bytes()) {
            return None;
        }
        let (mut bodies, mut body, mut changed) = (vec![], vec![], false);
        let mut rest = payload;
        while !rest.is_empty() {
            let (record, packet, after) = record(rest)?;
            let binary = matches!(record[0], TEXT | BINARY);
            let new = if record[0] == BINARY { None } else { self.of(packet) };
            changed |= new.is_some();
            let record = new.map_or_else(|| record.to_vec(), |text| if binary { binary_record(&text) } else { text_record(&text) });
            if !body.is_empty() && body.len() + record.len() > limit {
                bodies.push(std::mem::take(&mut body));
            }
            body.extend(record);
            rest = after;
        }
        bodies.push(body);
        changed.then_some(bodies)
    }
}

/// The kind of a record of text in a binary payload.
const TEXT: u8 = 0;
/// The kind of a record of bytes in a binary payload.
const BINARY: u8 = 1;

/// The first record of a payload, the packet in it, and what follows.
fn record(payload: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (start, end) = if let TEXT | BINARY = payload[0] {
        let digits = payload[1..].iter().take(9).position(|byte| *byte == 0xff)?;
        let len = payload[1..=digits].iter().try_fold(0, |len, digit| (*digit < 10).then(|| len * 10 + usize::from(*digit)))?;
        (digits + 2, digits + 2 + len)
    } else {
        let digits = payload.iter().take(9).position(|byte| *byte == b':')?;
        let len: usize = str::from_utf8(&payload[..digits]).ok()?.parse().ok()?;
        let start = digits + 1;
        (start, start + bytes_of(&payload[start..], len)?)
    };
    let (record, after) = payload.split_at_checked(end)?;
    Some((record, &record[start..], after))
}

/// How many bytes of UTF-8 make `units` units of UTF-16.
fn bytes_of(text: &[u8], units: usize) -> Option<usize> {
    let (mut bytes, mut left) = (0, units);
    while left > 0 {
        let (len, units) = match text.get(bytes)? {
            0..0x80 => (1, 1),
            0xc0..0xe0 => (2, 1),
            0xe0..0xf0 => (3, 1),
            0xf0.. => (4, 2),
            _ => return None,
        };
        bytes += len;
        left = left.checked_sub(units)?;
    }
    Some(bytes)
}

fn text_record(packet: &str) -> Vec<u8> {
    format!("{}:{packet}", packet.encode_utf16().count()).into_bytes()
}

fn binary_record(packet: &str) -> Vec<u8> {
    let mut record = vec![TEXT];
    record.extend(packet.len().to_string().bytes().map(|digit| digit - b'0'));
    record.push(0xff);
    record.extend(packet.bytes());
    record
}

/// One direction of a WebSocket.
struct Frames {
    change: Change,
    /// Whether frames have to be masked: those of a client.
    masked: bool,
    /// The largest message that is looked at.
    limit: usize,
    /// Bytes that do not make a frame yet.
    pending: BytesMut,
    /// So many bytes of the current frame pass unseen.
    passing: usize,
    /// The message being collected, because it begins as those that are changed.
    message: Option<BytesMut>,
    /// The rules were broken: everything passes, for the other side to refuse.
    broken: bool,
}

impl Frames {
    fn new(change: Change, masked: bool, limit: usize) -> Self {
        Frames { change, masked, limit, pending: BytesMut::new(), passing: 0, message: None, broken: false }
    }

    fn push(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.pending.extend_from_slice(bytes);
        while !self.pending.is_empty() && self.step(out) {}
        if self.pending.is_empty() {
            // These connections stay under our eyes; none shall hold memory meanwhile.
            self.pending = BytesMut::new();
        }
    }

    /// Handles what is pending next; false when it is not complete yet.
    fn step(&mut self, out: &mut BytesMut) -> bool {
        if self.broken || self.passing > 0 {
            let count = if self.broken { self.pending.len() } else { self.passing.min(self.pending.len()) };
            out.extend_from_slice(&self.pending[..count]);
            self.pending.advance(count);
            self.passing = self.passing.saturating_sub(count);
            return true;
        }
        let Some(frame) = Frame::read(&self.pending) else { return false };
        let collected = self.message.as_ref().map_or(0, BytesMut::len);
        let wrong = match frame.opcode {
            Opcode::Continuation => self.message.is_some() && frame.len > self.limit - collected,
            Opcode::Text | Opcode::Binary => self.message.is_some(),
            Opcode::Control => frame.len > SMALL || !frame.fin,
            Opcode::Reserved => true,
        };
        if wrong || frame.mask.is_some() != self.masked {
            self.broken = true;
            if let Some(message) = self.message.take() {
                header(out, 0x01, message.len(), self.masked);
                out.extend_from_slice(&message);
            }
            return true;
        }
        let collect = match frame.opcode {
            Opcode::Text => {
                let prefix = self.change.prefix.as_bytes();
                let look = prefix.len().min(frame.len);
                let Some(start) = self.pending.get(frame.header..frame.header + look) else { return false };
                let begins = start.iter().zip(prefix).enumerate().all(|(at, (byte, wanted))| frame.unmask(*byte, at) == *wanted);
                // Of a message in fragments, the first may be too short to tell.
                begins && (look == prefix.len() || !frame.fin) && frame.len <= self.limit
            }
            Opcode::Continuation => self.message.is_some(),
            _ => false,
        };
        if !collect {
            self.passing = frame.end();
            return true;
        }
        if self.pending.len() < frame.end() {
            return false;
        }
        let mut payload = self.pending.split_to(frame.end());
        payload.advance(frame.header);
        frame.unmask_all(&mut payload);
        let mut message = self.message.take().unwrap_or_default();
        message.extend_from_slice(&payload);
        if frame.fin {
            let changed = self.change.of(&message);
            let message = changed.as_ref().map_or(&message[..], |text| text.as_bytes());
            header(out, 0x81, message.len(), self.masked);
            out.extend_from_slice(message);
        } else {
            self.message = Some(message);
        }
        true
    }
}

/// A WebSocket between a client of Engine.IO 3 and the server behind the door.
pub struct LegacyWire {
    from_client: Frames,
    from_server: Frames,
}

impl LegacyWire {
    /// A new connection, on which a client's messages of up to `max_message` bytes are understood.
    pub fn new(max_message: usize) -> Self {
        LegacyWire { from_client: Frames::new(CONNECTS, true, max_message), from_server: Frames::new(REFUSALS, false, usize::MAX) }
    }

    /// Takes bytes that the client sent and appends to `out` what the server shall read.
    pub fn client_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.from_client.push(bytes, out);
    }

    /// Passes what is left when the client has stopped sending in the middle of a frame.
    pub fn client_ended(&mut self, out: &mut BytesMut) {
        out.unsplit(std::mem::take(&mut self.from_client.pending));
    }

    /// Takes bytes that the server wrote and appends to `out` what the client shall get.
    pub fn server_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.from_server.push(bytes, out);
    }
}
