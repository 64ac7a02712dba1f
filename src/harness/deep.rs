//! A network of any size up to depth 8 and width 128, on random data or on digits.

use std::fmt;

use crate::data::digits;
use crate::network::{Network, Objective, Parameters, Problem};
use crate::scalar::Format;
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{DataSpec, NetworkSpec, PenaltySpec};

use super::{NetworkCase, data};

/// Fraction bits of weights and inputs within ±2: as many as the format has.
fn bits(format: Format) -> i32 {
    match format {
        Format::F64 => 51,
        Format::F32 => 22,
    }
}

/// A deep network with its objective, and the seed that all values come from.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepNetworkCase {
    /// Network, loss, and whether it is fed with digits, which have constant background.
    pub spec: NetworkSpec,
    /// Number of samples.
    pub batch: usize,
    /// Where values come from.
    pub seed: u64,
    /// Which signs weights and biases have.
    pub weights: Weights,
    /// The loss's factor.
    pub scale: f64,
    /// The penalty on the weights.
    pub penalty: Option<PenaltySpec>,
}

/// Which signs weights and biases have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Both: sums cancel.
    Signed,
    /// None is negative: rounding errors have no opposites to cancel with.
    Positive,
}

impl DeepNetworkCase {
    /// Make the network's problem with weights and random inputs that `format` holds; weights lie
    /// within ±2/√fan_in.
    ///
    /// # Errors
    /// [`PlanError`], when a layer or the loss does not fit.
    ///
    /// # Panics
    /// When more digits are wanted than there are.
    pub fn problem(&self, format: Format) -> Result<Problem, PlanError> {
        let plan = Plan::new(&self.spec, self.batch)?;
        let planned = plan.layers.iter().flat_map(|layer| &layer.parameters);
        let tensors = planned
            .map(|parameter| {
                let bound = 2.0 / (parameter.fan_in as f64).sqrt();
                let name = &parameter.name;
                let signed = data::uniform(&parameter.shape, self.seed, name, bound, bits(format));
                match self.weights {
                    Weights::Signed => signed,
                    Weights::Positive => signed.mapv(f64::abs),
                }
            })
            .collect();
        let input = match self.spec.data {
            DataSpec::Digits => digits::sample(self.batch, self.seed).0,
            _ => data::uniform(
                &plan.input,
                self.seed,
                "input",
                data::INPUT_BOUND,
                bits(format),
            ),
        };
        Ok(Problem {
            network: Network::new(&plan),
            parameters: Parameters { tensors },
            input,
            objective: Objective {
                loss: Some(data::loss(&self.spec.loss, &plan, self.seed)),
                scale: self.scale,
                penalty: self.penalty,
            },
        })
    }
}

impl fmt::Display for DeepNetworkCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let samples = match self.spec.data {
            DataSpec::Digits => "digits, ",
            _ => "",
        };
        let case = NetworkCase {
            spec: self.spec.clone(),
            batch: self.batch,
            seed: self.seed,
        };
        let weights = match self.weights {
            Weights::Signed => "",
            Weights::Positive => ", no negative weights",
        };
        write!(f, "{samples}{case}{weights}, loss times {}", self.scale)?;
        match self.penalty {
            None => Ok(()),
            Some(PenaltySpec::L1 { strength }) => write!(f, ", L1 penalty {strength}"),
            Some(PenaltySpec::L2 { strength }) => write!(f, ", L2 penalty {strength}"),
        }
    }
}
