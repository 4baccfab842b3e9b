//! Matchmaking on real stores, with two nodes in one process.

mod meeting;
mod node;
mod storm;

use std::path::Path;
use std::sync::Arc;

use parlor::log::Tables;
use parlor::log::sqlite::{Settings, SqliteLog, Synchronous};

/// These run on the store that needs nothing; `tests/queue_on_postgres` runs them on the other.
async fn open(folder: &Path) -> Arc<dyn Tables> {
    let settings = Settings { synchronous: Synchronous::Normal, ..Settings::default() };
    Arc::new(SqliteLog::open(&folder.join("parlor.db"), settings).await.unwrap())
}
