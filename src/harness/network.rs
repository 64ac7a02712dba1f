//! A small network with a loss, on random data.

use std::fmt;

use crate::loss::Loss;
use crate::network::{Network, Objective, Parameters, Problem};
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{LossSpec, NetworkSpec};

use super::{data, describe};

/// The largest input and target.
const INPUT_BOUND: f64 = 2.0;

/// A network, its batch size, and the seed that all values come from.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkCase {
    /// Network and loss.
    pub spec: NetworkSpec,
    /// Number of samples.
    pub batch: usize,
    /// Where values come from.
    pub seed: u64,
}

impl NetworkCase {
    /// Make the network's problem; weights lie within ±2/√fan_in, so that no activation saturates.
    ///
    /// # Errors
    /// [`PlanError`], when a layer or the loss does not fit.
    pub fn problem(&self) -> Result<Problem, PlanError> {
        let plan = Plan::new(&self.spec, self.batch)?;
        let planned = plan.layers.iter().flat_map(|layer| &layer.parameters);
        let tensors = planned
            .map(|parameter| {
                let bound = 2.0 / (parameter.fan_in as f64).sqrt();
                data::uniform(&parameter.shape, self.seed, &parameter.name, bound)
            })
            .collect();
        let loss = match &self.spec.loss {
            LossSpec::SoftmaxCrossEntropy { label_smoothing } => Loss::SoftmaxCrossEntropy {
                classes: data::classes(self.batch, plan.output[1], self.seed),
                label_smoothing: *label_smoothing,
            },
            LossSpec::MeanSquaredError {} => Loss::MeanSquaredError {
                target: data::uniform(&plan.output, self.seed, "target", INPUT_BOUND),
            },
            LossSpec::WeightedSum {} => Loss::WeightedSum {
                cotangent: data::cotangent(&plan.output, self.seed),
            },
        };
        Ok(Problem {
            network: Network::new(&plan),
            parameters: Parameters { tensors },
            input: data::uniform(&plan.input, self.seed, "input", INPUT_BOUND),
            objective: Objective {
                loss: Some(loss),
                scale: 1.0,
                penalty: None,
            },
        })
    }
}

impl fmt::Display for NetworkCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<String> = self
            .spec
            .layers
            .iter()
            .map(|layer| describe::op(&layer.op))
            .collect();
        write!(
            f,
            "{} samples of {} through {} under {}, seed {}",
            self.batch,
            describe::shape(&self.spec.input),
            layers.join(" → "),
            describe::loss(&self.spec.loss),
            self.seed
        )
    }
}
