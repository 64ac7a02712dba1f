//! The derivative at a point, by a ladder of steps.

use crate::scalar::Format;

use super::finding::{Finding, InputError, Reason, Side};
use super::rung::{PER_SIDE, Reading, Rung, VALUES, range};
use super::series::{Pick, SAFETY, pick, rounding};

/// Rungs of the ladder: from the first step to 2⁻⁶³ of it.
const MOST_RUNGS: usize = 64;

/// The most evaluations that [`derivative`] makes: nine for the first rung, four for each further,
/// and one between the values of the rung that is believed, for each formula and side.
pub const MOST_EVALUATIONS: usize = VALUES + PER_SIDE * (MOST_RUNGS - 1) + 4;

/// Where between the values of a rung a slope is put to the test, in units of δ: 4 times the golden
/// ratio, so that an oscillation in step with the rungs is out of step with it.
const BETWEEN: f64 = 4.0 * 0.618_033_988_749_894_9;

/// The first step over the point's size, or over 1 where the point is smaller than that.
///
/// With nine values on a rung, the truncation error of a function whose scale is 1 is at rounding here.
const FIRST_STEP: f64 = 1.0 / 16.0;

/// Distances smaller than this many spacings of numbers around the point are not tried.
const LEAST_SPACINGS: f64 = 4.0;

/// Rungs in a row on which secants must grow before the slope is called infinite.
const GROWING_RUNGS: usize = 10;

/// Rounding errors that a difference must exceed for its secant to count.
const ABOVE_ROUNDING: f64 = 64.0;

/// The noise that the differences of a rung show at a kink in the middle, over the change of slope
/// and the step: C(6, 3)/√C(16, 8)/4.
const KINK_LEVEL: f64 = 0.044;

/// What is known beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LadderOptions {
    /// The largest step to try, rounded down to a power of two; by default 1/16 of the point's
    /// size, or of 1 where the point is smaller than that. Nothing below 2⁻⁶³ of it is seen.
    pub first_step: Option<f64>,
    /// A bound on the error of the function's values, when it is known; noise is measured in any
    /// case, and the larger of the two counts.
    pub noise: Option<f64>,
    /// The arithmetic of the function, and of the points that it is given: no step is so small that
    /// `f32`, say, would not see it.
    pub format: Format,
}

/// Find the derivative of `f` at `x`, its one-sided derivatives at a kink, or why there is none.
///
/// `f` is called at most [`MOST_EVALUATIONS`] = 265 times, about 190 times where |x| is near 1, and
/// not further from `x` than the first step. It may answer NaN or infinity: steps on which it does
/// are not used, and where all steps on one side are like that, the other side decides.
///
/// ```
/// use gradproof::source::{Finding, LadderOptions, derivative};
///
/// // 2·x·cos(x²) at 1 is 2·cos 1.
/// let Finding::Smooth(estimate) = derivative(|x| (x * x).sin(), 1.0, &LadderOptions::default()) else {
///     unreachable!()
/// };
/// assert!((estimate.value - 2.0 * 1.0_f64.cos()).abs() <= estimate.error);
/// assert!(estimate.error < 1e-11);
///
/// let Finding::AtKink { left, right } = derivative(f64::abs, 0.0, &LadderOptions::default()) else {
///     unreachable!()
/// };
/// assert!((left.value + 1.0).abs() <= left.error && (right.value - 1.0).abs() <= right.error);
/// ```
#[must_use]
pub fn derivative(mut f: impl FnMut(f64) -> f64, x: f64, options: &LadderOptions) -> Finding {
    match ladder(&mut f, x, options) {
        Ok(ladder) => ladder.finding(&mut f),
        Err(error) => Finding::Invalid(error),
    }
}

/// All that is evaluated.
struct Ladder {
    x: f64,
    noise: f64,
    format: Format,
    /// By falling step.
    rungs: Vec<Rung>,
}

/// Evaluate `f` on the ladder.
fn ladder(
    f: &mut impl FnMut(f64) -> f64,
    x: f64,
    options: &LadderOptions,
) -> Result<Ladder, InputError> {
    if !x.is_finite() {
        return Err(InputError::Point { x });
    }
    let noise = options.noise.unwrap_or(0.0);
    if !(noise.is_finite() && noise >= 0.0) {
        return Err(InputError::Noise { noise });
    }
    let step = options
        .first_step
        .unwrap_or_else(|| FIRST_STEP * x.abs().max(1.0));
    check_step(step, x)?;
    // Powers of two keep the distances between points exact.
    let first = f64::exp2(step.log2().floor());
    let format = options.format;
    let least = least_spacing(x, format);
    if first / (PER_SIDE as f64) < least {
        let least = 2.0 * PER_SIDE as f64 * least;
        return Err(InputError::StepTooSmall { step, x, least });
    }
    let value = f(x);
    if !value.is_finite() {
        return Err(InputError::Value { x, value });
    }
    let mut rungs: Vec<Rung> = Vec::new();
    let mut step = first;
    while rungs.len() < MOST_RUNGS && step / PER_SIDE as f64 >= least {
        let spacing = step / PER_SIDE as f64;
        let mut values = [value; VALUES];
        for (at, slot) in values.iter_mut().enumerate() {
            let j = at as i32 - PER_SIDE as i32;
            if j == 0 {
                continue;
            }
            *slot = match rungs.last() {
                Some(above) if j % 2 == 0 => above.values[(PER_SIDE as i32 + j / 2) as usize],
                _ => f(x + f64::from(j) * spacing),
            };
        }
        rungs.push(Rung { step, values });
        step /= 2.0;
    }
    Ok(Ladder {
        x,
        noise,
        format,
        rungs,
    })
}

/// Refuse a step that is not one, or that leads out of the range of numbers.
pub(super) fn check_step(step: f64, x: f64) -> Result<(), InputError> {
    if !(step.is_finite() && step > 0.0) {
        return Err(InputError::Step { step });
    }
    if !((x.abs() + step) * 2.0).is_finite() {
        return Err(InputError::StepTooLarge { step, x });
    }
    Ok(())
}

/// The least distance of two points near `x` that is known to some digits.
pub(super) fn least_spacing(x: f64, format: Format) -> f64 {
    let epsilon = 2.0 * format.unit_roundoff();
    LEAST_SPACINGS * epsilon * x.abs().max(format.smallest_normal() / epsilon)
}

impl Ladder {
    fn finding(&self, f: &mut impl FnMut(f64) -> f64) -> Finding {
        if let Some(reason) = self.divergence(Side::Left).or(self.divergence(Side::Right)) {
            return Finding::Unresolved(reason);
        }
        let (left, right) = self.sides();
        let mut central = self.pick(Rung::central, f64::INFINITY);
        if let (Some(central), Some(left), Some(right)) = (&mut central, left, right) {
            central.allow_for(left.noise.min(right.noise));
        }
        if let Some(pick) = central.filter(|pick| pick.other.is_some() && !pick.resolved()) {
            return Finding::Unresolved(self.reason(Some(pick)));
        }
        let mut resolved = |pick: Option<Pick>, first: usize, last: usize| {
            let pick = pick.filter(Pick::resolved)?;
            self.confirms(f, &pick, first, last)
                .then_some(pick.estimate)
        };
        let step = left
            .zip(right)
            .map_or(0.0, |(left, right)| left.step.min(right.step));
        let sides = (
            resolved(left, 0, PER_SIDE),
            resolved(right, PER_SIDE, VALUES - 1),
        );
        if let (Some(left), Some(right)) = sides
            && self.has_room_for(
                (left.value - right.value).abs() - left.error - right.error,
                step,
            )
        {
            return Finding::AtKink { left, right };
        }
        // Where the function ends on one side there is no slope but that of the other.
        let (pick, first, last) = match (left, right) {
            (Some(_), None) => (left, 0, PER_SIDE),
            (None, Some(_)) => (right, PER_SIDE, VALUES - 1),
            _ => (central, 0, VALUES - 1),
        };
        if let Some(estimate) = resolved(pick, first, last) {
            return Finding::Smooth(estimate);
        }
        Finding::Unresolved(self.reason(pick))
    }

    /// Whether slopes can differ by `change` on the two sides of the point: that is seen in the
    /// highest differences on every rung, as long as rounding does not cover it.
    fn has_room_for(&self, change: f64, step: f64) -> bool {
        change > 0.0
            && self
                .rungs
                .iter()
                .filter(|rung| rung.step <= step)
                .filter_map(Rung::central)
                .all(|reading| {
                    let seen =
                        reading.noise + self.noise.max(rounding(&reading, self.x, self.format));
                    SAFETY * seen >= KINK_LEVEL * change * reading.step
                })
    }

    /// Whether the polynomial that gave a slope meets the function between its values as well.
    fn confirms(
        &self,
        f: &mut impl FnMut(f64) -> f64,
        pick: &Pick,
        first: usize,
        last: usize,
    ) -> bool {
        let same_rung = |rung: &&Rung| rung.step.total_cmp(&pick.step).is_eq();
        let Some(rung) = self.rungs.iter().find(same_rung) else {
            return false;
        };
        let spacing = rung.step / PER_SIDE as f64;
        [-BETWEEN, BETWEEN]
            .into_iter()
            .zip([first < PER_SIDE, last > PER_SIDE])
            .filter(|(_, inside)| *inside)
            .all(|(t, _)| {
                let distance = f(self.x + t * spacing) - rung.interpolate(t, first, last);
                // A bound on the slope's error is one on the polynomial's, over the step.
                distance.abs() <= pick.estimate.error * rung.step
            })
    }

    /// The slopes on both sides, read at the same scale.
    ///
    /// Where one side shows that the function varies below a step, a slope that the other side gives
    /// at that step is the one of a secant: what happens near the point can be below its noise.
    fn sides(&self) -> (Option<Pick>, Option<Pick>) {
        let left = self.pick(Rung::left, f64::INFINITY);
        let right = self.pick(Rung::right, f64::INFINITY);
        let (Some(a), Some(b)) = (left, right) else {
            return (left, right);
        };
        let scale = a.step.min(b.step);
        (self.pick(Rung::left, scale), self.pick(Rung::right, scale))
    }

    /// The slope to believe among those at steps of at most `scale`.
    fn pick(&self, read: impl Fn(&Rung) -> Option<Reading>, scale: f64) -> Option<Pick> {
        let below = self.rungs.iter().filter(|rung| rung.step <= scale);
        let readings: Vec<Reading> = below.filter_map(read).collect();
        pick(&readings, self.x, self.noise, self.format)
    }

    /// Why the best slope is not good enough.
    fn reason(&self, best: Option<Pick>) -> Reason {
        let Some(best) = best else {
            return Reason::NotFiniteNearby;
        };
        if let Some((small_steps, step)) = best.other {
            return Reason::TwoSlopes {
                large_steps: best.estimate.value,
                small_steps,
                step,
            };
        }
        let variation = |rung: &Rung| {
            let (least, most) = range(&rung.values);
            most - least
        };
        let finest = self.rungs[self.rungs.len() - 1];
        let largest = self.rungs.iter().map(variation).fold(0.0, f64::max);
        let slope = best.estimate.value;
        let error = best.estimate.error;
        if variation(&finest) > 0.25 * largest {
            Reason::Oscillates {
                variation: variation(&finest),
                step: finest.step,
            }
        } else if best.refuted {
            Reason::DoesNotConverge { slope, error }
        } else {
            Reason::NoiseHidesSlope {
                noise: best.noise,
                slope,
                error,
            }
        }
    }

    /// Whether secants on one side grow without limit as the step falls.
    ///
    /// Those of a smooth function come closer to each other by half on each rung. Where they do
    /// not on ten rungs, the slope is infinite, and where they double, the value itself jumps.
    fn divergence(&self, side: Side) -> Option<Reason> {
        let (beside, direction) = match side {
            Side::Left => (0, -1.0),
            Side::Right => (VALUES - 1, 1.0),
        };
        let above = ABOVE_ROUNDING * 2.0 * self.format.unit_roundoff();
        let mut secants: Vec<(f64, f64)> = Vec::new();
        for rung in &self.rungs {
            let (value, origin) = (rung.values[beside], rung.values[PER_SIDE]);
            let rise = value - origin;
            if !rise.is_finite() {
                secants.clear();
            } else if rise.abs() > above * value.abs().max(origin.abs()) {
                secants.push((rung.step, direction * rise / rung.step));
            } else {
                // Below this all is rounding.
                break;
            }
        }
        let last = secants.len().checked_sub(GROWING_RUNGS)?;
        let increments: Vec<f64> = secants[last..]
            .windows(2)
            .map(|w| w[1].1 - w[0].1)
            .collect();
        let growing = increments
            .windows(2)
            .all(|w| w[1] * w[0].signum() >= 0.9 * w[0].abs() && w[0].abs() > 0.0);
        let (step, slope) = *secants.last()?;
        // Rounding of the value at the point makes secants grow as well, by as little as it is.
        let rounding = above * self.rungs[0].values[PER_SIDE].abs();
        if increments.last()?.abs() * step <= rounding {
            return None;
        }
        let away = increments.last()?.signum() * slope.signum() > 0.0;
        if !(growing && away) {
            return None;
        }
        let doubles = secants[last..]
            .windows(2)
            .all(|w| (w[1].1 / w[0].1 - 2.0).abs() < 1e-2);
        Some(if doubles {
            let height = slope * step * direction;
            Reason::Jump { side, height }
        } else {
            Reason::InfiniteSlope { side, slope, step }
        })
    }
}
