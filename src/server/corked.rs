//! A connection whose consent to an upgrade leaves together with the first packet after it, and which answers its first ping (`first_ping`).
//!
//! hyper sends `101 Switching Protocols` for itself, and Engine.IO its handshake right afterwards. Together they are one call to the
//! system and one packet fewer for everybody who connects.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::first_ping::{FirstPing, PING};

/// How such a response begins.
const CONSENT: &[u8] = b"HTTP/1.1 101 ";

pub struct Corked {
    stream: TcpStream,
    /// Goes before whatever is written next, or as soon as there is nothing but to wait for the client.
    held: Vec<u8>,
    ping: FirstPing,
}

impl Corked {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, held: Vec::new(), ping: FirstPing::new() }
    }

    fn uncork(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            self.sent(written)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes `written` bytes off what is held; how many went beyond it.
    fn sent(&mut self, written: usize) -> io::Result<usize> {
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let held = self.held.len().min(written);
        self.held.drain(..held);
        Ok(written - held)
    }

    /// So much of `bytes` was written.
    fn told(&mut self, written: usize, bytes: &[u8]) -> usize {
        if written < bytes.len() {
            self.ping.interrupted();
        }
        written
    }
}

impl AsyncRead for Corked {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // A client that takes nothing may still send.
        if let Poll::Ready(Err(error)) = this.uncork(cx) {
            return Poll::Ready(Err(error));
        }
        let pong = this.ping.answers(buf.remaining());
        if !pong.is_empty() {
            buf.put_slice(pong);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        match buf.filled().split_at(before).1 {
            [] if read.is_pending() => this.ping.waits(cx),
            [] => {}
            bytes => this.ping.heard(bytes),
        }
        read
    }
}

impl AsyncWrite for Corked {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.held.is_empty() && bytes.starts_with(CONSENT) {
            this.held.extend_from_slice(bytes);
            this.ping.upgraded();
            return Poll::Ready(Ok(bytes.len()));
        }
        if this.ping.tells(bytes) {
            // What follows it is written next.
            return Poll::Ready(Ok(PING.len()));
        }
        while !this.held.is_empty() {
            let both = [IoSlice::new(&this.held), IoSlice::new(bytes)];
            let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, &both))?;
            let beyond = this.sent(written)?;
            if beyond > 0 {
                return Poll::Ready(Ok(this.told(beyond, bytes)));
            }
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        Poll::Ready(Ok(this.told(written, bytes)))
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        match first {
            Some(first) if !self.held.is_empty() || first.starts_with(CONSENT) => self.poll_write(cx, first),
            _ => {
                self.ping.interrupted();
                Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// What is held stays: hyper flushes it before there is anything to go with it.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.uncork(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Corked {
    fn drop(&mut self) {
        if !self.held.is_empty() {
            // The upgrade was promised; whoever gives up now leaves the client to find a closed WebSocket.
            let _ = self.stream.try_write(&self.held);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    async fn pair() -> (Corked, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (Corked::new(accepted.unwrap().0), client.unwrap())
    }

    async fn read(client: &mut TcpStream) -> Vec<u8> {
        let mut got = vec![0; 256];
        let count = client.read(&mut got).await.unwrap();
        got.truncate(count);
        got
    }

    fn nothing_to_read(client: &TcpStream) -> bool {
        client.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    #[tokio::test]
    async fn consent_leaves_with_what_is_written_next() {
        let (mut server, mut client) = pair().await;
        server.write_all(ANSWER).await.unwrap();
        server.flush().await.unwrap();
        assert!(nothing_to_read(&client));
        server.write_all(b"first").await.unwrap();
        assert_eq!(read(&mut client).await, [ANSWER, b"first"].concat());
        server.write_all(b"second").await.unwrap();
        assert_eq!(read(&mut client).await, b"second");
    }

    #[tokio::test]
    async fn consent_leaves_when_the_client_is_waited_for() {
        let (mut server, mut client) = pair().await;
        server.write_all(ANSWER).await.unwrap();
        let mut heard = [0; 5];
        let (_, ()) = tokio::join!(async { server.read_exact(&mut heard).await.unwrap() }, async {
            assert_eq!(read(&mut client).await, ANSWER);
            client.write_all(b"probe").await.unwrap();
        });
        assert_eq!(&heard, b"probe");
    }

    #[tokio::test]
    async fn consent_leaves_before_the_connection_ends_however_it_ends() {
        let (mut server, mut client) = pair().await;
        server.write_all(ANSWER).await.unwrap();
        server.shutdown().await.unwrap();
        assert_eq!(read(&mut client).await, ANSWER);
        let (mut server, mut client) = pair().await;
        server.write_all(ANSWER).await.unwrap();
        drop(server);
        assert_eq!(read(&mut client).await, ANSWER);
    }

    #[tokio::test]
    async fn other_responses_leave_at_once_in_one_piece_or_several() {
        let (mut server, mut client) = pair().await;
        server.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        assert_eq!(read(&mut client).await, b"HTTP/1.1 200 OK\r\n\r\n");
        let slices = [IoSlice::new(b"HTTP/1.1 204 "), IoSlice::new(b"No Content\r\n\r\n")];
        assert_eq!(server.write_vectored(&slices).await.unwrap(), 27);
        assert_eq!(read(&mut client).await, b"HTTP/1.1 204 No Content\r\n\r\n");
        let slices = [IoSlice::new(b""), IoSlice::new(ANSWER), IoSlice::new(b"first")];
        assert_eq!(server.write_vectored(&slices).await.unwrap(), ANSWER.len());
        assert!(nothing_to_read(&client));
        assert_eq!(server.write_vectored(&slices[2..]).await.unwrap(), 5);
        assert_eq!(read(&mut client).await, [ANSWER, b"first"].concat());
    }

    #[tokio::test]
    async fn the_first_ping_is_answered_without_the_client_while_the_server_reads() {
        let (mut server, mut client) = pair().await;
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut asked = [0; 18];
        server.read_exact(&mut asked).await.unwrap();
        server.write_all(ANSWER).await.unwrap();
        server.write_all(b"\x81\x010").await.unwrap();
        assert_eq!(read(&mut client).await, [ANSWER, b"\x81\x010"].concat());
        let (mut reader, mut writer) = tokio::io::split(server);
        let mut heard = [0; 7];
        tokio::join!(async { reader.read_exact(&mut heard).await.unwrap() }, async {
            // The reader waits by now, and nothing but the ping wakes it.
            writer.write_all(&[PING, b"\x81\x0240"].concat()).await.unwrap();
        });
        assert_eq!(&heard, b"\x81\x81\0\0\0\x003");
        assert_eq!(read(&mut client).await, b"\x81\x0240");
        writer.write_all(PING).await.unwrap();
        assert_eq!(read(&mut client).await, PING, "the next is the client's");
    }

    /// A client that reads nothing for a while gets all of it in the end, once.
    #[tokio::test]
    async fn what_did_not_fit_follows() {
        let (mut server, mut client) = pair().await;
        let filler = vec![b'x'; 1 << 20];
        let mut filled = 0;
        while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(50), server.write(&filler)).await {
            filled += count;
        }
        server.write_all(ANSWER).await.unwrap();
        let (got, ()) = tokio::join!(
            async {
                let mut got = Vec::new();
                client.read_to_end(&mut got).await.unwrap();
                got
            },
            async {
                server.write_all(b"first").await.unwrap();
                server.shutdown().await.unwrap();
            }
        );
        assert_eq!(got.len(), filled + ANSWER.len() + 5);
        assert!(got.ends_with(&[ANSWER, b"first"].concat()));
    }
}
