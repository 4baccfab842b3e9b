//! For whoever keeps the process running: `/healthz` (the process answers) and `/readyz` (so do the things it needs).
//!
//! What it can do without for a while is in the answer, too, and changes only its `status`: if every node took itself out of service
//! because the one Redis is away, games would stop that need not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// Longest time for all checks together; load balancers ask every few seconds and give up sooner or later than this.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Something that the server works with.
#[async_trait]
pub trait Dependency: Send + Sync + 'static {
    /// Its name in the answer, such as `store`.
    fn name(&self) -> &'static str;

    /// Whether the server cannot do without it.
    fn is_needed(&self) -> bool {
        true
    }

    /// # Errors
    /// What is wrong, for the log.
    async fn check(&self) -> Result<(), String>;
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip)]
    needed: bool,
}

/// `/healthz` and `/readyz`.
pub fn router<S: Clone + Send + Sync + 'static>(dependencies: Vec<Arc<dyn Dependency>>) -> Router<S> {
    router_within(TIME_LIMIT, dependencies)
}

fn router_within<S: Clone + Send + Sync + 'static>(limit: Duration, dependencies: Vec<Arc<dyn Dependency>>) -> Router<S> {
    let dependencies: Arc<[_]> = dependencies.into();
    let alive = || async { ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], "ok") };
    let ready = move || {
        let dependencies = dependencies.clone();
        async move { ready(limit, &dependencies).await }
    };
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn ready(
    limit: Duration,
    dependencies: &[Arc<dyn Dependency>],
) -> (StatusCode, [(header::HeaderName, HeaderValue); 1], Json<Answer>) {
    let checks = futures_util::future::join_all(dependencies.iter().map(|one| check(limit, one.as_ref()))).await;
    let (status, word) = match (checks.iter().all(|check| check.ok), checks.iter().all(|check| check.ok || !check.needed)) {
        (true, _) => (StatusCode::OK, "ready"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let answer = Answer { status: word, checks };
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer))
}

/// The reason goes to the log only: it may name hosts and paths.
async fn check(limit: Duration, dependency: &dyn Dependency) -> Check {
    let name = dependency.name();
    let result = tokio::time::timeout(limit, dependency.check()).await.unwrap_or_else(|_| Err("no answer in time".into()));
    if let Err(reason) = &result {
        tracing::warn!(dependency = name, reason, "not ready");
    }
    Check { name, ok: result.is_ok(), needed: dependency.is_needed() }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;

    struct Part(&'static str, Option<Result<(), String>>);

    /// Can be done without.
    const REDIS: &str = "redis";

    #[async_trait]
    impl Dependency for Part {
        fn name(&self) -> &'static str {
            self.0
        }
        fn is_needed(&self) -> bool {
            self.0 != REDIS
        }
        async fn check(&self) -> Result<(), String> {
            match self.1.clone() {
                Some(result) => result,
                None => std::future::pending().await,
            }
        }
    }

    async fn ask(path: &str, dependencies: Vec<Part>) -> (StatusCode, Vec<u8>) {
        let dependencies = dependencies.into_iter().map(|one| Arc::new(one) as Arc<dyn Dependency>).collect();
        let request = http::Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router_within::<()>(Duration::from_millis(20), dependencies).oneshot(request).await.unwrap();
        (response.status(), response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    #[tokio::test]
    async fn ready_when_everything_answers_in_time() {
        let (status, body) = ask("/readyz", vec![Part("store", Some(Ok(())))]).await;
        assert_eq!(status, 200);
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({ "status": "ready", "checks": [{ "name": "store", "ok": true }] })
        );
        for broken in [Part("store", Some(Err("disk full at /secret/path".into()))), Part("store", None)] {
            let (status, body) = ask("/readyz", vec![Part("redis", Some(Ok(()))), broken]).await;
            let text = String::from_utf8(body).unwrap();
            assert!(status == 503 && text.contains(r#""name":"store","ok":false"#) && !text.contains("secret"), "{text}");
        }
    }

    #[tokio::test]
    async fn ready_without_what_can_be_done_without_and_says_so() {
        for redis in [Part(REDIS, Some(Err("refused".into()))), Part(REDIS, None)] {
            let (status, body) = ask("/readyz", vec![Part("store", Some(Ok(()))), redis]).await;
            let checks = json!([{ "name": "store", "ok": true }, { "name": "redis", "ok": false }]);
            assert_eq!(status, 200);
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({ "status": "degraded", "checks": checks }));
        }
    }

    #[tokio::test]
    async fn the_process_is_healthy_whatever_its_store_does() {
        let (status, body) = ask("/healthz", vec![Part("store", Some(Err("gone".into())))]).await;
        assert!(status == 200 && body == b"ok");
    }
}
