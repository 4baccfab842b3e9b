//! A WebSocket client of as few instructions as possible: the tester must not be what is measured.
//!
//! Texts only, no extensions. Frames are masked with zeros, which the protocol allows and which saves touching every byte.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest message that is taken, in bytes: more than any server here sends.
const MESSAGE_MAX: u64 = 16 * 1024 * 1024;
/// Longest head of an answer to the handshake.
const HEAD_MAX: usize = 16 * 1024;
const READ: usize = 4 * 1024;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// An open WebSocket.
pub struct WebSocket {
    stream: TcpStream,
    /// What was read and not yet taken.
    unread: BytesMut,
    /// The beginning of a message that comes in several frames.
    begun: BytesMut,
}

/// One frame as it lies in the buffer.
struct Frame {
    opcode: u8,
    last: bool,
    payload: Bytes,
}

impl WebSocket {
    /// Asks `host` for a WebSocket at `path`.
    ///
    /// # Errors
    /// When it cannot be reached or refuses.
    pub async fn open(host: &str, path: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(host).await.with_context(|| format!("{host} cannot be reached"))?;
        stream.set_nodelay(true)?;
        let key = base64::engine::general_purpose::STANDARD.encode(fastrand::u128(..).to_le_bytes());
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut unread = BytesMut::with_capacity(READ);
        let end = loop {
            ensure!(stream.read_buf(&mut unread).await? > 0, "the connection was closed during the handshake");
            if let Some(at) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(unread.len() < HEAD_MAX, "the answer to the handshake has no end");
        };
        let head = unread.split_to(end);
        if !head.starts_with(b"HTTP/1.1 101") {
            let line = String::from_utf8_lossy(&head);
            bail!("the server answered the handshake with {:?}", line.lines().next().unwrap_or_default());
        }
        Ok(Self { stream, unread, begun: BytesMut::new() })
    }

    /// The next text. May be dropped and called again without losing anything.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn next(&mut self) -> Result<Bytes> {
        loop {
            while let Some(frame) = take(&mut self.unread)? {
                match frame.opcode {
                    CLOSE => bail!("the server closed the WebSocket"),
                    PING => self.write(PONG, &frame.payload).await?,
                    0 | TEXT if frame.last && self.begun.is_empty() => return Ok(frame.payload),
                    0 | TEXT => {
                        ensure!((self.begun.len() + frame.payload.len()) as u64 <= MESSAGE_MAX, "a message too long");
                        self.begun.extend_from_slice(&frame.payload);
                        if frame.last {
                            return Ok(self.begun.split().freeze());
                        }
                    }
                    _ => {}
                }
            }
            self.unread.reserve(READ);
            ensure!(self.stream.read_buf(&mut self.unread).await? > 0, "the server closed the connection");
        }
    }

    /// Sends a text.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        self.write(TEXT, text.as_bytes()).await
    }

    async fn write(&mut self, opcode: u8, payload: &[u8]) -> Result<()> {
        self.stream.write_all(&frame(opcode, payload)).await.context("the connection has ended")
    }
}

/// A whole masked frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Takes one whole frame off the buffer; none when it is not all there.
fn take(unread: &mut BytesMut) -> Result<Option<Frame>> {
    let &[first, second, ..] = &unread[..] else { return Ok(None) };
    ensure!(second & 0x80 == 0, "the server masked a frame");
    ensure!(first & 0x70 == 0, "the server uses an extension that nobody asked for");
    let (head, length) = match (second, unread.len()) {
        (126, 4..) => (4, u64::from(u16::from_be_bytes([unread[2], unread[3]]))),
        (127, 10..) => {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&unread[2..10]);
            (10, u64::from_be_bytes(bytes))
        }
        (126 | 127, _) => return Ok(None),
        (length, _) => (2, u64::from(length)),
    };
    ensure!(length <= MESSAGE_MAX, "a message of {length} bytes");
    let length = length as usize;
    if unread.len() < head + length {
        return Ok(None);
    }
    unread.advance(head);
    Ok(Some(Frame { opcode: first & 0x0f, last: first & 0x80 != 0, payload: unread.split_to(length).freeze() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server sends: unmasked.
    fn sent(first: u8, payload: &[u8]) -> BytesMut {
        let mut bytes = frame(0, payload);
        bytes[0] = first;
        bytes[1] &= 0x7f;
        let mask = bytes.len() - payload.len() - 4;
        bytes.drain(mask..mask + 4);
        BytesMut::from(&bytes[..])
    }

    #[test]
    fn frames_of_all_lengths_are_read_whole_or_not_at_all() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let whole = sent(0x81, &payload);
            for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
                let mut part = BytesMut::from(&whole[..cut]);
                assert!(take(&mut part).unwrap().is_none(), "{cut} of {length}");
                assert_eq!(part.len(), cut, "nothing is lost");
            }
            let mut twice = whole.clone();
            twice.extend_from_slice(&whole);
            for _ in 0..2 {
                let frame = take(&mut twice).unwrap().unwrap();
                assert_eq!((frame.opcode, frame.last, frame.payload.len()), (TEXT, true, length));
            }
            assert!(twice.is_empty());
        }
    }

    #[test]
    fn frames_that_no_server_may_send_are_refused() {
        let masked = BytesMut::from(&frame(TEXT, b"x")[..]);
        let extended = sent(0xc1, b"x");
        let endless = BytesMut::from(&[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255][..]);
        for mut bytes in [masked, extended, endless] {
            assert!(take(&mut bytes).is_err());
        }
    }
}
