//! The page on which the protocol is tried.

use askama::Template;

use super::Shell;

/// `GET /playground`: a form that `static/playground.js` brings to life.
#[derive(Template)]
#[template(path = "playground.html")]
pub struct PlaygroundPage {
    pub shell: Shell,
    pub games: Vec<PlaygroundGame>,
}

/// A game that one can connect to.
pub struct PlaygroundGame {
    pub title: &'static str,
    pub namespace: String,
    /// The game's own events, separated by spaces.
    pub commands: String,
}
