//! How soon a transaction may follow another.
//!
//! A transaction has a price of its own: two threads wake each other, pages are written, the disk is waited for. While many rooms write
//! at once, one per millisecond carries them all; more would keep the processor busy with its price. A lone move finds no transaction
//! with company before it, and does not wait.

use std::time::{Duration, Instant};

/// From one beginning to the next. tokio's timers are no finer, so it may become twice as long.
const APART: Duration = Duration::from_millis(1);

/// As many moves in a transaction show that more are on their way. Fewer cost a whole millisecond to gain little.
const COMPANY: usize = 8;

#[derive(Default)]
pub struct Pace {
    /// When the next may begin.
    next: Option<Instant>,
}

impl Pace {
    /// A transaction with so many moves begins.
    pub fn begins(&mut self, moves: usize, now: Instant) {
        self.next = (moves >= COMPANY).then(|| now + APART);
    }

    /// Until when the next has to wait, if at all.
    pub fn wait(&self, now: Instant) -> Option<Instant> {
        self.next.filter(|next| *next > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_those_after_lone_ones_do_not_wait() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.wait(now), None);
        pace.begins(COMPANY, now);
        for moves in 1..COMPANY {
            pace.begins(moves, now);
            assert_eq!(pace.wait(now), None, "after {moves}");
        }
    }

    #[test]
    fn after_company_the_next_begins_a_while_later_however_long_that_took() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        pace.begins(COMPANY, began);
        for took in [0, 400, 999].map(Duration::from_micros) {
            assert_eq!(pace.wait(began + took), Some(began + APART), "after {took:?}");
        }
        for took in [APART, 5 * APART] {
            assert_eq!(pace.wait(began + took), None, "after {took:?}");
        }
    }
}
