//! Waiting for a stranger to play with. The page refreshes itself, so that it works without scripts; loading it keeps one's place.

use std::time::Duration;

use axum::response::Response;
use http::{StatusCode, Uri};

use super::answer::{Answer, Outcome, Problem, sentence};
use super::form::{Body, Form, query};
use super::games;
use super::session::Visit;
use crate::games::Card;
use crate::queue::standing::{Place, Standing};
use crate::refusal::{Code, Refusal};
use crate::web::error;
use crate::web::view::{QueuePage, WaitingPlace};

/// `GET /queue?game=NAME`; without a name, the usual game.
pub async fn show(visit: Visit, uri: Uri) -> Response {
    let outcome = look(&visit, query(&uri, "game").as_deref()).await;
    visit.finish(outcome)
}

/// `POST /queue`: `action` is `join` (with `game` and `nickname`) or `leave`.
pub async fn submit(mut visit: Visit, body: Body) -> Response {
    let outcome = act(&mut visit, body).await;
    visit.finish(outcome)
}

async fn look(visit: &Visit, named: Option<&str>) -> Outcome {
    match visit.app.queue.wait(visit.me(), Duration::ZERO).await? {
        Standing::Matched(found) => {
            // From here on it is settled: coming back to this page is another wish.
            visit.app.queue.leave(visit.me()).await?;
            Answer::go(format!("/room/{}", found.room_code))
        }
        Standing::Waiting(place) => {
            let card = find(visit, Some(&place.game)).ok_or(Problem::NotFound)?;
            page(visit, &card, Some(&place), None)
        }
        Standing::Idle => page(visit, &find(visit, named).ok_or(Problem::NotFound)?, None, None),
    }
}

async fn act(visit: &mut Visit, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    match form.get("action") {
        Some("leave") => {
            visit.app.queue.leave(visit.me()).await?;
            Answer::go("/")
        }
        Some("join") => {
            let card = find(visit, form.get("game")).ok_or(Problem::NotFound)?;
            if let Some(name) = form.get("nickname")
                && let Err(refusal) = visit.rename(name).await
            {
                return page(visit, &card, None, Some(&refusal));
            }
            visit.app.command_limit.check_player(visit.me())?;
            match visit.app.queue.join(&visit.player(), card.name).await {
                Ok(_) => Answer::go(format!("/queue?game={}", card.name)),
                Err(refusal) if refusal.code == Code::Forbidden => page(visit, &card, None, Some(&refusal)),
                Err(refusal) => Err(refusal.into()),
            }
        }
        _ => Err(Problem::Unreadable("The form does not say what to do.".to_owned())),
    }
}

/// A game that one can wait for.
fn find(visit: &Visit, name: Option<&str>) -> Option<Card> {
    let name = name.or_else(|| visit.app.queue.usual_game())?;
    visit.app.queue.playable(name).ok()?;
    visit.app.rooms.catalogue().find(name).map(|game| game.card().clone())
}

fn page(visit: &Visit, card: &Card, place: Option<&Place>, refusal: Option<&Refusal>) -> Outcome {
    let view = QueuePage {
        shell: visit.shell(),
        game: games::card(card),
        nickname: visit.identity.nickname.clone(),
        place: place.map(|place| WaitingPlace {
            position: place.position,
            waiting: place.waiting,
            expected: place.expected_wait_ms.map_or_else(|| "not known yet".to_owned(), said),
        }),
        error: refusal.map(|refusal| sentence(&refusal.message)),
    };
    Answer::page_with(refusal.map_or(StatusCode::OK, |refusal| error::status(refusal.code)), &view)
}

/// A time in words; `static/queue.js` says it the same way.
fn said(ms: u64) -> String {
    match ms.div_ceil(1000) {
        0..=1 => "about a second".to_owned(),
        seconds @ 2..=89 => format!("about {seconds} seconds"),
        seconds => format!("about {} minutes", seconds.div_ceil(60)),
    }
}
