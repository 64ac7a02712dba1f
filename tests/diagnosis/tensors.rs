//! Rearranged, scaled and partial tensors, each made by loops of its own.

use gradproof::judge::diagnosis::{Axis, BugKind, Factor};
use gradproof::tensor::Tensor;

use super::{BIAS, INPUT, Right, WEIGHT, indices, is_named, made, operator};

/// Unequal extents everywhere, N = 3.
const CONV: &str = r#"op = "conv2d", out_channels = 5, kernel = [3, 4], padding = [1, 2]"#;
const CONV_INPUT: [usize; 4] = [3, 4, 6, 7];

/// Square kernel, as many input as output channels, stride 2.
const SQUARE: &str = r#"op = "conv2d", out_channels = 3, kernel = 3, stride = 2, padding = 1"#;
const SQUARE_INPUT: [usize; 4] = [3, 3, 7, 9];

fn entry<const N: usize>(tensor: &Tensor<f64>, at: [usize; N]) -> f64 {
    tensor[at.as_slice()]
}

#[test]
fn signs_and_factors() {
    for (op, input) in [(CONV, CONV_INPUT), (SQUARE, SQUARE_INPUT)] {
        let problem = operator(op, &input);
        let [_, _, rows, columns]: [usize; 4] =
            problem.network.output_shape().try_into().expect("rank 4");
        let area = (rows * columns) as f64;
        for leaf in [INPUT, WEIGHT, BIAS] {
            for (kind, factor) in [
                (BugKind::Sign, -1.0),
                (BugKind::Factor(Factor::Two), 2.0),
                (BugKind::Factor(Factor::Half), 0.5),
                (BugKind::Factor(Factor::Batch), 3.0),
                (BugKind::Factor(Factor::OverBatch), 1.0 / 3.0),
                (BugKind::Factor(Factor::Positions), area),
                (BugKind::Factor(Factor::OverPositions), 1.0 / area),
                (BugKind::Factor(Factor::Other(1.25)), 1.25),
                (BugKind::Factor(Factor::Other(-7.5)), -7.5),
                (BugKind::Factor(Factor::Other(1.0001)), 1.0001),
            ] {
                is_named(&problem, leaf, kind, |right| {
                    right.gradient(leaf).mapv(|g| g * factor)
                });
            }
        }
    }
}

#[test]
fn zero_everywhere() {
    let problem = operator(CONV, &CONV_INPUT);
    for leaf in [INPUT, WEIGHT, BIAS] {
        for scale in [1.0, 1e-3, 1e-6] {
            let right = Right::of(&super::at_scale(&problem, scale));
            let wrong = right.gradient(leaf).mapv(|_| 0.0);
            let diagnosis = right.diagnose(leaf, &wrong);
            assert_eq!(
                diagnosis.kind,
                Some(BugKind::Zero),
                "{}",
                diagnosis.sentence
            );
        }
    }
}

#[test]
fn kernels_turned() {
    for (op, input) in [(CONV, CONV_INPUT), (SQUARE, SQUARE_INPUT)] {
        let problem = operator(op, &input);
        for (kind, turns) in [
            (BugKind::KernelRotated, [true, true]),
            (BugKind::KernelMirrored(Axis::Rows), [true, false]),
            (BugKind::KernelMirrored(Axis::Columns), [false, true]),
        ] {
            is_named(&problem, WEIGHT, kind, |right| {
                let g = right.gradient(WEIGHT);
                let [kh, kw] = [g.shape()[2], g.shape()[3]];
                made(g.shape(), |[o, c, u, v]| {
                    let u = if turns[0] { kh - 1 - u } else { u };
                    let v = if turns[1] { kw - 1 - v } else { v };
                    entry(g, [o, c, u, v])
                })
            });
        }
    }
}

/// The numbers of `g` in the order of its axes `order`, under its own shape.
fn written(g: &Tensor<f64>, order: [usize; 4]) -> Tensor<f64> {
    let view = g.view().permuted_axes(order.to_vec());
    let values = view.iter().copied().collect();
    gradproof::tensor::from_values(g.shape(), values).expect("as many numbers")
}

#[test]
fn axes_exchanged() {
    for (op, input) in [(CONV, CONV_INPUT), (SQUARE, SQUARE_INPUT)] {
        let problem = operator(op, &input);
        for (leaf, kind, order) in [
            (WEIGHT, BugKind::Transposed, [0, 1, 3, 2]),
            (WEIGHT, BugKind::ChannelsSwapped, [1, 0, 2, 3]),
            (WEIGHT, BugKind::Transposed, [0, 2, 3, 1]),
            (WEIGHT, BugKind::Transposed, [2, 3, 1, 0]),
            (WEIGHT, BugKind::Transposed, [0, 3, 1, 2]),
            (INPUT, BugKind::Transposed, [0, 2, 3, 1]),
            (INPUT, BugKind::Transposed, [0, 1, 3, 2]),
        ] {
            is_named(&problem, leaf, kind, |right| {
                written(right.gradient(leaf), order)
            });
        }
    }
    for outputs in [4, 6] {
        let op = format!(r#"op = "linear", out_features = {outputs}"#);
        let problem = operator(&op, &[3, 6]);
        is_named(&problem, WEIGHT, BugKind::Transposed, |right| {
            let g = right.gradient(WEIGHT);
            let values = g.t().iter().copied().collect();
            gradproof::tensor::from_values(g.shape(), values).expect("as many numbers")
        });
    }
}

#[test]
fn channels_rolled() {
    let problem = operator(CONV, &CONV_INPUT);
    for (leaf, axis) in [(WEIGHT, 0), (WEIGHT, 1), (INPUT, 1)] {
        for step in [1, problem.leaf(leaf).shape()[axis] - 1] {
            is_named(&problem, leaf, BugKind::ChannelsRolled, |right| {
                let g = right.gradient(leaf);
                made(g.shape(), |mut at| {
                    at[axis] = (at[axis] + step) % g.shape()[axis];
                    entry(g, at)
                })
            });
        }
    }
    is_named(&problem, BIAS, BugKind::ChannelsRolled, |right| {
        let mut values = right.gradient(BIAS).iter().copied().collect::<Vec<_>>();
        values.rotate_right(1);
        gradproof::tensor::from_values(&[5], values).expect("as many numbers")
    });
}

#[test]
fn groups_rolled() {
    let op = r#"op = "conv2d", out_channels = 6, kernel = [3, 2], groups = 3"#;
    let problem = operator(op, &[3, 6, 5, 6]);
    for step in [1, 2] {
        is_named(&problem, WEIGHT, BugKind::GroupsRolled, |right| {
            let g = right.gradient(WEIGHT);
            made(g.shape(), |[o, c, u, v]| {
                entry(g, [(o + 2 * step) % 6, c, u, v])
            })
        });
        is_named(&problem, INPUT, BugKind::GroupsRolled, |right| {
            let g = right.gradient(INPUT);
            made(g.shape(), |[n, c, i, j]| {
                entry(g, [n, (c + 2 * step) % 6, i, j])
            })
        });
    }
}

#[test]
fn shifted_by_one() {
    for (op, input) in [(CONV, CONV_INPUT), (SQUARE, SQUARE_INPUT)] {
        let problem = operator(op, &input);
        for leaf in [WEIGHT, INPUT] {
            for (axis, by) in [
                (Axis::Rows, [1, 0]),
                (Axis::Rows, [-1, 0]),
                (Axis::Columns, [0, 1]),
                (Axis::Both, [1, 1]),
                (Axis::Both, [-1, -1]),
            ] {
                is_named(&problem, leaf, BugKind::Shifted(axis), |right| {
                    let g = right.gradient(leaf);
                    made(g.shape(), |[a, b, i, j]| {
                        let from = [(i, by[0]), (j, by[1])]
                            .map(|(at, by): (usize, isize)| at.checked_add_signed(by));
                        match from {
                            [Some(i), Some(j)] if i < g.shape()[2] && j < g.shape()[3] => {
                                entry(g, [a, b, i, j])
                            }
                            _ => 0.0,
                        }
                    })
                });
            }
        }
    }
}

/// Whether the entry in a plane's row and column is missing.
type Gone<'a> = &'a dyn Fn(usize, usize) -> bool;

#[test]
fn parts_missing() {
    for (op, input) in [(CONV, CONV_INPUT), (SQUARE, SQUARE_INPUT)] {
        let problem = operator(op, &input);
        for leaf in [WEIGHT, INPUT] {
            let [_, _, rows, columns]: [usize; 4] =
                problem.leaf(leaf).shape().try_into().expect("rank 4");
            let missing: [(BugKind, Gone<'_>); 4] = [
                (BugKind::LastMissing(Axis::Rows), &|i, _| i == rows - 1),
                (BugKind::LastMissing(Axis::Columns), &|_, j| {
                    j == columns - 1
                }),
                (BugKind::LastMissing(Axis::Both), &|i, j| {
                    i == rows - 1 || j == columns - 1
                }),
                (BugKind::BordersMissing, &|i, j| {
                    i == 0 || j == 0 || i == rows - 1 || j == columns - 1
                }),
            ];
            for (kind, gone) in missing {
                is_named(&problem, leaf, kind, |right| {
                    let mut wrong = right.gradient(leaf).clone();
                    for at in indices(right.gradient(leaf).shape()) {
                        if gone(at[2], at[3]) {
                            wrong[at.as_slice()] = 0.0;
                        }
                    }
                    wrong
                });
            }
        }
    }
    for (op, input) in [
        (r#"op = "tanh""#, vec![3, 2, 4, 5]),
        (r#"op = "sigmoid""#, vec![4, 6]),
    ] {
        let problem = operator(op, &input);
        for (kind, kept) in [
            (BugKind::FirstSampleOnly, 0),
            (BugKind::Overwritten, input[0] - 1),
        ] {
            is_named(&problem, INPUT, kind, |right| {
                let mut wrong = right.gradient(INPUT).clone();
                for (n, mut sample) in wrong.outer_iter_mut().enumerate() {
                    if n != kept {
                        sample.fill(0.0);
                    }
                }
                wrong
            });
        }
    }
}

/// With N = 2, twice and N times are the same.
#[test]
fn what_cannot_be_told_apart_is_listed() {
    let problem = operator(
        r#"op = "conv2d", out_channels = 3, kernel = 2"#,
        &[2, 2, 4, 5],
    );
    let right = Right::of(&problem);
    let twice = right.diagnose(WEIGHT, &right.gradient(WEIGHT).mapv(|g| 2.0 * g));
    assert_eq!(twice.kind, Some(BugKind::Factor(Factor::Two)));
    assert_eq!(twice.also, [BugKind::Factor(Factor::Batch)]);
    // A kernel of two taps each way is the same rotated and one off in a ring.
    let g = right.gradient(WEIGHT);
    let rotated = made(g.shape(), |[o, c, u, v]| entry(g, [o, c, 1 - u, 1 - v]));
    let rotated = right.diagnose(WEIGHT, &rotated);
    assert_eq!(rotated.kind, Some(BugKind::KernelRotated));
    assert_eq!(rotated.also, [BugKind::Shifted(Axis::Both)]);
}

/// Two numbers that fit several kinds, or one that fits any, are not called by a name.
#[test]
fn few_numbers_get_alternatives() {
    let op = r#"op = "conv2d", out_channels = 2, kernel = 3"#;
    let right = Right::of(&operator(op, &[2, 2, 5, 4]));
    let twice = right.diagnose(BIAS, &right.gradient(BIAS).mapv(|g| 2.0 * g));
    assert_eq!(twice.kind, None, "{}", twice.sentence);
    assert_eq!(
        twice.also,
        [BugKind::Factor(Factor::Two), BugKind::Factor(Factor::Batch)]
    );
    let op = r#"op = "conv2d", out_channels = 1, kernel = 3"#;
    let right = Right::of(&operator(op, &[3, 2, 5, 4]));
    let negated = right.diagnose(BIAS, &right.gradient(BIAS).mapv(|g| -g));
    assert_eq!((negated.kind, negated.also), (None, vec![BugKind::Sign]));
    let odd = right.diagnose(BIAS, &right.gradient(BIAS).mapv(|g| 1.7 * g));
    assert_eq!((odd.kind, odd.also), (None, Vec::new()), "{}", odd.sentence);
}
