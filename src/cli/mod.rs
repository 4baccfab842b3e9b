//! The command line: which command, with which settings.

pub mod jobs;
pub mod settings;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Config, file};
use crate::id::{PlayerId, RoomCode, Seq};

/// A Socket.IO-compatible server for multiplayer game rooms.
///
/// Settings may stand before or after the command. Each is read from its flag, else
/// from the environment, else from parlor.toml, else it has the default shown.
#[derive(Parser, Clone, Debug)]
#[command(name = "parlor", version, verbatim_doc_comment)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub config: Config,
}

/// What to do; without a command the server runs.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Run the server (what `parlor` alone does)
    Serve,
    #[command(flatten)]
    Job(Job),
    /// Print every setting, its value, and where that comes from
    Config,
}

/// What is done once, without serving; see [`jobs`].
#[derive(Subcommand, Clone, Debug)]
pub enum Job {
    /// Bring the database's tables up to date, and stop
    Migrate,
    /// Delete rooms that are past their retention, and guests who do not come back, and stop
    Cleanup,
    /// Print a room's log event by event, or its state after one of them
    Replay(Replay),
    /// Recompute every draw of a room that is over, and say whether all match
    ///
    /// Ends with 0 when all match, 1 when something does not, 3 when the room is not over yet, and 2 when nothing can be said: no such
    /// room, no database.
    Verify(Room),
    /// Print a room with its whole log as JSON, or its game in the format of another program
    Export(Export),
    /// Print a signed session token, for scripts
    Token(Token),
    /// Copy the SQLite database to a new file, also while a server uses it
    Backup(Backup),
    /// Ask a running server whether it is well: ends with 0 when it is, 1 when it is not
    Health(Health),
    /// Work on stories for /codex
    #[command(subcommand)]
    Story(Story),
}

/// Which room.
#[derive(Args, Clone, Copy, Debug)]
pub struct Room {
    /// The room's code; any case, spaces and dashes are ignored
    pub code: RoomCode,
}

/// What `parlor export` is asked.
#[derive(Args, Clone, Debug)]
pub struct Export {
    #[command(flatten)]
    pub room: Room,
    /// `json`, `md` for what was said to be read, or a format that the game has: `mat` and `sgf` of backgammon
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: String,
}

/// What `parlor replay` is asked.
#[derive(Args, Clone, Copy, Debug)]
pub struct Replay {
    #[command(flatten)]
    pub room: Room,
    /// Print the state as it was after this event (1 is the room's opening)
    #[arg(long, value_name = "SEQ", value_parser = seq)]
    pub at: Option<Seq>,
}

/// What `parlor backup` is asked.
#[derive(Args, Clone, Debug)]
pub struct Backup {
    /// Where the copy goes; nothing may be there yet
    pub file: PathBuf,
}

/// What `parlor health` is asked.
#[derive(Args, Clone, Debug)]
pub struct Health {
    /// What to ask, over plain HTTP; by default `/healthz` at the address in `listen`
    ///
    /// `/healthz` says that the process answers, `/readyz` that its database does, too. Without a path it is `/healthz`.
    #[arg(value_name = "URL")]
    pub url: Option<http::Uri>,
}

/// What is done with a story.
#[derive(Subcommand, Clone, Debug)]
pub enum Story {
    /// Say what is wrong with a story's file, line by line
    ///
    /// Ends with 0 when it can be played, 1 when something is wrong with it, and 2 when it cannot be read.
    Check {
        /// The story's file (TOML); docs/writing-stories.md says how one is written
        file: PathBuf,
    },
}

/// What `parlor token` is asked.
#[derive(Args, Clone, Debug)]
pub struct Token {
    /// The player's name; a friendly one is made up if there is none
    #[arg(long)]
    pub nickname: Option<String>,
    /// The player's id (a UUID); a new one by default
    #[arg(long, value_name = "UUID")]
    pub player_id: Option<PlayerId>,
    /// How many seconds the token is valid; the setting `token_lifetime_s` by default
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub ttl: Option<u64>,
}

fn seq(text: &str) -> Result<Seq, &'static str> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.map(Seq).ok_or("should be the number of an event: 1, 2, 3, …")
}

/// What the process was asked to do, and what was in the settings file (for `parlor config`).
#[derive(Debug)]
pub struct Asked {
    pub cli: Cli,
    matches: ArgMatches,
    from_file: file::Values,
}

/// Reads the command line of this process. On a wrong setting it says which and what it should be, and ends the process with 2.
pub fn parse() -> Asked {
    let args = std::env::args_os().collect();
    try_parse(args).unwrap_or_else(|error| error.exit())
}

/// Reads a command line: `args` begins with the program's name.
///
/// # Errors
/// Clap's, with the setting's names added; its exit code is 2 (0 for help).
pub fn try_parse(args: Vec<OsString>) -> Result<Asked, clap::Error> {
    let command = command();
    let from_file = match file::path(&args, std::env::var_os("PARLOR_CONFIG")) {
        Some(path) => file::read(&command, &path)?,
        None => file::Values::new(),
    };
    let mut command = file::apply(command, &from_file);
    let explained = |error| explain(error, &command);
    let matches = command.clone().try_get_matches_from(args).map_err(explained)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    cli.config.check().map_err(|wrong| command.error(ErrorKind::ValueValidation, wrong))?;
    Ok(Asked { cli, matches, from_file })
}

/// The command line's grammar. Settings stand anywhere; a variable that is set to nothing counts as not set.
pub fn command() -> clap::Command {
    Cli::command().mut_args(|arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        let arg = if empty { arg.env(Resettable::Reset) } else { arg };
        arg.global(true)
    })
}

/// Adds a wrong setting's other names: clap speaks of the flag, also when the value came from elsewhere.
fn explain(mut error: clap::Error, command: &clap::Command) -> clap::Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg).cloned() else { return error };
    let long = shown.trim_start_matches("--").split(' ').next().unwrap_or_default();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long));
    if arg.is_some_and(clap::Arg::is_hide_env_values_set) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("(secret)".into()));
    }
    if let Some((arg, env)) = arg.and_then(|arg| Some((arg, arg.get_env()?))) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let tip = format!(
            "{} is also {} in the environment and {} in {}. {help}",
            shown,
            env.display(),
            file::key(long),
            file::DEFAULT_PATH
        );
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Asked, clap::Error> {
        try_parse(std::iter::once("parlor").chain(args.split_whitespace()).map(OsString::from).collect())
    }

    #[test]
    fn commands_are_read_with_settings_before_and_after_them() {
        let asked = parse("--listen 127.0.0.1:0 replay bcd-fgh --at 3 --data-dir elsewhere").unwrap();
        assert_eq!(asked.cli.config.listen.port(), 0);
        assert_eq!(asked.cli.config.data_dir.to_str(), Some("elsewhere"));
        let Some(Command::Job(Job::Replay(replay))) = asked.cli.command else { panic!("{:?}", asked.cli.command) };
        assert_eq!((replay.room.code.as_str(), replay.at), ("BCDFGH", Some(Seq(3))));
        assert!(parse("").unwrap().cli.command.is_none());
        let token = parse("token --nickname Ada --ttl 60 --player-id 6f2c5f4e-7f5c-4b9f-8f57-0e2b6a2d9b11").unwrap();
        assert!(matches!(token.cli.command, Some(Command::Job(Job::Token(Token { ttl: Some(60), .. })))));
    }

    #[test]
    fn wrong_arguments_are_named_and_end_with_2() {
        for (args, named) in [
            ("replay", "<CODE>"),
            ("verify AEIOUA", "6 characters"),
            ("replay BCDFGH --at=-1", "--at"),
            ("replay BCDFGH --at many", "number of an event"),
            ("replay BCDFGH --at 0", "number of an event"),
            ("token --ttl 0", "1..=31536000"),
            ("token --player-id me", "--player-id"),
            ("backup", "<FILE>"),
            ("health http://", "[URL]"),
            ("fly", "fly"),
            ("serve --no-such-setting", "--no-such-setting"),
        ] {
            let error = parse(args).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{args}");
            assert!(error.to_string().contains(named), "{args}: {error}");
        }
    }

    #[test]
    fn every_command_explains_itself() {
        for args in [
            "--help",
            "serve --help",
            "migrate --help",
            "cleanup --help",
            "replay --help",
            "verify -h",
            "export -h",
            "token -h",
            "backup -h",
            "health -h",
            "story check -h",
        ] {
            let help = parse(args).unwrap_err();
            assert_eq!(help.exit_code(), 0, "{args}");
            assert!(help.to_string().contains("--data-dir"), "{args}: {help}");
        }
    }

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }
}
