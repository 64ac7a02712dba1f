//! Where only the gradients of parameters and input are seen.
//!
//! A gradient that is right, and not 0, shows that what reached its layer was right. Then whatever is
//! wrong in that layer, or behind it, is wrong by itself: an error in what a layer sends back would have
//! come through to the right one.

use super::compared::compare;
use super::gradients::Estimates;
use super::place::{LayerFault, Place, Seen};
use super::search::Search;

impl Search<'_> {
    /// Find the culprits by the gradients of parameters and input alone.
    pub(super) fn by_leaves(&self, place: &mut Place) {
        let network = &self.reference.point.problem.network;
        let layers = network.layers();
        let right = &self.reference.right.leaves;
        let at_input = compare(&self.subject.input, &right.input);
        let mut reached_rightly = vec![false; layers.len()];
        let mut prove = |layer: usize| reached_rightly[layer] = true;
        if at_input.wrong == 0 && is_seen(&self.subject.input, &right.input) {
            network.behind(0).into_iter().for_each(&mut prove);
        }
        for (number, layer) in layers.iter().enumerate() {
            let is_right = |parameter: usize| {
                let own = &self.subject.parameters[parameter];
                let right = &right.parameters[parameter];
                compare(own, right).wrong == 0 && is_seen(own, right)
            };
            if layer.parameter_range().any(is_right) {
                prove(number);
                network.behind(number + 1).into_iter().for_each(&mut prove);
            }
        }

        let mut or_in = vec!["loss".to_owned()];
        let mut nearest: Option<LayerFault> = None;
        for (number, layer) in layers.iter().enumerate().rev() {
            let inputs = layer.distinct_reads().into_iter().filter(|read| *read == 0);
            let inputs = inputs.map(|read| (read, at_input)).collect();
            let wrong = self.tensors(number, inputs, |parameter| {
                compare(
                    &self.subject.parameters[parameter],
                    &right.parameters[parameter],
                )
            });
            let shows = !layer.parameters.is_empty();
            let fault = LayerFault {
                number: Some(number),
                layer: layer.name.clone(),
                tensors: wrong,
            };
            if fault.tensors.is_empty() {
                // A layer that shows nothing is neither right nor wrong.
                if shows {
                    place.clean.push(layer.name.clone());
                }
            } else if reached_rightly[number] {
                place.culprits.push(fault);
            } else if nearest.is_none() {
                nearest = Some(fault);
            } else {
                place.inherited.push(layer.name.clone());
            }
            if nearest.is_none() {
                if shows {
                    or_in.clear();
                }
                or_in.push(layer.name.clone());
            }
        }
        if nearest.is_none() {
            or_in.clear();
        }
        place.culprits.extend(nearest);
        place.seen = Seen::Leaves { or_in };
    }
}

/// Whether there is a derivative of `own` to be compared with one that is not 0.
fn is_seen(own: &Estimates, right: &Estimates) -> bool {
    let mut pairs = own.iter().zip(right);
    pairs.any(|(own, right)| {
        own.is_some() && right.is_some_and(|right| right.value.abs() > right.error)
    })
}
