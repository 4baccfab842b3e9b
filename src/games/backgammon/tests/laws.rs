//! The laws of every game, with all the ways in which this one is played.

use crate::game::conform::{BOUND, Trial, check, conform};
use crate::games::backgammon::Backgammon;
use crate::games::backgammon::options::{GameType, Options, TimeControl};

#[test]
fn backgammon_keeps_the_laws() {
    // Most of these games are short: whoever plays at random soon resigns or declines. `rules` plays long ones.
    let report = conform::<Backgammon>(6).unwrap();
    assert!(report.draws > 20 && report.refused > 1_000, "{report:?}");
}

#[test]
fn matches_with_clocks_keep_the_laws() {
    let options = [
        Options { match_length: 3, ..Options::default() },
        Options { jacoby: true, time_control: TimeControl::Rapid, bank_s: Some(300), ..Options::default() },
        Options { match_length: 2, game_type: GameType::Rated, time_control: TimeControl::Blitz, ..Options::default() },
        Options { position_id: Some("4HPwATDgc/ABMA".to_owned()), ..Options::default() },
    ];
    for (seed, options) in (0..).zip(&options) {
        let trial = Trial { options, assets: &(), seats: 2, seed, bound: Some(BOUND) };
        check::<Backgammon>(&trial).unwrap();
    }
}
