//! The JSON API, asked in process: every route, with good and bad requests. Every answer is held against the OpenAPI document.

mod analysis;
mod annotations;
mod bad_input;
mod docs;
mod figures;
mod images;
mod limits;
mod play;
mod presence;
mod queue;
mod rooms;
mod schema;
mod session;
mod support;
mod talk;

use std::path::Path;

/// These run on the store that needs nothing; `tests/on_postgres` and `tests/accounts_on_postgres` run them on the other.
async fn database(_folder: &Path) -> Option<String> {
    None
}
