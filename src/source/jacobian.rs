//! The Jacobian J of a network's output y with respect to its leaves, both ways: J·u by a dual forward
//! pass (forward mode, JVP) and Jᵀ·c by the backward under test (reverse mode, VJP).

use rayon::prelude::*;

use crate::loss::Loss;
use crate::network::objective::Evaluation;
use crate::network::{Coordinate, Leaves, Objective, Pattern, Problem};
use crate::rng;
use crate::scalar::{self, Format, Scalar};
use crate::tensor::{Tensor, values, values_mut};

use super::dual::{LANES, Lanes};
use super::rounding::{perturbed_runs, spread_of};
use super::second::along_twice;

/// `problem` under Σ c·y alone: its gradient is Jᵀ·c.
///
/// # Panics
/// When c has not the output's shape.
#[must_use]
pub fn under_cotangent(problem: &Problem, c: Tensor<f64>) -> Problem {
    let output = problem.network.output_shape();
    assert_eq!(c.shape(), output, "a cotangent has the output's shape");
    Problem {
        objective: Objective {
            loss: Some(Loss::WeightedSum { cotangent: c }),
            scale: 1.0,
            penalty: None,
        },
        ..problem.clone()
    }
}

/// J·u on the branches of `pattern`, in the output's shape.
#[must_use]
pub fn jacobian_vector(problem: &Problem, pattern: &Pattern, u: &Leaves<f64>) -> Tensor<f64> {
    let Leaves { input, parameters } = problem.along(u, scalar::Dual::<1>::along);
    let trace = problem.network.forward(&parameters, input, Some(pattern));
    trace.output.mapv(|y| y.tangent(0))
}

/// Column by column ∂y/∂wᵢ for each of `coordinates`, on the branches of `pattern`, several at once.
#[must_use]
pub fn jacobian_columns(
    problem: &Problem,
    pattern: &Pattern,
    coordinates: &[Coordinate],
) -> Vec<Vec<f64>> {
    let chunks: Vec<Vec<Vec<f64>>> = coordinates
        .par_chunks(LANES)
        .map(|chunk| {
            let mut leaves = problem.leaf_values::<Lanes>();
            for (lane, coordinate) in chunk.iter().enumerate() {
                let entry = &mut values_mut(leaves.leaf_mut(coordinate.leaf))[coordinate.index];
                *entry = Lanes::variable(entry.primal(), lane);
            }
            let Leaves { input, parameters } = leaves;
            let trace = problem.network.forward(&parameters, input, Some(pattern));
            let y = values(&trace.output);
            let column = |lane| y.iter().map(|y| y.tangent(lane)).collect();
            (0..chunk.len()).map(column).collect()
        })
        .collect();
    chunks.into_iter().flatten().collect()
}

/// How far rounding moves ⟨Jᵀ·c, u⟩, `problem` being under Σ c·y, measured by Monte Carlo arithmetic.
#[must_use]
pub fn adjoint_spread(problem: &Problem, pattern: &Pattern, u: &Leaves<f64>, seed: u64) -> f64 {
    let gradient = problem.backpropagate::<f64>(Some(pattern));
    let center = along_twice(problem, u, &gradient);
    let runs = perturbed_runs(rng::derive(seed, "adjoint", 0), Format::F64, || {
        let run = problem.backpropagate::<scalar::Stochastic>(Some(pattern));
        let primal = |tensor: &Tensor<scalar::Stochastic>| tensor.mapv(Scalar::primal);
        let gradient = Evaluation {
            value: run.value.primal(),
            input: primal(&run.input),
            parameters: run.parameters.iter().map(primal).collect(),
        };
        along_twice(problem, u, &gradient) - center
    });
    spread_of(runs.into_iter(), Format::F64)
}
