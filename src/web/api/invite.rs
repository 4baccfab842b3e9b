//! QR codes of join links, as pictures.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::asker::Asker;
use super::query::Code;
use crate::app::App;
use crate::refusal::{self, Refusal};
use crate::web::error::ApiResult;
use crate::web::qr::Qr;

/// The picture depends on the host that is asked, and a room may be gone soon: only the asker's own browser keeps it, briefly.
const CACHING: HeaderValue = HeaderValue::from_static("private, max-age=300");

/// `GET /rooms/{code}/qr.svg`
pub async fn svg(State(app): State<Arc<App>>, code: Code, asker: Asker) -> ApiResult<Response> {
    let qr = picture(&app, &code, &asker).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")), (header::CACHE_CONTROL, CACHING)], qr.svg())
        .into_response())
}

/// `GET /rooms/{code}/qr.png`
pub async fn png(State(app): State<Arc<App>>, code: Code, asker: Asker) -> ApiResult<Response> {
    let qr = picture(&app, &code, &asker).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/png")), (header::CACHE_CONTROL, CACHING)], qr.png())
        .into_response())
}

async fn picture(app: &App, Code(code): &Code, asker: &Asker) -> Result<Qr, Refusal> {
    // Asked of the store: a picture is no reason to wake a room.
    app.rooms.stored(*code).await?;
    Qr::new(&format!("{}/join/{code}", asker.base)).map_err(|error| Refusal::new(refusal::Code::InternalError, error.to_string()))
}
