//! Rooms, asked over plain HTTP.

use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::sync::oneshot;

use super::answer::Problem;
use super::session::Visit;
use crate::id::{RoomCode, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Enter, Look, Message, Purpose, Request};
use crate::room::directory::{busy, no_options};
use crate::room::outlet::{Answer, Reply};

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
        let (reply, answer) = reply();
        let (player, event) = (self.player(), event.to_owned());
        let request = Request { conn: None, player, event, payload, command: None, expected: None, acknowledged: true, reply };
        self.send(code, Message::Request(Box::new(request)), answer).await
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// What the room says.
    pub async fn enter(&self, code: RoomCode) -> Result<Answer, Refusal> {
        let (reply, answer) = reply();
        let enter = Enter {
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
        self.send(code, Message::Enter(Box::new(enter)), answer).await
    }

    async fn send(&self, code: RoomCode, message: Message, answer: Answering) -> Result<Answer, Refusal> {
        self.app.rooms.send(code, message).map_err(|_| busy())?;
        answer.await.unwrap_or_else(|_| Err(Refusal::new(Code::InternalError, "the room did not answer")))
    }
}

type Answering = oneshot::Receiver<Result<Answer, Refusal>>;

fn reply() -> (Reply, Answering) {
    let (tell, told) = oneshot::channel();
    (Box::new(move |answer| drop(tell.send(answer))), told)
}

/// A room that is not there is told by its code.
pub fn named(code: RoomCode, refusal: Refusal) -> Problem {
    if refusal.code == Code::InvalidGame { Problem::NoSuchRoom(code.to_string()) } else { Problem::Refused(refusal) }
}
