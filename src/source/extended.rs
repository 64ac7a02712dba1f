//! The gradient in double-double, where rounding plays no part: backprop, dual and central.
//!
//! A formula that is wrong stays wrong here, and one that is right agrees with the others to some
//! 20 digits, however ill-conditioned it is in `f64`. Parameters and data are taken as the exact
//! numbers that they are.
//!
//! Central differences follow `super::central`, on steps so small that hardly any crosses a kink:
//! each column of Romberg's tableau (W. Romberg, 1955; for derivatives C. J. F. Ridders, 1982)
//! removes one more term of the truncation error.
//!
//! ```text
//! T[i,0] = D(h/2ⁱ),  T[i,j] = T[i,j−1] + (T[i,j−1] − T[i−1,j−1])/(4ʲ − 1)
//! ```

use rayon::prelude::*;

use crate::network::{Coordinate, Parameters};
use crate::penalty::Branch;
use crate::scalar::{DoubleDouble, DualDoubleDouble, Scalar};
use crate::tensor::values;

use super::behind::{self, Behind, Owner};
use super::central::typical_size;
use super::dual::derivatives;
use super::{Point, SAFETY};

/// Decimal digits that a double-double holds: equal numbers match to this many.
pub const MOST_EXTENDED_DIGITS: f64 = 31.0;

/// Derivatives carried by one dual pass.
const LANES: usize = 8;

/// Coordinates that one task works on, for which the owner's parameters are copied once.
const TASK: usize = 4 * LANES;

/// The first step is 2⁻⁸ of the coordinate's scale: small beside the scale on which a smooth layer
/// bends, so that the tableau converges.
const FIRST_HALVINGS: i32 = 8;

/// A kink within 2⁻⁶⁰ of the coordinate's scale leaves no step to take.
const MOST_HALVINGS: i32 = 60;

/// Rows of the tableau.
const MOST_ROWS: usize = 8;

/// The unit roundoff of double-double by that of `f64`: errors of one operation are up to 5·2⁻¹⁰⁶
/// and 2⁻⁵³.
pub const ROUNDOFF_RATIO: f64 = 5.0 / (1_u64 << 53) as f64;

/// The derivative with respect to one coordinate, on the branches that the point takes in `f64`.
#[derive(Clone, Copy, Debug)]
pub struct Extended {
    /// By hand-written backpropagation.
    pub backprop: DoubleDouble,
    /// By dual numbers.
    pub dual: DoubleDouble,
    /// By central differences; `None` when every step crosses a kink, or when the point itself takes
    /// other branches in double-double than in `f64`, being nearer to a kink than `f64` can tell.
    pub central: Option<ExtendedSlope>,
}

/// A central difference with its error bound.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedSlope {
    /// The derivative.
    pub value: DoubleDouble,
    /// A bound on |value − true value|.
    pub error: f64,
}

/// −log₁₀ of |a − b|/max(|a|, |b|), between 0 and [`MOST_EXTENDED_DIGITS`], which two zeros match
/// to; NaN matches to 0 digits.
#[must_use]
pub fn extended_digits(a: DoubleDouble, b: DoubleDouble) -> f64 {
    let difference = (a - b).abs();
    if difference.hi() == 0.0 {
        return MOST_EXTENDED_DIGITS;
    }
    let largest = DoubleDouble::from_f64(a.abs().hi().max(b.abs().hi()));
    let digits = -(difference / largest).hi().log10();
    if digits.is_nan() {
        0.0
    } else {
        // The sum makes a 0 of −0, which is what the logarithm of 1 becomes.
        digits.clamp(0.0, MOST_EXTENDED_DIGITS) + 0.0
    }
}

/// Compute the derivatives at `point` with respect to `coordinates`, in that order.
#[must_use]
pub fn extended(point: &Point, coordinates: &[Coordinate]) -> Vec<Extended> {
    let problem = &point.problem;
    let backprop = problem.backpropagate::<DoubleDouble>(Some(&point.pattern));
    let parameters: Parameters<DoubleDouble> = problem.parameters.lift();
    let duals: Parameters<DualDoubleDouble<LANES>> = problem.parameters.lift();
    let mut answers = Vec::with_capacity(coordinates.len());
    for same_leaf in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        let leaf = same_leaf[0].leaf;
        let dual_owner = Owner::of(problem, leaf, &duals, Some(&point.pattern));
        // Central differences follow the values, and compare the branches with the pattern.
        let owner = Owner::of(problem, leaf, &parameters, None);
        let scale = typical_size(values(problem.leaf(leaf)));
        let tasks: Vec<Vec<Extended>> = same_leaf
            .par_chunks(TASK)
            .map(|task| {
                let duals = derivatives(problem, &dual_owner, task);
                let mut line = Line::new(point, &owner, same_leaf[0]);
                let answer = |(coordinate, dual): (&Coordinate, DoubleDouble)| Extended {
                    backprop: values(backprop.leaf(leaf))[coordinate.index],
                    dual,
                    central: line.slope(*coordinate, scale),
                };
                task.iter().zip(duals).map(answer).collect()
            })
            .collect();
        answers.extend(tasks.into_iter().flatten());
    }
    answers
}

/// The objective along one coordinate, everything else fixed.
struct Line<'a> {
    point: &'a Point,
    behind: Behind<'a, DoubleDouble>,
    first_behind: usize,
    coordinate: Coordinate,
    origin: f64,
}

impl<'a> Line<'a> {
    fn new(point: &'a Point, owner: &Owner<'a, DoubleDouble>, coordinate: Coordinate) -> Self {
        Self {
            point,
            behind: owner.behind(),
            first_behind: owner.first_behind(),
            coordinate,
            origin: 0.0,
        }
    }

    /// The slope at `coordinate`, in a tensor whose entries have the size `scale`.
    fn slope(&mut self, coordinate: Coordinate, scale: f64) -> Option<ExtendedSlope> {
        self.coordinate = coordinate;
        self.origin = values(self.point.problem.leaf(coordinate.leaf))[coordinate.index];
        let penalty = self.point.problem.penalty_on(coordinate.leaf);
        let at_kink = penalty.is_some_and(|penalty| penalty.branch(self.origin) == Branch::Kink);
        let slope = if at_kink { None } else { self.ladder(scale) };
        self.behind
            .replace(coordinate.index, DoubleDouble::from_f64(self.origin));
        slope
    }

    /// The objective's part that the coordinate can alter, at origin + `step`; `None` on other
    /// branches than the origin's.
    fn at(&mut self, step: f64) -> Option<DoubleDouble> {
        let problem = &self.point.problem;
        let w = DoubleDouble::from_sum(self.origin, step);
        self.behind.replace(self.coordinate.index, w);
        let unit = behind::unit(&problem.network, self.coordinate);
        let outcome = self.behind.evaluate(unit..unit + 1);
        let pattern = &self.point.pattern;
        let mut same = problem.objective.loss.is_none()
            || pattern.is_same_from(self.first_behind, &outcome.branches);
        let mut value = outcome.loss;
        if let Some(penalty) = problem.penalty_on(self.coordinate.leaf) {
            value += penalty.term(w);
            same &= penalty.branch(w.primal()) == penalty.branch(self.origin);
        }
        same.then_some(value)
    }

    /// D(h), whose divisor is exact; `None` when an end takes other branches.
    fn difference(&mut self, h: f64) -> Option<DoubleDouble> {
        let above = self.at(h)?;
        let below = self.at(-h)?;
        Some((above - below) / DoubleDouble::from_f64(2.0 * h))
    }

    /// The entry with the smallest error bound of the tableau that begins at the largest step that
    /// crosses no kink.
    fn ladder(&mut self, scale: f64) -> Option<ExtendedSlope> {
        let unit = f64::exp2(scale.max(self.origin.abs()).log2().floor());
        let mut last_row: Vec<DoubleDouble> = Vec::new();
        let mut best: Option<ExtendedSlope> = None;
        let mut halvings = FIRST_HALVINGS;
        while halvings <= MOST_HALVINGS && last_row.len() < MOST_ROWS {
            let h = unit * f64::exp2(f64::from(-halvings));
            let Some(difference) = self.difference(h) else {
                // An entry further out was between two kinks, or a kink's far side looked the same.
                last_row.clear();
                best = None;
                halvings += 4;
                continue;
            };
            let row = next_row(&last_row, difference);
            if let (Some(previous), [.., before, value]) = (last_row.last(), &row[..]) {
                let distance = |other: &DoubleDouble| (*value - *other).abs().hi();
                let truncation = distance(before).max(distance(previous));
                let rounding = self.rounding(h, *value);
                let error = truncation + rounding;
                if best.is_none_or(|best| error < best.error) {
                    best = Some(ExtendedSlope {
                        value: *value,
                        error,
                    });
                }
                // From here on rounding, which grows as h shrinks, would be all that is left.
                if truncation <= rounding {
                    break;
                }
            }
            last_row = row;
            halvings += 1;
        }
        best
    }

    /// A bound on the rounding error of a row whose smallest step is h: that of D(h), of which the
    /// row's last entry holds no more than 1.5 times, and less of the larger steps'.
    fn rounding(&self, h: f64, slope: DoubleDouble) -> f64 {
        let value = SAFETY * self.point.rounding.value() * ROUNDOFF_RATIO;
        2.0 * value / h + ROUNDOFF_RATIO * f64::EPSILON * slope.abs().hi()
    }
}

/// The row of the tableau below `above`, from its first entry.
fn next_row(above: &[DoubleDouble], difference: DoubleDouble) -> Vec<DoubleDouble> {
    let mut row = vec![difference];
    let mut power = 1.0;
    for above in above {
        power *= 4.0;
        let entry = row[row.len() - 1];
        row.push(entry + (entry - *above) / DoubleDouble::from_f64(power - 1.0));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tableau_removes_one_power_of_h_squared_a_column() {
        // D(h) = 1 + h² + h⁴ + h⁶ at h = 1, ½, ¼, ⅛
        let one = DoubleDouble::ONE;
        let mut row = Vec::new();
        for step in 0..4_i32 {
            let square = DoubleDouble::from_f64(f64::exp2(f64::from(-2 * step)));
            row = next_row(&row, one + square * (one + square * (one + square)));
        }
        let rest = (row[3] - one).abs().hi();
        assert!(
            rest < 1e-30,
            "three columns remove three terms, and not {rest:e}"
        );
    }

    #[test]
    fn digits_are_counted_to_the_last() {
        let third = DoubleDouble::ONE / DoubleDouble::from_f64(3.0);
        let near = third + DoubleDouble::from_f64(1e-21);
        let digits = extended_digits(third, near);
        assert!((digits - 20.5).abs() < 0.1, "{digits} for 3e-21");
        for (a, b, expected) in [
            (third, third, 31.0),
            (DoubleDouble::ZERO, -DoubleDouble::ZERO, 31.0),
            (third, -third, 0.0),
            (DoubleDouble::NAN, third, 0.0),
        ] {
            let digits = extended_digits(a, b);
            assert!((digits - expected).abs() < 1e-9, "{digits} for {a}, {b}");
        }
    }
}
