//! Zeros around images, or rows and columns cut off.
//!
//! h×w input · t, l what is added above and to the left
//!
//! ```text
//! y[n,c,i,j] = x[n,c, i − t, j − l]
//! ```
//!
//! Terms outside of the input are zero. Below 0, t and l cut off; the sizes of the output are those in
//! [`ZeroPad2dSpec::output`].

use std::ops::Range;

use crate::scalar::Scalar;
use crate::spec::ZeroPad2dSpec;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::Saved;

/// Compute y of shape `output` from x (N, C, H, W).
#[must_use]
pub fn forward<S: Scalar>(
    spec: ZeroPad2dSpec,
    x: &Tensor<S>,
    output: &[usize],
) -> (Tensor<S>, Saved<S>) {
    let input = x.shape();
    let mut y = zeros(output);
    let planes = values(x).chunks_exact(input[2] * input[3]);
    let padded = values_mut(&mut y).chunks_exact_mut(output[2] * output[3]);
    for (x, y) in planes.zip(padded) {
        for (from, to) in rows(spec, input, output) {
            y[to].copy_from_slice(&x[from]);
        }
    }
    (y, Saved::Shape(input.to_vec()))
}

/// Compute dx of shape `input`: `dx[n,c,i,j] = dy[n,c, i + t, j + l]`, and 0 where it was cut off.
#[must_use]
pub fn backward<S: Scalar>(spec: ZeroPad2dSpec, input: &[usize], dy: &Tensor<S>) -> Tensor<S> {
    let output = dy.shape();
    let mut dx = zeros(input);
    let planes = values_mut(&mut dx).chunks_exact_mut(input[2] * input[3]);
    let padded = values(dy).chunks_exact(output[2] * output[3]);
    for (dx, dy) in planes.zip(padded) {
        for (from, to) in rows(spec, input, output) {
            dx[from].copy_from_slice(&dy[to]);
        }
    }
    dx
}

/// What is kept of each row, and its place in the output, as ranges of their planes.
fn rows(
    spec: ZeroPad2dSpec,
    input: &[usize],
    output: &[usize],
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let [top, left] = [0, 1].map(|axis| usize::try_from(spec.sides(axis)[0]).unwrap_or(0));
    let (rows, columns) = (spec.kept(0, input[2]), spec.kept(1, input[3]));
    let (input_width, output_width) = (input[3], output[3]);
    rows.enumerate().map(move |(number, row)| {
        let from = row * input_width + columns.start;
        let to = (top + number) * output_width + left;
        (from..from + columns.len(), to..to + columns.len())
    })
}
