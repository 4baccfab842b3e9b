//! What an operator may choose about rooms.

use std::time::Duration;

use crate::game::Game;

/// Times and bounds of rooms; `config` says what each is for and where its default comes from.
#[derive(Clone, Debug)]
pub struct RoomSettings {
    /// Instead of each game's own grace period.
    pub grace: Option<Duration>,
    /// The least grace after a restart.
    pub restart_grace: Duration,
    /// How long a lobby lives.
    pub lobby_expiry: Duration,
    /// How long somebody who joined a lobby may be away before the seat is free again.
    pub lobby_grace: Duration,
    /// How long an HTTP request counts as being there.
    pub http_presence: Duration,
    /// Messages that may wait for one room: beyond it, `BUSY`.
    pub mailbox: usize,
    /// Sockets and waiting requests that one room takes.
    pub audience: usize,
    /// Rooms that are not over which one player may have made.
    pub rooms_per_player: u32,
    /// A room without an audience leaves memory after this.
    pub idle: Duration,
    /// How long a bot seems to think.
    pub bot_delay: Duration,
    /// Bots that may think at once.
    pub bot_threads: usize,
    /// Events between snapshots.
    pub snapshot_every: u32,
}

impl RoomSettings {
    pub fn grace_of<G: Game>(&self) -> Duration {
        self.grace.unwrap_or(G::GRACE)
    }
}

impl Default for RoomSettings {
    fn default() -> Self {
        Self {
            grace: None,
            restart_grace: Duration::from_secs(30),
            lobby_expiry: Duration::from_secs(30 * 60),
            lobby_grace: Duration::from_secs(60),
            http_presence: Duration::from_secs(30),
            mailbox: 512,
            audience: 5_000,
            rooms_per_player: 50,
            idle: Duration::from_secs(60),
            bot_delay: Duration::from_millis(700),
            bot_threads: 1,
            snapshot_every: 256,
        }
    }
}
