//! The objective's slopes along one coordinate over a ladder of steps, and the kinks on the way.
//!
//! ```text
//! D(h) = (L(w + h) − L(w − h)) / ((w + h) − (w − h))
//! ```
//!
//! with the one-sided quotients (L(w + h) − L(w)) / ((w + h) − w) and (L(w) − L(w − h)) / (w − (w − h)).

use crate::network::{Coordinate, Unit};
use crate::tensor::values;

use super::behind::Owner;
use super::central::{Passes, typical_size};
use super::change::Still;
use super::line::{Line, Quotient};
use super::{Crossing, Estimate, Point, Question, crossings};

/// The first step is 2² of the coordinate's scale, the last 2⁻⁴⁵ of it.
const FIRST_EXPONENT: i32 = 2;
const LAST_EXPONENT: i32 = -45;

/// Kinks that are looked for on each side of a coordinate.
const MOST_KINKS: usize = 64;

/// One coordinate seen over many steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The coordinate.
    pub coordinate: Coordinate,
    /// Its value.
    pub origin: f64,
    /// The steps, largest first.
    pub rungs: Vec<Rung>,
    /// The nearest kink that a step of the ladder crosses; `None` also where a unit's branch is known
    /// to change, but not from where on.
    pub nearest: Option<Crossing>,
}

/// The slopes at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// h, a power of two.
    pub step: f64,
    /// D(h), with a bound on its rounding error alone.
    pub central: Estimate,
    /// The slope from w to w + h, with a bound on its rounding error alone.
    pub forward: Estimate,
    /// The slope from w − h to w, with a bound on its rounding error alone.
    pub backward: Estimate,
    /// The units that take another branch at w + h than at w.
    pub above: Vec<Unit>,
    /// The units that take another branch at w − h than at w.
    pub below: Vec<Unit>,
}

impl Rung {
    /// Whether both ends take the branches of the unperturbed point.
    #[must_use]
    pub fn same_pattern(&self) -> bool {
        self.above.is_empty() && self.below.is_empty()
    }
}

/// Step along `coordinate` at `point`, from large steps to the smallest that changes the number.
///
/// # Panics
/// When the problem has no such coordinate.
#[must_use]
pub fn sweep(point: &Point, coordinate: Coordinate) -> Sweep {
    let (origin, rungs) = on_line(point, coordinate, None, |line| {
        let origin = line.origin();
        let at_origin = line.at(origin).value;
        let size = typical_size(values(point.problem.leaf(coordinate.leaf)));
        let scale = size.max(origin.abs()).log2().floor();
        let mut rungs = Vec::new();
        for exponent in (LAST_EXPONENT..=FIRST_EXPONENT).rev() {
            let step = f64::exp2(scale + f64::from(exponent));
            if !step.is_finite() {
                continue;
            }
            if origin + step <= origin || origin - step >= origin {
                break;
            }
            rungs.push(rung(line, step, at_origin));
        }
        (origin, rungs)
    });
    let nearest = nearest(point, coordinate, &rungs);
    Sweep {
        coordinate,
        origin,
        rungs,
        nearest,
    }
}

/// One step to both sides of a coordinate, with every number on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// w − h, w and w + h, as they are after rounding.
    pub places: [f64; 3],
    /// The objective there.
    pub values: [f64; 3],
    /// The slopes between them, and the units that switch.
    pub rung: Rung,
}

/// Step by `h` along `coordinate` at `point`.
///
/// # Panics
/// When the problem has no such coordinate.
#[must_use]
pub fn step_at(point: &Point, coordinate: Coordinate, h: f64) -> Step {
    on_line(point, coordinate, None, |line| {
        let w = line.origin();
        let places = [w - h, w, w + h];
        let values = places.map(|place| line.at(place).value);
        Step {
            places,
            values,
            rung: rung(line, h, values[1]),
        }
    })
}

/// The objective at one place of a coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passed {
    /// The part of the objective that the coordinate can alter.
    pub value: f64,
    /// Whether every unit takes the branch there that it takes at the point.
    pub same_pattern: bool,
}

/// The objective with `coordinate` at each of `places`, computed in this way; the plain way where changes
/// say nothing.
///
/// # Panics
/// When the problem has no such coordinate.
#[must_use]
pub fn pass_at(
    point: &Point,
    coordinate: Coordinate,
    places: &[f64],
    passes: Passes,
) -> Vec<Passed> {
    let still = match passes {
        Passes::Changes => Still::new(&point.problem, &point.pattern),
        Passes::Whole => None,
    };
    on_line(point, coordinate, still.as_ref(), |line| {
        let pass = |place: &f64| {
            let place = line.at(*place);
            Passed {
                value: place.value,
                same_pattern: line.is_same(&place),
            }
        };
        places.iter().map(pass).collect()
    })
}

/// What `work` finds on the line through `point` along `coordinate`.
fn on_line<T>(
    point: &Point,
    coordinate: Coordinate,
    still: Option<&Still<'_>>,
    work: impl FnOnce(&mut Line<'_>) -> T,
) -> T {
    let Point {
        problem,
        pattern,
        rounding,
        ..
    } = point;
    let question = Question {
        problem,
        coordinates: &[coordinate],
        pattern,
        rounding,
        progress: &|_| (),
    };
    let owner = Owner::of(problem, coordinate.leaf, &problem.parameters, None);
    let mut line = Line::new(&question, &owner, still);
    line.move_to(coordinate);
    work(&mut line)
}

/// The slopes of step `h`; those that are not finite too.
fn rung(line: &mut Line<'_>, h: f64, at_origin: f64) -> Rung {
    let origin = line.origin();
    let (right, left) = (origin + h, origin - h);
    let (at_right, at_left) = (line.at(right), line.at(left));
    let slope = |difference, divisor| estimate(line.quotient(difference, divisor));
    Rung {
        step: h,
        central: slope(at_right.value - at_left.value, right - left),
        forward: slope(at_right.value - at_origin, right - origin),
        backward: slope(at_origin - at_left.value, origin - left),
        above: line.changed(&at_right),
        below: line.changed(&at_left),
    }
}

fn estimate(quotient: Quotient) -> Estimate {
    Estimate {
        value: quotient.slope,
        error: quotient.rounding,
    }
}

/// The nearest kink of those that the smallest of the crossing steps crosses: exactly where only affine
/// pieces come before it, to first order elsewhere, but always beyond the next smaller step.
fn nearest(point: &Point, coordinate: Coordinate, rungs: &[Rung]) -> Option<Crossing> {
    let position = rungs.iter().rposition(|rung| !rung.same_pattern())?;
    let rung = &rungs[position];
    let smooth = rungs.get(position + 1).map_or(0.0, |rung| rung.step);
    // To first order it can seem to lie beyond the step that crosses it.
    let reach = 2.0 * rung.step;
    let known = crossings(
        &point.problem,
        &point.pattern,
        coordinate,
        reach,
        MOST_KINKS,
    );
    let switches = |crossing: &Crossing| {
        let end = if crossing.at > 0.0 {
            &rung.above
        } else {
            &rung.below
        };
        end.contains(&crossing.unit)
    };
    let mut kink = known.kinks.into_iter().find(switches)?;
    let is_tie = kink.at.abs() <= f64::MIN_POSITIVE && smooth == 0.0;
    kink.at = if is_tie {
        0.0
    } else {
        let distance = kink.at.abs().clamp(smooth, rung.step);
        distance.copysign(kink.at)
    };
    Some(kink)
}
