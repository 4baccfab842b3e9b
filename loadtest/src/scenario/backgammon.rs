//! Backgammon: rolls, and plays any of the legal moves.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{Bot, Command, Game, Style};
use crate::client::{Client, Rules};

pub const BACKGAMMON: Game = Game {
    rules: Rules { namespace: "/backgammon", own_events: &[], own_keys: &[] },
    style: Style::Turns,
    senders: 2,
    start: Some("start_game"),
    own_rate: None,
    bot: |seed, _| Box::new(Gambler { luck: fastrand::Rng::with_seed(seed), color: None, table: None }),
};

struct Gambler {
    luck: fastrand::Rng,
    /// None for spectators.
    color: Option<&'static str>,
    /// The table while it is this one's turn.
    table: Option<Shown>,
}

/// The table as it is shown, as far as it is of use.
#[derive(Deserialize)]
struct Shown {
    to_decide: Option<String>,
    phase: String,
    legal_moves: Vec<Vec<Step>>,
}

#[derive(Deserialize, Serialize)]
struct Step {
    from_point: u8,
    to_point: u8,
}

#[derive(Deserialize)]
struct Told {
    game_state: Shown,
}

impl Bot for Gambler {
    fn entered(&mut self, seat: Option<u32>, state: &[u8]) {
        self.color = seat.map(|seat| if seat == 0 { "white" } else { "black" });
        self.table = serde_json::from_slice(state).ok().and_then(|shown| self.mine(shown));
    }

    fn heard(&mut self, name: &str, payload: &[u8], _client: &Client) -> Result<()> {
        if matches!(name, "opening_roll" | "dice_rolled" | "move_made" | "turn_ended" | "game_over") {
            let told: Told = serde_json::from_slice(payload)?;
            self.table = self.mine(told.game_state);
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        self.table.is_some()
    }

    fn act(&mut self, _due: u64) -> Command {
        let plain = |event| Command { event, payload: "{}".to_owned() };
        let Some(table) = self.table.take() else { return plain("end_turn") };
        match table.phase.as_str() {
            "rolling" => plain("roll_dice"),
            _ if table.legal_moves.is_empty() => plain("end_turn"),
            _ => {
                let moves = &table.legal_moves[self.luck.usize(..table.legal_moves.len())];
                Command { event: "move", payload: serde_json::json!({ "moves": moves }).to_string() }
            }
        }
    }
}

impl Gambler {
    fn mine(&self, shown: Shown) -> Option<Shown> {
        let to_act = matches!(shown.phase.as_str(), "rolling" | "moving");
        (to_act && self.color.is_some() && shown.to_decide.as_deref() == self.color).then_some(shown)
    }
}
