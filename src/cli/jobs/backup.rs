//! `parlor backup`: the SQLite file, copied as it is at one moment.

use std::path::Path;

use anyhow::bail;

use super::Answer;
use crate::config::Config;
use crate::config::value::Database;
use crate::log::sqlite::copy;

/// # Errors
/// When the store is not a file, or the copy cannot be made.
pub async fn backup(to: &Path, config: &Config) -> anyhow::Result<Answer> {
    let Database::File(from) = config.database() else {
        bail!("{} is backed up with pg_dump; this command copies SQLite files", config.database());
    };
    let copy::Copied { rooms, events } = copy::copy(&from, to).await?;
    Ok(Answer::from(format!("{}: {rooms} rooms, {events} events\n", to.display())))
}
