//! Activations from dfdx's comparison and choice, exp, ln, tanh, sin and matmul.
//!
//! A branch is cut out of its input before the function that belongs to it: e^x of an input that
//! another branch takes would overflow, and its slope be 0·∞.
//!
//! dfdx 0.13's own gelu is wrong (its density is √2 too large), and an error function it has not:
//! [`erf`] is a Fourier series.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI, SQRT_2};

use dfdx::prelude::{
    Axis, BroadcastTo, ChooseFrom, Cpu, GatherTo, HasShape, OwnedTape, ReshapeTo, SumTo, Tensor,
    TensorFromVec, Trace, TryGe, TryLe, TryLt, TryMatMul,
};

use crate::layer::{Activation as Function, dropout, selu};
use crate::network::NetworkLayer;
use crate::scalar::{DoubleDouble, Scalar};
use crate::spec::{Approximation, DropoutSpec};

use super::{Activation, Leaf, Leaves, Taped};

type Plain = Tensor<(usize, usize), f64, Cpu>;

/// Half of the period of the series for erf; up to [`FAR`] its repetitions are below 10⁻²⁰.
const HALF_PERIOD: f64 = 6.5;

/// From here on 1 − erf is below 10⁻¹⁷.
const FAR: f64 = 6.25;

/// What `f64` leaves out of π.
const REST_OF_PI: f64 = 1.224_646_799_147_353_2e-16;

/// Terms of the series: the next is below 10⁻²⁰.
const TERMS: usize = 28;

/// Run one activation.
pub(super) fn forward(
    function: &Function,
    layer: &NetworkLayer,
    leaves: &Leaves,
    x: Activation,
) -> Activation {
    match function {
        Function::LeakyRelu(spec) => {
            let below = negative(leaves, again(&x)) * spec.negative_slope;
            positive(leaves, x) + below
        }
        Function::Elu(spec) => elu(leaves, spec.alpha, x),
        Function::Selu => elu(leaves, selu::ALPHA, x) * selu::LAMBDA,
        Function::Gelu(spec) => {
            let t = match spec.approximate {
                Approximation::None => erf(leaves, again(&x) * FRAC_1_SQRT_2),
                Approximation::Tanh => {
                    let cube = again(&x).square() * again(&x);
                    let inner = again(&x) + cube * 0.044_715;
                    (inner * (SQRT_2 * FRAC_2_SQRT_PI * 0.5)).tanh()
                }
            };
            x * ((t + 1.0) * 0.5)
        }
        Function::Silu => again(&x) * x.sigmoid(),
        Function::Mish => again(&x) * tanh_of_softplus(leaves, x),
        Function::Softplus(spec) => {
            let z = again(&x) * spec.beta;
            let is_curved = z.le(spec.threshold);
            is_curved.choose(ln_of_one_plus_exp(leaves, z) / spec.beta, x)
        }
        Function::Hardswish => {
            let curve = again(&x) * ((again(&x) + 3.0) / 6.0);
            let zero = constant(leaves, 0.0, &x);
            let (is_below, is_curved) = (x.le(-3.0), x.lt(3.0));
            is_below.choose(zero, is_curved.choose(curve, x))
        }
        Function::Hardtanh(spec) => between(leaves, spec.min_val, spec.max_val, x),
        Function::Softmax(spec) => {
            let axis = spec.axis(layer.input.len()).expect("an axis of the input");
            softmax(leaves, layer, axis, x)
        }
        Function::LogSoftmax(spec) => {
            let axis = spec.axis(layer.input.len()).expect("an axis of the input");
            log_softmax(leaves, layer, axis, x)
        }
    }
}

/// Compute max(x, 0) + a·min(x, 0), a gathered for every feature.
pub(super) fn prelu(
    layer: &NetworkLayer,
    leaves: &Leaves,
    own: &[Leaf],
    x: Activation,
) -> Activation {
    let shape = *x.shape();
    let (weights, inner) = (own[0].shape().0, shape.0 / layer.input[1]);
    let of_feature = (0..shape.0).map(|row| if weights == 1 { 0 } else { row / inner });
    let places = leaves
        .device
        .tensor_from_vec(of_feature.collect(), (shape.0,));
    let slopes: Taped<(usize,)> = own[0].leaky_trace().gather(places);
    let slopes: Activation = slopes.broadcast_like::<_, Axis<1>>(&shape);
    positive(leaves, again(&x)) + negative(leaves, x) * slopes
}

/// Multiply by the mask over 1 − p.
pub(super) fn dropout(
    spec: DropoutSpec,
    layer: &NetworkLayer,
    leaves: &Leaves,
    x: Activation,
) -> Activation {
    let shape = *x.shape();
    let (features, batch) = (shape.0, layer.input[0]);
    let factor = |row: usize, n: usize| {
        let keeps = dropout::keeps(spec, n * features + row);
        if keeps { dropout::scale(spec) } else { 0.0 }
    };
    let factors = (0..features).flat_map(|row| (0..batch).map(move |n| factor(row, n)));
    let mask: Plain = leaves.device.tensor_from_vec(factors.collect(), shape);
    x * mask
}

/// The same tensor for one more use.
fn again<Shape: dfdx::prelude::Shape>(x: &Taped<Shape>) -> Taped<Shape> {
    x.retaped::<OwnedTape<f64, Cpu>>()
}

fn constant(leaves: &Leaves, value: f64, like: &Activation) -> Taped<(usize, usize)> {
    let shape = *like.shape();
    let plain: Plain = leaves
        .device
        .tensor_from_vec(vec![value; shape.0 * shape.1], shape);
    plain.retaped()
}

/// Take x where it is positive, or NaN, else 0.
fn positive(leaves: &Leaves, x: Activation) -> Activation {
    let is_positive = !x.le(0.0);
    let zero = constant(leaves, 0.0, &x);
    is_positive.choose(x, zero)
}

/// Take x where it is 0 or negative, else 0.
fn negative(leaves: &Leaves, x: Activation) -> Activation {
    let is_negative = x.le(0.0);
    let zero = constant(leaves, 0.0, &x);
    is_negative.choose(x, zero)
}

/// Take x between two ends, else the end.
fn between(leaves: &Leaves, low: f64, high: f64, x: Activation) -> Activation {
    let (is_below, is_above) = (x.le(low), x.ge(high));
    let (low, high) = (constant(leaves, low, &x), constant(leaves, high, &x));
    is_below.choose(low, is_above.choose(high, x))
}

fn elu(leaves: &Leaves, alpha: f64, x: Activation) -> Activation {
    let below = (negative(leaves, again(&x)).exp() - 1.0) * alpha;
    positive(leaves, x) + below
}

/// Compute ln(1 + e^z) = max(z, 0) + ln(1 + e^−|z|).
///
/// −|z| is min(z, 0) − max(z, 0), whose slope at 0 is 1: with the slope 0 of the first term the sum
/// has there the slope ½ that it should have.
fn ln_of_one_plus_exp(leaves: &Leaves, z: Activation) -> Activation {
    let above = positive(leaves, again(&z));
    let minus_size = negative(leaves, z) - again(&above);
    above + (minus_size.exp() + 1.0).ln()
}

/// Compute tanh(ln(1 + e^z)), a quotient of polynomials in e^−|z|, relatively exact on both sides.
fn tanh_of_softplus(leaves: &Leaves, z: Activation) -> Activation {
    let is_above = !z.le(0.0);
    let n = negative(leaves, again(&z)).exp();
    let below = again(&n) * (n + 2.0);
    let below = again(&below) / (below + 2.0);
    let m = (positive(leaves, z) * -1.0).exp();
    let top = again(&m) * 2.0 + 1.0;
    let above = again(&top) / (top + m.square() * 2.0);
    is_above.choose(above, below)
}

/// Compute erf z = z/p + Σₙ 2/(πn)·e^−(πn/2p)²·sin(πnz/p), the integral of a Gauss curve that repeats
/// itself every 2p (Poisson's formula, term by term).
fn erf(leaves: &Leaves, z: Activation) -> Activation {
    let shape = *z.shape();
    let count = shape.0 * shape.1;
    let z: Taped<(usize, usize)> = between(leaves, -FAR, FAR, z).reshape_like(&(1, count));
    let numbers = || (1..=TERMS).map(|n| PI * n as f64);
    let frequencies = numbers().map(|pi_n| pi_n / HALF_PERIOD).collect();
    let weights = numbers().map(|pi_n| 2.0 / pi_n * (-(pi_n / (2.0 * HALF_PERIOD)).powi(2)).exp());
    let frequencies: Plain = leaves.device.tensor_from_vec(frequencies, (TERMS, 1));
    let weights: Plain = leaves.device.tensor_from_vec(weights.collect(), (1, TERMS));
    let angles = frequencies
        .retaped::<OwnedTape<f64, Cpu>>()
        .matmul(again(&z));
    // An angle of many turns is rounded as the large number that it is, and where erf is near ±1 that is all
    // that is left of 1 ∓ erf. In its place goes the angle without its turns: the slope is the same.
    let as_they_are: Plain = leaves
        .device
        .tensor_from_vec(angles.as_vec(), (TERMS, count));
    let without_turns: Plain = leaves
        .device
        .tensor_from_vec(without_turns(&z.as_vec()), (TERMS, count));
    let waves = (angles - as_they_are + without_turns).sin();
    let sum = weights.retaped::<OwnedTape<f64, Cpu>>().matmul(waves);
    (z / HALF_PERIOD + sum).reshape_like(&shape)
}

/// πnz/p less whole turns, for n from 1 to [`TERMS`] and every z, each to its last digit.
fn without_turns(z: &[f64]) -> Vec<f64> {
    let pi = DoubleDouble::constant(PI) + DoubleDouble::constant(REST_OF_PI);
    let angle = |half_turns: DoubleDouble| {
        let turns = (half_turns.primal() / 2.0).round();
        (pi * (half_turns - DoubleDouble::constant(2.0 * turns))).primal()
    };
    let period = DoubleDouble::constant(HALF_PERIOD);
    let shares = (1..=TERMS).map(|n| DoubleDouble::constant(n as f64) / period);
    let angles = shares.flat_map(|share| z.iter().map(move |z| share * DoubleDouble::constant(*z)));
    angles.map(angle).collect()
}

/// Entries by their place before, on and after an axis; the batch is the last.
type Lines = Taped<(usize, usize, usize)>;

/// x − max x along the axis; the maximum is a constant, since it cancels.
fn shifted(leaves: &Leaves, layer: &NetworkLayer, axis: usize, x: Activation) -> Lines {
    let size = |axes: &[usize]| axes.iter().product::<usize>();
    let outer = size(&layer.input[1..axis]);
    let length = layer.input[axis];
    let inner = size(&layer.input[axis + 1..]) * layer.input[0];
    let shape = (outer, length, inner);
    let values = x.as_vec();
    let place = |index: usize| (index / (length * inner), index % inner);
    let mut largest = vec![f64::NEG_INFINITY; outer * inner];
    for (index, value) in values.iter().enumerate() {
        let (before, behind) = place(index);
        let largest = &mut largest[before * inner + behind];
        *largest = largest.max(*value);
    }
    let shift = (0..values.len()).map(|index| {
        let (before, behind) = place(index);
        largest[before * inner + behind]
    });
    let shift: Tensor<(usize, usize, usize), f64, Cpu> =
        leaves.device.tensor_from_vec(shift.collect(), shape);
    let lines: Lines = x.reshape_like(&shape);
    lines - shift
}

fn softmax(leaves: &Leaves, layer: &NetworkLayer, axis: usize, x: Activation) -> Activation {
    let shape = *x.shape();
    let exponentials = shifted(leaves, layer, axis, x).exp();
    let lines = *exponentials.shape();
    let total: Taped<(usize, usize)> = again(&exponentials).sum::<_, Axis<1>>();
    let total: Lines = total.broadcast_like::<_, Axis<1>>(&lines);
    (exponentials / total).reshape_like(&shape)
}

fn log_softmax(leaves: &Leaves, layer: &NetworkLayer, axis: usize, x: Activation) -> Activation {
    let shape = *x.shape();
    let x = shifted(leaves, layer, axis, x);
    let lines = *x.shape();
    let total: Taped<(usize, usize)> = again(&x).exp().sum::<_, Axis<1>>();
    let logarithm: Lines = total.ln().broadcast_like::<_, Axis<1>>(&lines);
    (x - logarithm).reshape_like(&shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_error_function_to_its_last_digits() {
        // erfc of −5 to −1, to 17 digits: 1 + erf is as good as erf is.
        let z = [-5.0, -4.0, -3.0, -2.0, -1.0];
        let angles = without_turns(&z);
        for (at, z) in z.into_iter().enumerate() {
            let term = |n: usize| {
                let pi_n = PI * (n + 1) as f64;
                let weight = 2.0 / pi_n * (-(pi_n / (2.0 * HALF_PERIOD)).powi(2)).exp();
                weight * angles[n * 5 + at].sin()
            };
            let erf = (0..TERMS).map(term).sum::<f64>() + z / HALF_PERIOD;
            let error = (erf - libm::erf(z)).abs();
            assert!(error <= 5e-16, "erf {z}: {erf}, off by {error:e}");
        }
    }
}
