//! The gate for pages of other origins, in front of `/api` and `/socket.io`: refused ones get 403 (also when they open a WebSocket,
//! which browsers let everybody do), allowed ones the CORS headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::error::ApiError;
use super::origin::{OriginPolicy, Verdict};
use crate::refusal::{Code, Refusal};

/// How long a browser may remember that it may ask, in seconds. Chrome caps it at two hours, Firefox at a day.
const PREFLIGHT_MAX_AGE: &str = "7200";

/// Middleware; use with `axum::middleware::from_fn_with_state(policy, cors::gate)`.
pub async fn gate(State(policy): State<Arc<OriginPolicy>>, request: Request, next: Next) -> Response {
    guard(&policy, request, |request| next.run(request)).await
}

/// Lets `answer` answer, if the page that asks may ask.
pub async fn guard<F: Future<Output = Response>>(
    policy: &OriginPolicy,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let verdict = policy.judge(request.headers());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if !verdict.is_allowed() {
        refused()
    } else if is_preflight(&request) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        allow_request(request.headers(), response.headers_mut());
        response
    } else {
        answer(request).await
    };
    allow_origin(verdict, origin, response.headers_mut());
    response
}

/// The answer to a page that may not connect.
pub fn refused() -> Response {
    ApiError(Refusal::new(Code::Forbidden, "pages of this origin may not connect; see the setting allowed_origins")).into_response()
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn allow_request(asked: &HeaderMap, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_MAX_AGE));
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
}

/// Names the origin itself, never `*`: browsers take no credentials with that.
fn allow_origin(verdict: Verdict, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let (Some(origin), true) = (origin, verdict.is_allowed()) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, location, etag"));
    if verdict.trusts_cookies() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else {
        // Socket.IO's client may ask with credentials; a foreign page's are not looked at, and the browser is told so.
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::cli;

    async fn ask(origins: &str, method: &str, headers: &[(&str, &str)]) -> Response {
        let config = cli::try_parse(vec!["parlor".into(), format!("--allowed-origins={origins}").into()]).unwrap().cli.config;
        let policy = Arc::new(OriginPolicy::new(&config));
        let app = Router::new()
            .route("/", get(|| async { "in" }).post(|| async { "in" }))
            .layer(axum::middleware::from_fn_with_state(policy, gate));
        let request = headers
            .iter()
            .fold(http::Request::builder().method(method).uri("/"), |request, (name, value)| request.header(*name, *value));
        app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_of_another_origin_is_refused_also_for_a_websocket() {
        let evil = ("origin", "http://evil.example");
        for headers in [&[("host", "a:1"), evil][..], &[("host", "a:1"), evil, ("connection", "upgrade"), ("upgrade", "websocket")]]
        {
            let response = ask("http://app.example", "GET", headers).await;
            assert_eq!(response.status(), 403);
            assert!(!response.headers().contains_key("access-control-allow-origin"));
        }
        let preflight = [("host", "a:1"), evil, ("access-control-request-method", "POST")];
        assert_eq!(ask("", "OPTIONS", &preflight).await.status(), 403);
    }

    #[tokio::test]
    async fn a_listed_page_gets_in_with_credentials() {
        let app = ("origin", "http://app.example");
        let response = ask("http://app.example", "POST", &[("host", "a:1"), app]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["access-control-allow-origin"], "http://app.example");
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        assert_eq!(response.headers()["vary"], "origin");
        let preflight =
            [("host", "a:1"), app, ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization")];
        let response = ask("http://app.example", "OPTIONS", &preflight).await;
        assert!(response.status() == 204 && response.headers()["access-control-allow-headers"] == "authorization");
    }

    #[tokio::test]
    async fn with_a_star_any_page_gets_in_without_credentials() {
        let response = ask("*", "GET", &[("host", "a:1"), ("origin", "https://any.example")]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["access-control-allow-origin"], "https://any.example");
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
    }
}
