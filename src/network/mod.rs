//! A network: forward keeps what backward needs, backward consumes it.

pub mod lookup;
mod narrow;
pub mod objective;
pub mod parameters;
pub mod pattern;
pub mod sgd;
pub mod unit;

use crate::layer::{Branches, Layer, Saved};
use crate::scalar::Scalar;
use crate::spec::plan::Plan;
use crate::tensor::Tensor;

pub use lookup::CoordinateError;
pub use objective::{Objective, Problem};
pub use parameters::{Coordinate, LeafName, Parameters};
pub use pattern::Pattern;
pub use unit::Unit;

/// The layers of a network with their shapes; parameters and data come from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    layers: Vec<NetworkLayer>,
    input: Vec<usize>,
    output: Vec<usize>,
}

/// A layer in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLayer {
    /// The name that its parameters carry.
    pub name: String,
    /// The operator.
    pub layer: Layer,
    /// Shape of its input, batch first.
    pub input: Vec<usize>,
    /// Shape of its output, batch first.
    pub output: Vec<usize>,
    /// Names and shapes of its parameters.
    pub parameters: Vec<(String, Vec<usize>)>,
    /// Number of the first of its parameters among the network's.
    pub first_parameter: usize,
}

/// One forward pass: the output, and what each layer kept.
#[derive(Clone, Debug)]
pub struct Trace<S> {
    /// The last layer's output.
    pub output: Tensor<S>,
    /// What each layer kept, in the layers' order.
    pub saved: Vec<Saved<S>>,
}

/// The gradients that a backward pass returns.
#[derive(Clone, Debug)]
pub struct Gradients<S> {
    /// With respect to the network's input.
    pub input: Tensor<S>,
    /// With respect to each parameter.
    pub parameters: Vec<Tensor<S>>,
}

impl Network {
    /// The network that `plan` describes.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut first_parameter = 0;
        let layers = plan
            .layers
            .iter()
            .map(|planned| {
                let layer = NetworkLayer {
                    name: planned.name.clone(),
                    layer: Layer::from_op(&planned.op),
                    input: planned.input.clone(),
                    output: planned.output.clone(),
                    parameters: planned
                        .parameters
                        .iter()
                        .map(|parameter| (parameter.name.clone(), parameter.shape.clone()))
                        .collect(),
                    first_parameter,
                };
                first_parameter += layer.parameters.len();
                layer
            })
            .collect();
        Self {
            layers,
            input: plan.input.clone(),
            output: plan.output.clone(),
        }
    }

    /// The layers, in order.
    #[must_use]
    pub fn layers(&self) -> &[NetworkLayer] {
        &self.layers
    }

    /// Shape of the input, batch first.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.input
    }

    /// Shape of the output, batch first.
    #[must_use]
    pub fn output_shape(&self) -> &[usize] {
        &self.output
    }

    /// Names and shapes of all parameters, in the layers' order.
    pub fn parameter_shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.layers
            .iter()
            .flat_map(|layer| &layer.parameters)
            .map(|(name, shape)| (name.as_str(), shape.as_slice()))
    }

    /// The layers in `layers` alone, with parameters numbered from 0.
    ///
    /// # Panics
    /// When there are no such layers.
    #[must_use]
    pub fn slice(&self, layers: std::ops::Range<usize>) -> Self {
        let shape_before = |layer: usize| match layer.checked_sub(1) {
            None => self.input.clone(),
            Some(before) => self.layers[before].output.clone(),
        };
        let mut first_parameter = 0;
        let slice = self.layers[layers.clone()].iter().map(|layer| {
            let mut layer = layer.clone();
            layer.first_parameter = first_parameter;
            first_parameter += layer.parameters.len();
            layer
        });
        Self {
            layers: slice.collect(),
            input: shape_before(layers.start),
            output: shape_before(layers.end),
        }
    }

    /// The number of the layer that owns parameter number `parameter`.
    #[must_use]
    pub fn owner(&self, parameter: usize) -> Option<usize> {
        self.layers
            .iter()
            .position(|layer| layer.parameter_range().contains(&parameter))
    }

    /// Whether the layers in `layers` are affine on every piece: then what they compute is a straight
    /// line in one parameter until the first branch changes.
    #[must_use]
    pub fn is_piecewise_affine(&self, layers: std::ops::Range<usize>) -> bool {
        self.layers[layers]
            .iter()
            .all(|layer| layer.layer.is_piecewise_affine())
    }

    /// Number of the last layer that has branches.
    #[must_use]
    pub fn last_branching(&self) -> Option<usize> {
        self.layers
            .iter()
            .rposition(|layer| layer.layer.has_branches())
    }

    /// Run the layers from number `first` on, of which `x` is the input.
    ///
    /// With `replay`, every branch is taken as in the pass that the pattern is of.
    #[must_use]
    pub fn forward_from<S: Scalar>(
        &self,
        first: usize,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> Trace<S> {
        self.forward_watched(first, parameters, x, replay, |_, _| ())
    }

    /// The same, showing `watch` every layer's number and input.
    pub fn forward_watched<S: Scalar>(
        &self,
        first: usize,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
        mut watch: impl FnMut(usize, &Tensor<S>),
    ) -> Trace<S> {
        let mut output = x;
        let mut saved = Vec::with_capacity(self.layers.len() - first);
        for number in first..self.layers.len() {
            watch(number, &output);
            let (y, kept) = self.forward_layer(number, parameters, output, replay);
            output = y;
            saved.push(kept);
        }
        Trace { output, saved }
    }

    /// Run the layers in `layers` alone, and return the output of the last; `replay` as in
    /// [`Network::forward_from`].
    #[must_use]
    pub fn forward_between<S: Scalar>(
        &self,
        layers: std::ops::Range<usize>,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> Tensor<S> {
        layers.fold(x, |x, number| {
            self.forward_layer(number, parameters, x, replay).0
        })
    }

    /// Run layer number `number`.
    fn forward_layer<S: Scalar>(
        &self,
        number: usize,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> (Tensor<S>, Saved<S>) {
        let layer = &self.layers[number];
        let branches = match replay.and_then(|pattern| pattern.layer(number)) {
            Some(choices) => Branches::Replay(choices),
            None => Branches::Follow,
        };
        let own = &parameters.tensors[layer.parameter_range()];
        layer.layer.forward(own, x, &layer.output, branches)
    }

    /// Run the whole network on the input `x`.
    #[must_use]
    pub fn forward<S: Scalar>(
        &self,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> Trace<S> {
        self.forward_from(0, parameters, x, replay)
    }

    /// Compute all gradients from the output's gradient `dy`, last layer first.
    ///
    /// # Panics
    /// When `saved` is not of a whole forward pass of this network.
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        parameters: &Parameters<S>,
        saved: Vec<Saved<S>>,
        dy: Tensor<S>,
    ) -> Gradients<S> {
        self.backward_watched(parameters, saved, dy, |_| ())
    }

    /// The same, showing `watch` the gradient with respect to every layer's output, the last layer's
    /// first.
    ///
    /// # Panics
    /// When `saved` is not of a whole forward pass of this network.
    pub fn backward_watched<S: Scalar>(
        &self,
        parameters: &Parameters<S>,
        saved: Vec<Saved<S>>,
        dy: Tensor<S>,
        mut watch: impl FnMut(&Tensor<S>),
    ) -> Gradients<S> {
        assert_eq!(
            saved.len(),
            self.layers.len(),
            "backward needs what a whole forward pass kept"
        );
        let mut gradient = dy;
        let mut by_layer = Vec::with_capacity(self.layers.len());
        for (layer, saved) in self.layers.iter().zip(saved).rev() {
            let own = &parameters.tensors[layer.parameter_range()];
            watch(&gradient);
            let gradients = layer.layer.backward(own, saved, gradient);
            gradient = gradients.input;
            by_layer.push(gradients.parameters);
        }
        by_layer.reverse();
        Gradients {
            input: gradient,
            parameters: by_layer.into_iter().flatten().collect(),
        }
    }
}

impl NetworkLayer {
    /// The numbers of its parameters among the network's.
    #[must_use]
    pub fn parameter_range(&self) -> std::ops::Range<usize> {
        self.first_parameter..self.first_parameter + self.parameters.len()
    }
}
