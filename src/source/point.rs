//! A problem with all that its sources share: branch pattern and rounding.

use crate::network::{Coordinate, Pattern, Problem};
use crate::scalar::Format;

use super::{Gradient, GradientSource, Question, Rounding, SourceError};

/// A point at which sources are asked for the gradient.
#[derive(Clone, Debug)]
pub struct Point {
    /// The problem.
    pub problem: Problem,
    /// The branches taken there.
    pub pattern: Pattern,
    /// How far rounding moves the objective and its gradient there.
    pub rounding: Rounding,
}

impl Point {
    /// Measure `problem`'s branches and rounding; `seed` is that of the perturbations.
    #[must_use]
    pub fn new(problem: Problem, seed: u64) -> Self {
        let pattern = problem.pattern();
        let rounding = Rounding::measure(&problem, &pattern, seed, Format::F64);
        Self {
            problem,
            pattern,
            rounding,
        }
    }

    /// Ask `source` for the derivatives with respect to `coordinates`.
    ///
    /// # Errors
    /// The source's.
    pub fn ask(
        &self,
        source: &dyn GradientSource,
        coordinates: &[Coordinate],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Gradient, SourceError> {
        source.gradient(Question {
            problem: &self.problem,
            coordinates,
            pattern: &self.pattern,
            rounding: &self.rounding,
            progress,
        })
    }

    /// Every coordinate of every leaf, the input's first.
    #[must_use]
    pub fn all_coordinates(&self) -> Vec<Coordinate> {
        self.problem
            .leaves()
            .into_iter()
            .flat_map(|leaf| self.problem.coordinates(leaf))
            .collect()
    }
}
