//! What is differentiated: a network's scaled loss on a batch, plus a penalty.

use crate::loss::Loss;
use crate::penalty;
use crate::scalar::Scalar;
use crate::spec::plan::PlanError;
use crate::spec::{OpSpec, PenaltySpec};
use crate::tensor::{self, Tensor};

use super::formulas::{self, Formulas};
use super::{Coordinate, LeafName, Leaves, Network, Parameters, Pattern, Unit};

/// scale·loss + penalty; either part may be absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The loss of the network's output.
    pub loss: Option<Loss>,
    /// The loss's factor.
    pub scale: f64,
    /// The penalty on the weights.
    pub penalty: Option<PenaltySpec>,
}

/// A point at which gradients are taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The network.
    pub network: Network,
    /// The value of each parameter.
    pub parameters: Parameters<f64>,
    /// The input, batch first.
    pub input: Tensor<f64>,
    /// What is differentiated.
    pub objective: Objective,
}

/// The objective's value and its gradient with respect to every leaf, in one arithmetic.
#[derive(Clone, Debug)]
pub struct Evaluation<S> {
    /// The objective.
    pub value: S,
    /// With respect to the network's input.
    pub input: Tensor<S>,
    /// With respect to each parameter.
    pub parameters: Vec<Tensor<S>>,
}

impl<S> Evaluation<S> {
    /// The gradient with respect to `leaf`.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf(&self, leaf: LeafName) -> &Tensor<S> {
        match leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters[number],
        }
    }

    /// The gradient with respect to `leaf`, to be written.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf_mut(&mut self, leaf: LeafName) -> &mut Tensor<S> {
        match leaf {
            LeafName::Input => &mut self.input,
            LeafName::Parameter(number) => &mut self.parameters[number],
        }
    }
}

impl Problem {
    /// One operator (or none, to check a loss alone) on the input `x`, batch first, with `parameters`
    /// in PyTorch's order and layouts, under scale·loss.
    ///
    /// # Errors
    /// [`PlanError`], when the shapes do not fit.
    ///
    /// # Panics
    /// When a parameter's shape is not what operator and input ask for.
    pub fn single(
        op: Option<OpSpec>,
        parameters: Vec<Tensor<f64>>,
        input: Tensor<f64>,
        loss: Loss,
        scale: f64,
    ) -> Result<Self, PlanError> {
        let network = Network::single(op, input.shape())?;
        let given = parameters.iter().map(Tensor::shape);
        assert!(
            network.parameter_shapes().map(|(_, shape)| shape).eq(given),
            "the operator's parameters have the shapes {:?}",
            network.parameter_shapes().collect::<Vec<_>>()
        );
        let objective = Objective {
            loss: Some(loss),
            scale,
            penalty: None,
        };
        Ok(Self {
            network,
            parameters: Parameters {
                tensors: parameters,
            },
            input,
            objective,
        })
    }

    /// Every leaf: the input, then the parameters.
    #[must_use]
    pub fn leaves(&self) -> Vec<LeafName> {
        let parameters = (0..self.parameters.tensors.len()).map(LeafName::Parameter);
        std::iter::once(LeafName::Input).chain(parameters).collect()
    }

    /// The leaf's values.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf(&self, leaf: LeafName) -> &Tensor<f64> {
        match leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters.tensors[number],
        }
    }

    /// Every coordinate of `leaf`, in row-major order.
    pub fn coordinates(&self, leaf: LeafName) -> impl Iterator<Item = Coordinate> + use<> {
        (0..self.leaf(leaf).len()).map(move |index| Coordinate { leaf, index })
    }

    /// The penalty's part for `leaf`, when it sees that leaf.
    #[must_use]
    pub fn penalty_on(&self, leaf: LeafName) -> Option<PenaltySpec> {
        let sees = matches!(leaf, LeafName::Parameter(_))
            && penalty::applies_to(self.network.leaf_name(leaf));
        self.objective.penalty.filter(|_| sees)
    }

    /// The branch pattern at this point.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        self.pattern_in::<f64>()
    }

    /// Number of the last layer that has branches; the loss stands behind the last layer.
    #[must_use]
    pub fn last_branching(&self) -> Option<usize> {
        match &self.objective.loss {
            Some(loss) if loss.has_branches() => Some(self.network.layers().len()),
            _ => self.network.last_branching(),
        }
    }

    /// Show `visit` every unit of layer number `place`, whose input is `x`, or behind the last layer of
    /// the loss: each branch that it could take instead of that in `choices`, and the margin between
    /// both, as [`crate::layer::Layer::margins`] does.
    pub fn margins<S: Scalar>(
        &self,
        place: usize,
        x: &Tensor<S>,
        choices: &[u32],
        mut visit: impl FnMut(Unit, u32, S),
    ) {
        match (self.network.layers().get(place), &self.objective.loss) {
            (Some(in_place), _) => {
                let visit = |index, choice, margin| {
                    visit(
                        Unit::Layer {
                            layer: place,
                            index,
                        },
                        choice,
                        margin,
                    );
                };
                in_place.layer.margins(x, &in_place.output, choices, visit);
            }
            (None, Some(loss)) => loss.margins(x, choices, |index, choice, margin| {
                visit(Unit::Loss { index }, choice, margin);
            }),
            (None, None) => (),
        }
    }

    /// The objective's value in the arithmetic of `S`.
    #[must_use]
    pub fn value<S: Scalar>(&self, replay: Option<&Pattern>) -> S {
        self.value_at(self.leaf_values(), replay)
    }

    /// The same with other values of the leaves.
    ///
    /// # Panics
    /// When they have not this problem's shapes.
    #[must_use]
    pub fn value_at<S: Scalar>(&self, leaves: Leaves<S>, replay: Option<&Pattern>) -> S {
        let Leaves { input, parameters } = leaves;
        let mut value = self.penalty_value(&parameters);
        if let Some(loss) = &self.objective.loss {
            let trace = self.network.forward(&parameters, input, replay);
            let branches = Pattern::branches_of_loss(replay);
            value += S::constant(self.objective.scale) * loss.forward(&trace.output, branches);
        }
        value
    }

    /// The objective's value and gradients by hand-written backpropagation in the arithmetic of `S`.
    #[must_use]
    pub fn backpropagate<S: Scalar>(&self, replay: Option<&Pattern>) -> Evaluation<S> {
        self.backpropagate_at(self.leaf_values(), replay, |_| ())
    }

    /// The gradient with respect to every layer's output, in the layers' order, by hand-written
    /// backpropagation; empty when the objective has no loss.
    #[must_use]
    pub fn output_gradients<S: Scalar>(&self, replay: Option<&Pattern>) -> Vec<Tensor<S>> {
        let mut outputs = Vec::with_capacity(self.network.layers().len());
        self.backpropagate_at(self.leaf_values(), replay, |dy| outputs.push(dy.clone()));
        outputs.reverse();
        outputs
    }

    /// The same with other values of the leaves, showing `watch` the gradient with respect to every
    /// layer's output, the last layer's first.
    ///
    /// # Panics
    /// When the leaves have not this problem's shapes.
    pub fn backpropagate_at<S: Scalar>(
        &self,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S> {
        self.backpropagate_by(Formulas::Ours, leaves, replay, watch)
    }

    /// The objective's value and gradients as code computes them that uses the usual formulas where ours
    /// avoid cancellation: the same in exact arithmetic, and under Monte Carlo arithmetic with the
    /// roundings of those.
    #[must_use]
    pub fn backpropagate_usually<S: Scalar>(&self, replay: Option<&Pattern>) -> Evaluation<S> {
        self.backpropagate_by(Formulas::Usual, self.leaf_values(), replay, |_| ())
    }

    fn backpropagate_by<S: Scalar>(
        &self,
        formulas: Formulas,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S> {
        let Leaves { input, parameters } = leaves;
        let mut value = self.penalty_value(&parameters);
        let mut gradients = match &self.objective.loss {
            Some(loss) => {
                let scale = S::constant(self.objective.scale);
                let trace = self.network.forward(&parameters, input, replay);
                let branches = Pattern::branches_of_loss(replay);
                value += scale * loss.forward(&trace.output, branches);
                let mut dy = loss.backward(&trace.output, scale, branches);
                if formulas == Formulas::Usual {
                    formulas::round_probabilities(loss, scale, &mut dy);
                }
                self.network
                    .backward_by(formulas, &parameters, trace.saved, dy, watch)
            }
            None => super::Gradients {
                input: tensor::zeros(self.input.shape()),
                parameters: parameters
                    .tensors
                    .iter()
                    .map(|w| tensor::zeros(w.shape()))
                    .collect(),
            },
        };
        for (number, gradient) in gradients.parameters.iter_mut().enumerate() {
            if let Some(penalty) = self.penalty_on(LeafName::Parameter(number)) {
                for (gradient, w) in gradient.iter_mut().zip(&parameters.tensors[number]) {
                    *gradient += penalty.slope(*w);
                }
            }
        }
        Evaluation {
            value,
            input: gradients.input,
            parameters: gradients.parameters,
        }
    }

    /// Every activation: the input, and behind it each layer's output.
    #[must_use]
    pub fn activations(&self) -> Vec<Tensor<f64>> {
        let x = self.input.clone();
        self.network.activations(&self.parameters, x, None)
    }

    /// The part of this problem from layer `first` on, as a function of the activation before it: the
    /// loss as a function of that, and without penalty. The values are those of `activations`, which are
    /// all of the network's.
    ///
    /// # Panics
    /// When there is no such layer, or an activation has not the shape that is read.
    #[must_use]
    pub fn from_layer(&self, first: usize, activations: &[Tensor<f64>]) -> Self {
        let layers = first..self.network.layers().len();
        let loss = self.objective.loss.clone();
        self.part(layers, first, activations, loss, self.objective.scale)
    }

    /// Layer `layer` alone as a function of its (first) input, under Σ `dy`·output: its vector-Jacobian
    /// product; the values are those of `activations`, which are all of the network's.
    ///
    /// # Panics
    /// When there is no such layer, or the shapes are not its own.
    #[must_use]
    pub fn layer_alone(&self, layer: usize, activations: &[Tensor<f64>], dy: Tensor<f64>) -> Self {
        let variable = self.network.layers()[layer].reads[0];
        self.layers_alone(layer..layer + 1, variable, activations, dy)
    }

    /// The same of several layers, as a function of activation number `variable`, where `dy` is the
    /// gradient of the last one's output.
    ///
    /// # Panics
    /// As [`Problem::layer_alone`].
    #[must_use]
    pub fn layers_alone(
        &self,
        layers: std::ops::Range<usize>,
        variable: usize,
        activations: &[Tensor<f64>],
        dy: Tensor<f64>,
    ) -> Self {
        let output = self.network.activation_shape(layers.end);
        assert_eq!(dy.shape(), output, "the output's gradient has its shape");
        let loss = Loss::WeightedSum { cotangent: dy };
        self.part(layers, variable, activations, Some(loss), 1.0)
    }

    fn part(
        &self,
        layers: std::ops::Range<usize>,
        variable: usize,
        activations: &[Tensor<f64>],
        loss: Option<Loss>,
        scale: f64,
    ) -> Self {
        let network = self.network.part(layers.clone(), variable, activations);
        let input = activations[variable].clone();
        assert_eq!(
            input.shape(),
            network.input_shape(),
            "an input of that layer"
        );
        let owned = self.network.layers()[layers].iter();
        let parameters = owned.flat_map(|layer| &self.parameters.tensors[layer.parameter_range()]);
        Self {
            parameters: Parameters {
                tensors: parameters.cloned().collect(),
            },
            network,
            input,
            objective: Objective {
                loss,
                scale,
                penalty: None,
            },
        }
    }

    fn penalty_value<S: Scalar>(&self, parameters: &Parameters<S>) -> S {
        let mut value = S::zero();
        for (number, weight) in parameters.tensors.iter().enumerate() {
            if let Some(penalty) = self.penalty_on(LeafName::Parameter(number)) {
                value += penalty.forward(weight);
            }
        }
        value
    }
}
