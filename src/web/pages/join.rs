//! Joining by the link.

use axum::response::Response;
use http::StatusCode;

use super::answer::{Answer, Outcome, Problem, sentence};
use super::form::{Body, Form, Typed};
use super::home::said;
use super::session::Visit;
use crate::id::RoomCode;
use crate::log::Status;
use crate::refusal::{Code, Refusal};
use crate::room::actor::Look;
use crate::web::view::JoinPage;

/// `GET /join/CODE`.
pub async fn show(visit: Visit, typed: Typed) -> Response {
    let outcome = async {
        let code = typed.code()?;
        let look = visit.look(code).await?;
        match elsewhere(&look)? {
            Some(place) => Answer::go(place),
            None => page(&visit, &look, None, None),
        }
    }
    .await;
    visit.finish(outcome)
}

/// `POST /join/CODE`.
pub async fn submit(mut visit: Visit, typed: Typed, body: Body) -> Response {
    let outcome = join(&mut visit, &typed, body).await;
    visit.finish(outcome)
}

async fn join(visit: &mut Visit, typed: &Typed, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    let code = typed.code()?;
    let look = visit.look(code).await?;
    if let Some(place) = elsewhere(&look)? {
        return Answer::go(place);
    }
    if let Some(name) = form.get("nickname")
        && let Err(refusal) = visit.rename(name).await
    {
        return page(visit, &look, form.get("nickname"), Some(&refusal));
    }
    let can_watch = look.summary.can_watch;
    if form.get("as") == Some("spectator") {
        return match can_watch {
            true => Answer::go(watching(&look)),
            false => Err(Refusal::new(Code::Forbidden, "this game cannot be watched").into()),
        };
    }
    match visit.enter(code).await {
        Ok(_) => Answer::go(format!("/room/{code}")),
        Err(refusal) if refusal.code == Code::RoomFull => Err(Problem::Full { code, can_watch }),
        Err(refusal) if refusal.code == Code::RoomUnavailable => Err(Problem::Begun { code, can_watch }),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Where somebody belongs who opens the link of a room in which they sit, or that is over.
fn elsewhere(look: &Look) -> Result<Option<String>, Problem> {
    let code = look.summary.room_code;
    Ok(match (look.summary.status, look.seat) {
        (Status::Abandoned, None) => return Err(Problem::Closed),
        (_, Some(_)) => Some(format!("/room/{code}")),
        (Status::Completed, None) => Some(format!("/results/{code}")),
        _ => None,
    })
}

fn watching(look: &Look) -> String {
    let code: RoomCode = look.summary.room_code;
    if look.summary.status.is_lobby() { format!("/room/{code}?watch=1") } else { format!("/play/{code}") }
}

fn page(visit: &Visit, look: &Look, typed: Option<&str>, refusal: Option<&Refusal>) -> Outcome {
    let summary = &look.summary;
    let card = look.game.card();
    let view = JoinPage {
        shell: visit.shell(),
        code: summary.room_code,
        game_title: card.title.to_owned(),
        host: summary.host_nickname.clone().unwrap_or_else(|| "nobody".to_owned()),
        players: format!("{}/{} players", summary.player_count, summary.seats),
        status: said(summary.status).to_owned(),
        nickname: typed.unwrap_or(&visit.identity.nickname).to_owned(),
        can_play: summary.can_join,
        can_watch: card.spectators,
        error: refusal.map(|refusal| sentence(&refusal.message)),
    };
    Answer::page_with(if refusal.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }, &view)
}
