//! A network: forward keeps what backward needs, backward consumes it.

mod formulas;
mod graph;
pub mod leaves;
pub mod live;
pub mod lookup;
mod narrow;
pub mod objective;
pub mod parameters;
pub mod pattern;
pub mod sgd;
pub mod stream;
pub mod unit;
mod work;

use std::ops::Range;

use crate::layer::{Join, Layer, Saved};
use crate::scalar::Scalar;
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{DataSpec, LayerSpec, LossSpec, NetworkSpec, OpSpec};
use crate::tensor::{self, Tensor};

use formulas::Formulas;
pub use leaves::Leaves;
pub use live::Live;
pub use lookup::CoordinateError;
pub use objective::{Objective, Problem};
pub use parameters::{Coordinate, LeafName, Parameters};
pub use pattern::Pattern;
pub use stream::{Roundings, Streamed};
pub use unit::Unit;

/// The layers of a network with their shapes; parameters and data come from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    layers: Vec<NetworkLayer>,
    /// For each activation, the last layer that reads it.
    last_reader: Vec<usize>,
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
    /// The activations that it reads: 0 is the network's input, and k + 1 the output of layer number k.
    pub reads: Vec<usize>,
    /// Of a layer at which branches meet the activation that they start from.
    pub fork: Option<usize>,
    /// Shape of its first input, batch first.
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
        let layers = plan.layers.iter().map(|planned| {
            let parameters = planned.parameters.iter();
            NetworkLayer {
                name: planned.name.clone(),
                layer: Layer::from_op(&planned.op),
                reads: planned.reads.clone(),
                fork: planned.fork,
                input: planned.input.clone(),
                output: planned.output.clone(),
                parameters: parameters
                    .map(|parameter| (parameter.name.clone(), parameter.shape.clone()))
                    .collect(),
                first_parameter: 0,
            }
        });
        Self::of_layers(layers.collect(), plan.input.clone())
    }

    /// The network of one operator, called as in files, or of none, on an input of shape `input`, batch first.
    ///
    /// # Errors
    /// [`PlanError`], when the shapes do not fit.
    pub fn single(op: Option<OpSpec>, input: &[usize]) -> Result<Self, PlanError> {
        let named = |op: OpSpec| LayerSpec {
            name: Some(op.name().to_owned()),
            op,
        };
        let spec = NetworkSpec {
            name: op.as_ref().map_or("loss", OpSpec::name).to_owned(),
            input: input.get(1..).unwrap_or_default().to_vec(),
            data: DataSpec::Random,
            loss: LossSpec::WeightedSum {},
            layers: op.map(named).into_iter().collect(),
        };
        let batch = input.first().copied().unwrap_or(0);
        Ok(Self::new(&Plan::new(&spec, batch)?))
    }

    /// The network of `layers`, whose parameters are numbered here, on an input of shape `input`.
    fn of_layers(mut layers: Vec<NetworkLayer>, input: Vec<usize>) -> Self {
        let mut first_parameter = 0;
        for layer in &mut layers {
            layer.first_parameter = first_parameter;
            first_parameter += layer.parameters.len();
        }
        let output = layers.last().map_or(&input, |layer| &layer.output).clone();
        Self {
            last_reader: Self::last_readers(&layers),
            layers,
            input,
            output,
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

    /// The layers in `layers` alone as a function of activation number `variable`, with parameters
    /// numbered from 0. What they read besides, from outside, is taken from `activations`, all of
    /// the network's, and stands in constants before them.
    ///
    /// # Panics
    /// When there are no such layers, or not all the activations that they read.
    #[must_use]
    pub fn part(&self, layers: Range<usize>, variable: usize, activations: &[Tensor<f64>]) -> Self {
        let mut outside: Vec<usize> = self.layers[layers.clone()]
            .iter()
            .flat_map(|layer| &layer.reads)
            .copied()
            .filter(|activation| *activation <= layers.start && *activation != variable)
            .collect();
        outside.sort_unstable();
        outside.dedup();
        let constants = outside.iter().map(|activation| {
            let value = &activations[*activation];
            NetworkLayer {
                name: format!("constant{activation}"),
                layer: Layer::Join(Join::Constant(value.clone())),
                reads: Vec::new(),
                fork: None,
                input: Vec::new(),
                output: value.shape().to_vec(),
                parameters: Vec::new(),
                first_parameter: 0,
            }
        });
        let renumber = |activation: usize| match outside.binary_search(&activation) {
            Ok(constant) => constant + 1,
            Err(_) if activation == variable => 0,
            Err(_) => activation - layers.start + outside.len(),
        };
        let own = self.layers[layers.clone()]
            .iter()
            .map(|layer| NetworkLayer {
                reads: layer.reads.iter().map(|read| renumber(*read)).collect(),
                fork: None,
                ..layer.clone()
            });
        let input = self.activation_shape(variable).to_vec();
        Self::of_layers(constants.chain(own).collect(), input)
    }

    /// Shape of activation number `activation`.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn activation_shape(&self, activation: usize) -> &[usize] {
        match activation.checked_sub(1) {
            None => &self.input,
            Some(layer) => &self.layers[layer].output,
        }
    }

    /// Run the whole network on the input `x`.
    ///
    /// With `replay`, every branch is taken as in the pass that the pattern is of.
    #[must_use]
    pub fn forward<S: Scalar>(
        &self,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> Trace<S> {
        let mut live = Live::at_input(x);
        self.forward_from(0, parameters, &mut live, replay, |_, _| ())
    }

    /// Run the layers from number `first` on, on what `live` holds, showing `watch` number and input of
    /// every layer with one input; `replay` as in [`Network::forward`].
    ///
    /// # Panics
    /// When `live` is of another network, or of another place than that before layer `first`.
    pub fn forward_from<S: Scalar>(
        &self,
        first: usize,
        parameters: &Parameters<S>,
        live: &mut Live<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(usize, &Tensor<S>),
    ) -> Trace<S> {
        let layers = first..self.layers.len();
        let mut saved = Vec::with_capacity(layers.len());
        let keep = |kept| saved.push(kept);
        self.run(layers, parameters, live, replay, watch, keep);
        let output = live.take_newest();
        Trace { output, saved }
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
        watch: impl FnMut(&Tensor<S>),
    ) -> Gradients<S> {
        self.backward_by(Formulas::Ours, parameters, saved, dy, watch)
    }

    /// The same by these formulas.
    fn backward_by<S: Scalar>(
        &self,
        formulas: Formulas,
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
        // Of each activation the sum of what its readers have sent back so far.
        let mut gradients: Vec<Option<Tensor<S>>> = vec![None; saved.len()];
        gradients.push(Some(dy));
        let mut by_layer = Vec::with_capacity(self.layers.len());
        for ((number, layer), saved) in self.layers.iter().enumerate().zip(saved).rev() {
            let dy = gradients.pop().flatten();
            // Nobody reads it, so nothing depends on it.
            let dy = dy.unwrap_or_else(|| tensor::zeros(&layer.output));
            watch(&dy);
            let own = &parameters.tensors[layer.parameter_range()];
            let (inputs, own) = layer.back(formulas, own, saved, dy);
            by_layer.push(own);
            debug_assert!(
                layer.reads.iter().all(|read| *read <= number),
                "a layer reads what stands before it"
            );
            layer.send(inputs, &mut gradients);
        }
        by_layer.reverse();
        let input = gradients.pop().flatten();
        Gradients {
            input: input.unwrap_or_else(|| tensor::zeros(&self.input)),
            parameters: by_layer.into_iter().flatten().collect(),
        }
    }
}

impl NetworkLayer {
    /// The gradients of its inputs and of its `parameters` from its output's gradient `dy`.
    fn back<S: Scalar>(
        &self,
        formulas: Formulas,
        parameters: &[Tensor<S>],
        saved: Saved<S>,
        dy: Tensor<S>,
    ) -> (Vec<Tensor<S>>, Vec<Tensor<S>>) {
        let one = match &self.layer {
            Layer::Join(join) => return (join.backward(&saved, dy), Vec::new()),
            one => one,
        };
        let kept = formulas.rounds_like_its_cotangent(one).then(|| dy.clone());
        let mut returned = one.backward(parameters, saved, dy);
        if let Some(dy) = kept {
            for (dx, dy) in returned.input.iter_mut().zip(&dy) {
                *dx += formulas::rounding_of(*dy);
            }
        }
        (vec![returned.input], returned.parameters)
    }

    /// Add the gradients of its inputs to those of the activations that it reads.
    fn send<S: Scalar>(&self, inputs: Vec<Tensor<S>>, gradients: &mut [Option<Tensor<S>>]) {
        for (activation, dx) in self.reads.iter().zip(inputs) {
            match &mut gradients[*activation] {
                None => gradients[*activation] = Some(dx),
                Some(sum) => sum.zip_mut_with(&dx, |sum, dx| *sum += *dx),
            }
        }
    }

    /// The activations that it reads, each once, in order.
    #[must_use]
    pub fn distinct_reads(&self) -> Vec<usize> {
        let mut reads = self.reads.clone();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// The numbers of its parameters among the network's.
    #[must_use]
    pub fn parameter_range(&self) -> Range<usize> {
        self.first_parameter..self.first_parameter + self.parameters.len()
    }
}
