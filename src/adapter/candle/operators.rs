//! candle's operators, by the names and attributes that requests have.

use candle_core::{DType, Device, Module, ModuleT, Tensor};
use candle_nn::{
    Activation, BatchNorm, Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, ConvTranspose2d,
    ConvTranspose2dConfig, Dropout, GroupNorm, LayerNorm, Linear, PReLU, ops,
};

use crate::adapter::composed::{Library, Node, is_by_size, none, only, same};
use crate::harness::SubjectError;
use crate::loss::Loss;
use crate::spec::{
    Approximation, AvgPool2dSpec, BatchNorm2dSpec, Conv1dSpec, Conv2dSpec, ConvTranspose2dSpec,
    Interpolation, LayerNormSpec, MaxPool2dSpec, OpSpec, UpsampleSpec, ZeroPad2dSpec,
};

use super::losses;

type Found = Result<Tensor, SubjectError>;

/// candle's functions and modules.
pub(super) struct Candle {
    pub(super) dtype: DType,
}

impl Library for Candle {
    type Tensor = Tensor;

    fn operator(&self, node: &Node<'_, Tensor>, inputs: &[Tensor]) -> Found {
        let [x, rest @ ..] = inputs else {
            return Err(none("operator without input"));
        };
        match node.op {
            OpSpec::Residual(_) => rest
                .iter()
                .try_fold(x.clone(), |sum, more| Ok((sum + more)?)),
            OpSpec::Concatenation(join) => Ok(Tensor::cat(inputs, join.dim)?),
            OpSpec::Conv1d(conv) => conv1d(conv, node, x),
            OpSpec::Conv2d(conv) => conv2d(conv, node, x),
            OpSpec::ConvTranspose2d(conv) => conv_transpose2d(conv, node, x),
            OpSpec::Linear(_) => {
                let linear = Linear::new(node.weight()?.clone(), node.bias().cloned());
                Ok(linear.forward(x)?)
            }
            OpSpec::MaxPool2d(pool) => max_pool2d(pool, x),
            OpSpec::AvgPool2d(pool) => avg_pool2d(pool, x),
            OpSpec::AdaptiveAvgPool2d(pool) => {
                only(pool.output_size == [1, 1], "adaptive average pooling")?;
                Ok(x.mean_keepdim((2, 3))?)
            }
            OpSpec::ZeroPad2d(pad) => zero_pad2d(pad, x),
            OpSpec::Upsample(upsample) => upsample2d(upsample, node, x),
            OpSpec::Flatten {} => Ok(x.flatten_from(1)?),
            OpSpec::BatchNorm2d(norm) => self.batch_norm(norm, node, x),
            OpSpec::LayerNorm(norm) => self.layer_norm(norm, node, x),
            OpSpec::GroupNorm(norm) => self.group_norm(norm.groups, norm.eps, node, x),
            OpSpec::InstanceNorm(norm) => self.group_norm(x.dim(1)?, norm.eps, node, x),
            OpSpec::Prelu(prelu) => {
                let prelu = PReLU::new(node.weight()?.clone(), prelu.num_parameters == 1);
                Ok(prelu.forward(x)?)
            }
            OpSpec::Dropout(dropout) => {
                only(!dropout.training, "dropout under a given mask")?;
                Ok(Dropout::new(dropout.p as f32).forward(x, false)?)
            }
            OpSpec::Softmax(softmax) => {
                let axis = softmax.axis(x.rank());
                Ok(ops::softmax(x, axis.ok_or_else(|| none("such an axis"))?)?)
            }
            OpSpec::LogSoftmax(softmax) => {
                let axis = softmax.axis(x.rank());
                let axis = axis.ok_or_else(|| none("such an axis"))?;
                Ok(ops::log_softmax(x, axis)?)
            }
            entrywise => activation(entrywise, x),
        }
    }

    fn loss(&self, loss: &Loss, output: &Tensor) -> Found {
        losses::loss(loss, output)
    }
}

/// Functions of each entry alone.
fn activation(op: &OpSpec, x: &Tensor) -> Found {
    Ok(match op {
        OpSpec::Relu {} => x.relu()?,
        OpSpec::Tanh {} => x.tanh()?,
        OpSpec::Sigmoid {} => ops::sigmoid(x)?,
        OpSpec::LeakyRelu(leaky) => ops::leaky_relu(x, leaky.negative_slope)?,
        OpSpec::Elu(elu) => x.elu(elu.alpha)?,
        OpSpec::Gelu(gelu) => match gelu.approximate {
            Approximation::None => x.gelu_erf()?,
            Approximation::Tanh => x.gelu()?,
        },
        OpSpec::Silu {} => x.silu()?,
        OpSpec::Mish {} => ops::mish(x)?,
        OpSpec::Hardswish {} => Activation::HardSwish.forward(x)?,
        OpSpec::Hardtanh(bounds) => x.clamp(bounds.min_val, bounds.max_val)?,
        other => return Err(none(other.name())),
    })
}

fn conv1d(conv: &Conv1dSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
    let config = Conv1dConfig {
        padding: conv.padding,
        stride: conv.stride,
        dilation: conv.dilation,
        groups: conv.groups,
        ..Default::default()
    };
    let conv = Conv1d::new(node.weight()?.clone(), node.bias().cloned(), config);
    Ok(conv.forward(x)?)
}

fn conv2d(conv: &Conv2dSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
    let config = Conv2dConfig {
        padding: same(conv.padding, "conv2d of padding")?,
        stride: same(conv.stride, "conv2d of stride")?,
        dilation: same(conv.dilation, "conv2d of dilation")?,
        groups: conv.groups,
        ..Default::default()
    };
    let conv = Conv2d::new(node.weight()?.clone(), node.bias().cloned(), config);
    Ok(conv.forward(x)?)
}

fn conv_transpose2d(conv: &ConvTranspose2dSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
    only(conv.groups == 1, "conv_transpose2d of several groups")?;
    let config = ConvTranspose2dConfig {
        padding: same(conv.padding, "conv_transpose2d of padding")?,
        output_padding: same(conv.output_padding, "conv_transpose2d of output padding")?,
        stride: same(conv.stride, "conv_transpose2d of stride")?,
        dilation: same(conv.dilation, "conv_transpose2d of dilation")?,
    };
    let conv = ConvTranspose2d::new(node.weight()?.clone(), node.bias().cloned(), config);
    Ok(conv.forward(x)?)
}

fn max_pool2d(pool: &MaxPool2dSpec, x: &Tensor) -> Found {
    only(pool.padding == [0, 0], "max_pool2d with padding")?;
    only(pool.dilation == [1, 1], "max_pool2d with dilation")?;
    only(!pool.ceil_mode, "max_pool2d in ceil mode")?;
    let [kernel, stride] = [pool.kernel, pool.stride.unwrap_or(pool.kernel)].map(Into::into);
    Ok(x.max_pool2d_with_stride::<(usize, usize)>(kernel, stride)?)
}

fn avg_pool2d(pool: &AvgPool2dSpec, x: &Tensor) -> Found {
    only(pool.padding == [0, 0], "avg_pool2d with padding")?;
    only(!pool.ceil_mode, "avg_pool2d in ceil mode")?;
    let [kernel, stride] = [pool.kernel, pool.stride.unwrap_or(pool.kernel)].map(Into::into);
    Ok(x.avg_pool2d_with_stride::<(usize, usize)>(kernel, stride)?)
}

fn zero_pad2d(pad: &ZeroPad2dSpec, x: &Tensor) -> Found {
    let mut padded = x.clone();
    for (axis, dim) in [(0, 2), (1, 3)] {
        let kept = pad.kept(axis, x.dim(dim)?);
        let [before, after] = pad.sides(axis).map(|side| side.max(0).unsigned_abs());
        padded = padded.narrow(dim, kept.start, kept.len())?;
        padded = padded.pad_with_zeros(dim, before, after)?;
    }
    Ok(padded)
}

fn upsample2d(upsample: &UpsampleSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
    only(
        upsample.mode == Interpolation::Nearest,
        "bilinear upsampling with a backward",
    )?;
    let size = [x.dim(2)?, x.dim(3)?];
    only(is_by_size(upsample, size), "upsampling by broken factors")?;
    Ok(x.upsample_nearest2d(node.output[2], node.output[3])?)
}

impl Candle {
    /// Weight and bias, or ones and zeros in their place.
    fn scale(&self, node: &Node<'_, Tensor>, shape: usize) -> Result<[Tensor; 2], SubjectError> {
        Ok(match (node.parameter("weight"), node.bias()) {
            (Some(weight), Some(bias)) => [weight.flatten_all()?, bias.flatten_all()?],
            _ => [
                Tensor::ones(shape, self.dtype, &Device::Cpu)?,
                Tensor::zeros(shape, self.dtype, &Device::Cpu)?,
            ],
        })
    }

    fn running(&self, values: Option<&[f64]>, usual: f64, channels: usize) -> Found {
        let values = values.map_or_else(|| vec![usual; channels], <[f64]>::to_vec);
        Ok(Tensor::from_vec(values, channels, &Device::Cpu)?.to_dtype(self.dtype)?)
    }

    fn batch_norm(&self, norm: &BatchNorm2dSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
        let channels = x.dim(1)?;
        let mean = self.running(norm.running_mean.as_deref(), 0.0, channels)?;
        let variance = self.running(norm.running_var.as_deref(), 1.0, channels)?;
        let layer = if norm.affine {
            let [weight, bias] = self.scale(node, channels)?;
            BatchNorm::new(channels, mean, variance, weight, bias, norm.eps)?
        } else {
            BatchNorm::new_no_bias(channels, mean, variance, norm.eps)?
        };
        Ok(layer.forward_t(x, norm.training)?)
    }

    /// Over the last axis; several of them become one.
    fn layer_norm(&self, norm: &LayerNormSpec, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
        let size = norm.normalized_shape.iter().product();
        let mut lines = x.dims()[..x.rank() - norm.normalized_shape.len()].to_vec();
        lines.push(size);
        let [weight, bias] = self.scale(node, size)?;
        let layer = if norm.affine {
            LayerNorm::new(weight, bias, norm.eps)
        } else {
            LayerNorm::new_no_bias(weight, norm.eps)
        };
        Ok(layer.forward(&x.reshape(lines)?)?.reshape(x.dims())?)
    }

    fn group_norm(&self, groups: usize, eps: f64, node: &Node<'_, Tensor>, x: &Tensor) -> Found {
        let channels = x.dim(1)?;
        let [weight, bias] = self.scale(node, channels)?;
        let layer = GroupNorm::new(weight, bias, channels, groups, eps)?;
        Ok(layer.forward(x)?)
    }
}
