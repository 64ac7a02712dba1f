//! A kind of bug on a small problem: the wrong gradient beside the right one.

use crate::judge::diagnosis::{Diagnosis, Evidence, diagnose};
use crate::network::{Coordinate, LeafName, Problem};
use crate::source::{Point, SAFETY, SAFETY_OTHER_ORDER};
use crate::spec::OpSpec;
use crate::tensor::{self, Tensor};

use super::super::OperatorCase;
use super::super::mutant::{Mutant, Mutated, fixtures};
use super::Example;

/// Seed of the example's numbers.
const SEED: u64 = 4;

/// Rows and columns of a tensor that are shown.
const MOST: (usize, usize) = (5, 5);

/// `fault` in the operator and input of `problem`, or else in the first of our fixtures that shows it.
pub(super) fn example(
    word: &str,
    fault: &str,
    problem: Option<&(String, Vec<usize>)>,
) -> Option<Example> {
    let mutant = Mutant::named(fault)?;
    if let Some((op, input)) = problem {
        let table: toml::Table = toml::from_str(&format!("op = {{ {op} }}")).ok()?;
        let op: OpSpec = table.get("op")?.clone().try_into().ok()?;
        let case = OperatorCase {
            op,
            input: input.clone(),
            seed: SEED,
        };
        let own = shown(word, mutant, &case.problem().ok()?, &case.to_string());
        if own.is_some() {
            return own;
        }
    }
    let fixtures = fixtures().into_iter();
    let mut fitting = fixtures.filter(|fixture| mutant.lives_in(&fixture.problem));
    fitting.find_map(|fixture| shown(word, mutant, &fixture.problem, &fixture.name))
}

/// The first tensor that the fault makes wrong in the way that `word` says.
fn shown(word: &str, mutant: Mutant, problem: &Problem, name: &str) -> Option<Example> {
    let point = Point::new(problem.clone(), SEED);
    let right = problem.backpropagate::<f64>(Some(&point.pattern));
    let mutated = Mutated {
        mutant: Some(mutant),
        at: None,
    };
    let wrong = mutated.backpropagate::<f64>(problem, Some(&point.pattern));
    let mut leaves = problem.leaves();
    // Parameters say more to people than the input.
    leaves.sort_by_key(|leaf| *leaf == LeafName::Input);
    leaves.into_iter().find_map(|leaf| {
        let (right, wrong) = (right.leaf(leaf), wrong.leaf(leaf));
        let diagnosis = diagnosed(&point, leaf, right, wrong);
        let is_named = diagnosis.kind.is_some_and(|kind| kind.word() == word);
        is_named.then(|| {
            let tensor = problem.network.leaf_name(leaf);
            let (place, header, rows) = side_by_side(tensor, right, wrong);
            Example {
                title: format!(
                    "{name}. The fault: {}. The gradient of {place}:",
                    mutant.words
                ),
                header,
                rows,
                conclusion: format!("{}.", diagnosis.sentence),
            }
        })
    })
}

fn diagnosed(point: &Point, leaf: LeafName, right: &Tensor<f64>, wrong: &Tensor<f64>) -> Diagnosis {
    let error = |safety: f64| {
        let mut error = right.clone();
        for (index, error) in error.iter_mut().enumerate() {
            let coordinate = Coordinate { leaf, index };
            *error = safety * point.rounding.derivative(coordinate);
        }
        error
    };
    diagnose(&Evidence {
        alone: &point.problem,
        leaf,
        right,
        right_error: &error(SAFETY),
        wrong,
        wrong_error: &error(SAFETY_OTHER_ORDER),
    })
}

/// The first plane of the tensor in which something is wrong: its name, and both as matrices.
fn side_by_side(
    name: &str,
    right: &Tensor<f64>,
    wrong: &Tensor<f64>,
) -> (String, Vec<String>, Vec<Vec<String>>) {
    let (right_values, wrong_values) = (tensor::values(right), tensor::values(wrong));
    let shape = right.shape();
    // Of a kernel of one tap its channels are a matrix.
    let (shape, taps) = match shape {
        [rows @ .., 1, 1] if rows.len() == 2 => (rows, ",0,0"),
        _ => (shape, ""),
    };
    let (outer, plane) = shape.split_at(shape.len().saturating_sub(2));
    let (rows, columns) = match plane {
        [rows, columns] => (*rows, *columns),
        [columns] => (1, *columns),
        _ => (1, 1),
    };
    let size = (rows * columns).max(1);
    let differs = |at: usize| right_values[at].to_bits() != wrong_values[at].to_bits();
    let first = (0..right_values.len()).find(|at| differs(*at)).unwrap_or(0) / size;
    let largest = right_values
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let furthest = right_values
        .iter()
        .zip(wrong_values)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f64, f64::max);
    // So that the difference can be seen.
    let digits = if furthest < 1e-3 * largest { 10 } else { 3 };
    let line = |values: &[f64], row: usize| -> String {
        let from = first * size + row * columns;
        let shown = values[from..from + columns.min(MOST.1)].iter();
        // A zero has no sign here.
        let cells = shown.map(|value| format!("{:>9.digits$}", value + 0.0));
        let more = if columns > MOST.1 { " …" } else { "" };
        cells.collect::<Vec<_>>().join(" ") + more
    };
    let lines =
        (0..rows.min(MOST.0)).map(|row| vec![line(right_values, row), line(wrong_values, row)]);
    let lines = lines.collect();
    let index = tensor::unflatten(first, outer);
    let mut index: Vec<String> = index.iter().map(ToString::to_string).collect();
    index.extend(plane.iter().map(|_| ":".to_owned()));
    (
        format!("{name}[{}{taps}]", index.join(",")),
        vec!["right".to_owned(), "wrong".to_owned()],
        lines,
    )
}
