//! `/metrics` in Prometheus' text form.

use axum::Router;
use axum::routing::get;
use http::header;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds in seconds: commits and commands take 0.1 ms to 1 s; the rest is trouble.
const SECONDS: [f64; 12] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// Upper bounds of counts: batch sizes and fan-out.
const COUNTS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0, 2048.0];

/// Collects everything that `metrics` macros say from now on; once per process. Names end with their unit: `_seconds`, `_total`; other
/// histograms count things.
///
/// # Errors
/// When another recorder is there already.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)
        .map_err(|error| anyhow::anyhow!("metrics are collected by another recorder: {error}"))?;
    Ok(handle)
}

fn recorder() -> anyhow::Result<PrometheusRecorder> {
    let builder = PrometheusBuilder::new().set_buckets(&COUNTS)?;
    Ok(builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?.build_recorder())
}

/// `/metrics`.
pub fn router<S: Clone + Send + Sync + 'static>(handle: PrometheusHandle) -> Router<S> {
    let render = move || {
        // Rendering takes what histograms have gathered since; nothing piles up between two scrapes beyond what upkeep leaves.
        let text = handle.render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text) }
    };
    Router::new().route("/metrics", get(render))
}

/// Folds gathered samples into buckets every few seconds, so that memory stays bounded while nobody scrapes. Never returns.
pub async fn upkeep(handle: PrometheusHandle) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_was_counted_is_shown() {
        let recorder = recorder().unwrap();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("commands_total", "result" => "ok").increment(3);
            metrics::histogram!("commit_seconds").record(0.002);
            metrics::histogram!("commit_rows").record(64.0);
        });
        let request = http::Request::builder().uri("/metrics").body(Body::empty()).unwrap();
        let response = router::<()>(recorder.handle()).oneshot(request).await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        for line in ["commands_total{result=\"ok\"} 3", "commit_seconds_bucket{le=\"0.0025\"} 1", "commit_rows_bucket{le=\"32\"} 0"]
        {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
