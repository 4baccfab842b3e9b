//! Rooms are made, listed, looked at and joined.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::asker::{Asker, Proven, player};
use super::body::Object;
use super::play::answered;
use super::query::{Code, Fields};
use crate::app::App;
use crate::games::{AnyGame, Catalogue};
use crate::id::{RoomCode, Seq};
use crate::log::{CommandKey, Status, Visibility};
use crate::refusal::Refusal;
use crate::room::actor::{Enter, Message, Purpose};
use crate::room::directory::{CreateRoom, no_options};
use crate::room::outlet::Answer;
use crate::room::summary::Summary;
use crate::socket::envelope::plain;
use crate::socket::wire::PurposeIn;
use crate::web::error::ApiResult;
use crate::web::qr::Qr;

/// Rooms that a list has when it does not say how many, and at most.
const LISTED: u32 = 50;
const LISTED_MAX: u32 = 100;

/// A wish for a room. Options may also lie beside the other fields, as some clients send them.
#[derive(Deserialize)]
struct CreateIn {
    game: Option<String>,
    #[serde(alias = "host_nickname")]
    nickname: Option<String>,
    options: Option<Box<RawValue>>,
    visibility: Option<Visibility>,
    seats: Option<u8>,
    client_seed: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// `POST /rooms`
pub async fn create(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Response> {
    let (envelope, wish) = (body.envelope()?, body.read::<CreateIn>()?);
    let game = game_of(app.rooms.catalogue(), &wish)?;
    let options = all_options(game.as_ref(), wish.options, wish.rest)?;
    let (address, base) = (asker.address, asker.base.clone());
    let proven = asker.named(&app, wish.nickname.as_deref())?;
    app.room_limit.check(address)?;
    let wish = CreateRoom {
        game: game.card().name.to_owned(),
        host: player(&proven.identity),
        options,
        visibility: wish.visibility.unwrap_or_default(),
        seats: wish.seats,
        client_seed: wish.client_seed,
        command_id: envelope.command_id,
    };
    let (code, before) = app.rooms.create_once(wish).await?;
    let url = format!("{base}/join/{code}");
    let mut extra = credentials(&proven);
    extra.insert("qr_code".into(), Qr::new(&url).map(|qr| qr.data_url()).unwrap_or_default().into());
    extra.insert("join_url".into(), url.into());
    if before {
        extra.insert("duplicate".into(), true.into());
    }
    let entry = Entry { purpose: Purpose::Play, client_seed: None, last_seq: None, command_id: None };
    let answer = enter(&app, code, &proven, entry, extra).await?;
    let place = format!("{}/rooms/{code}", super::ROOT);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(answer)).into_response())
}

/// Which game is wished for: the one named, else the only one that has the options given.
fn game_of<'a>(games: &'a Catalogue, wish: &CreateIn) -> Result<&'a Arc<dyn AnyGame>, Refusal> {
    let names = || games.iter().map(|game| game.card().name).collect::<Vec<_>>().join(", ");
    if let Some(name) = &wish.game {
        return games.find(name).ok_or_else(|| Refusal::invalid(format!("there is no such game; there is {}", names())));
    }
    let mut meant = games.iter().filter(|game| wish.rest.keys().any(|name| has_option(game.as_ref(), name)));
    match (meant.next(), meant.next()) {
        (Some(game), None) => Ok(game),
        _ => Err(Refusal::invalid(format!("`game` should name the game: {}", names()))),
    }
}

fn has_option(game: &dyn AnyGame, name: &str) -> bool {
    game.card().options.pointer("/properties").and_then(|options| options.get(name)).is_some()
}

/// The options, and those that lie beside them.
fn all_options(game: &dyn AnyGame, given: Option<Box<RawValue>>, rest: Map<String, Value>) -> Result<Box<RawValue>, Refusal> {
    let given = given.unwrap_or_else(no_options);
    if !given.get().starts_with('{') {
        return Err(Refusal::invalid("options should be an object"));
    }
    let mut beside = rest.into_iter().filter(|(name, _)| has_option(game, name)).peekable();
    if beside.peek().is_none() {
        return Ok(given);
    }
    let wrong = |error: serde_json::Error| Refusal::invalid(format!("options: {}", plain(&error)));
    let mut options: Map<String, Value> = serde_json::from_str(given.get()).map_err(wrong)?;
    for (name, value) in beside {
        options.entry(name).or_insert(value);
    }
    serde_json::value::to_raw_value(&options).map_err(wrong)
}

/// What an answer says of the one who came in.
fn credentials(proven: &Proven) -> Map<String, Value> {
    let Proven { identity, token } = proven;
    [
        ("player_id", identity.player_id.to_string().into()),
        ("nickname", identity.nickname.clone().into()),
        ("guest", identity.guest.into()),
        ("token", token.clone().into()),
        ("expires_at", identity.expires_at.to_string().into()),
    ]
    .into_iter()
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .collect()
}

#[derive(Serialize)]
struct ListOut {
    rooms: Vec<Map<String, Value>>,
}

/// `GET /rooms`
pub async fn list(State(app): State<Arc<App>>, asker: Asker, fields: Fields) -> ApiResult<Response> {
    let game: Option<String> = fields.get("game", "the name of a game")?;
    let status: Option<Status> = fields.get("status", "waiting, ready, in_progress, completed or abandoned")?;
    let limit = fields.number("limit")?.unwrap_or(LISTED).min(LISTED_MAX);
    let found = app.rooms.listed(game.as_deref(), status, limit).await?;
    let listed = found.iter().filter_map(|room| {
        let mut shown: Map<String, Value> = serde_json::from_str(&room.head.listing).ok()?;
        shown.insert("join_url".into(), format!("{}/join/{}", asker.base, room.code).into());
        Some(shown)
    });
    Ok(Json(ListOut { rooms: listed.collect() }).into_response())
}

#[derive(Serialize)]
struct RoomOut {
    #[serde(flatten)]
    summary: Summary,
    join_url: String,
}

/// `GET /rooms/{code}`
pub async fn show(State(app): State<Arc<App>>, Code(code): Code, asker: Asker) -> ApiResult<Response> {
    let look = app.rooms.look(code, asker.id()).await?;
    Ok(Json(RoomOut { summary: look.summary, join_url: format!("{}/join/{code}", asker.base) }).into_response())
}

#[derive(Deserialize)]
struct JoinIn {
    #[serde(alias = "guest_nickname")]
    nickname: Option<String>,
    #[serde(rename = "as")]
    purpose: Option<PurposeIn>,
    last_seq: Option<Seq>,
    client_seed: Option<String>,
}

/// `POST /rooms/{code}/join`
pub async fn join(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, body: Object) -> ApiResult<Json<Answer>> {
    let (envelope, ask) = (body.envelope()?, body.read::<JoinIn>()?);
    let base = asker.base.clone();
    let proven = asker.named(&app, ask.nickname.as_deref())?;
    let purpose = match ask.purpose.unwrap_or_default() {
        PurposeIn::Player => Purpose::Play,
        PurposeIn::Spectator => Purpose::Watch,
    };
    let mut extra = credentials(&proven);
    extra.insert("join_url".into(), format!("{base}/join/{code}").into());
    let entry = Entry { purpose, client_seed: ask.client_seed, last_seq: ask.last_seq, command_id: envelope.command_id };
    Ok(Json(enter(&app, code, &proven, entry, extra).await?))
}

/// How to come into a room.
struct Entry {
    purpose: Purpose,
    client_seed: Option<String>,
    last_seq: Option<Seq>,
    command_id: Option<String>,
}

async fn enter(app: &App, code: RoomCode, who: &Proven, entry: Entry, extra: Map<String, Value>) -> Result<Answer, Refusal> {
    let player = player(&who.identity);
    let Entry { purpose, client_seed, last_seq, command_id } = entry;
    let command = command_id.map(|id| CommandKey { player: player.id, id });
    let enter = |reply| Enter { conn: None, player, game: None, purpose, client_seed, last_seq, command, extra, reply };
    answered(app, code, |reply| Message::Enter(Box::new(enter(reply)))).await
}
