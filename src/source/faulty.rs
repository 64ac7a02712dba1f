//! A source with a planted fault: proof that a check can fail.

use crate::network::{Pattern, Problem};
use crate::scalar::Format;
use crate::tensor::Tensor;

use super::{Estimate, Forward, Gradient, GradientSource, Question, SourceError};

/// Wraps a source, and changes what it answers.
pub struct FaultySource<S, F> {
    source: S,
    fault: F,
}

impl<S, F> FaultySource<S, F>
where
    S: GradientSource,
    F: Fn(&Question<'_>, &mut [Estimate]) + Sync,
{
    /// Let `fault` change the estimates that `source` gives.
    #[must_use]
    pub fn new(source: S, fault: F) -> Self {
        Self { source, fault }
    }
}

impl<S, F> GradientSource for FaultySource<S, F>
where
    S: GradientSource,
    F: Fn(&Question<'_>, &mut [Estimate]) + Sync,
{
    fn name(&self) -> &str {
        self.source.name()
    }

    fn forward(&self) -> Forward {
        self.source.forward()
    }

    fn format(&self) -> Format {
        self.source.format()
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let mut gradient = self.source.gradient(question)?;
        (self.fault)(&question, &mut gradient.estimates);
        Ok(gradient)
    }

    /// Those of the source: the fault is in what it answers, not on the way there.
    fn output_gradients(&self, problem: &Problem, pattern: &Pattern) -> Option<Vec<Tensor<f64>>> {
        self.source.output_gradients(problem, pattern)
    }
}
