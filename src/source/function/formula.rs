//! A function whose formula runs on any numbers: its derivatives by dual numbers, with bounds that
//! Monte Carlo arithmetic measures.

use crate::scalar::{Dual, DualStochastic, Format, Scalar};
use crate::source::rounding::{perturbed_runs, spread_of};
use crate::source::{Estimate, SAFETY};

/// Tangents that one pass carries.
const LANES: usize = 8;

/// A function of several numbers, written once for every kind of number.
///
/// ```
/// use gradproof::scalar::Scalar;
/// use gradproof::source::{Formula, formula_gradient};
///
/// struct Product;
/// impl Formula for Product {
///     fn eval<S: Scalar>(&self, x: &[S]) -> S {
///         x[0] * x[1].exp()
///     }
/// }
/// let found = formula_gradient(&Product, &[2.0, 0.0]);
/// assert_eq!(found.value, 2.0);
/// assert!((found.estimates[1].value - 2.0).abs() <= found.estimates[1].error);
/// ```
pub trait Formula {
    /// The function's value at `x`. Branches look at [`Scalar::primal`] alone.
    fn eval<S: Scalar>(&self, x: &[S]) -> S;
}

/// What dual numbers say of a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaGradient {
    /// The value.
    pub value: f64,
    /// How far rounding moves the value.
    pub value_spread: f64,
    /// The derivative with respect to each number, with its rounding bound.
    pub estimates: Vec<Estimate>,
}

/// Differentiate `formula` at `x` by dual numbers.
#[must_use]
pub fn formula_gradient<F: Formula + Sync>(formula: &F, x: &[f64]) -> FormulaGradient {
    let value = formula.eval(x);
    let mut slopes = Vec::with_capacity(x.len());
    for start in (0..x.len()).step_by(LANES) {
        let lanes = start..(start + LANES).min(x.len());
        let number = |at: usize| {
            if lanes.contains(&at) {
                Dual::<LANES>::variable(x[at], at - start)
            } else {
                Dual::constant(x[at])
            }
        };
        let numbers: Vec<Dual<LANES>> = (0..x.len()).map(number).collect();
        let found = formula.eval(&numbers);
        slopes.extend(lanes.map(|at| found.tangent(at - start)));
    }
    let runs: Vec<Vec<(f64, f64)>> = (0..x.len().max(1))
        .map(|moved| {
            // Of each coordinate as many runs as of a network's.
            perturbed_runs(moved as u64, Format::F64, || {
                let slope = |at: usize| f64::from(u8::from(at == moved));
                let numbers: Vec<DualStochastic> = (0..x.len())
                    .map(|at| DualStochastic::along(x[at], slope(at)))
                    .collect();
                let found = formula.eval(&numbers);
                (found.primal(), found.tangent().primal())
            })
        })
        .collect();
    let spreads: Vec<f64> = runs
        .iter()
        .zip(&slopes)
        .map(|(runs, slope)| spread_of(runs.iter().map(|run| run.1 - slope), Format::F64))
        .collect();
    // As in a tensor: a few lucky runs cannot make a coordinate look exact.
    let mut relative: Vec<f64> = spreads
        .iter()
        .zip(&slopes)
        .filter(|(_, slope)| **slope != 0.0)
        .map(|(spread, slope)| spread / slope.abs())
        .filter(|ratio| ratio.is_finite())
        .collect();
    relative.sort_by(f64::total_cmp);
    let median = relative.get(relative.len() / 2).copied().unwrap_or(0.0);
    let value_spread = spread_of(runs[0].iter().map(|run| run.0 - value), Format::F64);
    FormulaGradient {
        value,
        value_spread,
        estimates: spreads
            .iter()
            .zip(&slopes)
            .map(|(spread, &slope)| Estimate {
                value: slope,
                error: SAFETY * spread.max(median * slope.abs()),
            })
            .collect(),
    }
}
