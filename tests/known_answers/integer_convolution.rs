//! Burn, `crates/burn-backend-tests/tests/autodiff/conv2d.rs`: convolutions of 0, 1, 2, …
//!
//! x, w and b count up from 0 in row-major order, and the loss is Σ y, so that every number is a
//! whole number. Since Σ y has the same cotangent everywhere and hides many bugs, each case runs a
//! second time with random signs, against the definition written as seven loops over integers.

use gradproof::rng::Stream;
use gradproof::spec::{Conv2dSpec, OpSpec};
use gradproof::tensor::{Tensor, from_values};

use super::burn_convolutions::{CASES, Case, FULL_ARRAYS, Sums};
use super::{array, exact_gradients, problem};

impl Case {
    fn spec(&self) -> Conv2dSpec {
        Conv2dSpec {
            out_channels: self.out_channels,
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
            bias: true,
        }
    }

    fn weight(&self) -> [usize; 4] {
        let [rows, columns] = self.kernel;
        [self.out_channels, self.x[1] / self.groups, rows, columns]
    }

    /// ⌊(n + 2p − d(k−1) − 1)/s⌋ + 1 along each axis.
    fn output(&self) -> [usize; 4] {
        let along = |axis: usize| {
            let span = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (self.x[2 + axis] + 2 * self.padding[axis] - span) / self.stride[axis] + 1
        };
        [self.x[0], self.out_channels, along(0), along(1)]
    }

    /// y, dx, dw and db by the definition.
    fn by_definition(&self, cotangent: &[i64]) -> Naive {
        let [batch, channels, height, width] = self.x;
        let [outputs, group_in, rows, columns] = self.weight();
        let [_, _, out_height, out_width] = self.output();
        let group_out = outputs / self.groups;
        let mut naive = Naive {
            y: vec![0; cotangent.len()],
            dx: vec![0; self.x.iter().product()],
            dw: vec![0; self.weight().iter().product()],
            db: vec![0; outputs],
        };
        for n in 0..batch {
            for o in 0..outputs {
                for i in 0..out_height {
                    for j in 0..out_width {
                        let at_y = ((n * outputs + o) * out_height + i) * out_width + j;
                        naive.y[at_y] += count(o);
                        naive.db[o] += cotangent[at_y];
                        for c in 0..group_in {
                            for u in 0..rows {
                                for v in 0..columns {
                                    let h = i * self.stride[0] + u * self.dilation[0];
                                    let w = j * self.stride[1] + v * self.dilation[1];
                                    let inside = (self.padding[0]..height + self.padding[0])
                                        .contains(&h)
                                        && (self.padding[1]..width + self.padding[1]).contains(&w);
                                    if !inside {
                                        continue;
                                    }
                                    let (h, w) = (h - self.padding[0], w - self.padding[1]);
                                    let channel = o / group_out * group_in + c;
                                    let at_x = ((n * channels + channel) * height + h) * width + w;
                                    let at_w = ((o * group_in + c) * rows + u) * columns + v;
                                    naive.y[at_y] += count(at_x) * count(at_w);
                                    naive.dx[at_x] += cotangent[at_y] * count(at_w);
                                    naive.dw[at_w] += cotangent[at_y] * count(at_x);
                                }
                            }
                        }
                    }
                }
            }
        }
        naive
    }
}

struct Naive {
    y: Vec<i64>,
    dx: Vec<i64>,
    dw: Vec<i64>,
    db: Vec<i64>,
}

fn count(index: usize) -> i64 {
    i64::try_from(index).expect("a small number")
}

/// 0, 1, 2, … in row-major order.
fn counting(shape: &[usize]) -> Tensor<f64> {
    let size: usize = shape.iter().product();
    integers(shape, &(0..count(size)).collect::<Vec<_>>())
}

fn integers(shape: &[usize], integers: &[i64]) -> Tensor<f64> {
    let floats = integers.iter().map(|i| *i as f64).collect();
    from_values(shape, floats).expect("as many as the shape has entries")
}

/// The entries as integers, which they have to be.
fn whole(tensor: &Tensor<f64>) -> Vec<i64> {
    let entries: Vec<i64> = tensor.iter().map(|entry| *entry as i64).collect();
    assert_eq!(&integers(tensor.shape(), &entries), tensor, "whole numbers");
    entries
}

fn sums(tensor: &Tensor<f64>) -> Sums {
    let entries = whole(tensor);
    Sums {
        plain: entries.iter().sum(),
        indexed: entries.iter().zip(1..).map(|(g, i)| i * g).sum(),
    }
}

fn gradients(case: &Case, cotangent: &[i64]) -> [Tensor<f64>; 3] {
    let problem = problem(
        OpSpec::Conv2d(case.spec()),
        vec![counting(&case.weight()), counting(&[case.out_channels])],
        counting(&case.x),
        integers(&case.output(), cotangent),
    );
    let y = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None)
        .output;
    assert_eq!(
        whole(&y),
        case.by_definition(cotangent).y,
        "y of {}",
        case.name
    );
    let evaluation = exact_gradients(&problem);
    let [dw, db] = evaluation
        .parameters
        .try_into()
        .expect("a weight and a bias");
    [evaluation.input, dw, db]
}

#[test]
fn the_published_sums_are_met_exactly() {
    for case in &CASES {
        let outputs = case.output().iter().product();
        let [dx, dw, db] = gradients(case, &vec![1; outputs]);
        assert_eq!(sums(&dx), case.dx, "dx of {}", case.name);
        assert_eq!(sums(&dw), case.dw, "dw of {}", case.name);
        let expected = vec![case.db; case.out_channels];
        assert_eq!(whole(&db), expected, "db of {}", case.name);
    }
}

#[test]
fn the_published_arrays_are_met_exactly() {
    for full in &FULL_ARRAYS {
        let case = CASES
            .iter()
            .find(|case| case.name == full.name)
            .expect("arrays belong to a case");
        let outputs = case.output().iter().product();
        let [dx, dw, _] = gradients(case, &vec![1; outputs]);
        assert_eq!(dx, array(full.dx), "dx of {}", case.name);
        assert_eq!(dw, array(full.dw), "dw of {}", case.name);
    }
}

#[test]
fn random_signs_give_what_the_definition_gives() {
    let mut stream = Stream::new(1, "signs");
    for case in &CASES {
        for _ in 0..8 {
            let outputs = case.output().iter().product();
            let signs: Vec<i64> = (0..outputs)
                .map(|_| if stream.below(2) == 0 { 1 } else { -1 })
                .collect();
            let [dx, dw, db] = gradients(case, &signs);
            let naive = case.by_definition(&signs);
            assert_eq!(whole(&dx), naive.dx, "dx of {}", case.name);
            assert_eq!(whole(&dw), naive.dw, "dw of {}", case.name);
            assert_eq!(whole(&db), naive.db, "db of {}", case.name);
        }
    }
}
