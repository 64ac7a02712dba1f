//! dfdx's operators, by the names and attributes that requests have.

use dfdx::losses::{
    binary_cross_entropy_with_logits_loss, cross_entropy_with_logits_loss, huber_loss, mae_loss,
    mse_loss,
};
use dfdx::prelude::{
    Axes2, Axis, Bilinear, BroadcastTo, HasShape, MeanTo, NearestNeighbor, PermuteTo, Shape,
    TryMatMul, TryPReLU, TryUpscale2D,
};
use ndarray::Array2;

use crate::adapter::composed::{is_by_size, none, only};
use crate::harness::{Asked, SubjectError};
use crate::loss::Loss;
use crate::spec::{Approximation, Interpolation, OpSpec, SoftmaxSpec, UpsampleSpec};

use super::{Context, Plain, Ranked, Taped};

type Found = Result<Ranked, SubjectError>;
type Flat = (usize,);
type Lines = (usize, usize, usize);

/// The answer by dfdx's operators.
pub(super) fn answer(on: &Context<'_>) -> Found {
    match on.request.asked {
        Asked::Operator(op) => operator(op, on),
        Asked::Loss(loss) => of_loss(loss, on),
        Asked::Network(_) => Err(none("network")),
    }
}

fn operator(op: &OpSpec, on: &Context<'_>) -> Found {
    let input = on.request.problem.input.shape();
    let entries = (input.iter().product::<usize>(),);
    let entrywise = |function: fn(Taped<Flat>) -> Taped<Flat>| -> Found {
        shaped(function(on.reshaped("x", entries)?), input)
    };
    match op {
        OpSpec::Relu {} => entrywise(Taped::relu),
        OpSpec::Tanh {} => entrywise(Taped::tanh),
        OpSpec::Sigmoid {} => entrywise(Taped::sigmoid),
        OpSpec::Gelu(gelu) => match gelu.approximate {
            Approximation::None => entrywise(Taped::accurate_gelu),
            Approximation::Tanh => entrywise(Taped::fast_gelu),
        },
        OpSpec::Hardtanh(bounds) => {
            let x: Taped<Flat> = on.reshaped("x", entries)?;
            shaped(x.clamp(bounds.min_val, bounds.max_val), input)
        }
        OpSpec::LeakyRelu(leaky) => {
            let x: Taped<Flat> = on.reshaped("x", entries)?;
            shaped(x.prelu(leaky.negative_slope), input)
        }
        OpSpec::Prelu(prelu) => {
            only(prelu.num_parameters != 1, "prelu of one parameter")?;
            let lines = around(input, 1);
            let slopes: Taped<Flat> = on.get("weight")?;
            let slopes = slopes.broadcast_like::<_, Axes2<0, 2>>(&lines);
            shaped(on.reshaped("x", lines)?.prelu(slopes), input)
        }
        OpSpec::Softmax(softmax) => {
            let x = lines(softmax, on)?;
            shaped(x.softmax::<Axis<1>>(), input)
        }
        OpSpec::LogSoftmax(softmax) => {
            let x = lines(softmax, on)?;
            shaped(x.log_softmax::<Axis<1>>(), input)
        }
        OpSpec::LayerNorm(norm) => {
            let size: usize = norm.normalized_shape.iter().product();
            let lines = (entries.0 / size.max(1), size);
            let x = on.reshaped("x", lines)?.normalize::<Axis<1>>(norm.eps);
            if !norm.affine {
                return shaped(x, input);
            }
            let [weight, bias] = ["weight", "bias"].map(|name| on.reshaped(name, (size,)));
            let weight = weight?.broadcast_like::<_, Axis<0>>(&lines);
            shaped(
                x * weight + bias?.broadcast_like::<_, Axis<0>>(&lines),
                input,
            )
        }
        OpSpec::Linear(linear) => {
            let x: Taped<(usize, usize)> = on.get("x")?;
            let weight: Taped<(usize, usize)> = on.get("weight")?;
            let y = x.matmul(weight.permute::<_, Axes2<1, 0>>());
            if !linear.bias {
                return Ok(y.into());
            }
            let shape = *y.shape();
            let bias: Taped<Flat> = on.get("bias")?;
            Ok((y + bias.broadcast_like::<_, Axis<0>>(&shape)).into())
        }
        OpSpec::AdaptiveAvgPool2d(pool) => {
            only(pool.output_size == [1, 1], "adaptive average pooling")?;
            let [batch, channels, rest @ ..] = input else {
                return Err(none("average of no image"));
            };
            let lines = (*batch, *channels, rest.iter().product::<usize>());
            let mean: Taped<(usize, usize)> = on.reshaped("x", lines)?.mean::<_, Axis<2>>();
            shaped(mean, &[*batch, *channels, 1, 1])
        }
        OpSpec::Upsample(upsample) => upsample2d(upsample, on),
        OpSpec::Conv2d(_) | OpSpec::ConvTranspose2d(_) => Err(none("convolution on stable Rust")),
        OpSpec::MaxPool2d(_) | OpSpec::AvgPool2d(_) => Err(none("pooling on stable Rust")),
        other => Err(none(other.name())),
    }
}

/// Sizes before `axis`, along it and behind it.
fn around(shape: &[usize], axis: usize) -> Lines {
    let product = |sizes: &[usize]| sizes.iter().product();
    (
        product(&shape[..axis]),
        shape[axis],
        product(&shape[axis + 1..]),
    )
}

/// The input as lines along the axis of a softmax.
fn lines(softmax: &SoftmaxSpec, on: &Context<'_>) -> Result<Taped<Lines>, SubjectError> {
    let input = on.request.problem.input.shape();
    let axis = softmax.axis(input.len());
    let axis = axis.ok_or_else(|| none("such an axis"))?;
    on.reshaped("x", around(input, axis))
}

fn shaped<S: Shape>(tensor: Taped<S>, shape: &[usize]) -> Found {
    Ok(Ranked {
        shape: shape.to_vec(),
        ..Ranked::from(tensor)
    })
}

/// Nearest, and bilinear with the corners in place.
fn upsample2d(upsample: &UpsampleSpec, on: &Context<'_>) -> Found {
    let x: Taped<(usize, usize, usize, usize)> = on.get("x")?;
    let [_, _, rows, columns] = x.shape().concrete();
    let output = upsample
        .output([rows, columns])
        .map_err(|error| SubjectError::Failed(error.to_string()))?;
    only(
        is_by_size(upsample, [rows, columns]),
        "upsampling by broken factors",
    )?;
    only(output[0] >= rows && output[1] >= columns, "downsampling")?;
    Ok(match upsample.mode {
        Interpolation::Nearest => x
            .upscale2d_like(NearestNeighbor, output[0], output[1])
            .into(),
        Interpolation::Bilinear => {
            only(
                upsample.align_corners,
                "bilinear upsampling with the corners out of place",
            )?;
            x.upscale2d_like(Bilinear, output[0], output[1]).into()
        }
    })
}

fn of_loss(loss: &Loss, on: &Context<'_>) -> Found {
    let y: Taped<(usize, usize)> = on.get("x")?;
    Ok(match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights,
        } => {
            only(class_weights.is_none(), "cross entropy with class weights")?;
            let (batch, labels) = *y.shape();
            // It takes probabilities.
            let spread = label_smoothing / labels as f64;
            let mut target = Array2::from_elem((batch, labels), spread);
            for (sample, class) in classes.iter().enumerate() {
                target[[sample, *class]] += 1.0 - label_smoothing;
            }
            let target: Plain<(usize, usize)> = on.constant(&target.into_dyn())?;
            cross_entropy_with_logits_loss(y, target).into()
        }
        Loss::MeanSquaredError { target } => mse_loss(y, on.constant(target)?).into(),
        Loss::L1 { target } => mae_loss(y, on.constant(target)?).into(),
        Loss::Huber { target, delta } => huber_loss(y, on.constant(target)?, *delta).into(),
        Loss::BceWithLogits { target } => {
            binary_cross_entropy_with_logits_loss(y, on.constant(target)?).into()
        }
        Loss::Nll { .. } => return Err(none("nll")),
        Loss::WeightedSum { .. } => return Err(none("weighted sum")),
    })
}
