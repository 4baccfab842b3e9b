//! Files for browsers: our own from `static/`, and the official client from its npm package, as Node's server serves it.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

/// Everything under `static/`: inside the binary of a release, read from the folder while developing.
#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

mod client {
    //! What the build found in `node_modules/socket.io-client/dist`.
    include!(concat!(env!("OUT_DIR"), "/client_files.rs"));
}

/// Where the npm package is, beside the working directory.
const CLIENT_DIR: &str = "node_modules/socket.io-client/dist";

/// The files of the client that are served under `/socket.io/`.
const CLIENT_FILES: [&str; 8] = [
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
    "socket.io.js",
    "socket.io.js.map",
];

/// `/static/…`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{*path}", get(static_file))
}

/// The link of a file under `static/`, with its version: such a link may be kept forever.
pub fn link(path: &str) -> String {
    match Static::get(path) {
        Some(file) => format!("/static/{path}?v={}", &tag(&file)[..12]),
        None => format!("/static/{path}"),
    }
}

async fn static_file(Path(path): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(file) = Static::get(&path) else { return (StatusCode::NOT_FOUND, "there is no such file").into_response() };
    let tag = tag(&file);
    // A version that is not the one we have must not be kept: it may be that of a newer node.
    let current = query.as_deref().and_then(|query| query.strip_prefix("v=")) == Some(&tag[..12]);
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer(&headers, &tag, file.metadata.mimetype(), caching, file.data)
}

fn tag(file: &EmbeddedFile) -> String {
    hex(&file.metadata.sha256_hash())
}

fn hex(hash: &[u8]) -> String {
    HEXLOWER.encode(&hash[..16])
}

/// The name of the client's file that this path asks for. Ask it before Socket.IO does: `/socket.io/` is its path too.
pub fn client_file_name(path: &str) -> Option<&'static str> {
    let name = path.strip_prefix("/socket.io/")?;
    CLIENT_FILES.into_iter().find(|file| *file == name)
}

/// Answers with a file of the client: `name` comes from [`client_file_name`].
pub async fn client_file(name: &'static str, headers: &HeaderMap) -> Response {
    let kind = if name.ends_with(".map") { "application/json" } else { "text/javascript; charset=utf-8" };
    let embedded = client::FILES.iter().find(|(file, _)| *file == name).map(|&(_, data)| data);
    let data: std::borrow::Cow<'static, [u8]> = match embedded {
        Some(data) => data.into(),
        None => match tokio::fs::read(format!("{CLIENT_DIR}/{name}")).await {
            Ok(data) => data.into(),
            Err(_) => {
                return (StatusCode::NOT_FOUND, "socket.io-client is not installed: run `npm ci`, and build again").into_response();
            }
        },
    };
    answer(headers, &hex(&Sha256::digest(&data)), kind, "no-cache", data)
}

/// The file, or 304 when the asker has it.
fn answer(headers: &HeaderMap, tag: &str, kind: &str, caching: &'static str, data: std::borrow::Cow<'static, [u8]>) -> Response {
    let tag = format!("\"{tag}\"");
    // Whoever compresses on the way makes the tag a weak one.
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let known = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { axum::body::Body::from(data_bytes(data)).into_response() };
    let out = response.headers_mut();
    if !known && let Ok(kind) = HeaderValue::from_str(kind) {
        out.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Embedded files are not copied.
fn data_bytes(data: std::borrow::Cow<'static, [u8]>) -> bytes::Bytes {
    match data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(uri: &str, tag: Option<&str>) -> Response {
        let mut request = http::Request::builder().uri(uri);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn files_are_sent_once_and_then_only_confirmed() {
        let first = ask("/static/robots.txt", None).await;
        assert!(first.status() == 200 && first.headers()["content-type"] == "text/plain");
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let again = ask("/static/robots.txt", Some(&known)).await;
            assert!(again.status() == 304 && again.into_body().collect().await.unwrap().to_bytes().is_empty());
        }
        assert_eq!(ask("/static/robots.txt", Some("\"other\"")).await.status(), 200);
        let versioned = ask(&link("robots.txt"), None).await;
        assert!(versioned.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(ask("/static/robots.txt?v=0123456789ab", None).await.headers()["cache-control"], "no-cache");
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        for path in [
            "../Cargo.toml",
            "..%2fCargo.toml",
            "%2e%2e/Cargo.toml",
            "/etc/passwd",
            "..\\Cargo.toml",
            "robots.txt/",
            "nothing.css",
            "%00",
        ] {
            let status = ask(&format!("/static/{path}"), None).await.status();
            assert!(status.is_client_error(), "{path}: {status}");
        }
        for path in [
            "/socket.io/",
            "/socket.io/../Cargo.toml",
            "/socket.io/socket.io.min.jsx",
            "/socket.io/package.json",
            "/static/socket.io.js",
        ] {
            assert_eq!(client_file_name(path), None, "{path}");
        }
    }

    #[tokio::test]
    async fn the_official_client_is_served_or_its_absence_explained() {
        for name in CLIENT_FILES {
            assert_eq!(client_file_name(&format!("/socket.io/{name}")), Some(name));
            let response = client_file(name, &HeaderMap::new()).await;
            let found = response.status() == 200;
            let text = response.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8_lossy(&text);
            assert!(found && text.len() > 10_000 || text.contains("npm ci"), "{name}");
            assert!(!found || name.ends_with(".map") || text.starts_with("/*!\n * Socket.IO v4"), "{name}");
        }
    }
}
