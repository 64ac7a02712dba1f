//! Losses with wrong gradients.

use gradproof::harness::mutant::Mutant;
use gradproof::judge::diagnosis::{BugKind, Factor};
use gradproof::loss::Loss;
use gradproof::network::Problem;
use gradproof::rng::Stream;
use gradproof::tensor::{self, Tensor};

use super::{INPUT, Right, is_named, mutant};

fn random(shape: &[usize], purpose: &str) -> Tensor<f64> {
    let mut stream = Stream::new(3, purpose);
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.symmetric(2.0, 6));
    values
}

/// Cross-entropy of 3 samples over 5 classes.
fn softmax(label_smoothing: f64) -> Problem {
    let classes = vec![4, 0, 2];
    let loss = Loss::SoftmaxCrossEntropy {
        classes,
        label_smoothing,
        class_weights: None,
    };
    Problem::single(None, Vec::new(), random(&[3, 5], "z"), loss, 1.0).expect("the shapes fit")
}

fn squared(shape: &[usize]) -> Problem {
    let loss = Loss::MeanSquaredError {
        target: random(shape, "t"),
    };
    Problem::single(None, Vec::new(), random(shape, "y"), loss, 1.0).expect("the shapes fit")
}

/// scale/N·f(softmax, is the target, logit) at every class.
fn of_softmax(right: &Right, entry: impl Fn(f64, bool, f64) -> f64) -> Tensor<f64> {
    let problem = &right.problem;
    let Some(Loss::SoftmaxCrossEntropy { classes, .. }) = &problem.objective.loss else {
        panic!("a cross-entropy");
    };
    let mut dz = problem.input.mapv(f64::exp);
    for ((n, mut row), class) in dz.outer_iter_mut().enumerate().zip(classes) {
        let total = row.sum();
        for (k, e) in row.iter_mut().enumerate() {
            let share = problem.objective.scale / 3.0;
            *e = share * entry(*e / total, k == *class, problem.input[[n, k]]);
        }
    }
    dz
}

#[test]
fn softmax_cross_entropy_with_a_fault() {
    for smoothing in [0.0, 0.125] {
        let problem = softmax(smoothing);
        let q = move |hit: bool| smoothing / 5.0 + if hit { 1.0 - smoothing } else { 0.0 };
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            of_softmax(right, |p, _, _| p)
        });
        is_named(&problem, INPUT, BugKind::Factor(Factor::Batch), |right| {
            right.mutated(INPUT, mutant("softmax_cross_entropy.batch_mean_missing"))
        });
        for fault in 0..4 {
            is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
                of_softmax(right, |p, hit, z| match fault {
                    0 if hit => p - q(hit),
                    0 => 0.0,
                    1 => z - q(hit),
                    2 => -q(hit) / p,
                    _ => p + q(hit),
                })
            });
        }
    }
    is_named(
        &softmax(0.125),
        INPUT,
        BugKind::ApproximateDerivative,
        |right| of_softmax(right, |p, hit, _| p - f64::from(u8::from(hit))),
    );
}

#[test]
fn mean_squared_error_with_a_fault() {
    for shape in [[3, 5], [4, 7]] {
        let problem = squared(&shape);
        let entries = (shape[0] * shape[1]) as f64;
        for (kind, factor) in [
            (BugKind::Factor(Factor::Half), 0.5),
            (
                BugKind::Factor(Factor::Other(shape[1] as f64)),
                shape[1] as f64,
            ),
            (BugKind::Factor(Factor::Other(entries)), entries),
            (BugKind::Sign, -1.0),
        ] {
            is_named(&problem, INPUT, kind, |right| {
                right.gradient(INPUT).mapv(|g| factor * g)
            });
        }
        let of_pairs = |right: &Right, entry: fn(f64, f64) -> f64| {
            let Some(Loss::MeanSquaredError { target }) = &right.problem.objective.loss else {
                panic!("a squared error");
            };
            let mut dy = right.problem.input.clone();
            for (dy, t) in dy.iter_mut().zip(target) {
                *dy = entry(*dy, *t) / target.len() as f64 * right.problem.objective.scale;
            }
            dy
        };
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            of_pairs(right, |y, _| 2.0 * y)
        });
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            of_pairs(right, |y, t| (y - t).signum())
        });
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            of_pairs(right, |y, t| (y - t).powi(2))
        });
    }
}

/// The scale of the loss, not applied: a factor with a reason.
#[test]
fn a_scale_that_is_left_out_is_recognised() {
    let mut problem = squared(&[3, 5]);
    problem.objective.scale = 0.037;
    let right = Right::of(&problem);
    let wrong = right.gradient(INPUT).mapv(|g| g / 0.037);
    let diagnosis = right.diagnose(INPUT, &wrong);
    assert!(
        matches!(diagnosis.kind, Some(BugKind::Factor(Factor::Other(_))))
            && diagnosis.sentence.contains("1 over the loss's scale"),
        "{}",
        diagnosis.sentence
    );
}

#[test]
fn faults_of_class_weights_have_names() {
    let class_weights = Some(vec![0.7, 1.3, 1.9, 0.6, 1.1]);
    let losses = [
        Loss::SoftmaxCrossEntropy {
            classes: vec![4, 0, 2],
            label_smoothing: 0.125,
            class_weights: class_weights.clone(),
        },
        Loss::Nll {
            classes: vec![4, 0, 2],
            class_weights,
        },
    ];
    for loss in losses {
        let y = random(&[3, 5], "z");
        let problem = Problem::single(None, Vec::new(), y, loss, 1.0).expect("the shapes fit");
        let mut named = 0;
        for mutant in Mutant::all().filter(|mutant| mutant.lives_in(&problem)) {
            let right = Right::of(&problem);
            let diagnosis = right.diagnose(INPUT, &right.mutated(INPUT, mutant));
            assert!(
                mutant.is_expected(diagnosis.kind),
                "{mutant}: {}",
                diagnosis.sentence
            );
            named += 1;
        }
        assert!(named >= 6, "{named} faults");
    }
}
