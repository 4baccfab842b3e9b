//! What `docs/writing-stories.md` shows is a story, and what `docs/games/codex.md` lists is what is sent.

use crate::games::codex::check;

const WRITING: &str = include_str!("../../../../docs/writing-stories.md");
const CODEX: &str = include_str!("../../../../docs/games/codex.md");

#[test]
fn the_documented_story_can_be_played() {
    let story = WRITING.split_once("```toml\n").unwrap().1.split_once("\n```").unwrap().0;
    let story = check::read(story).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(check::lengths(&story), (1, 2));
    for limit in [check::TEXT_MAX, check::LINE_MAX, check::TURNS_MAX, check::PLACES_MAX] {
        let (thousands, rest) = (limit / 1000, limit % 1000);
        let shown = if thousands > 0 { format!("{thousands},{rest:03}") } else { limit.to_string() };
        assert!(WRITING.contains(&shown), "{shown} is not documented");
    }
}

#[test]
fn every_event_is_documented() {
    let wire = include_str!("../wire.rs");
    for (list, least) in [("pub enum Notice {", 11), ("pub enum Command {", 5)] {
        let body = wire.split_once(list).unwrap().1.split_once("\n}").unwrap().0;
        let variants: Vec<&str> = body
            .lines()
            .filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase))
            .map(|line| line.trim().split([' ', ',']).next().unwrap())
            .collect();
        assert!(variants.len() >= least, "{variants:?}");
        for name in variants {
            let mut event = String::new();
            for c in name.chars() {
                if c.is_uppercase() && !event.is_empty() {
                    event.push('_');
                }
                event.extend(c.to_lowercase());
            }
            assert!(CODEX.contains(&format!("| `{event}` |")), "{event} is not documented");
        }
    }
}
