//! Questions about games: answered from the log and a thread that may take its time, never by a room's task.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::games::Consulted;
use crate::id::{PlayerId, RoomCode, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;

/// Rows that a question may be about: four times the longest match. They are all read for it.
const ROWS_MAX: usize = 20_000;

/// A question about a game.
#[derive(Debug)]
pub struct Asking {
    /// The game's name.
    pub game: String,
    /// The event that asks.
    pub question: String,
    pub payload: Box<RawValue>,
    /// Who asks.
    pub player: Option<PlayerId>,
    /// The room that is asked about, if the payload names none.
    pub room: Option<RoomCode>,
}

/// The fields of a question that say where to look; the others are the game's.
#[derive(Deserialize)]
struct Where {
    #[serde(alias = "game_code")]
    room_code: Option<String>,
    at: Option<Seq>,
}

impl Rooms {
    /// Answers a question: a JSON object.
    ///
    /// # Errors
    /// `UNKNOWN_EVENT` when the game answers no such question, `INVALID_GAME` for a room that is not there or not this game's, `FORBIDDEN`
    /// when the asker may not see it, `VALIDATION_ERROR`, `BUSY`, and what the game refuses.
    pub async fn consult(&self, asking: Asking) -> Result<serde_json::Value, Refusal> {
        let Asking { game, question, payload, player, room } = asking;
        let found = self.catalogue().find(&game).filter(|game| game.answers(&question));
        let game = found.cloned().ok_or_else(|| Refusal::new(Code::UnknownEvent, "this game answers no such question"))?;
        let place: Where = serde_json::from_str(payload.get()).map_err(|error| {
            let text = error.to_string();
            Refusal::invalid(format!("{question}: {}", text.split(" at line ").next().unwrap_or_default()))
        })?;
        let room = match place.room_code {
            Some(code) => Some(code.parse().map_err(|_| crate::room::actor::no_such_room())?),
            None => room,
        };
        let Some(code) = room else {
            return self.thinking().answer(move || game.consult(&question, &payload, None)).await;
        };
        let look = self.look(code, player).await?;
        look.may_watch()?;
        if look.game.card().name != game.card().name {
            return Err(Refusal::invalid("this room plays another game"));
        }
        if place.at.is_some_and(|at| at > look.seq || at.0 == 0) {
            return Err(Refusal::invalid(format!("`at` is from 1 to {}", look.seq)));
        }
        if look.seq.0 as usize > ROWS_MAX {
            return Err(Refusal::invalid("this room's log is too long to be analysed"));
        }
        let (_, mut rows) = self.whole_log(code).await?;
        rows.retain(|row| row.seq <= place.at.unwrap_or(look.seq));
        let (over, seat) = (look.summary.status.is_over(), look.seat);
        let job = move || game.consult(&question, &payload, Some(Consulted { rows: &rows, over, seat }));
        self.thinking().answer(job).await
    }
}
