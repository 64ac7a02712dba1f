//! One loss on random outputs and targets.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::network::Problem;
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{DataSpec, LossSpec, NetworkSpec};

use super::{data, describe};

/// A loss, the shape of what it is of (batch first), and the seed that all values come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossCase {
    /// The loss.
    pub loss: LossSpec,
    /// Shape of its input, batch first.
    pub input: Vec<usize>,
    /// Where values come from.
    pub seed: u64,
}

impl LossCase {
    /// Make the loss's problem, of which the input is the only leaf.
    ///
    /// # Errors
    /// [`PlanError`], when loss and input do not fit.
    pub fn problem(&self) -> Result<Problem, PlanError> {
        let spec = NetworkSpec {
            name: "loss".to_owned(),
            input: self.input.get(1..).unwrap_or_default().to_vec(),
            data: DataSpec::Random,
            loss: self.loss.clone(),
            layers: Vec::new(),
        };
        let batch = self.input.first().copied().unwrap_or(0);
        let plan = Plan::new(&spec, batch)?;
        let input = data::uniform(
            &self.input,
            self.seed,
            "input",
            data::INPUT_BOUND,
            data::SHORT,
        );
        let loss = data::loss(&self.loss, &plan, self.seed);
        Problem::single(None, Vec::new(), input, loss, 1.0)
    }
}

impl fmt::Display for LossCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {}, seed {}",
            describe::loss(&self.loss),
            describe::shape(&self.input),
            self.seed
        )
    }
}
