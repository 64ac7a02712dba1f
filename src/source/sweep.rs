//! The objective's slopes along one coordinate over a ladder of steps, and the kinks on the way.
//!
//! ```text
//! D(h) = (L(w + h) − L(w − h)) / ((w + h) − (w − h))
//! ```
//!
//! with the one-sided quotients (L(w + h) − L(w)) / ((w + h) − w) and (L(w) − L(w − h)) / (w − (w − h)).

use crate::network::Coordinate;
use crate::tensor::values;

use super::behind::{self, Behind, Owner};
use super::central::typical_size;
use super::{Estimate, Point, SAFETY};

/// The first step is 2² of the coordinate's scale, the last 2⁻⁴⁵ of it.
const FIRST_EXPONENT: i32 = 2;
const LAST_EXPONENT: i32 = -45;

/// Units at each end of a step that are named; all are counted.
const MOST_NAMED: usize = 3;

/// Halvings of the stretch between a smooth step and one that crosses a kink: the kink's distance is
/// then known to about a millionth of that stretch.
const BISECTIONS: u32 = 20;

/// What stands for a unit's name at the kink of an L1 penalty.
pub const PENALTY: &str = "penalty";

/// One coordinate seen over many steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The coordinate.
    pub coordinate: Coordinate,
    /// Its value.
    pub origin: f64,
    /// The steps, largest first.
    pub rungs: Vec<Rung>,
    /// The nearest kink that a step of the ladder crosses.
    pub nearest: Option<Kink>,
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
    /// The branches at w + h.
    pub above: Crossing,
    /// The branches at w − h.
    pub below: Crossing,
}

/// The units that take another branch than at the unperturbed point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crossing {
    /// How many there are.
    pub count: usize,
    /// The first of them, in the layers' order; [`PENALTY`] for the kink of an L1 penalty.
    pub first: Vec<String>,
}

/// A kink along the coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct Kink {
    /// How far it is from the coordinate's value; 0 when even the smallest step crosses it.
    pub distance: f64,
    /// On which side.
    pub side: Side,
    /// The unit that switches there.
    pub unit: String,
}

/// A direction from the coordinate's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards larger values.
    Above,
    /// Towards smaller values.
    Below,
}

impl Rung {
    /// Whether both ends take the branches of the unperturbed point.
    #[must_use]
    pub fn same_pattern(&self) -> bool {
        self.above.count == 0 && self.below.count == 0
    }
}

/// Step along `coordinate` at `point`, from large steps to the smallest that changes the number.
///
/// # Panics
/// When the problem has no such coordinate.
#[must_use]
pub fn sweep(point: &Point, coordinate: Coordinate) -> Sweep {
    let leaf = values(point.problem.leaf(coordinate.leaf));
    let origin = leaf[coordinate.index];
    let owner = Owner::of(
        &point.problem,
        coordinate.leaf,
        &point.problem.parameters,
        None,
    );
    let mut line = Line {
        point,
        coordinate,
        origin,
        first_behind: owner.first_behind(),
        behind: owner.behind(),
    };
    let (at_origin, _) = line.at(origin);
    let scale = typical_size(leaf).max(origin.abs()).log2().floor();
    let mut rungs = Vec::new();
    for exponent in (LAST_EXPONENT..=FIRST_EXPONENT).rev() {
        let step = f64::exp2(scale + f64::from(exponent));
        if !step.is_finite() {
            continue;
        }
        if origin + step <= origin || origin - step >= origin {
            break;
        }
        rungs.push(line.rung(step, at_origin));
    }
    let nearest = line.nearest(&rungs);
    Sweep {
        coordinate,
        origin,
        rungs,
        nearest,
    }
}

/// The objective along the coordinate, everything else fixed.
struct Line<'a> {
    point: &'a Point,
    coordinate: Coordinate,
    origin: f64,
    first_behind: usize,
    behind: Behind<'a, f64>,
}

impl Line<'_> {
    /// The objective's part that the coordinate can alter, at `w`, and which units differ there.
    fn at(&mut self, w: f64) -> (f64, Crossing) {
        let problem = &self.point.problem;
        self.behind.replace(self.coordinate.index, w);
        let unit = behind::unit(&problem.network, self.coordinate);
        let outcome = self.behind.evaluate(unit..unit + 1);
        let mut crossing = Crossing::default();
        let pattern = &self.point.pattern;
        for unit in pattern.changed_from(self.first_behind, &outcome.branches) {
            crossing.add(|| problem.network.name_of(unit));
        }
        let mut value = outcome.loss;
        if let Some(penalty) = problem.penalty_on(self.coordinate.leaf) {
            value += penalty.term(w);
            if penalty.branch(w) != penalty.branch(self.origin) {
                crossing.add(|| PENALTY.to_owned());
            }
        }
        (value, crossing)
    }

    fn rung(&mut self, step: f64, at_origin: f64) -> Rung {
        let (right, left) = (self.origin + step, self.origin - step);
        let (at_right, above) = self.at(right);
        let (at_left, below) = self.at(left);
        let quotient = |difference: f64, divisor: f64| {
            let value = difference / divisor;
            let rounding = 2.0 * SAFETY * self.point.rounding.value() / divisor;
            Estimate {
                value,
                error: rounding + f64::EPSILON * value.abs(),
            }
        };
        Rung {
            step,
            central: quotient(at_right - at_left, right - left),
            forward: quotient(at_right - at_origin, right - self.origin),
            backward: quotient(at_origin - at_left, self.origin - left),
            above,
            below,
        }
    }

    /// The kink that the smallest of the crossing steps crosses.
    fn nearest(&mut self, rungs: &[Rung]) -> Option<Kink> {
        let crossing = rungs.iter().rposition(|rung| !rung.same_pattern())?;
        let rung = &rungs[crossing];
        let smooth = rungs.get(crossing + 1).map(|rung| rung.step);
        [(Side::Above, &rung.above), (Side::Below, &rung.below)]
            .into_iter()
            .filter(|(_, crossing)| crossing.count > 0)
            .map(|(side, crossing)| match smooth {
                Some(smooth) => self.bisect(side, smooth, rung.step, crossing),
                None => Kink {
                    distance: 0.0,
                    side,
                    unit: crossing.first_name(),
                },
            })
            .min_by(|a, b| a.distance.total_cmp(&b.distance))
    }

    /// The kink between a step that is smooth and one that crosses it on `side`.
    fn bisect(&mut self, side: Side, mut near: f64, mut far: f64, crossing: &Crossing) -> Kink {
        let mut unit = crossing.first_name();
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (near + far);
            let (_, crossing) = self.at(match side {
                Side::Above => self.origin + middle,
                Side::Below => self.origin - middle,
            });
            if crossing.count > 0 {
                far = middle;
                unit = crossing.first_name();
            } else {
                near = middle;
            }
        }
        Kink {
            distance: far,
            side,
            unit,
        }
    }
}

impl Crossing {
    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < MOST_NAMED {
            self.first.push(name());
        }
    }

    fn first_name(&self) -> String {
        self.first.first().cloned().unwrap_or_default()
    }
}
