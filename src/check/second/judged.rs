//! The verdict on every product, what kind of fault it is, and the planted one.

use crate::judge::verdict::within;
use crate::judge::{Reference, Unobservable, Unresolved, Verdict, judge};
use crate::network::{Coordinate, Network};
use crate::report::{Cause, Control};
use crate::rng::Stream;
use crate::source::Point;
use crate::source::second::extended_product;
use crate::tensor::values;

use super::super::compare::tensors;
use super::Along;

/// A product that is so much smaller than its own rounding is 0 in truth.
const CANCELLED: f64 = 1e-6;

/// One product is made 1 % too large on purpose.
const FACTOR: f64 = 1.01;

/// The verdict on the product at every position.
pub(super) fn verdicts(point: &Point, coordinates: &[Coordinate], along: &Along) -> Vec<Verdict> {
    let mut verdicts = Vec::with_capacity(coordinates.len());
    for range in tensors(coordinates) {
        let all = along.estimates.iter();
        let largest = all
            .flat_map(|estimates| &estimates[range.clone()])
            .filter_map(|estimate| Some((*estimate)?.value.abs()))
            .filter(|value| value.is_finite())
            .fold(0.0, f64::max);
        verdicts.extend(range.map(|position| verdict(along, position, 1.0, largest)));
    }
    mark_cancelled(point, coordinates, along, &mut verdicts);
    verdicts
}

/// The verdict at one position, the product under test being multiplied by `factor`.
fn verdict(along: &Along, position: usize, factor: f64, largest: f64) -> Verdict {
    let mut own = along.own(position);
    own.value *= factor;
    let references: Vec<Reference> = along.estimates[1..]
        .iter()
        .map(|estimates| match estimates[position] {
            Some(estimate) => Reference::Smooth(estimate),
            None => Reference::NotFinite,
        })
        .collect();
    judge(own, &references, None, largest)
}

/// Products of which terms cancel, so that only rounding is left, are out of sight and not open: in
/// double-double they are 0.
fn mark_cancelled(
    point: &Point,
    coordinates: &[Coordinate],
    along: &Along,
    verdicts: &mut [Verdict],
) {
    let open = Verdict::Unresolved(Unresolved::BoundTooWide);
    if !verdicts.contains(&open) {
        return;
    }
    let truth = extended_product(&point.problem, &point.pattern, &along.direction);
    let is_cancelled = |position: usize| {
        let coordinate = coordinates[position];
        let truth = values(truth.leaf(coordinate.leaf))[coordinate.index];
        truth.abs().hi() <= CANCELLED * along.rounding.leaves.derivative(coordinate)
    };
    let hidden = Verdict::Unobservable(Unobservable::Cancelled);
    for range in tensors(coordinates) {
        // Where all of a tensor is rounding, agreement within it means nothing either.
        let is_quiet = |verdict: &Verdict| *verdict == open || *verdict == Verdict::Agree;
        let of_tensor = &verdicts[range.clone()];
        let all = of_tensor.contains(&open)
            && of_tensor.iter().all(is_quiet)
            && range.clone().all(is_cancelled);
        for position in range {
            if all || (verdicts[position] == open && is_cancelled(position)) {
                verdicts[position] = hidden;
            }
        }
    }
}

/// What the accounts that differ have in common; `None` when nothing speaks against the backward.
pub(super) fn cause(along: &[Along; 2], verdicts: &[Vec<Verdict>; 2]) -> Option<Cause> {
    let (mut wrong, mut derivative, mut gradient) = (0, 0, 0);
    for (along, verdicts) in along.iter().zip(verdicts) {
        for (position, verdict) in verdicts.iter().enumerate() {
            if !matches!(verdict, Verdict::Disagree | Verdict::Invalid) {
                continue;
            }
            wrong += 1;
            let [Some(own), Some(hyper), Some(central)] = along
                .estimates
                .each_ref()
                .map(|estimates| estimates[position])
            else {
                continue;
            };
            let with_own = within(own, central);
            let with_hyper = within(hyper, central);
            derivative += usize::from(with_hyper && !with_own);
            gradient += usize::from(with_own && !with_hyper);
        }
    }
    match (wrong, derivative, gradient) {
        (0, ..) => None,
        (_, 1.., 0) => Some(Cause::Derivative),
        (_, 0, 1..) => Some(Cause::Gradient),
        _ => Some(Cause::Undecided),
    }
}

/// Plant one fault into the products under test, judge it again, and say whether it was seen.
pub(super) fn plant(
    network: &Network,
    coordinates: &[Coordinate],
    along: &[Along; 2],
    verdicts: &[Vec<Verdict>; 2],
    seed: u64,
) -> Control {
    let is_visible = |along: &Along, position: usize| {
        let own = along.own(position);
        let bounds = along.references(position).map(|(_, theirs)| theirs.error);
        let tightest = bounds.fold(f64::INFINITY, f64::min) + own.error;
        (FACTOR - 1.0) * own.value.abs() > 2.0 * tightest
    };
    let candidates: Vec<(usize, usize)> = (0..along.len())
        .flat_map(|number| (0..coordinates.len()).map(move |position| (number, position)))
        .filter(|(number, position)| {
            verdicts[*number][*position] == Verdict::Agree && is_visible(&along[*number], *position)
        })
        .collect();
    if candidates.is_empty() {
        return Control::Impossible;
    }
    let (number, position) =
        candidates[Stream::new(seed, "second control").index(candidates.len())];
    let own = along[number].own(position).value.abs();
    let judged = verdict(&along[number], position, FACTOR, own);
    let coordinate = network.coordinate_name(coordinates[position]);
    let factor = FACTOR;
    if judged == Verdict::Disagree {
        Control::Caught { coordinate, factor }
    } else {
        Control::Missed { coordinate, factor }
    }
}
