//! A spec whose every intermediate shape has been checked.

mod loss;
mod names;
mod normalization;
mod parameters;
mod shape;
mod walk;

use thiserror::Error;

use super::extent::{MOST_ENTRIES, ShapeError, checked_size};
use super::{NetworkSpec, OpSpec};

use names::Scope;
use walk::Walk;

/// A network with the shape of every tensor in it, for one batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Shape of the input, batch first.
    pub input: Vec<usize>,
    /// The layers in an order in which each stands behind all that it reads.
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
    /// What it reads: 0 is the network's input, and k + 1 the output of layer number k.
    pub reads: Vec<usize>,
    /// Of a layer at which branches meet what they start from, numbered likewise.
    pub fork: Option<usize>,
    /// Shape of its first input, batch first.
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

        let mut walk = Walk::new(spec, &input);
        let output = walk.chain(&spec.layers, &Scope::default(), 0)?;
        numbers = numbers.saturating_add(walk.numbers);
        let output = walk.shape(output).to_vec();
        let layers = walk.layers;
        if numbers > MOST_ENTRIES {
            let network = spec.name.clone();
            return Err(PlanError::TooLarge {
                network,
                numbers,
                limit: MOST_ENTRIES,
            });
        }
        loss::check(spec, &output)?;
        Ok(Self {
            input,
            layers,
            output,
        })
    }
}

/// What is wrong with the weights of so many classes.
fn misfit(weights: Option<&[f64]>, classes: usize) -> Option<String> {
    let is_positive = |weight: &f64| *weight > 0.0 && weight.is_finite();
    let fits = weights?.len() == classes && weights?.iter().all(is_positive);
    (!fits)
        .then(|| format!("class_weights has to be {classes} numbers above 0, one for each class"))
}
