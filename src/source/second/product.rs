//! Hessian-vector products by a backward that runs on dual numbers, and their rounding.

use crate::network::objective::Evaluation;
use crate::network::{Leaves, Pattern, Problem};
use crate::scalar::{
    self, DoubleDouble, DualDoubleDouble, DualStochastic, Format, Scalar, Stochastic,
};
use crate::tensor::{Tensor, values};

use super::super::rounding::{perturbed_runs, spread_of, tensor_spread};
use super::super::{Backward, Rounding};

/// What a backward pass gives, or its derivative along a direction.
#[derive(Clone, Debug)]
pub struct Derivatives {
    /// The objective, and its gradient with respect to every leaf.
    pub leaves: Evaluation<f64>,
    /// The gradient with respect to every layer's output, in the layers' order.
    pub outputs: Vec<Tensor<f64>>,
}

/// A backward that can be differentiated once more.
pub trait SecondOrder: Sync {
    /// H·v for the direction v, by dual numbers, on the branches of `pattern`; as the objective its
    /// derivative along v.
    fn product(&self, problem: &Problem, pattern: &Pattern, v: &Leaves<f64>) -> Derivatives;

    /// The gradient where the leaves are these, on the branches of `pattern`.
    fn gradient_at(&self, problem: &Problem, pattern: &Pattern, leaves: Leaves<f64>)
    -> Derivatives;
}

impl<B: Backward> SecondOrder for B {
    fn product(&self, problem: &Problem, pattern: &Pattern, v: &Leaves<f64>) -> Derivatives {
        let leaves = problem.along(v, scalar::Dual::<1>::along);
        let tangent = |number: scalar::Dual<1>| number.tangent(0);
        let (moved, outputs) = pass(self, problem, pattern, leaves);
        Derivatives {
            leaves: mapped(&moved, tangent),
            outputs: outputs.iter().map(|dy| dy.mapv(tangent)).collect(),
        }
    }

    fn gradient_at(
        &self,
        problem: &Problem,
        pattern: &Pattern,
        leaves: Leaves<f64>,
    ) -> Derivatives {
        let (leaves, outputs) = pass(self, problem, pattern, leaves);
        Derivatives { leaves, outputs }
    }
}

/// A backward pass, and the gradient with respect to every layer's output on its way.
fn pass<B: Backward, S: Scalar>(
    backward: &B,
    problem: &Problem,
    pattern: &Pattern,
    leaves: Leaves<S>,
) -> (Evaluation<S>, Vec<Tensor<S>>) {
    let mut outputs = Vec::with_capacity(problem.network.layers().len());
    let watch = |dy: &Tensor<S>| outputs.push(dy.clone());
    let evaluation = backward.backpropagate_at(problem, leaves, Some(pattern), watch);
    outputs.reverse();
    (evaluation, outputs)
}

/// `number` of every number.
fn mapped<S: Scalar, T>(evaluation: &Evaluation<S>, number: impl Fn(S) -> T) -> Evaluation<T> {
    let parameters = evaluation.parameters.iter();
    Evaluation {
        value: number(evaluation.value),
        input: evaluation.input.mapv(&number),
        parameters: parameters.map(|tensor| tensor.mapv(&number)).collect(),
    }
}

/// H·v by our hand-written backward in double-double, where rounding plays no part.
#[must_use]
pub fn extended_product(
    problem: &Problem,
    pattern: &Pattern,
    v: &Leaves<f64>,
) -> Evaluation<DoubleDouble> {
    let leaves = problem.along(v, DualDoubleDouble::<1>::along);
    let moved = problem.backpropagate_at(leaves, Some(pattern), |_| ());
    mapped(&moved, |number| number.tangent(0))
}

/// How far rounding moves a Hessian-vector product, measured by Monte Carlo arithmetic on dual numbers.
#[derive(Clone, Debug)]
pub struct ProductRounding {
    /// At every leaf.
    pub leaves: Rounding,
    /// The spread at every layer's output.
    pub outputs: Vec<Tensor<f64>>,
    /// The spread of u·H·v.
    pub along_twice: f64,
}

impl ProductRounding {
    /// Measure H·v by our hand-written backward on the branches of `pattern`, and what it amounts to
    /// along u.
    #[must_use]
    pub fn measure(
        problem: &Problem,
        pattern: &Pattern,
        [u, v]: [&Leaves<f64>; 2],
        seed: u64,
    ) -> Self {
        let backward = super::super::Backprop;
        let exact = backward.product(problem, pattern, v);
        let runs = perturbed_runs(seed, Format::F64, || {
            let leaves = problem.along(v, DualStochastic::along);
            let (moved, outputs) = pass(&backward, problem, pattern, leaves);
            let outputs: Vec<Tensor<Stochastic>> = outputs
                .iter()
                .map(|dy| dy.mapv(|number| number.tangent()))
                .collect();
            (mapped(&moved, |number| number.tangent()), outputs)
        });
        let (runs, outputs): (Vec<Evaluation<Stochastic>>, Vec<_>) = runs.into_iter().unzip();
        let center = along_twice(problem, u, &exact.leaves);
        let differences = runs
            .iter()
            .map(|run| along_twice(problem, u, &mapped(run, Scalar::primal)) - center);
        Self {
            leaves: Rounding::of_runs(&exact.leaves, &runs, Format::F64),
            outputs: exact
                .outputs
                .iter()
                .enumerate()
                .map(|(layer, exact)| {
                    let perturbed: Vec<&[Stochastic]> =
                        outputs.iter().map(|run| values(&run[layer])).collect();
                    tensor_spread(exact, &perturbed, Format::F64)
                })
                .collect(),
            along_twice: spread_of(differences, Format::F64),
        }
    }
}

/// u·(H·v), added up without rounding of its own.
#[must_use]
pub fn along_twice(problem: &Problem, u: &Leaves<f64>, product: &Evaluation<f64>) -> f64 {
    let mut sum = DoubleDouble::ZERO;
    for leaf in problem.leaves() {
        let terms = values(u.leaf(leaf)).iter();
        for (u, product) in terms.zip(values(product.leaf(leaf))) {
            // Entries that do not move may not be finite, and 0·∞ is NaN.
            if *u != 0.0 {
                sum += DoubleDouble::from_f64(*u) * DoubleDouble::from_f64(*product);
            }
        }
    }
    sum.hi()
}
