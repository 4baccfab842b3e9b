mod documentation;
mod rules;
mod stories;

use super::{Codex, Options, Shelf};
use crate::game::conform::{self, Trial};

#[test]
fn the_codex_keeps_the_laws_of_all_games() {
    let assets = Shelf::default();
    let ids: Vec<String> = assets.iter().map(|story| story.id.get_ref().clone()).collect();
    for (seats, story, turn_seconds) in [(1, 0, 300), (3, 0, 10), (3, 1, 300), (5, 1, 10)] {
        let options = Options { story_id: Some(ids[story].clone()), turn_seconds };
        let trial =
            Trial::<Codex> { options: &options, assets: &assets, seats, seed: u64::from(seats), bound: Some(conform::BOUND) };
        let report = conform::check(&trial).unwrap();
        assert!(report.ended == 4 && report.refused > 100 && report.swaps > 10, "{report:?}");
    }
}
