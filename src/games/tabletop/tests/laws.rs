//! The table keeps the laws of all games.

use crate::game::conform::{self, Trial};
use crate::games::tabletop::{Options, Tabletop};

fn check(seats: u8, seed: u64, options: &Options) -> conform::Report {
    let trial = Trial::<Tabletop> { options, assets: &(), seats, seed, bound: None };
    conform::check(&trial).unwrap()
}

#[test]
fn it_keeps_the_laws_of_all_games_with_one_who_leads_alone() {
    let report = check(1, 1, &Options::default());
    assert!(report.draws > 0 && report.swaps > 0, "{report:?}");
}

#[test]
fn it_keeps_them_with_two() {
    let report = check(2, 3, &Options::default());
    assert!(report.draws > 0 && report.swaps > 0, "{report:?}");
}

#[test]
fn it_keeps_them_with_three_under_other_rules() {
    let options = Options { private_sheets: true, enforce_speed: true, players_may_poll: false, ..Options::default() };
    check(3, 7, &options);
}
