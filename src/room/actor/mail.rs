//! What is sent to a room.

use super::*;

/// Somebody comes in, or back.
pub struct Enter {
    /// None over plain HTTP.
    pub conn: Option<(ConnId, Arc<dyn Outlet>)>,
    pub player: Player,
    /// The game that the caller can speak of; any, when it does not matter.
    pub game: Option<&'static str>,
    pub purpose: Purpose,
    pub client_seed: Option<String>,
    pub last_seq: Option<Seq>,
    pub command: Option<CommandKey>,
    /// Added to the acknowledgement: what only the caller knows, such as links.
    pub extra: serde_json::Map<String, serde_json::Value>,
    pub reply: Reply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Play,
    Watch,
    /// From the handshake: whoever has a seat gets it back, others watch. What was missed comes as events.
    Resume,
}

/// Somebody wants something.
pub struct Request {
    pub conn: Option<ConnId>,
    pub player: Player,
    pub event: String,
    pub payload: Box<RawValue>,
    pub command: Option<CommandKey>,
    pub expected: Option<Seq>,
    /// Whether the answer itself reaches the client; if not, what was asked for is sent as an event.
    pub acknowledged: bool,
    pub reply: Reply,
}

/// What a look at a room shows.
pub struct Look {
    pub key: RoomKey,
    pub game: Arc<dyn AnyGame>,
    pub seq: Seq,
    pub viewer: Viewer,
    pub seat: Option<Seat>,
    pub role: &'static str,
    pub state: Box<RawValue>,
    pub summary: Summary,
    /// How many people without a seat are connected.
    pub watchers: usize,
}

impl Look {
    /// Whether the one who looks may see the game, not only that it exists.
    ///
    /// # Errors
    /// `FORBIDDEN` when this game has no spectators and the player no seat.
    pub fn may_watch(&self) -> Result<(), Refusal> {
        // A game that nobody may watch may be looked at when it is over; one that was played behind closed doors may not.
        let over = self.summary.status.is_over() && !self.game.card().spectators;
        if self.seat.is_some() || self.summary.can_watch || over {
            return Ok(());
        }
        Err(Refusal::new(Code::Forbidden, "this game cannot be watched"))
    }
}

pub enum Message {
    Enter(Box<Enter>),
    Request(Box<Request>),
    /// A connection ended.
    Gone(ConnId),
    /// Look whether anything is due, and who is here.
    Tick,
    /// The log was changed behind the room's back (somebody's name was taken out of it): read it again.
    Reread,
    /// The node that kept this room's time is gone: read what it logged, and go on.
    Adopt,
    Look {
        player: Option<PlayerId>,
        reply: oneshot::Sender<Result<Look, Refusal>>,
    },
    /// Wakes the sender when there is an event after `after`.
    Listen {
        player: Option<PlayerId>,
        after: Seq,
        wake: oneshot::Sender<()>,
    },
    /// What another node appended; without rows, look into the log.
    News(Vec<Row>),
    /// Somebody types on another node; what everybody is told of it.
    TypingElsewhere(Box<RawValue>),
    /// A bot has made up its mind about the state at `version`.
    Bot {
        seat: Seat,
        version: Seq,
        command: Option<(String, Box<RawValue>)>,
    },
}

/// The mailbox takes nothing more.
pub enum Full {
    /// Too much mail.
    Busy(Message),
    /// The room left memory: ask the directory for it again.
    Closed(Message),
}
