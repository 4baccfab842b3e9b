//! Signing in, making an account, and what there is to know of a player.

use askama::Template;

use super::{Figures, Notice, Past, Shell};
use crate::id::{PlayerId, RoomCode};

/// `GET /login`. It posts `username`, `password` and `next` to `/login`.
#[derive(Template)]
#[template(path = "account/login.html")]
pub struct LogInPage {
    pub shell: Shell,
    pub username: String,
    /// Where to go afterwards: a path of ours.
    pub next: String,
    /// Why the form came back.
    pub error: Option<String>,
}

/// `GET /register`. It posts `username`, `password`, `nickname` and `next` to `/register`.
#[derive(Template)]
#[template(path = "account/register.html")]
pub struct RegisterPage {
    pub shell: Shell,
    pub username: String,
    pub nickname: String,
    pub next: String,
    /// Which field is wrong, and why the form came back.
    pub error: Option<(String, String)>,
}

impl RegisterPage {
    /// What is wrong about a field.
    pub(super) fn error_of(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, error)| error.as_str())
    }

    /// What is wrong, but not about one of the fields.
    pub(super) fn other_error(&self) -> Option<&str> {
        let fields = ["username", "password", "nickname"];
        self.error.as_ref().filter(|(wrong, _)| !fields.contains(&wrong.as_str())).map(|(_, error)| error.as_str())
    }
}

/// `GET /profile` and `GET /players/ID`.
#[derive(Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    pub shell: Shell,
    pub player_id: PlayerId,
    pub nickname: String,
    /// What the account signs in with; shown to its owner only.
    pub username: Option<String>,
    pub guest: bool,
    /// Whether the visitor looks at their own.
    pub own: bool,
    /// A day, such as 2026-11-21; nobody's who never sat anywhere.
    pub since: Option<String>,
    /// Played to their end.
    pub games: u32,
    /// Rating and results by game. Without any, the page says nothing of them.
    pub figures: Vec<Figures>,
    /// Finished games, the latest first.
    pub past: Vec<Past>,
    /// Rooms that are still there, the latest first: all of one's own, the public ones of others.
    pub rooms: Vec<PlayedRoom>,
    pub notice: Option<Notice>,
}

/// A room in which somebody has had a seat.
#[derive(Clone, Debug)]
pub struct PlayedRoom {
    pub code: RoomCode,
    pub game_title: String,
    /// With whom, as names.
    pub others: Vec<String>,
    /// "in progress", "over".
    pub status: String,
    /// A day.
    pub day: String,
}
