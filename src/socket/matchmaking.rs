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
use crate::socket::voice::Voice;

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

/// Answers one of the queue's events: who asks, and for which game. The namespace's is meant when none is named.
pub async fn answer(lane: &Lane, asked: Result<(Player, Option<String>), Refusal>, answerer: Answerer) {
    match act(lane, asked, &answerer).await {
        Ok(Done::Stands(standing)) => {
            // Who asked for no acknowledgement hears it as an event, as everybody does later.
            if let Standing::Waiting(place) = &standing
                && !answerer.is_acknowledged()
            {
                answerer.emit("queue_update", place);
            }
            answerer.give(&StandingOut { ok: true, standing });
        }
        Ok(Done::Left(left)) => answerer.give(&LeftOut { ok: true, left }),
        Err(refusal) => answerer.refuse(&refusal),
    }
}

enum Done {
    Stands(Standing),
    Left(bool),
}

async fn act(lane: &Lane, asked: Result<(Player, Option<String>), Refusal>, answerer: &Answerer) -> Result<Done, Refusal> {
    let (who, named) = asked?;
    let queue = &lane.app.queue;
    Ok(match answerer.event() {
        "queue_leave" => Done::Left(queue.leave(who.id).await?),
        "queue_status" => Done::Stands(queue.standing(who.id).await?),
        _ => {
            let here = lane.game.as_ref().map(|game| game.card().name);
            let game = named.as_deref().or(here).or_else(|| queue.usual_game());
            let game = game.ok_or_else(|| Refusal::invalid("there is no game for two here"))?;
            Done::Stands(queue.join(&who, game).await?)
        }
    })
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
            self.voice.hang_up(&self.socket);
        }
    }

    fn is_in(&self, room: RoomCode) -> bool {
        self.lane.upgrade().is_some_and(|lane| lane.room() == Some(room))
    }
}
