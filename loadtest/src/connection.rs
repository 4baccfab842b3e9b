//! A connection by whichever transport, told in packets.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use clap::ValueEnum;

use crate::polling::Polling;
use crate::websocket::WebSocket;

/// How packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// By WebSocket from the first packet on.
    Websocket,
    /// By long-polling.
    Polling,
    /// By long-polling first, then by WebSocket, as browsers do.
    Upgrade,
}

impl Transport {
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// An open connection.
// One per client and never moved about in numbers: the size of the larger one does no harm.
#[allow(clippy::large_enum_variant)]
pub enum Connection {
    WebSocket(WebSocket),
    Polling(Polling),
    /// Dropped without a word.
    Dropped,
}

impl Connection {
    /// Connects to `host`, such as `127.0.0.1:3000`.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn open(host: &str, transport: Transport) -> Result<Self> {
        match transport {
            Transport::Websocket => {
                let mut socket = WebSocket::open(host, "/socket.io/?EIO=4&transport=websocket").await?;
                let first = socket.next().await?;
                ensure!(first.starts_with(b"0"), "the server did not open a session");
                Ok(Self::WebSocket(socket))
            }
            Transport::Polling => Ok(Self::Polling(Polling::open(host, "/socket.io/?EIO=4&transport=polling").await?.0)),
            Transport::Upgrade => {
                let (mut polling, sid) = Polling::open(host, "/socket.io/?EIO=4&transport=polling").await?;
                let mut socket = WebSocket::open(host, &format!("/socket.io/?EIO=4&transport=websocket&sid={sid}")).await?;
                socket.send("2probe").await?;
                // The poll that stands open is ended by the server when it sees the probe; a heartbeat may come before that.
                let (probed, polled) = tokio::join!(socket.next(), polling.next());
                ensure!(probed.context("the probe failed")?.starts_with(b"3probe"), "the probe was not answered");
                let mut last = polled.context("the last poll failed")?;
                while last.starts_with(b"2") {
                    polling.send("3").await?;
                    last = polling.next().await.context("the last poll failed")?;
                }
                ensure!(last.starts_with(b"6"), "something came before the upgrade was over");
                socket.send("5").await?;
                Ok(Self::WebSocket(socket))
            }
        }
    }

    /// The next packet. May be dropped and called again without losing anything.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn next(&mut self) -> Result<Bytes> {
        match self {
            Self::WebSocket(socket) => socket.next().await,
            Self::Polling(polling) => polling.next().await,
            Self::Dropped => bail!("the connection was dropped"),
        }
    }

    /// Sends one packet.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        match self {
            Self::WebSocket(socket) => socket.send(text).await,
            Self::Polling(polling) => polling.send(text).await,
            Self::Dropped => bail!("the connection was dropped"),
        }
    }
}
