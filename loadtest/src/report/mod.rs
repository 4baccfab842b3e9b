//! What a run came to, in the forms in which it may be wanted.

mod html;
mod table;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::args::Work;
use crate::check::Found;
use crate::server::Usage;
use crate::tally::{Counts, Measured, Second, Span};

pub use html::html;
pub use table::{live, table, time};

/// Bars of a histogram, each a tenth of a power of ten wide.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    /// The upper bound, in microseconds.
    pub to_us: u64,
    pub count: u64,
}

/// One histogram in numbers, in microseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    pub count: u64,
    pub mean_us: f64,
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
    pub bars: Vec<Bar>,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            mean_us: histogram.mean(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: histogram.max(),
            bars: bars(histogram),
        }
    }
}

fn bars(histogram: &Histogram<u64>) -> Vec<Bar> {
    let step = |value: u64| (10.0 * (value.max(1) as f64).log10()).ceil() as i32;
    let mut counts: BTreeMap<i32, u64> = BTreeMap::new();
    for value in histogram.iter_recorded() {
        *counts.entry(step(value.value_iterated_to())).or_default() += value.count_since_last_iteration();
    }
    let ends = counts.keys().next().copied().zip(counts.keys().next_back().copied());
    let bar = |step: i32| Bar {
        to_us: 10_f64.powf(f64::from(step) / 10.0) as u64,
        count: counts.get(&step).copied().unwrap_or_default(),
    };
    ends.map(|(first, last)| (first..=last).map(bar).collect()).unwrap_or_default()
}

/// One kind of rooms of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub scenario: String,
    pub rooms: u32,
    pub players: u32,
    /// Commands per second; null in a closed loop.
    pub rate: Option<f64>,
    pub transport: crate::connection::Transport,
}

/// Everything about a run.
#[derive(Clone, Serialize)]
pub struct Report {
    pub version: &'static str,
    pub scenario: String,
    pub parts: Vec<Part>,
    pub clients: usize,
    pub seconds: f64,
    pub commands_per_s: f64,
    pub events_per_s: f64,
    pub counts: Counts,
    pub latencies: BTreeMap<Span, Latency>,
    /// Refusals by code.
    pub refusals: BTreeMap<String, u64>,
    /// Lost connections by reason.
    pub losses: BTreeMap<String, u64>,
    pub violations: Found,
    /// Of the server, when the tester started it.
    pub server: Option<Usage>,
    pub commands_per_server_cpu_s: Option<f64>,
    pub tester: Usage,
    /// From the end of the sending until everything was answered.
    pub drained_s: f64,
    /// What an overload came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overload: Option<crate::overload::Overload>,
    pub per_second: Vec<Second>,
}

/// What a report is made of.
pub struct Run<'a> {
    pub scenario: String,
    pub works: &'a [Work],
    pub clients: usize,
    pub measured: Measured,
    /// The counters when the sending ended; what was answered after that is no rate of the time before.
    pub in_time: Counts,
    pub violations: Found,
    pub server: Option<Usage>,
    pub tester: Usage,
    pub drained: std::time::Duration,
}

impl Report {
    pub fn new(run: Run<'_>) -> Self {
        let Run { scenario, works, clients, measured, in_time, violations, server, tester, drained } = run;
        let seconds = measured.elapsed.as_secs_f64();
        let per_s = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        let counts = measured.counts;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            scenario,
            parts: works
                .iter()
                .map(|work| Part {
                    scenario: work.scenario.name(),
                    rooms: work.rooms,
                    players: work.players,
                    rate: work.rate,
                    transport: work.transport,
                })
                .collect(),
            clients,
            seconds,
            commands_per_s: per_s(in_time.answered),
            events_per_s: per_s(in_time.events),
            counts,
            latencies: measured.spans.iter().map(|(span, histogram)| (*span, Latency::of(histogram))).collect(),
            refusals: measured.codes,
            losses: measured.losses,
            violations,
            server,
            commands_per_server_cpu_s: server.filter(|usage| usage.cpu_s > 0.0).map(|usage| in_time.answered as f64 / usage.cpu_s),
            tester,
            drained_s: drained.as_secs_f64(),
            overload: None,
            per_second: measured.seconds,
        }
    }

    /// Whether everything was as promised.
    pub fn is_clean(&self) -> bool {
        self.violations.total() == 0 && self.counts.lost == 0
    }
}

/// A line per second.
pub fn csv(report: &Report) -> String {
    let mut lines = vec!["second,sent_per_s,answered_per_s,events_per_s,refused_per_s,p50_us,p99_us".to_owned()];
    lines.extend(report.per_second.iter().map(|second| {
        let Second { at, sent, answered, events, refused, p50_us, p99_us } = second;
        format!("{at:.2},{sent:.1},{answered:.1},{events:.1},{refused:.1},{p50_us},{p99_us}")
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_every_value_once() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        for value in [1, 1, 7, 99, 100, 101, 5_000, 1_000_000] {
            histogram.record(value).unwrap();
        }
        let bars = bars(&histogram);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 8);
        assert!(bars.windows(2).all(|pair| pair[0].to_us <= pair[1].to_us));
        assert!(super::bars(&Histogram::<u64>::new(3).unwrap()).is_empty());
    }
}
