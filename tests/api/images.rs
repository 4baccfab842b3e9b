//! Images at a table: uploaded, seen, refused.

use std::io::Cursor;
use std::time::Duration;

use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Guest, Server};

/// A game whose players show each other images.
const GAME: &str = "tabletop";

fn file(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    DynamicImage::new_rgb8(30, 20).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn table<'a>(server: &'a Server) -> Guest<'a> {
    let made = server.post("/api/rooms", json!({ "game": GAME, "nickname": "Ada" })).await.ok(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Guest { server, code: text(&made["room_code"]), token: text(&made["token"]), id: text(&made["player_id"]) }
}

async fn upload(guest: &Guest<'_>, kind: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let ask = Ask::new("POST", &guest.path("/images")).token(&guest.token).header("content-type", kind);
    guest.server.send(ask.body(bytes)).await
}

async fn kept(guest: &Guest<'_>) -> Value {
    upload(guest, "image/png", file(ImageFormat::Png)).await.ok(201)
}

#[tokio::test]
async fn an_image_is_kept_and_seen_by_whoever_may_see_the_room() {
    let server = Server::new().await;
    let host = table(&server).await;
    let guest = server.join(&host.code).await;
    for (kind, format, kept) in [
        ("image/png", ImageFormat::Png, "image/png"),
        ("Image/JPEG; q=1", ImageFormat::Jpeg, "image/jpeg"),
        ("image/webp", ImageFormat::WebP, "image/jpeg"),
    ] {
        let answer = upload(&guest, kind, file(format)).await.ok(201);
        assert_eq!((&answer["media_type"], &answer["width"], &answer["height"]), (&json!(kept), &json!(30), &json!(20)));
        let url = answer["url"].as_str().unwrap();
        assert_eq!(url, guest.path(&format!("/images/{}", answer["image_id"].as_str().unwrap())));
        for asker in [Ask::get(url).token(&host.token), Ask::get(url)] {
            let seen = server.send(asker).await;
            assert_eq!((seen.status, seen.bytes.len()), (200, answer["bytes"].as_u64().unwrap() as usize));
            let header = |name: &str| seen.headers[name].to_str().unwrap().to_owned();
            assert_eq!((header("content-type"), header("x-content-type-options")), (kept.into(), "nosniff".into()));
            assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
            assert!(header("content-disposition").starts_with("inline; filename=\""), "{}", header("content-disposition"));
            assert_eq!(header("cache-control"), "private, max-age=31536000, immutable");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert!(image::load_from_memory(&seen.bytes).is_ok());
        }
    }
}

#[tokio::test]
async fn what_is_no_image_is_refused() {
    let server = Server::new().await;
    let host = table(&server).await;
    let (png, jpeg) = (file(ImageFormat::Png), file(ImageFormat::Jpeg));
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    for kind in ["image/svg+xml", "text/html", "application/json", "image/gif", "image/png, text/html", "multipart/form-data", ""] {
        upload(&host, kind, svg.clone()).await.refused(415, "VALIDATION_ERROR", kind);
    }
    for (what, kind, bytes) in [
        ("SVG as PNG", "image/png", svg.clone()),
        ("a page as JPEG", "image/jpeg", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("JPEG as PNG", "image/png", jpeg.clone()),
        ("PNG as WebP", "image/webp", png.clone()),
        ("nothing", "image/png", vec![]),
        ("half of one", "image/png", png[..png.len() / 2].to_vec()),
        ("a head without a body", "image/jpeg", jpeg[..20].to_vec()),
    ] {
        upload(&host, kind, bytes).await.refused(400, "VALIDATION_ERROR", what);
    }
    upload(&host, "image/png", vec![0; 5 * 1024 * 1024 + 1]).await.refused(413, "PAYLOAD_TOO_LARGE", "too large");
    let polyglot = [png.as_slice(), b"<script>alert(1)</script>"].concat();
    let answer = upload(&host, "image/png", polyglot).await.ok(201);
    let seen = server.get(answer["url"].as_str().unwrap()).await;
    assert!(!seen.bytes.windows(7).any(|found| found == b"<script"));
}

#[tokio::test]
async fn only_those_at_the_table_upload() {
    let server = Server::new().await;
    let host = table(&server).await;
    let nobody = Ask::new("POST", &host.path("/images")).header("content-type", "image/png").body(file(ImageFormat::Png));
    server.send(nobody).await.refused(401, "AUTH_REQUIRED", "nobody");
    let other = table(&server).await;
    let stranger = Guest { server: &server, code: host.code.clone(), token: other.token.clone(), id: other.id.clone() };
    upload(&stranger, "image/png", file(ImageFormat::Png)).await.refused(403, "NOT_IN_GAME", "without a seat");
    let nowhere = Guest { server: &server, code: "BCDFGH".into(), token: other.token.clone(), id: other.id.clone() };
    upload(&nowhere, "image/png", file(ImageFormat::Png)).await.refused(404, "INVALID_GAME", "no room");
    let draft = server.room().await;
    upload(&draft, "image/png", file(ImageFormat::Png)).await.refused(403, "FORBIDDEN", "a game without images");
}

#[tokio::test]
async fn an_image_is_found_in_its_own_room_only() {
    let server = Server::new().await;
    let (host, other) = (table(&server).await, table(&server).await);
    let answer = kept(&host).await;
    let id = answer["image_id"].as_str().unwrap();
    other.get(&format!("/images/{id}")).await.refused(404, "INVALID_GAME", "another room's");
    for nothing in ["x", "0", "00000000-0000-0000-0000-000000000000", "..%2f..", "1%20OR%201=1"] {
        host.get(&format!("/images/{nothing}")).await.refused(404, "INVALID_GAME", nothing);
    }
    server.get(&format!("/api/rooms/BCDFGH/images/{id}")).await.refused(404, "INVALID_GAME", "no room");
}

#[tokio::test]
async fn a_room_keeps_so_many_and_no_more() {
    let server = Server::with(&["--rate-limits=off", "--room-images=2"]).await;
    let (host, other) = (table(&server).await, table(&server).await);
    for _ in 0..2 {
        kept(&host).await;
    }
    upload(&host, "image/png", file(ImageFormat::Png)).await.refused(409, "ROOM_FULL", "a third");
    kept(&other).await;
    let one = file(ImageFormat::Png).len() + 1_000;
    let server = Server::with(&["--rate-limits=off", &format!("--room-image-bytes={one}")]).await;
    let host = table(&server).await;
    let bytes = kept(&host).await["bytes"].as_u64().unwrap() as usize;
    for _ in 1..one / bytes {
        kept(&host).await;
    }
    upload(&host, "image/png", file(ImageFormat::Png)).await.refused(409, "ROOM_FULL", "too many bytes");
}

#[tokio::test]
async fn one_player_uploads_only_so_fast() {
    let server = Server::with(&[]).await;
    let host = table(&server).await;
    for _ in 0..20 {
        kept(&host).await;
    }
    upload(&host, "image/png", file(ImageFormat::Png)).await.refused(429, "RATE_LIMITED", "too fast");
}

#[tokio::test]
async fn images_go_with_their_room() {
    let server = Server::new().await;
    let host = table(&server).await;
    let url = kept(&host).await["url"].as_str().unwrap().to_owned();
    host.command("leave_room", json!({})).await.ok(200);
    let later = server.app.clock.now() + Duration::from_secs(3_600);
    assert_eq!(server.app.rooms.cleanup(later).await.unwrap(), 1);
    server.get(&url).await.refused(404, "INVALID_GAME", "its room is gone");
}

#[tokio::test]
async fn images_go_with_who_uploaded_them() {
    let server = Server::new().await;
    let host = table(&server).await;
    let guest = server.join(&host.code).await;
    let (own, others) = (kept(&guest).await, kept(&host).await);
    server.send(Ask::new("DELETE", "/api/auth/me").token(&guest.token).header("content-type", "application/json")).await.ok(200);
    host.get(&format!("/images/{}", own["image_id"].as_str().unwrap())).await.refused(404, "INVALID_GAME", "forgotten");
    assert_eq!(server.get(others["url"].as_str().unwrap()).await.status, 200);
}
