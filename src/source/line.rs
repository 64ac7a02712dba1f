//! The objective along one coordinate, everything else fixed.

use crate::network::{Coordinate, Pattern, Unit};
use crate::tensor::values;

use super::behind::{self, Behind, Owner, Unmoved};
use super::{Question, SAFETY, SourceError};

/// The objective along one coordinate.
pub(super) struct Line<'a> {
    question: &'a Question<'a>,
    behind: Behind<'a, f64>,
    unmoved: Unmoved,
    first_behind: usize,
    coordinate: Coordinate,
    /// The coordinate's unperturbed value; restored from here, since +h, −2h, +h would miss it.
    origin: f64,
    /// The objective's part there, once it is known.
    at_origin: Option<f64>,
}

/// One difference quotient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotient {
    /// D(h) or F(h).
    pub(super) slope: f64,
    /// A bound on its rounding error.
    pub(super) rounding: f64,
}

/// The objective at one place on the line.
pub(super) struct Place {
    /// The part of the objective that the coordinate can alter.
    pub(super) value: f64,
    /// The branches there.
    branches: Pattern,
    /// Whether the penalty has the branch that it has at the origin.
    same_penalty: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(question: &'a Question<'a>, owner: &'a Owner<'a, f64>) -> Self {
        let behind = owner.behind();
        Self {
            question,
            unmoved: behind.unmoved(),
            behind,
            first_behind: owner.first_behind(),
            coordinate: question.coordinates[0],
            origin: 0.0,
            at_origin: None,
        }
    }

    pub(super) fn move_to(&mut self, coordinate: Coordinate) {
        self.coordinate = coordinate;
        self.origin = values(self.question.problem.leaf(coordinate.leaf))[coordinate.index];
        self.at_origin = None;
    }

    pub(super) fn leave(&mut self) {
        self.behind.replace(self.coordinate.index, self.origin);
    }

    pub(super) fn origin(&self) -> f64 {
        self.origin
    }

    /// The objective's part that the coordinate can alter, at `w`.
    pub(super) fn at(&mut self, w: f64) -> Place {
        let problem = self.question.problem;
        self.behind.replace(self.coordinate.index, w);
        let unit = behind::unit(&problem.network, self.coordinate);
        let outcome = self.behind.evaluate_beside(&self.unmoved, unit..unit + 1);
        let mut value = outcome.loss;
        let mut same_penalty = true;
        if let Some(penalty) = problem.penalty_on(self.coordinate.leaf) {
            value += penalty.term(w);
            same_penalty = penalty.branch(w) == penalty.branch(self.origin);
        }
        Place {
            value,
            branches: outcome.branches,
            same_penalty,
        }
    }

    /// Whether the branches at `place` are those of the origin.
    pub(super) fn is_same(&self, place: &Place) -> bool {
        let no_loss = self.question.problem.objective.loss.is_none();
        let pattern = self.question.pattern;
        place.same_penalty && (no_loss || pattern.is_same_from(self.first_behind, &place.branches))
    }

    /// The units that take another branch at `place` than at the origin.
    pub(super) fn changed(&self, place: &Place) -> Vec<Unit> {
        let pattern = self.question.pattern;
        let mut units: Vec<Unit> = if self.question.problem.objective.loss.is_none() {
            Vec::new()
        } else {
            pattern
                .changed_from(self.first_behind, &place.branches)
                .collect()
        };
        units.extend((!place.same_penalty).then_some(Unit::Penalty));
        units
    }

    /// D(h) with the realised step as its divisor, and both ends.
    pub(super) fn two_sided(&mut self, h: f64) -> Result<(Quotient, [Place; 2]), SourceError> {
        let (above, below) = (self.origin + h, self.origin - h);
        let divisor = above - below;
        self.check_ends(h, [above, below])?;
        let ends = [self.at(above), self.at(below)];
        let quotient = self.quotient(ends[0].value - ends[1].value, divisor);
        self.check_slope(h, quotient.slope)?;
        Ok((quotient, ends))
    }

    /// F(h), to larger values where h is above 0, and to smaller ones where it is below; and its end.
    pub(super) fn one_sided(&mut self, h: f64) -> Result<(Quotient, Place), SourceError> {
        let end = self.origin + h;
        self.check_ends(h.abs(), [end, self.origin - h])?;
        let start = match self.at_origin {
            Some(value) => value,
            None => {
                let value = self.at(self.origin).value;
                *self.at_origin.insert(value)
            }
        };
        let place = self.at(end);
        let quotient = self.quotient(place.value - start, end - self.origin);
        self.check_slope(h.abs(), quotient.slope)?;
        Ok((quotient, place))
    }

    /// A difference of two values over the distance between their places.
    pub(super) fn quotient(&self, difference: f64, divisor: f64) -> Quotient {
        let slope = difference / divisor;
        let noise = 2.0 * SAFETY * self.question.rounding.value();
        Quotient {
            slope,
            rounding: noise / divisor.abs() + f64::EPSILON * slope.abs(),
        }
    }

    fn check_slope(&self, h: f64, slope: f64) -> Result<(), SourceError> {
        if slope.is_finite() {
            Ok(())
        } else {
            Err(self.too_large(h, "the objective is not finite"))
        }
    }

    fn check_ends(&self, h: f64, ends: [f64; 2]) -> Result<(), SourceError> {
        if !(ends[0] - ends[1]).is_finite() {
            return Err(self.too_large(h, "w ± h leaves the range of f64"));
        }
        if ends
            .iter()
            .any(|end| end.to_bits() == self.origin.to_bits())
        {
            return Err(SourceError::StepTooSmall {
                step: h,
                coordinate: self.name(),
                value: self.origin,
            });
        }
        Ok(())
    }

    fn name(&self) -> String {
        let network = &self.question.problem.network;
        network.coordinate_name(self.coordinate)
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
