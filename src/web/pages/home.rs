//! The front page, and finding a room by its code.

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::answer::{Answer, Outcome, Problem};
use super::form::{Body, Form, quoted};
use super::games;
use super::session::Visit;
use crate::id::RoomCode;
use crate::log::{Status, StoredRoom};
use crate::web::view::{HomePage, RoomRow};

/// Public rooms on the front page, of each kind.
const ROOMS_SHOWN: u32 = 20;

/// `GET /`.
pub async fn show(visit: Visit) -> Response {
    let outcome = page(&visit, StatusCode::OK, String::new(), None).await;
    visit.finish(outcome)
}

/// `POST /join`: a code as somebody typed it.
pub async fn find(visit: Visit, body: Body) -> Response {
    let outcome = look_up(&visit, body).await;
    visit.finish(outcome)
}

async fn look_up(visit: &Visit, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    let typed = form.get("code").unwrap_or_default();
    let short = quoted(typed);
    let Ok(code) = typed.parse::<RoomCode>() else {
        let error = "A code has six characters: letters without vowels, and 2 to 9.".to_owned();
        return page(visit, StatusCode::BAD_REQUEST, short, Some(error)).await;
    };
    match visit.look(code).await {
        Ok(_) => Answer::go(format!("/join/{code}")),
        Err(Problem::NoSuchRoom(_)) => {
            let error = format!("No room has the code {code}. Is every character right?");
            page(visit, StatusCode::NOT_FOUND, short, Some(error)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn page(visit: &Visit, status: StatusCode, typed_code: String, code_error: Option<String>) -> Outcome {
    let rooms = &visit.app.rooms;
    let mut rows = Vec::new();
    for kind in [Status::Waiting, Status::Ready, Status::InProgress] {
        let listed = rooms.listed(None, Some(kind), ROOMS_SHOWN).await?;
        rows.extend(listed.iter().filter_map(|room| row(visit, room)));
    }
    let games = rooms.catalogue().iter().map(|game| games::card(game.card())).collect();
    Answer::page_with(status, &HomePage { shell: visit.shell(), games, rooms: rows, typed_code, code_error })
}

/// What the list needs of a room's summary.
#[derive(Deserialize)]
struct Listing {
    host_nickname: Option<String>,
    player_count: usize,
    seats: usize,
}

fn row(visit: &Visit, room: &StoredRoom) -> Option<RoomRow> {
    let listing: Listing = serde_json::from_str(&room.head.listing).ok()?;
    let game = visit.app.rooms.catalogue().find(&room.game)?;
    Some(RoomRow {
        code: room.code,
        game_title: game.card().title.to_owned(),
        host: listing.host_nickname.unwrap_or_else(|| "nobody".to_owned()),
        players: format!("{}/{}", listing.player_count, listing.seats),
        status: said(room.head.status).to_owned(),
    })
}

/// A status in words.
pub fn said(status: Status) -> &'static str {
    match status {
        Status::Waiting => "waiting for players",
        Status::Ready => "about to begin",
        Status::InProgress => "in progress",
        Status::Completed => "over",
        Status::Abandoned => "closed",
    }
}
