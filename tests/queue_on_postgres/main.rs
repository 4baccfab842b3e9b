//! What `tests/queue` asks of SQLite, asked of Postgres.

#[path = "../queue/meeting.rs"]
mod meeting;
#[path = "../queue/node.rs"]
mod node;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../queue/storm.rs"]
mod storm;

use std::path::Path;
use std::sync::Arc;

use parlor::log::Tables;
use parlor::log::postgres::{PostgresLog, Settings};

/// Opened again for the same folder, it is the same database.
async fn open(folder: &Path) -> Arc<dyn Tables> {
    let noted = folder.join("database-of-the-test");
    let url = match std::fs::read_to_string(&noted) {
        Ok(url) => url,
        Err(_) => {
            let url = postgres::database().await;
            std::fs::write(noted, &url).unwrap();
            url
        }
    };
    Arc::new(PostgresLog::open(&url.parse().unwrap(), Settings::default()).await.unwrap())
}
