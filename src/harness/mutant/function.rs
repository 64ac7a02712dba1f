//! Faults in the backward of activations beyond ReLU, tanh and the logistic function, and the naive
//! backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::layer::{Activation, Line};
use crate::scalar::Scalar;
use crate::spec::Approximation;
use crate::tensor::{Tensor, values, values_mut};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ActivationFault {
    LeakyBranchSwapped,
    LeakyMaskMissing,
    LeakySlopeMissing,
    EluAlphaMissing,
    EluOutputOnly,
    EluMaskMissing,
    SeluScaleMissing,
    SeluAlphaMissing,
    GeluOtherApproximation,
    GeluDensityMissing,
    GeluDensityTooLarge,
    SiluProductMissing,
    SiluSigmoidDerivative,
    MishProductMissing,
    MishSiluDerivative,
    SoftplusBetaMissing,
    SoftplusRelu,
    HardswishProductMissing,
    HardswishSilu,
    HardtanhMaskMissing,
    HardtanhBranchSwapped,
    SoftmaxCrossTermsMissing,
    SoftmaxOutputOnly,
    LogSoftmaxSumMissing,
    LogSoftmaxOwnTermOnly,
}

use ActivationFault as F;

impl ActivationFault {
    /// The operator that it is in.
    pub(super) fn subject(self) -> &'static str {
        match self {
            F::LeakyBranchSwapped | F::LeakyMaskMissing | F::LeakySlopeMissing => "leaky_relu",
            F::EluAlphaMissing | F::EluOutputOnly | F::EluMaskMissing => "elu",
            F::SeluScaleMissing | F::SeluAlphaMissing => "selu",
            F::GeluOtherApproximation | F::GeluDensityMissing | F::GeluDensityTooLarge => "gelu",
            F::SiluProductMissing | F::SiluSigmoidDerivative => "silu",
            F::MishProductMissing | F::MishSiluDerivative => "mish",
            F::SoftplusBetaMissing | F::SoftplusRelu => "softplus",
            F::HardswishProductMissing | F::HardswishSilu => "hardswish",
            F::HardtanhMaskMissing | F::HardtanhBranchSwapped => "hardtanh",
            F::SoftmaxCrossTermsMissing | F::SoftmaxOutputOnly => "softmax",
            F::LogSoftmaxSumMissing | F::LogSoftmaxOwnTermOnly => "log_softmax",
        }
    }

    /// Whether it can be planted in `activation`.
    pub(super) fn lives_in(self, activation: Activation) -> bool {
        self.subject() == subject(activation)
    }
}

fn subject(activation: Activation) -> &'static str {
    match activation {
        Activation::LeakyRelu(_) => "leaky_relu",
        Activation::Elu(_) => "elu",
        Activation::Selu => "selu",
        Activation::Gelu(_) => "gelu",
        Activation::Silu => "silu",
        Activation::Mish => "mish",
        Activation::Softplus(_) => "softplus",
        Activation::Hardswish => "hardswish",
        Activation::Hardtanh(_) => "hardtanh",
        Activation::Softmax(_) => "softmax",
        Activation::LogSoftmax(_) => "log_softmax",
    }
}

/// Every mutant of these activations.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    const fn new(fault: F, name: &'static str, words: &'static str, expected: BugKind) -> Mutant {
        Mutant::new(Fault::Activation(fault), name, words, Some(expected))
    }
    [
        new(F::LeakyBranchSwapped, "branch_swapped", "the slope is 1 where the input is negative, and negative_slope elsewhere", Kind::WrongBranch),
        new(F::LeakyMaskMissing, "mask_missing", "it passes dy on everywhere", Kind::WrongBranch),
        new(F::LeakySlopeMissing, "slope_missing", "the slope is 0 where the input is negative, as of a ReLU", Kind::ApproximateDerivative),
        new(F::EluAlphaMissing, "alpha_missing", "the slope of negative inputs is e^x, without α", Kind::ApproximateDerivative),
        new(F::EluOutputOnly, "output_only", "the slope of negative inputs is y instead of y + α", Kind::ApproximateDerivative),
        new(F::EluMaskMissing, "mask_missing", "it passes dy on everywhere", Kind::WrongBranch),
        new(F::SeluScaleMissing, "scale_missing", "the factor λ is left out", Kind::Factor(Factor::Other(0.95))),
        new(F::SeluAlphaMissing, "alpha_missing", "the slope of negative inputs is λ·e^x, without α", Kind::ApproximateDerivative),
        new(F::GeluOtherApproximation, "other_approximation", "the slope belongs to gelu by tanh where forward is exact, and the other way round", Kind::ApproximateDerivative),
        new(F::GeluDensityMissing, "density_missing", "the slope is Φ(x) alone: the product rule's second term is missing", Kind::ApproximateDerivative),
        new(F::GeluDensityTooLarge, "density_too_large", "the product rule's second term is √2 times too large", Kind::ApproximateDerivative),
        new(F::SiluProductMissing, "product_missing", "the slope is σ(x) alone: the product rule's second term is missing", Kind::ApproximateDerivative),
        new(F::SiluSigmoidDerivative, "sigmoid_derivative", "the slope is the logistic function's", Kind::ApproximateDerivative),
        new(F::MishProductMissing, "product_missing", "the slope is tanh(softplus(x)) alone: the product rule's second term is missing", Kind::ApproximateDerivative),
        new(F::MishSiluDerivative, "silu_derivative", "the slope is silu's", Kind::ApproximateDerivative),
        new(F::SoftplusBetaMissing, "beta_missing", "the slope is σ(x) instead of σ(β·x)", Kind::ApproximateDerivative),
        new(F::SoftplusRelu, "relu_derivative", "the slope is a ReLU's", Kind::ApproximateDerivative),
        new(F::HardswishProductMissing, "product_missing", "the slope within ±3 is (x + 3)/6: the product rule's second term is missing", Kind::ApproximateDerivative),
        new(F::HardswishSilu, "silu_derivative", "the slope is silu's", Kind::ApproximateDerivative),
        new(F::HardtanhMaskMissing, "mask_missing", "it passes dy on everywhere", Kind::WrongBranch),
        new(F::HardtanhBranchSwapped, "branch_swapped", "it passes dy on outside of the bounds, and only there", Kind::WrongBranch),
        new(F::SoftmaxCrossTermsMissing, "cross_terms_missing", "dx is dy·y·(1 − y): the other entries' part is missing", Kind::ApproximateDerivative),
        new(F::SoftmaxOutputOnly, "output_only", "dx is dy·y: the sum is missing", Kind::ApproximateDerivative),
        new(F::LogSoftmaxSumMissing, "sum_missing", "it passes dy on: the sum is missing", Kind::ApproximateDerivative),
        new(F::LogSoftmaxOwnTermOnly, "cross_terms_missing", "dx is dy·(1 − e^y): the other entries' part is missing", Kind::ApproximateDerivative),
    ]
};

/// Compute dx from the layer's input.
pub(super) fn backward<S: Scalar>(activation: Activation, pass: &Pass<'_, S>) -> Tensor<S> {
    let fault = match pass.fault {
        Some(Fault::Activation(fault)) => Some(fault),
        _ => None,
    };
    match activation {
        Activation::Softmax(spec) => {
            let axis = spec.axis(pass.x.ndim()).expect("an axis of the input");
            by_line(pass, axis, |share, dy, k| softmax(share, dy, k, fault))
        }
        Activation::LogSoftmax(spec) => {
            let axis = spec.axis(pass.x.ndim()).expect("an axis of the input");
            by_line(pass, axis, |share, dy, k| log_softmax(share, dy, k, fault))
        }
        _ => {
            let mut dx = pass.dy.clone();
            for (number, (dx, x)) in dx.iter_mut().zip(pass.x).enumerate() {
                let choice = pass.branches.map(|branches| branches[number]);
                *dx = *dx * slope(activation, *x, choice, fault);
            }
            dx
        }
    }
}

/// The slope at x, on the branch of this number, or on that of x.
fn slope<S: Scalar>(
    activation: Activation,
    x: S,
    choice: Option<u32>,
    fault: Option<ActivationFault>,
) -> S {
    let has = |wanted| fault == Some(wanted);
    let [zero, one] = [0.0, 1.0].map(S::constant);
    let value = x.primal();
    let is_above = |end: f64| choice.map_or(value > end, |choice| choice == 1);
    // 0 below, 1 between, 2 above both ends.
    let place =
        |low: f64, high: f64| choice.unwrap_or(u32::from(value > low) + u32::from(value >= high));
    match activation {
        Activation::LeakyRelu(spec) => {
            let below = S::constant(spec.negative_slope);
            match is_above(0.0) {
                _ if has(F::LeakyMaskMissing) => one,
                is_above if is_above != has(F::LeakyBranchSwapped) => one,
                _ if has(F::LeakySlopeMissing) => zero,
                _ => below,
            }
        }
        Activation::Elu(spec) => {
            let alpha = S::constant(spec.alpha);
            if is_above(0.0) || has(F::EluMaskMissing) {
                return one;
            }
            match () {
                () if has(F::EluAlphaMissing) => x.exp(),
                () if has(F::EluOutputOnly) => alpha * (x.exp() - one),
                () => alpha / (-x).exp(),
            }
        }
        Activation::Selu => {
            let [alpha, lambda] =
                [1.673_263_242_354_377_2, 1.050_700_987_355_480_5].map(S::constant);
            let inner = match is_above(0.0) {
                true => one,
                false if has(F::SeluAlphaMissing) => x.exp(),
                false => alpha / (-x).exp(),
            };
            if has(F::SeluScaleMissing) {
                inner
            } else {
                inner * lambda
            }
        }
        Activation::Gelu(spec) => {
            let is_exact =
                (spec.approximate == Approximation::None) != has(F::GeluOtherApproximation);
            let (first, second) = if is_exact {
                exact_gelu(x)
            } else {
                tanh_gelu(x)
            };
            match () {
                () if has(F::GeluDensityMissing) => first,
                () if has(F::GeluDensityTooLarge) => first + S::constant(2.0).sqrt() * second,
                () => first + second,
            }
        }
        Activation::Silu if has(F::SiluProductMissing) => sigma(x),
        Activation::Silu if has(F::SiluSigmoidDerivative) => sigma(x) * sigma(-x),
        Activation::Silu => silu(x),
        Activation::Mish => {
            // tanh(ln a) = (a² − 1)/(a² + 1), and a² − 1 = e^x·(a + 1): far below 0, where a is almost 1,
            // the difference would have few digits.
            let a = one + x.exp();
            let t = x.exp() * (a + one) / (a * a + one);
            let slope = S::constant(4.0) * a * x.exp() / ((a * a + one) * (a * a + one));
            match () {
                () if has(F::MishProductMissing) => t,
                () if has(F::MishSiluDerivative) => silu(x),
                () => t + x * slope,
            }
        }
        Activation::Softplus(spec) => match () {
            () if has(F::SoftplusRelu) => S::constant(if value > 0.0 { 1.0 } else { 0.0 }),
            () if is_above(spec.threshold / spec.beta) => one,
            () if has(F::SoftplusBetaMissing) => sigma(x),
            () => sigma(S::constant(spec.beta) * x),
        },
        Activation::Hardswish if has(F::HardswishSilu) => silu(x),
        Activation::Hardswish => match place(-3.0, 3.0) {
            0 => zero,
            1 if has(F::HardswishProductMissing) => (x + S::constant(3.0)) / S::constant(6.0),
            1 => x / S::constant(3.0) + S::constant(0.5),
            _ => one,
        },
        Activation::Hardtanh(spec) => {
            let is_between = place(spec.min_val, spec.max_val) == 1;
            let passes = has(F::HardtanhMaskMissing) || is_between != has(F::HardtanhBranchSwapped);
            if passes { one } else { zero }
        }
        Activation::Softmax(_) | Activation::LogSoftmax(_) => {
            unreachable!("an entry of a softmax is not alone")
        }
    }
}

fn sigma<S: Scalar>(x: S) -> S {
    S::one() / (S::one() + (-x).exp())
}

fn silu<S: Scalar>(x: S) -> S {
    sigma(x) + x * sigma(x) * sigma(-x)
}

/// Φ(x) and x·φ(x).
fn exact_gelu<S: Scalar>(x: S) -> (S, S) {
    let half = S::constant(0.5);
    // 2/√π in two parts.
    let two_over_root_pi =
        S::constant(std::f64::consts::FRAC_2_SQRT_PI) + S::constant(1.533_545_961_316_588e-17);
    let z = x / S::constant(2.0).sqrt();
    let distribution = half + half * z.erf();
    (distribution, half * z * two_over_root_pi * (-(z * z)).exp())
}

/// The same for gelu by tanh: σ(2u) and its slope.
fn tanh_gelu<S: Scalar>(x: S) -> (S, S) {
    let twice =
        S::constant(2.0 * (std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2));
    let cubic = S::constant(0.044_715);
    let u = twice * (x + cubic * x * x * x);
    let slope = twice * (S::one() + S::constant(3.0 * 0.044_715) * x * x);
    (sigma(u), x * slope * sigma(u) * sigma(-u))
}

/// Compute dx along every line of x by `dx` of the softmax, dy and the entry.
fn by_line<S: Scalar>(
    pass: &Pass<'_, S>,
    axis: usize,
    dx: impl Fn(&[S], &[S], usize) -> S,
) -> Tensor<S> {
    let mut all = pass.dy.clone();
    for line in Line::all(pass.x.shape(), axis) {
        let of = |tensor: &Tensor<S>| -> Vec<S> {
            line.entries().map(|at| values(tensor)[at]).collect()
        };
        let (x, dy) = (of(pass.x), of(pass.dy));
        // 1/Σ_j e^(x[j] − x[k])
        let share: Vec<S> = x
            .iter()
            .map(|own| {
                let mut sum = S::zero();
                for other in &x {
                    sum += (*other - *own).exp();
                }
                S::one() / sum
            })
            .collect();
        for (k, at) in line.entries().enumerate() {
            values_mut(&mut all)[at] = dx(&share, &dy, k);
        }
    }
    all
}

/// Σ_j dy[j]·∂y[j]/∂x[k] of y = softmax x.
fn softmax<S: Scalar>(y: &[S], dy: &[S], k: usize, fault: Option<ActivationFault>) -> S {
    let own = match fault {
        Some(F::SoftmaxOutputOnly) => return dy[k] * y[k],
        Some(F::SoftmaxCrossTermsMissing) => return dy[k] * y[k] * (S::one() - y[k]),
        _ => dy[k] * y[k],
    };
    let mut all = S::zero();
    for (y, dy) in y.iter().zip(dy) {
        all += *dy * *y;
    }
    own - y[k] * all
}

/// The same of its logarithm.
fn log_softmax<S: Scalar>(p: &[S], dy: &[S], k: usize, fault: Option<ActivationFault>) -> S {
    match fault {
        Some(F::LogSoftmaxSumMissing) => return dy[k],
        Some(F::LogSoftmaxOwnTermOnly) => return dy[k] * (S::one() - p[k]),
        _ => (),
    }
    let mut total = S::zero();
    for dy in dy {
        total += *dy;
    }
    dy[k] - p[k] * total
}
