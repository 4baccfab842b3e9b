//! How a client is answered: by its acknowledgement, or, when it asked for none, by an `error` event if something went wrong.

use std::sync::Arc;

use serde::Serialize;
use socketioxide::socket::Socket;

use crate::outcome::OF_EVENTS;
use crate::refusal::{Code, Refusal};
use crate::room::outlet::Answer;
use crate::socket::voice::Voice;

/// Answers one event, once.
pub struct Answerer {
    voice: Arc<Voice>,
    socket: Arc<Socket>,
    ack: Option<i64>,
    event: String,
    answered: bool,
}

/// Every event is answered, also when something that held its answer was lost to a bug.
impl Drop for Answerer {
    fn drop(&mut self) {
        // Whoever is gone needs no answer.
        if !self.answered && self.socket.connected() {
            tracing::error!(event = self.event, "an event was about to stay unanswered");
            OF_EVENTS.refused(Code::InternalError);
            self.say(&Refusal::new(Code::InternalError, "something went wrong; what you asked for may not have happened"));
        }
    }
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    code: Code,
    message: &'a str,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a serde_json::Value>,
}

impl Answerer {
    pub fn new(voice: &Arc<Voice>, socket: &Arc<Socket>, event: &str, ack: Option<i64>) -> Self {
        // Names are shown back in errors; nobody needs more of one than this.
        let event = if event.len() <= 64 { event.to_owned() } else { event.chars().take(64).collect() };
        Self { voice: Arc::clone(voice), socket: Arc::clone(socket), ack, event, answered: false }
    }

    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    pub fn event(&self) -> &str {
        &self.event
    }

    /// Whether the client asked for an acknowledgement.
    pub fn is_acknowledged(&self) -> bool {
        self.ack.is_some()
    }

    /// Says something beside the answer.
    pub fn emit(&self, event: &'static str, payload: &impl Serialize) {
        if self.voice.emit(&self.socket, event, payload).is_err() {
            self.voice.hang_up(&self.socket);
        }
    }

    pub fn answer(mut self, answer: Result<Answer, Refusal>) {
        OF_EVENTS.count(&answer);
        self.answered = true;
        match answer {
            Ok(answer) => self.acknowledge(&answer),
            Err(refusal) => self.say(&refusal),
        }
    }

    pub fn give(mut self, answer: &impl Serialize) {
        OF_EVENTS.applied();
        self.answered = true;
        self.acknowledge(answer);
    }

    pub fn refuse(mut self, refusal: &Refusal) {
        OF_EVENTS.refused(refusal.code);
        self.answered = true;
        self.say(refusal);
    }

    fn acknowledge(&self, answer: &impl Serialize) {
        if let Some(ack) = self.ack
            && self.voice.acknowledge(&self.socket, ack, answer).is_err()
        {
            // It would wait for ever: better that it reconnects and asks again.
            self.voice.hang_up(&self.socket);
        }
    }

    fn say(&self, refusal: &Refusal) {
        if self.ack.is_some() {
            return self.acknowledge(&refusal.as_answer());
        }
        let error =
            ErrorOut { code: refusal.code, message: &refusal.message, event: &self.event, details: refusal.details.as_deref() };
        self.emit("error", &error);
    }
}
