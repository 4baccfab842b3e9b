//! The store in a Postgres server: for more than one node, or where a database server is kept anyway.
//!
//! A few connections that write, each with its share of the rooms, and a pool that reads. Every connection is opened again when it is
//! lost; what a server that went away left undecided is found out before anybody is answered (`store`).

// One text for every store: see src/log/mod.rs.
#[expect(clippy::duplicate_mod, reason = "the same queries on the types of another store")]
#[path = "../both/mod.rs"]
mod both;
mod nodes;
mod script;
mod store;
mod url;

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgPool};

use self::store::PostgresStore;
use super::annotations::Words;
use super::writer::Writer;

/// The event log in a Postgres database.
pub use both::Log as PostgresLog;
pub use url::Url;

/// The condition on annotations whose words fit `$1`, which [`search_of`] makes; without accents, as the index is.
const FOUND: &str = "annotations.words @@ to_tsquery('simple',
    translate(lower($1), 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy'))";

/// All of the words, the last as a beginning. They are letters and digits, so nothing in it is an operator.
fn search_of(words: &Words) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("{}:*", words.join(" & "))
}

type Db = sqlx::Postgres;
type Pool = PgPool;
type Connection = PgConnection;
type Store = PostgresStore;
/// Other nodes may write there, too.
const SHARED: bool = true;

/// Whether this is what was broken. Postgres names the constraint.
fn breaks(error: &sqlx::Error, constraint: &str, _columns: &str) -> bool {
    error.as_database_error().and_then(|refused| refused.constraint()) == Some(constraint)
}

/// The tables' history; the same numbers as `migrations/sqlite`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Oldest server that is taken: the oldest that its makers still mended when this was written. The tests run on what Debian ships.
const OLDEST: i32 = 13;

/// How the server is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Most connections that read: waking rooms and lists.
    pub readers: u32,
    /// Connections that write. Each serves its share of the rooms and gathers what they append into one transaction at a time.
    pub writers: u32,
    /// Longest time for connecting and for one statement, and for finding out what became of a commit when the server went away.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { readers: 8, writers: 4, timeout: Duration::from_secs(5) }
    }
}

impl PostgresLog {
    /// Connects, and makes the tables or brings them up to date; of several nodes that start at once, one does. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses us, is too old, or its tables are not Parlor's. The password is in none of them.
    pub async fn open(url: &Url, settings: Settings) -> anyhow::Result<Self> {
        let options = url.options().context("the address of the database")?;
        let mut connection = first(url, &options, &settings).await?;
        // Takes an advisory lock, and waits for whoever has it.
        MIGRATIONS.run(&mut connection).await.with_context(|| format!("the tables in {url} cannot be made"))?;
        // Closed or not: it is not needed any more.
        let _ = connection.close().await;
        let stores = (0..settings.writers.max(1)).map(|_| PostgresStore::new(options.clone(), settings.timeout));
        Ok(Self { writer: Some(Writer::start(stores)), readers: settings.pool(options, "") })
    }

    /// Connects for reading only, also while servers use the database: for commands that look at logs. All that writes is refused.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses us, or the database is not Parlor's.
    pub async fn open_to_read(url: &Url, settings: Settings) -> anyhow::Result<Self> {
        let options = url.options().context("the address of the database")?;
        let mut connection = first(url, &options, &settings).await?;
        let ours: bool = sqlx::query_scalar("SELECT to_regclass('events') IS NOT NULL")
            .fetch_one(&mut connection)
            .await
            .with_context(|| format!("{url} cannot be read"))?;
        ensure!(ours, "there are no tables in {url} yet");
        let _ = connection.close().await;
        Ok(Self { writer: None, readers: settings.pool(options, "SET default_transaction_read_only = on") })
    }
}

/// The first connection, and whether this server will do.
async fn first(url: &Url, options: &PgConnectOptions, settings: &Settings) -> anyhow::Result<PgConnection> {
    let connecting = tokio::time::timeout(settings.timeout, options.connect()).await;
    let connecting = connecting.unwrap_or_else(|_| Err(too_slow()));
    let mut connection = connecting.with_context(|| format!("the database {url} cannot be reached"))?;
    let (version, encoding): (i32, String) =
        sqlx::query_as("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
            .fetch_one(&mut connection)
            .await
            .with_context(|| format!("the database {url} cannot be read"))?;
    if version / 10_000 < OLDEST {
        bail!("the server of {url} is too old: it should be Postgres {OLDEST} or newer");
    }
    ensure!(encoding == "UTF8", "the database {url} is encoded in {encoding}: it should be UTF8 (createdb --encoding=UTF8)");
    Ok(connection)
}

impl Settings {
    fn pool(&self, options: PgConnectOptions, also: &'static str) -> PgPool {
        let greeting = format!("{};{also}", patience(self.timeout));
        PgPoolOptions::new()
            .max_connections(self.readers.max(1))
            .acquire_timeout(self.timeout)
            // A ping before each use: what the pool held when the server went away is not given out when it is back.
            .test_before_acquire(true)
            .after_connect(move |connection, _| {
                let greeting = greeting.clone();
                Box::pin(async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(greeting))).await.map(drop) })
            })
            .connect_lazy_with(options)
    }
}

/// A statement that takes longer is given up by the server.
fn patience(timeout: Duration) -> String {
    format!("SET statement_timeout = {}", timeout.as_millis())
}

fn too_slow() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}
