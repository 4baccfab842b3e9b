//! Accounts, asked in process through the real routers and on real stores.

#[path = "../api/schema.rs"]
mod schema;
#[allow(dead_code)]
#[path = "../api/support.rs"]
mod support;

mod bad_input;
mod life;
mod people;
mod sessions;
mod store;
mod throttle;

use std::path::Path;

use people::*;

/// These run on the store that needs nothing; `tests/on_postgres` and `tests/accounts_on_postgres` run them on the other.
async fn database(_folder: &Path) -> Option<String> {
    None
}
