//! A gradient that somebody else computed: another program, another library, somebody's own layer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::loss::Loss;
use crate::network::{Coordinate, LeafName, Pattern, Problem};
use crate::scalar::Format;
use crate::tensor::{Tensor, values};

use super::projection::Whole;
use super::{
    Estimate, Forward, Gradient, GradientSource, Question, Rounding, SAFETY_OTHER_ORDER,
    SourceError,
};

/// Seed of the perturbations of somebody else's formulas.
const PERTURBATIONS: u64 = 0;

/// A gradient at one point, as numbers. Nothing is known about how it came about but the format that
/// it was computed in, so its bound is that of code that adds in another order than ours
/// ([`SAFETY_OTHER_ORDER`]).
#[derive(Clone, Debug)]
pub struct Given {
    value: Option<f64>,
    gradients: BTreeMap<LeafName, Tensor<f64>>,
    format: Format,
}

/// A gradient that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the gradient of {name} has the shape {found:?}, and {name} has {expected:?}")]
pub struct GivenError {
    /// With respect to what.
    pub name: String,
    /// The gradient's shape.
    pub found: Vec<usize>,
    /// What it has to be.
    pub expected: Vec<usize>,
}

impl Given {
    /// The objective's `value` and `gradients` at the point of `problem`, computed in `format`.
    ///
    /// # Errors
    /// [`GivenError`], for a gradient that has another shape than what it is with respect to.
    pub fn new(
        problem: &Problem,
        value: f64,
        gradients: BTreeMap<LeafName, Tensor<f64>>,
        format: Format,
    ) -> Result<Self, GivenError> {
        let given = Self::without_value(problem, gradients, format)?;
        Ok(Self {
            value: Some(value),
            ..given
        })
    }

    /// The same where the objective's value is not known.
    ///
    /// # Errors
    /// As [`Given::new`].
    pub fn without_value(
        problem: &Problem,
        gradients: BTreeMap<LeafName, Tensor<f64>>,
        format: Format,
    ) -> Result<Self, GivenError> {
        for (leaf, gradient) in &gradients {
            let expected = problem.leaf(*leaf).shape();
            if gradient.shape() != expected {
                return Err(GivenError {
                    name: problem.network.leaf_name(*leaf).to_owned(),
                    found: gradient.shape().to_vec(),
                    expected: expected.to_vec(),
                });
            }
        }
        Ok(Self {
            value: None,
            gradients,
            format,
        })
    }

    /// Every coordinate that a derivative is given for, tensor by tensor.
    #[must_use]
    pub fn coordinates(&self, problem: &Problem) -> Vec<Coordinate> {
        problem
            .leaves()
            .into_iter()
            .filter(|leaf| self.gradients.contains_key(leaf))
            .flat_map(|leaf| problem.coordinates(leaf))
            .collect()
    }

    /// How far rounding spreads the derivative that is given, which at a kink may be that of another
    /// branch than ours: where ours is 0, and nothing rounded, theirs is rounded by its own size.
    fn spread(&self, usual: &Rounding, coordinate: Coordinate) -> f64 {
        let own = self.value_at(coordinate).abs() * self.format.unit_roundoff();
        let spread = usual.derivative(coordinate);
        // Of what is not a number nothing is added.
        if own > spread { own } else { spread }
    }

    /// Of a coordinate for which nothing is given, that is not a number.
    fn value_at(&self, coordinate: Coordinate) -> f64 {
        let gradient = self.gradients.get(&coordinate.leaf);
        gradient.map_or(f64::NAN, |gradient| values(gradient)[coordinate.index])
    }
}

impl GradientSource for Given {
    fn name(&self) -> &'static str {
        "given"
    }

    fn forward(&self) -> Forward {
        Forward::Independent
    }

    fn format(&self) -> Format {
        self.format
    }

    fn knows_value(&self) -> bool {
        self.value.is_some()
    }

    fn whole(&self, problem: &Problem) -> Option<Whole<'_>> {
        let numbers = 0..problem.parameters.tensors.len();
        let given = |number| self.gradients.get(&LeafName::Parameter(number));
        Some(Whole {
            value: self.value,
            parameters: numbers
                .map(|number| given(number).map(Cow::Borrowed))
                .collect::<Option<_>>()?,
        })
    }

    /// Of a layer alone: what it was given is what it started from.
    fn output_gradients(&self, problem: &Problem, _: &Pattern) -> Option<Vec<Tensor<f64>>> {
        match (problem.network.layers(), &problem.objective.loss) {
            ([_], Some(Loss::WeightedSum { cotangent })) => {
                Some(vec![cotangent * problem.objective.scale])
            }
            _ => None,
        }
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let Question {
            problem, pattern, ..
        } = question;
        let usual = Rounding::measure_usual(problem, pattern, PERTURBATIONS, self.format);
        let estimate = |coordinate: &Coordinate| Estimate {
            value: self.value_at(*coordinate),
            error: SAFETY_OTHER_ORDER * self.spread(&usual, *coordinate),
        };
        let estimates = question.coordinates.iter().map(estimate).collect();
        let is_unknown = |position: &usize| {
            let leaf = question.coordinates[*position].leaf;
            !self.gradients.contains_key(&leaf)
        };
        (question.progress)(question.coordinates.len());
        Ok(Gradient {
            value: self.value.unwrap_or(f64::NAN),
            estimates,
            kinks: (0..question.coordinates.len()).filter(is_unknown).collect(),
            steps: Vec::new(),
        })
    }
}
