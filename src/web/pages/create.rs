//! Opening a room.

use axum::response::Response;
use http::{StatusCode, Uri};
use serde_json::value::to_raw_value;

use super::answer::{Answer, Outcome, Problem, sentence};
use super::form::{Body, Form, query};
use super::games;
use super::session::Visit;
use crate::games::Card;
use crate::log::Visibility;
use crate::refusal::{Code, Refusal};
use crate::room::directory::{CreateRoom, no_options};
use crate::web::error;
use crate::web::view::CreatePage;

/// `GET /create?game=NAME`; without a name, the first game. Further fields fill in the form: links to a room with these options.
pub async fn show(visit: Visit, uri: Uri) -> Response {
    let named = query(&uri, "game");
    let form = uri.query().filter(|query| query.contains('&')).map(Form::parse);
    let outcome = match find(&visit, named.as_deref()) {
        Some(card) => page(&visit, &card, form.as_ref(), None),
        None => Err(Problem::NotFound),
    };
    visit.finish(outcome)
}

/// `POST /create`.
pub async fn submit(mut visit: Visit, body: Body) -> Response {
    let outcome = create(&mut visit, body).await;
    visit.finish(outcome)
}

fn find(visit: &Visit, name: Option<&str>) -> Option<Card> {
    let mut games = visit.app.rooms.catalogue().iter();
    games.find(|game| name.is_none_or(|name| game.card().name == name)).map(|game| game.card().clone())
}

async fn create(visit: &mut Visit, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    let card = find(visit, form.get("game")).ok_or(Problem::NotFound)?;
    if let Some(name) = form.get("nickname")
        && let Err(refusal) = visit.rename(name).await
    {
        return page(visit, &card, Some(&form), Some(&refusal));
    }
    visit.app.room_limit.check(visit.ip)?;
    let visibility = match form.get("visibility") {
        Some("public") => Visibility::Public,
        _ => Visibility::Private,
    };
    let wish = CreateRoom {
        game: card.name.to_owned(),
        host: visit.player(),
        options: to_raw_value(&games::options(&games::of(card.name).fields(&card, None), &form)).unwrap_or_else(|_| no_options()),
        visibility,
        seats: None,
        client_seed: None,
        command_id: Some(form.command_id()),
    };
    match visit.app.rooms.create(wish).await {
        Ok(code) => Answer::go(format!("/room/{code}")),
        // The form comes back as it was filled in, with what is wrong.
        Err(refusal) if matches!(refusal.code, Code::ValidationError | Code::RateLimited) => {
            page(visit, &card, Some(&form), Some(&refusal))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn page(visit: &Visit, card: &Card, form: Option<&Form>, refusal: Option<&Refusal>) -> Outcome {
    let status = refusal.map_or(StatusCode::OK, |refusal| error::status(refusal.code));
    let typed = form.and_then(|form| form.get("nickname"));
    let view = CreatePage {
        shell: visit.shell(),
        game: games::card(card),
        nickname: typed.unwrap_or(&visit.identity.nickname).to_owned(),
        fields: games::of(card.name).fields(card, form),
        public: form.is_some_and(|form| form.get("visibility") == Some("public")),
        error: refusal.map(|refusal| sentence(&refusal.message)),
    };
    Answer::page_with(status, &view)
}
