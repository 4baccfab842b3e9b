//! What becomes of a server that is offered twice what it holds, and how soon it is itself again.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::args::{Args, Scenario, Work};
use crate::report::{Report, time};
use crate::run::{Plan, run};
use crate::server::Server;
use crate::tally::Span;

/// How long what it holds is looked for.
const PROBE: Duration = Duration::from_secs(4);
/// Commands that each client has unanswered meanwhile, so that the server never waits for one.
const PROBE_IN_FLIGHT: u32 = 16;
/// How often the p99 of the accepted may be that at half load.
const P99_TIMES: f64 = 3.0;
/// Within what time it should be itself again.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

/// What an overload came to.
#[derive(Clone, Serialize)]
pub struct Overload {
    /// Commands per second that it holds: found, or said by --rate.
    pub holds: f64,
    pub offered: f64,
    pub accepted_per_s: f64,
    pub busy: u64,
    pub limited: u64,
    pub p99_half_us: u64,
    pub p99_overload_us: u64,
    pub p99_afterwards_us: u64,
    /// From the end of the load until everything was answered.
    pub drained_s: f64,
    pub rss_before_mb: Option<f64>,
    pub rss_overload_mb: Option<f64>,
    pub rss_peak_mb: Option<f64>,
}

/// Runs the phases; gives the report of the overload itself and what it means.
///
/// # Errors
/// When a phase cannot be run.
pub async fn overload(args: &Args, work: &Work, hosts: &[String], server: Option<&Server>) -> Result<(Report, Overload)> {
    let phase = async |words: &str, rate: Option<f64>, duration: Duration| {
        eprintln!("{words}");
        let works = [Work { scenario: Scenario::Chat, rate, in_flight: PROBE_IN_FLIGHT, ..work.clone() }];
        let plan = Plan {
            name: "overload".to_owned(),
            works: &works,
            hosts,
            server,
            duration,
            ramp: args.ramp,
            seed: args.seed,
            quiet: args.quiet,
        };
        run(&plan, std::future::pending()).await
    };
    let holds = match work.rate {
        Some(rate) => rate,
        None => phase("what it holds, in a closed loop:", None, PROBE).await?.commands_per_s,
    };
    if holds < 1.0 {
        bail!("the server answered nothing");
    }
    let half = phase(&format!("half of {holds:.0} commands/s:"), Some(holds / 2.0), args.duration).await?;
    let over = phase(&format!("twice {holds:.0} commands/s:"), Some(holds * 2.0), args.duration).await?;
    let again = phase("half of it again:", Some(holds / 2.0), args.duration.min(RECOVERY_MAX)).await?;
    let p99 = |report: &Report| report.latencies.get(&Span::Answer).map_or(0, |latency| latency.p99_us);
    let outcome = Overload {
        holds,
        offered: holds * 2.0,
        accepted_per_s: over.commands_per_s,
        busy: over.counts.busy,
        limited: over.counts.limited,
        p99_half_us: p99(&half),
        p99_overload_us: p99(&over),
        p99_afterwards_us: p99(&again),
        drained_s: over.drained_s,
        rss_before_mb: half.server.map(|usage| usage.rss_mb),
        rss_overload_mb: over.server.map(|usage| usage.rss_mb),
        rss_peak_mb: over.server.map(|usage| usage.peak_mb),
    };
    Ok((over, outcome))
}

/// What it means, line by line.
pub fn rows(outcome: &Overload) -> Vec<(&'static str, String)> {
    let times = outcome.p99_overload_us as f64 / outcome.p99_half_us.max(1) as f64;
    let mut rows = vec![
        ("holds", format!("{:.0} commands/s", outcome.holds)),
        ("offered", format!("{:.0} commands/s", outcome.offered)),
        ("accepted", format!("{:.0}/s; BUSY {}, RATE_LIMITED {}", outcome.accepted_per_s, outcome.busy, outcome.limited)),
        ("p99 at half load", time(outcome.p99_half_us)),
        ("p99 of the accepted", format!("{} ({times:.1} times; {P99_TIMES:.0} is the aim)", time(outcome.p99_overload_us))),
        ("all answered after", format!("{:.2} s ({} s is the aim)", outcome.drained_s, RECOVERY_MAX.as_secs())),
        ("p99 at half load then", time(outcome.p99_afterwards_us)),
    ];
    if let (Some(before), Some(during), Some(peak)) = (outcome.rss_before_mb, outcome.rss_overload_mb, outcome.rss_peak_mb) {
        rows.push(("memory of the server", format!("{before:.0} MB before, {during:.0} MB during, {peak:.0} MB at most")));
    }
    rows
}

/// The outcome for a terminal.
pub fn table(outcome: &Overload) -> String {
    rows(outcome).into_iter().fold(String::from("\noverload\n"), |mut out, (what, value)| {
        let _ = writeln!(out, "  {what:<26}{value}");
        out
    })
}
