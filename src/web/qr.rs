//! QR codes of join links.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

/// White modules around the code, as the standard asks.
const QUIET: usize = 4;
/// Pixels per module of the PNG: sharp on a phone, and a module of a row is one byte.
const SCALE: usize = 8;

/// The link does not fit into a QR code: more than 2,331 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is too long for a QR code")]
pub struct TooLong;

/// A link as a QR code, ready to be drawn.
pub struct Qr(QrCode);

impl Qr {
    /// # Errors
    /// [`TooLong`].
    pub fn new(link: &str) -> Result<Self, TooLong> {
        // 15 % of it may be unreadable.
        QrCode::with_error_correction_level(link, EcLevel::M).map(Self).map_err(|_| TooLong)
    }

    /// An SVG image, black on white whatever the page's colours are: phones do not read inverted codes.
    pub fn svg(&self) -> String {
        self.0.render::<svg::Color<'_>>().min_dimensions(240, 240).build()
    }

    /// A PNG image with one bit per pixel.
    pub fn png(&self) -> Vec<u8> {
        let modules = self.0.width() + 2 * QUIET;
        let mut pixels = Vec::with_capacity(modules * SCALE * modules);
        for y in 0..modules {
            let row = pixels.len();
            pixels.extend((0..modules).map(|x| if self.is_dark(x, y) { 0 } else { u8::MAX }));
            (1..SCALE).for_each(|_| pixels.extend_from_within(row..row + modules));
        }
        encode(modules * SCALE, &pixels)
    }

    /// The PNG as a `data:` URL, for JSON answers.
    pub fn data_url(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(self.png()))
    }

    /// Whether a module is dark; the quiet zone counts from 0 too.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|&at| at < self.0.width());
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if self.0[(x, y)] == Color::Dark)
    }
}

fn encode(side: usize, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let side = u32::try_from(side).unwrap_or(0);
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    // Made for every room: the default takes thirty times as long for a third of the bytes. Seven rows in eight are as the one above.
    encoder.set_compression(png::Compression::Fastest);
    encoder.set_filter(png::Filter::Up);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("a vector takes every write, and the size fits the pixels");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: [&str; 4] = [
        "http://127.0.0.1:3000/join/BCDFGH",
        "https://play.example.org/join/XYZ234",
        "http://[fe80::1]:65535/join/999999",
        "https://a-rather-long-name.of-a-server.somewhere.example.org:8443/join/QRSTVW?as=spectator",
    ];

    fn read(side: usize, dark: impl Fn(usize, usize) -> bool) -> String {
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| if dark(x, y) { 0 } else { 255 });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_decoder_reads_the_link_back_from_the_png() {
        for link in LINKS {
            let url = Qr::new(link).unwrap().data_url();
            let file = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
            assert!(file.len() < 2_000, "{} bytes", file.len());
            let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let frame = reader.next_frame(&mut pixels).unwrap();
            let side = frame.width as usize;
            assert_eq!(read(side, |x, y| pixels[y * frame.line_size + x] < 128), link);
        }
    }

    #[test]
    fn a_decoder_reads_the_link_back_from_the_svg() {
        for link in LINKS {
            let svg = Qr::new(link).unwrap().svg();
            let attribute = |name: &str| svg.split_once(&format!(" {name}=\"")).unwrap().1.split_once('"').unwrap().0;
            assert!(!svg.contains("style=") && !svg.contains("<script"));
            let side: usize = attribute("width").parse().unwrap();
            let squares: Vec<[usize; 4]> = squares(attribute("d")).collect();
            let dark = |x: usize, y: usize| {
                squares.iter().any(|&[left, top, w, h]| (left..left + w).contains(&x) && (top..top + h).contains(&y))
            };
            assert_eq!(read(side, dark), link);
        }
    }

    /// The rectangles of a path: `M x y h width v height H x V y` each.
    fn squares(path: &str) -> impl Iterator<Item = [usize; 4]> {
        path.split('M').skip(1).map(|part| {
            let numbers: Vec<usize> =
                part.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
            [numbers[0], numbers[1], numbers[2], numbers[3]]
        })
    }

    #[test]
    fn a_link_that_does_not_fit_is_refused() {
        assert_eq!(Qr::new(&"x".repeat(3_000)).err(), Some(TooLong));
    }
}
