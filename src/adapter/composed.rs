//! A request as a chain of one library's operators.

#![cfg_attr(
    not(any(feature = "candle", feature = "burn")),
    expect(dead_code, reason = "dfdx has too few operators to be composed of")
)]

use std::borrow::Cow;

use ndarray::{ArrayD, IxDyn};

use crate::harness::{Asked, Request, SubjectError};
use crate::loss::Loss;
use crate::spec::plan::{Plan, PlannedLayer};
use crate::spec::{DataSpec, LayerSpec, LossSpec, NetworkSpec, OpSpec, UpsampleSpec};

/// A library's operators and losses, on tensors of its own.
pub(super) trait Library {
    /// Its tensors.
    type Tensor: Clone;

    /// What `layer` gives for `inputs`.
    fn operator(
        &self,
        layer: &Node<'_, Self::Tensor>,
        inputs: &[Self::Tensor],
    ) -> Result<Self::Tensor, SubjectError>;

    /// The loss of `output`.
    fn loss(&self, loss: &Loss, output: &Self::Tensor) -> Result<Self::Tensor, SubjectError>;
}

/// An operator with its parameters.
pub(super) struct Node<'a, T> {
    pub(super) op: &'a OpSpec,
    pub(super) output: &'a [usize],
    parameters: Vec<(&'a str, T)>,
}

impl<T> Node<'_, T> {
    /// The parameter of this name, without the layer's.
    pub(super) fn parameter(&self, name: &str) -> Option<&T> {
        let mut own = self.parameters.iter();
        own.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The weight.
    pub(super) fn weight(&self) -> Result<&T, SubjectError> {
        let none = || SubjectError::Failed(format!("{} comes without weight", self.op.name()));
        self.parameter("weight").ok_or_else(none)
    }

    /// The bias, if there is one.
    pub(super) fn bias(&self) -> Option<&T> {
        self.parameter("bias")
    }
}

/// What `request` asks for, made of `library`'s operators; `leaf` gives the tensor of a name.
pub(super) fn composed<L: Library>(
    library: &L,
    request: &Request<'_>,
    leaf: impl Fn(&str) -> Option<L::Tensor>,
) -> Result<L::Tensor, SubjectError> {
    let tensor = |name: &str| {
        let none = || SubjectError::Failed(format!("nothing is called {name}"));
        leaf(name).ok_or_else(none)
    };
    let x = tensor("x")?;
    let (spec, prefix) = match request.asked {
        Asked::Loss(loss) => return library.loss(loss, &x),
        Asked::Operator(op) => (Cow::Owned(alone(op, request)), true),
        Asked::Network(spec) => (Cow::Borrowed(spec), false),
    };
    let batch = request.problem.input.shape().first().copied();
    let plan = Plan::new(&spec, batch.unwrap_or(0))
        .map_err(|error| SubjectError::Failed(error.to_string()))?;
    // Activation 0 is the input, and k + 1 the output of layer number k.
    let mut activations = vec![x];
    for layer in &plan.layers {
        let inputs: Vec<L::Tensor> = layer
            .reads
            .iter()
            .map(|read| activations[*read].clone())
            .collect();
        let node = node(layer, prefix, &tensor)?;
        activations.push(library.operator(&node, &inputs)?);
    }
    let output = activations.pop().expect("the input at least");
    match (&request.asked, &request.problem.objective.loss) {
        (Asked::Network(_), Some(loss)) => library.loss(loss, &output),
        _ => Ok(output),
    }
}

/// A layer with its parameters, which of an operator alone carry no layer's name.
fn node<'a, T>(
    layer: &'a PlannedLayer,
    is_alone: bool,
    tensor: &impl Fn(&str) -> Result<T, SubjectError>,
) -> Result<Node<'a, T>, SubjectError> {
    let mut parameters = Vec::with_capacity(layer.parameters.len());
    for parameter in &layer.parameters {
        let full = parameter.name.as_str();
        let own = full.rsplit('.').next().unwrap_or(full);
        let leaf = match full.split_once('.') {
            Some((_, rest)) if is_alone => rest,
            _ => full,
        };
        parameters.push((own, tensor(leaf)?));
    }
    Ok(Node {
        op: &layer.op,
        output: &layer.output,
        parameters,
    })
}

/// The network of one operator.
fn alone(op: &OpSpec, request: &Request<'_>) -> NetworkSpec {
    let input = request.problem.input.shape();
    NetworkSpec {
        name: op.name().to_owned(),
        input: input.get(1..).unwrap_or_default().to_vec(),
        data: DataSpec::Random,
        loss: LossSpec::WeightedSum {},
        layers: vec![LayerSpec {
            name: Some(op.name().to_owned()),
            op: op.clone(),
        }],
    }
}

/// Every leaf with its values.
pub(super) fn leaves<'a>(request: &Request<'a>) -> Vec<(String, &'a ArrayD<f64>)> {
    let named = request.leaves().into_iter();
    named
        .map(|(leaf, name)| (name, request.problem.leaf(leaf)))
        .collect()
}

/// What backward starts from: the gradient of an operator's output, or the factor of a loss.
///
/// # Errors
/// [`SubjectError::Unsupported`] for a penalty, which nobody's backward here knows.
pub(super) fn cotangent(request: &Request<'_>) -> Result<ArrayD<f64>, SubjectError> {
    let objective = &request.problem.objective;
    if objective.penalty.is_some() {
        return Err(none("penalty"));
    }
    Ok(match (&request.asked, &objective.loss) {
        (Asked::Operator(_), Some(Loss::WeightedSum { cotangent })) => {
            cotangent.mapv(|weight| weight * objective.scale)
        }
        _ => ArrayD::from_elem(IxDyn(&[]), objective.scale),
    })
}

/// An array of `values` in the shape `shape`.
pub(super) fn array(shape: &[usize], values: Vec<f64>) -> Result<ArrayD<f64>, SubjectError> {
    ArrayD::from_shape_vec(IxDyn(shape), values)
        .map_err(|error| SubjectError::Failed(format!("values of the shape {shape:?}: {error}")))
}

/// There is no such thing.
pub(super) fn none(what: impl Into<String>) -> SubjectError {
    SubjectError::Unsupported(what.into())
}

/// The number that two axes share.
pub(super) fn same(pair: [usize; 2], what: &str) -> Result<usize, SubjectError> {
    match pair {
        [rows, columns] if rows == columns => Ok(rows),
        [rows, columns] => Err(none(format!("{what} {rows} by {columns}"))),
    }
}

/// The operator where `has` is true.
pub(super) fn only(has: bool, what: &str) -> Result<(), SubjectError> {
    if has { Ok(()) } else { Err(none(what)) }
}

/// Whether the positions of an upsampling of `input` rows and columns follow from the sizes alone, which
/// is what these libraries go by.
pub(super) fn is_by_size(upsample: &UpsampleSpec, input: [usize; 2]) -> bool {
    let factors = upsample
        .scale_factor
        .filter(|_| !upsample.recompute_scale_factor);
    let is_whole = |(size, factor): (usize, f64)| (size as f64 * factor).fract() == 0.0;
    factors.is_none_or(|factors| input.into_iter().zip(factors).all(is_whole))
}
