//! What is found about a derivative.

use std::fmt;

use thiserror::Error;

use crate::source::Estimate;

/// What the values of a function say about its derivative at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// The derivative; one-sided where the function ends at the point.
    Smooth(Estimate),
    /// The slopes on the two sides differ by more than their bounds.
    AtKink {
        /// The derivative from the left.
        left: Estimate,
        /// The derivative from the right.
        right: Estimate,
    },
    /// No number can be given, and why.
    Unresolved(Reason),
    /// The question makes no sense.
    Invalid(InputError),
}

/// Why values say nothing about a derivative, and the way out.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum Reason {
    /// The bound is larger than half of the slope.
    #[error(
        "noise of {noise:.1e} in the values hides the slope: it is {slope:.1e} with an error of up to {error:.1e}; compute in higher precision, make the function deterministic, or take a larger first step"
    )]
    NoiseHidesSlope {
        /// The size of the noise, in units of the function.
        noise: f64,
        /// The slope with the least bound.
        slope: f64,
        /// That bound.
        error: f64,
    },
    /// The values vary at the smallest step as much as at the largest.
    #[error(
        "the values vary by {variation:.1e} at the smallest step {step:.1e} already: noise as large as the function, or an oscillation below the ladder of steps; take a first step that is smaller than its period"
    )]
    Oscillates {
        /// How much the values vary within the smallest step.
        variation: f64,
        /// The smallest step.
        step: f64,
    },
    /// Large and small steps give two slopes, neither of which can be told to be the true one.
    #[error(
        "the slope is {large_steps:.3e} at large steps, {small_steps:.3e} at steps of {step:.1e} and less: values rounded to a staircase, or a small fast oscillation; state the noise level for the first, a first step of that size for the second"
    )]
    TwoSlopes {
        /// The slope at large steps.
        large_steps: f64,
        /// The slope at small steps.
        small_steps: f64,
        /// The largest small step.
        step: f64,
    },
    /// Estimates at successive steps do not settle.
    #[error(
        "slopes at smaller and smaller steps do not settle: the best is {slope:.1e} with an error of up to {error:.1e}; give a first step on the scale on which the function is smooth"
    )]
    DoesNotConverge {
        /// The slope with the least bound.
        slope: f64,
        /// That bound.
        error: f64,
    },
    /// The function's value is not the limit of the values beside it.
    #[error(
        "the function jumps by {height:.1e} on the {side} of the point: it has no derivative there; move the point off the jump"
    )]
    Jump {
        /// On which side.
        side: Side,
        /// The limit on that side less the value at the point.
        height: f64,
    },
    /// Secants grow without limit, as those of √x at 0 do.
    #[error(
        "the slope grows without limit on the {side}: it is {slope:.1e} at step {step:.1e}; the derivative is infinite, move the point away"
    )]
    InfiniteSlope {
        /// On which side.
        side: Side,
        /// The secant's slope at the smallest step above rounding.
        slope: f64,
        /// That step.
        step: f64,
    },
    /// No step leads to finite values.
    #[error(
        "the function is not finite on either side of the point; take a smaller first step, or a point inside of its domain"
    )]
    NotFiniteNearby,
}

/// What is wrong with a question.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum InputError {
    /// The point is NaN or infinite.
    #[error("the point x = {x} is not finite: take a point at which a derivative exists")]
    Point {
        /// The point.
        x: f64,
    },
    /// The step is NaN, infinite, zero or negative.
    #[error("the step h = {step} is not a positive finite number: give one, such as 1e-3")]
    Step {
        /// The step.
        step: f64,
    },
    /// The step is lost in the spacing of numbers around the point.
    #[error(
        "the step h = {step:e} is too small to change x = {x}: take one of at least {least:.1e}"
    )]
    StepTooSmall {
        /// The step.
        step: f64,
        /// The point.
        x: f64,
        /// The least usable step.
        least: f64,
    },
    /// The step leaves the range of numbers.
    #[error("the step h = {step:e} from x = {x:e} leaves the range of f64: take a smaller one")]
    StepTooLarge {
        /// The step.
        step: f64,
        /// The point.
        x: f64,
    },
    /// The noise level is NaN, infinite or negative.
    #[error("the noise level {noise} is not a finite number ≥ 0: leave it out to have it measured")]
    Noise {
        /// The noise level.
        noise: f64,
    },
    /// The function's value at the point is NaN or infinite.
    #[error(
        "the function is {value} at x = {x}: there is no derivative where there is no value; take a point inside of its domain"
    )]
    Value {
        /// The point.
        x: f64,
        /// The function's value.
        value: f64,
    },
}

/// A side of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Below the point.
    Left,
    /// Above the point.
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}
