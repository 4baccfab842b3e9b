//! The waiting room. Loading its page counts as being there, so that it works without scripts.

use axum::response::Response;
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome, Problem, sentence};
use super::form::{Body, Form, Typed, query};
use super::games;
use super::session::Visit;
use crate::id::{RoomCode, Seat};
use crate::log::{Status, Visibility};
use crate::refusal::{Code, Refusal};
use crate::room::actor::Look;
use crate::web::error;
use crate::web::view::{LobbyPage, Notice, Person, SeatView};

/// `GET /room/CODE`; with `?watch=1` for those without a seat.
pub async fn show(visit: Visit, typed: Typed, uri: Uri) -> Response {
    let outcome = async {
        let code = typed.code()?;
        let look = visit.look_in(code).await?;
        let watch = query(&uri, "watch").is_some() && look.summary.can_watch;
        match look.summary.status {
            Status::InProgress => Answer::go(format!("/play/{code}")),
            Status::Completed | Status::Abandoned => Answer::go(format!("/results/{code}")),
            Status::Waiting | Status::Ready if look.seat.is_none() && !watch => Answer::go(format!("/join/{code}")),
            Status::Waiting | Status::Ready => page(&visit, &look, None).await,
        }
    }
    .await;
    visit.finish(outcome)
}

/// `POST /room/CODE/start`.
pub async fn start(visit: Visit, typed: Typed, body: Body) -> Response {
    let outcome = async {
        Form::read(&visit, body)?;
        act(&visit, typed.code()?, "start_game", Value::Null).await
    }
    .await;
    visit.finish(outcome)
}

/// `POST /room/CODE/bot`: `action` is `add` (with `level`) or `remove`, of a `seat`.
pub async fn bot(visit: Visit, typed: Typed, body: Body) -> Response {
    let outcome = async {
        let form = Form::read(&visit, body)?;
        let unreadable = |what: &str| Problem::Unreadable(format!("The form names no {what}."));
        let seat: u8 = form.get("seat").and_then(|seat| seat.parse().ok()).ok_or_else(|| unreadable("seat"))?;
        let mut payload = Map::from_iter([("seat".to_owned(), json!(seat))]);
        let event = match form.get("action") {
            Some("add") => "add_bot",
            Some("remove") => "remove_bot",
            _ => return Err(unreadable("action")),
        };
        if let Some(level) = form.get("level") {
            payload.insert("level".to_owned(), json!(level));
        }
        act(&visit, typed.code()?, event, Value::Object(payload)).await
    }
    .await;
    visit.finish(outcome)
}

/// `POST /room/CODE/leave`.
pub async fn leave(visit: Visit, typed: Typed, body: Body) -> Response {
    let outcome = async {
        Form::read(&visit, body)?;
        let code = typed.code()?;
        if visit.look(code).await?.seat.is_some() {
            match visit.request(code, "leave_room", &Value::Null).await {
                Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Busy | Code::InternalError) => {
                    return Err(refusal.into());
                }
                // Whatever else: there is nothing left to leave.
                _ => {}
            }
        }
        Answer::go("/")
    }
    .await;
    visit.finish(outcome)
}

/// Asks the room, and shows the lobby with what it said when that was no.
async fn act(visit: &Visit, code: RoomCode, event: &str, payload: Value) -> Outcome {
    let look = visit.look_in(code).await?;
    if look.seat.is_none() {
        return Err(Problem::NotIn(code));
    }
    match visit.request(code, event, &payload).await {
        Ok(_) => Answer::go(format!("/room/{code}")),
        Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Busy | Code::InternalError) => Err(refusal.into()),
        Err(refusal) => {
            let look = visit.look(code).await?;
            // Somebody was faster: the game has begun, or the room is over.
            if look.summary.status.is_lobby() {
                page(visit, &look, Some(&refusal)).await
            } else {
                Answer::go(format!("/room/{code}"))
            }
        }
    }
}

async fn page(visit: &Visit, look: &Look, refusal: Option<&Refusal>) -> Outcome {
    let (summary, card) = (&look.summary, look.game.card());
    let code = summary.room_code;
    let stored = visit.app.rooms.stored(code).await?;
    let state: Value = serde_json::from_str(look.state.get()).unwrap_or_default();
    let seats = (0..u8::try_from(summary.seats).unwrap_or(u8::MAX)).map(Seat).map(|seat| {
        let person = summary.players.iter().find(|player| player.seat == seat).map(|player| Person {
            id: player.player_id,
            nickname: player.nickname.clone(),
            online: player.online,
            host: player.is_host,
            bot: player.bot.is_some(),
            you: player.player_id == visit.me(),
        });
        SeatView { seat, person }
    });
    let online = summary.players.iter().filter(|player| player.online).count();
    let view = LobbyPage {
        shell: visit.shell(),
        code,
        game_name: card.name.to_owned(),
        game_title: card.title.to_owned(),
        join_url: visit.join_url(code),
        public: stored.visibility == Visibility::Public,
        me: visit.me(),
        is_host: look.seat == Some(Seat::HOST),
        watching: look.seat.is_none(),
        seats: seats.collect(),
        watchers: u32::try_from(look.watchers).unwrap_or(u32::MAX),
        can_start: summary.player_count >= usize::from(summary.seats_needed) && online == summary.player_count,
        bot_levels: card.bots.iter().map(|level| (*level).to_owned()).collect(),
        settings: games::of(look.game.card().name).facts(look.game.card(), &state),
        notice: refusal.map(|refusal| Notice { text: sentence(&refusal.message), bad: true }),
        online: u32::try_from(online).unwrap_or(u32::MAX),
    };
    Answer::page_with(refusal.map_or(StatusCode::OK, |refusal| error::status(refusal.code)), &view)
}
