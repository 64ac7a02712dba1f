//! Mean over windows that share the input among a given number of outputs.
//!
//! h×w input · h′×w′ output
//!
//! ```text
//! y[n,c,i,j] = 1/(|R(i)|·|C(j)|) · Σ_{r ∈ R(i), q ∈ C(j)} x[n,c,r,q]
//!
//! R(i) = ⌊i·h/h′⌋ … ⌈(i+1)·h/h′⌉ − 1,   C(j) = ⌊j·w/w′⌋ … ⌈(j+1)·w/w′⌉ − 1
//! ```
//!
//! With an output of one row and one column it is the global average.

use crate::scalar::Scalar;
use crate::spec::adaptive_window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::Saved;

/// Compute y of shape `output` from x (N, C, H, W).
#[must_use]
pub fn forward<S: Scalar>(x: &Tensor<S>, output: &[usize]) -> (Tensor<S>, Saved<S>) {
    let [height, width] = [x.shape()[2], x.shape()[3]];
    let mut y = zeros(output);
    let planes = values(x).chunks_exact(height * width);
    let pooled = values_mut(&mut y).chunks_exact_mut(output[2] * output[3]);
    for (plane, y) in planes.zip(pooled) {
        for (position, y) in y.iter_mut().enumerate() {
            let rows = adaptive_window(position / output[3], height, output[2]);
            let columns = adaptive_window(position % output[3], width, output[3]);
            let entries = (rows.len() * columns.len()) as f64;
            let mut sum = S::zero();
            for row in rows {
                for x in &plane[row * width..][columns.clone()] {
                    sum += *x;
                }
            }
            *y = sum / S::constant(entries);
        }
    }
    (y, Saved::Shape(x.shape().to_vec()))
}

/// Compute dx of shape `input`: `dx[n,c,r,q] = Σ dy[n,c,i,j]/(|R(i)|·|C(j)|)` over the (i,j) whose windows
/// have (r,q).
#[must_use]
pub fn backward<S: Scalar>(input: &[usize], dy: &Tensor<S>) -> Tensor<S> {
    let mut dx = zeros(input);
    let [height, width] = [input[2], input[3]];
    let output = dy.shape();
    let planes = values_mut(&mut dx).chunks_exact_mut(height * width);
    let pooled = values(dy).chunks_exact(output[2] * output[3]);
    for (plane, dy) in planes.zip(pooled) {
        for (position, dy) in dy.iter().enumerate() {
            let rows = adaptive_window(position / output[3], height, output[2]);
            let columns = adaptive_window(position % output[3], width, output[3]);
            let share = *dy / S::constant((rows.len() * columns.len()) as f64);
            for row in rows {
                for dx in &mut plane[row * width..][columns.clone()] {
                    *dx += share;
                }
            }
        }
    }
    dx
}
