//! Which of the eight masks a QR code is drawn with: the one that looks least like what scanners search for, by the standard's penalties.
//!
//! The `qrcode` crate looks at one module after the other, and that is most of what a code costs. Here a row is a number and a penalty
//! a few operations on its bits; the choice is the same.

use qrcode::Color;
use qrcode::canvas::{Canvas, MaskPattern};

/// The widest code whose rows fit into a number; links of up to 251 bytes do.
const WIDTH_MAX: usize = 64;
/// In the order in which the first of equals is taken.
const MASKS: [MaskPattern; 8] = [
    MaskPattern::Checkerboard,
    MaskPattern::HorizontalLines,
    MaskPattern::VerticalLines,
    MaskPattern::DiagonalLines,
    MaskPattern::LargeCheckerboard,
    MaskPattern::Fields,
    MaskPattern::Diamonds,
    MaskPattern::Meadow,
];
/// Dark, light, three dark, light, dark: what a scanner takes for a corner.
const CORNER: u64 = 0b101_1101;

/// The modules of `canvas`, which is `width` modules wide, under its best mask.
pub fn best(canvas: &Canvas, width: usize) -> Vec<Color> {
    if width > WIDTH_MAX {
        return canvas.apply_best_mask().into_colors();
    }
    let masked = MASKS.map(|mask| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(mask);
        canvas.into_colors()
    });
    masked.into_iter().min_by_key(|modules| penalty(modules, width)).unwrap_or_default()
}

/// How bad a code looks, up to what all masks have in common.
fn penalty(modules: &[Color], width: usize) -> u32 {
    let (mut rows, mut columns) = ([0u64; WIDTH_MAX], [0u64; WIDTH_MAX]);
    for (y, row) in modules.chunks_exact(width).enumerate() {
        for (x, module) in row.iter().enumerate() {
            let dark = u64::from(*module == Color::Dark);
            rows[y] |= dark << x;
            columns[x] |= dark << y;
        }
    }
    let (rows, columns) = (&rows[..width], &columns[..width]);
    let lines: u32 = rows.iter().chain(columns).map(|line| runs(*line, width) + corners(*line, width)).sum();
    let blocks: u32 = rows.windows(2).map(|pair| blocks(pair[0], pair[1], width)).sum();
    lines + blocks + imbalance(rows, width)
}

/// A one for each of the first `count` bits.
fn ones(count: usize) -> u64 {
    (1u64 << (count % WIDTH_MAX)).wrapping_sub(1)
}

/// A one wherever a module and the next are alike.
fn alike(line: u64, width: usize) -> u64 {
    !(line ^ (line >> 1)) & ones(width - 1)
}

/// Five or more alike in a line: their number less two.
fn runs(line: u64, width: usize) -> u32 {
    let alike = alike(line, width);
    let fives = alike & (alike >> 1) & (alike >> 2) & (alike >> 3);
    fives.count_ones() + 2 * (fives & !(fives << 1)).count_ones()
}

/// Two by two alike: three each.
fn blocks(line: u64, next: u64, width: usize) -> u32 {
    3 * (alike(line, width) & alike(next, width) & !(line ^ next)).count_ones()
}

/// What looks like a corner, with four light modules or the edge on one side: forty each.
fn corners(line: u64, width: usize) -> u32 {
    let starts = (0..7).fold(ones(width - 6), |starts, at| starts & if CORNER >> at & 1 == 1 { line >> at } else { !(line >> at) });
    // Light are the modules beyond both edges, too.
    let light = |at: usize| !(line >> at);
    let before = !((line << 1) | (line << 2) | (line << 3) | (line << 4));
    let after = light(7) & light(8) & light(9) & light(10);
    40 * (starts & (before | after)).count_ones()
}

/// How far from half are dark, in half percents.
fn imbalance(rows: &[u64], width: usize) -> u32 {
    let dark: u32 = rows.iter().map(|row| row.count_ones()).sum();
    let total = u32::try_from(width * width).unwrap_or(u32::MAX);
    (dark * 200 / total).abs_diff(100)
}

#[cfg(test)]
mod tests {
    use qrcode::{EcLevel, QrCode};

    use crate::web::qr::Qr;

    #[test]
    fn codes_of_all_sizes_are_those_of_the_crate() {
        let mut luck = fastrand::Rng::with_seed(7);
        for length in (1..300).chain([400, 1_000, 2_000]) {
            let link: String = (0..length).map(|_| luck.alphanumeric()).collect();
            let expected = QrCode::with_error_correction_level(&link, EcLevel::M).unwrap();
            let (got, width) = (Qr::new(&link).unwrap(), expected.width());
            assert!(got.width == width && got.modules == expected.into_colors(), "{link}");
        }
    }
}
