//! A reference that is asked the same question many times.

use crate::network::objective::Evaluation;
use crate::network::{Coordinate, Pattern, Problem};
use crate::scalar::DoubleDouble;
use crate::source::{Forward, Gradient, GradientSource, Point, Question, SourceError};
use crate::tensor::Tensor;

/// Answers one question from memory, and passes every other on.
pub(super) struct Recorded<S> {
    source: S,
    problem: Problem,
    coordinates: Vec<Coordinate>,
    gradient: Gradient,
}

impl<S: GradientSource> Recorded<S> {
    pub(super) fn new(
        source: S,
        point: &Point,
        coordinates: &[Coordinate],
    ) -> Result<Self, SourceError> {
        Ok(Self {
            gradient: point.ask(&source, coordinates, &|_| ())?,
            source,
            problem: point.problem.clone(),
            coordinates: coordinates.to_vec(),
        })
    }
}

impl<S: GradientSource> GradientSource for Recorded<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn forward(&self) -> Forward {
        self.source.forward()
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        if question.coordinates == self.coordinates && *question.problem == self.problem {
            Ok(self.gradient.clone())
        } else {
            self.source.gradient(question)
        }
    }

    fn output_gradients(&self, problem: &Problem, pattern: &Pattern) -> Option<Vec<Tensor<f64>>> {
        self.source.output_gradients(problem, pattern)
    }

    fn extended(&self, problem: &Problem, pattern: &Pattern) -> Option<Evaluation<DoubleDouble>> {
        self.source.extended(problem, pattern)
    }
}

/// Several users share one recorded reference.
impl<S: GradientSource> GradientSource for std::sync::Arc<Recorded<S>>
where
    Recorded<S>: Send,
{
    fn name(&self) -> &str {
        self.as_ref().name()
    }

    fn forward(&self) -> Forward {
        self.as_ref().forward()
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        self.as_ref().gradient(question)
    }
}
