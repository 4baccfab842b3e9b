//! `docs/adding-a-game.md`, followed: its game compiles, keeps every law, and is the one on the page.

mod nim;

use nim::{Nim, Options};
use parlor::game::Game;
use parlor::game::conform::conform;

const PAGE: &str = include_str!("../../docs/adding-a-game.md");
const GAME: &str = include_str!("nim.rs");
const REGISTRY: &str = include_str!("../../src/games/mod.rs");

#[test]
fn the_game_of_the_guide_keeps_every_law() {
    let report = conform::<Nim>(50).unwrap();
    assert!(report.ended > 100 && report.refused > 100 && report.draws > 100, "{report:?}");
}

#[test]
fn wrong_options_are_refused() {
    for (counters, good) in [(0, false), (3, false), (4, true), (100, true), (101, false)] {
        assert_eq!(Nim::setup(&Options { counters }, 2, &()).is_ok(), good, "{counters}");
    }
}

#[test]
fn what_the_guide_shows_is_the_games_text() {
    let blocks: Vec<&str> = PAGE.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 6, "{} blocks", blocks.len());
    for block in blocks {
        assert!(GAME.contains(block), "not in nim.rs:\n{block}");
    }
}

#[test]
fn the_guide_names_the_line_where_games_are_registered() {
    assert!(PAGE.contains("register::<nim::Nim>((), settings)"));
    assert!(REGISTRY.contains("register::<draft::DraftGame>(assets.draft, settings)"), "games are registered otherwise now");
}
