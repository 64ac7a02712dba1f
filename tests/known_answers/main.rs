//! Cases that other projects published, with their numbers.
//!
//! Where the numbers are whole they have to be met exactly.

mod activations;
mod branches;
mod burn_convolutions;
mod dfdx_convolution;
mod integer_convolution;
mod kinks;
mod pooling;
mod resize;
mod sequence;

use gradproof::loss::Loss;
use gradproof::network::Problem;
use gradproof::network::objective::Evaluation;
use gradproof::source::{Dual, GradientSource, Point, Reverse};
use gradproof::spec::OpSpec;
use gradproof::tensor::{self, Tensor, from_values, values};
use serde_json::Value;

/// The tensor that `text` writes as nested lists.
fn array(text: &str) -> Tensor<f64> {
    let mut nested: Value = serde_json::from_str(text).expect("nested lists of numbers");
    let mut shape = Vec::new();
    let mut numbers = vec![nested.take()];
    while numbers[0].is_array() {
        let lists: Vec<Vec<Value>> = numbers
            .into_iter()
            .map(|list| serde_json::from_value(list).expect("lists of one depth"))
            .collect();
        shape.push(lists[0].len());
        numbers = lists.into_iter().flatten().collect();
    }
    let numbers = numbers
        .iter()
        .map(|number| number.as_f64().expect("a number"))
        .collect();
    from_values(&shape, numbers).expect("lists of one length")
}

/// The same numbers as one image plane of one sample.
fn plane(text: &str) -> Tensor<f64> {
    let numbers = array(text);
    let (rows, columns) = match *numbers.shape() {
        [columns] => (1, columns),
        [rows, columns] => (rows, columns),
        ref shape => panic!("{shape:?} is no plane"),
    };
    tensor::reshape(numbers, &[1, 1, rows, columns])
}

/// Σ cotangent·op(x), to be differentiated.
fn problem(
    op: OpSpec,
    parameters: Vec<Tensor<f64>>,
    x: Tensor<f64>,
    cotangent: Tensor<f64>,
) -> Problem {
    let loss = Loss::WeightedSum { cotangent };
    Problem::single(Some(op), parameters, x, loss, 1.0).expect("a published case has valid shapes")
}

/// All gradients, by backprop in `f64` and `f32` and by num-dual and dfdx, which have to be equal.
fn exact_gradients(problem: &Problem) -> Evaluation<f64> {
    let evaluation = problem.backpropagate::<f64>(None);
    let single = problem.backpropagate::<f32>(None);
    for leaf in problem.leaves() {
        let in_single = tensor::primal(single.leaf(leaf));
        assert_eq!(&in_single, evaluation.leaf(leaf), "f32 and f64, {leaf:?}");
    }
    let point = Point::new(problem.clone(), 1);
    let coordinates = point.all_coordinates();
    let ours: Vec<f64> = coordinates
        .iter()
        .map(|coordinate| values(evaluation.leaf(coordinate.leaf))[coordinate.index])
        .collect();
    let sources: [&dyn GradientSource; 2] = [&Dual, &Reverse];
    for source in sources {
        let gradient = point
            .ask(source, &coordinates, &|_| {})
            .expect("an exact source takes no steps");
        let theirs: Vec<f64> = gradient.estimates.iter().map(|e| e.value).collect();
        assert_eq!(ours, theirs, "backprop and {}", source.name());
    }
    evaluation
}

fn assert_near(what: &str, ours: &Tensor<f64>, published: &Tensor<f64>, tolerance: f64) {
    assert_eq!(ours.shape(), published.shape(), "shape of {what}");
    for (index, (ours, published)) in ours.iter().zip(published).enumerate() {
        assert!(
            (ours - published).abs() <= tolerance,
            "{what}[{index}]: {ours} instead of {published}"
        );
    }
}
