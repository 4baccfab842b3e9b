//! Who won.

use axum::response::Response;
use serde_json::Value;

use super::answer::{Answer, Outcome, Problem, sentence};
use super::form::Typed;
use super::games;
use super::history::History;
use super::session::Visit;
use crate::log::Status;
use crate::web::view::ResultsPage;

/// `GET /results/CODE`.
pub async fn show(visit: Visit, typed: Typed) -> Response {
    let outcome = results(&visit, &typed).await;
    visit.finish(outcome)
}

async fn results(visit: &Visit, typed: &Typed) -> Outcome {
    let code = typed.code()?;
    let look = visit.look(code).await?;
    let (status, card) = (look.summary.status, look.game.card());
    if !status.is_over() {
        return Answer::go(format!("/room/{code}"));
    }
    if look.seat.is_none() && !card.spectators {
        return Err(Problem::NotIn(code));
    }
    let history = History::read(visit, code, &look).await?;
    if !history.began() {
        return Err(Problem::Closed);
    }
    let state: Value = serde_json::from_str(look.state.get()).unwrap_or_default();
    let scores = games::of(card.name).scores(&look, &state["results"]);
    let (headline, columns) = scores.unwrap_or_else(|| match status {
        Status::Abandoned => ("Nobody wins".to_owned(), vec![]),
        _ => ("The game is over".to_owned(), vec![]),
    });
    Answer::page(&ResultsPage {
        shell: visit.shell(),
        code,
        game_title: card.title.to_owned(),
        headline,
        reason: sentence(state["reason"].as_str().unwrap_or("the game is over")),
        columns,
        fairness: history.fairness(&look)?,
        can_rematch: look.seat.is_some() && status == Status::Completed,
    })
}
