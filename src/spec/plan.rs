//! A spec whose every intermediate shape has been checked.

mod loss;
mod names;
mod normalization;

use thiserror::Error;

use super::extent::{MOST_ENTRIES, Rounding, ShapeError, Window, checked_size};
use super::groups::check_groups;
use super::{
    AvgPool2dSpec, Conv2dSpec, LinearSpec, MaxPool2dSpec, NetworkSpec, OpSpec, activation,
    largest_adaptive_window,
};

/// A network with the shape of every tensor in it, for one batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Shape of the input, batch first.
    pub input: Vec<usize>,
    /// The layers, in order.
    pub layers: Vec<PlannedLayer>,
    /// Shape of the last layer's output, batch first.
    pub output: Vec<usize>,
}

/// One layer with its shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedLayer {
    /// The name that its parameters carry.
    pub name: String,
    /// The operator.
    pub op: OpSpec,
    /// Shape of its input, batch first.
    pub input: Vec<usize>,
    /// Shape of its output, batch first.
    pub output: Vec<usize>,
    /// Its parameters.
    pub parameters: Vec<PlannedParameter>,
}

/// A parameter's name and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedParameter {
    /// PyTorch's name, such as `conv1.weight`.
    pub name: String,
    /// PyTorch's layout.
    pub shape: Vec<usize>,
    /// Number of weights behind one index of the first axis, which PyTorch's initial values go by: the
    /// inputs that one output unit sums over, but for a transposed convolution.
    pub fan_in: usize,
}

/// What is wrong with a spec.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanError {
    /// A layer's sizes do not fit.
    #[error("network '{network}', layer '{layer}' ({op}): {source}")]
    Layer {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// The operator.
        op: &'static str,
        /// What does not fit.
        source: Box<ShapeError>,
    },
    /// The input's sizes do not fit.
    #[error("network '{network}', input: {source}")]
    Input {
        /// The network.
        network: String,
        /// What does not fit.
        source: Box<ShapeError>,
    },
    /// All sizes fit on their own, and together they do not.
    #[error(
        "network '{network}' needs {numbers} numbers for parameters, activations and convolution windows, more than {limit}: use fewer samples or smaller layers"
    )]
    TooLarge {
        /// The network.
        network: String,
        /// Parameters, activations, and the windows that a convolution by matrix product gathers.
        numbers: usize,
        /// The largest number allowed.
        limit: usize,
    },
    /// Two layers have one name.
    #[error("network '{network}': two layers are called '{layer}': rename one")]
    DuplicateName {
        /// The network.
        network: String,
        /// The name.
        layer: String,
    },
    /// The loss cannot take the last layer's output.
    #[error("network '{network}', loss: {what}")]
    Loss {
        /// The network.
        network: String,
        /// What does not fit.
        what: String,
    },
}

impl Plan {
    /// Check `spec` for a batch of `batch` samples, layer by layer.
    ///
    /// # Errors
    /// [`PlanError`], which names network, layer and the sizes that clash.
    pub fn new(spec: &NetworkSpec, batch: usize) -> Result<Self, PlanError> {
        let mut input = vec![batch];
        input.extend(&spec.input);
        let mut numbers = checked_size("input", &input).map_err(|source| PlanError::Input {
            network: spec.name.clone(),
            source: Box::new(source),
        })?;

        let mut shape = input.clone();
        let mut layers = Vec::with_capacity(spec.layers.len());
        for (layer, name) in spec.layers.iter().zip(names::layer_names(spec)?) {
            let at_layer = |source| PlanError::Layer {
                network: spec.name.clone(),
                layer: name.clone(),
                op: layer.op.name(),
                source: Box::new(source),
            };
            let output = output_shape(&layer.op, &shape).map_err(at_layer)?;
            numbers =
                numbers.saturating_add(checked_size("its output", &output).map_err(at_layer)?);
            numbers = numbers.saturating_add(window_entries(&layer.op, &shape, &output));
            let parameters = parameters(&layer.op, &name, &shape);
            for parameter in &parameters {
                let size = checked_size(&parameter.name, &parameter.shape).map_err(at_layer)?;
                numbers = numbers.saturating_add(size);
            }
            let input = std::mem::replace(&mut shape, output.clone());
            layers.push(PlannedLayer {
                name,
                op: layer.op.clone(),
                input,
                output,
                parameters,
            });
        }
        if numbers > MOST_ENTRIES {
            let network = spec.name.clone();
            return Err(PlanError::TooLarge {
                network,
                numbers,
                limit: MOST_ENTRIES,
            });
        }
        loss::check(spec, &shape)?;
        Ok(Self {
            input,
            layers,
            output: shape,
        })
    }
}

/// The shape of the output of `op`, batch first.
fn output_shape(op: &OpSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    match op {
        OpSpec::Conv2d(conv) => conv_output(conv, input),
        OpSpec::ConvTranspose2d(conv) => {
            let [batch, channels, rows, columns] = image(input)?;
            Ok([&[batch][..], &conv.output([channels, rows, columns])?].concat())
        }
        OpSpec::Linear(linear) => linear_output(linear, input),
        OpSpec::Relu {} | OpSpec::Tanh {} | OpSpec::Sigmoid {} => Ok(input.to_vec()),
        OpSpec::LeakyRelu(_)
        | OpSpec::Elu(_)
        | OpSpec::Selu {}
        | OpSpec::Gelu(_)
        | OpSpec::Silu {}
        | OpSpec::Mish {}
        | OpSpec::Softplus(_)
        | OpSpec::Hardswish {}
        | OpSpec::Hardtanh(_)
        | OpSpec::Softmax(_)
        | OpSpec::LogSoftmax(_)
        | OpSpec::Prelu(_)
        | OpSpec::Dropout(_) => {
            activation::check(op, input)?;
            Ok(input.to_vec())
        }
        OpSpec::MaxPool2d(pool) => pool_output(&pool.window(), rounding(pool.ceil_mode), input),
        OpSpec::AvgPool2d(pool) => pool_output(&pool.window(), rounding(pool.ceil_mode), input),
        OpSpec::BatchNorm2d(norm) => normalization::batch_norm(norm, input),
        OpSpec::LayerNorm(norm) => normalization::layer_norm(norm, input),
        OpSpec::GroupNorm(norm) => normalization::group_norm(norm.groups, norm.eps, input),
        OpSpec::InstanceNorm(norm) => {
            image(input)?;
            normalization::group_norm(1, norm.eps, input)
        }
        OpSpec::AdaptiveAvgPool2d(pool) => {
            let [batch, channels, _, _] = image(input)?;
            let [rows, columns] = pool.output_size;
            Ok(vec![batch, channels, rows, columns])
        }
        OpSpec::Flatten {} => Ok(vec![input[0], checked_size("its input", &input[1..])?]),
    }
}

fn conv_output(conv: &Conv2dSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    let [batch, channels, rows, columns] = image(input)?;
    check_groups(conv.groups, channels, conv.out_channels)?;
    let [rows, columns] = conv.window().output([rows, columns], Rounding::Floor)?;
    Ok(vec![batch, conv.out_channels, rows, columns])
}

fn linear_output(linear: &LinearSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    let &[batch, _] = input else {
        return Err(ShapeError::Rank {
            wanted: "[batch, features]",
            got: input.to_vec(),
            hint: ": put a 'flatten' layer before it",
        });
    };
    Ok(vec![batch, linear.out_features])
}

fn pool_output(
    window: &Window,
    rounding: Rounding,
    input: &[usize],
) -> Result<Vec<usize>, ShapeError> {
    let [batch, channels, rows, columns] = image(input)?;
    let size = [rows, columns];
    let [rows, columns] = window.output(size, rounding)?;
    window.check_pooling_padding()?;
    window.check_taps_meet_the_input(size)?;
    Ok(vec![batch, channels, rows, columns])
}

fn image(shape: &[usize]) -> Result<[usize; 4], ShapeError> {
    shape.try_into().map_err(|_| ShapeError::Rank {
        wanted: "[batch, channels, rows, columns]",
        got: shape.to_vec(),
        hint: "",
    })
}

/// Entries of the matrix of all windows, which the reverse source gathers.
fn window_entries(op: &OpSpec, input: &[usize], output: &[usize]) -> usize {
    let kernel = match op {
        OpSpec::Conv2d(conv) => conv.kernel,
        OpSpec::ConvTranspose2d(conv) => conv.kernel,
        OpSpec::MaxPool2d(pool) => pool.kernel,
        OpSpec::AvgPool2d(pool) => pool.kernel,
        OpSpec::AdaptiveAvgPool2d(_) => {
            [2, 3].map(|axis| largest_adaptive_window(input[axis], output[axis]))
        }
        _ => return 0,
    };
    let factors = [&kernel[..], &output[2..], &input[..2]].concat();
    factors.into_iter().fold(1, usize::saturating_mul)
}

/// PyTorch starts a prelu's slopes at 0.25: initial values are within ±1/√16.
const SLOPE_FAN_IN: usize = 16;

/// The parameters of `op` in PyTorch's names and layouts, for an input of shape `input`.
fn parameters(op: &OpSpec, layer: &str, input: &[usize]) -> Vec<PlannedParameter> {
    let (weight, units, bias) = match op {
        OpSpec::Conv2d(conv) => {
            let [rows, columns] = conv.kernel;
            (
                vec![conv.out_channels, input[1] / conv.groups, rows, columns],
                conv.out_channels,
                conv.bias,
            )
        }
        OpSpec::ConvTranspose2d(conv) => {
            let [rows, columns] = conv.kernel;
            (
                vec![input[1], conv.out_channels / conv.groups, rows, columns],
                conv.out_channels,
                conv.bias,
            )
        }
        OpSpec::Linear(linear) => (
            vec![linear.out_features, input[1]],
            linear.out_features,
            linear.bias,
        ),
        OpSpec::Prelu(prelu) => {
            return vec![PlannedParameter {
                name: format!("{layer}.weight"),
                shape: vec![prelu.num_parameters],
                fan_in: SLOPE_FAN_IN,
            }];
        }
        op => return normalization::parameters(op, layer, input),
    };
    // An overflow is reported when the parameter's own size is checked.
    let fan_in = crate::tensor::size(&weight[1..]).unwrap_or(usize::MAX);
    let mut parameters = vec![PlannedParameter {
        name: format!("{layer}.weight"),
        shape: weight,
        fan_in,
    }];
    if bias {
        parameters.push(PlannedParameter {
            name: format!("{layer}.bias"),
            shape: vec![units],
            fan_in,
        });
    }
    parameters
}

/// What is wrong with the weights of so many classes.
fn misfit(weights: Option<&[f64]>, classes: usize) -> Option<String> {
    let is_positive = |weight: &f64| *weight > 0.0 && weight.is_finite();
    let fits = weights?.len() == classes && weights?.iter().all(is_positive);
    (!fits)
        .then(|| format!("class_weights has to be {classes} numbers above 0, one for each class"))
}

fn rounding(ceil_mode: bool) -> Rounding {
    if ceil_mode {
        Rounding::Ceil
    } else {
        Rounding::Floor
    }
}

impl MaxPool2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            dilation: self.dilation,
            ..pooling_window(self.kernel, self.stride, self.padding)
        }
    }
}

impl AvgPool2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        pooling_window(self.kernel, self.stride, self.padding)
    }
}

fn pooling_window(kernel: [usize; 2], stride: Option<[usize; 2]>, padding: [usize; 2]) -> Window {
    Window {
        kernel,
        stride: stride.unwrap_or(kernel),
        padding,
        dilation: [1, 1],
    }
}
