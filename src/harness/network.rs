//! A small network with a loss, on random data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::network::{Network, Objective, Parameters, Problem};
use crate::spec::NetworkSpec;
use crate::spec::plan::{Plan, PlanError};

use super::{data, describe};

/// A network, its batch size, and the seed that all values come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
                data::uniform(
                    &parameter.shape,
                    self.seed,
                    &parameter.name,
                    bound,
                    data::SHORT,
                )
            })
            .collect();
        Ok(Problem {
            network: Network::new(&plan),
            parameters: Parameters { tensors },
            input: data::uniform(
                &plan.input,
                self.seed,
                "input",
                data::INPUT_BOUND,
                data::SHORT,
            ),
            objective: Objective {
                loss: Some(data::loss(&self.spec.loss, &plan, self.seed)),
                scale: 1.0,
                penalty: None,
            },
        })
    }
}

impl fmt::Display for NetworkCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples of {} through {} under {}, seed {}",
            self.batch,
            describe::shape(&self.spec.input),
            describe::chain(&self.spec.layers),
            describe::loss(&self.spec.loss),
            self.seed
        )
    }
}
