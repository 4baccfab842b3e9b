//! Refusals as HTTP answers: `{ "ok": false, "error": { code, message, details? } }` with the fitting status.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::refusal::{Code, Refusal, Refused};

/// A refusal on its way to a client of HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError(pub Refusal);

/// What handlers of the API return.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl<R: Refused> From<R> for ApiError {
    fn from(refused: R) -> Self {
        Self(refused.into())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    error: &'a Refusal,
}

impl ApiError {
    /// The answer without its status, for the few that say something with another one.
    pub fn body(&self) -> impl IntoResponse + use<> {
        Json(serde_json::json!({ "ok": false, "error": self.0 }))
    }
}

/// The HTTP status that says what `code` says.
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::AuthRequired => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::NotInGame | Code::NotHost => StatusCode::FORBIDDEN,
        Code::InvalidGame => StatusCode::NOT_FOUND,
        Code::NoGame | Code::RoomFull | Code::RoomUnavailable | Code::NotReady | Code::NotYourTurn | Code::StaleVersion => {
            StatusCode::CONFLICT
        }
        Code::IllegalMove => StatusCode::UNPROCESSABLE_ENTITY,
        Code::ValidationError | Code::UnknownEvent => StatusCode::BAD_REQUEST,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Busy | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let mut response = (status(refusal.code), Json(Body { ok: false, error: &refusal })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after(&refusal) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if refusal.code == Code::AuthRequired {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Whole seconds, at least one: the header knows no smaller unit.
fn retry_after(refusal: &Refusal) -> Option<u64> {
    match refusal.code {
        Code::RateLimited => {
            let after = refusal.details.as_ref().and_then(|details| details.get("retry_after_ms")?.as_u64());
            Some(after.unwrap_or(1).div_ceil(1000).max(1))
        }
        Code::Busy | Code::Unavailable => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    async fn answer(refusal: Refusal) -> (StatusCode, http::HeaderMap, Value) {
        let (parts, body) = ApiError(refusal).into_response().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_its_status_and_code() {
        let (status, headers, body) = answer(Refusal::new(Code::InvalidGame, "no room has this code")).await;
        assert_eq!(status, 404);
        assert_eq!(body, json!({ "ok": false, "error": { "code": "INVALID_GAME", "message": "no room has this code" } }));
        assert!(headers["content-type"] == "application/json" && headers["cache-control"] == "no-store");
        let (status, headers, _) = answer(Refusal::new(Code::AuthRequired, "sign in")).await;
        assert!(status == 401 && headers["www-authenticate"] == "Bearer");
    }

    #[tokio::test]
    async fn a_limit_says_when_to_come_back() {
        for (ms, seconds) in [(1, "1"), (1000, "1"), (1001, "2"), (6000, "6")] {
            let (status, headers, body) =
                answer(Refusal::new(Code::RateLimited, "slower").with(json!({ "retry_after_ms": ms }))).await;
            assert!(status == 429 && headers["retry-after"] == seconds, "{ms}");
            assert_eq!(body["error"]["details"]["retry_after_ms"], ms);
        }
        let (status, headers, _) = answer(Refusal::new(Code::Unavailable, "no store")).await;
        assert!(status == 503 && headers["retry-after"] == "1");
    }
}
