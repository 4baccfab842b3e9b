//! What is measured: histograms of latencies, counters, and a line for each second.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// From when a command was due until it was answered.
    Answer,
    /// From when a message was due until a client had it.
    Delivery,
    /// From opening a connection until `session`.
    Connect,
    /// Creating or joining a room.
    Enter,
    /// From opening a connection until a client that dropped has everything.
    Resume,
    /// How late the tester itself was to send.
    Tester,
}

pub const SPANS: [Span; 6] = [Span::Answer, Span::Delivery, Span::Connect, Span::Enter, Span::Resume, Span::Tester];

impl Span {
    pub fn words(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Delivery => "delivery",
            Self::Connect => "connect",
            Self::Enter => "enter a room",
            Self::Resume => "resume",
            Self::Tester => "tester late",
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Commands sent.
    pub sent: u64,
    /// Commands answered `ok: true`.
    pub answered: u64,
    /// Numbered events that clients were told.
    pub events: u64,
    /// Other events, such as frames and presence.
    pub others: u64,
    /// Bytes of packets received.
    pub bytes: u64,
    /// Answered `BUSY`.
    pub busy: u64,
    /// Answered `RATE_LIMITED`.
    pub limited: u64,
    /// Answered with another refusal.
    pub refused: u64,
    /// Connections that broke or could not be opened.
    pub lost: u64,
    /// Games played to their end.
    pub games: u64,
    /// Clients that dropped and came back.
    pub resumed: u64,
}

/// One second of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Second {
    /// Seconds since the measuring began.
    pub at: f64,
    pub sent: f64,
    pub answered: f64,
    pub events: f64,
    pub refused: f64,
    pub p50_us: u64,
    pub p99_us: u64,
}

struct Inner {
    /// Nothing counts before the measuring begins.
    since: Option<Instant>,
    spans: BTreeMap<Span, Histogram<u64>>,
    second: Histogram<u64>,
    counts: Counts,
    before: Counts,
    before_at: Instant,
    seconds: Vec<Second>,
    codes: BTreeMap<String, u64>,
    losses: BTreeMap<String, u64>,
}

/// Shared by all clients.
pub struct Tally(Mutex<Inner>);

/// A copy of everything, for reports.
#[derive(Clone)]
pub struct Measured {
    pub elapsed: Duration,
    pub spans: BTreeMap<Span, Histogram<u64>>,
    pub counts: Counts,
    pub seconds: Vec<Second>,
    pub codes: BTreeMap<String, u64>,
    pub losses: BTreeMap<String, u64>,
}

fn histogram() -> Histogram<u64> {
    // Three digits: within 0.1 %.
    let mut histogram = Histogram::new_with_bounds(1, 120_000_000, 3).unwrap_or_else(|_| unreachable!("these bounds are in order"));
    histogram.auto(true);
    histogram
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}

impl Default for Tally {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            since: None,
            spans: BTreeMap::new(),
            second: histogram(),
            counts: Counts::default(),
            before: Counts::default(),
            before_at: Instant::now(),
            seconds: Vec::new(),
            codes: BTreeMap::new(),
            losses: BTreeMap::new(),
        }))
    }
}

impl Tally {
    /// The measuring begins, anew if it had begun.
    pub fn begin(&self) {
        let mut inner = self.0.lock();
        let kept: BTreeMap<_, _> = std::mem::take(&mut inner.spans)
            .into_iter()
            // Connecting and entering are mostly done before.
            .filter(|(span, _)| matches!(span, Span::Connect | Span::Enter))
            .collect();
        let counts = Counts { lost: inner.counts.lost, ..Counts::default() };
        let (losses, codes) = (std::mem::take(&mut inner.losses), std::mem::take(&mut inner.codes));
        let now = Instant::now();
        *inner = Inner {
            since: Some(now),
            spans: kept,
            second: histogram(),
            counts,
            before: counts,
            before_at: now,
            seconds: Vec::new(),
            codes,
            losses,
        };
    }

    /// Something took so long.
    pub fn took(&self, span: Span, duration: Duration) {
        let mut inner = self.0.lock();
        let value = micros(duration);
        inner.spans.entry(span).or_insert_with(histogram).saturating_record(value);
        if span == Span::Answer {
            inner.second.saturating_record(value);
        }
    }

    /// Changes the counters.
    pub fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().counts);
    }

    /// A command was refused with this code.
    pub fn refused(&self, code: &str) {
        let mut inner = self.0.lock();
        match code {
            "BUSY" => inner.counts.busy += 1,
            "RATE_LIMITED" => inner.counts.limited += 1,
            _ => inner.counts.refused += 1,
        }
        match inner.codes.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(inner.codes.insert(code.to_owned(), 1)),
        }
    }

    /// A connection was lost, and why.
    pub fn lost(&self, why: &anyhow::Error) {
        let mut inner = self.0.lock();
        inner.counts.lost += 1;
        *inner.losses.entry(format!("{why:#}")).or_default() += 1;
    }

    /// Ends a second: its line, which is kept.
    pub fn second(&self) -> Option<Second> {
        let mut inner = self.0.lock();
        let now = Instant::now();
        let since = inner.since?;
        let length = now.saturating_duration_since(inner.before_at).as_secs_f64().max(1e-3);
        let (counts, before) = (inner.counts, inner.before);
        let refusals = |counts: Counts| counts.busy + counts.limited + counts.refused;
        let per_s = |now: u64, before: u64| now.saturating_sub(before) as f64 / length;
        let second = Second {
            at: now.saturating_duration_since(since).as_secs_f64(),
            sent: per_s(counts.sent, before.sent),
            answered: per_s(counts.answered, before.answered),
            events: per_s(counts.events, before.events),
            refused: per_s(refusals(counts), refusals(before)),
            p50_us: inner.second.value_at_quantile(0.5),
            p99_us: inner.second.value_at_quantile(0.99),
        };
        inner.second.reset();
        (inner.before, inner.before_at) = (counts, now);
        inner.seconds.push(second.clone());
        Some(second)
    }

    /// Everything so far; `until` is when the measuring ended.
    pub fn measured(&self, until: Instant) -> Measured {
        let inner = self.0.lock();
        Measured {
            elapsed: inner.since.map(|since| until.saturating_duration_since(since)).unwrap_or_default(),
            spans: inner.spans.clone(),
            counts: inner.counts,
            seconds: inner.seconds.clone(),
            codes: inner.codes.clone(),
            losses: inner.losses.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_before_the_measuring_does_not_count() {
        let tally = Tally::default();
        assert!(tally.second().is_none());
        tally.count(|counts| counts.sent += 5);
        tally.took(Span::Answer, Duration::from_secs(1));
        tally.took(Span::Connect, Duration::from_millis(3));
        tally.begin();
        tally.took(Span::Answer, Duration::from_millis(1));
        let measured = tally.measured(Instant::now());
        assert_eq!(measured.counts.sent, 0);
        assert_eq!(measured.spans[&Span::Answer].len(), 1);
        assert_eq!(measured.spans[&Span::Connect].len(), 1);
    }

    #[test]
    fn busy_and_limited_are_counted_apart() {
        let tally = Tally::default();
        tally.begin();
        for code in ["BUSY", "RATE_LIMITED", "RATE_LIMITED", "ILLEGAL_MOVE"] {
            tally.refused(code);
        }
        let Counts { busy, limited, refused, .. } = tally.measured(Instant::now()).counts;
        assert_eq!((busy, limited, refused), (1, 2, 1));
    }

    #[test]
    fn a_second_tells_what_happened_in_it_only() {
        let tally = Tally::default();
        tally.begin();
        tally.took(Span::Answer, Duration::from_secs(3));
        assert!(tally.second().unwrap().p99_us > 2_900_000);
        tally.took(Span::Answer, Duration::from_micros(200));
        assert!((190..=210).contains(&tally.second().unwrap().p50_us));
    }
}
