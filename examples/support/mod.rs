//! Rooms without a server, for the examples that measure them: people, and what they ask of a room.

use std::sync::Arc;

use parlor::id::{PlayerId, RoomCode};
use parlor::log::Visibility;
use parlor::refusal::Refusal;
use parlor::room::Rooms;
use parlor::room::actor::{Enter, Message, Purpose, Request};
use parlor::room::directory::CreateRoom;
use parlor::room::fact::Player;
use parlor::room::outlet::{ConnId, Outlet, Reply};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

pub fn player(name: &str) -> Player {
    Player { id: PlayerId::random(), nickname: name.to_owned(), guest: true, bot: None }
}

pub async fn open(rooms: &Rooms, game: &str, host: Player, options: Box<RawValue>) -> Result<RoomCode, Refusal> {
    let wish = CreateRoom {
        game: game.to_owned(),
        host,
        options,
        visibility: Visibility::Private,
        seats: None,
        client_seed: None,
        command_id: None,
    };
    rooms.create(wish).await
}

/// A reply, and what waits for it: whether it was a success.
fn reply() -> (Reply, oneshot::Receiver<bool>) {
    let (tell, told) = oneshot::channel();
    (Box::new(move |answer| _ = tell.send(answer.map_err(|refusal| eprintln!("{refusal:?}")).is_ok())), told)
}

/// Whether the room let the player in.
pub async fn enter(rooms: &Rooms, code: RoomCode, player: Player, purpose: Purpose, conn: u64, outlet: Arc<dyn Outlet>) -> bool {
    let (reply, answered) = reply();
    let enter = Enter {
        conn: Some((ConnId(conn), outlet)),
        player,
        game: None,
        purpose,
        client_seed: None,
        last_seq: None,
        command: None,
        extra: serde_json::Map::new(),
        reply,
    };
    rooms.send(code, Message::Enter(Box::new(enter))).is_ok() && answered.await.unwrap_or(false)
}

/// Whether the room did what the player asked.
pub async fn ask(rooms: &Rooms, code: RoomCode, player: &Player, conn: u64, event: &str, payload: &RawValue) -> bool {
    let (reply, answered) = reply();
    let request = Request {
        conn: Some(ConnId(conn)),
        player: player.clone(),
        event: event.to_owned(),
        payload: payload.to_owned(),
        command: None,
        expected: None,
        acknowledged: true,
        reply,
    };
    rooms.send(code, Message::Request(Box::new(request))).is_ok() && answered.await.unwrap_or(false)
}
