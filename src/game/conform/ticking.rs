//! Time in ticking games: it passes between requests as a room lets it pass, and is checked while it does.

use std::time::Duration;

use super::playout::Playout;
use super::{Broken, Law};
use crate::game::{Game, Pace, STALL};

/// Once in so many times nobody simulates for longer than [`STALL`].
const STALLS: usize = 40;
/// How much time passes at most between two requests, in milliseconds.
const PASSES: usize = 700;

impl<G: Game> Playout<'_, G> {
    pub(super) fn ticks(&self) -> bool {
        G::PACE != Pace::Turns
    }

    /// Lets some time pass; `true` when the game has to be woken before it goes on.
    pub(super) fn pass_time(&mut self) -> Result<bool, Broken> {
        if self.luck.once_in(STALLS) {
            self.now = self.now + STALL + Duration::from_millis(self.luck.below(5_000) as u64 + 1);
            if self.state.simulated().is_some_and(|at| self.now.since(at) > STALL) {
                return Ok(true);
            }
        }
        let (from, by) = (self.now, self.luck.below(PASSES));
        let midway = from + Duration::from_millis(self.luck.below(by + 1) as u64);
        self.now = from + Duration::from_millis(by as u64);
        let mut twice = self.state.clone();
        twice.advance(midway);
        self.state.advance(self.now);
        twice.advance(self.now);
        if twice != self.state {
            let how = format!("from {from} over {midway} to {}: {twice:?}, at once: {:?}", self.now, self.state);
            return Err(self.broken(Law::TimeIsTime, how));
        }
        twice.advance(from);
        if twice != self.state {
            return Err(self.broken(Law::TimeIsTime, format!("advanced to {from} again, {:?} becomes {twice:?}", self.state)));
        }
        Ok(self.state.wake_at().is_some_and(|at| at <= self.now))
    }
}
