//! Headers on every page: what a page may load, connect to and do.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// Set on every answer that does not set them itself.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // With `no-referrer` browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Middleware; use with `axum::middleware::from_fn(headers::secure)`.
pub async fn secure(request: Request, next: Next) -> Response {
    let policy = content_policy(request.headers().get(header::HOST));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Scripts, styles and connections from here only; nothing inline, no frames. WebSockets are named with the host, because older Safari
/// does not count them to `'self'`.
fn content_policy(host: Option<&HeaderValue>) -> HeaderValue {
    const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
        frame-ancestors 'none'; connect-src 'self'";
    let host = host.and_then(|host| host.to_str().ok()).filter(|host| is_plain(host));
    let text = host.map(|host| format!("{POLICY} ws://{host} wss://{host}"));
    text.and_then(|text| HeaderValue::try_from(text).ok()).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Only what a host and port are made of: `;` or a space would end the directive.
fn is_plain(host: &str) -> bool {
    host.len() <= 255
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_'))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn policy_for(host: &str) -> String {
        let own = [(header::X_FRAME_OPTIONS, "SAMEORIGIN")];
        let app = Router::new().route("/", get(|| async move { (own, "page") })).layer(axum::middleware::from_fn(secure));
        let request = http::Request::builder().uri("/").header("host", host).body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["referrer-policy"], "same-origin");
        assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN", "an answer's own header stays");
        response.headers()["content-security-policy"].to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn pages_may_connect_to_their_own_host_and_nothing_is_inline() {
        let policy = policy_for("127.0.0.1:3000").await;
        assert!(policy.ends_with("connect-src 'self' ws://127.0.0.1:3000 wss://127.0.0.1:3000"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert!(policy_for("[::1]:3000").await.ends_with("wss://[::1]:3000"));
    }

    #[tokio::test]
    async fn a_strange_host_cannot_add_to_the_policy() {
        for host in ["a; script-src *", "a *", "a,b", ""] {
            assert!(policy_for(host).await.ends_with("connect-src 'self'"), "{host}");
        }
    }
}
