//! The queue's words on a socket: `queue_join`, `queue_leave`, `queue_status`, in every namespace.

use std::sync::{Arc, Weak};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use socketioxide::socket::Socket;

use crate::app::App;
use crate::id::RoomCode;
use crate::queue::ears::Ear;
use crate::queue::standing::Standing;
use crate::refusal::Refusal;
use crate::room::fact::Player;
use crate::socket::answer::Answerer;
use crate::socket::lane::Lane;
use crate::socket::voice::{Voice, hang_up};

/// Whether `event` is the queue's.
pub fn knows(event: &str) -> bool {
    matches!(event, "queue_join" | "queue_leave" | "queue_status")
}

/// `queue_join`.
#[derive(Deserialize)]
pub struct QueueJoinIn {
    pub game: Option<String>,
    pub nickname: Option<String>,
}

#[derive(Serialize)]
struct StandingOut {
    ok: bool,
    #[serde(flatten)]
    standing: Standing,
}

#[derive(Serialize)]
struct LeftOut {
    ok: bool,
    left: bool,
}

/// Answers one of the queue's events. The namespace's game is meant when the payload names none.
pub async fn answer(lane: &Lane, who: Player, asked: QueueJoinIn, answerer: Answerer) {
    let (app, game) = (&lane.app, lane.game.as_ref().map(|game| game.card().name));
    let result = match answerer.event() {
        "queue_join" => {
            let game = asked.game.as_deref().or(game).or_else(|| app.queue.usual_game());
            match game {
                Some(game) => app.queue.join(&who, game).await,
                None => Err(Refusal::invalid("there is no game for two here")),
            }
        }
        "queue_leave" => {
            return match app.queue.leave(who.id).await {
                Ok(left) => answerer.give(&LeftOut { ok: true, left }),
                Err(refusal) => answerer.refuse(&refusal),
            };
        }
        _ => app.queue.standing(who.id).await,
    };
    match result {
        Ok(standing) => {
            // Who asked for no acknowledgement hears it as an event, as everybody does later.
            if !answerer.is_acknowledged()
                && let Standing::Waiting(place) = &standing
            {
                answerer.emit("queue_update", place);
            }
            answerer.give(&StandingOut { ok: true, standing });
        }
        Err(refusal) => answerer.refuse(&refusal),
    }
}

/// The queue's way to one socket.
pub struct SocketEar {
    voice: Arc<Voice>,
    socket: Arc<Socket>,
    lane: Weak<Lane>,
}

/// From now on the queue can tell this socket something.
pub fn listen(app: &App, lane: &Arc<Lane>, socket: &Arc<Socket>) {
    let ear = SocketEar { voice: Arc::clone(&lane.voice), socket: Arc::clone(socket), lane: Arc::downgrade(lane) };
    app.queue.hello(lane.identity().player_id, lane.id, Arc::new(ear));
    if !socket.connected() {
        // It closed before it was listened to.
        app.queue.goodbye(lane.identity().player_id, lane.id);
    }
}

impl Ear for SocketEar {
    fn tell(&self, event: &'static str, payload: &RawValue) {
        if self.voice.emit(&self.socket, event, payload).is_err() {
            hang_up(&self.socket);
        }
    }

    fn is_in(&self, room: RoomCode) -> bool {
        self.lane.upgrade().is_some_and(|lane| lane.room() == Some(room))
    }
}
