//! Honest pictures and hostile ones.

use image::{Rgba, RgbaImage};

use super::*;

/// A picture with something to see, and a hole in it when `alpha` is less than 255.
fn drawn(width: u32, height: u32, alpha: u8) -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgba([(x * 7 % 256) as u8, (y * 5 % 256) as u8, 90, if x < 4 { alpha } else { 255 }]);
    RgbaImage::from_fn(width, height, pixel).into()
}

fn file(shown: &DynamicImage, kind: Kind) -> Vec<u8> {
    encoded(shown, kind).unwrap()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// A chunk of a PNG, with its checksum.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), named.as_slice(), &crc(&named).to_be_bytes()].concat()
}

/// A PNG whose header promises this size.
fn promised(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", &header).as_slice(), &chunk(b"IDAT", &[0x78, 0x9c]), &chunk(b"IEND", b"")].concat()
}

#[test]
fn what_is_kept_looks_as_what_came() {
    for (kind, alpha, kept) in [
        (Kind::Png, 255, Kind::Png),
        (Kind::Png, 100, Kind::Png),
        (Kind::Jpeg, 255, Kind::Jpeg),
        (Kind::Webp, 100, Kind::Webp),
        (Kind::Webp, 255, Kind::Jpeg),
    ] {
        let shown = drawn(60, 40, alpha);
        let picture = cleaned(&file(&shown, kind), kind).unwrap();
        assert_eq!((picture.kind, picture.width, picture.height), (kept, 60, 40), "{kind:?}");
        let again = image::load_from_memory(&picture.bytes).unwrap().to_rgba8();
        let near = again.pixels().zip(shown.to_rgba8().pixels()).all(|(a, b)| (0..4).all(|n| a.0[n].abs_diff(b.0[n]) < 60));
        assert!(near, "{kind:?} {alpha}");
    }
}

#[test]
fn what_is_larger_than_anybody_needs_is_made_smaller() {
    let picture = cleaned(&file(&drawn(4_000, 1_000, 255), Kind::Png), Kind::Png).unwrap();
    assert_eq!((picture.width, picture.height), (2_560, 640));
}

#[test]
fn what_follows_a_picture_or_hides_in_it_is_gone() {
    const SCRIPT: &[u8] = b"<html><script>alert(document.domain)</script></html>PK\x03\x04";
    for kind in [Kind::Png, Kind::Jpeg, Kind::Webp] {
        let polyglot = [&file(&drawn(20, 20, 100), kind), SCRIPT].concat();
        let picture = cleaned(&polyglot, kind).unwrap();
        assert!(!picture.bytes.windows(7).any(|found| found == b"<script"), "{kind:?}");
    }
    // In a text chunk, and in a comment of a JPEG.
    let png = file(&drawn(20, 20, 255), Kind::Png);
    let text = chunk(b"tEXt", &[b"Comment\0", SCRIPT].concat());
    let picture = cleaned(&[&png[..33], &text, &png[33..]].concat(), Kind::Png).unwrap();
    assert!(!picture.bytes.windows(7).any(|found| found == b"<script" || found == b"Comment"));
    let jpeg = file(&drawn(20, 20, 255), Kind::Jpeg);
    let comment = [&[0xff, 0xfe], &u16::try_from(SCRIPT.len() + 2).unwrap().to_be_bytes()[..], SCRIPT].concat();
    let picture = cleaned(&[&jpeg[..2], &comment, &jpeg[2..]].concat(), Kind::Jpeg).unwrap();
    assert!(!picture.bytes.windows(7).any(|found| found == b"<script"));
}

/// The metadata of a photo that lies on its side, with a place in it.
fn exif() -> Vec<u8> {
    let tiff =
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x0e\0\x02\0\0\0\x06\0\0\0\x26\0\0\0\0HOME!\0";
    [&[0xff, 0xe1], &u16::try_from(tiff.len() + 2).unwrap().to_be_bytes()[..], tiff].concat()
}

#[test]
fn a_photo_stands_upright_and_does_not_say_where_it_was_taken() {
    let jpeg = file(&drawn(60, 40, 255), Kind::Jpeg);
    let photo = [&jpeg[..2], &exif(), &jpeg[2..]].concat();
    let picture = cleaned(&photo, Kind::Jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (40, 60));
    assert!(!picture.bytes.windows(4).any(|found| found == b"Exif" || found == b"HOME"));
}

#[test]
fn a_file_must_be_what_it_says() {
    let files = [Kind::Png, Kind::Jpeg, Kind::Webp].map(|kind| (kind, file(&drawn(20, 20, 100), kind)));
    for (is, bytes) in &files {
        for said in [Kind::Png, Kind::Jpeg, Kind::Webp].into_iter().filter(|said| said != is) {
            assert_eq!(cleaned(bytes, said).unwrap_err(), Unfit::OtherKind, "{is:?} as {said:?}");
        }
    }
    let svg = &b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..];
    let page = b"<!doctype html><script>alert(1)</script>";
    for other in [svg, page, b"GIF89a\x01\0\x01\0\0\0\0;", b"BM", b"%PDF-1.7", b"\0", b""] {
        for said in [Kind::Png, Kind::Jpeg, Kind::Webp] {
            assert_eq!(cleaned(other, said).unwrap_err(), Unfit::OtherKind, "{other:?}");
        }
    }
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    for (width, height) in [(60_000, 60_000), (12_001, 1), (1, 12_001), (5_001, 5_000), (u32::MAX >> 1, u32::MAX >> 1)] {
        assert_eq!(cleaned(&promised(width, height), Kind::Png).unwrap_err(), Unfit::TooManyPixels, "{width}x{height}");
    }
    // An honest file that is small on the disk and enormous in memory.
    let solid = DynamicImage::new_luma8(6_000, 6_000);
    let bomb = file(&solid, Kind::Png);
    assert!(bomb.len() < 200_000);
    assert_eq!(cleaned(&bomb, Kind::Png).unwrap_err(), Unfit::TooManyPixels);
    // The size of a JPEG stands behind its first markers, that of a WebP behind 26 bytes.
    let mut jpeg = file(&drawn(20, 20, 255), Kind::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(cleaned(&jpeg, Kind::Jpeg).unwrap_err(), Unfit::TooManyPixels);
}

#[test]
fn what_is_damaged_is_refused_and_never_panics() {
    assert_eq!(cleaned(&promised(0, 5), Kind::Png).unwrap_err(), Unfit::Unreadable);
    assert_eq!(cleaned(&promised(20, 20), Kind::Png).unwrap_err(), Unfit::Unreadable);
    for kind in [Kind::Png, Kind::Webp] {
        let whole = file(&drawn(40, 40, 100), kind);
        for length in 0..whole.len() - 12 {
            assert!(cleaned(&whole[..length], kind).is_err(), "{length} of {} bytes of a {kind:?}", whole.len());
        }
    }
    for kind in [Kind::Png, Kind::Jpeg, Kind::Webp] {
        let whole = file(&drawn(24, 24, 100), kind);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            // Some damage can be seen and not told: it must only not be more than that.
            let _ = cleaned(&damaged, kind);
            let _ = cleaned(&whole[..at], kind);
        }
    }
}

#[test]
fn noise_that_does_not_fit_is_made_smaller_until_it_does() {
    let mut luck = fastrand::Rng::with_seed(7);
    let noise = RgbaImage::from_fn(1_300, 1_300, |_, _| Rgba(luck.u32(..).to_ne_bytes()));
    let noise: DynamicImage = noise.into();
    let big = file(&noise, Kind::Png);
    assert!(big.len() > UPLOAD_MAX, "{}", big.len());
    let picture = cleaned(&big, Kind::Png).unwrap();
    assert!(picture.bytes.len() <= UPLOAD_MAX && picture.width == 650);
}
