//! The JSON API, asked in process: every route, with good and bad requests. Every answer is held against the OpenAPI document.

mod bad_input;
mod docs;
mod limits;
mod play;
mod presence;
mod rooms;
mod schema;
mod session;
mod support;

/// These run on the store that needs nothing; `tests/on_postgres` runs them on the other.
async fn database() -> Option<String> {
    None
}
