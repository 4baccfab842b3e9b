//! The live line and the table at the end.

use std::fmt::Write;

use super::Report;
use crate::tally::{SPANS, Second};

/// One line of progress.
pub fn live(second: &Second, of: f64, lost: u64, violations: u64) -> String {
    let Second { at, answered, events, refused, p50_us, p99_us, .. } = second;
    let mut line = format!(
        "{at:5.1}/{of:.0} s  {answered:8.0} answers/s  {events:8.0} events/s  p50 {:>8}  p99 {:>8}",
        time(*p50_us),
        time(*p99_us)
    );
    for (what, count) in [("refused/s", *refused as u64), ("lost", lost), ("VIOLATIONS", violations)] {
        if count > 0 {
            let _ = write!(line, "  {what} {count}");
        }
    }
    line
}

/// A duration as people read it.
pub fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..10_000 => format!("{:.2} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// The whole report for a terminal.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    let counts = report.counts;
    for part in &report.parts {
        let rate = part.rate.map_or("closed loop".to_owned(), |rate| format!("{rate:.0} commands/s"));
        let _ = writeln!(out, "{}: {} rooms of {}, {rate}, {}", part.scenario, part.rooms, part.players, part.transport.name());
    }
    let _ = writeln!(out, "\n{:<14}{:>10}{:>11}{:>11}{:>11}{:>11}{:>11}", "", "count", "p50", "p90", "p99", "p99.9", "max");
    for span in SPANS {
        if let Some(l) = report.latencies.get(&span) {
            let [p50, p90, p99, p999, max] = [l.p50_us, l.p90_us, l.p99_us, l.p999_us, l.max_us].map(time);
            let _ = writeln!(out, "{:<14}{:>10}{p50:>11}{p90:>11}{p99:>11}{p999:>11}{max:>11}", span.words(), l.count);
        }
    }
    let _ = writeln!(out, "\nin {:.1} s with {} clients", report.seconds, report.clients);
    let mut row = |what: &str, value: String| {
        let _ = writeln!(out, "  {what:<26}{value}");
    };
    row("answers", format!("{:.0}/s ({} of {} sent)", report.commands_per_s, counts.answered, counts.sent));
    row("events told", format!("{:.0}/s ({})", report.events_per_s, counts.events));
    row("other packets", format!("{}", counts.others));
    for (what, count) in
        [("games played", counts.games), ("came back", counts.resumed), ("BUSY", counts.busy), ("RATE_LIMITED", counts.limited)]
    {
        if count > 0 {
            row(what, count.to_string());
        }
    }
    for (code, count) in report.refusals.iter().filter(|(code, _)| !matches!(code.as_str(), "BUSY" | "RATE_LIMITED")) {
        row(&format!("refused {code}"), count.to_string());
    }
    if let Some(server) = report.server {
        row("server", format!("{:.2} CPU s, {:.0} MB (peak {:.0} MB)", server.cpu_s, server.rss_mb, server.peak_mb));
    }
    if let Some(each) = report.commands_per_server_cpu_s {
        row("answers per server CPU s", format!("{each:.0}"));
    }
    row("tester", format!("{:.2} CPU s, {:.0} MB", report.tester.cpu_s, report.tester.rss_mb));
    for (why, count) in &report.losses {
        row("LOST CONNECTIONS", format!("{count}: {why}"));
    }
    for (what, count) in &report.violations.counts {
        row("VIOLATIONS", format!("{count} {what:?}"));
    }
    for example in &report.violations.examples {
        row("", example.chars().take(300).collect());
    }
    if report.violations.total() == 0 {
        row("violations", "none".to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_fitting_units() {
        for (us, expected) in [(7, "7 us"), (1_234, "1.23 ms"), (45_678, "45.7 ms"), (3_210_000, "3.21 s")] {
            assert_eq!(time(us), expected);
        }
    }

    #[test]
    fn the_live_line_names_troubles_only_when_there_are_some() {
        let second = Second { at: 2.0, sent: 9.0, answered: 9.0, events: 18.0, refused: 0.0, p50_us: 300, p99_us: 2_000 };
        let calm = live(&second, 10.0, 0, 0);
        assert!(calm.contains("9 answers/s") && calm.contains("300 us") && !calm.contains("lost"), "{calm}");
        let bad = live(&Second { refused: 3.0, ..second }, 10.0, 1, 2);
        assert!(bad.contains("refused/s 3") && bad.contains("lost 1") && bad.contains("VIOLATIONS 2"), "{bad}");
    }
}
