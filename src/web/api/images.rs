//! Images that players show each other: uploaded by whoever holds a seat, seen by whoever may see the room and was told of them.
//!
//! What is uploaded is never served: [`picture`] decodes it and writes what it shows anew. Answers say what they are, are not guessed
//! at (`nosniff`), and could run nothing if they were opened as pages (`sandbox`).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::asker::Asker;
use super::body;
use super::query::Code;
use crate::app::App;
use crate::config::Config;
use crate::id::RoomCode;
use crate::log::LogError;
use crate::log::images::{ImageId, Images, NewImage, Quota};
use crate::picture::{self, Kind, Picture, UPLOAD_MAX};
use crate::refusal::{self, Refusal};
use crate::room::actor::{Look, no_such_room, store_failed};
use crate::web::error::{ApiError, ApiResult};
use crate::web::limit::AddressLimit;

/// Uploads on their way at once: 80 MB at most.
const UPLOADING: usize = 16;
/// Images decoded at once, of up to 256 MB each.
const DECODING: usize = 2;
/// How long one upload may take: 5 MB over a slow phone.
const UPLOAD_TIME: Duration = Duration::from_secs(90);
/// What one player may upload at once, and after which time one more: a game master who sets up a table.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
const EVERY: Duration = Duration::from_secs(3);

/// The images, and how much is done with them at once.
pub struct Gallery {
    table: Arc<dyn Images>,
    quota: Quota,
    uploading: Semaphore,
    decoding: Semaphore,
    limit: AddressLimit,
}

impl Gallery {
    pub fn new(table: Arc<dyn Images>, config: &Config) -> Self {
        let quota = Quota { images: config.room_images, bytes: u64::try_from(config.room_image_bytes).unwrap_or(u64::MAX) };
        Self {
            table,
            quota,
            uploading: Semaphore::new(UPLOADING),
            decoding: Semaphore::new(DECODING),
            limit: AddressLimit::new(BURST, EVERY, config.rate_limits),
        }
    }

    /// What a file shows, written anew; away from the async threads, few at a time.
    async fn cleaned(&self, file: Vec<u8>, kind: Kind) -> Result<Picture, Refusal> {
        let _turn = self.decoding.acquire().await.map_err(|_| busy())?;
        let work = tokio::task::spawn_blocking(move || picture::cleaned(&file, kind));
        // A decoder that panics has read nothing.
        let done = work.await.unwrap_or(Err(picture::Unfit::Unreadable));
        done.map_err(|unfit| Refusal::invalid(unfit.to_string()))
    }
}

#[derive(Serialize)]
struct KeptOut {
    ok: bool,
    image_id: ImageId,
    /// Where it is, from here on.
    url: String,
    media_type: &'static str,
    width: u32,
    height: u32,
    bytes: usize,
}

/// `POST /rooms/{code}/images`: the body is the file, and its `Content-Type` says of which kind.
pub async fn add(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, request: Request) -> Response {
    match may_add(&app, code, &asker, request.headers().clone()).await {
        Ok((look, kind)) => keep(&app, &asker, look, kind, request).await.into_response(),
        Err((status, refusal)) => {
            // Who is still sending when the connection closes never sees the answer.
            let _ = timeout(UPLOAD_TIME, body::read(request, 0)).await;
            match status {
                Some(status) => super::refused(status, refusal),
                None => ApiError(refusal).into_response(),
            }
        }
    }
}

/// Why an upload is refused before it is read, with a status that says more than the code does.
type Unread = (Option<StatusCode>, Refusal);

/// All that can be known before the body is read.
async fn may_add(app: &App, code: RoomCode, asker: &Asker, headers: HeaderMap) -> Result<(Look, Kind), Unread> {
    let refused = |refusal: Refusal| (None, refusal);
    let identity = asker.known().map_err(refused)?;
    let said = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = Kind::of_media_type(&said).ok_or_else(|| {
        let refusal =
            Refusal::invalid("an image is sent as `image/png`, `image/jpeg` or `image/webp`, and says so in `Content-Type`");
        (Some(StatusCode::UNSUPPORTED_MEDIA_TYPE), refusal)
    })?;
    let look = app.rooms.look(code, asker.id()).await.map_err(refused)?;
    let here = |code, message| Err(refused(Refusal::new(code, message)));
    if look.seat.is_none() {
        return here(refusal::Code::NotInGame, "you have no seat in this room; join it first");
    }
    if !look.game.card().images {
        return here(refusal::Code::Forbidden, "no images are shown in this game");
    }
    if look.summary.status.is_over() {
        return here(refusal::Code::RoomUnavailable, "this game is over");
    }
    app.gallery.limit.check_player(identity.player_id).map_err(refused)?;
    Ok((look, kind))
}

async fn keep(app: &App, asker: &Asker, look: Look, kind: Kind, request: Request) -> ApiResult<Response> {
    let gallery = &app.gallery;
    let player = asker.known()?.player_id;
    let place = gallery.uploading.try_acquire().map_err(|_| busy())?;
    let read = timeout(UPLOAD_TIME, body::read(request, UPLOAD_MAX)).await;
    let file = read.map_err(|_| Refusal::invalid("the upload took too long"))??;
    let Picture { kind, width, height, bytes } = gallery.cleaned(file, kind).await?;
    drop(place);
    let (id, size) = (ImageId::random(), bytes.len());
    let new = NewImage {
        room: look.key,
        id,
        player,
        media_type: kind.media_type(),
        width,
        height,
        body: bytes,
        now: app.clock.now(),
        quota: gallery.quota,
    };
    if !gallery.table.keep_image(new).await.map_err(failed)? {
        let Quota { images, bytes } = gallery.quota;
        let message = format!("this room keeps no more: {images} images of {bytes} bytes in all");
        return Err(Refusal::new(refusal::Code::RoomFull, message).into());
    }
    let url = format!("{}/rooms/{}/images/{id}", super::ROOT, look.summary.room_code);
    let kept = KeptOut { ok: true, image_id: id, url, media_type: kind.media_type(), width, height, bytes: size };
    Ok((StatusCode::CREATED, Json(kept)).into_response())
}

/// `GET /rooms/{code}/images/{id}`
pub async fn show(State(app): State<Arc<App>>, Path((code, id)): Path<(String, String)>, asker: Asker) -> ApiResult<Response> {
    let code: RoomCode = code.parse().map_err(|_| no_such_room())?;
    let nothing = || Refusal::new(refusal::Code::InvalidGame, "there is no such image in this room");
    let id: ImageId = id.parse().map_err(|_| nothing())?;
    let look = app.rooms.look(code, asker.id()).await?;
    look.may_watch()?;
    let image = app.gallery.table.image(look.key, id).await.map_err(failed)?.ok_or_else(nothing)?;
    let kind = Kind::of_media_type(&image.media_type).ok_or_else(nothing)?;
    let name = format!("inline; filename=\"{id}.{}\"", kind.extension());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("inline"))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, image.body).into_response())
}

fn busy() -> Refusal {
    Refusal::new(refusal::Code::Busy, "too many images at once; try again in a moment")
        .with(serde_json::json!({ "retry_after_ms": 2_000 }))
}

fn failed(error: LogError) -> Refusal {
    match error {
        LogError::Conflict => no_such_room(),
        error => store_failed(&error),
    }
}
