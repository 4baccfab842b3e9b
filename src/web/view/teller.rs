//! Events told in sentences: the list beside a replay.

use std::collections::HashMap;

use serde_json::Value;

/// Tells the events of one game, given in order.
pub trait Tell: Send {
    /// `event` with its payload in a sentence; `None` when it is told as for any game. `who` is the player it is about, `name` gives that
    /// of a role ("host").
    fn tell(&mut self, event: &str, data: &Value, who: &str, name: &dyn Fn(&str) -> String) -> Option<String>;
}

/// A game without sentences of its own.
impl Tell for () {
    fn tell(&mut self, _: &str, _: &Value, _: &str, _: &dyn Fn(&str) -> String) -> Option<String> {
        None
    }
}

/// Turns a room's events, given in order, into sentences.
pub struct Teller {
    /// Who plays, by what the wire calls them.
    names: HashMap<String, String>,
    game: Box<dyn Tell>,
}

impl Teller {
    /// `names`: what the wire calls a player ("host") and what they are called.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>, game: Box<dyn Tell>) -> Self {
        let names = names.into_iter().map(|(role, name)| (role.to_owned(), name.to_owned())).collect();
        Self { names, game }
    }

    /// What `event` with its payload `data` means. An event that is not known here is told by its name.
    pub fn tell(&mut self, event: &str, data: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let player = || text(&data["player"]["nickname"]);
        let who = self.who(data);
        let names = &self.names;
        if let Some(told) = self.game.tell(event, data, &who, &|role| named(names, role)) {
            return told;
        }
        match event {
            "room_opened" => "The room was opened".to_owned(),
            "player_joined" => format!("{} joined", player()),
            "player_left" => format!("{} left", player()),
            "player_disconnected" => format!("{who} lost the connection"),
            "player_reconnected" => format!("{who} came back"),
            "chat_message" => format!("{}: {}", player(), text(&data["message"])),
            "game_started" => "The game began".to_owned(),
            "game_reset" => "Back to the lobby".to_owned(),
            "game_ended" => format!("The game ended: {}", text(&data["reason"]).replace('_', " ")),
            other => {
                let words = other.replace('_', " ");
                let mut letters = words.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
            }
        }
    }

    /// Whom an event is about.
    fn who(&self, data: &Value) -> String {
        match data["player_role"].as_str() {
            Some(role) => named(&self.names, role),
            None => data["nickname"].as_str().unwrap_or("Somebody").to_owned(),
        }
    }
}

fn named(names: &HashMap<String, String>, role: &str) -> String {
    names.get(role).cloned().unwrap_or_else(|| role.to_owned())
}
