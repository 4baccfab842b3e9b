//! When something cannot be shown: what happened, and what one can do now.

use askama::Template;

use super::Shell;
use crate::id::RoomCode;

/// Any page that is not the one asked for. Built by a function per case.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub shell: Shell,
    /// The HTTP status that goes with it.
    pub status: u16,
    title: String,
    message: String,
    /// What an operator can look for in the log.
    reference: Option<String>,
    /// The room that can be watched instead.
    watch: Option<RoomCode>,
    links: Vec<Link>,
}

struct Link {
    href: String,
    label: &'static str,
}

impl ErrorPage {
    fn new(shell: Shell, status: u16, title: &str, message: impl Into<String>) -> Self {
        let links = vec![Link { href: "/".to_owned(), label: "Back to the start" }];
        Self { shell, status, title: title.to_owned(), message: message.into(), reference: None, watch: None, links }
    }

    fn first(mut self, label: &'static str, href: String) -> Self {
        self.links.insert(0, Link { href, label });
        self
    }

    /// No such page.
    pub fn not_found(shell: Shell) -> Self {
        Self::new(shell, 404, "There is nothing here", "The address may be mistyped, or the page may have moved.")
    }

    /// No room has this code, or it was deleted.
    pub fn no_such_room(shell: Shell, typed: &str) -> Self {
        let message = format!(
            "No room has the code “{typed}”. Codes have six characters; rooms are deleted a day after their game has ended."
        );
        Self::new(shell, 404, "No such room", message)
    }

    /// All seats are taken; `can_watch` offers to watch.
    pub fn room_full(shell: Shell, code: RoomCode, can_watch: bool) -> Self {
        let message = if can_watch { "All seats are taken, but you can watch." } else { "All seats are taken." };
        let mut page = Self::new(shell, 409, "This room is full", message);
        page.watch = can_watch.then_some(code);
        page
    }

    /// The room was open for too long without a game.
    pub fn expired(shell: Shell) -> Self {
        let message = "Rooms close when no game has begun for half an hour. Opening a new one takes a moment.";
        Self::new(shell, 410, "This room has closed", message)
    }

    /// The game has begun or is over, so nobody can join it as a player.
    pub fn unavailable_room(shell: Shell, code: RoomCode, can_watch: bool) -> Self {
        let mut page = Self::new(shell, 409, "This game has already begun", "Seats are given before the start only.");
        page.watch = can_watch.then_some(code);
        page
    }

    /// The visitor is in no seat of this room, or the form did not come from one of our pages.
    pub fn forbidden(shell: Shell, message: &str) -> Self {
        Self::new(shell, 403, "That is not for you", message)
    }

    /// The visitor is not in this room yet.
    pub fn not_in_room(shell: Shell, code: RoomCode) -> Self {
        let page = Self::new(shell, 403, "You are not in this room", "Join it first.");
        page.first("Join the room", format!("/join/{code}"))
    }

    /// The form's token is missing or old.
    pub fn stale_form(shell: Shell) -> Self {
        let message = "The form was too old or did not come from this site. Go back, reload the page, and send it again.";
        Self::new(shell, 403, "Please send that again", message)
    }

    /// Too many requests.
    pub fn rate_limited(shell: Shell, retry_after_s: u64) -> Self {
        let seconds = if retry_after_s == 1 { "a second".to_owned() } else { format!("{retry_after_s} seconds") };
        Self::new(shell, 429, "A little slower, please", format!("That were many requests at once. Try again in {seconds}."))
    }

    /// A form that cannot be read.
    pub fn bad_request(shell: Shell, message: &str) -> Self {
        Self::new(shell, 400, "That could not be read", message)
    }

    /// The same page under another status.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The store cannot be reached.
    pub fn unavailable(shell: Shell) -> Self {
        let message = "The server cannot save anything at the moment, so it changes nothing. It tries again by itself.";
        Self::new(shell, 503, "Back in a moment", message)
    }

    /// A fault of ours; `reference` is in the log.
    pub fn internal(shell: Shell, reference: &str) -> Self {
        let mut page = Self::new(shell, 500, "Something broke on our side", "Your game is safe: what was confirmed is in the log.");
        page.reference = Some(reference.to_owned());
        page
    }
}
