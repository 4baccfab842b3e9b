//! Enters games that have ended into the book. Each is waiting in the store from the event that ended it on, so nothing is lost when
//! a node dies, and entered once however many nodes try.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::score::{Ending, Seated, entries};
use crate::id::Seat;
use crate::log::LogError;
use crate::log::ratings::{Ratings, Unscored};
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;

/// How often the store is asked for games that have ended: whoever looks at the results goes on to the rating.
const EVERY: Duration = Duration::from_millis(500);
/// Games entered in one go.
const AT_ONCE: u32 = 100;

/// Keeps the book, for as long as the server runs.
pub async fn run(rooms: Arc<Rooms>, ratings: Arc<dyn Ratings>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = round(&rooms, &ratings).await {
            tracing::warn!(%error, "games that have ended could not be entered into the book; it is tried again");
        }
    }
}

/// Enters what there is to enter.
///
/// # Errors
/// When the store does not answer.
pub async fn round(rooms: &Rooms, ratings: &Arc<dyn Ratings>) -> Result<(), LogError> {
    for unscored in ratings.unscored(AT_ONCE).await? {
        let ending = match read(rooms, &unscored).await {
            Ok(ending) => ending,
            Err(refusal) if refusal.code == Code::Unavailable => return Err(LogError::Unavailable(refusal.message.into_owned())),
            Err(refusal) => {
                // It cannot be read today or tomorrow: out of the way with it.
                tracing::error!(%refusal, room = %unscored.code, "a game that has ended cannot be read; it is not counted");
                ratings.enter(unscored, vec![]).await?;
                continue;
            }
        };
        let mut before = Vec::with_capacity(ending.players.len());
        for seated in &ending.players {
            before.push(ratings.standing(seated.player_id, &unscored.game).await?);
        }
        // When somebody else was faster, the next round sees what is left to do.
        ratings.enter(unscored, entries(&ending, &before)).await?;
    }
    Ok(())
}

/// What this module reads of the event.
#[derive(Deserialize)]
struct Body {
    ended: Ended,
}

#[derive(Deserialize)]
struct Ended {
    winners: Vec<Seat>,
    results: Value,
}

async fn read(rooms: &Rooms, unscored: &Unscored) -> Result<Ending, Refusal> {
    let broken = |error: serde_json::Error| Refusal::new(Code::InternalError, error.to_string());
    let Ended { winners, results } = serde_json::from_str::<Body>(&unscored.body).map_err(broken)?.ended;
    let players = rooms.seated_at(unscored.code, unscored.seq).await?.into_iter().map(|(seat, player)| Seated {
        seat,
        player_id: player.id,
        nickname: player.nickname,
        bot: player.bot.is_some(),
    });
    Ok(Ending { winners, players: players.collect(), results })
}
