//! The program as an operator meets it: its settings, its help, and how it ends.

mod jobs;
mod room;
mod story;

use std::process::{Command, Output};

/// Runs the program with these arguments and variables, and nothing else from this process's environment.
fn parlor(args: &[&str], env: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("parlor.toml"), "grace_ms = 1111\nmailbox = 99\n").unwrap();
    Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(dir.path())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The line of `parlor config` about one setting.
fn setting(output: &Output, name: &str) -> String {
    let text = stdout(output);
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}{}", stderr(output))).split_once("= ").unwrap().1.to_owned()
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let nothing = parlor(&["config"], &[]);
    assert_eq!(setting(&nothing, "grace_ms"), r#""1111"  # file"#);
    assert_eq!(setting(&nothing, "listen"), r#""127.0.0.1:3000"  # default"#);
    let env = [("PARLOR_GRACE_MS", "2222"), ("PARLOR_LISTEN", "")];
    let with_env = parlor(&["config"], &env);
    assert_eq!(setting(&with_env, "grace_ms"), r#""2222"  # environment"#);
    assert_eq!(setting(&with_env, "mailbox"), r#""99"  # file"#);
    assert_eq!(setting(&with_env, "listen"), r#""127.0.0.1:3000"  # default"#, "set to nothing counts as not set");
    for args in [["config", "--grace-ms=3333"], ["--grace-ms=3333", "config"]] {
        assert_eq!(setting(&parlor(&args, &env), "grace_ms"), r#""3333"  # flag"#);
    }
}

#[test]
fn the_settings_file_is_named_by_flag_or_variable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.toml");
    std::fs::write(&path, "grace_ms = 4444").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(setting(&parlor(&["config", "--config", path], &[]), "grace_ms"), r#""4444"  # file"#);
    assert_eq!(setting(&parlor(&["config"], &[("PARLOR_CONFIG", path)]), "grace_ms"), r#""4444"  # file"#);
    let missing = parlor(&["serve"], &[("PARLOR_CONFIG", "/nowhere.toml")]);
    assert!(missing.status.code() == Some(2) && stderr(&missing).contains("/nowhere.toml"), "{}", stderr(&missing));
}

#[test]
fn a_wrong_setting_ends_the_program_with_2_before_it_listens() {
    for (variable, value, should) in [
        ("PARLOR_LISTEN", "here", "127.0.0.1:3000"),
        ("PARLOR_GRACE_MS", "-1", "whole number of"),
        ("PARLOR_PING_INTERVAL_MS", "0", "from 100 to 300000"),
        ("PARLOR_TRUSTED_PROXIES", "10.0.0.0/99", "10.0.0.0/8"),
        ("PARLOR_SECRET", "tiny", "at least 8 characters"),
        ("PARLOR_RATE_LIMITS", "sometimes", "on or off"),
        ("DATABASE_URL", "mysql://localhost/x", "sqlite:PATH"),
        ("DATABASE_URL", "sqlite::memory:", "has to be a file"),
        ("REDIS_URL", "redis://localhost", "postgres://"),
    ] {
        let output = parlor(&["serve"], &[(variable, value)]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {text}");
        assert!(text.contains(variable) && text.contains(should), "{variable}={value}: {text}");
        assert!(!stdout(&output).contains("listening"));
    }
}

#[test]
fn secrets_are_printed_nowhere() {
    let env = [("PARLOR_SECRET", "do-not-print-me"), ("PARLOR_ADMIN_TOKEN", "nor-this-one")];
    for args in [&["config"][..], &["--help"], &["serve", "-h"]] {
        let output = parlor(args, &env);
        assert!(output.status.success());
        let text = stdout(&output) + &stderr(&output);
        assert!(!text.contains("do-not-print") && !text.contains("nor-this"), "{args:?}: {text}");
    }
}
