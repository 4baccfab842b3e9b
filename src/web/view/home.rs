//! Before there is a room: the front page, opening a room, joining one.

use askama::Template;

use super::{Shell, emblem};
use crate::id::RoomCode;

/// `GET /`: choose a game or type a code.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub shell: Shell,
    pub games: Vec<GameCard>,
    /// Public rooms that can be joined or watched, newest first.
    pub rooms: Vec<RoomRow>,
    /// What was typed as a code, shown again when it was wrong.
    pub typed_code: String,
    /// Why the typed code led nowhere.
    pub code_error: Option<String>,
}

/// A game as one chooses it.
#[derive(Clone, Debug)]
pub struct GameCard {
    /// The namespace without its slash.
    pub name: String,
    pub title: String,
    pub summary: String,
    /// "2 players", "2–8 players".
    pub players: String,
    /// Whether one can wait for a stranger to play it with.
    pub for_two: bool,
}

impl GameCard {
    /// `seats` from the fewest to the most.
    pub fn new(name: &str, title: &str, summary: &str, seats: std::ops::RangeInclusive<u8>) -> Self {
        let players = match (*seats.start(), *seats.end()) {
            (1, 1) => "1 player".to_owned(),
            (few, many) if few == many => format!("{few} players"),
            (few, many) => format!("{few}–{many} players"),
        };
        let for_two = seats == (2..=2);
        Self { name: name.to_owned(), title: title.to_owned(), summary: summary.to_owned(), players, for_two }
    }

    pub(super) fn emblem(&self) -> u8 {
        emblem(&self.name)
    }
}

/// A public room in the list.
#[derive(Clone, Debug)]
pub struct RoomRow {
    pub code: RoomCode,
    pub game_title: String,
    pub host: String,
    /// "1/2".
    pub players: String,
    /// "waiting for players", "in progress".
    pub status: String,
}

/// `GET /create?game=NAME`: options and a name. It posts `game`, `nickname`, `visibility` and one field per option to `/create`;
/// a checkbox field comes once per chosen value.
#[derive(Template)]
#[template(path = "create.html")]
pub struct CreatePage {
    pub shell: Shell,
    pub game: GameCard,
    pub nickname: String,
    pub fields: Vec<OptionField>,
    /// Whether "public" is the choice so far.
    pub public: bool,
    /// Why the form came back.
    pub error: Option<String>,
}

/// One option of a game, chosen from a list or typed.
#[derive(Clone, Debug)]
pub struct OptionField {
    /// The form field and the key in the game's options.
    pub name: String,
    pub legend: String,
    pub hint: String,
    /// Whether several may be chosen (checkboxes) or exactly one (radio buttons).
    pub many: bool,
    pub choices: Vec<Choice>,
    /// What is typed instead of being chosen.
    pub typed: Option<Typed>,
}

/// A value that one types.
#[derive(Clone, Debug)]
pub enum Typed {
    Number { min: i64, max: i64, value: String },
    Text { max_length: u64, value: String },
}

impl OptionField {
    pub(super) fn input_type(&self) -> &'static str {
        if self.many { "checkbox" } else { "radio" }
    }
}

/// One value of an [`OptionField`].
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub selected: bool,
}

/// `GET /join/CODE`: what one is about to join. It posts `nickname` and `as` (`player` or `spectator`).
#[derive(Template)]
#[template(path = "join.html")]
pub struct JoinPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub game_title: String,
    pub host: String,
    /// "1/2 players".
    pub players: String,
    /// "waiting for players", "in progress".
    pub status: String,
    pub nickname: String,
    /// Whether a seat is free and the game has not started.
    pub can_play: bool,
    pub can_watch: bool,
    /// Why the form came back.
    pub error: Option<String>,
}
