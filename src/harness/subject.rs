//! Somebody's own operators, under test: what is asked of them, and what they answer.

use std::collections::BTreeMap;
use std::ops::Index;

use ndarray::{ArrayD, IxDyn};
use thiserror::Error;

use crate::interchange::own_name;
use crate::loss::Loss;
use crate::network::{LeafName, Network, Problem};
use crate::report::words::listed;
use crate::spec::case::Precision;
use crate::spec::{NetworkSpec, OpSpec};

use super::random::{RandomCase, Trial};

/// Whoever computes operators, losses or networks, forward and backward.
///
/// A closure from a [`Request`] to an [`Answer`] is one, of `f64`.
pub trait Subject: Send {
    /// Compute output and gradients of what `request` asks for.
    ///
    /// # Errors
    /// [`SubjectError::Unsupported`] for what it does not have, which is nobody's fault, and
    /// [`SubjectError::Failed`] when it cannot answer though it should.
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError>;

    /// The arithmetic that it computes in. In `f32`, all numbers of a request are numbers of `f32`.
    fn precision(&self) -> Precision {
        Precision::F64
    }

    /// Whether it answers so slowly that nobody should try to make a failing case smaller.
    fn is_weary(&self) -> bool {
        false
    }
}

impl<F> Subject for F
where
    F: FnMut(&Request<'_>) -> Result<Answer, SubjectError> + Send,
{
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        self(request)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubjectError {
    /// There is no such operator, or not with such attributes, and none is claimed.
    #[error("it has no {0}")]
    Unsupported(String),
    /// It could not be computed, though it should.
    #[error("{0}")]
    Failed(String),
}

/// One thing to compute: what, on which numbers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The operator, loss or network.
    pub asked: Asked<'a>,
    /// The numbers: input, parameters, and what the output's gradient is.
    pub problem: &'a Problem,
}

/// What is to be computed.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// One operator under Σ r·y, r being the [cotangent](Request::cotangent).
    Operator(&'a OpSpec),
    /// One loss of the input, with its targets.
    Loss(&'a Loss),
    /// A network under its loss.
    Network(&'a NetworkSpec),
}

/// What somebody computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The output of the operator or network, or the loss as an array without axes; `None` when only
    /// gradients are to be judged.
    pub output: Option<ArrayD<f64>>,
    /// The gradient with respect to each leaf by its name in op-case files: `x` for the input, and
    /// `weight`, `bias` and the like for parameters.
    pub gradients: BTreeMap<String, ArrayD<f64>>,
}

impl Answer {
    /// An answer with this output, and no gradients yet.
    #[must_use]
    pub fn new(output: ArrayD<f64>) -> Self {
        Self {
            output: Some(output),
            gradients: BTreeMap::new(),
        }
    }

    /// The same with the gradient with respect to `name`: `x`, `weight`, `bias`.
    #[must_use]
    pub fn with(mut self, name: &str, gradient: ArrayD<f64>) -> Self {
        self.gradients.insert(name.to_owned(), gradient);
        self
    }
}

impl<'a> Request<'a> {
    /// What `trial` asks for; `problem` is the trial's.
    #[must_use]
    pub fn of(trial: &'a Trial, problem: &'a Problem) -> Self {
        let asked = match (&trial.case, &problem.objective.loss) {
            (RandomCase::Loss(_), Some(loss)) => Asked::Loss(loss),
            (RandomCase::Operator(case), _) => Asked::Operator(&case.op),
            (RandomCase::Network(case), _) => Asked::Network(&case.spec),
            (RandomCase::Loss(_), None) => unreachable!("the problem of a loss has that loss"),
        };
        Self { asked, problem }
    }

    /// The operator; `None` for a loss or a network.
    #[must_use]
    pub fn op(&self) -> Option<&'a OpSpec> {
        match self.asked {
            Asked::Operator(op) => Some(op),
            Asked::Loss(_) | Asked::Network(_) => None,
        }
    }

    /// The numbers of this name: `x` is the input, `weight` and `bias` are parameters. `None` when there
    /// are none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a ArrayD<f64>> {
        let mut leaves = self.leaves().into_iter();
        let (leaf, _) = leaves.find(|(_, own)| own == name)?;
        Some(self.problem.leaf(leaf))
    }

    /// The gradient of the output that backward starts from; of a loss, or of a network's, its factor.
    #[must_use]
    pub fn cotangent(&self) -> ArrayD<f64> {
        match (&self.asked, &self.problem.objective.loss) {
            (Asked::Operator(_), Some(Loss::WeightedSum { cotangent })) => cotangent.clone(),
            _ => ArrayD::from_elem(IxDyn(&[]), self.problem.objective.scale),
        }
    }

    /// All that a gradient is asked for, with its name in op-case files.
    #[must_use]
    pub fn leaves(&self) -> Vec<(LeafName, String)> {
        let name = |leaf| self.name_of(&self.problem.network, leaf);
        let leaves = self.problem.leaves().into_iter();
        leaves.map(|leaf| (leaf, name(leaf))).collect()
    }

    /// Of an operator alone the parameters carry no layer's name.
    fn name_of(&self, network: &Network, leaf: LeafName) -> String {
        match (leaf, &self.asked) {
            (LeafName::Input, _) => "x".to_owned(),
            (_, Asked::Operator(op)) => own_name(network.leaf_name(leaf), op.name()).to_owned(),
            _ => network.leaf_name(leaf).to_owned(),
        }
    }
}

/// `request["weight"]`.
///
/// # Panics
/// When there is nothing of this name; [`Request::get`] says so instead.
impl Index<&str> for Request<'_> {
    type Output = ArrayD<f64>;

    fn index(&self, name: &str) -> &ArrayD<f64> {
        self.get(name).unwrap_or_else(|| {
            let names = self.leaves().into_iter().map(|(_, name)| name);
            let names: Vec<String> = names.collect();
            panic!("the request has no '{name}', only {}", listed(&names))
        })
    }
}
