//! How far a coordinate is stepped, and what that gives.

use crate::network::{Coordinate, LeafName, Parameters, Unit};
use crate::spec::case::Step;
use crate::tensor::values;

use super::super::behind::Owner;
use super::super::change::Still;
use super::super::clearance::Clearance;
use super::super::line::{Line, Place, Quotient};
use super::super::{Estimate, Question, SourceError};
use super::found::Found;
use super::ladder::{Ladder, Stencil};
use super::{Ground, Kink, Passes, typical_size};

/// Halvings of a coordinate's scale below which no step is taken.
const MOST_HALVINGS: i32 = 40;

/// Two-sided steps of fewer halvings than this leave rounding so small that nothing else is tried.
const NEAR_HALVINGS: i32 = 10;

/// A kink within 2⁻⁴⁴ of the coordinate's scale is as near as the rounding of a pre-activation: the
/// point is at the kink as far as `f64` can tell.
const AT_KINK: f64 = 1.0 / (1_u64 << 44) as f64;

/// How the coordinates of one leaf are stepped.
pub(super) struct Walk<'a> {
    step: Step,
    owner: Owner<'a, f64>,
    /// The typical size of the leaf's entries.
    scale: f64,
    /// Whether the objective is a polynomial of degree 2 at most along a coordinate, inside one pattern.
    is_quadratic: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        step: Step,
        question: &Question<'a>,
        leaf: LeafName,
        parameters: &'a Parameters<f64>,
    ) -> Self {
        let problem = question.problem;
        let owner = Owner::of(problem, leaf, parameters, None);
        let layers = problem.network.layers().len();
        let is_quadratic = match &problem.objective.loss {
            None => true,
            Some(loss) => {
                loss.degree().is_some_and(|degree| degree <= 2)
                    && problem
                        .network
                        .is_piecewise_affine(owner.first_behind()..layers)
            }
        };
        Self {
            step,
            scale: typical_size(values(problem.leaf(leaf))),
            owner,
            is_quadratic,
        }
    }

    pub(super) fn task(
        &self,
        question: &Question<'_>,
        task: &[Coordinate],
        rooms: &[Clearance],
        still: Option<&Still<'_>>,
    ) -> Result<Vec<Found>, SourceError> {
        let mut line = Line::new(question, &self.owner, still);
        let passes = match still {
            Some(_) => Passes::Changes,
            None => Passes::Whole,
        };
        let pairs = task.iter().zip(rooms);
        pairs
            .map(|(coordinate, room)| {
                line.move_to(*coordinate);
                let mut found = match self.step {
                    Step::Fixed(step) => self.fixed(&mut line, room, step)?,
                    Step::Auto => self.chosen(&mut line, room),
                };
                found.stepped.passes = passes;
                Ok(found)
            })
            .collect()
    }

    /// The largest step at the line's origin: its scale, rounded down to a power of two.
    fn largest(&self, line: &Line<'_>) -> f64 {
        f64::exp2(self.scale.max(line.origin().abs()).log2().floor())
    }

    /// D(h) at a step that the user gave; its truncation error is judged by D(h/2), D(h/4) and D(h/16).
    fn fixed(&self, line: &mut Line<'_>, room: &Clearance, h: f64) -> Result<Found, SourceError> {
        let (whole, ends) = line.two_sided(h)?;
        let nearest = room.nearest();
        if nearest.distance <= AT_KINK * self.largest(line) {
            let beside = self.at_kink(line, room, whole.slope);
            return match beside.stepped.ground {
                Ground::Tie => self.over_tie(line, beside.estimate, whole.slope, h),
                _ => Ok(beside),
            };
        }
        let certified = room.is_exact && h < reach(room);
        // Certified to cross nothing, a step may still turn over ties of equal slopes.
        let mut crossed: Vec<Unit> = if certified {
            Vec::new()
        } else {
            ends.iter().flat_map(|end| line.changed(end)).collect()
        };
        if nearest.distance <= h {
            // A kink within the step may have been crossed twice.
            crossed.extend(nearest.unit);
        }
        crossed.sort_unstable();
        crossed.dedup();
        if !crossed.is_empty() {
            return Ok(Found::crossed(whole.slope, h, crossed, false));
        }
        // D(h) − D(h/2) is 3/4 of the h² term; the rest of the factor 2 allows for the terms behind.
        // At a large step one distance can vanish by chance, but hardly all of them.
        let mut truncation = 0.0_f64;
        for fraction in [2.0, 4.0, 16.0] {
            let (nearer, ends) = match line.two_sided(h / fraction) {
                Ok(nearer) => nearer,
                // Near the spacing of numbers rounding is all the error there is.
                Err(SourceError::StepTooSmall { .. }) => break,
                Err(error) => return Err(error),
            };
            if !certified && !ends.iter().all(|end| line.is_same(end)) {
                let units: Vec<Unit> = ends.iter().flat_map(|end| line.changed(end)).collect();
                return Ok(Found::crossed(whole.slope, h, units, false));
            }
            truncation = truncation.max(2.0 * (whole.slope - nearer.slope).abs());
        }
        // The rounding of D(h), and twice that of D(h/2), whose step is half as long.
        let estimate = Estimate {
            value: whole.slope,
            error: truncation + 5.0 * whole.rounding,
        };
        let ground = if certified {
            Ground::Certified
        } else {
            Ground::Margin
        };
        Ok(Found::smooth(estimate, h, ground))
    }

    /// `slope`, which is D(h) of a step that the user gave, at a tie: the slopes at the point are both
    /// `beside`, but kinks further out may lie within the step.
    fn over_tie(
        &self,
        line: &mut Line<'_>,
        beside: Estimate,
        slope: f64,
        h: f64,
    ) -> Result<Found, SourceError> {
        let near = self.near(line);
        let mut crossed = Vec::new();
        for sign in [1.0, -1.0] {
            let (_, end) = line.one_sided(sign * h)?;
            let at_end = line.changed(&end);
            let at_point = if h > near {
                let (_, place) = line.one_sided(sign * near)?;
                line.changed(&place)
            } else {
                at_end.clone()
            };
            let only = |these: &[Unit], those: &[Unit]| -> Vec<Unit> {
                let missing = these.iter().filter(|unit| !those.contains(unit));
                missing.copied().collect()
            };
            crossed.extend(only(&at_end, &at_point));
            crossed.extend(only(&at_point, &at_end));
        }
        if !crossed.is_empty() {
            crossed.sort_unstable();
            crossed.dedup();
            return Ok(Found::crossed(slope, h, crossed, true));
        }
        let estimate = Estimate {
            value: slope,
            error: beside.error + (slope - beside.value).abs(),
        };
        Ok(Found::smooth(estimate, h, Ground::Tie))
    }

    /// So far from the origin only what ties there has changed its branch.
    fn near(&self, line: &Line<'_>) -> f64 {
        self.largest(line) * f64::exp2(f64::from(8 - MOST_HALVINGS))
    }

    /// The slope with the smallest error bound among all that the room allows.
    fn chosen(&self, line: &mut Line<'_>, room: &Clearance) -> Found {
        let largest = self.largest(line);
        if room.nearest().distance <= AT_KINK * largest {
            return self.at_kink(line, room, f64::NAN);
        }
        let first = power_of_two_below(reach(room)).min(largest);
        let mut found = self.two_sided(line, room, first, largest);
        let sides = [(1.0, room.above.distance), (-1.0, room.below.distance)];
        let (sign, distance) = if room.above.distance > room.below.distance {
            sides[0]
        } else {
            sides[1]
        };
        let is_cramped = first < largest * f64::exp2(f64::from(-NEAR_HALVINGS));
        if is_cramped && distance > 4.0 * room.nearest().distance {
            let limit = power_of_two_below(share(room) * distance).min(largest);
            let one_sided = self.one_sided(line, sign, limit, room.is_exact);
            if let Some((estimate, h)) = one_sided
                && found
                    .as_ref()
                    .is_none_or(|found| estimate.error < found.estimate.error)
            {
                found = Some(Found::smooth(estimate, h, Ground::OneSided));
            }
        }
        found.unwrap_or_else(|| self.at_kink(line, room, f64::NAN))
    }

    fn two_sided(
        &self,
        line: &mut Line<'_>,
        room: &Clearance,
        first: f64,
        largest: f64,
    ) -> Option<Found> {
        let ground = if room.is_exact {
            Ground::Certified
        } else {
            Ground::Margin
        };
        if self.is_quadratic
            && room.is_exact
            && let Some((estimate, h)) = exact(line, first)
        {
            return Some(Found::smooth(estimate, h, ground));
        }
        let mut ladder = Ladder::default();
        let mut h = first;
        while h >= largest * f64::exp2(f64::from(-MOST_HALVINGS)) {
            match line.two_sided(h) {
                Ok((quotient, ends)) => {
                    if !room.is_exact && !ends.iter().all(|end| line.is_same(end)) {
                        ladder.restart();
                        h /= 4.0;
                        continue;
                    }
                    if !ladder.push(Stencil::TwoSided, h, quotient) {
                        break;
                    }
                }
                // Below the spacing of numbers there is nothing left to try.
                Err(SourceError::StepTooSmall { .. }) => break,
                // A smaller step may still be finite.
                Err(_) => ladder.restart(),
            }
            h /= 2.0;
        }
        let (estimate, h) = ladder.best()?;
        Some(Found::smooth(estimate, h, ground))
    }

    /// The slope on one side, from steps of `first` and less on which the origin's branches hold.
    fn one_sided(
        &self,
        line: &mut Line<'_>,
        sign: f64,
        first: f64,
        is_certified: bool,
    ) -> Option<(Estimate, f64)> {
        let is_same = |line: &mut Line<'_>, place: &Place| is_certified || line.is_same(place);
        climb(line, sign, first, is_same)
    }

    /// The slopes on both sides of a kink; `slope` is what a quotient across it gave, if one was asked.
    fn at_kink(&self, line: &mut Line<'_>, room: &Clearance, slope: f64) -> Found {
        let largest = self.largest(line);
        let sides = [-1.0, 1.0].map(|sign| self.beside_kink(line, sign, largest));
        let [Some((mut left, left_h)), Some((mut right, right_h))] = sides else {
            return Found::silent(slope, largest, Ground::NotFinite);
        };
        // A kink that is near the point and not on it has its slope of the other side within the step.
        let strip = room.nearest().distance.min(AT_KINK * largest);
        let jump = (right.value - left.value).abs();
        left.error += jump * strip / left_h;
        right.error += jump * strip / right_h;
        let middle = left.value + (right.value - left.value) / 2.0;
        let h = left_h.min(right_h);
        if jump <= left.error + right.error {
            let error = jump / 2.0 + left.error.max(right.error);
            let estimate = Estimate {
                value: middle,
                error,
            };
            return Found::smooth(estimate, h, Ground::Tie);
        }
        let both = [room.above.unit, room.below.unit];
        let distances = [room.above.distance, room.below.distance];
        let mut units: Vec<Unit> = both
            .into_iter()
            .zip(distances)
            .filter(|(_, distance)| *distance <= AT_KINK * largest)
            .filter_map(|(unit, _)| unit)
            .collect();
        units.dedup();
        let kink = Kink { left, right, units };
        let value = if slope.is_nan() { middle } else { slope };
        Found::silent(value, h, Ground::Kink(kink))
    }

    /// The slope of the piece that begins at the origin and lies towards `sign`.
    fn beside_kink(&self, line: &mut Line<'_>, sign: f64, largest: f64) -> Option<(Estimate, f64)> {
        // The branches of the piece are those very near to the point, if not those at the point.
        let (_, place) = line.one_sided(sign * self.near(line)).ok()?;
        let beside = line.changed(&place);
        climb(line, sign, largest, |line, place| {
            line.changed(place) == beside
        })
    }
}

/// F(h) from steps of `first` and less at whose ends `is_same` holds.
fn climb(
    line: &mut Line<'_>,
    sign: f64,
    first: f64,
    is_same: impl Fn(&mut Line<'_>, &Place) -> bool,
) -> Option<(Estimate, f64)> {
    let mut ladder = Ladder::default();
    let mut h = first;
    let least = first * f64::exp2(f64::from(-MOST_HALVINGS));
    while h >= least {
        match line.one_sided(sign * h) {
            Ok((quotient, place)) => {
                if !is_same(line, &place) {
                    ladder.restart();
                } else if !ladder.push(Stencil::OneSided, h, quotient) {
                    break;
                }
            }
            Err(SourceError::StepTooSmall { .. }) => break,
            Err(_) => ladder.restart(),
        }
        h /= 2.0;
    }
    ladder.best()
}

/// D(h) of a quadratic, whose every step gives the slope; D(h/4) has to say the same.
fn exact(line: &mut Line<'_>, h: f64) -> Option<(Estimate, f64)> {
    let (whole, _) = line.two_sided(h).ok()?;
    let (quarter, _) = line.two_sided(h / 4.0).ok()?;
    let is_same = (whole.slope - quarter.slope).abs() <= whole.rounding + quarter.rounding;
    let Quotient { slope, rounding } = whole;
    let estimate = Estimate {
        value: slope,
        error: rounding,
    };
    is_same.then_some((estimate, h))
}

/// How much of the distance to a kink is stepped: nearly all of an exact one, half of a predicted one.
fn share(room: &Clearance) -> f64 {
    if room.is_exact { 0.99 } else { 0.5 }
}

/// The largest step towards the nearest kink.
fn reach(room: &Clearance) -> f64 {
    share(room) * room.nearest().distance
}

fn power_of_two_below(x: f64) -> f64 {
    if x.is_finite() && x > 0.0 {
        f64::exp2(x.log2().floor())
    } else {
        x
    }
}
