//! What players have reached: their figures, and who is best.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::query::Fields;
use crate::app::App;
use crate::id::{PlayerId, RoomCode};
use crate::log::ratings::{Played, Ranked};
use crate::rating::{LEADERBOARD_GAMES, Standing};
use crate::refusal::Refusal;
use crate::room::actor::store_failed;
use crate::time::Timestamp;
use crate::web::error::ApiResult;

/// Games of the book that an answer has.
const RECENT: u32 = 50;
/// Players on a page of the leaderboard.
pub const PAGE: u32 = 25;

#[derive(Serialize)]
struct StandingOut {
    /// To two digits after the point.
    rating: f64,
    experience: u32,
    games: u32,
    wins: u32,
    losses: u32,
    draws: u32,
    gammons: u32,
    backgammons: u32,
    streak: u32,
    best_streak: u32,
}

impl From<&Standing> for StandingOut {
    fn from(standing: &Standing) -> Self {
        let Standing { experience, games, wins, losses, draws, gammons, backgammons, streak, best_streak, .. } = *standing;
        let rating = hundredths(standing.rating);
        Self { rating, experience, games, wins, losses, draws, gammons, backgammons, streak, best_streak }
    }
}

fn hundredths(rating: f64) -> f64 {
    (rating * 100.0).round() / 100.0
}

#[derive(Serialize)]
struct GameOut {
    game: String,
    #[serde(flatten)]
    standing: StandingOut,
}

#[derive(Serialize)]
struct PersonOut {
    player_id: PlayerId,
    nickname: String,
}

#[derive(Serialize)]
struct PlayedOut {
    room_code: RoomCode,
    game: String,
    timestamp: Timestamp,
    result: crate::rating::Result,
    kind: Option<String>,
    points: Option<u32>,
    opponent: Option<PersonOut>,
    /// Whether it is part of the figures: both were people.
    counts: bool,
    rating_before: f64,
    rating_after: f64,
}

impl From<Played> for PlayedOut {
    fn from(played: Played) -> Self {
        Self {
            room_code: played.code,
            game: played.game,
            timestamp: played.at,
            result: played.result,
            kind: played.kind,
            points: played.points,
            opponent: played.opponent.map(|(player_id, nickname)| PersonOut { player_id, nickname }),
            counts: played.counts,
            rating_before: hundredths(played.rating.0),
            rating_after: hundredths(played.rating.1),
        }
    }
}

#[derive(Serialize)]
struct StatsOut {
    player_id: PlayerId,
    games: Vec<GameOut>,
    recent: Vec<PlayedOut>,
}

/// `GET /players/{id}/stats`. Of a player who has finished no game, it is empty.
pub async fn stats(State(app): State<Arc<App>>, id: Result<Path<PlayerId>, PathRejection>) -> ApiResult<Response> {
    let Ok(Path(id)) = id else {
        return Ok(super::refused(http::StatusCode::NOT_FOUND, Refusal::invalid("there is no player with this id")));
    };
    let standings = app.ratings.standings(id).await.map_err(|error| store_failed(&error))?;
    let recent = app.ratings.book(id, None, RECENT).await.map_err(|error| store_failed(&error))?;
    let games = standings.iter().map(|(game, standing)| GameOut { game: game.clone(), standing: standing.into() });
    let out = StatsOut { player_id: id, games: games.collect(), recent: recent.into_iter().map(PlayedOut::from).collect() };
    Ok(Json(out).into_response())
}

#[derive(Serialize)]
struct RankedOut {
    rank: u32,
    player_id: PlayerId,
    nickname: String,
    guest: bool,
    #[serde(flatten)]
    standing: StandingOut,
}

#[derive(Serialize)]
struct LeaderboardOut {
    game: &'static str,
    /// Games that one must have finished to be on it.
    min_games: u32,
    page: u32,
    pages: u32,
    total: u32,
    players: Vec<RankedOut>,
}

/// A page of a leaderboard, counted from 1, and how many there are.
pub struct Ranks {
    pub game: &'static str,
    pub page: u32,
    pub pages: u32,
    pub total: u32,
    pub players: Vec<(u32, Ranked)>,
}

/// Reads a page of a leaderboard; of the first game that has one, when none is named.
///
/// # Errors
/// `VALIDATION_ERROR` for a game that is not here or not for two, or a page that is no number from 1 on; `UNAVAILABLE`.
pub async fn ranks(app: &App, game: Option<&str>, page: u32) -> Result<Ranks, Refusal> {
    let mut games = app.rooms.catalogue().iter().map(|game| game.card()).filter(|card| card.is_rated());
    let card = games.find(|card| game.is_none_or(|game| card.name == game));
    let card = card.ok_or_else(|| Refusal::invalid("there is no leaderboard of this game"))?;
    if page == 0 {
        return Err(Refusal::invalid("`page` should be a whole number from 1 on"));
    }
    let skip = (page - 1).saturating_mul(PAGE);
    let found = app.ratings.leaderboard(card.name, LEADERBOARD_GAMES, skip, PAGE).await;
    let (players, total) = found.map_err(|error| store_failed(&error))?;
    let players = players.into_iter().zip(skip.saturating_add(1)..).map(|(ranked, rank)| (rank, ranked)).collect();
    Ok(Ranks { game: card.name, page, pages: total.div_ceil(PAGE).max(1), total, players })
}

/// `GET /leaderboard?game=&page=`
pub async fn leaderboard(State(app): State<Arc<App>>, fields: Fields) -> ApiResult<Response> {
    let game = fields.get::<String>("game", "the name of a game")?;
    let page = fields.number("page")?.unwrap_or(1);
    let Ranks { game, page, pages, total, players } = ranks(&app, game.as_deref(), page).await?;
    let players = players.into_iter().map(|(rank, ranked)| RankedOut {
        rank,
        player_id: ranked.player,
        standing: (&ranked.standing).into(),
        nickname: ranked.nickname,
        guest: ranked.guest,
    });
    let out = LeaderboardOut { game, min_games: LEADERBOARD_GAMES, page, pages, total, players: players.collect() };
    Ok(Json(out).into_response())
}
