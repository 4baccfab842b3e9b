//! The waiting room.

use askama::Template;

use super::Shell;
use crate::id::{PlayerId, RoomCode, Seat};

/// `GET /room/CODE`: the code to share, who is here, and the start. `static/lobby.js` fetches it again whenever something happened in the
/// room and takes over its roster, so that there is one template with and without JavaScript.
#[derive(Template)]
#[template(path = "lobby.html")]
pub struct LobbyPage {
    pub shell: Shell,
    pub code: RoomCode,
    /// The namespace without its slash.
    pub game_name: String,
    pub game_title: String,
    pub join_url: String,
    pub public: bool,
    /// The visitor.
    pub me: PlayerId,
    pub is_host: bool,
    /// Whether the visitor has no seat.
    pub watching: bool,
    /// Every seat, in order.
    pub seats: Vec<SeatView>,
    /// How many people without a seat are here.
    pub watchers: u32,
    /// Whether the host may start now.
    pub can_start: bool,
    /// The bots that may be added, weakest first; empty when the game has none.
    pub bot_levels: Vec<String>,
    /// The chosen options, for people.
    pub settings: Vec<Fact>,
    /// What the last form came to, when it was refused.
    pub notice: Option<Notice>,
    /// How many of those seated are online.
    pub online: u32,
}

/// Free seats that are listed one by one.
const FREE_LISTED: usize = 3;

impl LobbyPage {
    /// The code letter by letter, as a screen reader should say it.
    fn spoken_code(&self) -> String {
        self.code.as_str().chars().map(String::from).collect::<Vec<_>>().join(" ")
    }

    /// The seats that are listed one by one: of the free ones a few, where nothing can be done with them.
    fn listed(&self) -> Vec<&SeatView> {
        let mut free = 0;
        let listed = self.seats.iter().filter(|seat| {
            free += usize::from(seat.person.is_none());
            seat.person.is_some() || free <= FREE_LISTED || !self.bot_levels.is_empty()
        });
        listed.collect()
    }

    /// How many free seats there are besides.
    fn more_free(&self) -> usize {
        self.seats.len() - self.listed().len()
    }
}

/// A seat and who sits there.
#[derive(Clone, Debug)]
pub struct SeatView {
    pub seat: Seat,
    pub person: Option<Person>,
}

impl SeatView {
    /// Counted from 1, for people.
    fn number(&self) -> u16 {
        u16::from(self.seat.0) + 1
    }
}

/// Somebody in a seat.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: PlayerId,
    pub nickname: String,
    pub online: bool,
    pub host: bool,
    pub bot: bool,
    /// Whether this is the visitor.
    pub you: bool,
}

impl Person {
    /// Colour is never the only sign: the dot has a word beside it.
    fn state(&self) -> &'static str {
        if self.online { "online" } else { "away" }
    }
}

/// A name and a value.
#[derive(Clone, Debug)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

/// A sentence above the page's matter.
#[derive(Clone, Debug)]
pub struct Notice {
    pub text: String,
    pub bad: bool,
}
