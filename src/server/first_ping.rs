//! The heartbeat with which engineioxide greets a WebSocket.
//!
//! Engine.IO's own server sends its first ping after an interval; engineioxide sends it with the handshake, a packet out and one back for
//! everybody who connects, to learn that somebody is there who has just come. That ping is answered here, if it is clear where the pong
//! belongs; if not, it goes its way.

use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// How a request without a body ends.
const BLANK_LINE: &[u8] = b"\r\n\r\n";
/// A frame with Engine.IO's ping, and a client's frame with the pong, masked with zeros.
pub const PING: &[u8] = b"\x81\x012";
const PONG: &[u8] = b"\x81\x81\0\0\0\x003";
/// A ping that comes later is not the first.
const AT_ONCE: Duration = Duration::from_secs(1);

pub enum FirstPing {
    /// The client asks, and whether what was read last ends a request: behind it nothing has come yet.
    Asked { all: bool },
    /// It has its upgrade.
    Upgraded,
    /// It was sent Engine.IO's handshake, and has sent whole messages since. Who reads waits here.
    Greeted { at: Instant, reader: Option<Waker> },
    /// The ping was sent; its pong is to be read next, after what was given of it.
    Sent { given: usize },
    /// It was answered, or it will be by the client.
    Over,
}

impl FirstPing {
    pub fn new() -> Self {
        Self::Asked { all: false }
    }

    /// The client may have its upgrade.
    pub fn upgraded(&mut self) {
        *self = if matches!(self, Self::Asked { all: true }) { Self::Upgraded } else { Self::Over };
    }

    /// What was read from the client.
    pub fn heard(&mut self, bytes: &[u8]) {
        match self {
            Self::Asked { all } => *all = bytes.ends_with(BLANK_LINE),
            Self::Greeted { .. } if are_messages(bytes) => {}
            Self::Upgraded | Self::Greeted { .. } => *self = Self::Over,
            Self::Sent { .. } | Self::Over => {}
        }
    }

    /// Nothing could be read from the client.
    pub fn waits(&mut self, cx: &Context<'_>) {
        if let Self::Greeted { at, reader } = self {
            // The ping may have gone out among other frames: nobody looks for it any longer.
            if at.elapsed() < AT_ONCE { *reader = Some(cx.waker().clone()) } else { *self = Self::Over }
        }
    }

    /// Whether what is about to be sent begins with the ping, which is then to be left out.
    pub fn tells(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Upgraded if is_handshake(bytes) => *self = Self::Greeted { at: Instant::now(), reader: None },
            Self::Greeted { at, reader } if bytes.starts_with(PING) => {
                let first = at.elapsed() < AT_ONCE;
                if first && let Some(reader) = reader.take() {
                    reader.wake();
                }
                *self = if first { Self::Sent { given: 0 } } else { Self::Over };
                return first;
            }
            Self::Upgraded => *self = Self::Over,
            Self::Asked { .. } | Self::Greeted { .. } | Self::Sent { .. } | Self::Over => {}
        }
        false
    }

    /// Something was sent in part, or in parts: where messages begin is not known any more.
    pub fn interrupted(&mut self) {
        if matches!(self, Self::Upgraded | Self::Greeted { .. }) {
            *self = Self::Over;
        }
    }

    /// What comes next in what is read, if it is the pong, as far as there is room for it.
    pub fn answers(&mut self, room: usize) -> &'static [u8] {
        let Self::Sent { given } = self else { return &[] };
        let (_, left) = PONG.split_at(*given);
        let piece = &left[..left.len().min(room)];
        *given += piece.len();
        if *given == PONG.len() {
            *self = Self::Over;
        }
        piece
    }
}

/// Whether this is a text with Engine.IO's handshake. An upgrade from long-polling begins with something else.
fn is_handshake(frame: &[u8]) -> bool {
    matches!(frame, [0x81, 126, _, _, b'0', ..] | [0x81, ..126, b'0', ..])
}

/// Whether these are whole, short texts of a client, each in one frame: something can follow.
fn are_messages(mut frames: &[u8]) -> bool {
    while let [0x81, length @ 0x80..0xfe, rest @ ..] = frames {
        let Some(after) = rest.get(4 + usize::from(length & 0x7f)..) else { return false };
        frames = after;
    }
    frames.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET /socket.io/ HTTP/1.1\r\nupgrade: websocket\r\n\r\n";
    const OPEN: &[u8] = b"\x81\x040{}\n";
    const ENTER: &[u8] = b"\x81\x82\0\0\0\x0040";

    fn greeted() -> FirstPing {
        let mut ping = FirstPing::new();
        ping.heard(REQUEST);
        ping.upgraded();
        assert!(!ping.tells(OPEN));
        ping
    }

    #[test]
    fn the_first_is_left_out_and_answered_once() {
        let mut ping = greeted();
        assert!(ping.answers(100).is_empty());
        assert!(ping.tells(PING));
        assert_eq!(ping.answers(100), PONG);
        assert!(ping.answers(100).is_empty());
        assert!(!ping.tells(PING), "the second goes to the client");
    }

    #[test]
    fn no_pong_is_lost_however_little_is_read_and_written_at_once() {
        let mut ping = greeted();
        assert!(ping.tells(&[PING, ENTER].concat()));
        ping.interrupted(); // of what followed the ping, only a part was sent
        assert!(ping.answers(0).is_empty());
        ping.heard(b"");
        let pieces = [ping.answers(3), ping.answers(1), ping.answers(3), ping.answers(3)];
        assert_eq!(pieces.concat(), PONG);
    }

    #[test]
    fn whole_messages_may_come_before_it_both_ways() {
        let mut ping = greeted();
        ping.heard(ENTER);
        ping.heard(&[ENTER, ENTER].concat());
        assert!(!ping.tells(b"\x81\x0240"));
        assert!(ping.tells(&[PING, b"\x81\x0240"].concat()));
        assert_eq!(ping.answers(100), PONG);
    }

    #[test]
    fn a_pong_never_comes_between_the_parts_of_a_message() {
        let long = [&[0x81, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
        let parts: [&[u8]; 7] = [
            &ENTER[..7],
            &ENTER[..1],
            &[ENTER, &ENTER[..3]].concat(),
            b"\x01\x81\0\0\0\x004", // the message goes on in another frame
            b"\x82\x81\0\0\0\x00b",
            &[0x81, 0x00],
            &long, // whole, but of a kind that does not come so early
        ];
        for part in parts {
            let mut ping = greeted();
            ping.heard(part);
            assert!(!ping.tells(PING), "{part:?}");
            assert!(ping.answers(100).is_empty());
        }
        let mut ping = greeted();
        ping.interrupted();
        assert!(!ping.tells(PING), "what looks like one may be a part of something else");
    }

    #[test]
    fn it_is_the_clients_where_it_is_not_clear_what_came() {
        let mut early = FirstPing::new();
        early.heard(&[REQUEST, &ENTER[..3]].concat());
        early.upgraded();
        assert!(!early.tells(OPEN) && !early.tells(PING));
        let mut moved = FirstPing::new();
        moved.heard(REQUEST);
        moved.upgraded();
        assert!(!moved.tells(b"\x81\x063probe"), "an upgrade from long-polling");
        assert!(!moved.tells(PING));
        let mut hasty = FirstPing::new();
        hasty.heard(REQUEST);
        hasty.upgraded();
        hasty.heard(ENTER);
        assert!(!hasty.tells(OPEN) && !hasty.tells(PING));
    }

    #[test]
    fn a_ping_that_comes_later_is_the_clients() {
        let late = || FirstPing::Greeted { at: Instant::now().checked_sub(AT_ONCE).unwrap(), reader: None };
        let mut ping = late();
        assert!(!ping.tells(PING));
        let mut ping = late();
        ping.waits(&Context::from_waker(Waker::noop()));
        assert!(matches!(ping, FirstPing::Over), "nobody is woken for it");
    }

    #[test]
    fn a_handshake_is_known_in_both_lengths() {
        assert!(is_handshake(OPEN));
        assert!(is_handshake(&[&[0x81, 126, 0, 130, b'0'], [b' '; 129].as_slice()].concat()));
        for other in [PING, b"", b"\x81", b"\x81\x01", b"\x81\x0240", b"\x82\x010", b"\x81\x7f\0\0\0\0\0\0\0\x010"] {
            assert!(!is_handshake(other), "{other:?}");
        }
    }
}
