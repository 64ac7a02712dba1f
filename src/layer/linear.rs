//! x·Wᵀ + b.
//!
//! n batch · i input feature · o output feature
//!
//! ```text
//! y[n,o] = b[o] + Σ_i W[o,i] · x[n,i]
//! ```

use std::ops::Range;

use crate::scalar::{Scalar, axpy, axpy_of_four, dot};
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;
use super::quick::{Dots, Sums};

/// Compute y (N, O) from x (N, I), weight (O, I) and, if there is one, bias (O).
#[must_use]
pub fn forward<S: Scalar>(parameters: &[Tensor<S>], x: &Tensor<S>, output: &[usize]) -> Tensor<S> {
    let mut y = zeros(output);
    forward_units(parameters, x, 0..output[1], &mut y);
    y
}

/// Compute the output features in `features` again.
pub fn forward_units<S: Scalar>(
    parameters: &[Tensor<S>],
    x: &Tensor<S>,
    features: Range<usize>,
    y: &mut Tensor<S>,
) {
    let (inputs, outputs) = (x.shape()[1], y.shape()[1]);
    let weight = values(&parameters[0]);
    let bias = parameters.get(1).map(values);
    if S::HAS_VECTORS || S::IS_VECTOR {
        let dots = Dots {
            x: values(x),
            weights: weight,
            bias,
            inputs,
            outputs,
            features,
            y: values_mut(y),
        };
        return dots.write();
    }
    let rows = values(x)
        .chunks_exact(inputs)
        .zip(values_mut(y).chunks_exact_mut(outputs));
    for (x, y) in rows {
        for o in features.clone() {
            let sum = dot(&weight[o * inputs..][..inputs], x);
            y[o] = bias.map_or(sum, |bias| bias[o] + sum);
        }
    }
}

/// Compute the gradients from dy (N, O):
///
/// ```text
/// dx[n,i] = Σ_o dy[n,o] · W[o,i]
/// dW[o,i] = Σ_n dy[n,o] · x[n,i]
/// db[o]   = Σ_n dy[n,o]
/// ```
#[must_use]
pub fn backward<S: Scalar>(
    parameters: &[Tensor<S>],
    x: &Tensor<S>,
    dy: &Tensor<S>,
) -> LayerGradients<S> {
    let (inputs, outputs) = (x.shape()[1], dy.shape()[1]);
    let mut dx = zeros(x.shape());
    let mut gradients: Vec<Tensor<S>> = parameters
        .iter()
        .map(|tensor| zeros(tensor.shape()))
        .collect();
    let weight = values(&parameters[0]);
    if S::HAS_VECTORS {
        let to_input = Sums {
            a: values(dy),
            steps: [outputs, 1],
            b: weight,
            columns: inputs,
            out: values_mut(&mut dx),
        };
        to_input.write();
        let to_weight = Sums {
            a: values(dy),
            steps: [1, outputs],
            b: values(x),
            columns: inputs,
            out: values_mut(&mut gradients[0]),
        };
        to_weight.write();
        if let Some(db) = gradients.get_mut(1) {
            for dy in values(dy).chunks_exact(outputs) {
                for (db, dy) in values_mut(db).iter_mut().zip(dy) {
                    *db += *dy;
                }
            }
        }
        return LayerGradients {
            input: dx,
            parameters: gradients,
        };
    }
    for (n, dy) in values(dy).chunks_exact(outputs).enumerate() {
        let x = &values(x)[n * inputs..][..inputs];
        let dx = &mut values_mut(&mut dx)[n * inputs..][..inputs];
        add_rows(dx, dy, weight);
        for (o, dy) in dy.iter().enumerate() {
            axpy(
                &mut values_mut(&mut gradients[0])[o * inputs..][..inputs],
                *dy,
                x,
                1,
            );
            if let Some(db) = gradients.get_mut(1) {
                values_mut(db)[o] += *dy;
            }
        }
    }
    LayerGradients {
        input: dx,
        parameters: gradients,
    }
}

/// dx[i] += Σ_o dy[o] · W[o,i], in the order of o.
///
/// Not inlined, since dx overlaps with nothing as an argument: see [`axpy_of_four`].
#[inline(never)]
fn add_rows<S: Scalar>(dx: &mut [S], dy: &[S], weight: &[S]) {
    let inputs = dx.len();
    let (dy_fours, dy_rest) = dy.as_chunks::<4>();
    let (fours, rest) = weight.split_at(4 * dy_fours.len() * inputs);
    for (dy, rows) in dy_fours.iter().zip(fours.chunks_exact(4 * inputs)) {
        let rows = [0, 1, 2, 3].map(|o| &rows[o * inputs..][..inputs]);
        axpy_of_four(dx, *dy, rows, 1);
    }
    for (dy, row) in dy_rest.iter().zip(rest.chunks_exact(inputs)) {
        axpy(dx, *dy, row, 1);
    }
}
