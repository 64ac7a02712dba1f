//! Slopes that somebody may take for those of gelu, silu, mish and softplus.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use crate::spec::{Approximation, GeluSpec, SoftplusSpec};

use super::activation::{At, SLOPE, Slopes, flag, logistic};
use super::function::{OF_RELU, OF_SILU, OUTPUT, PRODUCT, UNCHANGED, hardswish_slope, similar};

/// Φ(x) and x·φ(x).
fn exact_gelu(x: f64) -> (f64, f64) {
    let distribution = 0.5 * (1.0 + libm::erf(x / SQRT_2));
    let density = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI * (-0.5 * x * x).exp();
    (distribution, x * density)
}

/// The same for gelu by tanh.
fn tanh_gelu(x: f64) -> (f64, f64) {
    let root = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    let t = (root * (x + 0.044_715 * x * x * x)).tanh();
    let inner = root * (1.0 + 3.0 * 0.044_715 * x * x);
    (0.5 * (1.0 + t), 0.5 * x * (1.0 - t * t) * inner)
}

pub(super) fn gelu(GeluSpec { approximate }: GeluSpec) -> Slopes {
    type Parts = fn(f64) -> (f64, f64);
    let by = |(first, second): (f64, f64)| first + second;
    let (own, other, other_words): (Parts, Parts, _) = match approximate {
        Approximation::None => (
            exact_gelu,
            tanh_gelu,
            "the derivative of gelu by tanh, and forward is exact",
        ),
        Approximation::Tanh => (
            tanh_gelu,
            exact_gelu,
            "the derivative of the exact gelu, and forward goes by tanh",
        ),
    };
    let wrong = vec![
        similar(
            other_words,
            "which approximation backward belongs to",
            move |at| by(other(at.x)),
        ),
        similar(
            "the first term of the product rule alone",
            PRODUCT,
            move |at| own(at.x).0,
        ),
        similar(
            "the second term of the product rule alone",
            PRODUCT,
            move |at| own(at.x).1,
        ),
        similar(
            "the derivative with the second term sqrt(2) times too large",
            "the factors of the normal density, 1/sqrt(2 pi)",
            move |at| own(at.x).0 + SQRT_2 * own(at.x).1,
        ),
        similar(
            "the derivative with the second term sqrt(2) times too small",
            "the factors of the normal density, 1/sqrt(2 pi)",
            move |at| own(at.x).0 + FRAC_1_SQRT_2 * own(at.x).1,
        ),
        similar(
            "the derivative with the second term taken away instead of added",
            PRODUCT,
            move |at| own(at.x).0 - own(at.x).1,
        ),
        similar(
            "the first term of the product rule plus the density without x",
            PRODUCT,
            move |at| own(at.x).0 + own(at.x).1 / at.x,
        ),
        similar(
            "the derivative of x times the logistic function of 1.702 x",
            "forward and backward belong to different approximations",
            |at| {
                let s = logistic(1.702 * at.x);
                s + 1.702 * at.x * s * (1.0 - s)
            },
        ),
        similar(OF_SILU, SLOPE, |at| silu_slope(at.x)),
        similar(OF_RELU, SLOPE, |at| flag(at.x > 0.0)),
        similar(UNCHANGED, SLOPE, |_| 1.0),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(move |at| by(own(at.x))), wrong)
}

pub(super) fn silu_slope(x: f64) -> f64 {
    logistic(x) * (1.0 + x * logistic(-x))
}

pub(super) fn silu() -> Slopes {
    let wrong = vec![
        similar(
            "the logistic function alone, the first term of the product rule",
            PRODUCT,
            |at| logistic(at.x),
        ),
        similar("the derivative of the logistic function", PRODUCT, |at| {
            logistic(at.x) * logistic(-at.x)
        }),
        similar(
            "x times the derivative of the logistic function, the second term of the product rule",
            PRODUCT,
            |at| at.x * logistic(at.x) * logistic(-at.x),
        ),
        similar(
            "the derivative with the second term taken away instead of added",
            PRODUCT,
            |at| logistic(at.x) * (1.0 - at.x * logistic(-at.x)),
        ),
        similar(
            "y + y(1 - y), with the output in place of the logistic function",
            "y(1 - y) needs the logistic function's value",
            |at| at.y + at.y * (1.0 - at.y),
        ),
        similar(
            "y(1 - y) of the output",
            "y(1 - y) needs the logistic function's value",
            |at| at.y * (1.0 - at.y),
        ),
        similar("the derivative of hardswish", SLOPE, |at| {
            hardswish_slope(at.x)
        }),
        similar(OF_RELU, SLOPE, |at| flag(at.x > 0.0)),
        similar(UNCHANGED, SLOPE, |_| 1.0),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(|at| silu_slope(at.x)), wrong)
}

/// tanh(softplus(x)) and its slope.
fn mish_parts(x: f64) -> (f64, f64) {
    let t = libm::log1p(x.exp()).tanh();
    (t, (1.0 - t * t) * logistic(x))
}

pub(super) fn mish() -> Slopes {
    let wrong = vec![
        similar(
            "tanh(softplus(x)) alone, the first term of the product rule",
            PRODUCT,
            |at| mish_parts(at.x).0,
        ),
        similar("the second term of the product rule alone", PRODUCT, |at| {
            at.x * mish_parts(at.x).1
        }),
        similar(
            "the derivative without the logistic function, softplus's own slope",
            "the chain rule: softplus has a slope too",
            |at| {
                let (t, _) = mish_parts(at.x);
                t + at.x * (1.0 - t * t)
            },
        ),
        similar(
            "the derivative with the second term taken away instead of added",
            PRODUCT,
            |at| mish_parts(at.x).0 - at.x * mish_parts(at.x).1,
        ),
        similar(OF_SILU, SLOPE, |at| silu_slope(at.x)),
        similar(OF_RELU, SLOPE, |at| flag(at.x > 0.0)),
        similar(UNCHANGED, SLOPE, |_| 1.0),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    let right = |at: At| mish_parts(at.x).0 + at.x * mish_parts(at.x).1;
    (Box::new(right), wrong)
}

pub(super) fn softplus(SoftplusSpec { beta, threshold }: SoftplusSpec) -> Slopes {
    let right = move |at: At| {
        if beta * at.x > threshold {
            1.0
        } else {
            logistic(beta * at.x)
        }
    };
    let wrong = vec![
        similar(
            "the logistic function of x instead of beta x",
            "beta",
            |at| logistic(at.x),
        ),
        similar(
            "beta times the right gradient where the function is curved",
            "the division by beta and the chain rule's beta cancel",
            move |at| {
                if beta * at.x > threshold {
                    1.0
                } else {
                    beta * right(at)
                }
            },
        ),
        similar(
            "the derivative over beta where the function is curved",
            "the division by beta and the chain rule's beta cancel",
            move |at| {
                if beta * at.x > threshold {
                    1.0
                } else {
                    right(at) / beta
                }
            },
        ),
        similar(OF_RELU, SLOPE, |at| flag(at.x > 0.0)),
        similar(
            "the derivative of the logistic function",
            SLOPE,
            move |at| logistic(beta * at.x) * logistic(-beta * at.x),
        ),
        similar(
            "the logistic function of -beta x",
            "the sign of the exponent",
            move |at| logistic(-beta * at.x),
        ),
        similar(
            "the logistic function of the output",
            "the slope needs the input of forward",
            move |at| logistic(beta * at.y),
        ),
        similar(UNCHANGED, SLOPE, |_| 1.0),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(right), wrong)
}
