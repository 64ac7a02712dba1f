//! Central differences: step, error bound, and the branch pattern at both ends.
//!
//! ```text
//! D(h) = (L(w + h) − L(w − h)) / ((w + h) − (w − h)) = L′(w) + h²·L‴(w)/6 + O(h⁴)
//! ```
//!
//! Halving h and extrapolating to h = 0 removes the first two terms of the error (L. F. Richardson,
//! 1911; C. J. F. Ridders, *Advances in Engineering Software* 4(2), 1982, for choosing the step by
//! the error estimate). The estimate holds on one smooth piece only: a step at whose ends a ReLU or
//! a pooling takes another branch than at w is not used.

use rayon::prelude::*;

use crate::network::Coordinate;
use crate::penalty::Branch;
use crate::spec::case::Step;
use crate::tensor::values;

use super::behind::{self, Behind, Owner};
use super::{Estimate, Forward, Gradient, GradientSource, Question, SAFETY, SourceError};

/// Coordinates that one task works on, for which the owner's parameters are copied once.
const TASK: usize = 256;

/// Halvings of the first step before a coordinate is given up: 2⁻⁴⁰ of its scale.
const MOST_HALVINGS: i32 = 40;

/// Central differences through the part of the network behind the perturbed weight.
#[derive(Clone, Copy, Debug)]
pub struct Central {
    /// How far to step.
    pub step: Step,
}

/// One central difference.
#[derive(Clone, Copy)]
struct Difference {
    /// D(h).
    slope: f64,
    /// A bound on its rounding error.
    rounding: f64,
    /// Whether both ends lie on the smooth piece of w.
    smooth: bool,
}

/// What is found at one coordinate.
enum Found {
    Smooth(Estimate),
    AtKink(f64),
}

impl GradientSource for Central {
    fn name(&self) -> &'static str {
        "central"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let parameters = &question.problem.parameters;
        let mut found = Vec::with_capacity(question.coordinates.len());
        for same_leaf in question.coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
            let leaf = same_leaf[0].leaf;
            let owner = Owner::of(question.problem, leaf, parameters, None);
            let scale = typical_size(values(question.problem.leaf(leaf)));
            let tasks: Vec<Vec<Found>> = same_leaf
                .par_chunks(TASK)
                .map(|task| {
                    let mut line = Line::new(&question, &owner);
                    let found = task
                        .iter()
                        .map(|coordinate| self.judge(&mut line, *coordinate, scale))
                        .collect();
                    (question.progress)(task.len());
                    found
                })
                .collect::<Result<_, _>>()?;
            found.extend(tasks.into_iter().flatten());
        }
        let mut kinks = Vec::new();
        let estimates = found
            .into_iter()
            .enumerate()
            .map(|(position, found)| match found {
                Found::Smooth(estimate) => estimate,
                Found::AtKink(value) => {
                    kinks.push(position);
                    Estimate {
                        value,
                        error: f64::INFINITY,
                    }
                }
            })
            .collect();
        Ok(Gradient {
            value: question.problem.value::<f64>(None),
            estimates,
            kinks,
        })
    }
}

impl Central {
    fn judge(
        &self,
        line: &mut Line<'_>,
        coordinate: Coordinate,
        scale: f64,
    ) -> Result<Found, SourceError> {
        line.move_to(coordinate);
        let found = match self.step {
            Step::Fixed(step) => line.fixed(step),
            Step::Auto => line.ladder(scale),
        };
        line.leave();
        found
    }
}

/// The mean magnitude of a tensor's entries, or 1 when all are 0: what "small" means for a step.
pub(super) fn typical_size(values: &[f64]) -> f64 {
    let mean = values.iter().map(|w| w.abs()).sum::<f64>() / values.len() as f64;
    if mean > 0.0 { mean } else { 1.0 }
}

/// The objective along one coordinate, everything else fixed.
struct Line<'a> {
    question: &'a Question<'a>,
    behind: Behind<'a, f64>,
    first_behind: usize,
    coordinate: Coordinate,
    /// The coordinate's unperturbed value; restored from here, since +h, −2h, +h would miss it.
    origin: f64,
}

impl<'a> Line<'a> {
    fn new(question: &'a Question<'a>, owner: &'a Owner<'a, f64>) -> Self {
        Self {
            question,
            behind: owner.behind(),
            first_behind: owner.first_behind(),
            coordinate: question.coordinates[0],
            origin: 0.0,
        }
    }

    fn move_to(&mut self, coordinate: Coordinate) {
        self.coordinate = coordinate;
        self.origin = values(self.question.problem.leaf(coordinate.leaf))[coordinate.index];
    }

    fn leave(&mut self) {
        self.behind.replace(self.coordinate.index, self.origin);
    }

    /// The objective's part that the coordinate can alter, at `w`, and whether the branches are those
    /// at the origin.
    fn at(&mut self, w: f64) -> (f64, bool) {
        let problem = self.question.problem;
        self.behind.replace(self.coordinate.index, w);
        let unit = behind::unit(&problem.network, self.coordinate);
        let outcome = self.behind.evaluate(unit..unit + 1);
        let mut same = problem.objective.loss.is_none()
            || self
                .question
                .pattern
                .is_same_from(self.first_behind, &outcome.saved);
        let mut value = outcome.loss;
        if let Some(penalty) = problem.penalty_on(self.coordinate.leaf) {
            value += penalty.term(w);
            same &= penalty.branch(w) == penalty.branch(self.origin);
        }
        (value, same)
    }

    /// D(h) with the realised step as its divisor.
    fn difference(&mut self, h: f64) -> Result<Difference, SourceError> {
        let (above, below) = (self.origin + h, self.origin - h);
        let divisor = above - below;
        if !divisor.is_finite() {
            return Err(self.too_large(h, "w ± h leaves the range of f64"));
        }
        if above <= self.origin || below >= self.origin {
            return Err(SourceError::StepTooSmall {
                step: h,
                coordinate: self.name(),
                value: self.origin,
            });
        }
        let (value_above, same_above) = self.at(above);
        let (value_below, same_below) = self.at(below);
        let slope = (value_above - value_below) / divisor;
        if !slope.is_finite() {
            return Err(self.too_large(h, "the objective is not finite"));
        }
        let at_kink = self
            .question
            .problem
            .penalty_on(self.coordinate.leaf)
            .is_some_and(|penalty| penalty.branch(self.origin) == Branch::Kink);
        let rounding =
            2.0 * SAFETY * self.question.rounding.value() / divisor + f64::EPSILON * slope.abs();
        Ok(Difference {
            slope,
            rounding,
            smooth: same_above && same_below && !at_kink,
        })
    }

    /// D(h) at a step that the user gave; its truncation error is judged by D(h/2), D(h/4) and D(h/16).
    fn fixed(&mut self, h: f64) -> Result<Found, SourceError> {
        let whole = self.difference(h)?;
        if !whole.smooth {
            return Ok(Found::AtKink(whole.slope));
        }
        // D(h) − D(h/2) is 3/4 of the h² term; the rest of the factor 2 allows for the terms behind.
        // At a large step one distance can vanish by chance, but hardly all of them.
        let mut truncation = 0.0_f64;
        for fraction in [2.0, 4.0, 16.0] {
            let nearer = match self.difference(h / fraction) {
                Ok(nearer) => nearer,
                // Near the spacing of numbers rounding is all the error there is.
                Err(SourceError::StepTooSmall { .. }) => break,
                Err(error) => return Err(error),
            };
            if !nearer.smooth {
                return Ok(Found::AtKink(whole.slope));
            }
            truncation = truncation.max(2.0 * (whole.slope - nearer.slope).abs());
        }
        // The rounding of D(h), and twice that of D(h/2), whose step is half as long.
        Ok(Found::Smooth(Estimate {
            value: whole.slope,
            error: truncation + 5.0 * whole.rounding,
        }))
    }

    /// The extrapolated slope with the smallest error bound on a ladder of halved steps.
    fn ladder(&mut self, scale: f64) -> Result<Found, SourceError> {
        let first = f64::exp2(scale.max(self.origin.abs()).log2().floor());
        let mut differences: Vec<Difference> = Vec::new();
        let mut previous: Option<f64> = None;
        let mut best: Option<Estimate> = None;
        let mut last_slope = 0.0;
        let mut halvings = 0;
        while halvings < MOST_HALVINGS {
            let h = first * f64::exp2(f64::from(-halvings));
            let difference = match self.difference(h) {
                Ok(difference) => difference,
                // Below the spacing of numbers there is nothing left to try.
                Err(SourceError::StepTooSmall { .. }) => break,
                // A smaller step may still be finite.
                Err(_) => {
                    halvings += 1;
                    continue;
                }
            };
            last_slope = difference.slope;
            if !difference.smooth {
                differences.clear();
                previous = None;
                halvings += 2;
                continue;
            }
            halvings += 1;
            differences.push(difference);
            let [.., d0, d1, d2] = differences[..] else {
                continue;
            };
            let (mut estimate, mut truncation) = extrapolate([d0, d1, d2]);
            let rounding = estimate.error - truncation;
            // Steps too large for the expansion can seem to converge by chance: one extrapolation
            // is believed as far only as the one before it says the same.
            if let Some(previous) = previous.replace(estimate.value) {
                truncation = truncation.max((estimate.value - previous).abs());
                estimate.error = truncation + rounding;
            } else if (d1.slope - d0.slope).abs() > d0.rounding + d1.rounding {
                continue;
            }
            if best.is_none_or(|best| estimate.error < best.error) {
                best = Some(estimate);
            }
            let least = best.map_or(f64::INFINITY, |best| best.error);
            // From here on rounding, which grows as h shrinks, would be all that is left.
            if truncation <= rounding || rounding >= least {
                break;
            }
        }
        Ok(best.map_or(Found::AtKink(last_slope), Found::Smooth))
    }

    fn name(&self) -> String {
        self.question
            .problem
            .network
            .coordinate_name(self.coordinate)
    }

    fn too_large(&self, step: f64, what: &'static str) -> SourceError {
        SourceError::StepTooLarge {
            step,
            coordinate: self.name(),
            value: self.origin,
            what,
        }
    }
}

/// The limit of D(h), D(h/2), D(h/4) at h = 0, with its error bound and the truncation's part of it.
fn extrapolate([d0, d1, d2]: [Difference; 3]) -> (Estimate, f64) {
    let first = d1.slope + (d1.slope - d0.slope) / 3.0;
    let second = d2.slope + (d2.slope - d1.slope) / 3.0;
    let value = second + (second - first) / 15.0;
    // `second` is one order worse than `value`, and `first` another factor of 16: their distances
    // from it are bounds with room to spare.
    let truncation = (value - second).abs().max((value - first).abs() / 16.0);
    let rounding = (64.0 * d2.rounding + 20.0 * d1.rounding + d0.rounding) / 45.0;
    (
        Estimate {
            value,
            error: truncation + rounding,
        },
        truncation,
    )
}
