//! Bodies: JSON objects, and nothing else.

use std::sync::Arc;

use axum::extract::{FromRequest, Query, Request};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::refusal::{Code, Refusal};
use crate::socket::envelope::plain;
use crate::web::error::{ApiError, ApiResult};

/// How much of a body that is too large is read on.
const THROWN_AWAY_MAX: usize = 4 * 1024 * 1024;

/// A JSON body of type `T`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
                value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
            });
        if !json {
            let refusal = Refusal::invalid("the body should be JSON, with `Content-Type: application/json`");
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiError(refusal).body()).into_response());
        }
        let bytes = read(request, app.config.max_body_bytes).await.map_err(|refusal| ApiError(refusal).into_response())?;
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError(Refusal::invalid("the body should be an object")).into_response());
        }
        let read = serde_json::from_slice(&bytes);
        read.map(Body).map_err(|error| ApiError(Refusal::invalid(plain(&error))).into_response())
    }
}

/// Reads a body of at most `max` bytes. Of a larger one the rest is read and thrown away, within reason: a client that is still
/// sending when the connection closes never sees the answer.
async fn read(request: Request, max: usize) -> Result<Vec<u8>, Refusal> {
    let (mut bytes, mut thrown_away) = (Vec::new(), 0);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::invalid("the body could not be read"))?;
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
        return Err(Refusal::new(Code::PayloadTooLarge, format!("the body has at most {max} bytes")));
    }
    Ok(bytes)
}

/// The query as `T`.
///
/// # Errors
/// `VALIDATION_ERROR`, naming what is wrong.
pub fn query<T: DeserializeOwned>(uri: &http::Uri) -> ApiResult<T> {
    let read = Query::<T>::try_from_uri(uri).map_err(|error| {
        let text = error.body_text();
        Refusal::invalid(text.trim_start_matches("Failed to deserialize query string: ").to_owned())
    });
    Ok(read?.0)
}
