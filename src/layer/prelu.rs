//! x, or a learned part of it where it is negative; at 0 with the slope of negative inputs, as in
//! PyTorch.
//!
//! n sample · c channel · a the weight, one number or one for each channel
//!
//! ```text
//! y[n,c,…] = x[n,c,…] where that is positive, else a[c]·x[n,c,…]
//! dx = dy or a[c]·dy
//! da[c] = Σ dy·x over the entries of c that are not positive
//! ```

use std::ops::Range;

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::{Branches, LayerGradients, Saved};

/// Where the pieces meet.
pub const ENDS: [f64; 1] = [0.0];

/// The piece that x lies on: 1 where it is positive, or NaN.
#[must_use]
pub fn piece(x: f64) -> u32 {
    u32::from(x > 0.0 || x.is_nan())
}

/// The number of the weight that each entry of a tensor of this shape goes with.
pub fn weight_of(shape: &[usize], weights: usize) -> impl Fn(usize) -> usize + use<> {
    let inner: usize = shape[2..].iter().product();
    let channels = shape[1];
    move |index| {
        if weights == 1 {
            0
        } else {
            index / inner % channels
        }
    }
}

/// Compute y in the shape of x from the weight (1) or (C).
#[must_use]
pub fn forward<S: Scalar>(
    parameters: &[Tensor<S>],
    x: Tensor<S>,
    branches: Branches<'_>,
) -> (Tensor<S>, Saved<S>) {
    let a = values(&parameters[0]);
    let weight_of = weight_of(x.shape(), a.len());
    let (mut y, saved) = branches.map(x, piece, |_, x| x);
    let choices = saved.choices().unwrap_or_default();
    for (index, (y, choice)) in values_mut(&mut y).iter_mut().zip(choices).enumerate() {
        if *choice == 0 {
            *y = a[weight_of(index)] * *y;
        }
    }
    (y, saved)
}

/// Compute again the channels of y in `units`; all of them where one weight stands for all.
pub fn forward_units<S: Scalar>(
    parameters: &[Tensor<S>],
    x: &Tensor<S>,
    units: Range<usize>,
    y: &mut Tensor<S>,
) {
    let a = values(&parameters[0]);
    let weight_of = weight_of(x.shape(), a.len());
    for (index, (y, x)) in values_mut(y).iter_mut().zip(values(x)).enumerate() {
        if a.len() > 1 && !units.contains(&weight_of(index)) {
            continue;
        }
        *y = if piece(x.primal()) == 0 {
            a[weight_of(index)] * *x
        } else {
            *x
        };
    }
}

/// Compute dx in the shape of x and da in that of the weight.
#[must_use]
pub fn backward<S: Scalar>(
    parameters: &[Tensor<S>],
    choices: &[u32],
    x: &Tensor<S>,
    mut dy: Tensor<S>,
) -> LayerGradients<S> {
    let a = values(&parameters[0]);
    let weight_of = weight_of(x.shape(), a.len());
    let mut da: Tensor<S> = zeros(parameters[0].shape());
    let sums = values_mut(&mut da);
    for (index, (dy, x)) in values_mut(&mut dy).iter_mut().zip(values(x)).enumerate() {
        if choices[index] == 0 {
            sums[weight_of(index)].add_product(dy, x);
            *dy = a[weight_of(index)] * *dy;
        }
    }
    LayerGradients {
        input: dy,
        parameters: vec![da],
    }
}
