//! A room's whole log as a visitor may know it, and whether its luck was fair.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::Problem;
use super::ask::named;
use super::session::Visit;
use crate::chance::Seed;
use crate::id::{RoomCode, Seq};
use crate::log::Row;
use crate::refusal::{Code, Refusal};
use crate::room::actor::Look;
use crate::room::state::BadLog;
use crate::time::Timestamp;
use crate::web::view::{Fairness, Verdict};

/// An event, told to the visitor.
pub struct Happened {
    pub seq: Seq,
    pub at: Timestamp,
    pub event: &'static str,
    pub data: Value,
}

/// Everything that happened in a room.
pub struct History {
    pub events: Vec<Happened>,
    rows: Vec<Row>,
}

impl History {
    /// # Errors
    /// When the log cannot be read.
    pub async fn read(visit: &Visit, code: RoomCode, look: &Look) -> Result<Self, Problem> {
        let (_, rows) = visit.app.rooms.whole_log(code).await.map_err(|refusal| named(code, refusal))?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let told = look.game.tell(row, look.viewer).map_err(broken)?;
            let data = serde_json::from_str(told.payload.get()).unwrap_or_default();
            events.push(Happened { seq: row.seq, at: row.at, event: told.event, data });
        }
        Ok(Self { events, rows })
    }

    pub fn last(&self) -> Seq {
        self.events.last().map_or(Seq(0), |event| event.seq)
    }

    pub fn at(&self, seq: Seq) -> Option<&Happened> {
        self.events.iter().find(|event| event.seq == seq)
    }

    /// Whether a game was begun in this room since it was last in the lobby.
    pub fn began(&self) -> bool {
        self.events.iter().rev().map(|event| event.event).find(|event| matches!(*event, "game_started" | "game_reset"))
            == Some("game_started")
    }

    /// The state after event `at`; before the first there is what the first leaves.
    ///
    /// # Errors
    /// When the log does not hold together.
    pub fn state(&self, look: &Look, at: Seq) -> Result<Value, Problem> {
        let count = usize::try_from(at.0.max(1)).unwrap_or(usize::MAX).min(self.rows.len());
        let room = look.game.load(None, &self.rows[..count]).map_err(broken)?;
        Ok(serde_json::from_str(room.state(look.viewer).get()).unwrap_or_default())
    }

    /// The commitment to the luck of the last round, and what came of it.
    ///
    /// # Errors
    /// When the log does not hold together.
    pub fn fairness(&self, look: &Look) -> Result<Fairness, Problem> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (mut hash, mut seed, mut seeds) = (look.summary.seed_hash.clone(), None, BTreeMap::new());
        for Happened { event, data, .. } in &self.events {
            match *event {
                "room_opened" | "game_reset" => {
                    hash = text(&data["seed_hash"]).unwrap_or(hash);
                    seed = None;
                    seeds.values_mut().for_each(|(_, seed)| *seed = None);
                }
                "player_joined" => {
                    let name = text(&data["nickname"]).unwrap_or_default();
                    seeds.insert(data["player"]["seat"].as_u64(), (name, text(&data["client_seed"])));
                }
                "player_left" if data["promoted"].is_u64() => {
                    if let Some(moved) = seeds.remove(&data["promoted"].as_u64()) {
                        seeds.insert(data["player"]["seat"].as_u64(), moved);
                    }
                }
                "client_seed_added" => {
                    if let Some((_, seed)) = seeds.get_mut(&data["seat"].as_u64()) {
                        *seed = text(&data["client_seed"]);
                    }
                }
                "game_ended" => seed = text(&data["seed"]),
                _ => {}
            }
        }
        // A running one does not show it yet.
        let over = look.summary.status.is_over();
        let seed = seed.filter(|_| over);
        let (draws, verdict) = match &seed {
            None => (0, Verdict::Pending),
            Some(seed) => self.verdict(look, seed, &hash)?,
        };
        let client_seeds = seeds.into_values().filter_map(|(name, seed)| Some((name, seed?))).collect();
        Ok(Fairness { seed_hash: hash, seed, client_seeds, draws, verdict })
    }

    fn verdict(&self, look: &Look, seed: &str, hash: &str) -> Result<(u32, Verdict), Problem> {
        let checked = look.game.verify(&self.rows).map_err(broken)?;
        let draws = u32::try_from(checked.len()).unwrap_or(u32::MAX);
        let fits = seed.parse::<Seed>().is_ok_and(|seed| seed.hash().to_string() == hash);
        let wrong = checked.iter().find(|draw| draw.claimed != draw.computed);
        let verdict = match wrong {
            _ if !fits => Verdict::Failed("the seed does not have the hash that was shown before.".to_owned()),
            Some(draw) => Verdict::Failed(format!(
                "event {} claims {} for draw {}, the seed gives {}.",
                draw.seq, draw.claimed, draw.number, draw.computed
            )),
            None => Verdict::Verified,
        };
        Ok((draws, verdict))
    }
}

fn broken(error: BadLog) -> Problem {
    Problem::Refused(Refusal::new(Code::InternalError, error.to_string()))
}
