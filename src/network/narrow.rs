//! A problem as a narrower format sees it.

use crate::loss::Loss;
use crate::scalar::{Format, Scalar};
use crate::spec::PenaltySpec;
use crate::tensor::{self, Tensor};

use super::{Pattern, Problem};

impl Problem {
    /// The problem with every number that it is about in `format`: parameters, input, what the loss
    /// compares the output with, its factor, and the penalty's strength.
    ///
    /// What an operator is defined by (the eps of a normalisation, a slope) stays as it is: code in
    /// `format` rounds that itself, and the perturbed runs that measure rounding do too.
    #[must_use]
    pub fn rounded_to(mut self, format: Format) -> Self {
        let round = |tensor: &mut Tensor<f64>| tensor.mapv_inplace(|value| format.round(value));
        round(&mut self.input);
        self.parameters.tensors.iter_mut().for_each(round);
        let objective = &mut self.objective;
        objective.scale = format.round(objective.scale);
        match &mut objective.penalty {
            Some(PenaltySpec::L2 { strength } | PenaltySpec::L1 { strength }) => {
                *strength = format.round(*strength);
            }
            None => (),
        }
        match &mut objective.loss {
            Some(
                Loss::MeanSquaredError { target: values }
                | Loss::L1 { target: values }
                | Loss::Huber { target: values, .. }
                | Loss::BceWithLogits { target: values }
                | Loss::WeightedSum { cotangent: values },
            ) => round(values),
            Some(
                Loss::SoftmaxCrossEntropy {
                    class_weights: Some(weights),
                    ..
                }
                | Loss::Nll {
                    class_weights: Some(weights),
                    ..
                },
            ) => weights.iter_mut().for_each(|w| *w = format.round(*w)),
            Some(Loss::SoftmaxCrossEntropy { .. } | Loss::Nll { .. }) | None => (),
        }
        self
    }

    /// The branch pattern of a pass in the arithmetic of `S`.
    #[must_use]
    pub fn pattern_in<S: Scalar>(&self) -> Pattern {
        let parameters = self.parameters.lift::<S>();
        let input = tensor::lift(&self.input);
        let trace = self.network.forward(&parameters, input, None);
        let loss = self.objective.loss.as_ref();
        Pattern::of(
            trace.saved,
            loss.and_then(|loss| loss.choices(&trace.output)),
        )
    }

    /// Every layer's input, in the layers' order, and behind them the network's output, as a pass in
    /// `format` finds them.
    #[must_use]
    pub fn activations_in(&self, format: Format) -> Vec<Tensor<f64>> {
        match format {
            Format::F64 => self.activations(),
            Format::F32 => {
                let parameters = self.parameters.lift::<f32>();
                let input = tensor::lift(&self.input);
                let activations = self.network.activations(&parameters, input, None);
                activations.iter().map(tensor::primal).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Network, Objective, Parameters};
    use crate::spec::plan::Plan;
    use crate::spec::preset::preset;

    fn problem(loss: Loss) -> Problem {
        let spec = preset("mlp").expect("a preset");
        let plan = Plan::new(&spec, 2).expect("it fits");
        let mut parameters = Parameters::seeded(&plan, 1);
        for tensor in &mut parameters.tensors {
            tensor.mapv_inplace(|w| w * 1.1);
        }
        Problem {
            network: Network::new(&plan),
            parameters,
            input: tensor::zeros(&plan.input).mapv(|_: f64| 0.1),
            objective: Objective {
                loss: Some(loss),
                scale: 1e-3,
                penalty: Some(PenaltySpec::L2 { strength: 0.1 }),
            },
        }
    }

    #[test]
    fn every_number_is_one_of_the_format() {
        let wide = problem(Loss::MeanSquaredError {
            target: tensor::zeros(&[2, 10]).mapv(|_: f64| 0.7),
        });
        let narrow = wide.clone().rounded_to(Format::F32);
        let numbers = |problem: &Problem| {
            let target = match &problem.objective.loss {
                Some(Loss::MeanSquaredError { target }) => target.clone(),
                _ => panic!("the loss stays the same"),
            };
            let strength = problem.objective.penalty.map_or(0.0, |p| p.strength());
            let mut all = vec![problem.objective.scale, strength];
            all.extend(problem.parameters.tensors.iter().flatten());
            all.extend(problem.input.iter().chain(&target));
            all
        };
        for (before, after) in numbers(&wide).into_iter().zip(numbers(&narrow)) {
            assert_eq!(
                after.to_bits(),
                Format::F32.round(before).to_bits(),
                "{before}"
            );
        }
        assert_eq!(
            wide.clone().rounded_to(Format::F64),
            wide,
            "nothing to round"
        );
    }

    #[test]
    fn activations_are_those_of_the_pass_in_that_format() {
        let problem = problem(Loss::Nll {
            classes: vec![1, 2],
            class_weights: Some(vec![0.1; 10]),
        });
        let exact = problem.activations_in(Format::F64);
        let narrow = problem
            .clone()
            .rounded_to(Format::F32)
            .activations_in(Format::F32);
        assert_eq!(
            exact.len(),
            problem.network.layers().len() + 1,
            "every input, and the output"
        );
        let mut largest = 0.0_f64;
        for (wide, narrow) in exact.iter().flatten().zip(narrow.iter().flatten()) {
            assert!(Format::F32.holds(*narrow), "{narrow} is one of f32");
            largest = largest.max((wide - narrow).abs());
        }
        assert!(
            largest > 0.0 && largest < 1e-5,
            "rounding alone: {largest:e}"
        );
    }
}
