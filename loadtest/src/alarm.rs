//! Waking at a moment, to about a tenth of a millisecond.
//!
//! tokio's timers wake on the millisecond: commands that are due one after the other would leave in bursts, and what those wait for each
//! other would be counted as the server's. So a thread sleeps until the next moment and wakes the task that waits for it.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use parking_lot::{Condvar, Mutex};
use tokio::time::Instant;

/// Wakes tasks for as long as it is there.
pub struct Alarms(Arc<Clock>);

#[derive(Default)]
struct Clock {
    calls: Mutex<Calls>,
    /// A call comes before those that were there, or all is over.
    changed: Condvar,
}

#[derive(Default)]
struct Calls {
    /// The next first.
    next: BinaryHeap<Reverse<Call>>,
    over: bool,
}

/// A task that is to be woken.
struct Call {
    at: Instant,
    waker: Waker,
}

impl Alarms {
    pub fn start() -> Self {
        let clock = Arc::<Clock>::default();
        let own = Arc::clone(&clock);
        thread::spawn(move || own.run());
        Self(clock)
    }

    /// Is ready at `at`.
    pub fn at(&self, at: Instant) -> Alarm {
        Alarm { clock: Arc::clone(&self.0), at, set: None }
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        self.0.calls.lock().over = true;
        self.0.changed.notify_one();
    }
}

impl Clock {
    fn call(&self, call: Call) {
        let mut calls = self.calls.lock();
        let sooner = calls.next.peek().is_none_or(|Reverse(next)| call.at < next.at);
        calls.next.push(Reverse(call));
        if sooner {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        let mut calls = self.calls.lock();
        while !calls.over {
            match calls.next.peek().map(|Reverse(next)| next.at) {
                None => self.changed.wait(&mut calls),
                Some(at) if at > Instant::now() => {
                    let _ = self.changed.wait_until(&mut calls, at.into_std());
                }
                Some(_) => calls.next.pop().into_iter().for_each(|Reverse(call)| call.waker.wake()),
            }
        }
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Call {}

impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Call {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

/// One wait for a moment. May be set anew; a moment that was given up wakes its task for nothing.
pub struct Alarm {
    clock: Arc<Clock>,
    at: Instant,
    /// For when, and whom, the clock was told.
    set: Option<(Instant, Waker)>,
}

impl Alarm {
    pub fn reset(&mut self, at: Instant) {
        self.at = at;
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.at;
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        if !self.set.as_ref().is_some_and(|(set, waker)| *set == at && waker.will_wake(cx.waker())) {
            self.set = Some((at, cx.waker().clone()));
            self.clock.call(Call { at, waker: cx.waker().clone() });
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn alarms_ring_in_their_order_and_not_before_their_time() {
        let alarms = Alarms::start();
        let start = Instant::now();
        let rings = [30, 10, 20].map(|ms| {
            let alarm = alarms.at(start + Duration::from_millis(ms));
            tokio::spawn(async move {
                alarm.await;
                Instant::now()
            })
        });
        let mut rang = Vec::new();
        for (ring, ms) in rings.into_iter().zip([30, 10, 20]) {
            let at = ring.await.unwrap();
            assert!(at >= start + Duration::from_millis(ms), "{ms} ms: after {:?}", at - start);
            rang.push((at, ms));
        }
        rang.sort_unstable();
        assert_eq!(rang.iter().map(|(_, ms)| *ms).collect::<Vec<_>>(), [10, 20, 30]);
    }

    #[tokio::test]
    async fn an_alarm_that_is_set_anew_keeps_to_the_new_moment() {
        let alarms = Alarms::start();
        let start = Instant::now();
        for (first, then) in [(10, 40), (60_000, 20)] {
            let mut alarm = alarms.at(start + Duration::from_millis(first));
            assert!(polled_once(&mut alarm).await.is_pending());
            alarm.reset(Instant::now() + Duration::from_millis(then));
            let set = Instant::now();
            alarm.await;
            assert!(set.elapsed() >= Duration::from_millis(then - 1), "{:?}", set.elapsed());
        }
    }

    #[tokio::test]
    async fn what_is_past_is_ready_at_once() {
        Alarms::start().at(Instant::now()).await;
    }

    async fn polled_once(alarm: &mut Alarm) -> Poll<()> {
        std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *alarm).poll(cx))).await
    }
}
