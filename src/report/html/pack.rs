//! Numbers made small: columns of bytes, deflated, in base64.
//!
//! Of every coordinate a page holds the gradient under test to the last bit, and of each reference the distance from
//! it as a float32 in units of the largest: the sum of both is the reference to its last digit or nearly, since
//! the digits that a float32 does not hold are those behind the ones in which both differ. Bounds are two
//! bytes on a logarithmic scale of [`STEPS`] steps an octave, rounded up.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

use crate::report::Number;
use crate::report::detail::TensorDetail;

/// Steps an octave of a bound: 2.3 % each.
pub(super) const STEPS: f64 = 31.0;

/// The octave below every f64 that is not 0.
const LOWEST: f64 = -1075.0;

/// Deflated, in base64; script inflates it by `DecompressionStream('deflate-raw')`.
pub(super) fn small(bytes: &[u8]) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes);
    let deflated = written.and_then(|()| encoder.finish());
    STANDARD.encode(deflated.expect("memory takes everything"))
}

/// The columns of a tensor, as the script reads them.
#[derive(Debug, Serialize)]
pub(super) struct Packed {
    /// By what the distances of each reference are divided.
    scales: Vec<f64>,
    /// The columns: indices (u32) of a sample, the gradient under test (f64), each reference's distance (f32), each
    /// source's bound (u16), verdicts (one letter); little-endian.
    columns: String,
}

impl Packed {
    /// The columns of `tensor`.
    pub(super) fn of(tensor: &TensorDetail) -> Self {
        let mut bytes = Vec::new();
        for index in tensor.indices.iter().flatten() {
            let index = u32::try_from(*index).expect("a plan limits sizes to 2^26");
            bytes.extend(index.to_le_bytes());
        }
        let Some((own, references)) = tensor.sources.split_first() else {
            return Self {
                scales: Vec::new(),
                columns: small(&bytes),
            };
        };
        bytes.extend(own.values.iter().flat_map(|value| value.0.to_le_bytes()));
        let mut scales = Vec::new();
        for reference in references {
            let pairs = own.values.iter().zip(&reference.values);
            let distances: Vec<f64> = pairs.map(|(own, theirs)| theirs.0 - own.0).collect();
            let finite = distances.iter().filter(|distance| distance.is_finite());
            let scale = finite.fold(0.0, |scale: f64, distance| scale.max(distance.abs()));
            let scale = if scale > 0.0 { scale } else { 1.0 };
            let small = distances.iter().map(|distance| (distance / scale) as f32);
            bytes.extend(small.flat_map(f32::to_le_bytes));
            scales.push(scale);
        }
        for source in &tensor.sources {
            let bounds = source.errors.iter().map(|error| on_scale(*error));
            bytes.extend(bounds.flat_map(u16::to_le_bytes));
        }
        bytes.extend(tensor.verdicts.bytes());
        Self {
            scales,
            columns: small(&bytes),
        }
    }
}

/// 0 for 0, 65535 for what is not finite, and else 1 more than the steps above the lowest octave.
fn on_scale(Number(bound): Number) -> u16 {
    if bound == 0.0 {
        0
    } else if bound.is_finite() {
        // At most 1 + 31·2100, and a few more.
        (1.0 + ((bound.abs().log2() - LOWEST) * STEPS).ceil()) as u16
    } else {
        u16::MAX
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    fn large(text: &str) -> Vec<u8> {
        let deflated = STANDARD.decode(text).expect("base64");
        let mut bytes = Vec::new();
        let mut decoder = DeflateDecoder::new(&deflated[..]);
        decoder.read_to_end(&mut bytes).expect("deflated");
        bytes
    }

    #[test]
    fn what_is_made_small_can_be_made_large_again() {
        let bytes = b"gradients, gradients, gradients".repeat(9);
        assert_eq!(large(&small(&bytes)), bytes);
    }

    #[test]
    fn a_bound_on_the_scale_is_no_smaller_and_little_larger() {
        assert_eq!(on_scale(Number(0.0)), 0);
        assert_eq!(on_scale(Number(f64::NAN)), u16::MAX);
        for bound in [5e-324, 1e-17, 1.0, 3.3e-4, f64::MAX] {
            let step = f64::from(on_scale(Number(bound)));
            let octaves = (step - 1.0) / STEPS + LOWEST;
            let above = octaves - bound.log2();
            assert!((-1e-12..0.033).contains(&above), "{bound:e}: {above}");
            assert!(step < 65535.0);
        }
    }
}
