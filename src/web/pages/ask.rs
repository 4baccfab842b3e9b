//! Rooms, asked over plain HTTP.

use serde_json::Value;
use serde_json::value::to_raw_value;

use super::answer::Problem;
use super::session::Visit;
use crate::id::{RoomCode, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Enter, Look, Message, Purpose, Request};
use crate::room::directory::no_options;
use crate::room::outlet::Answer;
use crate::web::api::play::answered;

impl Visit {
    /// The room as the visitor may see it.
    ///
    /// # Errors
    /// [`Problem::NoSuchRoom`], or that the room cannot be reached.
    pub async fn look(&self, code: RoomCode) -> Result<Look, Problem> {
        self.app.rooms.look(code, Some(self.me())).await.map_err(|refusal| named(code, refusal))
    }

    /// The room, of which the visitor is a part: being here is noted.
    ///
    /// # Errors
    /// As [`look`](Visit::look).
    pub async fn look_in(&self, code: RoomCode) -> Result<Look, Problem> {
        let look = self.look(code).await?;
        if look.seat.is_none() || !look.summary.status.is_lobby() {
            return Ok(look);
        }
        self.request(code, "request_presence", &Value::Null).await?;
        self.look(code).await
    }

    /// Sends an event in the visitor's name.
    ///
    /// # Errors
    /// What the room says.
    pub async fn request(&self, code: RoomCode, event: &str, payload: &Value) -> Result<Answer, Refusal> {
        let payload = if payload.is_null() { no_options() } else { to_raw_value(payload).unwrap_or_else(|_| no_options()) };
        let (player, event) = (self.player(), event.to_owned());
        let request =
            |reply| Request { conn: None, player, event, payload, command: None, expected: None, acknowledged: true, reply };
        answered(&self.app, code, |reply| Message::Request(Box::new(request(reply)))).await
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// What the room says.
    pub async fn enter(&self, code: RoomCode) -> Result<Answer, Refusal> {
        let enter = |reply| Enter {
            conn: None,
            game: None,
            player: self.player(),
            purpose: Purpose::Play,
            client_seed: None,
            last_seq: None::<Seq>,
            command: None,
            extra: serde_json::Map::new(),
            reply,
        };
        answered(&self.app, code, |reply| Message::Enter(Box::new(enter(reply)))).await
    }
}

/// A room that is not there is told by its code.
pub fn named(code: RoomCode, refusal: Refusal) -> Problem {
    if refusal.code == Code::InvalidGame { Problem::NoSuchRoom(code.to_string()) } else { Problem::Refused(refusal) }
}
