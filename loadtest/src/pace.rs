//! When the next command is due, and from when its latency counts.
//!
//! In an open loop commands are due at fixed times, whatever the server does. One that could not be sent when it was due, because the one before it was
//! still unanswered, counts from when it was due: else a server that stands still for a second would have one slow answer instead of all those
//! that should have come in that second (coordinated omission).

use std::time::Duration;

use tokio::time::Instant;

/// A start that is late by no more is nobody's fault.
pub const TICK: Duration = Duration::from_millis(2);

/// The schedule of one sender, or of a room whose players take turns.
#[derive(Clone, Debug)]
pub struct Pace {
    /// None in a closed loop.
    every: Option<Duration>,
    next: Instant,
}

impl Pace {
    /// The next one as soon as the one before is answered.
    pub fn closed(start: Instant) -> Self {
        Self { every: None, next: start }
    }

    /// `per_s` a second from `start` on; `share` (0 to 1) of the time between two is waited before the first, so that not all begin at once.
    pub fn open(start: Instant, per_s: f64, share: f64) -> Self {
        let every = Duration::from_secs_f64((1.0 / per_s.max(1e-6)).min(1e6));
        Self { every: Some(every), next: start + every.mul_f64(share.clamp(0.0, 1.0)) }
    }

    pub fn is_open(&self) -> bool {
        self.every.is_some()
    }

    /// Leaves out what was due before `now`, when there was nothing to send.
    pub fn skip(&mut self, now: Instant) {
        if let Some(every) = self.every
            && self.next < now
        {
            let behind = (now - self.next).as_secs_f64() / every.as_secs_f64().max(1e-9);
            self.next += every.mul_f64(behind.ceil());
        }
    }

    /// When the next one is due.
    pub fn due(&self, now: Instant) -> Instant {
        if self.is_open() { self.next } else { now }
    }

    /// The next one is sent now: from when its latency counts.
    pub fn go(&mut self, now: Instant) -> Instant {
        let Some(every) = self.every else { return now };
        let due = self.next;
        self.next += every;
        if now.saturating_duration_since(due) <= TICK { now } else { due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Latencies in ms that a sender of one at a time, 100 a second for 3 s, sees of a server that answers in 1 ms but stands still in the second second.
    fn latencies(pace: impl Fn(Instant) -> Pace) -> Vec<u128> {
        let start = Instant::now();
        let mut pace = pace(start);
        let mut now = start;
        let mut latencies = Vec::new();
        loop {
            now = now.max(pace.due(now));
            if now >= start + Duration::from_secs(3) {
                break;
            }
            let counted = pace.go(now);
            let stall = start + Duration::from_secs(1)..start + Duration::from_secs(2);
            now = if stall.contains(&now) { stall.end } else { now + Duration::from_millis(1) };
            latencies.push((now - counted).as_millis());
        }
        latencies.sort_unstable();
        latencies
    }

    #[test]
    fn a_server_that_stands_still_is_seen_in_an_open_loop() {
        let open = latencies(|start| Pace::open(start, 100.0, 0.0));
        assert_eq!(open.len(), 300);
        let slow = open.iter().filter(|&&ms| ms > 100).count();
        assert!((95..=110).contains(&slow), "about a hundred were due in that second: {slow}");
        let closed = latencies(Pace::closed);
        assert_eq!(closed.iter().filter(|&&ms| ms > 100).count(), 1, "a closed loop sees one");
    }

    #[test]
    fn a_timer_that_wakes_a_little_late_does_not_count() {
        let start = Instant::now();
        let mut pace = Pace::open(start, 10.0, 0.5);
        let due = pace.due(start);
        assert_eq!(due, start + Duration::from_millis(50));
        assert_eq!(pace.go(due + TICK), due + TICK);
        let due = pace.due(start);
        assert_eq!(due, start + Duration::from_millis(150));
        assert_eq!(pace.go(due + TICK * 2), due);
    }

    #[test]
    fn what_could_not_be_due_is_left_out() {
        let start = Instant::now();
        let mut pace = Pace::open(start, 10.0, 0.0);
        pace.skip(start + Duration::from_millis(250));
        let due = pace.due(start);
        assert!((299..=301).contains(&(due - start).as_millis()), "still in step: {:?}", due - start);
        pace.skip(start);
        assert_eq!(pace.due(start), due);
    }

    #[test]
    fn odd_rates_do_no_harm() {
        let start = Instant::now();
        for rate in [0.0, -1.0, 1e-9, 1e12] {
            let mut pace = Pace::open(start, rate, 2.0);
            pace.go(start);
            assert!(pace.due(start) >= start);
        }
    }
}
