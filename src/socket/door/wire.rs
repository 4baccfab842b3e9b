//! The two byte streams of a WebSocket, with msgpack messages turned into text and back. Bytes in, bytes out; no I/O.
//!
//! Until the client has sent its first Socket.IO packet, nobody knows which parser it uses, and both directions pass frame by frame. A
//! text packet ends that: from then on bytes pass untouched and unseen. A binary one that is a msgpack packet starts the translation.
//! Whatever is not right, such as a frame that is too large, reserved bits or a malformed packet, is handed on as it came: the server
//! behind ends the connection then, as it would have without us.

use bytes::{Buf, BytesMut};

use super::frame::{Frame, Opcode, SMALL, header};
use super::packet;

/// Which parser the client uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parser {
    Unknown,
    Common,
    Msgpack,
}

/// A WebSocket between a client and the server behind the door.
pub struct Wire {
    parser: Parser,
    /// The limit on a message, as it came and as text.
    max_message: usize,
    /// Bytes from the client that do not make a frame yet.
    from_client: BytesMut,
    /// Bytes from the server that do not make a frame yet.
    from_server: BytesMut,
    message: Message,
    /// The client broke the rules: its bytes pass, for the server to refuse.
    broken: bool,
    /// The client has sent `5`: the session has moved here from polling.
    upgraded: bool,
}

/// The message that the client is in the middle of.
enum Message {
    None,
    /// Text, whose frames pass; whether nothing of its payload has been seen yet.
    Text {
        unseen: bool,
    },
    Binary(Vec<u8>),
}

impl Wire {
    /// A new connection, of whose client nothing is known.
    pub fn new(max_message: usize) -> Self {
        let (from_client, from_server) = (BytesMut::new(), BytesMut::new());
        Wire {
            parser: Parser::Unknown,
            max_message,
            from_client,
            from_server,
            message: Message::None,
            broken: false,
            upgraded: false,
        }
    }

    /// Whether bytes may pass without being shown to this any more.
    pub fn is_transparent(&self) -> bool {
        self.parser == Parser::Common && self.from_client.is_empty() && self.from_server.is_empty()
    }

    /// Whether the client has completed an upgrade from polling.
    pub fn is_upgraded(&self) -> bool {
        self.upgraded
    }

    /// Learns that the client uses msgpack, from what it sent by polling.
    pub fn uses_msgpack(&mut self) {
        if self.parser == Parser::Unknown {
            self.parser = Parser::Msgpack;
        }
    }

    /// Takes bytes that the client sent and appends to `out` what the server shall read.
    pub fn client_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.from_client.extend_from_slice(bytes);
        while self.parser != Parser::Common && !self.broken && self.client_frame(out) {}
        if self.parser == Parser::Common || self.broken {
            out.unsplit(std::mem::take(&mut self.from_client));
        }
    }

    /// Passes what is left when the client has stopped sending in the middle of a frame.
    pub fn client_ended(&mut self, out: &mut BytesMut) {
        out.unsplit(std::mem::take(&mut self.from_client));
    }

    /// Takes bytes that the server wrote and appends to `out` what the client shall get.
    pub fn server_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.from_server.extend_from_slice(bytes);
        while self.parser != Parser::Common && self.server_frame(out) {}
        if self.parser == Parser::Common {
            out.unsplit(std::mem::take(&mut self.from_server));
        }
    }

    /// Handles the client's next frame; false when it is not complete yet.
    fn client_frame(&mut self, out: &mut BytesMut) -> bool {
        let Some(frame) = Frame::read(&self.from_client) else { return false };
        let in_binary = matches!(self.message, Message::Binary(_));
        let collected = if let Message::Binary(collected) = &self.message { collected.len() } else { 0 };
        let out_of_turn = match frame.opcode {
            Opcode::Continuation => matches!(self.message, Message::None),
            Opcode::Text | Opcode::Binary => !matches!(self.message, Message::None),
            Opcode::Control => frame.len > SMALL || !frame.fin,
            Opcode::Reserved => true,
        };
        // The sum cannot overflow: what is collected is within the limit.
        if out_of_turn || frame.mask.is_none() || frame.len > self.max_message - collected.min(self.max_message) {
            self.give_up(out);
            return true;
        }
        let binary = frame.opcode == Opcode::Binary || (frame.opcode == Opcode::Continuation && in_binary);
        if self.parser == Parser::Unknown && !binary && frame.opcode != Opcode::Control {
            match self.first_byte(&frame) {
                Verdict::Packet => {
                    self.parser = Parser::Common;
                    return true;
                }
                Verdict::Wait => return false,
                Verdict::NotYet => {}
            }
        }
        if self.from_client.len() < frame.end() {
            return false;
        }
        let mut raw = self.from_client.split_to(frame.end());
        if binary {
            raw.advance(frame.header);
            self.binary(&frame, raw, out);
        } else {
            if frame.opcode == Opcode::Text && frame.fin && frame.len == 1 && frame.unmask(raw[frame.header], 0) == b'5' {
                self.upgraded = true;
            }
            match frame.opcode {
                Opcode::Text if !frame.fin => self.message = Message::Text { unseen: frame.len == 0 },
                Opcode::Continuation if frame.fin => self.message = Message::None,
                Opcode::Continuation if frame.len > 0 => self.message = Message::Text { unseen: false },
                _ => {}
            }
            out.unsplit(raw);
        }
        true
    }

    /// Judges a text frame by the first byte of its message: `4` begins a Socket.IO packet, anything else is Engine.IO's own.
    fn first_byte(&self, frame: &Frame) -> Verdict {
        let begins = frame.opcode == Opcode::Text || matches!(self.message, Message::Text { unseen: true });
        if !begins || frame.len == 0 {
            return Verdict::NotYet;
        }
        match self.from_client.get(frame.header) {
            None => Verdict::Wait,
            Some(&byte) if frame.unmask(byte, 0) == b'4' => Verdict::Packet,
            Some(_) => Verdict::NotYet,
        }
    }

    /// Collects a binary message, and translates it when it is complete.
    fn binary(&mut self, frame: &Frame, mut payload: BytesMut, out: &mut BytesMut) {
        frame.unmask_all(&mut payload);
        let mut message = match std::mem::replace(&mut self.message, Message::None) {
            Message::Binary(message) => message,
            _ => Vec::new(),
        };
        message.extend_from_slice(&payload);
        if !frame.fin {
            self.message = Message::Binary(message);
            return;
        }
        match packet::to_text(&message, self.max_message) {
            Ok(text) => {
                self.parser = Parser::Msgpack;
                header(out, 0x81, text.len() + 1, true);
                out.extend_from_slice(b"4");
                out.extend_from_slice(text.as_bytes());
            }
            Err(error) => {
                if self.parser == Parser::Unknown {
                    self.parser = Parser::Common;
                }
                tracing::debug!(%error, "a binary message is not a msgpack packet");
                header(out, 0x82, message.len(), true);
                out.extend_from_slice(&message);
            }
        }
    }

    /// Lets the client's bytes pass from here on, after what was kept back of an unfinished message.
    fn give_up(&mut self, out: &mut BytesMut) {
        self.broken = true;
        if let Message::Binary(message) = std::mem::replace(&mut self.message, Message::None) {
            header(out, 0x02, message.len(), true);
            out.extend_from_slice(&message);
        }
    }

    /// Handles the server's next frame; false when it is not complete yet.
    fn server_frame(&mut self, out: &mut BytesMut) -> bool {
        let Some(frame) = Frame::read(&self.from_server) else { return false };
        if self.from_server.len() < frame.end() {
            return false;
        }
        let raw = self.from_server.split_to(frame.end());
        let payload = &raw[frame.header..];
        if frame.opcode == Opcode::Text && frame.fin && payload.first() == Some(&b'4') {
            if self.parser == Parser::Unknown {
                // The server speaks only after the client has connected, and a msgpack client that did so while polling is known.
                self.parser = Parser::Common;
            } else if let Some(packet) = str::from_utf8(&payload[1..]).ok().and_then(|text| packet::from_text(text).ok()) {
                header(out, 0x82, packet.len(), false);
                out.extend_from_slice(&packet);
                return true;
            }
        }
        out.unsplit(raw);
        true
    }
}

enum Verdict {
    /// The first Socket.IO packet, as text.
    Packet,
    /// Something else, or nothing yet.
    NotYet,
    /// The byte that decides has not arrived.
    Wait,
}
