//! Where the entries of padded and resized images come from: the indices that `gather` goes by.
//!
//! Rows of an activation are numbered as in [`super::window`], and the row past the last is zero.

use crate::spec::{Interpolation, UpsampleSpec, ZeroPad2dSpec};

/// Rows by channel and output of a zero padding: (C·H′·W′).
pub(super) fn padded(spec: ZeroPad2dSpec, input: &[usize], output: &[usize]) -> Vec<usize> {
    let nothing = input[1] * input[2] * input[3];
    let [left, _, top, _] = spec.padding;
    let inside = |at: usize, before: isize, size: usize| {
        let at = usize::try_from(at.cast_signed() - before).ok();
        at.filter(|at| *at < size)
    };
    let mut rows = Vec::with_capacity(output[1..].iter().product());
    for channel in 0..input[1] {
        for i in 0..output[2] {
            let row = inside(i, top, input[2]);
            for j in 0..output[3] {
                let place = row.zip(inside(j, left, input[3]));
                rows.push(place.map_or(nothing, |(row, column)| {
                    (channel * input[2] + row) * input[3] + column
                }));
            }
        }
    }
    rows
}

/// Rows by tap, channel and output of an upsampling, (taps·C·H′·W′), to be multiplied by the weights beside
/// them and summed over the taps: one tap for nearest, and for bilinear four.
pub(super) fn resized(
    spec: UpsampleSpec,
    input: &[usize],
    output: &[usize],
) -> (Vec<usize>, Vec<f64>) {
    let taps = match spec.mode {
        Interpolation::Nearest => 1,
        Interpolation::Bilinear => 2,
    };
    let along = |axis: usize| -> Vec<[(usize, f64); 2]> {
        let (inputs, outputs) = (input[2 + axis], output[2 + axis]);
        let given = match (spec.scale_factor, spec.recompute_scale_factor) {
            (Some(factors), false) => Some(factors[axis]),
            _ => None,
        };
        let tap = |at| match spec.mode {
            Interpolation::Nearest => [(copied(at, inputs, outputs, given), 1.0), (0, 0.0)],
            Interpolation::Bilinear => mixed(at, inputs, outputs, given, spec.align_corners),
        };
        (0..outputs).map(tap).collect()
    };
    let (down, across) = (along(0), along(1));
    let mut rows = Vec::new();
    let mut weights = Vec::new();
    for u in 0..taps {
        for v in 0..taps {
            for channel in 0..input[1] {
                for down in &down {
                    for across in &across {
                        let ((row, a), (column, b)) = (down[u], across[v]);
                        rows.push((channel * input[2] + row) * input[3] + column);
                        weights.push(a * b);
                    }
                }
            }
        }
    }
    (rows, weights)
}

/// PyTorch's `nearest_idx`.
fn copied(at: usize, inputs: usize, outputs: usize, given: Option<f64>) -> usize {
    match outputs {
        same if same == inputs => at,
        twice if twice == 2 * inputs => at >> 1,
        _ => {
            let scale = match given {
                Some(factor) => factor.recip() as f32,
                None => inputs as f32 / outputs as f32,
            };
            let place = (at as f32 * scale) as usize;
            place.min(inputs - 1)
        }
    }
}

/// PyTorch's `compute_source_index_and_lambda`.
fn mixed(
    at: usize,
    inputs: usize,
    outputs: usize,
    given: Option<f64>,
    align_corners: bool,
) -> [(usize, f64); 2] {
    if inputs == outputs {
        return [(at, 1.0), (at, 0.0)];
    }
    let place = match (align_corners, given) {
        (true, _) if outputs == 1 => 0.0,
        (true, _) => (inputs - 1) as f64 / (outputs - 1) as f64 * at as f64,
        (false, Some(factor)) => factor.recip() * (at as f64 + 0.5) - 0.5,
        (false, None) => inputs as f64 / outputs as f64 * (at as f64 + 0.5) - 0.5,
    };
    // What is below 0 becomes 0.
    let lower = (place as f32 as usize).min(inputs - 1);
    let upper = if lower + 1 < inputs { lower + 1 } else { lower };
    let beyond = place - lower as f64;
    let beyond = if beyond > 0.0 { beyond.min(1.0) } else { 0.0 };
    [(lower, 1.0 - beyond), (upper, beyond)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_reads_what_a_drawing_shows() {
        // One column more to the left, the first row cut off, and a row of zeros below.
        let spec = ZeroPad2dSpec {
            padding: [1, 0, -1, 1],
        };
        // 0 1 / 2 3 becomes · 2 3 / · · ·
        assert_eq!(
            padded(spec, &[1, 1, 2, 2], &[1, 1, 2, 3]),
            [4, 2, 3, 4, 4, 4]
        );
    }

    #[test]
    fn three_columns_become_five_with_their_corners_aligned() {
        let spec = UpsampleSpec {
            size: Some([1, 5]),
            scale_factor: None,
            mode: Interpolation::Bilinear,
            align_corners: true,
            recompute_scale_factor: false,
        };
        let (rows, weights) = resized(spec, &[1, 1, 1, 3], &[1, 1, 1, 5]);
        // Lower and upper column, then the same again with the weight of a second row.
        let once = [0, 0, 1, 1, 2, 1, 1, 2, 2, 2];
        assert_eq!(rows, [once, once].concat());
        let columns = [1.0, 0.5, 1.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.5, 0.0];
        assert_eq!(weights, [columns, [0.0; 10]].concat());

        let nearest = UpsampleSpec {
            mode: Interpolation::Nearest,
            align_corners: false,
            ..spec
        };
        let (rows, weights) = resized(nearest, &[1, 2, 1, 3], &[1, 2, 1, 5]);
        assert_eq!(rows, [0, 0, 1, 1, 2, 3, 3, 4, 4, 5]);
        assert_eq!(weights, [1.0; 10]);
    }
}
