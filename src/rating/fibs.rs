//! The formula of FIBS, as described in Kevin Bastian's "FIBS Rating Formula".

/// A newcomer's rating moves up to this many times as fast …
const NEWCOMER: f64 = 5.0;
/// … until so many points of match length have been played.
const EXPERIENCED: f64 = 400.0;

/// The chance, 0–1, that a player of rating `mine` beats one of rating `theirs` in a match over `length` points.
pub fn chance(mine: f64, theirs: f64, length: u32) -> f64 {
    let length = f64::from(length.max(1));
    1.0 / (1.0 + 10f64.powf((theirs - mine) * length.sqrt() / 2000.0))
}

/// What a match over `length` points adds to the rating `mine` (less than nothing after a loss), for a player of that much `experience` in
/// points of match length. `points` is 1 for a win, 0 for a loss, ½ for a draw, which FIBS itself does not know.
pub fn change(mine: f64, theirs: f64, length: u32, experience: u32, points: f64) -> f64 {
    let pace = (NEWCOMER - f64::from(experience) / (EXPERIENCED / (NEWCOMER - 1.0))).max(1.0);
    4.0 * pace * f64::from(length.max(1)).sqrt() * (points - chance(mine, theirs, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLD_HAND: u32 = 10_000;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.0001
    }

    #[test]
    fn the_published_examples_come_out() {
        // Rating of the winner, of the loser, match length, and the change of both, experienced.
        for (winner, loser, length, points) in [
            (1500.0, 1600.0, 5, 5.0446),
            (1600.0, 1500.0, 5, 3.8997),
            (1500.0, 1500.0, 1, 2.0),
            (1500.0, 1500.0, 7, 5.2915),
            (1500.0, 1500.0, 9, 6.0),
            (1500.0, 1500.0, 25, 10.0),
            (1925.0, 1500.0, 1, 1.5202),
        ] {
            let gained = change(winner, loser, length, OLD_HAND, 1.0);
            assert!(close(gained, points), "{winner} beats {loser} over {length}: {gained}");
            assert!(close(change(loser, winner, length, OLD_HAND, 0.0), -gained), "what one gains the other loses");
        }
    }

    #[test]
    fn a_newcomer_moves_five_times_as_fast_and_slows_down() {
        for (experience, pace) in [(0, 5.0), (100, 4.0), (200, 3.0), (399, 1.01), (400, 1.0), (u32::MAX, 1.0)] {
            assert!(close(change(1500.0, 1500.0, 1, experience, 1.0), 2.0 * pace), "{experience}");
        }
    }

    proptest! {
        #[test]
        fn chances_add_up_and_favour_the_better(mine in 0.0..4000.0f64, theirs in 0.0..4000.0f64, length in 0u32..65) {
            prop_assert!(close(chance(mine, theirs, length) + chance(theirs, mine, length), 1.0));
            prop_assert_eq!(mine > theirs, chance(mine, theirs, length) > 0.5);
        }

        #[test]
        fn a_win_never_costs_and_a_draw_moves_both_together(
            mine in 0.0..4000.0f64, theirs in 0.0..4000.0f64, length in 0u32..65, experience in 0u32..1000,
        ) {
            prop_assert!(change(mine, theirs, length, experience, 1.0) >= 0.0);
            prop_assert!(change(mine, theirs, length, experience, 0.0) <= 0.0);
            let drawn = change(mine, theirs, length, experience, 0.5);
            prop_assert!(drawn == 0.0 || (drawn > 0.0) == (theirs > mine));
        }
    }
}
