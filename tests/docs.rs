//! The documentation is true where a program can tell: links lead somewhere, and the protocol's page names every event and code.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    for folder in ["docs", "docs/games"] {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    assert!(pages.len() >= 9, "{pages:?}");
    pages
}

/// What stands between `open` and `close`, each time.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in between(&text, "](", ')').filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            // Pictures are made by the browser tests.
            if path.starts_with("docs/images/") {
                continue;
            }
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let there = fs::read_to_string(&target).unwrap();
                let mut headings = there.lines().filter(|line| line.starts_with('#'));
                let named = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                assert!(headings.any(|line| named(line) == anchor), "{}: no heading for {link}", page.display());
            }
        }
    }
}

#[test]
fn the_protocol_names_every_event_that_rooms_tell() {
    let page = read("docs/protocol.md");
    let told = read("src/room/told.rs").replace("told(\n            ", "told(");
    let events: Vec<&str> = between(&told, "told(\"", '"').collect();
    assert!(events.len() >= 15, "{events:?}");
    let actor = ["mod", "aftermath", "asides", "entry"].map(|part| read(&format!("src/room/actor/{part}.rs"))).concat();
    let direct = between(&actor, "emit(\"", '"').chain(between(&actor, "emit_to(request.conn, \"", '"'));
    for event in events.into_iter().chain(direct) {
        assert!(page.contains(&format!("| `{event}` |")), "{event} is not documented");
    }
}

#[test]
fn the_protocol_names_every_event_that_rooms_take() {
    let page = read("docs/protocol.md");
    let decide = read("src/room/decide.rs");
    let commands = decide.split_once("pub enum RoomCommand {").unwrap().1.split_once("\n}").unwrap().0;
    let mut count = 0;
    for line in commands.lines().filter(|line| line.starts_with("    ") && line.trim().starts_with(char::is_uppercase)) {
        let name: String = line.trim().chars().take_while(|c| c.is_alphanumeric()).collect();
        let mut event = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !event.is_empty() {
                event.push('_');
            }
            event.extend(c.to_lowercase());
        }
        assert!(page.contains(&format!("| `{event}` |")), "{event} is not documented");
        count += 1;
    }
    assert!(count >= 8, "only {count} commands were found");
}

#[test]
fn the_protocol_names_every_error_code_with_its_status() {
    let page = read("docs/protocol.md");
    let codes = read("src/refusal.rs");
    let codes = codes.split_once("pub enum Code {").unwrap().1.split_once("\n}").unwrap().0;
    let names: Vec<String> = codes
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .map(|name| {
            let mut code = String::new();
            for c in name.chars() {
                if c.is_uppercase() && !code.is_empty() {
                    code.push('_');
                }
                code.extend(c.to_uppercase());
            }
            code
        })
        .collect();
    assert!(names.len() >= 19, "{names:?}");
    for code in names {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{code}` |"))).unwrap_or_else(|| panic!("{code}"));
        let status = row.trim_end_matches(" |").rsplit(' ').next().unwrap();
        assert!(status.parse::<u16>().is_ok_and(|status| (400..600).contains(&status)), "{row}");
    }
}

#[test]
fn the_readme_names_every_subcommand() {
    let page = read("README.md");
    for command in parlor::cli::command().get_subcommands().map(|command| command.get_name().to_owned()) {
        assert!(command == "serve" || page.contains(&format!("`parlor {command}")), "{command}");
    }
}
