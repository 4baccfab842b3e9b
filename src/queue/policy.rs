//! Who plays whom. Pure: of those who wait, the pairs.
//!
//! Everybody has a window of ratings around their own, and it widens while they wait:
//!
//! | waited | window |
//! |---|---|
//! | 0 s | ±100 |
//! | 10 s | ±300 |
//! | 30 s | ±700 |
//! | 60 s and more | anybody |
//!
//! Two may play when each is in the window of the one who has waited longer. So a newcomer never keeps apart two who have waited, and
//! nobody waits longer than a minute while somebody else waits, too. Who came first chooses first, and takes the nearest rating.

use std::time::Duration;

/// The window of somebody who just came: within it the stronger one wins about 64 games of 100.
pub const WINDOW: u64 = 100;
/// By how much it widens in a second.
pub const WIDENING: u64 = 20;
/// After so long anybody will do.
pub const ANYBODY_AFTER: Duration = Duration::from_secs(60);

/// Somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub rating: i64,
    pub waited: Duration,
}

/// How far away a rating may be after so long.
pub fn window(waited: Duration) -> u64 {
    if waited >= ANYBODY_AFTER {
        return u64::MAX;
    }
    let widened = waited.as_millis() * u128::from(WIDENING) / 1000;
    WINDOW + u64::try_from(widened).unwrap_or(u64::MAX - WINDOW)
}

/// Whether these two may play.
pub fn may_play(one: Candidate, other: Candidate) -> bool {
    apart(one, other) <= window(one.waited.max(other.waited))
}

/// Pairs of those who wait, by their places in the list, which is in the order in which they came. Nobody is in two pairs, and nobody
/// is left who could play with another one who is left.
pub fn pairs(waiting: &[Candidate]) -> Vec<(usize, usize)> {
    let mut free: Vec<usize> = (0..waiting.len()).collect();
    let mut made = Vec::new();
    let mut at = 0;
    while at < free.len() {
        let first = free[at];
        // Those before had nobody to play with among all that were free then, so also not this one.
        let fitting = (at + 1..free.len()).filter(|other| may_play(waiting[first], waiting[free[*other]]));
        // Of several as near, the one who has waited longest: `min_by_key` takes the first.
        match fitting.min_by_key(|other| apart(waiting[first], waiting[free[*other]])) {
            Some(other) => {
                made.push((first, free[other]));
                free.remove(other);
                free.remove(at);
            }
            None => at += 1,
        }
    }
    made
}

fn apart(one: Candidate, other: Candidate) -> u64 {
    one.rating.abs_diff(other.rating)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn candidate(rating: i64, seconds: u64) -> Candidate {
        Candidate { rating, waited: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_window_is_as_documented() {
        for (seconds, expected) in [(0, 100), (1, 120), (10, 300), (30, 700), (59, 1280), (60, u64::MAX), (100_000, u64::MAX)] {
            assert_eq!(window(Duration::from_secs(seconds)), expected, "{seconds} s");
        }
        assert_eq!(window(Duration::from_millis(50)), 101);
    }

    #[test]
    fn the_nearest_rating_is_chosen_and_who_came_first_chooses_first() {
        for (waiting, expected) in [
            (vec![], vec![]),
            (vec![candidate(1500, 5)], vec![]),
            (vec![candidate(1500, 0), candidate(1600, 0)], vec![(0, 1)]),
            (vec![candidate(1500, 0), candidate(1601, 0)], vec![]),
            (vec![candidate(1500, 1), candidate(1601, 0)], vec![(0, 1)]),
            (vec![candidate(1500, 3), candidate(1550, 2), candidate(1510, 1)], vec![(0, 2)]),
            (vec![candidate(1500, 3), candidate(1510, 2), candidate(1490, 1)], vec![(0, 1)]),
            (vec![candidate(2900, 60), candidate(1500, 2), candidate(1500, 1)], vec![(0, 1)]),
            (vec![candidate(2900, 59), candidate(1500, 2), candidate(1500, 1)], vec![(1, 2)]),
            (vec![candidate(i64::MIN, 60), candidate(i64::MAX, 0)], vec![(0, 1)]),
        ] {
            assert_eq!(pairs(&waiting), expected, "{waiting:?}");
        }
    }

    prop_compose! {
        fn anybody()(rating in 0_i64..3000, waited in 0_u64..90_000) -> Candidate {
            Candidate { rating, waited: Duration::from_millis(waited) }
        }
    }

    proptest! {
        #[test]
        fn windows_only_widen(earlier in 0_u64..100_000, later in 0_u64..100_000) {
            let (earlier, later) = (earlier.min(later), earlier.max(later));
            prop_assert!(window(Duration::from_millis(earlier)) <= window(Duration::from_millis(later)));
        }

        #[test]
        fn nobody_is_paired_twice_or_with_themselves_and_only_with_whom_they_may(
            mut waiting in prop::collection::vec(anybody(), 0..40),
        ) {
            waiting.sort_by_key(|candidate| std::cmp::Reverse(candidate.waited));
            let made = pairs(&waiting);
            let mut seen = HashSet::new();
            for (one, other) in &made {
                prop_assert!(seen.insert(*one) && seen.insert(*other));
                prop_assert!(may_play(waiting[*one], waiting[*other]));
            }
            let left: Vec<_> = (0..waiting.len()).filter(|at| !seen.contains(at)).collect();
            for (nth, one) in left.iter().enumerate() {
                for other in &left[nth + 1..] {
                    prop_assert!(!may_play(waiting[*one], waiting[*other]));
                }
            }
        }

        #[test]
        fn whoever_has_waited_a_minute_is_paired_if_anybody_else_waits(
            mut waiting in prop::collection::vec(anybody(), 1..40),
        ) {
            waiting.push(Candidate { rating: 9000, waited: Duration::from_secs(100) });
            waiting.sort_by_key(|candidate| std::cmp::Reverse(candidate.waited));
            prop_assert!(pairs(&waiting).iter().any(|(one, other)| *one == 0 || *other == 0));
        }
    }
}
