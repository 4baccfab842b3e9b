//! The words of Engine.IO 4 and Socket.IO 5, as far as a client of Parlor needs them.

use std::ops::Range;

use bytes::Bytes;

/// What separates packets in one body of long-polling.
pub const SEPARATOR: u8 = 0x1e;

/// One packet from the server, typed. Ranges are of the packet's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// `0{…}`: the connection is open.
    Open,
    /// `1`: the server closes it.
    Close,
    /// `2`: the heartbeat, to be answered with `3`.
    Ping,
    /// `3…`: the answer to a probe.
    Pong,
    /// `6`: nothing; it ends a poll.
    Noop,
    /// `40/ns,{…}`: the namespace is open.
    Connected,
    /// `41/ns,`: the namespace is closed.
    Disconnected,
    /// `44/ns,{…}`: the namespace was refused.
    Refused(Range<usize>),
    /// `42/ns,["name",payload]`.
    Event { name: Range<usize>, payload: Range<usize> },
    /// `43/ns,id[payload]`.
    Answer { id: u64, payload: Range<usize> },
}

/// What cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

impl std::error::Error for Unreadable {}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a packet that cannot be read: {}", self.0)
    }
}

/// Reads one packet without copying any of it.
///
/// # Errors
/// When it is none of those above.
pub fn read(packet: &[u8]) -> Result<Packet, Unreadable> {
    match packet {
        [b'0', ..] => Ok(Packet::Open),
        [b'1'] => Ok(Packet::Close),
        [b'2', ..] => Ok(Packet::Ping),
        [b'3', ..] => Ok(Packet::Pong),
        [b'6'] => Ok(Packet::Noop),
        [b'4', kind, rest @ ..] => message(*kind, rest, packet.len()),
        _ => Err(Unreadable("no such type of Engine.IO")),
    }
}

fn message(kind: u8, rest: &[u8], length: usize) -> Result<Packet, Unreadable> {
    let mut at = length - rest.len();
    let mut rest = rest;
    if rest.first() == Some(&b'/') {
        let comma = rest.iter().position(|&b| b == b',').ok_or(Unreadable("a namespace without a comma"))?;
        at += comma + 1;
        rest = &rest[comma + 1..];
    }
    match kind {
        b'0' => Ok(Packet::Connected),
        b'1' => Ok(Packet::Disconnected),
        b'4' => Ok(Packet::Refused(at..length)),
        b'2' => event(rest, at),
        b'3' => answer(rest, at),
        _ => Err(Unreadable("no such type of Socket.IO")),
    }
}

/// `["name",payload]` or `["name"]`; an id before it, of a server that wants an answer, is passed over.
fn event(rest: &[u8], at: usize) -> Result<Packet, Unreadable> {
    let open = rest.iter().position(|&b| !b.is_ascii_digit()).unwrap_or(rest.len());
    let [b'[', b'"', body @ ..] = &rest[open..] else { return Err(Unreadable("an event without a name")) };
    let name_at = at + open + 2;
    let end = body.iter().position(|&b| b == b'"').ok_or(Unreadable("a name without an end"))?;
    let name = name_at..name_at + end;
    match &body[end + 1..] {
        [b']'] => Ok(Packet::Event { payload: name.end..name.end, name }),
        [b',', payload @ .., b']'] => Ok(Packet::Event { payload: name.end + 2..name.end + 2 + payload.len(), name }),
        _ => Err(Unreadable("an event without an end")),
    }
}

fn answer(rest: &[u8], at: usize) -> Result<Packet, Unreadable> {
    let open = rest.iter().position(|&b| b == b'[').ok_or(Unreadable("an answer without a payload"))?;
    let id = std::str::from_utf8(&rest[..open]).ok().and_then(|digits| digits.parse().ok());
    let id = id.ok_or(Unreadable("an answer without a number"))?;
    let [b'[', payload @ .., b']'] = &rest[open..] else { return Err(Unreadable("an answer without an end")) };
    Ok(Packet::Answer { id, payload: at + open + 1..at + open + 1 + payload.len() })
}

/// The number of a logged event: `"seq":N,"timestamp":"…"}` or `"seq":N}` at the end of a payload. None for events that are not logged.
pub fn seq(payload: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"seq\":";
    const TAIL: usize = 96;
    let from = payload.len().saturating_sub(TAIL);
    let tail = &payload[from..];
    let at = tail.windows(KEY.len()).rposition(|window| window == KEY)? + KEY.len();
    let end = at + tail[at..].iter().position(|b| !b.is_ascii_digit())?;
    let after = &tail[end..];
    if after == b"}" || after.starts_with(b",\"timestamp\":") {
        std::str::from_utf8(&tail[at..end]).ok()?.parse().ok()
    } else {
        None
    }
}

/// The packets of one body of long-polling.
pub fn split(body: &Bytes) -> Vec<Bytes> {
    let mut packets = Vec::new();
    let mut from = 0;
    for (at, _) in body.iter().enumerate().filter(|&(_, &b)| b == SEPARATOR) {
        packets.push(body.slice(from..at));
        from = at + 1;
    }
    packets.push(body.slice(from..));
    packets
}

/// `42/ns,id["event",payload]`.
pub fn command(namespace: &str, id: u64, event: &str, payload: &str) -> String {
    format!("42{namespace},{id}[\"{event}\",{payload}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(packet: &str, range: Range<usize>) -> &str {
        &packet[range]
    }

    #[test]
    fn events_are_taken_apart_in_place() {
        for (packet, name, payload) in [
            (r#"42/draft,["chat_message",{"message":"],\"","seq":3}]"#, "chat_message", r#"{"message":"],\"","seq":3}"#),
            (r#"42["session",{}]"#, "session", "{}"),
            (r#"42/pong,["tick"]"#, "tick", ""),
            (r#"42/pong,12["ask",[1]]"#, "ask", "[1]"),
        ] {
            let Ok(Packet::Event { name: n, payload: p }) = read(packet.as_bytes()) else { panic!("{packet}") };
            assert_eq!((text(packet, n), text(packet, p)), (name, payload), "{packet}");
        }
    }

    #[test]
    fn answers_have_their_number() {
        let packet = r#"43/draft,17[{"ok":true}]"#;
        let Ok(Packet::Answer { id, payload }) = read(packet.as_bytes()) else { panic!() };
        assert_eq!((id, text(packet, payload)), (17, r#"{"ok":true}"#));
    }

    #[test]
    fn the_rest_is_told_apart() {
        for (packet, expected) in [
            ("0{\"sid\":\"x\"}", Packet::Open),
            ("1", Packet::Close),
            ("2", Packet::Ping),
            ("3probe", Packet::Pong),
            ("6", Packet::Noop),
            ("40/draft,{}", Packet::Connected),
            ("41/draft,", Packet::Disconnected),
            ("44/draft,{}", Packet::Refused(9..11)),
        ] {
            assert_eq!(read(packet.as_bytes()), Ok(expected), "{packet}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for packet in [
            "",
            "9",
            "4",
            "47",
            "42/draft",
            "42/draft,",
            "42[5]",
            "42[\"x",
            "42[\"x\",1",
            "43/draft,[1]",
            "43/draft,1",
            "43x[1]",
            "b64",
        ] {
            assert!(read(packet.as_bytes()).is_err(), "{packet:?}");
        }
    }

    #[test]
    fn only_logged_events_have_a_number() {
        for (payload, expected) in [
            (r#"{"message":"hi","seq":3,"timestamp":"2026-11-21T10:35:51.130Z"}"#, Some(3)),
            (r#"{"seq":41}"#, Some(41)),
            (r#"{"seq":41,"timestamp":"x"}"#, Some(41)),
            (r#"{"state":{},"seq":3,"version":1,"status":"waiting","reason":"requested"}"#, None),
            (r#"{"message":"\"seq\":9"}"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(seq(payload.as_bytes()), expected, "{payload}");
        }
    }

    #[test]
    fn bodies_are_split_at_the_separator() {
        let body = Bytes::from_static(b"2\x1e42[\"a\"]\x1e6");
        assert_eq!(split(&body), [&b"2"[..], b"42[\"a\"]", b"6"]);
        assert_eq!(split(&Bytes::from_static(b"ok")), [&b"ok"[..]]);
    }

    #[test]
    fn commands_carry_namespace_and_number() {
        assert_eq!(command("/draft", 4, "draw_character", "{}"), r#"42/draft,4["draw_character",{}]"#);
    }
}
