//! What is differentiated: a network's scaled loss on a batch, plus a penalty.

use crate::loss::Loss;
use crate::penalty;
use crate::scalar::Scalar;
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{DataSpec, LayerSpec, LossSpec, NetworkSpec, OpSpec, PenaltySpec};
use crate::tensor::{self, Tensor};

use super::{Coordinate, LeafName, Network, Parameters, Pattern};

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
        let spec = NetworkSpec {
            name: op.as_ref().map_or("loss", OpSpec::name).to_owned(),
            input: input.shape()[1..].to_vec(),
            data: DataSpec::Random,
            loss: LossSpec::WeightedSum {},
            layers: op
                .map(|op| LayerSpec {
                    name: Some("op".to_owned()),
                    op,
                })
                .into_iter()
                .collect(),
        };
        let network = Network::new(&Plan::new(&spec, input.shape()[0])?);
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
        Pattern::of(
            &self
                .network
                .forward(&self.parameters, self.input.clone(), None)
                .saved,
        )
    }

    /// The objective's value in the arithmetic of `S`.
    #[must_use]
    pub fn value<S: Scalar>(&self, replay: Option<&Pattern>) -> S {
        let parameters = self.parameters.lift();
        let mut value = self.penalty_value(&parameters);
        if let Some(loss) = &self.objective.loss {
            let trace = self
                .network
                .forward(&parameters, tensor::lift(&self.input), replay);
            value += S::constant(self.objective.scale) * loss.forward(&trace.output);
        }
        value
    }

    /// The objective's value and gradients by hand-written backpropagation in the arithmetic of `S`.
    #[must_use]
    pub fn backpropagate<S: Scalar>(&self, replay: Option<&Pattern>) -> Evaluation<S> {
        let parameters = self.parameters.lift();
        let mut value = self.penalty_value(&parameters);
        let mut gradients = match &self.objective.loss {
            Some(loss) => {
                let scale = S::constant(self.objective.scale);
                let trace = self
                    .network
                    .forward(&parameters, tensor::lift(&self.input), replay);
                value += scale * loss.forward(&trace.output);
                let dy = loss.backward(&trace.output, scale);
                self.network.backward(&parameters, trace.saved, dy)
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
