//! Activations with the derivative of something else.

use gradproof::judge::diagnosis::BugKind;
use gradproof::loss::Loss;
use gradproof::tensor::Tensor;

use super::{INPUT, Right, is_named, operator};

/// dy times a slope of (x, dy).
fn with_slope(right: &Right, slope: impl Fn(f64, f64) -> f64) -> Tensor<f64> {
    let Some(Loss::WeightedSum { cotangent }) = &right.problem.objective.loss else {
        panic!("a weighted sum");
    };
    let mut dx = right.problem.input.clone();
    for (dx, dy) in dx.iter_mut().zip(cotangent) {
        *dx = dy * slope(*dx, *dy);
    }
    dx
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn branches_of_relu() {
    let slopes: [fn(f64, f64) -> f64; 5] = [
        |_, _| 1.0,
        |x, _| if x > 0.0 { 0.0 } else { 1.0 },
        |_, dy| if dy > 0.0 { 1.0 } else { 0.0 },
        |x, dy| if x > 0.0 && dy > 0.0 { 1.0 } else { 0.0 },
        |x, _| x.signum(),
    ];
    for input in [vec![3, 2, 4, 5], vec![4, 9]] {
        let mut problem = operator(r#"op = "relu""#, &input);
        problem
            .input
            .mapv_inplace(|x| if x.abs() < 0.01 { 0.5 } else { x });
        for slope in slopes {
            is_named(&problem, INPUT, BugKind::WrongBranch, |right| {
                with_slope(right, slope)
            });
        }
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            with_slope(right, |x, _| if x > 0.0 { 1.0 } else { 0.01 })
        });
        is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
            with_slope(right, |x, _| x.max(0.0))
        });
    }
}

#[test]
fn derivatives_of_tanh_and_sigmoid() {
    let tanh: [fn(f64) -> f64; 7] = [
        |_| 1.0,
        |x| 1.0 - x * x,
        |x| 1.0 - x.tanh().tanh().powi(2),
        |x| x.tanh() * (1.0 - x.tanh()),
        |x| 1.0 - x.tanh(),
        |x| if x.abs() < 1.0 { 1.0 } else { 0.0 },
        |x| {
            // The quotient rule on x(27 + x²)/(27 + 9x²).
            let (top, bottom) = (x * (27.0 + x * x), 27.0 + 9.0 * x * x);
            ((27.0 + 3.0 * x * x) * bottom - top * 18.0 * x) / (bottom * bottom)
        },
    ];
    let logistic: [fn(f64) -> f64; 7] = [
        |_| 1.0,
        |x| x * (1.0 - x),
        |x| sigmoid(sigmoid(x)) * (1.0 - sigmoid(sigmoid(x))),
        |x| 1.0 - sigmoid(x).powi(2),
        |x| 1.0 - sigmoid(x),
        sigmoid,
        |x| if x.abs() < 2.5 { 0.2 } else { 0.0 },
    ];
    for input in [vec![3, 2, 4, 5], vec![4, 9]] {
        for (op, slopes) in [(r#"op = "tanh""#, tanh), (r#"op = "sigmoid""#, logistic)] {
            let problem = operator(op, &input);
            for slope in slopes {
                is_named(&problem, INPUT, BugKind::ApproximateDerivative, |right| {
                    with_slope(right, |x, _| slope(x))
                });
            }
        }
    }
}

/// A derivative that is good to three digits is neither noise nor anything else with a name.
#[test]
fn an_approximation_nobody_knows_is_not_called_noise() {
    let problem = operator(r#"op = "tanh""#, &[8, 3, 8, 8]);
    let right = Right::of(&problem);
    let wrong = with_slope(&right, |x, _| {
        (1.0 - x.tanh().powi(2)) * (1.0 + 1e-4 * (9.0 * x).sin())
    });
    let diagnosis = right.diagnose(INPUT, &wrong);
    assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
}
