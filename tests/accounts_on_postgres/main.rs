//! What `tests/accounts` asks of a server on SQLite, asked of one on Postgres.

#[path = "../accounts/bad_input.rs"]
mod bad_input;
#[path = "../accounts/life.rs"]
mod life;
#[path = "../accounts/people.rs"]
mod people;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../api/schema.rs"]
mod schema;
#[path = "../accounts/sessions.rs"]
mod sessions;
#[path = "../accounts/store.rs"]
mod store;
#[allow(dead_code)]
#[path = "../api/support.rs"]
mod support;

use std::path::Path;

use people::*;

/// A server that is started again in the same folder finds the same database.
async fn database(folder: &Path) -> Option<String> {
    let noted = folder.join("database-of-the-test");
    if let Ok(url) = std::fs::read_to_string(&noted) {
        return Some(url);
    }
    let url = postgres::database().await;
    std::fs::write(noted, &url).unwrap();
    Some(url)
}
