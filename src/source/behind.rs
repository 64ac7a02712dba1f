//! The part of a network behind one weight: all that a change of the weight can alter.

use std::ops::Range;

use crate::layer::Saved;
use crate::network::{Coordinate, LeafName, Network, Parameters, Problem};
use crate::scalar::Scalar;
use crate::tensor::{self, Tensor, values_mut};

/// What the layer that owns a leaf reads and writes at the unperturbed point, in `f64`.
pub(super) struct Owner<'a> {
    problem: &'a Problem,
    leaf: LeafName,
    /// Number of the layer; `None` for the network's input.
    layer: Option<usize>,
    /// The owner's input; the network's own when no layer owns the leaf.
    input: Tensor<f64>,
    /// The owner's output.
    output: Tensor<f64>,
}

/// [`Owner`] in the arithmetic of `S`, with the values of one leaf to be changed.
pub(super) struct Behind<'a, S> {
    problem: &'a Problem,
    leaf: LeafName,
    layer: Option<usize>,
    /// All parameters, of which only those behind the owner are read.
    parameters: &'a Parameters<S>,
    /// The owner's own parameters.
    own: Vec<Tensor<S>>,
    input: Tensor<S>,
    output: Tensor<S>,
}

/// The objective's part that a change of the leaf can alter, and the branches behind the owner.
pub(super) struct Outcome<S> {
    pub(super) loss: S,
    pub(super) saved: Vec<Saved<S>>,
}

impl<'a> Owner<'a> {
    /// Run the network up to and including the layer that owns `leaf`.
    pub(super) fn of(problem: &'a Problem, leaf: LeafName) -> Self {
        let network = &problem.network;
        let layer = match leaf {
            LeafName::Input => None,
            LeafName::Parameter(number) => network.owner(number),
        };
        let input = match layer {
            None => problem.input.clone(),
            Some(owner) => {
                network.forward_between(0..owner, &problem.parameters, problem.input.clone())
            }
        };
        let output = match layer {
            None => input.clone(),
            Some(owner) => {
                network.forward_between(owner..owner + 1, &problem.parameters, input.clone())
            }
        };
        Self {
            problem,
            leaf,
            layer,
            input,
            output,
        }
    }

    /// Make it ready for changes in the arithmetic of `S`.
    pub(super) fn lift<S: Scalar>(&self, parameters: &'a Parameters<S>) -> Behind<'a, S> {
        let own = match self.layer {
            None => Vec::new(),
            Some(owner) => {
                parameters.tensors[self.problem.network.layers()[owner].parameter_range()].to_vec()
            }
        };
        Behind {
            problem: self.problem,
            leaf: self.leaf,
            layer: self.layer,
            parameters,
            own,
            input: tensor::lift(&self.input),
            output: tensor::lift(&self.output),
        }
    }

    /// Number of the first layer that the perturbed values pass through without being owned by it.
    pub(super) fn first_behind(&self) -> usize {
        self.layer.map_or(0, |owner| owner + 1)
    }
}

impl<S: Scalar> Behind<'_, S> {
    /// Set one entry of the leaf, and return what it was.
    pub(super) fn replace(&mut self, index: usize, value: S) -> S {
        let tensor = match (self.leaf, self.layer) {
            (LeafName::Parameter(number), Some(owner)) => {
                &mut self.own[number - self.problem.network.layers()[owner].first_parameter]
            }
            _ => &mut self.input,
        };
        std::mem::replace(&mut values_mut(tensor)[index], value)
    }

    /// Evaluate scale·loss, with changes to entries of the leaf that belong to output units `units`.
    ///
    /// Units that own no changed entry are taken from the unperturbed pass; what is computed again
    /// is bit-identical to a whole forward pass.
    pub(super) fn evaluate(&self, units: Range<usize>) -> Outcome<S> {
        let Some(loss) = &self.problem.objective.loss else {
            return Outcome {
                loss: S::zero(),
                saved: Vec::new(),
            };
        };
        let network = &self.problem.network;
        let (first, x) = match self.layer {
            None => (0, self.input.clone()),
            Some(owner) => {
                let mut y = self.output.clone();
                network.layers()[owner]
                    .layer
                    .forward_units(&self.own, &self.input, units, &mut y);
                (owner + 1, y)
            }
        };
        let trace = network.forward_from(first, self.parameters, x, None);
        let scale = S::constant(self.problem.objective.scale);
        Outcome {
            loss: scale * loss.forward(&trace.output),
            saved: trace.saved,
        }
    }
}

/// The output unit (channel, feature) of the owner that an entry of its parameter belongs to: the
/// first axis of weights and biases alike.
pub(super) fn unit(network: &Network, coordinate: Coordinate) -> usize {
    let shape = network.leaf_shape(coordinate.leaf);
    coordinate.index / shape[1..].iter().product::<usize>()
}
