//! The invariants at the top of `src/lib.rs`, as far as they can be read off the source.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Longest file of `src`, in lines.
const LINES_MAX: usize = 500;

/// What knows nothing of the world: a folder, or a file.
const PURE: [&str; 18] = [
    "dice/",
    "game/",
    "games/",
    "room/fact.rs",
    "room/state.rs",
    "room/decide.rs",
    "room/outbox.rs",
    "room/table.rs",
    "room/vigil.rs",
    "room/told.rs",
    "room/erased.rs",
    "room/summary.rs",
    "room/settings.rs",
    "room/outlet.rs",
    "id.rs",
    "chance.rs",
    "refusal.rs",
    "time.rs",
];

struct Source {
    /// From `src/` on.
    path: String,
    text: String,
    /// Without comments and tests.
    code: String,
}

fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read);
    &SOURCES
}

fn read() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let short = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            let is_test = short.ends_with("/tests") || short.ends_with("tests.rs");
            if path.is_dir() && !is_test {
                folders.push(path);
            } else if short.ends_with(".rs") && !is_test {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                sources.push(Source { path: short, text, code });
            }
        }
    }
    assert!(sources.len() > 50, "only {} files were found", sources.len());
    sources
}

/// Whether `word` stands in `code` by itself, not as a part of another name.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(part_of_name);
        let after = code[at + word.len()..].chars().next().is_some_and(part_of_name);
        !before && !after
    })
}

/// Only sources under `allowed` mention `words`.
fn only(allowed: &[&str], words: &[&str]) {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !allowed.iter().any(|allowed| source.path.starts_with(allowed))) {
        found.extend(
            words.iter().filter(|word| mentions(&source.code, word)).map(|word| format!("{} mentions {word}", source.path)),
        );
    }
    assert!(found.is_empty(), "only {allowed:?} may: {found:#?}");
}

/// No source under `pure` mentions `words`.
fn never(pure: &[&str], words: &[&str]) {
    for prefix in pure {
        assert!(sources().iter().any(|source| source.path.starts_with(prefix)), "there is no src/{prefix}");
    }
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| pure.iter().any(|pure| source.path.starts_with(pure))) {
        found.extend(
            words.iter().filter(|word| mentions(&source.code, word)).map(|word| format!("{} mentions {word}", source.path)),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn rules_know_no_runtime_no_store_and_no_network() {
    never(
        &PURE,
        &["tokio", "sqlx", "redis", "socketioxide", "engineioxide", "axum", "hyper", "std::fs", "std::net", "std::thread"],
    );
    never(&PURE, &["crate::web", "crate::socket", "crate::app", "crate::server", "crate::config", "crate::cli"]);
}

#[test]
fn rules_read_no_clock_and_roll_no_dice_of_their_own() {
    let clocks = ["Clock::system", "SystemTime", "Instant"];
    never(&PURE, &clocks);
    never(
        &["game/", "games/", "room/fact.rs", "room/state.rs", "room/decide.rs", "room/table.rs", "room/vigil.rs", "room/told.rs"],
        &["Clock", "Timestamp::now"],
    );
    // `games/mod.rs` gives a new room its secret, and `room/erased.rs` a bot its luck; no rules are in either.
    never(
        &[
            "dice/",
            "game/",
            "games/codex/",
            "games/draft/",
            "room/fact.rs",
            "room/state.rs",
            "room/decide.rs",
            "room/table.rs",
            "room/vigil.rs",
            "room/told.rs",
        ],
        &["Seed::random", "getrandom"],
    );
    only(&["app.rs", "cli/"], &["Clock::system"]);
    only(&["time.rs"], &["jiff::Timestamp::now", "SystemTime"]);
}

#[test]
fn only_the_log_knows_sql() {
    // The log filter has sqlx's own lines in it by name.
    only(&["log/", "telemetry.rs"], &["sqlx", "SELECT", "INSERT", "UPDATE"]);
    never(&["log/"], &["crate::room", "crate::game", "crate::games", "crate::socket", "crate::web"]);
    // SQLite would plan it anew each time: see src/log/mod.rs.
    never(&["log/"], &["LIMIT $", "LIMIT \""]);
}

#[test]
fn only_the_cluster_knows_redis() {
    // Settings name the protocol in what they say.
    only(&["cluster/", "config/mod.rs"], &["redis::", "bb8"]);
    never(&["room/", "game/", "games/", "log/", "socket/", "web/"], &["crate::cluster"]);
}

#[test]
fn only_the_actor_appends_and_speaks_to_a_rooms_connections() {
    for source in sources() {
        let outside = !["room/actor/", "room/directory.rs", "log/"].iter().any(|inside| source.path.starts_with(inside));
        assert!(!outside || !source.code.contains("log.append("), "{} appends", source.path);
        assert!(
            source.path.starts_with("room/actor/") || !source.code.contains("outlet.emit("),
            "{} speaks to connections",
            source.path
        );
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    let found: Vec<_> = sources().iter().filter(|source| source.code.contains(".unwrap()")).map(|source| &source.path).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "src/{} does not begin by saying what it is", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= LINES_MAX, "src/{} has {lines} lines", source.path);
    }
}
