//! One operator on random data, under random-sign weights of its outputs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::loss::Loss;
use crate::network::Problem;
use crate::spec::plan::{Plan, PlanError};
use crate::spec::{DataSpec, LayerSpec, LossSpec, NetworkSpec, OpSpec};

use super::{data, describe};

/// The largest input, weight and bias.
///
/// With so few bits every product and sum of a convolution or linear layer is exact in `f64`; and
/// among 513 inputs exact ties in a pooling window are possible, though uncommon.
const INPUT_BOUND: f64 = 4.0;
const PARAMETER_BOUND: f64 = 2.0;

/// An operator, the shape of its input (batch first), and the seed that all values come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorCase {
    /// The operator.
    pub op: OpSpec,
    /// Shape of the input, batch first.
    pub input: Vec<usize>,
    /// Where values come from.
    pub seed: u64,
}

impl OperatorCase {
    /// Make the operator's problem: Σ r·y with random signs and |r| in [1/2, 3/2].
    ///
    /// # Errors
    /// [`PlanError`], when operator and input do not fit.
    pub fn problem(&self) -> Result<Problem, PlanError> {
        let plan = Plan::new(
            &self.network_spec(),
            self.input.first().copied().unwrap_or(0),
        )?;
        let planned = plan.layers.iter().flat_map(|layer| &layer.parameters);
        let parameters = planned
            .map(|parameter| {
                data::uniform(
                    &parameter.shape,
                    self.seed,
                    &parameter.name,
                    PARAMETER_BOUND,
                    data::SHORT,
                )
            })
            .collect();
        Problem::single(
            Some(self.op.clone()),
            parameters,
            data::uniform(&self.input, self.seed, "input", INPUT_BOUND, data::SHORT),
            Loss::WeightedSum {
                cotangent: data::operators_cotangent(&plan.output, self.seed),
            },
            1.0,
        )
    }

    fn network_spec(&self) -> NetworkSpec {
        NetworkSpec {
            name: self.op.name().to_owned(),
            input: self.input.get(1..).unwrap_or_default().to_vec(),
            data: DataSpec::Random,
            loss: LossSpec::WeightedSum {},
            layers: vec![LayerSpec {
                name: Some("op".to_owned()),
                op: self.op.clone(),
            }],
        }
    }
}

impl fmt::Display for OperatorCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on {}, seed {}",
            describe::op(&self.op),
            describe::shape(&self.input),
            self.seed
        )
    }
}
