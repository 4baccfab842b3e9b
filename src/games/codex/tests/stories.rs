//! The shipped stories, and what the checker finds in others.

use crate::games::codex::check::{self, lengths};
use crate::games::codex::shelf::{Shelf, ShelfError};

#[test]
fn the_shipped_stories_are_whole() {
    let shelf = Shelf::default();
    assert_eq!(shelf.iter().count(), 2);
    for story in shelf.iter() {
        let name = story.id.get_ref();
        assert!(story.scenes.len() >= 12 && story.endings.len() >= 4, "{name}");
        assert!(story.endings.iter().any(|ending| ending.victory), "{name}");
        let (shortest, longest) = lengths(story);
        assert!(shortest >= 5 && longest <= 20, "{name} takes {shortest} to {longest} turns");
    }
}

use super::rules::SMALL;

/// The line on which `needle` stands.
fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).unwrap_or_else(|| panic!("no {needle}")) + 1
}

#[test]
fn every_mistake_is_named_with_its_line() {
    for (from, to, at, message) in [
        ("talent = \"heart\"", "talent = \"luck\"", "talent = \"luck\"", "unknown variant `luck`"),
        ("theme = \"light\"", "themes = \"light\"", "themes", "unknown field `themes`"),
        ("title = \"Two\"\n", "", "id = \"two\"", "missing field `title`"),
        ("title = \"Two\"", "title = \"\"", "id = \"two\"", "title has 1 to 200 characters"),
        ("id = \"look\"", "id = \"stay\"", "text = \"Look.\"", "there is another choice \"stay\""),
        ("id = \"two\"", "id = \"one\"", "title = \"Two\"", "there is another scene or ending \"one\""),
        ("id = \"home\"", "id = \"At home\"", "id = \"At home\"", "should be 1 to 40 of"),
        ("first = \"one\"", "first = \"zero\"", "first", "there is no scene \"zero\""),
        ("fallen = \"down\"", "fallen = \"home\"", "fallen", "without victory"),
        ("trust = 50", "trust = 101", "id = \"small\"", "trust is 0 to 100"),
        ("health = 3", "health = 13", "id = \"ox\"", "health is 1 to 12"),
        ("might = 3 }", "might = 4 }", "id = \"ox\"", "a talent is 0 to 3"),
        ("items = [\"key\"]", "items = [\"kay\"]", "items = ", "there is no item \"kay\""),
        ("give = [\"gem\"]", "give = [\"jam\"]", "jam", "there is no item \"jam\""),
        (
            "next = \"home\" }\n\n[[scene.choice]]",
            "next = \"hone\" }\n\n[[scene.choice]]",
            "hone",
            "there is no scene or ending \"hone\"",
        ),
        ("item = \"gem\" }", "class = \"cat\" }", "cat", "there is no class \"cat\""),
        ("needs = { not_flag = \"open\" }", "needs = { flag = \"shut\" }", "shut", "nothing ever sets the flag \"shut\""),
        ("difficulty = 20", "difficulty = 41", "id = \"push\"", "difficulty is 0 to 40"),
        ("difficulty = 20\n", "", "id = \"push\"", "has a failure, but difficulty 0"),
        ("failure = { text = \"Ow.\", next = \"two\" }", "", "id = \"kick\"", "can fail, but has no failure"),
        ("You stay.\", detours", "You stay, {who}.\", detours", "id = \"stay\"", "may stand in { } is leader"),
        (
            "text = \"You look.\", next = \"home\"",
            "text = \"You look.\", next = \"one\"",
            "You look.",
            "\"one\" could come a second time",
        ),
        ("to = \"rich\"", "to = \"home\"", "id = \"rich\"", "nothing leads to \"rich\""),
        ("id = \"stay\"", "id = \"stay\"\nneeds = { item = \"gem\" }", "id = \"two\"", "no choice that everybody may take"),
        ("id = \"small\"", "id = \"small", "id = \"small", ""),
    ] {
        assert!(SMALL.contains(from), "{from}");
        let text = SMALL.replacen(from, to, 1);
        let problems = check::read(&text).expect_err(to);
        let line = match at {
            "text = \"Look.\"" | "title = \"Two\"" => line_of(&text, at) - 1,
            _ => line_of(&text, at),
        };
        let found = problems.iter().any(|problem| problem.line == line && problem.what.contains(message));
        // A missing field is reported for the table that lacks it, which begins a line or so before.
        let near =
            message.starts_with("missing") && problems.iter().any(|p| p.line.abs_diff(line) <= 1 && p.what.contains(message));
        assert!(found || near, "{to}: line {line}: {message}, not {problems:?}");
    }
    assert!(check::read(SMALL).is_ok());
    assert!(check::read(&"#".repeat(check::BYTES_MAX + 1)).is_err());
}

#[test]
fn a_shelf_takes_a_story_once() {
    let mut shelf = Shelf::default();
    shelf.add("small.toml", SMALL).unwrap();
    assert!(matches!(shelf.add("again.toml", SMALL), Err(ShelfError::Twice { .. })));
    let error = shelf.add("bad.toml", "id = 1").unwrap_err().to_string();
    assert!(error.starts_with("bad.toml: line 1: "), "{error}");
    assert_eq!(lengths(shelf.find("small").unwrap()), (2, 2));
}
