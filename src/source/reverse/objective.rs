//! The objective: scale·loss of the rebuilt network, plus the penalty.

use dfdx::prelude::{
    Axes2, Axis, ChooseFrom, Cpu, GatherTo, HasShape, OwnedTape, ReshapeTo, SumTo, Tensor,
    TensorFromVec, Trace, TryLe, ZerosTensor,
};

use crate::loss::Loss;
use crate::network::{LeafName, Problem};
use crate::spec::PenaltySpec;
use crate::tensor;

use super::{Activation, Leaf, Leaves, Taped, graph};

/// Compute scale·loss + penalty.
///
/// The penalty comes first on the tape, so that its derivatives are added last: dfdx adds a leaf's terms one by
/// one to what the leaf already has, and a thousand small terms on top of a large one are as many roundings
/// of the large one.
pub(super) fn forward(problem: &Problem, leaves: &Leaves) -> Taped<()> {
    let nothing: Tensor<(), f64, Cpu> = leaves.device.zeros();
    let mut value = nothing.leaky_trace();
    for (number, weight) in leaves.parameters.iter().enumerate() {
        let leaf = LeafName::Parameter(number);
        if let Some(penalty) = problem.penalty_on(leaf) {
            let units = problem.leaf(leaf).shape()[0];
            value = value + penalty_forward(penalty, weight, units);
        }
    }
    if let Some(loss) = &problem.objective.loss {
        let batch = problem.input.shape()[0];
        let output = graph::forward(&problem.network, leaves, leaves.first_activation(batch));
        value = value + loss_forward(loss, leaves, output) * problem.objective.scale;
    }
    value
}

/// Compute the loss of the output y, (features, N).
fn loss_forward(loss: &Loss, leaves: &Leaves, y: Activation) -> Taped<()> {
    match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights: None,
        } => softmax_cross_entropy(classes, *label_smoothing, leaves, y),
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights: Some(weights),
        } => weighted_cross_entropy(classes, *label_smoothing, weights, leaves, y),
        Loss::MeanSquaredError { target } => {
            let target = by_feature(leaves, target, *y.shape());
            let count = (y.shape().0 * y.shape().1) as f64;
            (y - target).square().sum::<(), Axes2<0, 1>>() / count
        }
        Loss::Nll {
            classes,
            class_weights,
        } => nll(classes, class_weights.as_deref(), leaves, y),
        Loss::L1 { target } => {
            let target = by_feature(leaves, target, *y.shape());
            mean((y - target).abs())
        }
        Loss::Huber { target, delta } => {
            let target = by_feature(leaves, target, *y.shape());
            mean(huber(y - target, *delta))
        }
        Loss::BceWithLogits { target } => {
            let target = by_feature(leaves, target, *y.shape());
            mean(bce_with_logits(leaves, y, target))
        }
        Loss::WeightedSum { cotangent } => {
            let cotangent = by_feature(leaves, cotangent, *y.shape());
            (y * cotangent).sum::<(), Axes2<0, 1>>()
        }
    }
}

/// Gather each sample's target class, and compute minus the weighted mean.
fn nll(classes: &[usize], weights: Option<&[f64]>, leaves: &Leaves, y: Activation) -> Taped<()> {
    let (labels, batch) = *y.shape();
    let y: Taped<(usize,)> = y.reshape_like(&(labels * batch,));
    let targets = classes.iter().enumerate();
    let targets: Vec<usize> = targets.map(|(n, class)| class * batch + n).collect();
    let of_class = |class: &usize| weights.map_or(1.0, |weights| weights[*class]);
    let weights: Vec<f64> = classes.iter().map(of_class).collect();
    let (count, total) = (targets.len(), weights.iter().sum::<f64>());
    let at_targets: Taped<(usize,)> = y.gather(leaves.device.tensor_from_vec(targets, (count,)));
    let weights: Leaf = leaves.device.tensor_from_vec(weights, (count,));
    (at_targets * weights).sum::<(), Axis<0>>() / -total
}

fn mean(terms: Activation) -> Taped<()> {
    let count = (terms.shape().0 * terms.shape().1) as f64;
    terms.sum::<(), Axes2<0, 1>>() / count
}

/// Compute ½·r² where |r| ≤ δ, else δ·(|r| − ½·δ).
fn huber(r: Activation, delta: f64) -> Activation {
    let size = r.abs();
    let is_near = size.le(delta);
    let squared = size.retaped::<OwnedTape<f64, Cpu>>().square() * 0.5;
    is_near.choose(squared, (size - 0.5 * delta) * delta)
}

/// Compute (1 − t)·z + log(1 + e^−|z|) + ½·(|z| − z), with |z| as z times its sign, which is smooth on
/// both sides of 0.
fn bce_with_logits(
    leaves: &Leaves,
    z: Activation,
    target: Tensor<(usize, usize), f64, Cpu>,
) -> Activation {
    let values = z.as_vec();
    let constants = |of: fn(&f64) -> f64| -> Tensor<(usize, usize), f64, Cpu> {
        let values = values.iter().map(of).collect();
        leaves.device.tensor_from_vec(values, *z.shape())
    };
    let signs = constants(|z| 1.0_f64.copysign(*z));
    let below = constants(|z| if z.is_sign_negative() { -1.0 } else { 0.0 });
    let size = z.retaped::<OwnedTape<f64, Cpu>>() * signs;
    let log = ((-size).exp() + 1.0).ln();
    // (1 − t)·z + max(−z, 0) as one term: apart, their slopes would swallow that of the logarithm
    // where it is small, at large logits.
    z * ((-target + 1.0) + below) + log
}

/// Compute −1/N · Σ_n ((1 − ε)·log p[n, t(n)] + ε/K · Σ_k log p[n,k]), p the softmax.
fn softmax_cross_entropy(
    classes: &[usize],
    label_smoothing: f64,
    leaves: &Leaves,
    y: Activation,
) -> Taped<()> {
    let (labels, batch) = *y.shape();
    // On a tensor that is not contiguous dfdx's `log_softmax` is wrong.
    let log_p = y.contiguous().log_softmax::<Axis<0>>();
    let log_p: Taped<(usize,)> = log_p.reshape_like(&(labels * batch,));
    let smooth = (label_smoothing > 0.0).then(|| {
        let share = label_smoothing / labels as f64;
        log_p.retaped::<OwnedTape<f64, Cpu>>().sum::<(), Axis<0>>() * share
    });
    let targets = classes.iter().enumerate();
    let targets: Vec<usize> = targets.map(|(n, class)| class * batch + n).collect();
    let count = targets.len();
    let at_targets: Taped<(usize,)> =
        log_p.gather(leaves.device.tensor_from_vec(targets, (count,)));
    let mut log_likelihood = at_targets.sum::<(), Axis<0>>() * (1.0 - label_smoothing);
    if let Some(smooth) = smooth {
        log_likelihood = log_likelihood + smooth;
    }
    log_likelihood / -(batch as f64)
}

/// Compute −1/W · Σ_n Σ_k w[k]·((1 − ε)·[k = t(n)] + ε/K)·log p[n,k], p the softmax.
fn weighted_cross_entropy(
    classes: &[usize],
    label_smoothing: f64,
    weights: &[f64],
    leaves: &Leaves,
    y: Activation,
) -> Taped<()> {
    let (labels, batch) = *y.shape();
    let mut shares = vec![0.0; labels * batch];
    for (n, class) in classes.iter().enumerate() {
        for (k, weight) in weights.iter().enumerate() {
            shares[k * batch + n] = weight * label_smoothing / labels as f64;
        }
        shares[class * batch + n] += weights[*class] * (1.0 - label_smoothing);
    }
    let shares: Tensor<(usize, usize), f64, Cpu> =
        leaves.device.tensor_from_vec(shares, (labels, batch));
    let total: f64 = classes.iter().map(|class| weights[*class]).sum();
    let log_p = y.contiguous().log_softmax::<Axis<0>>();
    (log_p * shares).sum::<(), Axes2<0, 1>>() / -total
}

/// The constants of `by_sample`, batch first, as (features, N).
fn by_feature(
    leaves: &Leaves,
    by_sample: &tensor::Tensor<f64>,
    shape: (usize, usize),
) -> Tensor<(usize, usize), f64, Cpu> {
    let (features, batch) = shape;
    let values = tensor::values(by_sample);
    let turned = (0..features)
        .flat_map(|feature| (0..batch).map(move |n| values[n * features + feature]))
        .collect();
    leaves.device.tensor_from_vec(turned, shape)
}

/// Compute the penalty of one weight, a sum over its output units of sums.
fn penalty_forward(penalty: PenaltySpec, weight: &Leaf, units: usize) -> Taped<()> {
    let (terms, factor) = match penalty {
        PenaltySpec::L2 { strength } => (weight.leaky_trace().square(), 0.5 * strength),
        PenaltySpec::L1 { strength } => (weight.leaky_trace().abs(), strength),
    };
    let by_unit: Activation = terms.reshape_like(&(units, weight.shape().0 / units));
    by_unit.sum::<(usize,), Axis<1>>().sum::<(), Axis<0>>() * factor
}
