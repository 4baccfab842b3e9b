//! The pages: who asks for what, and which view answers.
//!
//! Every handler takes a [`Visit`](session::Visit) and comes to an [`Outcome`](answer::Outcome); `Visit::finish` makes the response of it,
//! so that cookies, headers and error pages are the same everywhere.

mod account;
mod answer;
mod ask;
mod create;
mod form;
mod games;
mod history;
mod home;
mod join;
mod leaderboard;
mod lobby;
mod play;
mod playground;
mod profile;
mod queue;
mod replay;
mod results;
mod session;
mod talk;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::app::App;

/// The longest form: a name, a few options, and a box for each of a few hundred series.
const FORM_MAX_BYTES: usize = 16 * 1024;

/// Every page, with one for whatever is not there.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::show))
        .route("/create", get(create::show).post(create::submit))
        .route("/queue", get(queue::show).post(queue::submit))
        .route("/join", post(home::find))
        .route("/join/{code}", get(join::show).post(join::submit))
        .route("/room/{code}", get(lobby::show))
        .route("/room/{code}/start", post(lobby::start))
        .route("/room/{code}/bot", post(lobby::bot))
        .route("/room/{code}/history", get(talk::show))
        .route("/room/{code}/leave", post(lobby::leave))
        .route("/login", get(account::show_login).post(account::log_in))
        .route("/register", get(account::show_register).post(account::register))
        .route("/logout", post(account::log_out))
        .route("/profile", get(profile::show))
        .route("/profile/nickname", post(profile::rename))
        .route("/profile/password", post(profile::change_password))
        .route("/profile/logout_everywhere", post(profile::log_out_everywhere))
        .route("/profile/delete", post(profile::delete))
        .route("/players/{id}", get(profile::show_other))
        .route("/leaderboard", get(leaderboard::show))
        .route("/play/{code}", get(play::show))
        .route("/playground", get(playground::show))
        .route("/results/{code}", get(results::show))
        .route("/replay/{code}", get(replay::show))
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::not_allowed)
        .layer(DefaultBodyLimit::max(FORM_MAX_BYTES))
}
