//! Where a derivative is lost: in a layer whose output's gradient still moves as it should, while that
//! of its input, or of its parameters, does not.
//!
//! Upstream of it everything inherits the fault, and is not accused.

use std::collections::BTreeSet;

use crate::judge::Verdict;
use crate::judge::verdict::within;
use crate::network::{Coordinate, LeafName};
use crate::source::second::output_differences;
use crate::source::{Estimate, Point, SAFETY, SecondOrder};
use crate::tensor::values;

use super::Along;

/// The name of the loss among the places.
const LOSS: &str = "the loss";

/// The layers that lose the derivative of `subject`, and the loss if it does; where several layers read
/// one activation, each of them that cannot be excluded.
pub(super) fn places(
    point: &Point,
    subject: &dyn SecondOrder,
    coordinates: &[Coordinate],
    along: &[Along; 2],
    verdicts: &[Vec<Verdict>; 2],
) -> Vec<String> {
    let network = &point.problem.network;
    let layers = network.layers().len();
    let mut places: BTreeSet<usize> = BTreeSet::new();
    for (along, verdicts) in along.iter().zip(verdicts) {
        let moves = moves_rightly(point, subject, along);
        for (layer, right) in moves.iter().enumerate() {
            // The activation behind layer number k has the number k + 1.
            let readers: Vec<usize> = network.readers(layer + 1).collect();
            if !right && layer + 1 == layers {
                places.insert(layers);
            }
            if !right && readers.iter().all(|reader| moves[*reader]) {
                places.extend(readers);
            }
        }
        for (verdict, coordinate) in verdicts.iter().zip(coordinates) {
            let LeafName::Parameter(number) = coordinate.leaf else {
                continue;
            };
            let Some(owner) = network.owner(number) else {
                continue;
            };
            let is_wrong = matches!(verdict, Verdict::Disagree | Verdict::Invalid);
            if is_wrong && moves.get(owner) == Some(&true) {
                places.insert(owner);
            }
        }
    }
    let names = places
        .into_iter()
        .map(|place| match network.layers().get(place) {
            Some(layer) => layer.name.clone(),
            None => LOSS.to_owned(),
        });
    names.collect()
}

/// Whether the gradient with respect to each layer's output moves along the direction, on dual numbers,
/// as its own differences say.
fn moves_rightly(point: &Point, subject: &dyn SecondOrder, along: &Along) -> Vec<bool> {
    let differences = output_differences(subject, point, &along.direction);
    let tangents = along.product.outputs.iter().zip(&along.rounding.outputs);
    tangents
        .zip(differences)
        .map(|((tangent, spread), differences)| {
            let pairs = values(tangent).iter().zip(values(spread)).zip(differences);
            let mut own = pairs.map(|((value, spread), theirs)| {
                let own = Estimate {
                    value: *value,
                    error: SAFETY * spread,
                };
                theirs.is_none_or(|theirs| within(own, theirs))
            });
            own.all(|is_right| is_right)
        })
        .collect()
}
