mod bots;
mod catalogue;
mod documentation;
mod rules;
mod scoring;

use proptest::prelude::*;

use super::wire::CharacterView;
use super::{Card, Catalogue, DraftGame, Event, Options};
use crate::game::Game;
use crate::game::conform::{self, Trial, conform};
use crate::id::Seat;

pub(super) const HOST: Seat = Seat(0);
pub(super) const GUEST: Seat = Seat(1);

/// Two series of two characters, and one template of two roles: just enough for a draft.
pub(super) const SMALL: &str = r#"{
  "templates": [{ "id": 7, "name": "Duo", "roles": ["Brain", "Brawn"] }],
  "series": [
    { "id": 1, "name": "Teapots", "characters": [
      { "id": 11, "name": "Ann", "about": "Thinks.", "ratings": { "Brain": 90, "Brawn": 10 } },
      { "id": 12, "name": "Bob", "about": "Lifts.", "ratings": { "Brain": 20, "Brawn": 80 } } ] },
    { "id": 2, "name": "Kettles", "characters": [
      { "id": 21, "name": "Cid", "about": "Both.", "ratings": { "Brain": 55, "Brawn": 56 } },
      { "id": 22, "name": "Dot", "about": "Neither.", "ratings": { "Brain": 5, "Brawn": 6 } } ] }
  ]
}"#;

pub(super) fn small() -> Catalogue {
    Catalogue::from_json(SMALL).unwrap()
}

/// A draft with the small catalogue, after `events`.
pub(super) fn small_after(events: &[Event]) -> DraftGame {
    let setup = DraftGame::setup(&Options::default(), 2, &small()).unwrap();
    let mut game = DraftGame::open(&setup);
    events.iter().for_each(|event| game.evolve(event));
    game
}

pub(super) fn card(id: u32) -> Card {
    let catalogue = small();
    catalogue.card(id, &catalogue.templates()[0]).unwrap()
}

/// A card as the events of the small catalogue carry it.
pub(super) fn shown(card: &Card) -> CharacterView {
    CharacterView::new(card, &small().templates()[0])
}

pub(super) fn drawn(seat: Seat, id: u32) -> Event {
    Event::Drawn { seat, character: shown(&card(id)) }
}

pub(super) fn placed(seat: Seat, character_id: u32, role: &str) -> Event {
    Event::Placed { seat, character_id, role_name: role.into(), is_complete: false }
}

/// A whole game: the host places Ann and Bob, the guest Cid and Dot, each where they are best.
pub(super) fn whole_game() -> Vec<Event> {
    vec![
        Event::Began,
        drawn(HOST, 11),
        placed(HOST, 11, "Brain"),
        drawn(GUEST, 21),
        placed(GUEST, 21, "Brain"),
        drawn(HOST, 12),
        placed(HOST, 12, "Brawn"),
        drawn(GUEST, 22),
        Event::Placed { seat: GUEST, character_id: 22, role_name: "Brawn".into(), is_complete: true },
    ]
}

#[test]
fn the_draft_keeps_the_laws_of_all_games() {
    let report = conform::<DraftGame>(4).unwrap();
    assert!(report.ended == 16 && report.draws > 100 && report.refused > 1_000, "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn the_laws_hold_for_every_template_and_pool(
        seed: u64,
        template in 0usize..4,
        pool in proptest::sample::subsequence(vec![1u32, 2, 3, 4, 5, 6, 7, 8], 2..=8),
    ) {
        let assets = Catalogue::default();
        let options = Options { template_id: Some(assets.templates()[template].id), anime_pool_ids: Some(pool) };
        let trial = Trial::<DraftGame> { options: &options, assets: &assets, seats: 2, seed, bound: Some(40 * 4) };
        if let Err(breach) = conform::check(&trial) {
            prop_assert!(false, "{breach}");
        }
    }
}
