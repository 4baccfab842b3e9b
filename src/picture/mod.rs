//! Pictures that people upload: decoded within bounds and written anew, so that nothing is kept of the file but what one sees.
//!
//! What comes out has no metadata (a photo says where it was taken), no trailing bytes, no second meaning: whatever else the file was, a
//! page, a script or an archive, is gone. Decoding takes up to a second of work and is no business of an async thread.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

/// The largest file that is read, in bytes.
pub const UPLOAD_MAX: usize = 5 * 1024 * 1024;
/// Longest side of a picture that is decoded.
const SIDE_MAX: u32 = 12_000;
/// Most pixels that are decoded: twice a phone's photo; 100 MB in memory.
const PIXELS_MAX: u64 = 25_000_000;
/// What a decoder may take in memory, the picture included.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;
/// Longest side of what is kept: a map of 60 squares has 42 pixels a square.
const KEPT_SIDE_MAX: u32 = 2_560;
const JPEG_QUALITY: u8 = 85;

/// What a picture is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    Webp,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Png, Kind::Jpeg, Kind::Webp];

    /// The kind with this media type.
    pub fn of_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == text)
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Kind::Png => "image/png",
            Kind::Jpeg => "image/jpeg",
            Kind::Webp => "image/webp",
        }
    }

    /// How the names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Kind::Png => "png",
            Kind::Jpeg => "jpg",
            Kind::Webp => "webp",
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Kind::Png => ImageFormat::Png,
            Kind::Jpeg => ImageFormat::Jpeg,
            Kind::Webp => ImageFormat::WebP,
        }
    }
}

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the file is not what its `Content-Type` says")]
    OtherKind,
    #[error("an image has at most {SIDE_MAX} pixels a side and {} million in all", PIXELS_MAX / 1_000_000)]
    TooManyPixels,
    #[error("the image cannot be read: it is damaged or incomplete")]
    Unreadable,
}

/// Reads a file that is said to be of `kind`, and writes what it shows anew, smaller if it is larger than anybody needs.
///
/// # Errors
/// [`Unfit`].
pub fn cleaned(file: &[u8], kind: Kind) -> Result<Picture, Unfit> {
    if image::guess_format(file).ok() != Some(kind.format()) {
        return Err(Unfit::OtherKind);
    }
    let shown = decoded(file, kind)?;
    let shown =
        if shown.width().max(shown.height()) > KEPT_SIDE_MAX { shown.thumbnail(KEPT_SIDE_MAX, KEPT_SIDE_MAX) } else { shown };
    // Sixteen bits a channel are more than screens show.
    let opaque = !shown.color().has_alpha() || shown.to_rgba8().pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let mut shown: DynamicImage = if opaque { shown.to_rgb8().into() } else { shown.to_rgba8().into() };
    // WebP can be written without loss only, which makes a photo several times as large.
    let kind = if kind == Kind::Webp && opaque { Kind::Jpeg } else { kind };
    loop {
        let bytes = encoded(&shown, kind).map_err(|_| Unfit::Unreadable)?;
        if bytes.len() <= UPLOAD_MAX {
            return Ok(Picture { kind, width: shown.width(), height: shown.height(), bytes });
        }
        // Noise as PNG, say: a quarter of the pixels fits sooner or later.
        shown = shown.thumbnail(shown.width() / 2, shown.height() / 2);
    }
}

fn decoded(file: &[u8], kind: Kind) -> Result<DynamicImage, Unfit> {
    let unreadable = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => Unfit::TooManyPixels,
        _ => Unfit::Unreadable,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(file), kind.format());
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // What the header promises is refused before anything is decoded.
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > SIDE_MAX || pixels > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX {
        return Err(Unfit::TooManyPixels);
    }
    if pixels == 0 {
        return Err(Unfit::Unreadable);
    }
    // Which way up a photo is stands in what is thrown away.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut shown = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    shown.apply_orientation(orientation);
    Ok(shown)
}

fn encoded(shown: &DynamicImage, kind: Kind) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    match kind {
        Kind::Png => shown.write_with_encoder(PngEncoder::new(&mut bytes))?,
        Kind::Jpeg => shown.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?,
        Kind::Webp => shown.write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?,
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
