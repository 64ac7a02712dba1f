//! What is particular to a gradient in `f32`: branches that rounding turns, and digits.
//!
//! A unit that is nearer to its kink than rounding reaches may take another branch in `f32` than in
//! `f64`. Both gradients are then right, each on its own piece of the objective, and the references are
//! carried over to `f32`'s: by the difference that dual numbers find between the two.

use std::collections::BTreeSet;

use crate::judge::metrics::{MOST_DIGITS, matching_digits};
use crate::judge::verdict::within;
use crate::judge::{Number, Verdict};
use crate::network::Coordinate;
use crate::report::{DigitsRow, SinglePart, Spread, TensorRow, TurnedRow};
use crate::scalar::Format;
use crate::source::{Estimate, Kink, Point, SAFETY, Turned, on_branches, turned};
use crate::spec::case::SourceName;

use super::compare::{Kinks, tensors};
use super::{Answer, branches, control};

/// Units that a part shows.
const MOST_UNITS: usize = 10;

/// Numbers in `f32` have no more whole digits than this.
const MOST_WHOLE_DIGITS: usize = 7;

/// The branches on which a gradient in `f32` is judged; nothing for one in `f64`.
pub(super) struct Branches {
    format: Format,
    turned: Vec<Turned>,
    carried: BTreeSet<usize>,
}

impl Branches {
    /// Carry the references over to `f32`'s branches at the positions in `suspects` at which the gradient
    /// under test agrees with them there, and not on `f64`'s.
    pub(super) fn follow(
        point: &Point,
        coordinates: &[Coordinate],
        answers: &mut [Answer],
        kinks: &mut Kinks,
        suspects: &[usize],
    ) -> Self {
        let format = answers[0].format;
        let turned = match (format, answers[0].name) {
            (Format::F64, _) => Vec::new(),
            (Format::F32, SourceName::Given) => {
                branches::of_given(point, coordinates, answers, suspects)
            }
            (Format::F32, _) => turned(point),
        };
        let mut branches = Self {
            format,
            turned,
            carried: BTreeSet::new(),
        };
        let mut pattern = point.pattern.clone();
        let by_rounding = branches.turned.iter().filter(|unit| unit.is_by_rounding());
        for unit in by_rounding {
            pattern = pattern.with(unit.unit, unit.choice);
        }
        if pattern == point.pattern {
            return branches;
        }
        let own = answers[0].gradient.estimates.clone();
        let asked: BTreeSet<usize> = suspects.iter().chain(kinks.keys()).copied().collect();
        let asked: Vec<usize> = asked.into_iter().collect();
        let at: Vec<Coordinate> = asked.iter().map(|at| coordinates[*at]).collect();
        let here = on_branches(&point.problem, &point.pattern, &at);
        let there = on_branches(&point.problem, &pattern, &at);
        for ((position, here), there) in asked.into_iter().zip(here).zip(there) {
            let shift = Estimate {
                value: there - here,
                error: 2.0 * SAFETY * point.rounding.derivative(coordinates[position]),
            };
            let own = own[position];
            if let Some(kink) = kinks.get_mut(&position) {
                let there = Kink {
                    left: carried(kink.left, shift),
                    right: carried(kink.right, shift),
                    units: kink.units.clone(),
                };
                if !kink.holds(own.value, own.error) && there.holds(own.value, own.error) {
                    *kink = there;
                    branches.carried.insert(position);
                }
                continue;
            }
            let references = &mut answers[1..];
            let agree = references
                .iter()
                .filter_map(|answer| answer.estimate(position))
                .all(|theirs| within(own, carried(theirs, shift)));
            if agree {
                for answer in references {
                    let theirs = &mut answer.gradient.estimates[position];
                    *theirs = carried(*theirs, shift);
                }
                branches.carried.insert(position);
            }
        }
        branches
    }

    /// The positions at which references were carried over.
    pub(super) fn carried(&self) -> &BTreeSet<usize> {
        &self.carried
    }

    /// What a report says of it, and of each of `tensors`; nothing for a gradient in `f64`.
    pub(super) fn rows(
        &self,
        point: &Point,
        coordinates: &[Coordinate],
        answers: &[Answer],
        verdicts: &[Verdict],
        rows: &mut [TensorRow],
    ) -> Option<SinglePart> {
        if self.format == Format::F64 {
            return None;
        }
        for (row, range) in rows.iter_mut().zip(tensors(coordinates)) {
            row.digits = Some(self.digits(point, coordinates, answers, verdicts, range));
        }
        let network = &point.problem.network;
        let row = |unit: &Turned| TurnedRow {
            unit: network.name_of(unit.unit),
            margin: Number(unit.margin),
            bound: Number(unit.bound),
        };
        // Those that rounding does not explain first.
        let mut units: Vec<&Turned> = self.turned.iter().collect();
        units.sort_by_key(|unit| unit.is_by_rounding());
        Some(SinglePart {
            turned: units.len(),
            beyond: units.iter().filter(|unit| !unit.is_by_rounding()).count(),
            carried: self.carried.len(),
            units: units.into_iter().take(MOST_UNITS).map(row).collect(),
        })
    }

    fn digits(
        &self,
        point: &Point,
        coordinates: &[Coordinate],
        answers: &[Answer],
        verdicts: &[Verdict],
        range: std::ops::Range<usize>,
    ) -> DigitsRow {
        let mut row = DigitsRow {
            allowed: vec![0; MOST_WHOLE_DIGITS + 1],
            got: vec![0; MOST_WHOLE_DIGITS + 1],
            spread: None,
            fewest: None,
            carried: self.carried.range(range.clone()).count(),
            one_percent: 0,
        };
        let whole = |digits: f64| (digits as usize).min(MOST_WHOLE_DIGITS);
        let mut found: Vec<(f64, usize)> = Vec::new();
        for position in range {
            row.one_percent += usize::from(control::is_visible(answers, verdicts, position));
            let own = answers[0].gradient.estimates[position];
            let tightest = answers[1..]
                .iter()
                .filter_map(|answer| answer.estimate(position))
                .min_by(|a, b| a.error.total_cmp(&b.error));
            let Some(theirs) = tightest else { continue };
            if theirs.value == 0.0 && own.value == 0.0 {
                continue;
            }
            let allowed = -(own.error / theirs.value.abs()).log10();
            row.allowed[whole(allowed.clamp(0.0, MOST_DIGITS))] += 1;
            let digits = matching_digits(own.value, theirs.value);
            row.got[whole(digits)] += 1;
            found.push((digits, position));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let (Some(fewest), Some(median)) = (found.first(), found.get(found.len() / 2)) {
            let network = &point.problem.network;
            row.spread = Some(Spread {
                worst: Number(fewest.0),
                median: Number(median.0),
            });
            row.fewest = Some(network.coordinate_name(coordinates[fewest.1]));
        }
        row
    }
}

/// A reference's derivative on the other branches.
fn carried(estimate: Estimate, shift: Estimate) -> Estimate {
    Estimate {
        value: estimate.value + shift.value,
        error: estimate.error + shift.error,
    }
}
