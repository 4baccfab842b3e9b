//! A page to try the protocol on, for those who write clients. Only where the operator wants it: everything that it does, any client can.

use axum::response::Response;

use super::answer::{Answer, Problem};
use super::session::Visit;
use crate::web::view::{PlaygroundGame, PlaygroundPage};

/// `GET /playground`
pub async fn show(visit: Visit) -> Response {
    let outcome = if visit.app.config.playground { page(&visit) } else { Err(Problem::NotFound) };
    visit.finish(outcome)
}

fn page(visit: &Visit) -> super::answer::Outcome {
    let cards = visit.app.rooms.catalogue().iter().map(|game| game.card());
    let games = cards.map(|card| PlaygroundGame {
        title: card.title,
        namespace: card.namespace.clone(),
        commands: card.commands.join(" "),
    });
    Answer::page(&PlaygroundPage { shell: visit.shell(), games: games.collect() })
}
