//! The table keeps the laws of all games.

use crate::game::conform::{self, Trial};
use crate::games::tabletop::{Options, Tabletop};

fn check(seats: u8, seed: u64, options: &Options) -> conform::Report {
    let trial = Trial::<Tabletop> { options, assets: &(), seats, seed, bound: None };
    conform::check(&trial).unwrap()
}

#[test]
fn it_keeps_the_laws_of_all_games_with_few_and_with_several_players() {
    let mut all = conform::Report::default();
    for (seats, seed) in [(1, 1), (2, 2), (2, 3), (3, 4)] {
        let t = std::time::Instant::now();
        let report = check(seats, seed, &Options::default());
        eprintln!("{seats} {seed} {report:?} {:?}", t.elapsed());
        (all.steps, all.draws, all.swaps) = (all.steps + report.steps, all.draws + report.draws, all.swaps + report.swaps);
    }
    assert!(all.steps > 300 && all.draws > 50 && all.swaps > 100, "{all:?}");
}

#[test]
fn it_keeps_them_under_other_rules() {
    let options = Options { private_sheets: true, enforce_speed: true, players_may_poll: false, ..Options::default() };
    check(2, 7, &options);
}
