//! What the program does besides serving: one question, one answer, and out.
//!
//! Errors are `anyhow` here, because nobody matches on them: they are printed, and the process ends with [`FAILED`].

mod backup;
mod export;
mod health;
mod reading;
mod replay;
mod story;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use self::reading::Reading;
use super::{Job, Story, Token};
use crate::account::token::Tokens;
use crate::account::{Identity, nickname, revocation};
use crate::app;
use crate::config::Config;
use crate::config::value::Database;
use crate::id::PlayerId;
use crate::time::Clock;

/// `verify` found something that does not match.
pub const DIFFERS: u8 = 1;
/// There is no answer: no such room, no database, a store in use. As clap ends on a wrong argument.
pub const FAILED: u8 = 2;
/// `verify` was asked too early.
pub const NOT_OVER: u8 = 3;

/// Rooms deleted in one go.
const DELETED_AT_ONCE: u32 = 200;

/// What a job has to say, and the code the process ends with.
struct Answer {
    text: String,
    code: u8,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// Does `job`, prints the answer, and says how the process should end.
pub async fn run(job: Job, config: &Config) -> ExitCode {
    let answer = match job {
        Job::Migrate => migrate(config).await,
        Job::Cleanup => cleanup(config).await,
        Job::Replay(asked) => match Reading::of(asked.room.code, config).await {
            Ok(reading) => replay::replay(&reading, asked.at).map(Answer::from),
            Err(error) => Err(error),
        },
        Job::Verify(room) => Reading::of(room.code, config).await.map(|reading| verify::verify(&reading)),
        Job::Export(asked) => match Reading::of(asked.room.code, config).await {
            Ok(reading) => export::export(&reading, &asked.format).map(Answer::from),
            Err(error) => Err(error),
        },
        Job::Token(asked) => token(asked, config),
        Job::Backup(asked) => backup::backup(&asked.file, config).await,
        Job::Health(asked) => health::health(asked.url, config.listen).await,
        Job::Story(Story::Check { file }) => story::check(&file),
    };
    match answer {
        Ok(answer) => match io::stdout().write_all(answer.text.as_bytes()).and_then(|()| io::stdout().flush()) {
            // Whoever reads had enough: `parlor replay CODE | head`.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failed(&error.into()),
            _ => answer.code.into(),
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Nothing is left to be done if even that cannot be written.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    FAILED.into()
}

async fn migrate(config: &Config) -> anyhow::Result<Answer> {
    app::open_log(config).await?.close().await;
    Ok(Answer::from(format!("the tables in {} are up to date\n", config.database())))
}

async fn cleanup(config: &Config) -> anyhow::Result<Answer> {
    if let Database::File(path) = config.database()
        && !path.is_file()
    {
        bail!("there is no database at {}", path.display());
    }
    let log = app::open_log(config).await.context("a running server cleans up by itself; stop it first to do it now")?;
    let before = Clock::system().now() - config.retention;
    let mut deleted = 0;
    loop {
        let now = log.delete_ended(before, DELETED_AT_ONCE).await?;
        deleted += now;
        if now < DELETED_AT_ONCE {
            break;
        }
    }
    let now = Clock::system().now();
    log.forget_sessions(now, now - revocation::KEPT).await?;
    let mut forgotten = 0;
    loop {
        let some = log.forget_guests(now - config.guests_kept, config.guest_games, DELETED_AT_ONCE).await?;
        forgotten += some;
        if some < DELETED_AT_ONCE {
            break;
        }
    }
    log.close().await;
    let rooms = if deleted == 1 { "room" } else { "rooms" };
    let guests = if forgotten == 1 { "guest" } else { "guests" };
    Ok(Answer::from(format!(
        "deleted {deleted} {rooms} that ended before {before}\nforgot {forgotten} {guests} who do not come back\n"
    )))
}

/// The token alone goes to standard output, for `TOKEN=$(parlor token)`; whose it is, to standard error.
fn token(asked: Token, config: &Config) -> anyhow::Result<Answer> {
    let tokens = Tokens::new(app::token_secret(config)?.expose(), config.token_lifetime);
    let now = Clock::system().now();
    let nickname = match &asked.nickname {
        Some(name) => nickname::clean(name).context("--nickname")?,
        None => nickname::friendly(),
    };
    let player_id = asked.player_id.unwrap_or_else(PlayerId::random);
    let identity = Identity { player_id, nickname, guest: true, session: None, issued_at: now, expires_at: now };
    let lifetime = asked.ttl.map_or(config.token_lifetime, Duration::from_secs);
    let (token, expires_at) = tokens.issue_for(&identity, now, lifetime);
    let _ = writeln!(io::stderr(), "player {player_id} ({}), valid until {expires_at}", identity.nickname);
    Ok(Answer::from(token + "\n"))
}
