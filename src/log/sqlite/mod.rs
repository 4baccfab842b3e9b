//! The store in one SQLite file: no server, no set-up. WAL, one connection that writes, one that moves what it wrote into the file, a few that
//! read.

// One text for every store: see src/log/mod.rs.
#[expect(clippy::duplicate_mod, reason = "the same queries on the types of another store")]
#[path = "../both/mod.rs"]
mod both;
mod checkpoints;
pub mod copy;
mod script;
mod store;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::ConnectOptions;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use self::store::SqliteStore;
use super::annotations::Words;
use super::writer::Writer;

/// The tables' history; the same numbers as `migrations/postgres`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// When a commit counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Synchronous {
    /// When it is on the disk: it survives a power cut.
    #[default]
    Full,
    /// When the system has it: it survives a crash of the process, but a power cut may take the last moments.
    Normal,
}

/// How the file is used.
#[derive(Clone, Debug)]
pub struct Settings {
    pub synchronous: Synchronous,
    /// Connections that read, each a thread: waking rooms and lists. Four keep two cores busy.
    pub readers: u32,
    /// The writer's page cache in KiB. With less than the pages of the rooms being played, each batch reads index pages again.
    pub cache_kib: u32,
    /// Pages in the write-ahead log before some commit moves those into the file that were not moved beside it. Rarely: 80 MB of them
    /// instead of 4 took the 99th percentile of a commit from 5.9 to 1.3 ms.
    pub checkpoint_pages: u32,
    /// How long to wait for another process that holds the file, such as a backup.
    pub busy_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            readers: 4,
            cache_kib: 64 * 1024,
            checkpoint_pages: 20_000,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

/// The condition on annotations whose words fit `$1`, which [`search_of`] makes.
const FOUND: &str = "annotations.id IN (SELECT rowid FROM annotations_words WHERE annotations_words MATCH $1)";

/// All of the words, the last as a beginning, each as a string of FTS5: nothing in it is an operator.
fn search_of(words: &Words) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    format!("{}*", words.join(" "))
}

type Db = sqlx::Sqlite;
type Pool = SqlitePool;
type Connection = sqlx::SqliteConnection;
type Store = SqliteStore;
/// One process has the file alone.
const SHARED: bool = false;

/// Whether this is what was broken. SQLite names the columns of a broken uniqueness, not the constraint.
fn breaks(error: &sqlx::Error, _constraint: &str, columns: &str) -> bool {
    let message = error.as_database_error().map(|refused| refused.message());
    message.and_then(|message| message.strip_prefix("UNIQUE constraint failed: ")) == Some(columns)
}

/// The event log in a SQLite file.
pub use both::Log as SqliteLog;

impl SqliteLog {
    /// Opens the file at `path` and makes it, its folder and its tables if they are missing. Needs a tokio runtime.
    ///
    /// # Errors
    /// When another server uses the file, the folder or the file cannot be written, or the file is not Parlor's.
    pub async fn open(path: &Path, settings: Settings) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let lock = lock(path)?;
        let options = settings.connect(path).create_if_missing(true);
        let opening = || format!("{} cannot be opened as a database", path.display());
        let mut connection = options.connect().await.with_context(opening)?;
        // The migrator's own lock does nothing on SQLite; ours keeps others away.
        MIGRATIONS.run(&mut connection).await.with_context(|| format!("the tables in {} cannot be made", path.display()))?;
        // From here on the file exists: made again, it would be empty, and what was acked would be missing without a word.
        let options = options.create_if_missing(false);
        let readers = settings.readers(path).await.with_context(opening)?;
        let store = SqliteStore::new(options, connection, readers.clone(), lock).await.with_context(opening)?;
        Ok(Self { writer: Some(Writer::start([store])), readers })
    }

    /// Opens a file for reading, also while a server uses it: for commands that look at logs. All that writes is refused.
    ///
    /// # Errors
    /// When there is no such file, or it is not Parlor's.
    pub async fn open_to_read(path: &Path, settings: Settings) -> anyhow::Result<Self> {
        if !path.is_file() {
            bail!("there is no database at {}", path.display());
        }
        let readers = settings.readers(path).await.with_context(|| format!("{} cannot be opened as a database", path.display()))?;
        Ok(Self { writer: None, readers })
    }
}

impl Settings {
    fn connect(&self, path: &Path) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match self.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            .busy_timeout(self.busy_timeout)
            // A statement that writes many rows notes what the pages were, should it fail half-way. In memory: as a file it was half of
            // all writes to the system.
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", self.checkpoint_pages.to_string())
            // Negative: in KiB, not in pages.
            .pragma("cache_size", format!("-{}", self.cache_kib))
            .statement_cache_capacity(store::TEXTS)
            .disable_statement_logging()
    }

    async fn readers(&self, path: &Path) -> sqlx::Result<SqlitePool> {
        // Their cache is small: the system caches the file, and what they read is rarely read twice.
        let options = Settings { cache_kib: 4 * 1024, ..self.clone() }.connect(path).pragma("query_only", "ON");
        SqlitePoolOptions::new()
            .max_connections(self.readers.max(1))
            // One always stays, so that closing the writer in between never is the last close, which would write.
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(self.busy_timeout)
            .test_before_acquire(false)
            .connect_with(options)
            .await
    }
}

/// Takes the lock that keeps a second server away, beside the file. The system frees it when the process ends, however it ends.
fn lock(path: &Path) -> anyhow::Result<File> {
    // The file's own path, so that two names of one file share a lock.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut name = path.into_os_string();
    name.push(".lock");
    let name = PathBuf::from(name);
    let shown = name.display();
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .with_context(|| format!("{shown} cannot be written"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!("another server uses this database: it holds {shown}"),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("{shown} cannot be locked")),
    }
}
