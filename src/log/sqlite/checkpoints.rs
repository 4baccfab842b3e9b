//! Moves the write-ahead log into the file, beside the writer.
//!
//! SQLite does that within some commit, once the log is long, and whoever comes after that commit waits for it. Here a connection of its own
//! does most of it beforehand, so that little is left for the commit that ends the log and begins it anew.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long is written before it is moved. Pages that change often are moved once in this time.
const EVERY: Duration = Duration::from_millis(500);

pub struct Checkpoints {
    wake: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Checkpoints {
    pub fn start(options: SqliteConnectOptions) -> Self {
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let task = tokio::spawn(run(options, Arc::clone(&wake), stop.clone()));
        Self { wake, stop, task }
    }

    /// There is something to move.
    pub fn written(&self) {
        self.wake.notify_one();
    }

    /// Returns when the connection is closed.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        let _ = (&mut self.task).await;
    }
}

async fn run(options: SqliteConnectOptions, wake: Arc<Notify>, stop: CancellationToken) {
    let mut connection = None;
    let due = async || {
        wake.notified().await;
        tokio::time::sleep(EVERY).await;
    };
    while stop.run_until_cancelled(due()).await.is_some() {
        // Whatever stands in the way, the writer does it in the end.
        if let Err(error) = checkpoint(&options, &mut connection).await {
            tracing::debug!(%error, "the write-ahead log could not be moved into the file");
            connection = None;
        }
    }
    if let Some(connection) = connection {
        let _ = connection.close().await;
    }
}

async fn checkpoint(options: &SqliteConnectOptions, connection: &mut Option<SqliteConnection>) -> sqlx::Result<()> {
    let open = match connection.take() {
        Some(open) => open,
        None => options.connect().await?,
    };
    // Passive: it waits for nobody, and nobody for it.
    connection.insert(open).execute("PRAGMA wal_checkpoint(PASSIVE)").await.map(drop)
}
