//! AniFight: draws, and places in the first free role.

use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

use super::{Bot, Command, Game, Style};
use crate::client::{Client, Rules};

pub const DRAFT: Game = Game {
    rules: Rules { namespace: "/draft", own_events: &[], own_keys: &[] },
    style: Style::Turns,
    senders: 2,
    start: Some("start_game"),
    own_rate: None,
    bot: |_, _| Box::new(Drafter::default()),
};

/// A player of AniFight, or a spectator.
#[derive(Default)]
struct Drafter {
    /// None for spectators.
    role: Option<&'static str>,
    free: Vec<String>,
    in_hand: Option<u64>,
    mine: bool,
}

#[derive(Deserialize)]
struct State {
    template: Template,
    current_turn: Option<String>,
    drawn_character: Option<Character>,
    host_placements: BTreeMap<String, u64>,
    guest_placements: BTreeMap<String, u64>,
    is_started: bool,
}

#[derive(Deserialize)]
struct Template {
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Character {
    id: u64,
}

#[derive(Deserialize)]
struct Began {
    current_turn: String,
}

#[derive(Deserialize)]
struct Drawn {
    character: Character,
    player_role: String,
}

#[derive(Deserialize)]
struct Placed {
    role_name: String,
    player_role: String,
    is_complete: bool,
}

impl Bot for Drafter {
    fn entered(&mut self, seat: Option<u32>, state: &[u8]) {
        self.role = seat.map(|seat| if seat == 0 { "host" } else { "guest" });
        let Ok(state) = serde_json::from_slice::<State>(state) else { return };
        let taken = if seat == Some(0) { &state.host_placements } else { &state.guest_placements };
        self.free = state.template.roles.into_iter().filter(|role| !taken.contains_key(role)).collect();
        self.mine = state.is_started && self.is_me(state.current_turn.as_deref());
        self.in_hand = state.drawn_character.map(|character| character.id);
    }

    fn heard(&mut self, name: &str, payload: &[u8], _client: &Client) -> Result<()> {
        match name {
            "draft_began" => {
                let began: Began = serde_json::from_slice(payload)?;
                self.mine = self.is_me(Some(&began.current_turn));
            }
            "character_drawn" => {
                let drawn: Drawn = serde_json::from_slice(payload)?;
                self.mine = self.is_me(Some(&drawn.player_role));
                self.in_hand = Some(drawn.character.id);
            }
            "character_placed" => {
                let placed: Placed = serde_json::from_slice(payload)?;
                let by_me = self.is_me(Some(&placed.player_role));
                if by_me {
                    self.free.retain(|role| *role != placed.role_name);
                }
                self.in_hand = None;
                self.mine = !by_me && self.role.is_some() && !placed.is_complete;
            }
            _ => {}
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        self.mine
    }

    fn act(&mut self, _due: u64) -> Command {
        self.mine = false;
        match (self.in_hand, self.free.first()) {
            (Some(id), Some(role)) => Command {
                event: "place_character",
                payload: serde_json::json!({ "character_id": id, "role_name": role }).to_string(),
            },
            _ => Command { event: "draw_character", payload: "{}".to_owned() },
        }
    }
}

impl Drafter {
    fn is_me(&self, role: Option<&str>) -> bool {
        self.role.is_some() && self.role == role
    }
}
