//! Central differences: step, error bound, and what lies under the step.
//!
//! ```text
//! D(h) = (L(w + h) − L(w − h)) / ((w + h) − (w − h)) = L′(w) + h²·L‴(w)/6 + O(h⁴)
//! ```
//!
//! The expansion holds on one smooth piece only. How far that reaches is known from a dual pass
//! ([`Clearance`]): the first step is as large as the room to the nearest kink allows, and no larger
//! than the coordinate's scale. From there it is halved, and extrapolated to 0 ([`ladder`]). Where the
//! objective is a polynomial of degree 2 on the piece, the expansion ends at once, and the largest
//! step is exact but for rounding.

mod found;
mod ground;
mod ladder;
mod walk;

pub(super) use ladder::{Ladder, Stencil};

use rayon::prelude::*;

use crate::spec::case::Step;

use super::change::Still;
use super::clearance::clearances;
use super::{Forward, Gradient, GradientSource, Question, SourceError};

use found::Found;
pub use ground::{Ground, Kink, Passes, Stepped};
use walk::Walk;

/// Coordinates that one task works on, for which the owner's parameters are copied once.
const TASK: usize = 256;

/// Central differences through the part of the network behind the perturbed weight.
#[derive(Clone, Copy, Debug)]
pub struct Central {
    /// How far to step.
    pub step: Step,
    /// How the objective is computed at the ends of a step.
    pub passes: Passes,
}

impl Central {
    /// With this step, the fast way.
    #[must_use]
    pub fn new(step: Step) -> Self {
        Self {
            step,
            passes: Passes::default(),
        }
    }
}

impl GradientSource for Central {
    fn name(&self) -> &'static str {
        "central"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let parameters = &question.problem.parameters;
        let still = match self.passes {
            Passes::Changes => Still::new(question.problem, question.pattern),
            Passes::Whole => None,
        };
        let still = still.as_ref();
        let (problem, pattern) = (question.problem, question.pattern);
        let clearances = clearances(problem, pattern, question.coordinates, still);
        let mut found: Vec<Found> = Vec::with_capacity(question.coordinates.len());
        for same_leaf in question.coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
            let leaf = same_leaf[0].leaf;
            let start = found.len();
            let rooms = &clearances[start..start + same_leaf.len()];
            let walk = Walk::new(self.step, &question, leaf, parameters);
            let tasks: Vec<Vec<Found>> = same_leaf
                .par_chunks(TASK)
                .zip(rooms.par_chunks(TASK))
                .map(|(task, rooms)| {
                    let found = walk.task(&question, task, rooms, still);
                    (question.progress)(task.len());
                    found
                })
                .collect::<Result<_, _>>()?;
            found.extend(tasks.into_iter().flatten());
        }
        let is_silent = |found: &Found| {
            matches!(
                found.stepped.ground,
                Ground::Crossed { .. } | Ground::Kink(_) | Ground::NotFinite
            )
        };
        let silent = found
            .iter()
            .enumerate()
            .filter(|(_, found)| is_silent(found));
        Ok(Gradient {
            value: question.problem.value::<f64>(None),
            kinks: silent.map(|(position, _)| position).collect(),
            estimates: found.iter().map(|found| found.estimate).collect(),
            steps: found.into_iter().map(|found| found.stepped).collect(),
        })
    }
}

/// The mean magnitude of a tensor's entries, or 1 when all are 0: what "small" means for a step.
pub(super) fn typical_size(values: &[f64]) -> f64 {
    let mean = values.iter().map(|w| w.abs()).sum::<f64>() / values.len() as f64;
    if mean > 0.0 { mean } else { 1.0 }
}
