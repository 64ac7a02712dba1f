//! A wrong gradient of code that is not known: what it looks like as an array.

use crate::loss::Loss;
use crate::network::{LeafName, Problem};
use crate::rng::Stream;
use crate::spec::{Conv2dSpec, LinearSpec, OpSpec};
use crate::tensor::{self, Tensor};

use super::{Diagnosis, Evidence, diagnose};

/// A wrong gradient with respect to one array of somebody's code.
#[derive(Clone, Debug)]
pub struct WrongArray<'a> {
    /// The array's name.
    pub name: &'a str,
    /// Whether it is an input, batch first, and no parameter.
    pub is_input: bool,
    /// Samples in a batch.
    pub batch: usize,
    /// The array's shape.
    pub shape: &'a [usize],
    /// The right gradient, in row-major order.
    pub right: &'a [f64],
    /// A bound on the error of each of its entries.
    pub right_error: &'a [f64],
    /// The wrong gradient.
    pub wrong: &'a [f64],
    /// A bound on the rounding error of each of its entries.
    pub wrong_error: &'a [f64],
}

/// Hold a wrong gradient against every fault that shows in an array alone: signs and factors, axes that
/// are exchanged, kernels that run backwards, places off by one, fewer bits. `None` when an array has no
/// entries, or their number does not fit.
///
/// Parameters with four axes are read as kernels (output, input, row, column), with two as matrices
/// (output, input).
#[must_use]
pub fn diagnose_array(array: &WrongArray<'_>) -> Option<Diagnosis> {
    let (problem, leaf) = stand_in(array)?;
    let shape = problem.leaf(leaf).shape().to_vec();
    let shaped = |values: &[f64]| tensor::from_values(&shape, values.to_vec());
    let right = shaped(array.right)?;
    let right_error = shaped(array.right_error)?;
    let wrong = shaped(array.wrong)?;
    let wrong_error = shaped(array.wrong_error)?;
    let mut diagnosis = diagnose(&Evidence {
        alone: &problem,
        leaf,
        right: &right,
        right_error: &right_error,
        wrong: &wrong,
        wrong_error: &wrong_error,
    });
    // It begins with the name of what stands in.
    if let Some((_, words)) = diagnosis.sentence.split_once(": ") {
        diagnosis.sentence = format!("{}: {words}", array.name);
    }
    Some(diagnosis)
}

/// A layer that has such an array. Its numbers are random, so that no fault of its own can fit.
fn stand_in(array: &WrongArray<'_>) -> Option<(Problem, LeafName)> {
    let batch = array.batch.max(1);
    let (op, input) = match (array.is_input, array.shape) {
        (false, &[outputs, inputs, rows, columns]) => {
            let conv = Conv2dSpec {
                out_channels: outputs,
                kernel: [rows, columns],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
                groups: 1,
                bias: false,
            };
            (OpSpec::Conv2d(conv), vec![batch, inputs, rows, columns])
        }
        (false, &[out_features, inputs]) => {
            let linear = LinearSpec {
                out_features,
                bias: false,
            };
            (OpSpec::Linear(linear), vec![batch, inputs])
        }
        (true, [_, _, ..]) => (OpSpec::Flatten {}, array.shape.to_vec()),
        _ => (OpSpec::Flatten {}, vec![1, array.right.len()]),
    };
    let is_empty = array.right.is_empty() || tensor::size(&input)? == 0;
    if is_empty || array.shape.iter().product::<usize>() != array.right.len() {
        return None;
    }
    let has_weight = !matches!(op, OpSpec::Flatten {});
    let parameters = if has_weight {
        vec![random(array.shape)]
    } else {
        Vec::new()
    };
    let outputs = match &op {
        OpSpec::Conv2d(conv) => vec![batch, conv.out_channels, 1, 1],
        OpSpec::Linear(linear) => vec![batch, linear.out_features],
        _ => vec![input[0], input[1..].iter().product()],
    };
    let loss = Loss::WeightedSum {
        cotangent: random(&outputs),
    };
    let problem = Problem::single(Some(op), parameters, random(&input), loss, 1.0).ok()?;
    let leaf = if has_weight {
        LeafName::Parameter(0)
    } else {
        LeafName::Input
    };
    Some((problem, leaf))
}

fn random(shape: &[usize]) -> Tensor<f64> {
    let mut stream = Stream::new(0, "stand-in");
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.signed_weight());
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::diagnosis::BugKind;

    fn kind(shape: &[usize], is_input: bool, wrong: impl Fn(&[f64]) -> Vec<f64>) -> Diagnosis {
        let right: Vec<f64> = random(shape).iter().copied().collect();
        let error = vec![1e-12; right.len()];
        diagnose_array(&WrongArray {
            name: "w",
            is_input,
            batch: 3,
            shape,
            right: &right,
            right_error: &error,
            wrong: &wrong(&right),
            wrong_error: &error,
        })
        .expect("entries that fit")
    }

    #[test]
    fn faults_of_arrays_have_names() {
        let minus = |right: &[f64]| right.iter().map(|g| -g).collect();
        for (shape, is_input) in [
            (&[4][..], false),
            (&[3, 4], true),
            (&[3, 4], false),
            (&[2, 3, 2, 2], false),
            (&[3, 2, 2, 2], true),
            (&[2, 2, 2, 2, 2], false),
        ] {
            let found = kind(shape, is_input, minus);
            assert_eq!(found.kind, Some(BugKind::Sign), "{shape:?}: {found:?}");
            assert!(found.sentence.starts_with("w: "), "{}", found.sentence);
        }
        let reversed = |right: &[f64]| {
            let kernels = right.chunks(4).map(|kernel| kernel.iter().rev().copied());
            kernels.flatten().collect()
        };
        let found = kind(&[2, 3, 2, 2], false, reversed);
        assert_eq!(found.kind, Some(BugKind::KernelRotated), "{found:?}");
        let transposed = |right: &[f64]| (0..9).map(|at| right[at % 3 * 3 + at / 3]).collect();
        let found = kind(&[3, 3], false, transposed);
        assert_eq!(found.kind, Some(BugKind::Transposed), "{found:?}");
        let none = diagnose_array(&WrongArray {
            name: "w",
            is_input: false,
            batch: 1,
            shape: &[2],
            right: &[1.0],
            right_error: &[0.0],
            wrong: &[1.0],
            wrong_error: &[0.0],
        });
        assert_eq!(none, None, "one number does not fill two places");
    }
}
