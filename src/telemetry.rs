//! Log lines: to standard error, as text or JSON.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter};

use crate::config::value::{Filter, Format};

/// Libraries that say whole requests, packets or statements below `info`, tokens included. They stay quiet whatever the filter asks.
const TALKATIVE: [&str; 9] =
    ["axum", "engineioxide", "h2", "hyper", "hyper_util", "socketioxide", "sqlx", "tokio_tungstenite", "tungstenite"];

/// Starts writing log lines; once per process.
///
/// # Errors
/// When something else writes them already.
pub fn init(filter: &Filter, format: Format) -> anyhow::Result<()> {
    let ansi = std::io::stderr().is_terminal();
    subscriber(filter, format, ansi, std::io::stderr).try_init()?;
    Ok(())
}

fn subscriber<W>(filter: &Filter, format: Format, ansi: bool, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(ansi && format == Format::Text);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(filter.build()).with(lines.with_filter(filter::filter_fn(is_discreet)))
}

fn is_discreet(line: &Metadata<'_>) -> bool {
    let library = line.target().split("::").next().unwrap_or_default();
    *line.level() <= LevelFilter::INFO || !TALKATIVE.contains(&library)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(filter: &str, format: Format, what: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(&filter.parse().unwrap(), format, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, what);
        String::from_utf8(lines.0.lock().clone()).unwrap()
    }

    #[test]
    fn json_lines_hold_their_fields() {
        let text = said("info", Format::Json, || {
            tracing::info!(room = "BCDFGH", seq = 3, "committed");
            tracing::debug!("not said");
        });
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert!(
            line["message"] == "committed" && line["room"] == "BCDFGH" && line["seq"] == 3 && line["level"] == "INFO",
            "{text}"
        );
    }

    #[test]
    fn text_lines_are_plain_and_obey_the_filter_by_module() {
        let text = said("warn,parlor=debug", Format::Text, || {
            tracing::debug!(target: "parlor::room", room = "BCDFGH", "woken");
            tracing::info!(target: "elsewhere", "not said");
        });
        assert!(
            text.contains("DEBUG parlor::room: woken room=\"BCDFGH\"") && !text.contains("not said") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn libraries_that_would_say_tokens_stay_quiet_whatever_is_asked() {
        let text = said("trace,hyper=trace", Format::Text, || {
            tracing::debug!(target: "hyper::proto", "GET /socket.io/?token=secret");
            tracing::trace!(target: "tungstenite::protocol", "secret frame");
            tracing::warn!(target: "hyper::server", "trouble");
        });
        assert!(!text.contains("secret") && text.contains("trouble"), "{text}");
    }
}
