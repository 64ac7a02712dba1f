//! The kinks that lie within reach of a coordinate, and what each does to the slope.
//!
//! Beyond a kink at distance t the slope is another one, by δ. A central difference of step h takes
//! the mean of the slopes between its ends, so that to first order
//!
//! ```text
//! D(h) − L′(w) = Σ δ·(h − |t|)/2h   over the kinks with |t| < h
//! ```

use crate::network::{Coordinate, Parameters, Pattern, Problem, Unit};
use crate::scalar::{self, Scalar};
use crate::spec::PenaltySpec;
use crate::tensor::{Tensor, values};

use super::behind::Owner;
use super::clearance::{beyond_ties, tie};
use super::dual::{derivatives, passes};

/// Kinks are at one place when their distances differ by less than this share: rounding alone does that.
const ONE_PLACE: f64 = 1e-9;

/// Combinations of branches that are tried one by one.
const MOST_COMBINATIONS: usize = 64;

type Number = scalar::Dual<1>;

/// A kink near a coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Whose it is.
    pub unit: Unit,
    /// How far away, towards larger values where it is above 0.
    pub at: f64,
    /// By how much the slope beyond it differs from that at the point, everything else being the same.
    pub slope_change: f64,
}

impl Crossing {
    /// What this kink adds to the central difference of step `h`, to first order.
    #[must_use]
    pub fn share(&self, h: f64) -> f64 {
        self.slope_change * (h - self.at.abs()).max(0.0) / (2.0 * h)
    }
}

/// Another branch of a unit.
#[derive(Clone, Copy)]
struct Turn {
    unit: Unit,
    choice: u32,
    at: f64,
}

/// The kinks on both sides of a coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossings {
    /// The kinks, nearest first.
    pub kinks: Vec<Crossing>,
    /// Whether these are all within reach; further ones were left out otherwise.
    pub is_complete: bool,
}

impl Crossings {
    /// What the kinks add to the central difference of step `h`, to first order.
    #[must_use]
    pub fn share(&self, h: f64) -> f64 {
        self.kinks.iter().map(|kink| kink.share(h)).sum()
    }
}

/// The kinks within `reach` of `coordinate`, `most` at most on each side: a large step can cross
/// thousands, and each takes two passes.
///
/// They are met one after the other, from the point outwards: behind each the next is looked for on
/// the branches that hold there.
#[must_use]
pub fn crossings(
    problem: &Problem,
    pattern: &Pattern,
    coordinate: Coordinate,
    reach: f64,
    most: usize,
) -> Crossings {
    let mut kinks = Vec::new();
    let mut is_complete = true;
    for side in [1.0, -1.0] {
        let mut branches = pattern.clone();
        let mut before = slope(problem, &branches, coordinate);
        let mut passed: Vec<Turn> = Vec::new();
        loop {
            let next = turns(problem, &branches, coordinate, reach)
                .into_iter()
                .find(|turn| turn.at * side > 0.0 && !is_behind(&passed, turn));
            let Some(turn) = next else { break };
            if passed.len() == most {
                is_complete = false;
                break;
            }
            let slope_change = match turn.unit {
                unit @ (Unit::Layer { .. } | Unit::Loss { .. }) => {
                    branches = branches.with(unit, turn.choice);
                    let behind = slope(problem, &branches, coordinate);
                    let change = behind - before;
                    before = behind;
                    change
                }
                Unit::Penalty => penalty_change(problem, coordinate, turn.at),
            };
            kinks.push(Crossing {
                unit: turn.unit,
                at: turn.at,
                slope_change,
            });
            passed.push(turn);
        }
    }
    kinks.sort_by(|a, b| a.at.abs().total_cmp(&b.at.abs()).then(a.unit.cmp(&b.unit)));
    Crossings { kinks, is_complete }
}

/// Whether a turn lies before the last one, or was taken already at its place: rounding can put the way
/// back of a unit that has just turned a little further out. Further out still, a unit may well turn back,
/// when one before it has turned in between.
fn is_behind(passed: &[Turn], turn: &Turn) -> bool {
    let distance = turn.at.abs();
    passed.iter().any(|passed| {
        let is_known = passed.unit == turn.unit
            && (passed.choice == turn.choice || turn.unit == Unit::Penalty)
            && distance <= passed.at.abs() * (1.0 + ONE_PLACE);
        is_known || distance < passed.at.abs() * (1.0 - ONE_PLACE)
    })
}

/// The smallest and the largest derivative that the branches of the units within `reach` allow, each
/// unit choosing alone: what hand-written rules for single layers can add up to at a kink.
#[must_use]
pub fn slopes_of_branches(
    problem: &Problem,
    pattern: &Pattern,
    coordinate: Coordinate,
    reach: f64,
) -> (f64, f64) {
    let here = slope(problem, pattern, coordinate);
    let turns = turns(problem, pattern, coordinate, reach);
    let mut options: Vec<(Unit, Vec<u32>)> = Vec::new();
    let mut penalty = (0.0_f64, 0.0_f64);
    for turn in &turns {
        match turn.unit {
            unit @ (Unit::Layer { .. } | Unit::Loss { .. }) => {
                match options.iter_mut().find(|(known, _)| *known == unit) {
                    Some((_, choices)) => choices.push(turn.choice),
                    None => options.push((unit, vec![turn.choice])),
                }
            }
            Unit::Penalty => {
                let change = penalty_change(problem, coordinate, turn.at);
                penalty = (penalty.0.min(change), penalty.1.max(change));
            }
        }
    }
    let combinations = options
        .iter()
        .try_fold(1_usize, |product, (_, choices)| {
            product.checked_mul(choices.len() + 1)
        })
        .filter(|combinations| *combinations <= MOST_COMBINATIONS);
    let (lowest, highest) = match combinations {
        Some(combinations) => {
            let slopes = (0..combinations).map(|mut number| {
                let mut chosen = pattern.clone();
                for (unit, choices) in &options {
                    let choice = number % (choices.len() + 1);
                    number /= choices.len() + 1;
                    if let Some(choice) = choice.checked_sub(1) {
                        chosen = chosen.with(*unit, choices[choice]);
                    }
                }
                slope(problem, &chosen, coordinate)
            });
            slopes.fold((here, here), |(low, high), slope| {
                (low.min(slope), high.max(slope))
            })
        }
        // Too many to try: each on its own, and the changes added up.
        None => options
            .iter()
            .fold((here, here), |(low, high), (unit, choices)| {
                let changes = choices
                    .iter()
                    .map(|choice| slope(problem, &pattern.with(*unit, *choice), coordinate) - here);
                let (down, up) = changes.fold((0.0_f64, 0.0_f64), |(down, up), change| {
                    (down.min(change), up.max(change))
                });
                (low + down, high + up)
            }),
    };
    (lowest + penalty.0, highest + penalty.1)
}

/// Every other branch whose beginning lies within `reach`, nearest first.
fn turns(problem: &Problem, pattern: &Pattern, coordinate: Coordinate, reach: f64) -> Vec<Turn> {
    let mut turns = Vec::new();
    if problem.objective.loss.is_some() {
        let parameters: Parameters<Number> = problem.parameters.lift();
        let owner = Owner::of(problem, coordinate.leaf, &parameters, Some(pattern));
        let watch = |_: usize, place: usize, x: &Tensor<Number>| {
            let Some(choices) = pattern.at(place) else {
                return;
            };
            let tie = tie(x);
            let note = |unit, choice, margin: Number| {
                let slope = margin.tangent(0);
                let at = -beyond_ties(margin.primal(), tie) / slope;
                if slope != 0.0 && at.abs() <= reach {
                    // A tie has no distance, but still a side.
                    let at = if at.abs() == 0.0 {
                        (-slope).signum() * f64::MIN_POSITIVE
                    } else {
                        at
                    };
                    turns.push(Turn { unit, choice, at });
                }
            };
            problem.margins(place, x, choices, note);
        };
        passes(problem, &owner, &[coordinate], watch);
    }
    if let Some(PenaltySpec::L1 { .. }) = problem.penalty_on(coordinate.leaf) {
        let w = values(problem.leaf(coordinate.leaf))[coordinate.index];
        let sides: &[f64] = if w.abs() == 0.0 {
            &[-f64::MIN_POSITIVE, f64::MIN_POSITIVE]
        } else {
            &[-w]
        };
        for at in sides
            .iter()
            .filter(|at| at.abs() <= reach.max(f64::MIN_POSITIVE))
        {
            let unit = Unit::Penalty;
            turns.push(Turn {
                unit,
                choice: 0,
                at: *at,
            });
        }
    }
    turns.sort_by(|a, b| a.at.abs().total_cmp(&b.at.abs()).then(a.unit.cmp(&b.unit)));
    turns
}

/// The slope of L1's term beyond its kink, which lies at distance `at`, minus that at the point.
fn penalty_change(problem: &Problem, coordinate: Coordinate, at: f64) -> f64 {
    let w = values(problem.leaf(coordinate.leaf))[coordinate.index];
    let Some(penalty) = problem.penalty_on(coordinate.leaf) else {
        return 0.0;
    };
    penalty.slope(at.signum()) - penalty.slope(w)
}

/// The derivative on the branches of `pattern`.
fn slope(problem: &Problem, pattern: &Pattern, coordinate: Coordinate) -> f64 {
    let parameters: Parameters<Number> = problem.parameters.lift();
    let owner = Owner::of(problem, coordinate.leaf, &parameters, Some(pattern));
    derivatives(problem, &owner, &[coordinate])[0]
}
