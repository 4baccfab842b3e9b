//! A table: people talk and roll dice.

use anyhow::Result;

use super::{Bot, Command, Game, Style, talk};
use crate::client::{Client, Rules};

pub const TABLETOP: Game = Game {
    rules: Rules { namespace: "/tabletop", own_events: &[], own_keys: &["my_role", "my_seat"] },
    style: Style::Talk,
    senders: u32::MAX,
    start: Some("start_game"),
    own_rate: None,
    bot: |seed, client| {
        Box::new(Adventurer {
            talk: (talk::CHAT.bot)(seed, client),
            luck: fastrand::Rng::with_seed(seed),
            seated: false,
            began: false,
        })
    },
};

/// One thing in four is a roll.
const ROLLS: f64 = 0.25;
const FORMULAS: [&str; 4] = ["1d20+5", "2d6", "4d6kh3", "1d100"];

struct Adventurer {
    talk: Box<dyn Bot>,
    luck: fastrand::Rng,
    seated: bool,
    began: bool,
}

impl Bot for Adventurer {
    fn entered(&mut self, seat: Option<u32>, _state: &[u8]) {
        self.seated = seat.is_some();
    }

    fn heard(&mut self, name: &str, payload: &[u8], client: &Client) -> Result<()> {
        self.began |= name == "session_began";
        self.talk.heard(name, payload, client)
    }

    fn ready(&self) -> bool {
        self.began
    }

    fn act(&mut self, due: u64) -> Command {
        if self.seated && self.luck.f64() < ROLLS {
            let formula = FORMULAS[self.luck.usize(..FORMULAS.len())];
            return Command { event: "dice_roll", payload: format!("{{\"formula\":\"{formula}\"}}") };
        }
        self.talk.act(due)
    }
}
