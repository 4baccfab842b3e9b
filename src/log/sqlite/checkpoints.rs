//! Moves the write-ahead log into the file, beside the writer.
//!
//! SQLite does that within some commit, once the log is long, and whoever comes after that commit waits for it. Here a connection of its own
//! does most of it. All of it can only be moved while nobody writes: when the log is long, and what was written during the last move is all
//! that is left, the writer moves that between two transactions, so that the next one begins the log anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long is written before it is moved. Pages that change often are moved once in this time.
const EVERY: Duration = Duration::from_millis(500);

/// Moves one after the other, of what was written during the one before. More would only chase a writer that is faster than the disk.
const PASSES: usize = 3;

/// Moves what can be moved without waiting for anybody; says whether somebody else was at it, the length of the log in pages, and how many of
/// them are in the file.
pub const MOVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

pub struct Checkpoints {
    wake: Arc<Notify>,
    /// The log is long, and little is left to move.
    nearly_done: Arc<AtomicBool>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// `long`: from how many pages on the log is to begin anew.
    pub fn start(options: SqliteConnectOptions, long: u32) -> Self {
        let (wake, stop, nearly_done) = (Arc::new(Notify::new()), CancellationToken::new(), Arc::<AtomicBool>::default());
        let task = tokio::spawn(run(options, i64::from(long), Arc::clone(&wake), Arc::clone(&nearly_done), stop.clone()));
        Self { wake, nearly_done, stop, task }
    }

    /// Whether the writer shall move the rest now.
    pub fn take_rest(&self) -> bool {
        self.nearly_done.load(Ordering::Relaxed) && self.nearly_done.swap(false, Ordering::Relaxed)
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

async fn run(options: SqliteConnectOptions, long: i64, wake: Arc<Notify>, nearly_done: Arc<AtomicBool>, stop: CancellationToken) {
    let mut connection = None;
    let due = async || {
        wake.notified().await;
        tokio::time::sleep(EVERY).await;
    };
    while stop.run_until_cancelled(due()).await.is_some() {
        for pass in 1..=PASSES {
            match checkpoint(&options, &mut connection).await {
                Ok(length) if length < long => break,
                Ok(_) => nearly_done.store(pass == PASSES, Ordering::Relaxed),
                // Whatever stands in the way, the writer does it in the end.
                Err(error) => {
                    tracing::debug!(%error, "the write-ahead log could not be moved into the file");
                    connection = None;
                    break;
                }
            }
        }
    }
    if let Some(connection) = connection {
        let _ = connection.close().await;
    }
}

/// How long the log was.
async fn checkpoint(options: &SqliteConnectOptions, connection: &mut Option<SqliteConnection>) -> sqlx::Result<i64> {
    let open = match connection.take() {
        Some(open) => open,
        None => options.connect().await?,
    };
    let (_, length, _): (i64, i64, i64) = sqlx::query_as(MOVE).fetch_one(connection.insert(open)).await?;
    Ok(length)
}
