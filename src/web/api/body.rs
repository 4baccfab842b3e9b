//! What a request carries: one JSON object.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::refusal::{Code, Refusal};
use crate::socket::envelope::{Envelope, plain};
use crate::web::error::ApiResult;

/// How much of a body that is too large is read on.
const THROWN_AWAY_MAX: usize = 4 * 1024 * 1024;

/// A body that is a JSON object; nothing at all counts as `{}`.
pub struct Object(Box<RawValue>);

impl Object {
    /// Reads its fields; those that `T` does not have are ignored.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when a field has the wrong type or is there twice.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Refusal> {
        serde_json::from_str(self.0.get()).map_err(|error| Refusal::invalid(plain(&error)))
    }

    /// What every command may carry.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`; see [`Envelope::read`].
    pub fn envelope(&self) -> Result<Envelope, Refusal> {
        Envelope::read(&self.0)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::invalid("the body should be UTF-8"))?;
        let text = if text.trim().is_empty() { "{}" } else { text };
        let value: Box<RawValue> =
            serde_json::from_str(text).map_err(|error| Refusal::invalid(format!("the body is not JSON: {error}")))?;
        if value.get().starts_with('{') { Ok(Self(value)) } else { Err(Refusal::invalid("the body should be a JSON object")) }
    }
}

impl FromRequest<Arc<App>> for Object {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let said = declares_json(request.headers());
        let bytes = read(request, app.config.max_body_bytes).await.map_err(IntoResponse::into_response)?;
        if said == Some(false) || said.is_none() && !bytes.is_empty() {
            let refusal = Refusal::invalid("the body should be JSON, and say so: `Content-Type: application/json`");
            return Err(super::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal));
        }
        Self::parse(&bytes).map_err(|refusal| super::refused(StatusCode::BAD_REQUEST, refusal))
    }
}

/// Whether the body says that it is JSON. Forms of other sites can send everything but that without being asked for permission.
fn declares_json(headers: &HeaderMap) -> Option<bool> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads a body of at most `max` bytes. Of a larger one the rest is read and thrown away, within reason: a client that is still
/// sending when the connection closes never sees the answer.
pub async fn read(request: Request, max: usize) -> ApiResult<Vec<u8>> {
    let (mut bytes, mut thrown_away) = (Vec::new(), 0);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::invalid("the body could not be read to its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() <= max && thrown_away == 0 {
            bytes.extend_from_slice(&data);
        } else {
            thrown_away += data.len();
            if thrown_away > THROWN_AWAY_MAX {
                break;
            }
        }
    }
    if thrown_away > 0 {
        return Err(Refusal::new(Code::PayloadTooLarge, format!("a body has at most {max} bytes")).into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_json_object_is_a_body() {
        for good in ["", "  ", "{}", r#" {"a":1,"b":[]} "#] {
            assert!(Object::parse(good.as_bytes()).is_ok(), "{good:?}");
        }
        for bad in [&b"[]"[..], b"null", b"5", b"\"{}\"", b"{", b"{}{}", b"{\"a\":}", b"{\"\xff\":1}", b"\0"] {
            assert_eq!(Object::parse(bad).map(|_| ()).unwrap_err().code, Code::ValidationError, "{bad:?}");
        }
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
            ("application/jsonp", false),
        ] {
            let headers = [(header::CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect();
            assert_eq!(declares_json(&headers), Some(json), "{kind}");
        }
        assert_eq!(declares_json(&HeaderMap::new()), None);
    }
}
