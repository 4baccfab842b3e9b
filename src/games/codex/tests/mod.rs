mod rules;
mod stories;

use crate::game::conform::conform;

use super::Codex;

#[test]
fn the_codex_keeps_the_laws_of_all_games() {
    let report = conform::<Codex>(1).unwrap();
    assert!(report.ended >= 8 && report.swaps > 100 && report.refused > 500, "{report:?}");
}
