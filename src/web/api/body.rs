//! Bodies: JSON objects, and nothing else.

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::refusal::{Code, Refusal};
use crate::socket::envelope::plain;
use crate::web::error::{ApiError, ApiResult};

/// A JSON body of type `T`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
                value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
            });
        if !json {
            let refusal = Refusal::invalid("the body should be JSON, with `Content-Type: application/json`");
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiError(refusal).body()).into_response());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError(Refusal::new(Code::PayloadTooLarge, "the body is too large")).into_response(),
            _ => ApiError(Refusal::invalid("the body could not be read")).into_response(),
        })?;
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError(Refusal::invalid("the body should be an object")).into_response());
        }
        let read = serde_json::from_slice(&bytes);
        read.map(Body).map_err(|error| ApiError(Refusal::invalid(plain(&error))).into_response())
    }
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
