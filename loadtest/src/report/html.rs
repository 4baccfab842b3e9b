//! A page that stands for itself: tables, curves over time and a histogram, drawn as SVG.

use std::fmt::Write;

use super::table::time;
use super::{Latency, Report};
use crate::tally::{SPANS, Second, Span};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5c6578; --paper: #fff; --line: #d8dce4; --a: #2457c5; --b: #b4501e; --bad: #b3202c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b8; --paper: #14171e; --line: #333a48; --a: #82aaff; --b: #f0a070; --bad: #ff7b85; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 56rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--soft); font-weight: 600; }
.figures td { white-space: normal; }
svg { width: 100%; min-width: 32rem; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); } .a { stroke: var(--a); } .b { stroke: var(--b); } .curve { fill: none; stroke-width: 2; }
rect { fill: var(--a); } .key-a { color: var(--a); } .key-b { color: var(--b); } .bad { color: var(--bad); font-weight: 600; } p.soft { color: var(--soft); }
";

/// The whole page.
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    let title = format!("Load test: {}", escape(&report.scenario));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for part in &report.parts {
        let rate = part.rate.map_or("closed loop".to_owned(), |rate| format!("{rate:.0} commands/s"));
        let _ = writeln!(
            out,
            "<p>{}: {} rooms of {}, {rate}, {}</p>",
            escape(&part.scenario),
            part.rooms,
            part.players,
            part.transport.name()
        );
    }
    verdict(&mut out, report);
    latencies(&mut out, report);
    figures(&mut out, report);
    if report.per_second.len() > 1 {
        let seconds = &report.per_second;
        out.push_str("<h2>Rate over time</h2>\n<p class=\"soft\"><span class=\"key-a\">answers/s</span>, <span class=\"key-b\">events told/s</span></p>\n");
        curves(&mut out, "Answers and events per second", seconds, |s| (s.answered, s.events), |value| format!("{value:.0}"));
        out.push_str("<h2>Latency over time</h2>\n<p class=\"soft\"><span class=\"key-a\">p50</span>, <span class=\"key-b\">p99</span> of the answers</p>\n");
        curves(
            &mut out,
            "Median and p99 of the answers",
            seconds,
            |s| (s.p50_us as f64, s.p99_us as f64),
            |value| time(value as u64),
        );
    }
    for span in [Span::Answer, Span::Delivery, Span::Resume] {
        if let Some(latency) = report.latencies.get(&span).filter(|latency| latency.count > 0) {
            let _ = writeln!(out, "<h2>Histogram: {}</h2>", span.words());
            histogram(&mut out, span.words(), latency);
        }
    }
    let _ = writeln!(out, "<p class=\"soft\">parlor-loadtest {}</p>\n</body>\n</html>", report.version);
    out
}

fn verdict(out: &mut String, report: &Report) {
    if report.is_clean() {
        out.push_str("<p>No violations: no gaps, no duplicates, everything in order, equal states.</p>\n");
    }
    for (what, count) in &report.violations.counts {
        let _ = writeln!(out, "<p class=\"bad\">{count} violations: {what:?}</p>");
    }
    for example in &report.violations.examples {
        let _ = writeln!(out, "<p>{}</p>", escape(&example.chars().take(300).collect::<String>()));
    }
    for (why, count) in &report.losses {
        let _ = writeln!(out, "<p class=\"bad\">{count} lost connections: {}</p>", escape(why));
    }
}

fn latencies(out: &mut String, report: &Report) {
    out.push_str("<h2>Latencies</h2>\n<div class=\"wide\"><table>\n<tr><th></th><th>count</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th></tr>\n");
    for span in SPANS {
        if let Some(l) = report.latencies.get(&span) {
            let _ = write!(out, "<tr><td>{}</td><td>{}</td>", span.words(), l.count);
            for us in [l.p50_us, l.p90_us, l.p99_us, l.p999_us, l.max_us] {
                let _ = write!(out, "<td>{}</td>", time(us));
            }
            out.push_str("</tr>\n");
        }
    }
    out.push_str("</table></div>\n");
}

fn figures(out: &mut String, report: &Report) {
    let counts = report.counts;
    let mut rows = vec![
        ("measured", format!("{:.1} s, {} clients", report.seconds, report.clients)),
        ("answers", format!("{:.0}/s, {} of {} sent", report.commands_per_s, counts.answered, counts.sent)),
        ("events told", format!("{:.0}/s, {}", report.events_per_s, counts.events)),
        ("games played", counts.games.to_string()),
        ("came back", counts.resumed.to_string()),
        ("BUSY / RATE_LIMITED / other refusals", format!("{} / {} / {}", counts.busy, counts.limited, counts.refused)),
    ];
    if let Some(server) = report.server {
        rows.push(("server", format!("{:.2} CPU s, {:.0} MB, peak {:.0} MB", server.cpu_s, server.rss_mb, server.peak_mb)));
    }
    if let Some(each) = report.commands_per_server_cpu_s {
        rows.push(("answers per CPU second of the server", format!("{each:.0}")));
    }
    if let Some(outcome) = &report.overload {
        rows.extend(crate::overload::rows(outcome));
    }
    rows.push(("tester", format!("{:.2} CPU s", report.tester.cpu_s)));
    out.push_str("<h2>Figures</h2>\n<div class=\"wide\"><table class=\"figures\">\n");
    for (what, value) in rows {
        let _ = writeln!(out, "<tr><td>{what}</td><td>{value}</td></tr>");
    }
    out.push_str("</table></div>\n");
}

/// Two curves over the seconds of the run.
fn curves(out: &mut String, label: &str, seconds: &[Second], of: impl Fn(&Second) -> (f64, f64), words: impl Fn(f64) -> String) {
    let most = seconds.iter().map(&of).fold(1.0_f64, |most, (a, b)| most.max(a).max(b));
    let end = seconds.last().map_or(1.0, |second| second.at).max(0.1);
    let x = |at: f64| LEFT + at / end * (WIDTH - LEFT - 10.0);
    let y = |value: f64| HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP);
    let _ = writeln!(out, "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">");
    for part in [0.0, 0.5, 1.0] {
        let (value, at) = (most * part, end * part);
        let height = y(value);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{height:.1}\" y2=\"{height:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{at:.0} s</text>",
            LEFT - 6.0,
            height + 4.0,
            words(value),
            x(at) + 8.0,
            HEIGHT - 8.0,
        );
    }
    let points = |which: fn((f64, f64)) -> f64| {
        seconds.iter().map(|second| format!("{:.1},{:.1}", x(second.at), y(which(of(second))))).collect::<Vec<_>>().join(" ")
    };
    let _ = writeln!(out, "<polyline class=\"curve a\" points=\"{}\"/>", points(|(a, _)| a));
    let _ = writeln!(out, "<polyline class=\"curve b\" points=\"{}\"/>\n</svg></div>", points(|(_, b)| b));
}

/// Bars from the fastest to the slowest; each is a tenth of a power of ten wide.
fn histogram(out: &mut String, label: &str, latency: &Latency) {
    let bars = &latency.bars;
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1) as f64;
    let step = (WIDTH - LEFT - 10.0) / bars.len().max(1) as f64;
    let _ =
        writeln!(out, "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Histogram: {label}\">");
    let floor = HEIGHT - BOTTOM;
    let _ = writeln!(out, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{floor}\" y2=\"{floor}\"/>");
    let each = bars.len().div_ceil(8).max(1);
    for (at, bar) in bars.iter().enumerate() {
        let x = LEFT + at as f64 * step;
        let height = bar.count as f64 / most * (floor - TOP);
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>up to {}: {}</title></rect>",
            floor - height,
            (step - 1.0).max(0.5),
            time(bar.to_us),
            bar.count
        );
        if at % each == 0 {
            let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>", HEIGHT - 8.0, time(bar.to_us));
        }
    }
    let _ =
        writeln!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{most:.0}</text>\n</svg></div>", LEFT - 6.0, TOP + 8.0);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_svg_is_closed() {
        let mut out = String::new();
        let second = |at| Second { at, sent: 1.0, answered: 5.0, events: 9.0, refused: 0.0, p50_us: 100, p99_us: 900 };
        curves(&mut out, "x", &[second(1.0), second(2.0)], |s| (s.answered, s.events), |value| format!("{value}"));
        let mut values = hdrhistogram::Histogram::new(3).unwrap();
        values.record(250_u64).unwrap();
        histogram(&mut out, "x", &Latency::of(&values));
        for tag in ["svg", "div"] {
            assert_eq!(out.matches(&format!("<{tag}")).count(), out.matches(&format!("</{tag}>")).count(), "{out}");
        }
        assert!(!out.contains("NaN") && !out.contains("inf"), "{out}");
    }

    #[test]
    fn what_a_server_says_is_no_markup() {
        assert_eq!(escape("<script>\"&\""), "&lt;script&gt;&quot;&amp;&quot;");
    }
}
