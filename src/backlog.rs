//! How much may be under way at once: commands that were taken and are not answered yet, over all rooms and connections. One of each
//! connection is always taken; what counts is what a client sends without waiting for the answer before.
//!
//! A server that is offered more than it holds answers what is too much at once with `BUSY`. Otherwise everything would be answered,
//! each later than the one before, and memory would hold it until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::refusal::Refusal;
use crate::room::directory::busy;

/// Of one connection, no more count. A client that sends a lot without waiting waits for its own room, and keeps nobody else out.
const COUNTED_MAX: usize = 64;

/// The bound of a whole server.
#[derive(Debug)]
pub struct Backlog {
    counted: AtomicUsize,
    max: usize,
}

/// What one connection has under way.
#[derive(Debug, Default)]
pub struct Unanswered(AtomicUsize);

impl Unanswered {
    pub fn is_none(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

/// A command under way; dropped when it is answered.
#[derive(Debug)]
pub struct Pending {
    backlog: Arc<Backlog>,
    of: Arc<Unanswered>,
}

impl Backlog {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { counted: AtomicUsize::new(0), max })
    }

    /// Takes one command more.
    ///
    /// # Errors
    /// `BUSY` when there are too many.
    pub fn admit(self: &Arc<Self>, of: &Arc<Unanswered>) -> Result<Pending, Refusal> {
        if !of.is_none() && self.counted.load(Ordering::Relaxed) >= self.max {
            metrics::counter!("parlor_busy_total").increment(1);
            return Err(busy());
        }
        if (1..COUNTED_MAX).contains(&of.0.fetch_add(1, Ordering::AcqRel)) {
            self.counted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Pending { backlog: Arc::clone(self), of: Arc::clone(of) })
    }

    /// How many are under way, beyond one for each connection.
    pub fn pending(&self) -> usize {
        self.counted.load(Ordering::Relaxed)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if (2..=COUNTED_MAX).contains(&self.of.0.fetch_sub(1, Ordering::AcqRel)) {
            self.backlog.counted.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Code;

    #[test]
    fn beyond_the_bound_the_next_is_told_busy_until_something_is_answered() {
        let backlog = Backlog::new(2);
        let (eager, patient) = (Arc::new(Unanswered::default()), Arc::new(Unanswered::default()));
        let mut taken: Vec<_> = (0..3).map(|_| backlog.admit(&eager).expect("there is room")).collect();
        let refusal = backlog.admit(&eager).expect_err("it is full");
        assert_eq!(refusal.code, Code::Busy);
        let one = backlog.admit(&patient).expect("who waits for answers is never refused");
        assert_eq!(backlog.admit(&patient).expect_err("it is still full").code, Code::Busy);
        taken.pop();
        let second = backlog.admit(&patient).expect("one was answered");
        drop((taken, one, second));
        assert_eq!(backlog.pending(), 0);
    }

    #[test]
    fn one_connection_with_very_many_keeps_nobody_out() {
        let backlog = Backlog::new(COUNTED_MAX);
        let eager = Arc::new(Unanswered::default());
        let many: Vec<_> = (0..10_000).map(|_| backlog.admit(&eager).expect("its own room bounds it")).collect();
        assert_eq!(backlog.pending(), COUNTED_MAX - 1);
        let other = Arc::default();
        let others = [backlog.admit(&other), backlog.admit(&other)].map(|one| one.expect("another one finds a place"));
        drop((many, others));
        assert_eq!(backlog.pending(), 0);
        assert!(eager.is_none());
    }

    #[test]
    fn what_counts_does_not_depend_on_the_order_in_which_answers_come() {
        let backlog = Backlog::new(usize::MAX);
        let of = Arc::new(Unanswered::default());
        let mut many: Vec<_> = (0..2 * COUNTED_MAX).map(|_| backlog.admit(&of).expect("no bound")).collect();
        many.drain(..COUNTED_MAX);
        assert_eq!(backlog.pending(), COUNTED_MAX - 1);
        let more: Vec<_> = (0..COUNTED_MAX).map(|_| backlog.admit(&of).expect("no bound")).collect();
        many.reverse();
        drop(many);
        assert_eq!(backlog.pending(), COUNTED_MAX - 1);
        drop(more);
        assert_eq!(backlog.pending(), 0);
    }
}
