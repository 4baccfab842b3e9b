//! Waiting for an opponent: for `/api/queue/…`, and for `/game/join/` and `/game/leave/`, which older clients know.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::asker::{Asker, player};
use super::body::Object;
use super::play::WAIT_MAX;
use super::query::Fields;
use super::session::SessionOut;
use crate::app::App;
use crate::queue::standing::Standing;
use crate::refusal::Refusal;
use crate::web::error::ApiResult;

#[derive(Deserialize)]
struct JoinIn {
    game: Option<String>,
    nickname: Option<String>,
}

/// How one stands, and, for whoever was nobody before, who one is now.
#[derive(Serialize)]
pub struct StandingOut {
    ok: bool,
    #[serde(flatten)]
    standing: Standing,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    session: Option<SessionOut>,
    /// Where the game is, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    join_url: Option<String>,
}

impl StandingOut {
    fn new(standing: Standing, base: &str) -> Self {
        let join_url = match &standing {
            Standing::Matched(found) => Some(format!("{base}/join/{}", found.room_code)),
            _ => None,
        };
        Self { ok: true, standing, session: None, join_url }
    }
}

/// `POST /queue/join`
pub async fn join(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Json<StandingOut>> {
    body.envelope()?;
    let JoinIn { game, nickname } = body.read()?;
    let game = match &game {
        Some(game) => game.as_str(),
        None => app.queue.usual_game().ok_or_else(|| Refusal::invalid("there is no game for two here"))?,
    };
    app.queue.playable(game)?;
    match asker.id() {
        Some(player) => app.command_limit.check_player(player)?,
        None => app.room_limit.check(asker.address)?,
    }
    let base = asker.base.clone();
    let proven = asker.named(&app, nickname.as_deref())?;
    let standing = app.queue.join(&player(&proven.identity), game).await?;
    let session = Some(SessionOut::new(proven.identity, Some(proven.token)));
    Ok(Json(StandingOut { session, ..StandingOut::new(standing, &base) }))
}

#[derive(Serialize)]
pub struct LeftOut {
    ok: bool,
    /// Whether there was a place to leave.
    left: bool,
}

/// `POST /queue/leave`
pub async fn leave(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Json<LeftOut>> {
    body.envelope()?;
    let player = asker.known()?.player_id;
    app.command_limit.check_player(player)?;
    Ok(Json(LeftOut { ok: true, left: app.queue.leave(player).await? }))
}

/// `GET /queue/status`: with `wait`, as soon as one waits no longer.
pub async fn status(State(app): State<Arc<App>>, asker: Asker, fields: Fields) -> ApiResult<Json<StandingOut>> {
    let wait = Duration::from_secs(fields.number("wait")?.unwrap_or(0).into()).min(WAIT_MAX);
    let player = asker.known()?.player_id;
    app.command_limit.check_player(player)?;
    let standing = app.queue.wait(player, wait).await?;
    Ok(Json(StandingOut::new(standing, &asker.base)))
}
