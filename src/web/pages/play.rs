//! The page on which one plays or watches.

use axum::response::Response;

use super::answer::{Answer, Problem};
use super::form::Typed;
use super::games;
use super::session::Visit;
use crate::log::Status;

/// `GET /play/CODE`. When the game is over it stays: a rematch is agreed on there.
pub async fn show(visit: Visit, typed: Typed) -> Response {
    let outcome = async {
        let code = typed.code()?;
        let look = visit.look(code).await?;
        match look.summary.status {
            Status::Waiting | Status::Ready => Answer::go(format!("/room/{code}")),
            Status::Abandoned => Answer::go(format!("/results/{code}")),
            _ if look.seat.is_none() && !look.summary.can_watch => Err(Problem::NotIn(code)),
            _ => games::of(look.game.card().name).play(&visit, &look),
        }
    }
    .await;
    visit.finish(outcome)
}
