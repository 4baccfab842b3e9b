//! Events told in sentences: the list beside a replay.

use std::collections::HashMap;

use serde_json::Value;

/// Turns a room's events, given in order, into sentences. It remembers what earlier ones named.
pub struct Teller {
    /// Who plays, by what the wire calls them.
    names: HashMap<String, String>,
    /// What was drawn, by id.
    drawn: HashMap<u64, String>,
}

impl Teller {
    /// `names`: what the wire calls a player ("host") and what they are called.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let names = names.into_iter().map(|(role, name)| (role.to_owned(), name.to_owned())).collect();
        Self { names, drawn: HashMap::new() }
    }

    /// What `event` with its payload `data` means. An event that is not known here is told by its name.
    pub fn tell(&mut self, event: &str, data: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let player = || text(&data["player"]["nickname"]);
        let who = self.who(data);
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
            "draft_began" => format!("{} draws first", self.name(&text(&data["current_turn"]))),
            "character_drawn" => {
                let character = &data["character"];
                if let Some(id) = character["id"].as_u64() {
                    self.drawn.insert(id, text(&character["name"]));
                }
                format!("{who} drew {}", text(&character["name"]))
            }
            "character_placed" => {
                let placed = data["character_id"].as_u64().and_then(|id| self.drawn.get(&id)).map_or("a character", String::as_str);
                format!("{who} placed {placed} as {}", text(&data["role_name"]))
            }
            "player_forfeited" => format!("{who} is out"),
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
            Some(role) => self.name(role),
            None => data["nickname"].as_str().unwrap_or("Somebody").to_owned(),
        }
    }

    fn name(&self, role: &str) -> String {
        self.names.get(role).cloned().unwrap_or_else(|| role.to_owned())
    }
}
