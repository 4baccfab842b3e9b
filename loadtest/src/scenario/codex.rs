//! Arcane Codex: everybody takes one of the choices open to them, and nobody may learn of it before all have.

use anyhow::Result;
use serde::Deserialize;

use super::{Bot, Command, Game, Style};
use crate::check::Broken;
use crate::client::{Client, Rules};

pub const CODEX: Game = Game {
    rules: Rules { namespace: "/codex", own_events: &["player_chose"], own_keys: &["my_choice"] },
    style: Style::Turns,
    senders: 8,
    start: Some("start_game"),
    own_rate: None,
    bot: |seed, _| Box::new(Reader { luck: fastrand::Rng::with_seed(seed), ..Reader::default() }),
};

#[derive(Default)]
struct Reader {
    luck: fastrand::Rng,
    seat: Option<u32>,
    /// What may be chosen now.
    open: Vec<String>,
    /// The choices of the scene, as they would stand in a payload, while they are secret.
    secrets: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
struct State {
    scenario: Option<Scene>,
    my_choice: Option<String>,
}

#[derive(Deserialize)]
struct Scene {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    choice_id: String,
    open_to: Vec<u32>,
}

#[derive(Deserialize)]
struct Chose {
    seat: u32,
}

impl Bot for Reader {
    fn entered(&mut self, seat: Option<u32>, state: &[u8]) {
        self.seat = seat;
        if let Ok(State { scenario: Some(scene), my_choice: None }) = serde_json::from_slice(state) {
            self.read(scene);
        }
    }

    fn heard(&mut self, name: &str, payload: &[u8], client: &Client) -> Result<()> {
        match name {
            "new_scenario" => self.read(serde_json::from_slice(payload)?),
            "turn_resolved" => self.secrets.clear(),
            "player_chose" => {
                let Chose { seat } = serde_json::from_slice(payload)?;
                if Some(seat) != self.seat && tells(payload, &self.secrets) {
                    client.broken(Broken::Secret, || format!("told what seat {seat} chose: {}", String::from_utf8_lossy(payload)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        !self.open.is_empty()
    }

    fn act(&mut self, _due: u64) -> Command {
        let choice = self.open.swap_remove(self.luck.usize(..self.open.len()));
        self.open.clear();
        Command { event: "make_choice", payload: serde_json::json!({ "choice_id": choice }).to_string() }
    }
}

impl Reader {
    fn read(&mut self, scene: Scene) {
        self.secrets = scene.choices.iter().map(|choice| format!("\"{}\"", choice.choice_id).into_bytes()).collect();
        let seat = self.seat;
        self.open = scene
            .choices
            .into_iter()
            .filter(|choice| seat.is_some_and(|seat| choice.open_to.contains(&seat)))
            .map(|choice| choice.choice_id)
            .collect();
    }
}

/// Whether one of the secrets stands in the payload.
fn tells(payload: &[u8], secrets: &[Vec<u8>]) -> bool {
    secrets.iter().any(|secret| payload.windows(secret.len()).any(|window| window == secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_in_somebody_elses_bytes_is_seen() {
        let mut reader = Reader { seat: Some(1), ..Reader::default() };
        let scene = serde_json::json!({ "choices": [
            { "choice_id": "push", "open_to": [0, 1] },
            { "choice_id": "think", "open_to": [0] },
        ] });
        reader.read(serde_json::from_value(scene).unwrap());
        assert_eq!(reader.open, ["push"]);
        assert!(tells(br#"{"seat":0,"my_choice":"think"}"#, &reader.secrets));
        assert!(!tells(br#"{"seat":0,"my_choice":null,"waiting_for":["rethink"]}"#, &reader.secrets));
        assert_eq!(reader.act(0).payload, r#"{"choice_id":"push"}"#);
        assert!(!reader.ready());
    }
}
