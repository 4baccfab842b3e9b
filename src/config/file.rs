//! `parlor.toml`: its values become the defaults of the flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Command;
use clap::builder::Resettable;
use clap::error::ErrorKind as Wrong;

/// Read when it is there and no other is named.
pub const DEFAULT_PATH: &str = "parlor.toml";

/// The settings of a file, as text, by key.
pub type Values = BTreeMap<String, String>;

/// The key in the file of the setting with this flag.
pub fn key(long: &str) -> String {
    long.replace('-', "_")
}

/// Which file to read: named by `--config` or `PARLOR_CONFIG`, else the default one if it is there.
///
/// This looks at the arguments before clap does, because what the file says becomes what clap falls back to.
pub fn path(args: &[OsString], env: Option<OsString>) -> Option<PathBuf> {
    let before_dashes = args.iter().take_while(|arg| *arg != "--").collect::<Vec<_>>();
    let flag = before_dashes.iter().enumerate().find_map(|(at, arg)| match arg.to_str()?.strip_prefix("--config")? {
        "" => before_dashes.get(at + 1).map(PathBuf::from),
        rest => rest.strip_prefix('=').map(PathBuf::from),
    });
    let named = flag.or_else(|| env.filter(|env| !env.is_empty()).map(PathBuf::from));
    named.or_else(|| Path::new(DEFAULT_PATH).exists().then(|| DEFAULT_PATH.into()))
}

/// Reads and checks the file.
///
/// # Errors
/// One that names the key (or the line) and what it should be.
pub fn read(command: &Command, path: &Path) -> Result<Values, clap::Error> {
    let wrong = |message: String| command.clone().error(Wrong::ValueValidation, format!("{}: {message}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong("there is no such settings file".into()),
        _ => wrong(format!("cannot be read: {error}")),
    })?;
    let table: toml::Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
    let mut values = Values::new();
    for (name, value) in table {
        let known = command.get_arguments().filter_map(|arg| arg.get_long()).find(|long| key(long) == name && *long != "config");
        let Some(long) = known else { return Err(wrong(unknown(command, &name))) };
        let text = as_text(&value)
            .ok_or_else(|| wrong(format!("`{name}` should be a string, a number, true/false or a list of strings")))?;
        check(command, long, &text).map_err(|error| wrong(format!("`{name}`: {error}")))?;
        values.insert(name, text);
    }
    Ok(values)
}

/// Makes the file's values the defaults of their flags.
pub fn apply(mut command: Command, values: &Values) -> Command {
    for (name, text) in values {
        let arg = command.get_arguments().find(|arg| arg.get_long().is_some_and(|long| key(long) == *name));
        if let Some(id) = arg.map(|arg| arg.get_id().clone()) {
            // Clap keeps names and defaults for the life of the process; the file is read once.
            let text: &'static str = text.clone().leak();
            command = command.mut_arg(id, |arg| {
                // Help shows defaults, and these are secrets.
                let secret = arg.is_hide_env_values_set();
                let arg = arg.default_value(text);
                if secret { arg.hide_default_value(true) } else { arg }
            });
        }
    }
    command
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            items.iter().map(|item| item.as_str()).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    }
}

/// Lets clap read the value as if it had been a flag: a default is not checked before it is used.
fn check(command: &Command, long: &str, text: &str) -> Result<(), String> {
    let alone = command.clone().mut_args(|arg| arg.env(Resettable::Reset));
    match alone.try_get_matches_from(["parlor".to_owned(), format!("--{long}={text}")]) {
        Ok(_) => Ok(()),
        Err(error) => Err(first_line(&error)),
    }
}

/// Clap's sentence about a value, without its prefix and its advice on usage.
pub fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let (sentence, _) = text.split_once("\n\nFor more information").unwrap_or((&text, ""));
    sentence.trim().trim_start_matches("error: ").replace('\n', " ")
}

fn unknown(command: &Command, name: &str) -> String {
    let keys = command.get_arguments().filter_map(|arg| arg.get_long()).map(key).filter(|key| key != "config");
    format!("there is no setting `{name}`; there are {}", keys.collect::<Vec<_>>().join(", "))
}
