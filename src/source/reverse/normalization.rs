//! The normalisations, by broadcasting along the axis that has a mean.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Cpu, MeanTo, OwnedTape, ReshapeTo, TensorFromVec, Trace,
};

use crate::layer::normalization::{Normalization, Over, Running};
use crate::network::NetworkLayer;

use super::{Activation, Leaf, Leaves, Taped};

type Three = Taped<(usize, usize, usize)>;

/// Normalise along the middle axis of (sets, entries of a set, sets), and scale and shift along that of
/// (1, channels, ·), or of (·, places, samples).
pub(super) fn forward(
    norm: &Normalization,
    layer: &NetworkLayer,
    leaves: &Leaves,
    own: &[Leaf],
    x: Activation,
) -> Activation {
    let (batch, channels) = (layer.input[0], layer.input[1]);
    let features: usize = layer.input[1..].iter().product();
    let plane = features / channels;
    let by_sample = |sets: usize| (sets, features / sets, batch);
    let by_channel = (1, channels, plane * batch);
    let (by_set, by_place) = match norm.over {
        Over::Batch => ((channels, plane * batch, 1), by_channel),
        Over::Groups(groups) => (by_sample(groups), by_channel),
        Over::Instance => (by_sample(channels), by_channel),
        Over::Layer(size) => (by_sample(features / size), by_sample(features / size)),
    };
    let x: Three = x.reshape_like(&by_set);
    let normal = match &norm.running {
        None => own_statistics(x, norm.eps, by_set),
        Some(running) => running_statistics(leaves, running, x, norm.eps, by_set),
    };
    let mut y: Three = normal.reshape_like(&by_place);
    if let [weight, bias] = own {
        let weight: Three = weight
            .leaky_trace()
            .broadcast_like::<_, Axes2<0, 2>>(&by_place);
        y = y * weight;
        y = y + bias
            .leaky_trace()
            .broadcast_like::<_, Axes2<0, 2>>(&by_place);
    }
    y.reshape_like(&(features, batch))
}

fn own_statistics(x: Three, eps: f64, shape: (usize, usize, usize)) -> Three {
    let mean: Activation = x.retaped::<OwnedTape<f64, Cpu>>().mean::<_, Axis<1>>();
    let mean: Three = mean.broadcast_like::<_, Axis<1>>(&shape);
    let apart = x - mean;
    let squares = apart.retaped::<OwnedTape<f64, Cpu>>().square();
    let variance: Activation = squares.mean::<_, Axis<1>>();
    let deviation: Three = (variance + eps).sqrt().broadcast_like::<_, Axis<1>>(&shape);
    apart / deviation
}

/// With a constant for each channel, the first axis.
fn running_statistics(
    leaves: &Leaves,
    running: &Running,
    x: Three,
    eps: f64,
    shape: (usize, usize, usize),
) -> Three {
    let channels = shape.0;
    let given = |values: &Option<Vec<f64>>, usual: f64| {
        values.clone().unwrap_or_else(|| vec![usual; channels])
    };
    let variance = given(&running.variance, 1.0).into_iter();
    let deviation = variance.map(|v| (v + eps).sqrt()).collect();
    let constants = |values: Vec<f64>| {
        let values: Leaf = leaves.device.tensor_from_vec(values, (channels,));
        values.broadcast_like::<(usize, usize, usize), Axes2<1, 2>>(&shape)
    };
    (x - constants(given(&running.mean, 0.0))) / constants(deviation)
}
