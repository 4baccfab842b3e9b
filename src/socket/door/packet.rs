//! One Socket.IO packet as the msgpack parser writes it, `{type, nsp, data, id}`, and as the common parser does, `2/draft,12["ev",{…}]`.
//!
//! What counts as a packet is what `decode` of npm's `socket.io-msgpack-parser` accepts, with two differences: `nil` counts as absent
//! (python-socketio writes it), and a namespace must be one that text can carry.

use std::fmt::Write;

use super::value::{Head, Malformed, Reader, from_json, write_str, write_uint};

const CONNECT: u8 = 0;
const DISCONNECT: u8 = 1;
const EVENT: u8 = 2;
const ACK: u8 = 3;
const CONNECT_ERROR: u8 = 4;

/// A client's msgpack packet as text of at most about `limit` bytes, without Engine.IO's `4` before it.
///
/// # Errors
/// When it is not a packet that a client may send.
pub fn to_text(packet: &[u8], limit: usize) -> Result<String, Malformed> {
    let mut reader = Reader(packet);
    let Head::Map(entries) = reader.head()? else { return Err(Malformed::Packet) };
    let (mut kind, mut nsp, mut id) = (Head::Undefined, Head::Undefined, Head::Undefined);
    let (mut data, mut data_kind) = (String::new(), Head::Undefined);
    let mut ignored = String::new();
    for _ in 0..entries {
        let Head::Str(key) = reader.head()? else { return Err(Malformed::Packet) };
        match key {
            b"data" => {
                data.clear();
                data_kind = reader.json(&mut data, limit, 1)?;
            }
            b"type" => kind = reader.head()?,
            b"nsp" => nsp = reader.head()?,
            b"id" => id = reader.head()?,
            _ => {
                ignored.clear();
                reader.json(&mut ignored, limit, 1)?;
            }
        }
    }
    if !reader.0.is_empty() {
        return Err(Malformed::Trailing);
    }
    let Head::Unsigned(kind @ 0..=3) = kind else { return Err(Malformed::Packet) };
    let kind = kind as u8;
    let absent = matches!(data_kind, Head::Undefined | Head::Nil);
    let fits = match kind {
        CONNECT => absent || matches!(data_kind, Head::Map(_)),
        DISCONNECT => absent,
        _ => matches!(data_kind, Head::Array(_)),
    };
    if !fits {
        return Err(Malformed::Packet);
    }
    let nsp = namespace(nsp)?;
    let id = match id {
        Head::Undefined | Head::Nil => None,
        Head::Unsigned(id) => Some(i64::try_from(id).map_err(|_| Malformed::Packet)?),
        _ => return Err(Malformed::Packet),
    };

    let mut text = String::with_capacity(nsp.len() + data.len() + 24);
    text.push(char::from(b'0' + kind));
    if nsp != "/" {
        text.push_str(nsp);
        text.push(',');
    }
    match (kind, id) {
        (EVENT | ACK, Some(id)) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "{id}");
        }
        (ACK, None) => return Err(Malformed::Packet),
        _ => {}
    }
    if !absent {
        text.push_str(&data);
    }
    Ok(text)
}

/// A namespace that means the same in text, where a comma ends it.
fn namespace(head: Head<'_>) -> Result<&str, Malformed> {
    let Head::Str(bytes) = head else { return Err(Malformed::Packet) };
    let nsp = str::from_utf8(bytes).map_err(|_| Malformed::Packet)?;
    if nsp.starts_with('/') && !nsp.contains(|c: char| c == ',' || c.is_control()) { Ok(nsp) } else { Err(Malformed::Packet) }
}

/// A server's text packet, without Engine.IO's `4` before it, as msgpack.
///
/// # Errors
/// When it is not a packet that a server sends without attachments.
pub fn from_text(text: &str) -> Result<Vec<u8>, Malformed> {
    let kind = text.bytes().next().filter(u8::is_ascii_digit).ok_or(Malformed::Packet)? - b'0';
    if kind > CONNECT_ERROR {
        return Err(Malformed::Packet);
    }
    let rest = &text[1..];
    let (nsp, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, data) = rest.split_at(digits);
    let id: Option<u64> = match (kind, id) {
        (_, "") => None,
        (EVENT | ACK, id) => Some(id.parse().map_err(|_| Malformed::Packet)?),
        _ => return Err(Malformed::Packet),
    };
    let fits = match kind {
        CONNECT => data.is_empty() || data.starts_with('{'),
        DISCONNECT => data.is_empty(),
        CONNECT_ERROR => data.starts_with(['{', '"']),
        _ => data.starts_with('['),
    };
    if !fits || (kind == ACK && id.is_none()) {
        return Err(Malformed::Packet);
    }

    let mut packet = Vec::with_capacity(text.len() + 24);
    packet.push(0x82 + u8::from(!data.is_empty()) + u8::from(id.is_some()));
    write_str(&mut packet, "type");
    packet.push(kind);
    write_str(&mut packet, "nsp");
    write_str(&mut packet, nsp);
    if !data.is_empty() {
        write_str(&mut packet, "data");
        from_json(data, &mut packet).map_err(|_| Malformed::Packet)?;
    }
    if let Some(id) = id {
        write_str(&mut packet, "id");
        write_uint(&mut packet, id);
    }
    Ok(packet)
}
