//! Questions about a game, asked over a socket: answered beside the lane, because the answer takes a while and changes nothing.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::id::{PlayerId, RoomCode};
use crate::room::consult::Asking;
use crate::socket::answer::Answerer;

#[derive(Serialize)]
struct Answered {
    ok: bool,
    #[serde(flatten)]
    answer: serde_json::Value,
}

/// Answers `payload`, about `room` unless it names another. Without an acknowledgement the answer comes as the event `analysis`.
pub fn ask(app: &Arc<App>, game: &str, player: PlayerId, room: Option<RoomCode>, payload: Box<RawValue>, answerer: Answerer) {
    if let Err(refusal) = app.question_limit.check_player(player) {
        return answerer.refuse(&refusal);
    }
    let asking = Asking { game: game.to_owned(), question: answerer.event().to_owned(), payload, player: Some(player), room };
    let app = Arc::clone(app);
    tokio::spawn(async move {
        match app.rooms.consult(asking).await {
            Ok(answer) => {
                let answer = Answered { ok: true, answer };
                if !answerer.is_acknowledged() {
                    answerer.emit("analysis", &answer);
                }
                answerer.give(&answer);
            }
            Err(refusal) => answerer.refuse(&refusal),
        }
    });
}
