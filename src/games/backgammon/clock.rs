//! Thinking time: a bank for each player, and in blitz a delay that every decision has before the bank is touched.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::board::Side;
use crate::time::Timestamp;

/// What each side has left, and whose time runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Milliseconds in the bank, white's and black's, as they were at `since`.
    pub left_ms: [u64; 2],
    /// Free milliseconds of each decision.
    pub delay_ms: u64,
    pub running: Side,
    /// When the running side's decision began.
    pub since: Timestamp,
}

impl Timer {
    /// Both banks full; `running` begins to think.
    pub fn new(bank: Duration, delay: Duration, running: Side, now: Timestamp) -> Self {
        let [bank, delay_ms] = [bank, delay].map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Self { left_ms: [bank; 2], delay_ms, running, since: now }
    }

    /// When the running side has lost on time.
    pub fn deadline(&self) -> Timestamp {
        let left = self.left_ms[self.running.index()].saturating_add(self.delay_ms);
        self.since + Duration::from_millis(left)
    }

    /// The clock after the running side's time up to `now` was taken from its bank, and `to`'s begins to run. The same side going on
    /// thinking changes nothing: the delay is per decision, not per click.
    #[must_use]
    pub fn switched(&self, to: Side, now: Timestamp) -> Self {
        if to == self.running {
            return self.clone();
        }
        let thought = u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX);
        let mut next = Self { running: to, since: now, ..self.clone() };
        let bank = &mut next.left_ms[self.running.index()];
        *bank = bank.saturating_sub(thought.saturating_sub(self.delay_ms));
        next
    }
}
