//! Waiting for a stranger to play with.

use askama::Template;

use super::{GameCard, Shell};

/// `GET /queue?game=NAME`: a form that posts `action`, `game` and `nickname` to `/queue`, or one's place.
#[derive(Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    pub shell: Shell,
    pub game: GameCard,
    pub nickname: String,
    /// When one waits.
    pub place: Option<WaitingPlace>,
    /// Why one does not wait.
    pub error: Option<String>,
}

/// A place in the queue.
pub struct WaitingPlace {
    pub position: u32,
    pub waiting: u32,
    /// "about 20 seconds".
    pub expected: String,
}
