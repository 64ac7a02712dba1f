//! The layers, each as a few operations of dfdx.
//!
//! n batch · c input channel · o output channel · g group of G · k = kh·kw taps · p = H′·W′ windows

use dfdx::prelude::{
    Axis, BroadcastTo, ChooseFrom, GatherTo, HasShape, ReshapeTo, SumTo, Tensor, TensorFromVec,
    Trace, TryConcatAlong, TryLe, TryMatMul, ZerosTensor,
};

use crate::layer::{AvgPool2d, ConvTranspose2d, Layer, MaxPool2d};
use crate::network::NetworkLayer;
use crate::spec::extent::Window;

use super::activation;
use super::window::Geometry;
use super::{Activation, Leaf, Leaves, Taped, adaptive, normalization, resize, transposed};

/// Run one layer.
pub(super) fn forward(layer: &NetworkLayer, leaves: &Leaves, x: Activation) -> Activation {
    let own = &leaves.parameters[layer.parameter_range()];
    match &layer.layer {
        Layer::Conv1d(conv) => {
            let images = [&layer.input, &layer.output].map(|shape| one_row(shape));
            convolution(conv.window, conv.groups, images, leaves, own, x)
        }
        Layer::Conv2d(conv) => {
            let images = [layer.input.clone(), layer.output.clone()];
            convolution(conv.window, conv.groups, images, leaves, own, x)
        }
        Layer::ConvTranspose2d(conv) => conv_transpose2d(conv, layer, leaves, own, x),
        Layer::Linear => linear(own, x),
        Layer::Relu => relu(leaves, x),
        Layer::Tanh => x.tanh(),
        Layer::Sigmoid => x.sigmoid(),
        Layer::MaxPool2d(pool) => max_pool2d(pool, layer, leaves, x),
        Layer::AvgPool2d(pool) => avg_pool2d(pool, layer, leaves, x),
        Layer::Normalization(norm) => normalization::forward(norm, layer, leaves, own, x),
        Layer::AdaptiveAvgPool2d => adaptive_avg_pool2d(layer, leaves, x),
        Layer::ZeroPad2d(spec) => {
            let rows = resize::padded(*spec, &layer.input, &layer.output);
            gather_rows(leaves, x, rows)
        }
        Layer::Upsample(spec) => {
            let taps = resize::resized(*spec, &layer.input, &layer.output);
            weighted_rows(taps, layer, leaves, x)
        }
        // The activation is flat already.
        Layer::Flatten => x,
        Layer::Activation(function) => activation::forward(function, layer, leaves, x),
        Layer::Prelu => activation::prelu(layer, leaves, own, x),
        Layer::Dropout(spec) => activation::dropout(*spec, layer, leaves, x),
        Layer::Join(join) => panic!("{join:?} does not have one input"),
    }
}

/// Compute, for each group, (O/G, C/G·k)·(C/G·k, p·n), and add the bias.
fn convolution(
    window: Window,
    groups: usize,
    [input, output]: [Vec<usize>; 2],
    leaves: &Leaves,
    own: &[Leaf],
    x: Activation,
) -> Activation {
    let geometry = Geometry::new(window, &input, &output);
    let (batch, outputs) = (output[0], output[1]);
    let cells = geometry.positions() * batch;
    let terms = geometry.channels() / groups * geometry.taps();

    let windows = gather_rows(leaves, x, geometry.rows_by_channel());
    let windows: Taped<(usize, usize, usize)> = windows.reshape_like(&(groups, terms, cells));
    let weight: Taped<(usize, usize, usize)> =
        own[0]
            .leaky_trace()
            .reshape_like(&(groups, outputs / groups, terms));
    let y: Taped<(usize, usize)> = weight.matmul(windows).reshape_like(&(outputs, cells));
    let y = add_bias(y, own.get(1));
    y.reshape_like(&(outputs * geometry.positions(), batch))
}

/// The shape (N, C, L) as (N, C, 1, L).
fn one_row(shape: &[usize]) -> Vec<usize> {
    vec![shape[0], shape[1], 1, shape[2]]
}

/// Gather, for every output, what writes to it; then compute, for each group,
/// (O/G, C/G·k)·(C/G·k, p·n), and add the bias.
fn conv_transpose2d(
    conv: &ConvTranspose2d,
    layer: &NetworkLayer,
    leaves: &Leaves,
    own: &[Leaf],
    x: Activation,
) -> Activation {
    let (channels, batch) = (layer.input[1], layer.output[0]);
    let (outputs, positions) = (layer.output[1], layer.output[2] * layer.output[3]);
    let (groups, cells) = (conv.groups, positions * batch);
    let terms = channels / groups * conv.window.kernel[0] * conv.window.kernel[1];

    let writers = transposed::writers(conv.window, &layer.input, &layer.output);
    let writers: Taped<(usize, usize, usize)> =
        gather_rows(leaves, x, writers).reshape_like(&(groups, terms, cells));
    let order = transposed::weight_by_output(conv, channels, outputs);
    let count = order.len();
    let weight: Taped<(usize,)> = own[0]
        .leaky_trace()
        .gather(leaves.device.tensor_from_vec(order, (count,)));
    let weight: Taped<(usize, usize, usize)> =
        weight.reshape_like(&(groups, outputs / groups, terms));
    let y: Taped<(usize, usize)> = weight.matmul(writers).reshape_like(&(outputs, cells));
    let y = add_bias(y, own.get(1));
    y.reshape_like(&(outputs * positions, batch))
}

/// Compute (o, i)·(i, n), and add the bias.
fn linear(own: &[Leaf], x: Activation) -> Activation {
    let inputs = x.shape().0;
    let outputs = own[0].shape().0 / inputs;
    let weight: Taped<(usize, usize)> = own[0].leaky_trace().reshape_like(&(outputs, inputs));
    add_bias(weight.matmul(x), own.get(1))
}

fn add_bias(y: Taped<(usize, usize)>, bias: Option<&Leaf>) -> Taped<(usize, usize)> {
    match bias {
        None => y,
        Some(bias) => {
            let shape = *y.shape();
            y + bias.leaky_trace().broadcast_like::<_, Axis<1>>(&shape)
        }
    }
}

/// Take x where x > 0, else 0. dfdx's own `relu` makes NaN a 0, and would hide it.
fn relu(leaves: &Leaves, x: Activation) -> Activation {
    let passes = !x.le(0.0);
    let zero: Tensor<(usize, usize), f64, _> = leaves.device.zeros_like(x.shape());
    passes.choose(x, zero)
}

/// Gather the maximum of each window, whose place depends on the sample: of equal values the first
/// in row-major order, and NaN before any number. (dfdx's `max` gives every tied entry the whole
/// gradient.)
fn max_pool2d(
    pool: &MaxPool2d,
    layer: &NetworkLayer,
    leaves: &Leaves,
    x: Activation,
) -> Activation {
    let geometry = Geometry::new(pool.window, &layer.input, &layer.output);
    let batch = layer.input[0];
    let values = x.as_vec();
    let mut places = Vec::with_capacity(layer.output.iter().product());
    for rows in geometry.rows_inside() {
        for n in 0..batch {
            let mut best = rows[0] * batch + n;
            for row in &rows[1..] {
                let place = row * batch + n;
                let is_first_nan = values[place].is_nan() && !values[best].is_nan();
                if values[place] > values[best] || is_first_nan {
                    best = place;
                }
            }
            places.push(best);
        }
    }
    let pooled = places.len();
    let flat: Taped<(usize,)> = x.reshape_like(&(values.len(),));
    let maxima: Taped<(usize,)> = flat.gather(leaves.device.tensor_from_vec(places, (pooled,)));
    maxima.reshape_like(&(pooled / batch, batch))
}

/// Sum each window over its taps, and divide by how many count.
fn avg_pool2d(
    pool: &AvgPool2d,
    layer: &NetworkLayer,
    leaves: &Leaves,
    x: Activation,
) -> Activation {
    let geometry = Geometry::new(pool.window, &layer.input, &layer.output);
    let (batch, pooled) = (layer.output[0], geometry.channels() * geometry.positions());
    let windows = gather_rows(leaves, x, geometry.rows_by_tap());
    let windows: Taped<(usize, usize, usize)> =
        windows.reshape_like(&(geometry.taps(), pooled, batch));
    let sums: Activation = windows.sum::<_, Axis<0>>();
    let divisors = (0..pooled)
        .map(|row| geometry.divisor(row % geometry.positions(), pool.count_include_pad) as f64)
        .collect();
    let divisors = leaves.device.tensor_from_vec(divisors, (pooled,));
    let shape = *sums.shape();
    sums / divisors.broadcast_like::<_, Axis<1>>(&shape)
}

/// Sum each window over its entries, and divide by their number.
fn adaptive_avg_pool2d(layer: &NetworkLayer, leaves: &Leaves, x: Activation) -> Activation {
    let (rows, counts) = adaptive::entries(&layer.input, &layer.output);
    let (batch, pooled) = (layer.output[0], counts.len());
    let most = rows.len() / pooled;
    let windows: Taped<(usize, usize, usize)> =
        gather_rows(leaves, x, rows).reshape_like(&(most, pooled, batch));
    let sums: Activation = windows.sum::<_, Axis<0>>();
    let counts = counts.into_iter().map(|count| count as f64).collect();
    let counts = leaves.device.tensor_from_vec(counts, (pooled,));
    let shape = *sums.shape();
    sums / counts.broadcast_like::<_, Axis<1>>(&shape)
}

/// Gather rows by tap and output, and sum them by their weights over the taps.
fn weighted_rows(
    (rows, weights): (Vec<usize>, Vec<f64>),
    layer: &NetworkLayer,
    leaves: &Leaves,
    x: Activation,
) -> Activation {
    let (batch, outputs) = (layer.output[0], layer.output[1..].iter().product::<usize>());
    let taps = rows.len() / outputs;
    let gathered = gather_rows(leaves, x, rows);
    if taps == 1 {
        return gathered;
    }
    let gathered: Taped<(usize, usize, usize)> = gathered.reshape_like(&(taps, outputs, batch));
    let weights = leaves.device.tensor_from_vec(weights, (taps, outputs));
    let shape = *gathered.shape();
    (gathered * weights.broadcast_like::<_, Axis<2>>(&shape)).sum::<_, Axis<0>>()
}

/// Gather rows of x, of which the one past the last is zero.
fn gather_rows(leaves: &Leaves, x: Activation, rows: Vec<usize>) -> Activation {
    let count = rows.len();
    let inside = x.shape().0;
    if rows.iter().all(|row| *row < inside) {
        return x.gather(leaves.device.tensor_from_vec(rows, (count,)));
    }
    let zero_row: Tensor<(usize, usize), f64, _> = leaves.device.zeros_like(&(1, x.shape().1));
    let padded: Activation = (x, zero_row).concat_along(Axis::<0>);
    padded.gather(leaves.device.tensor_from_vec(rows, (count,)))
}
