//! `parlor config`, and the page of the documentation that lists the settings.

use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{Arg, Command};

use super::Asked;
use crate::config::file;

/// Every setting with its value and where that comes from; secrets are not shown.
pub fn effective(asked: &Asked) -> String {
    let command = super::command();
    let mut text = String::new();
    for (arg, long) in settings(&command) {
        let id = arg.get_id().as_str();
        let value = asked.matches.get_raw(id).and_then(|mut values| values.next()).map(|value| value.to_string_lossy());
        let shown = match value {
            // Its password is secret, where it is is not.
            Some(_) if id == "database_url" => asked.cli.config.database().to_string(),
            Some(_) if id == "redis_url" => asked.cli.config.redis_url.as_ref().map(ToString::to_string).unwrap_or_default(),
            Some(_) if arg.is_hide_env_values_set() => "(secret)".into(),
            Some(value) => format!("{:?}", value),
            None => "(not set)".into(),
        };
        let source = match asked.matches.value_source(id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ if asked.from_file.contains_key(&file::key(long)) => "file",
            _ => "default",
        };
        let _ = writeln!(text, "{:<20} = {shown}  # {source}", file::key(long));
    }
    text
}

/// `docs/configuration.md`.
pub fn documentation() -> String {
    let command = super::command();
    let mut text = String::from(INTRODUCTION);
    let mut heading = "";
    for (arg, long) in settings(&command) {
        let of_arg = arg.get_help_heading().unwrap_or_default();
        if of_arg != heading {
            heading = of_arg;
            let _ = write!(text, "\n## {heading}\n\n| Setting | Environment | Value | Default | |\n|---|---|---|---|---|\n");
        }
        let env = arg.get_env().map(|env| env.to_string_lossy()).unwrap_or_default();
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default().replace('\n', " ");
        let (help, said) = help.split_once(" Default: ").unwrap_or((&help, "none"));
        let default = arg.get_default_values().first().map(|value| value.to_string_lossy()).filter(|value| !value.is_empty());
        let default = default.map_or_else(|| said.to_owned(), |value| format!("`{value}`"));
        let _ = writeln!(text, "| `{}` | `{env}` | {} | {default} | {help} |", file::key(long), kind(arg));
    }
    text
}

const INTRODUCTION: &str = "# Configuration

Nothing has to be set: `parlor` alone serves `http://127.0.0.1:3000` and keeps its data under `data/`.

A setting is read from its flag, else from the environment, else from `parlor.toml` in the working directory (another file is named by
`--config` or `PARLOR_CONFIG`), else it has the default below. The flag is the setting's name with dashes: `grace_ms` is `--grace-ms`.
A variable that is set to nothing counts as not set. In the file, lists may be written as lists:

```toml
listen = \"0.0.0.0:3000\"
public_url = \"https://play.example.org\"
trusted_proxies = [\"10.0.0.0/8\"]
grace_ms = 15000
```

`parlor config` prints every setting, its value, and where that comes from. A setting that is wrong is named with what it should be,
and the program ends with 2 before it listens. This page is written from the program's own list.
";

fn settings(command: &Command) -> impl Iterator<Item = (&Arg, &str)> {
    command.get_arguments().filter_map(|arg| Some((arg, arg.get_help_heading().and(arg.get_long())?)))
}

/// What may stand there, as the flag's help shows it.
fn kind(arg: &Arg) -> String {
    let choices: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    match arg.get_value_names() {
        _ if !choices.is_empty() => choices.join(" or "),
        Some(names) => names.iter().map(|name| unit(name)).collect(),
        None => String::new(),
    }
}

fn unit(name: &str) -> String {
    match name {
        "MS" => "milliseconds".into(),
        "S" => "seconds".into(),
        "BYTES" => "bytes".into(),
        "N" => "number".into(),
        "on|off" => "`on` or `off`".into(),
        other => other.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `UPDATE_DOCS=1` to write the page anew.
    #[test]
    fn the_documentation_lists_every_setting_with_its_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let page = documentation();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run this test with UPDATE_DOCS=1");
    }

    #[test]
    fn every_setting_has_one_name_in_three_spellings_and_says_what_it_is() {
        let command = crate::cli::command();
        let all: Vec<_> = settings(&command).collect();
        assert_eq!(all.len(), command.get_arguments().count(), "one is under no heading");
        for (arg, long) in all {
            let env = arg.get_env().unwrap().to_str().unwrap();
            let expected = file::key(long).to_uppercase();
            assert!(env == format!("PARLOR_{expected}") || matches!(env, "DATABASE_URL" | "REDIS_URL") && env == expected, "{env}");
            assert!(arg.get_help().is_some_and(|help| help.to_string().len() > 10), "{long} is undocumented");
            let unit = arg.get_value_names().unwrap()[0].as_str();
            assert_eq!(unit == "MS", long.ends_with("-ms"), "{long}");
            assert!(unit != "S" || long.ends_with("-s"), "{long}");
        }
    }
}
