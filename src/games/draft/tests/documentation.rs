//! What `docs/games/draft.md` shows is what the game does.

use serde_json::Value;

use super::*;
use crate::game::Viewer;
use crate::games::draft::Notice;
use crate::games::draft::scoring::side;
use crate::games::draft::wire::CharacterView;

const DOC: &str = include_str!("../../../../docs/games/draft.md");

/// The first block of JSON after `heading`.
fn example(heading: &str) -> Value {
    let (_, after) = DOC.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let block = after.split_once("```json\n").unwrap().1.split_once("\n```").unwrap().0;
    serde_json::from_str(block).unwrap_or_else(|error| panic!("{heading}: {error}"))
}

#[test]
fn the_documented_events_are_what_is_sent() {
    let catalogue = Catalogue::default();
    let options = Options { template_id: Some(2), anime_pool_ids: None };
    let template = DraftGame::setup(&options, 2, &catalogue).unwrap().template;
    let character = CharacterView::new(&catalogue.card(101, &template).unwrap(), &template);
    let events = [
        (Event::Began, "draft_began"),
        (Event::Drawn { seat: HOST, character }, "character_drawn"),
        (placed(HOST, 101, "Captain"), "character_placed"),
        (Event::Forfeited { seat: GUEST }, "player_forfeited"),
    ];
    for (event, name) in events {
        let notice: Notice = DraftGame::notice(&event, Viewer::Spectator).unwrap();
        assert_eq!(serde_json::to_value(&notice).unwrap(), example(&format!("### `{name}`")));
        assert_eq!(<&str>::from(notice), name);
    }
}

#[test]
fn the_worked_example_of_scoring_adds_up() {
    let catalogue = Catalogue::default();
    let template = &catalogue.templates()[1];
    let rows: Vec<Vec<&str>> = DOC
        .lines()
        .skip_while(|line| !line.starts_with("| Role | Character |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('*')).collect())
        .collect();
    let all: Vec<_> = catalogue.series().iter().flat_map(|series| &series.characters).collect();
    let (total, roles) = rows.split_last().unwrap();
    let cards: Vec<_> = roles
        .iter()
        .map(|row| {
            let character = all.iter().find(|character| character.name == row[1]).unwrap();
            catalogue.card(character.id, template).unwrap()
        })
        .collect();
    let scored = side(template, &cards.iter().map(Some).collect::<Vec<_>>());
    let expected: Vec<_> = scored
        .roles
        .iter()
        .zip(&cards)
        .map(|(role, card)| {
            let numbers = [role.rating, role.synergy, role.points].map(|number| number.to_string());
            [vec![role.role_name.clone(), card.name.clone(), card.anime.clone()], numbers.to_vec()].concat()
        })
        .collect();
    assert_eq!(roles, expected);
    assert_eq!(total.last(), Some(&scored.total.to_string().as_str()));
}

#[test]
fn the_documented_catalogue_is_one() {
    let catalogue = Catalogue::from_json(&example("## Catalogue").to_string()).unwrap();
    assert_eq!(catalogue.character(1).and_then(|earl| earl.rating("Brain")), Some(90));
    assert_eq!(catalogue.character(2).unwrap().about, "");
}
