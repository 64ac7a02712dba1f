//! How far rounding moves an objective and its gradient, measured by Monte Carlo arithmetic.

use rayon::prelude::*;

use crate::network::objective::Evaluation;
use crate::network::{Coordinate, LeafName, Pattern, Problem};
use crate::rng;
use crate::scalar::{Format, Scalar, Stochastic, with_perturbations};
use crate::tensor::{self, Tensor, values, values_mut};

use super::undecided::turned_over;

/// Perturbed runs.
///
/// If the error has the runs' distribution and that is normal, error by spread is Student's t with as
/// many degrees of freedom: it passes 16 with a probability of 1.9e-8, where it is 3.8e-6 for six.
pub(super) const RUNS: u64 = 10;

/// Perturbations are this much larger than the roundings of `format`, and the spread is divided by it.
///
/// Runs are carried in `f64`. At its own unit roundoff most perturbations would be rounded away; 2¹²
/// keeps them 12 bits above that, and still so small that the spread is linear in them. Those of
/// `f32` are 29 bits above as they are.
pub(super) fn magnification(format: Format) -> f64 {
    match format {
        Format::F64 => 4096.0,
        Format::F32 => 1.0,
    }
}

/// An error bound is this many spreads.
///
/// Measured in f32 against f64 on dense networks of depth 1 to 8 and width 16 and 128, over
/// 2.6 million coordinates, the true error never passed 5.6 spreads.
pub const SAFETY: f64 = 16.0;

/// The same for code that adds in another order than ours, as matrix kernels do.
pub const SAFETY_OTHER_ORDER: f64 = 32.0;

/// The spread of an objective and its gradient under perturbations of one unit roundoff.
#[derive(Clone, Debug)]
pub struct Rounding {
    value: f64,
    input: Tensor<f64>,
    parameters: Vec<Tensor<f64>>,
}

impl Rounding {
    /// Measure `problem`, computed in `format`, whose branches are those of `pattern`; perturbations
    /// are drawn from `seed`.
    ///
    /// Every run replays the branches of the unperturbed one: at exact ties it would otherwise jump
    /// between equal branches, and call that rounding. Where in `f64` rounding decides on which branch a unit is, the
    /// spread is the larger of those on either.
    #[must_use]
    pub fn measure(problem: &Problem, pattern: &Pattern, seed: u64, format: Format) -> Self {
        let on_branches = |pattern: &Pattern| {
            let exact = problem.backpropagate::<f64>(Some(pattern));
            let runs = perturbed_runs(seed, format, || problem.backpropagate(Some(pattern)));
            Self::of_runs(&exact, &runs, format)
        };
        let own = on_branches(pattern);
        let turned = match format {
            Format::F64 => turned_over(problem, pattern, rng::derive(seed, "undecided", 0)),
            Format::F32 => None,
        };
        match turned {
            Some(turned) => own.or_larger(&on_branches(&turned)),
            None => own,
        }
    }

    /// The larger of both, everywhere.
    fn or_larger(mut self, other: &Self) -> Self {
        let larger = |own: &mut Tensor<f64>, other: &Tensor<f64>| {
            for (own, other) in values_mut(own).iter_mut().zip(values(other)) {
                *own = own.max(*other);
            }
        };
        self.value = self.value.max(other.value);
        larger(&mut self.input, &other.input);
        for (own, other) in self.parameters.iter_mut().zip(&other.parameters) {
            larger(own, other);
        }
        self
    }

    /// The same of code that uses the usual formulas where ours avoid cancellation:
    /// [`Problem::backpropagate_usually`].
    #[must_use]
    pub fn measure_usual(problem: &Problem, pattern: &Pattern, seed: u64, format: Format) -> Self {
        let exact = problem.backpropagate::<f64>(Some(pattern));
        let runs = perturbed_runs(seed, format, || {
            problem.backpropagate_usually(Some(pattern))
        });
        Self::of_runs(&exact, &runs, format)
    }

    /// The spread of `runs`, perturbed by the roundings of `format`, about the unperturbed one.
    pub(super) fn of_runs(
        exact: &Evaluation<f64>,
        runs: &[Evaluation<Stochastic>],
        format: Format,
    ) -> Self {
        let spread = |leaf: LeafName| {
            let perturbed: Vec<&[Stochastic]> =
                runs.iter().map(|run| values(run.leaf(leaf))).collect();
            tensor_spread(exact.leaf(leaf), &perturbed, format)
        };
        let value = spread_of(
            runs.iter().map(|run| run.value.primal() - exact.value),
            format,
        );
        Self {
            value,
            input: spread(LeafName::Input),
            parameters: (0..exact.parameters.len())
                .map(|number| spread(LeafName::Parameter(number)))
                .collect(),
        }
    }

    /// Spreads of 0 for every leaf of `problem`, to be set where they are known: memory that is
    /// never written is never taken.
    #[must_use]
    pub fn blank(problem: &Problem, value: f64) -> Self {
        let blank = |tensor: &Tensor<f64>| Tensor::from_elem(tensor.raw_dim(), 0.0);
        Self {
            value,
            input: blank(&problem.input),
            parameters: problem.parameters.tensors.iter().map(blank).collect(),
        }
    }

    /// Set the spread of the derivative with respect to `coordinate` of a parameter.
    pub(super) fn set(&mut self, coordinate: Coordinate, spread: f64) {
        if let LeafName::Parameter(number) = coordinate.leaf {
            values_mut(&mut self.parameters[number])[coordinate.index] = spread;
        }
    }

    /// The spread of the objective.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The spread of the derivative with respect to `coordinate`; 0 only when all runs gave 0.
    ///
    /// # Panics
    /// When the problem that was measured has no such coordinate.
    #[must_use]
    pub fn derivative(&self, coordinate: Coordinate) -> f64 {
        values(self.leaf(coordinate.leaf))[coordinate.index]
    }

    /// The spreads of the derivatives with respect to `leaf`.
    ///
    /// # Panics
    /// When the problem that was measured has no such leaf.
    #[must_use]
    pub fn leaf(&self, leaf: LeafName) -> &Tensor<f64> {
        match leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters[number],
        }
    }
}

/// The network's output, computed in `f64` on the branches of `pattern`, and how far the roundings of
/// `format` spread each of its entries.
#[must_use]
pub fn output_spread(
    problem: &Problem,
    pattern: &Pattern,
    seed: u64,
    format: Format,
) -> (Tensor<f64>, Tensor<f64>) {
    let exact = output::<f64>(problem, pattern);
    let runs = perturbed_runs(seed, format, || output::<Stochastic>(problem, pattern));
    let perturbed: Vec<&[Stochastic]> = runs.iter().map(values).collect();
    let spread = tensor_spread(&exact, &perturbed, format);
    (exact, spread)
}

fn output<S: Scalar>(problem: &Problem, pattern: &Pattern) -> Tensor<S> {
    let input = tensor::lift(&problem.input);
    let trace = problem
        .network
        .forward(&problem.parameters.lift(), input, Some(pattern));
    trace.output
}

/// What `work` gives under each of the perturbations of `format`.
pub(super) fn perturbed_runs<T: Send>(
    seed: u64,
    format: Format,
    work: impl Fn() -> T + Sync,
) -> Vec<T> {
    (0..RUNS)
        .into_par_iter()
        .map(|run| {
            let seed = rng::derive(seed, "rounding", run);
            with_perturbations(seed, format, magnification(format), &work)
        })
        .collect()
}

/// max(sᵢ, |gᵢ|·median(s/|g|)): a few lucky runs cannot make a coordinate look exact.
pub(super) fn tensor_spread(
    exact: &Tensor<f64>,
    perturbed: &[&[Stochastic]],
    format: Format,
) -> Tensor<f64> {
    let mut spread = exact.clone();
    for (index, entry) in spread.iter_mut().enumerate() {
        let center = *entry;
        let differences = perturbed.iter().map(|run| run[index].primal() - center);
        *entry = spread_of(differences, format);
    }
    let mut relative: Vec<f64> = spread
        .iter()
        .zip(exact)
        .filter(|(_, g)| **g != 0.0)
        .map(|(s, g)| s / g.abs())
        .filter(|ratio| ratio.is_finite())
        .collect();
    if !relative.is_empty() {
        let middle = relative.len() / 2;
        let (_, median, _) = relative.select_nth_unstable_by(middle, f64::total_cmp);
        for (s, g) in spread.iter_mut().zip(exact) {
            *s = s.max(g.abs() * *median);
        }
    }
    spread
}

/// The spread without its magnification: the format's smallest number or more, but for runs that all
/// gave 0.
pub(super) fn spread_of(differences: impl Iterator<Item = f64> + Clone, format: Format) -> f64 {
    let spread = root_mean_square(differences);
    if spread > 0.0 {
        (spread / magnification(format)).max(format.smallest())
    } else {
        spread
    }
}

/// The spread of the perturbed runs; squared in units of the largest, since the square of a small
/// number underflows, and a spread of 0 would call the smallest rounding a disagreement.
fn root_mean_square(differences: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = differences
        .clone()
        .map(f64::abs)
        .filter(|size| *size > 0.0 && size.is_finite())
        .fold(0.0, f64::max);
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let squares: f64 = differences
        .map(|difference| (difference / unit) * (difference / unit))
        .sum();
    unit * (squares / RUNS as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_scales_with_its_runs_down_to_the_smallest_numbers() {
        // √((3² + 4² + 5² + 5² + 5² + 2²)/10) = √10.4
        let runs = [3.0, -4.0, 5.0, 5.0, -5.0, 2.0, 0.0, 0.0, 0.0, 0.0];
        let expected = 10.4_f64.sqrt();
        for scale in [1.0, f64::exp2(-900.0), f64::exp2(900.0)] {
            let spread = root_mean_square(runs.iter().map(|run| run * scale));
            assert!(
                (spread / scale - expected).abs() <= 4.0 * f64::EPSILON * expected,
                "{spread:e} at scale {scale:e}, and not {expected:e} times that"
            );
        }
        let zero = root_mean_square([0.0; 10].into_iter());
        assert!(zero.abs() == 0.0, "no spread without differences: {zero:e}");
    }

    /// P(|t| > `at`) of Student's t with an even number of degrees of freedom (Abramowitz and Stegun,
    /// 26.7.4).
    fn student_beyond(at: f64, freedom: u64) -> f64 {
        let angle = (at / (freedom as f64).sqrt()).atan();
        let (mut term, mut sum) = (1.0, 0.0);
        for even in (2..=freedom).step_by(2) {
            sum += term;
            term *= (even - 1) as f64 / even as f64 * angle.cos().powi(2);
        }
        1.0 - angle.sin() * sum
    }

    #[test]
    fn ten_runs_are_unlikely_to_be_small_by_luck() {
        // 5 % of t with ten degrees of freedom lie beyond 2.228, a number of every table.
        let known = student_beyond(2.228, 10);
        assert!((known - 0.05).abs() < 1e-4, "{known}");
        for (runs, probability) in [(RUNS, 1.9e-8), (6, 3.8e-6)] {
            let found = student_beyond(SAFETY, runs);
            assert!(
                (found - probability).abs() < 0.02 * probability,
                "{runs} runs: {found:e} for {probability:e}"
            );
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        let spread = |last: f64| root_mean_square([1.0, 0.0, 0.0, 0.0, 0.0, last].into_iter());
        assert!(spread(f64::NAN).is_nan(), "NaN");
        assert!(spread(f64::INFINITY).is_infinite(), "infinity");
    }
}
