//! A copy of the database as it was at one moment, made while a server goes on writing to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::Settings;

/// What is in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub rooms: i64,
    pub events: i64,
}

/// Copies the database at `from` to `to`, where nothing may be yet. The copy is whole and checked before it has its name.
///
/// # Errors
/// When there is no such database, something is at `to`, or the copy cannot be written or read back.
pub async fn copy(from: &Path, to: &Path) -> anyhow::Result<Copied> {
    if !from.is_file() {
        bail!("there is no database at {}", from.display());
    }
    if to.symlink_metadata().is_ok() {
        bail!("{} is there already; a backup is never written over", to.display());
    }
    let partial = beside(to, ".partial");
    // What an earlier try left behind when it was broken off.
    if partial.is_file() {
        fs::remove_file(&partial).with_context(|| format!("{} cannot be removed", partial.display()))?;
    }
    let written = write(from, &partial).await.and_then(|copied| {
        let named = File::open(&partial).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&partial, to));
        named.with_context(|| format!("{} cannot be written", to.display()))?;
        Ok(copied)
    });
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

async fn write(from: &Path, to: &Path) -> anyhow::Result<Copied> {
    let opening = || format!("{} cannot be opened as a database", from.display());
    let mut source = Settings::default().connect(from).connect().await.with_context(opening)?;
    let name = to.to_str().with_context(|| format!("{} is no text", to.display()))?;
    // A reader's transaction: writers go on, and what they write meanwhile is not in the copy.
    let done = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut source).await;
    done.with_context(|| format!("{} cannot be written", to.display()))?;
    source.close().await.with_context(opening)?;
    let reading = || format!("{} cannot be read back", to.display());
    let mut copy = sqlx::sqlite::SqliteConnectOptions::new().filename(to).read_only(true).connect().await.with_context(reading)?;
    let copied = check(&mut copy).await.with_context(reading)?;
    copy.close().await.with_context(reading)?;
    Ok(copied)
}

async fn check(copy: &mut SqliteConnection) -> anyhow::Result<Copied> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *copy).await?;
    if verdict != "ok" {
        bail!("it is damaged: {verdict}");
    }
    let (rooms, events) =
        sqlx::query_as("SELECT (SELECT count(*) FROM rooms), (SELECT count(*) FROM events)").fetch_one(copy).await?;
    Ok(Copied { rooms, events })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
