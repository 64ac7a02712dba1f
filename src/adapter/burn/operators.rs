//! burn's operators, by the names and attributes that requests have.

use burn::module::{Param, ParamId};
use burn::nn::{GroupNormConfig, InstanceNormConfig};
use burn::tensor::ops::{
    AvgPoolOptions, ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions,
    MaxPoolOptions, PadMode,
};
use burn::tensor::{Tensor, activation, module};
use ndarray::{ArrayD, IxDyn};

use crate::adapter::composed::{Library, Node, is_by_size, none, only};
use crate::harness::SubjectError;
use crate::loss::Loss;
use crate::spec::{
    Approximation, BatchNorm2dSpec, Interpolation, LayerNormSpec, OpSpec, UpsampleSpec,
    ZeroPad2dSpec,
};

use super::{Ranked, constant, device, losses};

type Found = Result<Ranked, SubjectError>;

/// burn's functions and modules.
pub(super) struct Burn;

impl Library for Burn {
    type Tensor = Ranked;

    fn operator(&self, node: &Node<'_, Ranked>, inputs: &[Ranked]) -> Found {
        let [x, rest @ ..] = inputs else {
            return Err(none("operator without input"));
        };
        match node.op {
            OpSpec::Residual(_) => Ok(rest.iter().fold(x.clone(), |sum, more| {
                sum.map(|sum| sum + more.flat.clone())
            })),
            OpSpec::Concatenation(join) => {
                let parts = inputs
                    .iter()
                    .map(|part| part.reshaped(part.around(join.dim)));
                let joined = Tensor::cat(parts.collect(), 1);
                shaped(joined, node)
            }
            OpSpec::Flatten {} => {
                let [batch, one, rest] = x.around(1);
                Ok(x.reshaped([batch, one * rest]).into())
            }
            OpSpec::Linear(_) => {
                let weight = node.weight()?.rank::<2>()?.transpose();
                Ok(module::linear(x.rank::<2>()?, weight, bias(node)?).into())
            }
            OpSpec::Softmax(softmax) => {
                let axis = softmax.axis(x.shape.len());
                let lines = x.around(axis.ok_or_else(|| none("such an axis"))?);
                shaped(activation::softmax(x.reshaped(lines), 1), node)
            }
            OpSpec::LogSoftmax(softmax) => {
                let axis = softmax.axis(x.shape.len());
                let lines = x.around(axis.ok_or_else(|| none("such an axis"))?);
                shaped(activation::log_softmax(x.reshaped(lines), 1), node)
            }
            OpSpec::Prelu(_) => {
                let slopes = node.weight()?.rank()?;
                shaped(activation::prelu(x.reshaped(x.around(1)), slopes), node)
            }
            OpSpec::BatchNorm2d(norm) => batch_norm(norm, node, x),
            OpSpec::LayerNorm(norm) => layer_norm(norm, node, x),
            OpSpec::GroupNorm(_) | OpSpec::InstanceNorm(_) => grouped_norm(node, x),
            window => windowed(window, node, x),
        }
    }

    fn loss(&self, loss: &Loss, output: &Ranked) -> Found {
        losses::loss(loss, output)
    }
}

/// The tensor in the shape of the node's output.
fn shaped<const D: usize>(tensor: Tensor<D>, node: &Node<'_, Ranked>) -> Found {
    let flat = Ranked::from(tensor).flat;
    Ok(Ranked {
        flat,
        shape: node.output.to_vec(),
    })
}

fn bias(node: &Node<'_, Ranked>) -> Result<Option<Tensor<1>>, SubjectError> {
    node.bias().map(Ranked::rank).transpose()
}

/// Convolutions, poolings and resampling.
fn windowed(op: &OpSpec, node: &Node<'_, Ranked>, x: &Ranked) -> Found {
    Ok(match op {
        OpSpec::Conv1d(conv) => {
            let (padding, dilation) = ([conv.padding], [conv.dilation]);
            let options = ConvOptions::new([conv.stride], padding, dilation, conv.groups);
            module::conv1d(x.rank()?, node.weight()?.rank()?, bias(node)?, options).into()
        }
        OpSpec::Conv2d(conv) => {
            let options = ConvOptions::new(conv.stride, conv.padding, conv.dilation, conv.groups);
            module::conv2d(x.rank()?, node.weight()?.rank()?, bias(node)?, options).into()
        }
        OpSpec::ConvTranspose2d(conv) => {
            let options = ConvTransposeOptions::new(
                conv.stride,
                conv.padding,
                conv.output_padding,
                conv.dilation,
                conv.groups,
            );
            module::conv_transpose2d(x.rank()?, node.weight()?.rank()?, bias(node)?, options).into()
        }
        OpSpec::MaxPool2d(pool) => {
            let options = MaxPoolOptions::new(pool.kernel)
                .with_stride(pool.stride.unwrap_or(pool.kernel))
                .with_padding(pool.padding)
                .with_dilation(pool.dilation)
                .with_ceil_mode(pool.ceil_mode);
            module::max_pool2d(x.rank()?, options).into()
        }
        OpSpec::AvgPool2d(pool) => {
            let options = AvgPoolOptions::new(pool.kernel)
                .with_stride(pool.stride.unwrap_or(pool.kernel))
                .with_padding(pool.padding)
                .with_count_include_pad(pool.count_include_pad)
                .with_ceil_mode(pool.ceil_mode);
            module::avg_pool2d(x.rank()?, options).into()
        }
        OpSpec::AdaptiveAvgPool2d(pool) => {
            module::adaptive_avg_pool2d(x.rank()?, pool.output_size).into()
        }
        OpSpec::ZeroPad2d(pad) => zero_pad2d(pad, x)?,
        OpSpec::Upsample(upsample) => upsample2d(upsample, node, x)?,
        entrywise => activation(entrywise, x)?,
    })
}

/// Functions of each entry alone.
fn activation(op: &OpSpec, x: &Ranked) -> Found {
    Ok(match op {
        OpSpec::Relu {} => x.map(activation::relu),
        OpSpec::Tanh {} => x.map(activation::tanh),
        OpSpec::Sigmoid {} => x.map(activation::sigmoid),
        OpSpec::LeakyRelu(leaky) => x.map(|x| activation::leaky_relu(x, leaky.negative_slope)),
        OpSpec::Elu(elu) => x.map(|x| activation::elu(x, elu.alpha)),
        OpSpec::Selu {} => x.map(activation::selu),
        OpSpec::Gelu(gelu) => match gelu.approximate {
            Approximation::None => x.map(activation::gelu),
            Approximation::Tanh => x.map(activation::gelu_approximate),
        },
        OpSpec::Silu {} => x.map(activation::silu),
        OpSpec::Mish {} => x.map(activation::mish),
        OpSpec::Softplus(softplus) => {
            x.map(|x| activation::softplus_with_threshold(x, softplus.beta, softplus.threshold))
        }
        OpSpec::Hardswish {} => x.map(activation::hard_swish),
        OpSpec::Hardtanh(bounds) => {
            x.map(|x| activation::hardtanh(x, bounds.min_val, bounds.max_val))
        }
        OpSpec::Dropout(_) => return Err(none("dropout under a given mask")),
        other => return Err(none(other.name())),
    })
}

fn zero_pad2d(pad: &ZeroPad2dSpec, x: &Ranked) -> Found {
    let x: Tensor<4> = x.rank()?;
    let [batch, channels, rows, columns] = x.dims();
    let [rows, columns] = [(0, rows), (1, columns)].map(|(axis, size)| pad.kept(axis, size));
    let kept = x.slice([0..batch, 0..channels, rows, columns]);
    let [left, right, top, bottom] = pad.padding.map(|side| side.max(0).unsigned_abs());
    let padded = kept.pad((left, right, top, bottom), PadMode::Constant(0.0));
    Ok(padded.into())
}

fn upsample2d(upsample: &UpsampleSpec, node: &Node<'_, Ranked>, x: &Ranked) -> Found {
    let x: Tensor<4> = x.rank()?;
    let [_, _, rows, columns] = x.dims();
    only(
        is_by_size(upsample, [rows, columns]),
        "upsampling by broken factors",
    )?;
    let mode = match upsample.mode {
        Interpolation::Nearest => InterpolateMode::Nearest,
        Interpolation::Bilinear => InterpolateMode::Bilinear,
    };
    let options = InterpolateOptions::new(mode)
        .with_align_corners(upsample.align_corners)
        .with_output_size([node.output[2], node.output[3]]);
    Ok(module::interpolate(x, options).into())
}

/// Numbers of each channel.
fn channels(values: Vec<f64>) -> Result<Tensor<1>, SubjectError> {
    let shape = IxDyn(&[values.len()]);
    let values = ArrayD::from_shape_vec(shape, values)
        .map_err(|error| SubjectError::Failed(error.to_string()))?;
    constant(&values).rank()
}

/// Weight and bias, or ones and zeros in their place.
fn scale(node: &Node<'_, Ranked>, size: usize) -> Result<[Tensor<1>; 2], SubjectError> {
    match (node.parameter("weight"), node.bias()) {
        (Some(weight), Some(bias)) => Ok([weight.flat.clone(), bias.flat.clone()]),
        _ => Ok([channels(vec![1.0; size])?, channels(vec![0.0; size])?]),
    }
}

fn batch_norm(norm: &BatchNorm2dSpec, node: &Node<'_, Ranked>, x: &Ranked) -> Found {
    let x: Tensor<4> = x.rank()?;
    let size = x.dims()[1];
    let [gamma, beta] = scale(node, size)?;
    if norm.training {
        return Ok(module::batch_norm_train(x, gamma, beta, norm.eps)
            .output
            .into());
    }
    let running = |values: &Option<Vec<f64>>, usual: f64| {
        channels(values.clone().unwrap_or_else(|| vec![usual; size]))
    };
    let mean = running(&norm.running_mean, 0.0)?;
    let variance = running(&norm.running_var, 1.0)?;
    Ok(module::batch_norm(x, gamma, beta, mean, variance, norm.eps).into())
}

/// Over the last axis; several of them become one.
fn layer_norm(norm: &LayerNormSpec, node: &Node<'_, Ranked>, x: &Ranked) -> Found {
    let size: usize = norm.normalized_shape.iter().product();
    let lines = x.shape.iter().product::<usize>() / size.max(1);
    let [gamma, beta] = scale(node, size)?;
    let y = module::layer_norm(x.reshaped([lines, size]), gamma, Some(beta), norm.eps);
    shaped(y, node)
}

fn grouped_norm(node: &Node<'_, Ranked>, x: &Ranked) -> Found {
    let x: Tensor<4> = x.rank()?;
    let size = x.dims()[1];
    let scale = match node.parameter("weight") {
        Some(_) => Some(scale(node, size)?.map(|own| Param::initialized(ParamId::new(), own))),
        None => None,
    };
    let is_affine = scale.is_some();
    let (gamma, beta) = scale.map_or((None, None), |[gamma, beta]| (Some(gamma), Some(beta)));
    Ok(match node.op {
        OpSpec::GroupNorm(norm) => {
            let config = GroupNormConfig::new(norm.groups, size).with_epsilon(norm.eps);
            let mut layer = config.with_affine(is_affine).init(device());
            (layer.gamma, layer.beta) = (gamma, beta);
            layer.forward(x).into()
        }
        OpSpec::InstanceNorm(norm) => {
            let config = InstanceNormConfig::new(size).with_epsilon(norm.eps);
            let mut layer = config.with_affine(is_affine).init(device());
            (layer.gamma, layer.beta) = (gamma, beta);
            layer.forward(x).into()
        }
        other => return Err(none(other.name())),
    })
}
