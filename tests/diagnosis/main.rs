//! Wrong gradients are called by their names, at every scale of the loss, and strange ones by none.

mod activations;
mod catalogue;
mod layers;
mod losses;
mod penalties;
mod precision;
mod resize;
mod sentences;
mod tensors;
mod unknown;

use gradproof::harness::OperatorCase;
use gradproof::harness::mutant::{Mutant, Mutated};
use gradproof::judge::diagnosis::{BugKind, Diagnosis, Evidence, diagnose};
use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Problem};
use gradproof::source::{Point, SAFETY, SAFETY_OTHER_ORDER};
use gradproof::spec::OpSpec;
use gradproof::tensor::{self, Tensor};

/// Factors of the loss: what a fault is called does not depend on them.
const SCALES: [f64; 4] = [1.0, 1e-3, 1e-6, 1e-9];

/// The problem's right gradient with its error bounds.
struct Right {
    problem: Problem,
    point: Point,
    gradients: Vec<Tensor<f64>>,
}

impl Right {
    fn of(problem: &Problem) -> Self {
        let point = Point::new(problem.clone(), 7);
        let evaluation = problem.backpropagate::<f64>(Some(&point.pattern));
        let leaves = problem.leaves();
        let gradients = leaves.iter().map(|leaf| evaluation.leaf(*leaf).clone());
        Self {
            problem: problem.clone(),
            gradients: gradients.collect(),
            point,
        }
    }

    fn gradient(&self, leaf: LeafName) -> &Tensor<f64> {
        match leaf {
            LeafName::Input => &self.gradients[0],
            LeafName::Parameter(number) => &self.gradients[number + 1],
        }
    }

    /// The bound of each entry: so many spreads.
    fn error(&self, leaf: LeafName, safety: f64) -> Tensor<f64> {
        let mut error = self.gradient(leaf).clone();
        for (index, error) in error.iter_mut().enumerate() {
            let coordinate = Coordinate { leaf, index };
            *error = safety * self.point.rounding.derivative(coordinate);
        }
        error
    }

    fn diagnose(&self, leaf: LeafName, wrong: &Tensor<f64>) -> Diagnosis {
        diagnose(&Evidence {
            alone: &self.problem,
            leaf,
            right: self.gradient(leaf),
            right_error: &self.error(leaf, SAFETY),
            wrong,
            wrong_error: &self.error(leaf, SAFETY_OTHER_ORDER),
        })
    }

    /// The gradient of a naive backward with a fault.
    fn mutated(&self, leaf: LeafName, mutant: Mutant) -> Tensor<f64> {
        let mutated = Mutated {
            mutant: Some(mutant),
            at: None,
        };
        let evaluation = mutated.backpropagate::<f64>(&self.problem, None);
        evaluation.leaf(leaf).clone()
    }
}

/// The mutant of this name.
fn mutant(name: &str) -> Mutant {
    Mutant::named(name).unwrap_or_else(|| panic!("no mutant is called {name}"))
}

const INPUT: LeafName = LeafName::Input;
const WEIGHT: LeafName = LeafName::Parameter(0);
const BIAS: LeafName = LeafName::Parameter(1);

/// One operator on random data.
fn operator(op: &str, input: &[usize]) -> Problem {
    let table: toml::Table = toml::from_str(&format!("op = {{ {op} }}")).expect("TOML");
    let op: OpSpec = table["op"].clone().try_into().expect("an operator");
    let case = OperatorCase {
        op,
        input: input.to_vec(),
        seed: 11,
    };
    case.problem().expect("the shapes fit")
}

/// The same with `scale` times the output's gradient.
fn at_scale(problem: &Problem, scale: f64) -> Problem {
    let mut problem = problem.clone();
    match &mut problem.objective.loss {
        Some(Loss::WeightedSum { cotangent }) => cotangent.mapv_inplace(|dy| dy * scale),
        _ => problem.objective.scale = scale,
    }
    problem
}

/// `wrong` of the right gradient is called `kind` at every scale.
fn is_named(
    problem: &Problem,
    leaf: LeafName,
    kind: BugKind,
    wrong: impl Fn(&Right) -> Tensor<f64>,
) {
    for scale in SCALES {
        let right = Right::of(&at_scale(problem, scale));
        let diagnosis = right.diagnose(leaf, &wrong(&right));
        assert_eq!(
            diagnosis.kind,
            Some(kind),
            "{leaf:?}, scale {scale:e}: {} ({:?})",
            diagnosis.sentence,
            diagnosis.also
        );
        assert!(!diagnosis.also.contains(&kind), "{:?}", diagnosis.also);
    }
}

/// Every index of a tensor of rank 4.
fn indices(shape: &[usize]) -> impl Iterator<Item = [usize; 4]> + use<> {
    let size: usize = shape.iter().product();
    let shape = shape.to_vec();
    (0..size).map(move |flat| {
        let index = tensor::unflatten(flat, &shape);
        index.try_into().expect("a tensor of rank 4")
    })
}

/// A tensor of rank 4 made entry by entry.
fn made(shape: &[usize], entry: impl Fn([usize; 4]) -> f64) -> Tensor<f64> {
    let values = indices(shape).map(entry).collect();
    tensor::from_values(shape, values).expect("as many entries as indices")
}
