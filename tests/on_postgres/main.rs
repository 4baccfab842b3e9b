//! What other folders ask of a server on SQLite, asked of one on Postgres; and what a server does while Postgres is away.

#[path = "../room/actor.rs"]
mod actor;
mod away;
#[path = "../api/bad_input.rs"]
mod bad_input;
#[path = "../api/figures.rs"]
mod figures;
#[path = "../api/images.rs"]
mod images;
#[path = "../api/limits.rs"]
mod limits;
#[path = "../api/play.rs"]
mod play;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../api/presence.rs"]
mod presence;
#[path = "../api/rooms.rs"]
mod rooms;
#[path = "../api/schema.rs"]
mod schema;
#[path = "../api/session.rs"]
mod session;
#[path = "../api/support.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;

use parlor::log::EventLog;
use parlor::log::postgres::{PostgresLog, Settings};

async fn database(_folder: &Path) -> Option<String> {
    Some(postgres::database().await)
}

async fn open_log(_folder: &Path) -> Arc<dyn EventLog> {
    let url = postgres::database().await.parse().unwrap();
    Arc::new(PostgresLog::open(&url, Settings::default()).await.unwrap())
}
