//! The gradient of a large network layer by layer: parameters are lifted, and gradients handed over, for
//! one layer at a time, so that no second copy of either is ever whole.

use crate::scalar::Scalar;
use crate::tensor::{self, Tensor};

use super::formulas::{self, Formulas};
use super::{LeafName, Live, Parameters, Pattern, Problem};
use crate::layer::Saved;

/// Whose roundings a perturbed backward pass has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roundings {
    /// Those of our formulas.
    Ours,
    /// Those of the usual formulas, as in [`Problem::backpropagate_usually`].
    Usual,
}

/// A backward pass on its way from the loss to the first layer.
#[derive(Debug)]
pub struct Streamed<'a, S> {
    problem: &'a Problem,
    formulas: Formulas,
    value: S,
    /// What the layers that are still to come kept; empty when the objective has no loss.
    saved: Vec<Saved<S>>,
    /// Of each activation the sum of what its readers have sent back so far.
    gradients: Vec<Option<Tensor<S>>>,
    /// Number of the layer that was gone through last.
    layer: usize,
}

impl Problem {
    /// Hand-written backpropagation on the branches of `replay`, to be taken layer by layer: the forward
    /// pass is done, and [`Streamed::step`] goes back.
    #[must_use]
    pub fn streamed<S: Scalar>(
        &self,
        replay: Option<&Pattern>,
        roundings: Roundings,
    ) -> Streamed<'_, S> {
        let formulas = match roundings {
            Roundings::Ours => Formulas::Ours,
            Roundings::Usual => Formulas::Usual,
        };
        let layers = self.network.layers();
        let mut streamed = Streamed {
            problem: self,
            formulas,
            value: S::zero(),
            saved: Vec::new(),
            gradients: Vec::new(),
            layer: layers.len(),
        };
        for number in 0..self.parameters.tensors.len() {
            if let Some(penalty) = self.penalty_on(LeafName::Parameter(number)) {
                let weight = tensor::lift(&self.parameters.tensors[number]);
                streamed.value += penalty.forward::<S>(&weight);
            }
        }
        let Some(loss) = &self.objective.loss else {
            return streamed;
        };
        let mut live = Live::at_input(tensor::lift(&self.input));
        for number in 0..layers.len() {
            let one = number..number + 1;
            let parameters = self.lifted(number);
            let keep = |kept| streamed.saved.push(kept);
            let network = &self.network;
            network.run(one, &parameters, &mut live, replay, |_, _| (), keep);
        }
        let output = live.take_newest();
        let scale = S::constant(self.objective.scale);
        let branches = Pattern::branches_of_loss(replay);
        streamed.value += scale * loss.forward(&output, branches);
        let mut dy = loss.backward(&output, scale, branches);
        if formulas == Formulas::Usual {
            formulas::round_probabilities(loss, scale, &mut dy);
        }
        streamed.gradients = (0..layers.len()).map(|_| None).collect();
        streamed.gradients.push(Some(dy));
        streamed
    }

    /// The parameters of layer `layer` in their places, and nothing in the others'.
    fn lifted<S: Scalar>(&self, layer: usize) -> Parameters<S> {
        let own = self.network.layers()[layer].parameter_range();
        let tensors = self.parameters.tensors.iter().enumerate();
        let tensors = tensors.map(|(number, tensor)| {
            if own.contains(&number) {
                tensor::lift(tensor)
            } else {
                tensor::zeros(&[0])
            }
        });
        Parameters {
            tensors: tensors.collect(),
        }
    }
}

impl<S: Scalar> Streamed<'_, S> {
    /// The objective's value.
    #[must_use]
    pub fn value(&self) -> S {
        self.value
    }

    /// Go back through the next layer: number and gradient of each of its parameters; `None` behind the
    /// first layer.
    pub fn step(&mut self) -> Option<Vec<(usize, Tensor<S>)>> {
        self.layer = self.layer.checked_sub(1)?;
        let problem = self.problem;
        let network = &problem.network;
        let layer = &network.layers()[self.layer];
        let lifted = problem.lifted(self.layer);
        let own = &lifted.tensors[layer.parameter_range()];
        let mut gradients = match self.saved.pop() {
            Some(saved) => {
                let dy = self.gradients.pop().flatten();
                let dy = dy.unwrap_or_else(|| tensor::zeros(&layer.output));
                let (inputs, own) = layer.back(self.formulas, own, saved, dy);
                layer.send(inputs, &mut self.gradients);
                own
            }
            None => own.iter().map(|w| tensor::zeros(w.shape())).collect(),
        };
        let numbers = layer.parameter_range();
        for ((number, gradient), own) in numbers.clone().zip(&mut gradients).zip(own) {
            if let Some(penalty) = problem.penalty_on(LeafName::Parameter(number)) {
                for (gradient, w) in gradient.iter_mut().zip(own) {
                    *gradient += penalty.slope(*w);
                }
            }
        }
        Some(numbers.zip(gradients).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Loss;
    use crate::network::{Network, Objective};
    use crate::spec::PenaltySpec;
    use crate::spec::plan::Plan;
    use crate::spec::preset::preset;

    #[test]
    fn layer_by_layer_is_the_same_gradient_to_the_bit() {
        for (name, scale) in [("mlp", 1.0), ("resnet8", 1e-3), ("lenet5-tanh", 1.0)] {
            let plan = Plan::new(&preset(name).expect("a preset"), 1).expect("it fits");
            let classes = vec![3];
            let mut problem = Problem {
                network: Network::new(&plan),
                parameters: Parameters::seeded(&plan, 1),
                input: tensor::zeros(&plan.input).mapv(|_: f64| 0.1),
                objective: Objective {
                    loss: Some(Loss::Nll {
                        classes,
                        class_weights: None,
                    }),
                    scale,
                    penalty: Some(PenaltySpec::L2 { strength: 0.1 }),
                },
            };
            for _ in 0..2 {
                let whole = problem.backpropagate::<f64>(None);
                let mut streamed = problem.streamed::<f64>(None, Roundings::Ours);
                assert_eq!(streamed.value().to_bits(), whole.value.to_bits(), "{name}");
                let mut seen = 0;
                while let Some(gradients) = streamed.step() {
                    for (number, gradient) in gradients {
                        assert_eq!(gradient, whole.parameters[number], "{name}, {number}");
                        seen += 1;
                    }
                }
                assert_eq!(seen, whole.parameters.len(), "{name}: every parameter");
                problem.objective.loss = None;
            }
        }
    }
}
