//! Tensors that the objective cannot see.

use crate::judge::{Unobservable, Verdict};
use crate::network::objective::Evaluation;
use crate::network::{Coordinate, LeafName};
use crate::report::Hidden;
use crate::rng::Stream;
use crate::source::{Point, SAFETY, extended};
use crate::tensor::{Tensor, values};

use super::compare::tensors;

/// Coordinates whose cancellation is confirmed in double-double.
const MOST_CONFIRMED: usize = 8;

/// A derivative that is so much smaller than its own rounding is 0 in truth.
const CANCELLED: f64 = 1e-6;

/// Find the tensors of which this objective shows nothing, and say so at each of their coordinates.
///
/// One entry for each tensor that was judged.
pub(super) fn mark(
    point: &Point,
    coordinates: &[Coordinate],
    verdicts: &mut [Verdict],
) -> Vec<Option<Hidden>> {
    // A penalty alone leaves tensors out on purpose: that their derivatives are 0 is all there is to see.
    let has_loss = point.problem.objective.loss.is_some();
    let gradient = point.problem.backpropagate::<f64>(Some(&point.pattern));
    let ranges: Vec<_> = tensors(coordinates).collect();
    ranges
        .into_iter()
        .map(|range| {
            let is_quiet = has_loss
                && verdicts[range.clone()]
                    .iter()
                    .all(|verdict| matches!(verdict, Verdict::Agree | Verdict::Unresolved(_)));
            let leaf = coordinates[range.start].leaf;
            let hidden = if is_quiet {
                hidden(point, &gradient, leaf)
            } else {
                None
            }?;
            verdicts[range].fill(Verdict::Unobservable(hidden.reason));
            Some(hidden)
        })
        .collect()
}

fn hidden(point: &Point, gradient: &Evaluation<f64>, leaf: LeafName) -> Option<Hidden> {
    let own = values(gradient.leaf(leaf));
    let spread = |index: usize| point.rounding.derivative(Coordinate { leaf, index });
    let name = point.problem.network.leaf_name(leaf);
    if own
        .iter()
        .enumerate()
        .all(|(index, g)| g.abs() == 0.0 && spread(index) == 0.0)
    {
        let layer = blocking_layer(point, leaf);
        let cause = match &layer {
            Some(layer) => format!("{layer} passes no gradient on for these samples"),
            None => "what it is multiplied with is 0 for these samples".to_owned(),
        };
        return Some(Hidden {
            reason: Unobservable::Cut,
            words: format!(
                "{name} cannot be seen: {cause}, so that every derivative is exactly 0. More --samples, another --seed or some --train-steps can make it visible"
            ),
            layer,
        });
    }
    let is_noise = own
        .iter()
        .enumerate()
        .all(|(index, g)| g.abs() <= SAFETY * spread(index));
    if is_noise && is_cancelled(point, leaf, own.len()) {
        return Some(Hidden {
            reason: Unobservable::Cancelled,
            layer: None,
            words: format!(
                "{name} cannot be seen: its true derivative is 0, since terms cancel, and what is computed is rounding. An objective that weights the outputs differently makes it visible"
            ),
        });
    }
    None
}

/// Whether the derivatives in double-double are far below the rounding of those in `f64`.
fn is_cancelled(point: &Point, leaf: LeafName, length: usize) -> bool {
    let mut stream = Stream::new(0, "cancellation");
    let chosen: Vec<Coordinate> = stream
        .sample(length, length.min(MOST_CONFIRMED))
        .into_iter()
        .map(|index| Coordinate { leaf, index })
        .collect();
    let answers = extended(point, &chosen);
    answers.iter().zip(&chosen).all(|(answer, coordinate)| {
        let rounding = point.rounding.derivative(*coordinate);
        answer.dual.abs().hi() <= CANCELLED * rounding
    })
}

/// The layer nearest to the owner of `leaf` that gets a gradient from the loss, and passes none on.
fn blocking_layer(point: &Point, leaf: LeafName) -> Option<String> {
    let network = &point.problem.network;
    let owner = match leaf {
        LeafName::Input => None,
        LeafName::Parameter(number) => Some(network.owner(number)?),
    };
    let outputs: Vec<Tensor<f64>> = point.problem.output_gradients(Some(&point.pattern));
    let is_zero = |tensor: &Tensor<f64>| tensor.iter().all(|g| g.abs() == 0.0);
    if let Some(owner) = owner
        && !is_zero(outputs.get(owner)?)
    {
        return None;
    }
    let behind = network.behind(owner.map_or(0, |owner| owner + 1));
    let blocking = behind.into_iter().find(|layer| !is_zero(&outputs[*layer]));
    Some(match blocking {
        Some(layer) => network.layers()[layer].name.clone(),
        None => "the loss".to_owned(),
    })
}
