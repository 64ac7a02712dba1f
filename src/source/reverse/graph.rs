//! The layers in their order, and what happens where branches part and meet.
//!
//! An activation that several layers read goes to each under its own number on a tape of its own; dfdx
//! merges the tapes where the branches meet again, and adds up what comes back under that number.

use dfdx::prelude::{
    Axis, GatherTo, PermuteTo, ReshapeTo, TensorFromVec, Trace, TryConcatAlong, WithEmptyTape,
};

use crate::layer::{Join, Layer};
use crate::network::{Network, NetworkLayer};
use crate::tensor::{unflatten, values};

use super::{Activation, Leaves, layers};

/// Run `network` on its input `x`, and return its output.
pub(super) fn forward(network: &Network, leaves: &Leaves, x: Activation) -> Activation {
    let layers = network.layers();
    let mut readers = vec![0_usize; layers.len() + 1];
    for activation in layers.iter().flat_map(|layer| &layer.reads) {
        readers[*activation] += 1;
    }
    readers[layers.len()] += 1;
    let mut activations: Vec<Option<Activation>> = vec![Some(x)];
    for layer in layers {
        let mut inputs: Vec<Activation> = Vec::with_capacity(layer.reads.len());
        for activation in &layer.reads {
            readers[*activation] -= 1;
            let slot = &mut activations[*activation];
            let input = match readers[*activation] {
                0 => slot.take(),
                _ => slot.as_ref().map(Activation::with_empty_tape),
            };
            inputs.push(input.expect("what a layer reads has been computed before"));
        }
        activations.push(Some(match &layer.layer {
            Layer::Join(join) => meet(join, layer, network, leaves, inputs),
            _ => {
                let x = inputs.pop().expect("a layer reads something");
                layers::forward(layer, leaves, x)
            }
        }));
    }
    let output = activations.pop().flatten();
    output.expect("the last activation has not been read")
}

/// Join `inputs`; each but the first is multiplied by 1, since dfdx panics when one tensor stands on
/// both sides, which it does when no layer lies on a branch.
fn meet(
    join: &Join,
    layer: &NetworkLayer,
    network: &Network,
    leaves: &Leaves,
    inputs: Vec<Activation>,
) -> Activation {
    match join {
        Join::Sum => all(inputs, |sum, x| sum + x),
        Join::Concatenation { axis } => {
            let stacked = all(inputs, |above, below| {
                (above, below).concat_along(Axis::<0>)
            });
            let rows = interleaved(network, layer, *axis);
            let count = rows.len();
            stacked.gather(leaves.device.tensor_from_vec(rows, (count,)))
        }
        Join::Constant(constant) => {
            let batch = constant.shape()[0];
            let features = constant.len() / batch;
            let shape = (batch, features);
            let data = values(constant).to_vec();
            let by_sample: Activation = leaves.device.tensor_from_vec(data, shape).leaky_trace();
            let by_feature: Activation = by_sample.permute();
            by_feature.contiguous()
        }
    }
}

fn all(inputs: Vec<Activation>, join: impl Fn(Activation, Activation) -> Activation) -> Activation {
    let joined = inputs.into_iter().reduce(|joined, x| join(joined, x * 1.0));
    joined.expect("branches meet")
}

/// For each feature of the output its row among those of all inputs, which stand one below the other.
fn interleaved(network: &Network, layer: &NetworkLayer, axis: usize) -> Vec<usize> {
    let features: usize = layer.output[1..].iter().product();
    let rows = (0..features).map(|feature| {
        let mut index = unflatten(feature, &layer.output[1..]);
        let mut above = 0;
        for read in &layer.reads {
            let shape = &network.activation_shape(*read)[1..];
            if index[axis - 1] < shape[axis - 1] {
                let within = index
                    .iter()
                    .zip(shape)
                    .fold(0, |row, (i, size)| row * size + i);
                return above + within;
            }
            index[axis - 1] -= shape[axis - 1];
            above += shape.iter().product::<usize>();
        }
        unreachable!("the inputs' sizes add up to the output's")
    });
    rows.collect()
}
