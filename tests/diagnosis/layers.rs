//! Layers computed by a naive backward with a fault.

use gradproof::harness::mutant::{Fault, Mutant};
use gradproof::judge::diagnosis::{Axis, BugKind, Diagnosis};
use gradproof::layer::Layer;
use gradproof::network::{LeafName, Problem};
use gradproof::tensor::Tensor;

use super::{INPUT, Right, SCALES, WEIGHT, at_scale, is_named, made, operator};

/// Operators on which each fault has something to break; N is 3 mostly, and extents differ.
const OPERATORS: [(&str, &[usize]); 19] = [
    (
        r#"op = "conv2d", out_channels = 3, kernel = 3"#,
        &[3, 2, 5, 4],
    ),
    (
        r#"op = "conv2d", out_channels = 4, kernel = [3, 2], stride = [2, 1], padding = [1, 0]"#,
        &[3, 2, 6, 5],
    ),
    (
        r#"op = "conv2d", out_channels = 4, kernel = 2, dilation = [2, 1], groups = 2"#,
        &[3, 4, 5, 5],
    ),
    (
        r#"op = "conv2d", out_channels = 6, kernel = [2, 3], stride = [1, 3], padding = 2, dilation = 2, groups = 3"#,
        &[2, 3, 4, 6],
    ),
    (
        r#"op = "conv2d", out_channels = 4, kernel = 3, stride = 2, padding = 1, dilation = [1, 2], groups = 2, bias = false"#,
        &[3, 2, 5, 7],
    ),
    (
        r#"op = "conv2d", out_channels = 3, kernel = 1, stride = 2"#,
        &[3, 2, 4, 5],
    ),
    (r#"op = "max_pool2d", kernel = 2"#, &[3, 2, 5, 4]),
    (
        r#"op = "max_pool2d", kernel = 3, stride = [1, 2], padding = 1"#,
        &[3, 2, 5, 5],
    ),
    (
        r#"op = "max_pool2d", kernel = [2, 3], stride = 1, ceil_mode = true"#,
        &[2, 3, 4, 5],
    ),
    (
        r#"op = "max_pool2d", kernel = 3, stride = 2, ceil_mode = true"#,
        &[3, 2, 6, 6],
    ),
    (
        r#"op = "avg_pool2d", kernel = 2, padding = 1"#,
        &[3, 2, 5, 4],
    ),
    (
        r#"op = "avg_pool2d", kernel = 3, stride = [1, 2], padding = 1, count_include_pad = false"#,
        &[3, 2, 5, 5],
    ),
    (
        r#"op = "avg_pool2d", kernel = [3, 2], stride = 2, padding = [1, 0], ceil_mode = true"#,
        &[2, 3, 6, 5],
    ),
    (
        r#"op = "avg_pool2d", kernel = 3, stride = 1"#,
        &[3, 2, 4, 5],
    ),
    (r#"op = "linear", out_features = 3"#, &[4, 5]),
    (r#"op = "linear", out_features = 6"#, &[3, 6]),
    (r#"op = "relu""#, &[3, 2, 3, 4]),
    (r#"op = "sigmoid""#, &[3, 2, 3, 4]),
    (r#"op = "tanh""#, &[5, 7]),
];

/// Networks whose layers are taken alone, with the bounds of the whole network.
const NETWORKS: [(&str, usize); 2] = [
    (
        r#"
        name = "conv, relu, max-pool, linear"
        input = [2, 7, 8]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "conv2d", out_channels = 4, kernel = 3, padding = 1, groups = 2 },
            { op = "relu" },
            { op = "max_pool2d", kernel = 3, stride = 2 },
            { op = "flatten" },
            { op = "linear", out_features = 4 },
        ]"#,
        3,
    ),
    (
        r#"
        name = "two convolutions, average pool, linear"
        input = [2, 6, 5]
        loss = { op = "mean_squared_error" }
        layers = [
            { op = "conv2d", out_channels = 3, kernel = [3, 2], dilation = [1, 2] },
            { op = "tanh" },
            { op = "avg_pool2d", kernel = 2, stride = 1, padding = 1 },
            { op = "conv2d", out_channels = 3, kernel = [3, 2], stride = 2 },
            { op = "relu" },
            { op = "flatten" },
            { op = "linear", out_features = 3 },
        ]"#,
        3,
    ),
];

/// What came of faults that a tensor shows.
#[derive(Default)]
struct Score {
    named: usize,
    among: usize,
    unnamed: Vec<String>,
}

impl Score {
    fn add(&mut self, mutant: Mutant, diagnosis: &Diagnosis, what: &str) {
        let expected = mutant.expected;
        let Diagnosis {
            kind,
            also,
            sentence,
            ..
        } = diagnosis;
        if mutant.is_expected(*kind) {
            self.named += 1;
        } else if also.iter().any(|kind| mutant.is_expected(Some(*kind))) {
            self.among += 1;
        } else {
            assert_eq!(
                *kind, None,
                "{what}: a wrong name instead of {expected:?}: {sentence}"
            );
            assert!(also.is_empty(), "{what}: {also:?} instead of {expected:?}");
            // A small tensor cannot show what is in its numbers alone.
            if !matches!(mutant.fault, Fault::Numbers(_)) {
                self.unnamed.push(format!("{what}: {sentence}"));
            }
        }
    }

    fn all(&self) -> usize {
        self.named + self.among + self.unnamed.len()
    }
}

fn try_every_fault(right: &Right, what: &str, score: &mut Score) {
    let mutants = Mutant::all().filter(|mutant| mutant.lives_in(&right.problem));
    for mutant in mutants {
        for leaf in right.problem.leaves() {
            let wrong = right.mutated(leaf, mutant);
            let diagnosis = right.diagnose(leaf, &wrong);
            if diagnosis.differences.is_none() {
                assert_eq!(diagnosis.kind, None, "{what}: a right tensor has no name");
                continue;
            }
            let what = format!("{mutant} of {what}, {leaf:?}");
            score.add(mutant, &diagnosis, &what);
        }
    }
}

#[test]
fn faults_of_operators_are_named() {
    for scale in SCALES {
        let mut score = Score::default();
        for (op, input) in OPERATORS {
            let right = Right::of(&at_scale(&operator(op, input), scale));
            try_every_fault(&right, op, &mut score);
        }
        assert!(score.all() > 100, "{} faults", score.all());
        assert!(
            score.unnamed.is_empty(),
            "scale {scale:e}, of {} unnamed: {:#?}",
            score.all(),
            score.unnamed
        );
        assert!(
            score.named * 10 >= score.all() * 9,
            "{} of {} named first",
            score.named,
            score.all()
        );
    }
}

#[test]
fn faults_of_a_networks_layers_are_named() {
    let mut score = Score::default();
    for (toml, batch) in NETWORKS {
        let spec = gradproof::spec::NetworkSpec::from_toml(toml).expect("a network");
        for scale in SCALES {
            let case = gradproof::harness::NetworkCase {
                spec: spec.clone(),
                batch,
                seed: 5,
            };
            let whole = at_scale(&case.problem().expect("the shapes fit"), scale);
            for (number, layer) in whole.network.layers().iter().enumerate() {
                if layer.layer == Layer::Flatten {
                    continue;
                }
                let alone = layer_alone(&whole, number);
                let what = format!("{} of {}, scale {scale:e}", layer.name, spec.name);
                try_every_fault(&Right::of(&alone), &what, &mut score);
            }
        }
    }
    assert!(score.all() > 100, "{} faults", score.all());
    assert!(score.unnamed.is_empty(), "unnamed: {:#?}", score.unnamed);
    assert!(
        score.named * 10 >= score.all() * 9,
        "{} of {} named first",
        score.named,
        score.all()
    );
}

fn layer_alone(whole: &Problem, number: usize) -> Problem {
    let dy = whole.output_gradients::<f64>(None)[number].clone();
    whole.layer_alone(number, &whole.activations(), dy)
}

/// The dx of a convolution by loops of its own: (sample, output channel, position, tap) and what it adds.
fn conv_dx(
    right: &Right,
    term: impl Fn([usize; 4], [usize; 3], f64) -> f64,
    mut put: impl FnMut(&mut f64, f64),
) -> Tensor<f64> {
    let problem = &right.problem;
    let Layer::Conv2d(conv) = problem.network.layers()[0].layer else {
        panic!("a convolution");
    };
    let dy = match &problem.objective.loss {
        Some(gradproof::loss::Loss::WeightedSum { cotangent }) => cotangent.clone(),
        _ => panic!("a weighted sum"),
    };
    let k = &problem.parameters.tensors[0];
    let mut dx = right.gradient(INPUT).mapv(|_| 0.0);
    let (size, output) = (dx.shape().to_vec(), dy.shape().to_vec());
    for at in super::indices(&output) {
        let [n, o, i, j] = at;
        for [c, u, v] in super::indices(&[1, k.shape()[1], k.shape()[2], k.shape()[3]])
            .map(|[_, c, u, v]| [c, u, v])
        {
            let window = conv.window;
            let row = i * window.stride[0] + u * window.dilation[0];
            let column = j * window.stride[1] + v * window.dilation[1];
            let (Some(row), Some(column)) = (
                row.checked_sub(window.padding[0]),
                column.checked_sub(window.padding[1]),
            ) else {
                continue;
            };
            if row < size[2] && column < size[3] {
                let value = term(at, [c, u, v], dy[[n, o, i, j]] * k[[o, c, u, v]]);
                put(&mut dx[[n, c, row, column]], value);
            }
        }
    }
    dx
}

const PLAIN: &str = r#"op = "conv2d", out_channels = 4, kernel = [3, 2], padding = [1, 1]"#;

#[test]
fn faults_of_a_convolutions_dx() {
    let problem = operator(PLAIN, &[3, 3, 6, 5]);
    let right = Right::of(&problem);
    let plain = conv_dx(&right, |_, _, term| term, |entry, term| *entry += term);
    assert_eq!(
        right.diagnose(INPUT, &plain).differences,
        None,
        "the loops are right"
    );
    is_named(&problem, INPUT, BugKind::FirstSampleOnly, |right| {
        let first = |[n, ..]: [usize; 4], _, term: f64| if n == 0 { term } else { 0.0 };
        conv_dx(right, first, |entry, term| *entry += term)
    });
    is_named(
        &problem,
        INPUT,
        BugKind::LastMissing(Axis::Columns),
        |right| {
            let term = |[_, _, _, j]: [usize; 4], _, term: f64| if j == 5 { 0.0 } else { term };
            conv_dx(right, term, |entry, term| *entry += term)
        },
    );
    is_named(&problem, INPUT, BugKind::BordersMissing, |right| {
        let inner = |[_, _, i, j]: [usize; 4], _, term: f64| {
            let is_inner = (1..5).contains(&i) && (1..5).contains(&j);
            if is_inner { term } else { 0.0 }
        };
        conv_dx(right, inner, |entry, term| *entry += term)
    });
    is_named(&problem, INPUT, BugKind::Overwritten, |right| {
        let last_channel = |[_, o, ..]: [usize; 4], _, term: f64| if o == 3 { term } else { 0.0 };
        conv_dx(right, last_channel, |entry, term| *entry += term)
    });
    is_named(&problem, INPUT, BugKind::ChannelsRolled, |right| {
        let k = right.problem.parameters.tensors[0].clone();
        let rolled = move |[_, o, ..]: [usize; 4], [c, u, v]: [usize; 3], term: f64| {
            term / k[[o, c, u, v]] * k[[(o + 1) % 4, c, u, v]]
        };
        conv_dx(right, rolled, |entry, term| *entry += term)
    });
}

/// The weight's gradient from the last sample, or without the input's last row.
#[test]
fn faults_of_a_convolutions_dw() {
    let problem = operator(PLAIN, &[3, 3, 6, 5]);
    for (kind, keep) in [(BugKind::FirstSampleOnly, 0), (BugKind::Overwritten, 2)] {
        is_named(&problem, WEIGHT, kind, |right| {
            let mut one = right.problem.clone();
            for (n, mut sample) in one.input.outer_iter_mut().enumerate() {
                if n != keep {
                    sample.fill(0.0);
                }
            }
            one.backpropagate::<f64>(None).parameters[0].clone()
        });
    }
    for (kind, gone) in [
        (BugKind::LastMissing(Axis::Rows), [5, 9]),
        (BugKind::LastMissing(Axis::Columns), [9, 4]),
    ] {
        is_named(&problem, WEIGHT, kind, |right| {
            let mut cut = right.problem.clone();
            let x = cut.input.clone();
            cut.input = made(x.shape(), |at| {
                if at[2] == gone[0] || at[3] == gone[1] {
                    0.0
                } else {
                    x[at.as_slice()]
                }
            });
            cut.backpropagate::<f64>(None).parameters[0].clone()
        });
    }
    let op = r#"op = "conv2d", out_channels = 4, kernel = 3, padding = 2"#;
    let padded = operator(op, &[3, 2, 6, 5]);
    for leaf in [INPUT, WEIGHT] {
        is_named(&padded, leaf, BugKind::PaddingIgnored, |right| {
            padding_ignored(right, leaf)
        });
    }
}

/// Stride 1, dilation 1: y[i, j] meets x[i + u, j + v].
fn padding_ignored(right: &Right, leaf: LeafName) -> Tensor<f64> {
    let problem = &right.problem;
    let dy = match &problem.objective.loss {
        Some(gradproof::loss::Loss::WeightedSum { cotangent }) => cotangent.clone(),
        _ => panic!("a weighted sum"),
    };
    let (x, k) = (&problem.input, &problem.parameters.tensors[0]);
    let mut wrong = right.gradient(leaf).mapv(|_| 0.0);
    for [n, o, i, j] in super::indices(dy.shape()) {
        for [_, c, u, v] in super::indices(&[1, k.shape()[1], 3, 3]) {
            if i + u < x.shape()[2] && j + v < x.shape()[3] {
                if leaf == INPUT {
                    wrong[[n, c, i + u, j + v]] += dy[[n, o, i, j]] * k[[o, c, u, v]];
                } else {
                    wrong[[o, c, u, v]] += dy[[n, o, i, j]] * x[[n, c, i + u, j + v]];
                }
            }
        }
    }
    wrong
}

#[test]
fn faults_of_a_linear_layer() {
    for (outputs, input) in [(5, [3, 7]), (4, [3, 4])] {
        let op = format!(r#"op = "linear", out_features = {outputs}"#);
        let problem = operator(&op, &input);
        for (kind, keep) in [(BugKind::FirstSampleOnly, 0), (BugKind::Overwritten, 2)] {
            is_named(&problem, WEIGHT, kind, |right| {
                let mut one = right.problem.clone();
                for (n, mut sample) in one.input.outer_iter_mut().enumerate() {
                    if n != keep {
                        sample.fill(0.0);
                    }
                }
                one.backpropagate::<f64>(None).parameters[0].clone()
            });
        }
    }
}

#[test]
fn faults_of_pooling() {
    // Whole numbers, so that windows tie.
    let op = r#"op = "max_pool2d", kernel = 2, stride = 1"#;
    let mut tied = operator(op, &[3, 2, 5, 6]);
    tied.input.mapv_inplace(f64::round);
    type Pick = fn(&[f64; 4]) -> [f64; 4];
    fn is_max(window: &[f64; 4]) -> [bool; 4] {
        window.map(|x| window.iter().all(|other| *other <= x))
    }
    let picks: [(BugKind, Pick); 4] = [
        (BugKind::WrongBranch, |window| {
            is_max(window).map(|is| f64::from(u8::from(is)))
        }),
        (BugKind::WrongBranch, |window| {
            let count = is_max(window).iter().filter(|is| **is).count() as f64;
            is_max(window).map(|is| if is { 1.0 / count } else { 0.0 })
        }),
        (BugKind::WrongBranch, |window| {
            let last = is_max(window)
                .iter()
                .rposition(|is| *is)
                .expect("a maximum");
            std::array::from_fn(|at| f64::from(u8::from(at == last)))
        }),
        (BugKind::ApproximateDerivative, |_| [0.25; 4]),
    ];
    for (kind, pick) in picks {
        is_named(&tied, INPUT, kind, |right| {
            let dy = match &right.problem.objective.loss {
                Some(gradproof::loss::Loss::WeightedSum { cotangent }) => cotangent.clone(),
                _ => panic!("a weighted sum"),
            };
            let x = &right.problem.input;
            let mut dx = x.mapv(|_| 0.0);
            for [n, c, i, j] in super::indices(dy.shape()) {
                let places = [[i, j], [i, j + 1], [i + 1, j], [i + 1, j + 1]];
                let shares = pick(&places.map(|[i, j]| x[[n, c, i, j]]));
                for ([row, column], share) in places.into_iter().zip(shares) {
                    dx[[n, c, row, column]] += share * dy[[n, c, i, j]];
                }
            }
            dx
        });
    }
}

/// The dx of a max-pooling with windows `stride` apart that begin `early` rows and columns too early.
fn max_pool_dx(right: &Right, stride: usize, early: usize) -> Tensor<f64> {
    let dy = match &right.problem.objective.loss {
        Some(gradproof::loss::Loss::WeightedSum { cotangent }) => cotangent.clone(),
        _ => panic!("a weighted sum"),
    };
    let x = &right.problem.input;
    let mut dx = x.mapv(|_| 0.0);
    for [n, c, i, j] in super::indices(dy.shape()) {
        let taps = [[0, 0], [0, 1], [1, 0], [1, 1]];
        let inside = taps.iter().filter_map(|[u, v]| {
            let row = (i * stride + u).checked_sub(early)?;
            let column = (j * stride + v).checked_sub(early)?;
            Some([n, c, row, column])
        });
        // The first of equal maxima.
        let best = inside.reduce(|best, at| if x[at] > x[best] { at } else { best });
        if let Some(best) = best {
            dx[best] += dy[[n, c, i, j]];
        }
    }
    dx
}

#[test]
fn windows_of_max_pooling_in_the_wrong_place() {
    let op = r#"op = "max_pool2d", kernel = 2, stride = 2"#;
    let problem = operator(op, &[3, 2, 7, 6]);
    let right = Right::of(&problem);
    let plain = max_pool_dx(&right, 2, 0);
    assert_eq!(
        right.diagnose(INPUT, &plain).differences,
        None,
        "the loops are right"
    );
    is_named(&problem, INPUT, BugKind::StrideIgnored, |right| {
        max_pool_dx(right, 1, 0)
    });
    is_named(&problem, INPUT, BugKind::Shifted(Axis::Both), |right| {
        max_pool_dx(right, 2, 1)
    });
}
