//! The objective along one coordinate, everything else fixed.

use crate::change::LANES;
use crate::network::{Coordinate, Pattern, Unit};
use crate::tensor::values;

use super::behind::{self, Behind, Owner, Unmoved};
use super::change::{Pass, Still};
use super::{Question, SAFETY, SourceError};

/// The objective along one coordinate.
pub(super) struct Line<'a> {
    question: &'a Question<'a>,
    owner: &'a Owner<'a, f64>,
    /// The fast way, where it is open.
    changes: Option<Changes<'a>>,
    /// The plain way, from the first time that it is needed.
    plain: Option<Plain<'a>>,
    first_behind: usize,
    coordinate: Coordinate,
    /// The coordinate's unperturbed value; restored from here, since +h, −2h, +h would miss it.
    origin: f64,
    /// The objective's part there, once it is known.
    at_origin: Option<f64>,
}

/// Passes by what a change alters, and what is known of those of the present coordinate.
struct Changes<'a> {
    pass: Pass<'a>,
    known: Vec<Known>,
}

/// The end of a pass.
#[derive(Clone, Copy)]
struct Known {
    at: f64,
    loss: f64,
    turned: bool,
}

/// Passes through all layers behind the coordinate.
struct Plain<'a> {
    behind: Behind<'a, f64>,
    unmoved: Unmoved,
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
    /// The coordinate's value there.
    at: f64,
    /// The part of the objective that the coordinate can alter.
    pub(super) value: f64,
    branches: Branches,
    /// Whether the penalty has the branch that it has at the origin.
    same_penalty: bool,
}

/// What is known of the branches at a place.
enum Branches {
    /// All of them.
    Known(Pattern),
    /// Whether one is another than at the origin.
    Turned(bool),
}

impl<'a> Line<'a> {
    /// Along coordinates of the leaf that `owner` owns: by what their changes alter with `still`, else
    /// through all layers behind.
    pub(super) fn new(
        question: &'a Question<'a>,
        owner: &'a Owner<'a, f64>,
        still: Option<&'a Still<'a>>,
    ) -> Self {
        let changes = still.map(|still| Changes {
            pass: still.pass(owner.leaf()),
            known: Vec::with_capacity(LANES),
        });
        Self {
            question,
            owner,
            changes,
            plain: None,
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
        if let Some(changes) = &mut self.changes {
            changes.known.clear();
        }
    }

    pub(super) fn origin(&self) -> f64 {
        self.origin
    }

    /// The objective's part that the coordinate can alter, at `w`.
    pub(super) fn at(&mut self, w: f64) -> Place {
        match self.known(w) {
            Some(Known { loss, turned, .. }) => self.place(w, loss, Branches::Turned(turned)),
            None if self.changes.is_some() => {
                self.look_ahead(&[w]);
                self.at(w)
            }
            None => self.plainly_at(w),
        }
    }

    /// The same through all layers behind.
    fn plainly_at(&mut self, w: f64) -> Place {
        let (owner, coordinate) = (self.owner, self.coordinate);
        let Plain { behind, unmoved } = self.plain.get_or_insert_with(|| {
            let behind = owner.behind();
            let unmoved = behind.unmoved();
            Plain { behind, unmoved }
        });
        let before = behind.replace(coordinate.index, w);
        let unit = behind::unit(&self.question.problem.network, coordinate);
        let outcome = behind.evaluate_beside(unmoved, unit..unit + 1);
        behind.replace(coordinate.index, before);
        self.place(w, outcome.loss, Branches::Known(outcome.branches))
    }

    fn place(&self, at: f64, loss: f64, branches: Branches) -> Place {
        let mut value = loss;
        let mut same_penalty = true;
        if let Some(penalty) = self.question.problem.penalty_on(self.coordinate.leaf) {
            value += penalty.term(at);
            same_penalty = penalty.branch(at) == penalty.branch(self.origin);
        }
        Place {
            at,
            value,
            branches,
            same_penalty,
        }
    }

    /// What is known already of a pass with the coordinate at `w`.
    fn known(&self, w: f64) -> Option<Known> {
        let known = &self.changes.as_ref()?.known;
        let is_there = |known: &&Known| known.at.to_bits() == w.to_bits();
        known.iter().find(is_there).copied()
    }

    /// Run the passes with the coordinate at each of `places` at once, [`LANES`] at most: they take no longer
    /// than one.
    fn look_ahead(&mut self, places: &[f64]) {
        let Some(Changes { pass, known }) = &mut self.changes else {
            return;
        };
        let mut steps = [0.0; LANES];
        for (step, place) in steps.iter_mut().zip(places) {
            *step = place - self.origin;
        }
        let ends = pass.move_by(self.coordinate, &steps);
        known.extend(places.iter().enumerate().map(|(lane, place)| Known {
            at: *place,
            loss: ends.losses[lane],
            turned: ends.turned[lane],
        }));
    }

    /// Look ahead along a ladder of halved steps, from `h` on, on these sides.
    fn look_down(&mut self, h: f64, sides: &[f64]) {
        if self.changes.is_none() || self.known(self.origin + sides[0] * h).is_some() {
            return;
        }
        let mut places = [self.origin; LANES];
        let mut step = h;
        for rung in places.chunks_exact_mut(sides.len()) {
            for (place, side) in rung.iter_mut().zip(sides) {
                *place = self.origin + side * step;
            }
            step /= 2.0;
        }
        self.look_ahead(&places);
    }

    /// Whether the branches at `place` are those of the origin.
    pub(super) fn is_same(&self, place: &Place) -> bool {
        let no_loss = self.question.problem.objective.loss.is_none();
        let pattern = self.question.pattern;
        let is_same = match &place.branches {
            Branches::Turned(turned) => !turned,
            Branches::Known(branches) => pattern.is_same_from(self.first_behind, branches),
        };
        place.same_penalty && (no_loss || is_same)
    }

    /// The units that take another branch at `place` than at the origin.
    pub(super) fn changed(&mut self, place: &Place) -> Vec<Unit> {
        let mut units: Vec<Unit> = match &place.branches {
            _ if self.question.problem.objective.loss.is_none() => Vec::new(),
            Branches::Turned(false) => Vec::new(),
            Branches::Turned(true) => {
                let place = self.plainly_at(place.at);
                return self.changed(&place);
            }
            Branches::Known(branches) => self
                .question
                .pattern
                .changed_from(self.first_behind, branches)
                .collect(),
        };
        units.extend((!place.same_penalty).then_some(Unit::Penalty));
        units
    }

    /// D(h) with the realised step as its divisor, and both ends.
    pub(super) fn two_sided(&mut self, h: f64) -> Result<(Quotient, [Place; 2]), SourceError> {
        let (above, below) = (self.origin + h, self.origin - h);
        let divisor = above - below;
        self.check_ends(h, [above, below])?;
        self.look_down(h, &[1.0, -1.0]);
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
        self.look_down(h.abs(), &[h.signum()]);
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
