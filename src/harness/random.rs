//! Any random case, and the token that repeats it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::network::{Coordinate, Problem};
use crate::report::Setup;
use crate::spec::case::{Case, Order, Precision, Selection, Step};
use crate::spec::files::Files;
use crate::spec::plan::PlanError;
use crate::spec::token::{self, TokenError};
use crate::spec::{DataSpec, LossSpec};

use super::{LossCase, NetworkCase, OperatorCase};
use crate::check::Posed;

/// A case that a strategy has drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RandomCase {
    /// One operator.
    Operator(OperatorCase),
    /// One loss.
    Loss(LossCase),
    /// A network under a loss.
    Network(NetworkCase),
}

/// What is put on trial: a random case in a precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The case.
    pub case: RandomCase,
    /// The arithmetic of the gradient under test.
    #[serde(default, skip_serializing_if = "is_double")]
    pub precision: Precision,
}

fn is_double(precision: &Precision) -> bool {
    *precision == Precision::F64
}

impl RandomCase {
    /// Make the case's problem.
    ///
    /// # Errors
    /// [`PlanError`], when something does not fit.
    pub fn problem(&self) -> Result<Problem, PlanError> {
        match self {
            Self::Operator(case) => case.problem(),
            Self::Loss(case) => case.problem(),
            Self::Network(case) => case.problem(),
        }
    }

    /// The operator's or loss's name, or "network".
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Operator(case) => case.op.name(),
            Self::Loss(case) => loss_name(&case.loss),
            Self::Network(_) => "network",
        }
    }

    /// Where its values come from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        match self {
            Self::Operator(case) => case.seed,
            Self::Loss(case) => case.seed,
            Self::Network(case) => case.seed,
        }
    }
}

/// The loss's name, as in files.
#[must_use]
pub fn loss_name(loss: &LossSpec) -> &'static str {
    match loss {
        LossSpec::SoftmaxCrossEntropy { .. } => "softmax_cross_entropy",
        LossSpec::Nll { .. } => "nll",
        LossSpec::MeanSquaredError {} => "mean_squared_error",
        LossSpec::L1 {} => "l1",
        LossSpec::Huber { .. } => "huber",
        LossSpec::BceWithLogits {} => "bce_with_logits",
        LossSpec::WeightedSum {} => "weighted_sum",
    }
}

impl fmt::Display for RandomCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(case) => case.fmt(f),
            Self::Loss(case) => case.fmt(f),
            Self::Network(case) => case.fmt(f),
        }
    }
}

impl Trial {
    /// Make the problem, in numbers that the precision holds.
    ///
    /// # Errors
    /// [`PlanError`], when something does not fit.
    pub fn problem(&self) -> Result<Problem, PlanError> {
        let problem = self.case.problem()?;
        Ok(problem.rounded_to(self.precision.format()))
    }

    /// The token that repeats it.
    #[must_use]
    pub fn token(&self) -> String {
        token::pack(token::RANDOM, &Packed::Trial(self.clone()))
    }

    /// The problem with what a report says of it; every derivative is checked, that with respect to the
    /// input too.
    ///
    /// # Errors
    /// [`PlanError`], when something does not fit.
    pub fn posed(&self) -> Result<Posed, PlanError> {
        let problem = self.problem()?;
        let coordinates: Vec<Coordinate> = problem
            .leaves()
            .into_iter()
            .flat_map(|leaf| problem.coordinates(leaf))
            .collect();
        let setup = Setup {
            network: self.case.name().to_owned(),
            parameters: problem.parameters.count(),
            checked: coordinates.len(),
            seed: self.case.seed(),
            precision: self.precision,
            samples: problem.input.shape().first().copied().unwrap_or(0),
            data: DataSpec::Random,
            train_steps: 0,
            penalty: None,
            step: Step::Auto,
            coordinates: Selection::All,
            files: Files::default(),
        };
        Ok(Posed {
            problem,
            coordinates,
            is_projected: false,
            setup,
            output: None,
            order: Order::First,
            details: None,
            replay: self.token(),
        })
    }
}

/// What a token repeats.
#[derive(Clone, Debug, PartialEq)]
pub enum Replay {
    /// A check of a network.
    Check(Box<Case>),
    /// A random case.
    Trial(Box<Trial>),
}

/// What a token of version [`token::RANDOM`] holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Packed {
    Trial(Trial),
}

impl Replay {
    /// Its token.
    #[must_use]
    pub fn token(&self) -> String {
        match self {
            Self::Check(case) => case.token(),
            Self::Trial(trial) => trial.token(),
        }
    }
}

impl FromStr for Replay {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let unpacked = token::unpack(text)?;
        if unpacked.version == token::CHECK {
            return Ok(Self::Check(Box::new(unpacked.content()?)));
        }
        match unpacked.content()? {
            Packed::Trial(trial) => Ok(Self::Trial(Box::new(trial))),
        }
    }
}
