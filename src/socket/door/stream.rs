//! An upgraded connection as the Socket.IO server sees it: a [`Wire`] or a [`LegacyWire`] between it and the socket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::legacy::LegacyWire;
use super::wire::Wire;

/// The polling that a connection takes over from.
pub(super) trait Former: Send {
    /// Whether the session is known to use msgpack.
    fn uses_msgpack(&self) -> bool;
    /// The connection has ended, after the session had moved to it or before.
    fn ended(&mut self, moved: bool);
}

/// What stands between the client and the server.
pub(super) enum Between {
    /// Engine.IO 4.
    Wire(Wire),
    /// Engine.IO 3.
    Legacy(LegacyWire),
}

impl Between {
    fn is_transparent(&self) -> bool {
        matches!(self, Between::Wire(wire) if wire.is_transparent())
    }

    fn is_upgraded(&self) -> bool {
        matches!(self, Between::Wire(wire) if wire.is_upgraded())
    }

    fn uses_msgpack(&mut self) {
        if let Between::Wire(wire) = self {
            wire.uses_msgpack();
        }
    }

    fn client_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        match self {
            Between::Wire(wire) => wire.client_sent(bytes, out),
            Between::Legacy(wire) => wire.client_sent(bytes, out),
        }
    }

    fn client_ended(&mut self, out: &mut BytesMut) {
        match self {
            Between::Wire(wire) => wire.client_ended(out),
            Between::Legacy(wire) => wire.client_ended(out),
        }
    }

    fn server_sent(&mut self, bytes: &[u8], out: &mut BytesMut) {
        match self {
            Between::Wire(wire) => wire.server_sent(bytes, out),
            Between::Legacy(wire) => wire.server_sent(bytes, out),
        }
    }
}

/// Reads and writes as the connection inside does, translated for the clients that need it.
pub struct WireStream {
    io: TokioIo<Upgraded>,
    wire: Between,
    /// What the server shall read.
    to_server: BytesMut,
    /// What the client shall get.
    to_client: BytesMut,
    former: Option<Box<dyn Former>>,
}

impl WireStream {
    pub(super) fn new(io: Upgraded, wire: Between, former: Option<Box<dyn Former>>) -> Self {
        WireStream { io: TokioIo::new(io), wire, to_server: BytesMut::new(), to_client: BytesMut::new(), former }
    }

    /// Writes what waits for the client.
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.to_client.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.to_client))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.to_client.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WireStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.to_server.is_empty() {
            if this.wire.is_transparent() {
                return Pin::new(&mut this.io).poll_read(cx, buf);
            }
            // The caller's buffer serves for reading, so that none has to be kept per connection.
            let before = buf.filled().len();
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
            let sent = &buf.filled()[before..];
            if sent.is_empty() {
                this.wire.client_ended(&mut this.to_server);
                break;
            }
            let moved = this.wire.is_upgraded();
            this.wire.client_sent(sent, &mut this.to_server);
            buf.set_filled(before);
            // Not sooner: the first packet may have been on its way by polling when this connection was made.
            if this.wire.is_upgraded() && !moved && this.former.as_ref().is_some_and(|former| former.uses_msgpack()) {
                this.wire.uses_msgpack();
            }
        }
        let count = this.to_server.len().min(buf.remaining());
        buf.put_slice(&this.to_server[..count]);
        this.to_server.advance(count);
        if this.to_server.is_empty() {
            this.to_server = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        // One write at a time is held here, so that a client which does not read is felt by the server as before.
        ready!(this.drain(cx))?;
        if this.wire.is_transparent() {
            return Pin::new(&mut this.io).poll_write(cx, bytes);
        }
        this.wire.server_sent(bytes, &mut this.to_client);
        match this.drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Drop for WireStream {
    fn drop(&mut self) {
        if let Some(former) = &mut self.former {
            former.ended(self.wire.is_upgraded());
        }
    }
}
