//! Images of another size, by copies of entries or by linear interpolation along both axes.
//!
//! h×w input · h′×w′ output
//!
//! ```text
//! nearest    y[n,c,i,j] = x[n,c, R(i), C(j)]
//! bilinear   y[n,c,i,j] = Σ_{r,q} a[i,r] · b[j,q] · x[n,c,r,q]
//! ```
//!
//! R and C round down, and a and b weight the two neighbours of an output; see [`ResampledAxis`].

use crate::scalar::Scalar;
use crate::spec::{Interpolation, ResampledAxis, UpsampleSpec};
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::Saved;

/// Compute y of shape `output` from x (N, C, H, W).
#[must_use]
pub fn forward<S: Scalar>(
    spec: UpsampleSpec,
    x: &Tensor<S>,
    output: &[usize],
) -> (Tensor<S>, Saved<S>) {
    let input = x.shape();
    let axes = axes(spec, input, output);
    let (width, columns) = (input[3], output[3]);
    let mut y = zeros(output);
    let planes = values(x).chunks_exact(input[2] * width);
    let resized = values_mut(&mut y).chunks_exact_mut(output[2] * columns);
    match spec.mode {
        Interpolation::Nearest => {
            let [from_rows, from_columns] = axes.map(copies);
            for (x, y) in planes.zip(resized) {
                for (row, y) in from_rows.iter().zip(y.chunks_exact_mut(columns)) {
                    let x = &x[row * width..];
                    for (column, y) in from_columns.iter().zip(y) {
                        *y = x[*column];
                    }
                }
            }
        }
        Interpolation::Bilinear => {
            let [from_rows, from_columns] = axes.map(weights::<S>);
            for (x, y) in planes.zip(resized) {
                for ([above, below], y) in from_rows.iter().zip(y.chunks_exact_mut(columns)) {
                    let (upper, lower) = (&x[above.0 * width..], &x[below.0 * width..]);
                    for ([left, right], y) in from_columns.iter().zip(y) {
                        let between = |x: &[S]| left.1 * x[left.0] + right.1 * x[right.0];
                        *y = above.1 * between(upper) + below.1 * between(lower);
                    }
                }
            }
        }
    }
    (y, Saved::Shape(input.to_vec()))
}

/// Compute dx of shape `input`: every entry gets dy from all outputs that are made from it.
///
/// ```text
/// nearest    dx[n,c,r,q] = Σ dy[n,c,i,j]   over the (i,j) with R(i) = r and C(j) = q
/// bilinear   dx[n,c,r,q] = Σ_{i,j} a[i,r] · b[j,q] · dy[n,c,i,j]
/// ```
#[must_use]
pub fn backward<S: Scalar>(spec: UpsampleSpec, input: &[usize], dy: &Tensor<S>) -> Tensor<S> {
    let output = dy.shape();
    let axes = axes(spec, input, output);
    let (width, columns) = (input[3], output[3]);
    let mut dx: Tensor<S> = zeros(input);
    let planes = values_mut(&mut dx).chunks_exact_mut(input[2] * width);
    let resized = values(dy).chunks_exact(output[2] * columns);
    match spec.mode {
        Interpolation::Nearest => {
            let [from_rows, from_columns] = axes.map(copies);
            for (dx, dy) in planes.zip(resized) {
                for (row, dy) in from_rows.iter().zip(dy.chunks_exact(columns)) {
                    let dx = &mut dx[row * width..];
                    for (column, dy) in from_columns.iter().zip(dy) {
                        dx[*column] += *dy;
                    }
                }
            }
        }
        Interpolation::Bilinear => {
            let [from_rows, from_columns] = axes.map(weights::<S>);
            for (dx, dy) in planes.zip(resized) {
                for (rows, dy) in from_rows.iter().zip(dy.chunks_exact(columns)) {
                    for (row, of_row) in rows {
                        let dx = &mut dx[row * width..];
                        for (columns, dy) in from_columns.iter().zip(dy) {
                            let share = *of_row * *dy;
                            for (column, of_column) in columns {
                                dx[*column].add_product(of_column, &share);
                            }
                        }
                    }
                }
            }
        }
    }
    dx
}

/// Rows and columns.
fn axes(spec: UpsampleSpec, input: &[usize], output: &[usize]) -> [ResampledAxis; 2] {
    [0, 1].map(|axis| spec.axis(axis, input[2 + axis], output[2 + axis]))
}

/// Which input each output copies.
fn copies(axis: ResampledAxis) -> Vec<usize> {
    (0..axis.output).map(|at| axis.nearest(at)).collect()
}

/// The neighbours of each output with their weights.
fn weights<S: Scalar>(axis: ResampledAxis) -> Vec<[(usize, S); 2]> {
    let weighted = |(place, weight)| (place, S::constant(weight));
    let of_output = |at| axis.neighbours(at).map(weighted);
    (0..axis.output).map(of_output).collect()
}
