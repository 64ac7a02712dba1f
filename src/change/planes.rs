//! Operations on each channel by itself that are linear but for a constant.

use crate::layer::Branches;
use crate::scalar::Dual;
use crate::tensor::{self, values};

use super::{Change, Extent, Here, LANES};

/// The operation on the change: it is a tangent of numbers whose values do not matter.
pub(super) fn pass(here: &Here<'_>, change: &Change, out: &mut Change) {
    let channels = change.channels();
    let of_channels = |shape: &[usize]| {
        let mut shape = shape.to_vec();
        shape[1] = channels.len();
        shape
    };
    let numbers = change.deltas().iter();
    let numbers = numbers.map(|delta| Dual::<LANES>::with_tangents(0.0, delta));
    let x = tensor::from_values(&of_channels(here.x.shape()), numbers.collect());
    let x = x.expect("a change has the channels' size");
    let output = of_channels(here.y.shape());
    let (y, _) = here.layer.forward(&[], x, &output, Branches::Follow);
    let moved = out.start(channels.clone(), Extent::of(here.y.shape()));
    for (moved, y) in moved.iter_mut().zip(values(&y)) {
        if let Some(tangents) = y.tangents() {
            moved.copy_from_slice(tangents);
        }
    }
}
