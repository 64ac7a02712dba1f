//! The op-case file: one operator with its inputs, and what another library computed for it.
//!
//! Everything is read strictly: an attribute, tensor or gradient that is missing, unknown or of the
//! wrong kind is an error, so that no case can be weakened or skipped by a slip in the file.

use std::collections::BTreeMap;

use gradproof::loss::Loss;
use gradproof::network::{LeafName, Problem};
use gradproof::spec::{
    AdaptiveAvgPool2dSpec, Approximation, AvgPool2dSpec, BatchNorm2dSpec, Conv1dSpec, Conv2dSpec,
    ConvTranspose2dSpec, EluSpec, GeluSpec, GroupNormSpec, LayerNormSpec, LeakyReluSpec,
    LinearSpec, LossSpec, MaxPool2dSpec, OpSpec, SoftplusSpec,
};
use gradproof::tensor::{self, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A file of cases; the objective of each is Σ cotangent·output.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpCaseFile {
    pub(crate) source: String,
    pub(crate) layout: String,
    pub(crate) cases: Vec<OpCase>,
}

/// One case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpCase {
    pub(crate) op: String,
    pub(crate) attrs: Value,
    pub(crate) inputs: BTreeMap<String, Array>,
    pub(crate) output: Array,
    pub(crate) cotangent: Array,
    pub(crate) gradients: BTreeMap<String, Array>,
}

/// A tensor in row-major order.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

/// A case as a problem of ours, with the answers.
pub(crate) struct Golden {
    pub(crate) problem: Problem,
    /// The operator's output; none for a loss, whose output is the objective's value.
    pub(crate) output: Option<Tensor<f64>>,
    pub(crate) value: f64,
    /// Σ|cotangent·output|: the size of the terms that `value` adds up.
    pub(crate) value_scale: f64,
    /// In the order of [`Problem::leaves`].
    pub(crate) gradients: Vec<(LeafName, Tensor<f64>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoAttributes {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conv1dAttributes {
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConvAttributes {
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConvTransposeAttributes {
    stride: [usize; 2],
    padding: [usize; 2],
    output_padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaxPoolAttributes {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    ceil_mode: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AvgPoolAttributes {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    ceil_mode: bool,
    count_include_pad: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchNormAttributes {
    eps: f64,
    training: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerNormAttributes {
    eps: f64,
    normalized_shape: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupNormAttributes {
    eps: f64,
    groups: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdaptivePoolAttributes {
    output: [usize; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossEntropyAttributes {
    target: Vec<usize>,
    label_smoothing: f64,
    #[serde(rename = "reduction")]
    _reduction: Reduction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetAttributes {
    target: Array,
    #[serde(rename = "reduction")]
    _reduction: Reduction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeakyReluAttributes {
    slope: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EluAttributes {
    alpha: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GeluAttributes {
    approximate: Approximation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoftplusAttributes {
    beta: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoftmaxAttributes {
    axis: isize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HuberAttributes {
    target: Array,
    delta: f64,
    #[serde(rename = "reduction")]
    _reduction: Reduction,
}

/// The one reduction that our losses have.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reduction {
    Mean,
}

/// What a case's attributes describe.
enum Subject {
    Operator(OpSpec),
    Loss(Loss),
}

/// Whether the library knows an operator or loss of this name, asked of the library itself.
pub(crate) fn is_implemented(op: &str) -> bool {
    let ours = match op {
        "mse" => "mean_squared_error",
        "interpolate" | "upsample_nearest" | "upsample_bilinear" => "upsample",
        _ => op,
    };
    let name = json!({ "op": ours });
    // A known name without its attributes may be refused for those, an unknown one for itself.
    let unknown = |error: serde_json::Error| error.to_string().contains("unknown variant");
    let operator = serde_json::from_value::<OpSpec>(name.clone());
    let loss = serde_json::from_value::<LossSpec>(name);
    !(operator.is_err_and(unknown) && loss.is_err_and(unknown))
}

impl OpCase {
    /// Read the case as a problem of ours.
    pub(crate) fn read(&self) -> Result<Golden, String> {
        let x = self.input("x")?.tensor()?;
        let subject = self.subject()?;
        let cotangent = self.cotangent.tensor()?;
        let output = self.output.tensor()?;
        same_shape("cotangent", &cotangent, &output)?;

        let names = self.leaf_names();
        if !names
            .iter()
            .eq(self.inputs.keys().collect::<Vec<_>>().iter())
        {
            return Err(format!(
                "inputs {:?} are not {names:?}",
                self.inputs.keys().collect::<Vec<_>>()
            ));
        }
        let parameters = ["weight", "bias"]
            .into_iter()
            .filter_map(|name| self.inputs.get(name))
            .map(Array::tensor)
            .collect::<Result<Vec<_>, _>>()?;

        let terms = cotangent.iter().zip(&output).map(|(r, y)| r * y);
        let (value, value_scale) = terms.fold((0.0, 0.0), |(sum, size), term: f64| {
            (sum + term, size + term.abs())
        });
        let (problem, output) = match subject {
            Subject::Operator(op) => {
                let loss = Loss::WeightedSum { cotangent };
                let problem = Problem::single(Some(op), parameters, x, loss, 1.0);
                (problem, Some(output))
            }
            Subject::Loss(loss) => {
                if !output.shape().is_empty() {
                    return Err(format!("a loss of shape {:?}", output.shape()));
                }
                let scale = cotangent.iter().sum();
                (Problem::single(None, parameters, x, loss, scale), None)
            }
        };
        let problem = problem.map_err(|error| error.to_string())?;
        if let Some(output) = &output
            && problem.network.output_shape() != output.shape()
        {
            return Err(format!(
                "our output has the shape {:?}, and the file's {:?}",
                problem.network.output_shape(),
                output.shape()
            ));
        }
        let gradients = self.gradients(&problem)?;
        Ok(Golden {
            problem,
            output,
            value,
            value_scale,
            gradients,
        })
    }

    /// What the operator takes, in alphabetical order.
    fn leaf_names(&self) -> Vec<&'static str> {
        match self.op.as_str() {
            "batch_norm2d" | "layer_norm" | "group_norm" => vec!["bias", "weight", "x"],
            "conv1d" | "conv2d" | "conv_transpose2d" | "linear"
                if self.inputs.contains_key("bias") =>
            {
                vec!["bias", "weight", "x"]
            }
            "conv1d" | "conv2d" | "conv_transpose2d" | "linear" => vec!["weight", "x"],
            _ => vec!["x"],
        }
    }

    fn gradients(&self, problem: &Problem) -> Result<Vec<(LeafName, Tensor<f64>)>, String> {
        if !self.gradients.keys().eq(self.inputs.keys()) {
            return Err(format!(
                "gradients {:?} are not those of the inputs {:?}",
                self.gradients.keys().collect::<Vec<_>>(),
                self.inputs.keys().collect::<Vec<_>>()
            ));
        }
        problem
            .leaves()
            .into_iter()
            .zip(["x", "weight", "bias"])
            .map(|(leaf, name)| {
                let gradient = self.gradients[name].tensor()?;
                same_shape(name, &gradient, problem.leaf(leaf))?;
                Ok((leaf, gradient))
            })
            .collect()
    }

    fn subject(&self) -> Result<Subject, String> {
        let bias = self.inputs.contains_key("bias");
        let operator = match self.op.as_str() {
            "conv1d" => {
                let attributes: Conv1dAttributes = self.attributes()?;
                let &[out_channels, _, kernel] = self.input("weight")?.shape.as_slice() else {
                    return Err("the weight of a conv1d has three axes".to_owned());
                };
                OpSpec::Conv1d(Conv1dSpec {
                    out_channels,
                    kernel,
                    stride: attributes.stride,
                    padding: attributes.padding,
                    dilation: attributes.dilation,
                    groups: attributes.groups,
                    bias,
                })
            }
            "zero_pad2d" => OpSpec::ZeroPad2d(self.attributes()?),
            "upsample" | "interpolate" => match self.attrs.get("mode") {
                Some(_) => OpSpec::Upsample(self.attributes()?),
                None => return Err(format!("{} has no mode", self.op)),
            },
            "upsample_nearest" | "upsample_bilinear" => {
                let mut attributes = self.attrs.clone();
                let mode = self.op.trim_start_matches("upsample_");
                let attributes_of = attributes.as_object_mut();
                if attributes_of
                    .and_then(|names| names.insert("mode".to_owned(), mode.into()))
                    .is_some()
                {
                    return Err(format!("{} has two modes", self.op));
                }
                OpSpec::Upsample(serde_json::from_value(attributes).map_err(|e| e.to_string())?)
            }
            "conv2d" => {
                let attributes: ConvAttributes = self.attributes()?;
                let &[out_channels, _, rows, columns] = self.input("weight")?.shape.as_slice()
                else {
                    return Err("a convolution's weight has four axes".to_owned());
                };
                OpSpec::Conv2d(Conv2dSpec {
                    out_channels,
                    kernel: [rows, columns],
                    stride: attributes.stride,
                    padding: attributes.padding,
                    dilation: attributes.dilation,
                    groups: attributes.groups,
                    bias,
                })
            }
            "conv_transpose2d" => {
                let attributes: ConvTransposeAttributes = self.attributes()?;
                let &[_, group_out, rows, columns] = self.input("weight")?.shape.as_slice() else {
                    return Err("a convolution's weight has four axes".to_owned());
                };
                OpSpec::ConvTranspose2d(ConvTranspose2dSpec {
                    out_channels: group_out * attributes.groups,
                    kernel: [rows, columns],
                    stride: attributes.stride,
                    padding: attributes.padding,
                    output_padding: attributes.output_padding,
                    dilation: attributes.dilation,
                    groups: attributes.groups,
                    bias,
                })
            }
            "linear" => {
                let NoAttributes {} = self.attributes()?;
                let &[out_features, _] = self.input("weight")?.shape.as_slice() else {
                    return Err("a linear layer's weight has two axes".to_owned());
                };
                OpSpec::Linear(LinearSpec { out_features, bias })
            }
            "leaky_relu" => {
                let LeakyReluAttributes { slope } = self.attributes()?;
                OpSpec::LeakyRelu(LeakyReluSpec {
                    negative_slope: positive("slope", slope)?,
                })
            }
            "elu" => {
                let EluAttributes { alpha } = self.attributes()?;
                OpSpec::Elu(EluSpec {
                    alpha: positive("alpha", alpha)?,
                })
            }
            "gelu" => {
                let GeluAttributes { approximate } = self.attributes()?;
                OpSpec::Gelu(GeluSpec { approximate })
            }
            "softplus" => {
                let SoftplusAttributes { beta } = self.attributes()?;
                OpSpec::Softplus(SoftplusSpec {
                    beta: positive("beta", beta)?,
                    threshold: 20.0,
                })
            }
            "softmax" | "log_softmax" => {
                let SoftmaxAttributes { axis: dim } = self.attributes()?;
                serde_json::from_value(json!({ "op": self.op, "dim": dim }))
                    .map_err(|e| e.to_string())?
            }
            "relu" | "tanh" | "sigmoid" | "silu" | "hardswish" => {
                let NoAttributes {} = self.attributes()?;
                serde_json::from_value(json!({ "op": self.op })).map_err(|e| e.to_string())?
            }
            "max_pool2d" => {
                let attributes: MaxPoolAttributes = self.attributes()?;
                OpSpec::MaxPool2d(MaxPool2dSpec {
                    kernel: attributes.kernel,
                    stride: Some(attributes.stride),
                    padding: attributes.padding,
                    dilation: [1, 1],
                    ceil_mode: attributes.ceil_mode,
                })
            }
            "avg_pool2d" => {
                let attributes: AvgPoolAttributes = self.attributes()?;
                OpSpec::AvgPool2d(AvgPool2dSpec {
                    kernel: attributes.kernel,
                    stride: Some(attributes.stride),
                    padding: attributes.padding,
                    ceil_mode: attributes.ceil_mode,
                    count_include_pad: attributes.count_include_pad,
                })
            }
            "adaptive_avg_pool2d" => {
                let attributes: AdaptivePoolAttributes = self.attributes()?;
                OpSpec::AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec {
                    output_size: attributes.output,
                })
            }
            "softmax_cross_entropy" => {
                let attributes: CrossEntropyAttributes = self.attributes()?;
                let shape = &self.input("x")?.shape;
                if shape.len() != 2
                    || attributes.target.len() != shape[0]
                    || attributes.target.iter().any(|class| *class >= shape[1])
                    || !(0.0..1.0).contains(&attributes.label_smoothing)
                {
                    return Err(format!("{} does not fit logits {shape:?}", self.attrs));
                }
                return Ok(Subject::Loss(Loss::SoftmaxCrossEntropy {
                    classes: attributes.target,
                    label_smoothing: attributes.label_smoothing,
                    class_weights: None,
                }));
            }
            "mse" => {
                let attributes: TargetAttributes = self.attributes()?;
                let target = attributes.target.tensor()?;
                same_shape("target", &target, &self.input("x")?.tensor()?)?;
                return Ok(Subject::Loss(Loss::MeanSquaredError { target }));
            }
            "batch_norm2d" => {
                let attributes: BatchNormAttributes = self.attributes()?;
                OpSpec::BatchNorm2d(BatchNorm2dSpec {
                    eps: attributes.eps,
                    affine: bias,
                    training: attributes.training,
                    running_mean: None,
                    running_var: None,
                })
            }
            "layer_norm" => {
                let attributes: LayerNormAttributes = self.attributes()?;
                OpSpec::LayerNorm(LayerNormSpec {
                    normalized_shape: attributes.normalized_shape,
                    eps: attributes.eps,
                    affine: bias,
                })
            }
            "group_norm" => {
                let attributes: GroupNormAttributes = self.attributes()?;
                OpSpec::GroupNorm(GroupNormSpec {
                    groups: attributes.groups,
                    eps: attributes.eps,
                    affine: bias,
                })
            }
            "l1" | "bce_with_logits" => {
                let attributes: TargetAttributes = self.attributes()?;
                let target = attributes.target.tensor()?;
                same_shape("target", &target, &self.input("x")?.tensor()?)?;
                return Ok(Subject::Loss(match self.op.as_str() {
                    "l1" => Loss::L1 { target },
                    _ => Loss::BceWithLogits { target },
                }));
            }
            "huber" => {
                let attributes: HuberAttributes = self.attributes()?;
                let (target, delta) = (attributes.target.tensor()?, attributes.delta);
                same_shape("target", &target, &self.input("x")?.tensor()?)?;
                if delta <= 0.0 {
                    return Err(format!("delta = {delta} is not above 0"));
                }
                return Ok(Subject::Loss(Loss::Huber { target, delta }));
            }
            op => return Err(format!("no reader for the operator '{op}'")),
        };
        Ok(Subject::Operator(operator))
    }

    fn attributes<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(self.attrs.clone())
            .map_err(|error| format!("attributes of {}: {error}", self.op))
    }

    fn input(&self, name: &str) -> Result<&Array, String> {
        let input = self.inputs.get(name);
        input.ok_or_else(|| format!("{} has no input '{name}'", self.op))
    }
}

impl Array {
    fn tensor(&self) -> Result<Tensor<f64>, String> {
        tensor::from_values(&self.shape, self.data.clone())
            .ok_or_else(|| format!("{} numbers do not fill {:?}", self.data.len(), self.shape))
    }
}

/// What every activation of the file has above 0, though PyTorch does not ask for it.
fn positive(what: &str, value: f64) -> Result<f64, String> {
    if value > 0.0 {
        Ok(value)
    } else {
        Err(format!("{what} = {value} is not above 0"))
    }
}

fn same_shape(what: &str, a: &Tensor<f64>, b: &Tensor<f64>) -> Result<(), String> {
    if a.shape() == b.shape() {
        return Ok(());
    }
    Err(format!(
        "{what} has the shape {:?} instead of {:?}",
        a.shape(),
        b.shape()
    ))
}
