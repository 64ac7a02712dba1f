//! A problem with all that its sources share: branch pattern and rounding.

use std::sync::OnceLock;

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
    /// Seed of the perturbations that rounding is measured by.
    seed: u64,
    /// The same of a pass in `f32`, which only a source in `f32` needs.
    single: OnceLock<Box<SinglePass>>,
}

/// What a pass in `f32` is like.
#[derive(Clone, Debug)]
struct SinglePass {
    pattern: Pattern,
    rounding: Rounding,
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
            seed,
            single: OnceLock::new(),
        }
    }

    /// The point of `problem` with branches and rounding that are known already.
    #[must_use]
    pub fn measured(problem: Problem, pattern: Pattern, rounding: Rounding, seed: u64) -> Self {
        Self {
            problem,
            pattern,
            rounding,
            seed,
            single: OnceLock::new(),
        }
    }

    /// The same point with `problem`, which takes the same branches and rounds alike.
    #[must_use]
    pub fn with_problem(&self, problem: Problem) -> Self {
        Self {
            problem,
            ..self.clone()
        }
    }

    /// The branches that a pass in `format` takes.
    #[must_use]
    pub fn pattern_in(&self, format: Format) -> &Pattern {
        match format {
            Format::F64 => &self.pattern,
            Format::F32 => &self.single().pattern,
        }
    }

    /// How far rounding moves the objective and its gradient in `format`, on the branches that are
    /// taken in it.
    #[must_use]
    pub fn rounding_in(&self, format: Format) -> &Rounding {
        match format {
            Format::F64 => &self.rounding,
            Format::F32 => &self.single().rounding,
        }
    }

    /// Seed of the perturbations that rounding is measured by.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn single(&self) -> &SinglePass {
        self.single.get_or_init(|| {
            let pattern = self.problem.pattern_in::<f32>();
            let rounding = Rounding::measure(&self.problem, &pattern, self.seed, Format::F32);
            Box::new(SinglePass { pattern, rounding })
        })
    }

    /// Ask `source`, in its own format, for the derivatives with respect to `coordinates`.
    ///
    /// # Errors
    /// The source's.
    pub fn ask(
        &self,
        source: &dyn GradientSource,
        coordinates: &[Coordinate],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Gradient, SourceError> {
        let format = source.format();
        source.gradient(Question {
            problem: &self.problem,
            coordinates,
            pattern: self.pattern_in(format),
            rounding: self.rounding_in(format),
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
