//! Wrong ways where branches part and meet: what comes back through each, and what is made of it.

use ndarray::Axis;

use crate::layer::Join;
use crate::network::{Network, Problem};
use crate::tensor::{Tensor, from_values, values};

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;

/// Error of a sum of branches beyond that of the right one.
const OWN_ERROR: f64 = 64.0 * f64::EPSILON;

const BRANCHES: &str = "where the branches' gradients are added up";

const PARTS: &str = "where each branch's part begins and ends";

/// One branch of a block.
struct Branch {
    /// Which it is, in words.
    name: String,
    /// The number of the activation that it ends in; 0 when no layer lies on it.
    end: usize,
    /// Its place along the axis of a concatenation.
    start: usize,
    size: usize,
}

/// The wrong ways of a sum or a concatenation, most likely first.
///
/// The problem is a whole block, as a function of what the branches start from; or the place where they
/// meet alone, as a function of what one of them ends in.
pub(super) fn hypotheses<'a>(join: &Join, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let (problem, Some(dy)) = (context.problem, &context.dy) else {
        return Vec::new();
    };
    let network = &problem.network;
    let Some(dy) = from_values(network.output_shape(), dy.clone()) else {
        return Vec::new();
    };
    let branches = branches(join, network);
    let back = Back::new(problem);
    let part = |branch: &Branch, start: usize| match join {
        Join::Concatenation { axis } => cyclic(&dy, *axis, start, branch.size),
        _ => dy.clone(),
    };
    let right: Vec<Tensor<f64>> = branches
        .iter()
        .map(|branch| back.through(branch.end, part(branch, branch.start)))
        .collect();
    let sum = |factors: &dyn Fn(usize) -> f64| {
        let mut sum = right[0].mapv(|g| g * factors(0));
        for (number, term) in right.iter().enumerate().skip(1) {
            sum.zip_mut_with(term, |sum, term| *sum += factors(number) * term);
        }
        sum
    };
    let mut wrong: Vec<(BugKind, String, &str, Tensor<f64>)> = Vec::new();
    for (number, branch) in branches.iter().enumerate().rev() {
        let Branch { name, .. } = branch;
        for (kind, factor, words) in [
            (BugKind::BranchDropped, 0.0, "left out"),
            (BugKind::BranchDoubled, 2.0, "counted twice"),
            (BugKind::BranchSign, -1.0, "of the other sign"),
        ] {
            let equals = format!("the right gradient with what comes back through {name} {words}");
            let tensor = sum(&|of| if of == number { factor } else { 1.0 });
            wrong.push((kind, equals, BRANCHES, tensor));
        }
    }
    if *join == Join::Sum {
        let equals = "half of the right gradient, as if the mean of both branches had been taken";
        wrong.push((
            BugKind::BranchesHalved,
            equals.to_owned(),
            BRANCHES,
            sum(&|_| 0.5),
        ));
    }
    if let Join::Concatenation { axis } = join {
        let all = dy.shape()[*axis];
        type Start<'a> = &'a dyn Fn(&Branch) -> usize;
        let ways: [(&str, Start<'_>); 4] = [
            ("the part that begins at 0 for every branch", &|_| 0),
            ("parts that begin one too early", &|branch| {
                (branch.start + all - 1) % all
            }),
            ("parts that begin one too late", &|branch| {
                (branch.start + 1) % all
            }),
            ("the parts in the branches' reverse order", &|branch| {
                all - branch.start - branch.size
            }),
        ];
        for (words, start) in ways {
            let terms = branches.iter();
            let terms = terms.map(|branch| back.through(branch.end, part(branch, start(branch))));
            let tensor = terms.reduce(|sum, term| sum + term);
            let equals = format!("what comes of {words}");
            wrong.extend(tensor.map(|tensor| (BugKind::PartsMisplaced, equals, PARTS, tensor)));
        }
    }
    let sizes = right.iter().map(|term| term.mapv(f64::abs));
    let sizes = sizes.reduce(|sum, term| sum + term);
    let sizes = sizes.unwrap_or_else(|| dy.clone());
    let errors: Vec<f64> = values(&sizes)
        .iter()
        .zip(&context.error)
        .map(|(size, error)| 2.0 * error + OWN_ERROR * size)
        .collect();
    let hypotheses = wrong.into_iter().map(|(kind, equals, look, tensor)| {
        let errors = errors.clone();
        Hypothesis::entries(kind, equals, look, move |index| {
            (values(&tensor)[index], errors[index])
        })
    });
    hypotheses.collect()
}

/// The branches on which the input lies, in order.
fn branches(join: &Join, network: &Network) -> Vec<Branch> {
    let layers = network.layers();
    let Some(last) = layers.last() else {
        return Vec::new();
    };
    let behind = network.behind(0);
    let depends = |activation: usize| {
        activation
            .checked_sub(1)
            .is_none_or(|layer| behind.contains(&layer))
    };
    let mut start = 0;
    let mut branches = Vec::new();
    for (number, read) in last.reads.iter().enumerate() {
        let size = match join {
            Join::Concatenation { axis } => network.activation_shape(*read)[*axis],
            _ => 0,
        };
        if depends(*read) {
            let name = match (join, number) {
                (Join::Sum, 0) => "the layers".to_owned(),
                (Join::Sum, _) => "the shortcut".to_owned(),
                _ => format!("branch {}", number + 1),
            };
            branches.push(Branch {
                name,
                end: *read,
                start,
                size,
            });
        }
        start += size;
    }
    branches
}

/// The way back from the end of a branch to the input.
struct Back<'a> {
    problem: &'a Problem,
    activations: Vec<Tensor<f64>>,
}

impl<'a> Back<'a> {
    fn new(problem: &'a Problem) -> Self {
        Self {
            problem,
            activations: problem.activations(),
        }
    }

    /// The gradient of the input when that of activation number `end` is `dy`.
    fn through(&self, end: usize, dy: Tensor<f64>) -> Tensor<f64> {
        if end == 0 {
            return dy;
        }
        let branch = self.problem.layers_alone(0..end, 0, &self.activations, dy);
        branch.backpropagate::<f64>(None).input
    }
}

/// `size` entries of `dy` along `axis` from `start` on, and behind the last from the first on.
fn cyclic(dy: &Tensor<f64>, axis: usize, start: usize, size: usize) -> Tensor<f64> {
    let all = dy.shape()[axis];
    let indices: Vec<usize> = (start..start + size).map(|index| index % all).collect();
    dy.select(Axis(axis), &indices)
        .as_standard_layout()
        .into_owned()
}
