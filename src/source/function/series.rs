//! The slopes of one formula along the ladder, and the one to believe.

use crate::scalar::Format;
use crate::source::Estimate;

use super::rung::Reading;

/// Times the noise level that the error of a slope may be: what differences measure is its root
/// mean square, from a few values, and rounding inside of a function makes errors that go together.
pub(super) const SAFETY: f64 = 16.0;

/// Rungs above a refuting one whose noise counts for it.
const NOISE_WINDOW: usize = 3;

/// The share of a function's variation that a step of a staircase of rounding is at most.
const STAIR: f64 = 1e-3;

/// Units of rounding within which the values of a rung count as one value.
const ROUNDING: f64 = 128.0;

/// The slope with the least bound that no finer rung refutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    /// The slope with its bound.
    pub(super) estimate: Estimate,
    /// The step of its rung.
    pub(super) step: f64,
    /// The noise that the bound allows for.
    pub(super) noise: f64,
    /// Whether a finer rung refuted slopes with smaller bounds.
    pub(super) refuted: bool,
    /// Another slope that may be the true one, and the step from which on it is seen.
    pub(super) other: Option<(f64, f64)>,
    /// The error that noise of size 1 makes.
    gain: f64,
    /// How much the values vary per length on this rung.
    activity: f64,
    /// How much they vary per length on the first rung.
    first_activity: f64,
    /// Whether the values on this rung differ by rounding only.
    constant: bool,
}

impl Pick {
    /// Widen the bound for noise that was seen elsewhere.
    pub(super) fn allow_for(&mut self, noise: f64) {
        if noise > self.noise {
            self.noise = noise;
            self.estimate.error = self.estimate.error.max(SAFETY * self.gain * noise);
        }
    }

    /// Whether the bound is smaller than half of the slope, or, around a point where the slope
    /// vanishes, than half of how steep the function is on the same rung, or a thousandth of how
    /// steep it is on the first.
    ///
    /// Values that differ by rounding only are as good as equal: their slope is 0 within its bound.
    pub(super) fn resolved(&self) -> bool {
        let steep = (0.5 * self.estimate.value.abs())
            .max(0.5 * self.activity)
            .max(1e-3 * self.first_activity);
        self.constant && self.other.is_none() || self.estimate.error <= steep
    }
}

/// Pick from readings in the order of falling steps, at a point of size `point`, of a function that
/// computes in `format`, and whose values are known to be off by up to `noise`.
pub(super) fn pick(readings: &[Reading], point: f64, noise: f64, format: Format) -> Option<Pick> {
    let noises = noises(readings, point, noise, format);
    let as_rounding = ROUNDING * format.unit_roundoff();
    let error = |at: usize, noise: f64| {
        let reading = &readings[at];
        2.0 * reading.truncation + SAFETY * reading.gain * noise / reading.step
    };
    let errors: Vec<f64> = (0..readings.len())
        .map(|at| error(at, noises[at]))
        .collect();
    // Near a rung the noise may be too little to be seen by a few values.
    let doubts: Vec<f64> = (0..readings.len())
        .map(|at| error(at, noises[at.saturating_sub(NOISE_WINDOW)]))
        .collect();
    let mut order: Vec<usize> = (0..readings.len()).collect();
    order.sort_by(|a, b| errors[*a].total_cmp(&errors[*b]));
    let apart = |a: usize, b: usize, error: f64| {
        (readings[a].slope - readings[b].slope).abs() > errors[a] + error
    };
    let varies = |at: usize| readings[at].variation > 0.0;
    // What another slope adds over the length of a finer rung can be less than the noise. Where the
    // noise is that of rounding, the finer rung is no witness.
    let below_noise = |at: usize, j: usize| {
        let rise = (readings[at].slope - readings[j].slope).abs() * readings[j].step;
        rise <= 2.0 * noises[at]
    };
    // The finer rung's magnitude counts: what is rounding far away can be an oscillation here.
    let by_rounding = |at: usize, j: usize| {
        readings[at].both_sides && noises[at] <= as_rounding * readings[j].magnitude
    };
    // Where it is more, and yet little of the function, it may be that of a staircase made by
    // rounding inside, on one of whose tilted steps the finer rung lies, or an oscillation, of which
    // the finer rung tells the truth. Nothing can tell these two from each other: the bound has to
    // cover both.
    let ambiguous =
        |at: usize, j: usize| below_noise(at, j) && noises[at] <= STAIR * readings[at].variation;
    // Equal values are a witness only where rounding cannot have made them equal.
    let flat = |at: usize, j: usize| {
        !varies(j) && readings[at].slope.abs() * readings[j].step > SAFETY * noises[at]
    };
    let refutes = |at: usize, j: usize| {
        flat(at, j)
            || varies(j) && apart(at, j, doubts[j]) && !(by_rounding(at, j) && below_noise(at, j))
    };
    let believed = |at: usize| {
        let coarser =
            !varies(at) && (0..at).any(|j| varies(j) && apart(at, j, errors[j]) && !flat(j, at));
        !coarser && (at + 1..readings.len()).all(|j| !refutes(at, j) || ambiguous(at, j))
    };
    let (rank, &at) = order.iter().enumerate().find(|(_, at)| believed(**at))?;
    let reading = &readings[at];
    let refuting = || (at + 1..readings.len()).filter(|j| refutes(at, *j));
    let other = refuting()
        .next()
        .map(|j| (readings[j].slope, readings[j].step));
    let error = refuting()
        .min_by(|a, b| doubts[*a].total_cmp(&doubts[*b]))
        .map_or(errors[at], |j| {
            errors[at].max((reading.slope - readings[j].slope).abs() + doubts[j])
        });
    Some(Pick {
        estimate: Estimate {
            value: reading.slope,
            error,
        },
        step: reading.step,
        noise: noises[at],
        refuted: rank > 0,
        other,
        gain: reading.gain / reading.step,
        activity: activity(reading),
        first_activity: activity(&readings[0]),
        constant: reading.variation <= as_rounding * reading.magnitude,
    })
}

/// How much values vary per length.
fn activity(reading: &Reading) -> f64 {
    reading.variation / (2.0 * reading.step)
}

/// The noise that each reading has to allow for.
///
/// Noise does not depend on the step, but what is left of a smooth function in its differences
/// falls: a reading takes the largest noise of all finer ones. The last few, which have too few
/// finer ones, take that of their neighbours above: a single rung can look smooth by chance, when
/// its step is near a multiple of the period of an oscillation. It is not below the rounding of
/// the values, nor that of the points at which they are taken.
fn noises(readings: &[Reading], point: f64, least: f64, format: Format) -> Vec<f64> {
    let last_ones = readings.len().saturating_sub(NOISE_WINDOW + 1);
    let mut noise = readings[last_ones..]
        .iter()
        .fold(least, |noise, reading| noise.max(reading.noise));
    let mut noises: Vec<f64> = readings
        .iter()
        .rev()
        .map(|reading| {
            noise = noise.max(reading.noise);
            noise.max(rounding(reading, point, format))
        })
        .collect();
    noises.reverse();
    noises
}

/// Rounding of the values, and of the points at which they are taken.
pub(super) fn rounding(reading: &Reading, point: f64, format: Format) -> f64 {
    let position = (point.abs() + reading.step) * reading.slope.abs();
    format.unit_roundoff() * (reading.magnitude + position)
}
