//! The fault that a check by projections plants, to prove that it can fail.

use std::borrow::Cow;

use crate::network::{Coordinate, LeafName, Network};
use crate::report::Control;
use crate::rng::Stream;
use crate::source::projection::{Extent, Projection, TensorProjection};
use crate::tensor::{Tensor, values};

/// One derivative is made 1 % too large.
const FACTOR: f64 = 1.01;

/// Plant one fault into the gradient under test, and say whether every projection of its tensor sees it.
///
/// It goes to a seeded tensor among those that agreed, and there to the first coordinate, from a seeded one
/// on, where 1 % is more than the bounds.
pub(super) fn plant(
    network: &Network,
    projection: &Projection,
    gradient: &[Cow<'_, Tensor<f64>>],
    seed: u64,
) -> Control {
    let mut stream = Stream::new(seed, "control");
    let is_fit = |tensor: &&TensorProjection| {
        let is_right = tensor.extent == Extent::Located && tensor.found.is_empty();
        is_right && is_visible(tensor, tensor.largest)
    };
    let fit: Vec<&TensorProjection> = projection.tensors.iter().filter(is_fit).collect();
    if fit.is_empty() {
        return Control::Impossible;
    }
    let tensor = fit[stream.index(fit.len())];
    let own = values(&gradient[tensor.number]);
    let start = stream.index(own.len());
    let from_there = (start..own.len()).chain(0..start);
    let Some(index) = from_there
        .into_iter()
        .find(|at| is_visible(tensor, own[*at].abs()))
    else {
        return Control::Impossible;
    };
    let coordinate = network.coordinate_name(Coordinate {
        leaf: LeafName::Parameter(tensor.number),
        index,
    });
    let fault = (FACTOR - 1.0) * own[index];
    let factor = FACTOR;
    if tensor.would_see(seed, index, fault) {
        Control::Caught { coordinate, factor }
    } else {
        Control::Missed { coordinate, factor }
    }
}

/// Whether the fault would be seen for certain at a derivative of this size.
fn is_visible(tensor: &TensorProjection, size: f64) -> bool {
    let widest = tensor.bounds.iter().copied().fold(0.0, f64::max);
    (FACTOR - 1.0) * size > 2.0 * widest
}
