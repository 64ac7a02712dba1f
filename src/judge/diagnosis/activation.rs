//! Wrong derivatives of activations: dx = dy·(some other slope).

use crate::layer::Layer;
use crate::tensor::values;

use super::evidence::Context;
use super::function;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;

/// What a slope may be computed from.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) dy: f64,
}

type Slope = fn(At) -> f64;

/// A slope that somebody may take for the right one: kind, after "equals", what to look at.
type Wrong = (BugKind, &'static str, &'static str, Slope);

/// Terms that a slope is computed from, beyond its own size: 1 − y² near |y| = 1 has the error of 1.
const TERMS: f64 = 2.0;

/// A slope with attributes in it.
pub(super) type AnySlope = Box<dyn Fn(At) -> f64>;

/// The right slope, and the wrong ones with kind and words.
pub(super) type Slopes = (
    AnySlope,
    Vec<(BugKind, &'static str, &'static str, AnySlope)>,
);

/// The right slope and the wrong ones, most likely first; `None` for another layer.
fn slopes(layer: &Layer) -> Option<Slopes> {
    let (right, wrong): (Slope, &[Wrong]) = match layer {
        Layer::Relu => (|at| flag(at.x > 0.0), &RELU),
        Layer::Tanh => (|at| 1.0 - at.y * at.y, &TANH),
        Layer::Sigmoid => (|at| at.y * (1.0 - at.y), &SIGMOID),
        Layer::Activation(activation) => return function::slopes(*activation),
        _ => return None,
    };
    let boxed = |(kind, equals, look, slope): &Wrong| -> (BugKind, &str, &str, AnySlope) {
        (*kind, *equals, *look, Box::new(*slope))
    };
    Some((Box::new(right), wrong.iter().map(boxed).collect()))
}

/// The wrong ways of `layer`, when it is an activation, most likely first.
pub(super) fn hypotheses<'a>(layer: &Layer, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let (Some((right, wrong)), Some(dy)) = (slopes(layer), &context.dy) else {
        return Vec::new();
    };
    let problem = context.problem;
    let x = values(&problem.input);
    let input = problem.input.clone();
    let y = problem
        .network
        .forward::<f64>(&problem.parameters, input, None)
        .output;
    let at: Vec<At> = (0..x.len())
        .map(|index| At {
            x: x[index],
            y: values(&y)[index],
            dy: dy[index],
        })
        .collect();
    // The error of dy itself, as a share: what is beyond the error of the slope's own terms.
    let mut level: f64 = 32.0 * f64::EPSILON;
    for (index, at) in at.iter().enumerate() {
        let term = at.dy.abs() * (TERMS + right(*at).abs());
        let gap = (context.right[index] - at.dy * right(*at)).abs();
        let error = context.error[index];
        if error.is_finite() && term > 0.0 {
            level = level.max(gap.max(error) / term);
        }
    }
    if level > 1e-3 {
        return Vec::new();
    }
    let at = std::rc::Rc::new(at);
    let hypotheses = wrong.into_iter().map(|(kind, equals, look, slope)| {
        let at = at.clone();
        Hypothesis::entries(kind, equals, look, move |index| {
            let slope = slope(at[index]);
            let terms = if slope.to_bits() == 0 {
                0.0
            } else {
                TERMS + slope.abs()
            };
            let dy = at[index].dy;
            (dy * slope, level * dy.abs() * terms)
        })
    });
    hypotheses.collect()
}

pub(super) fn flag(passes: bool) -> f64 {
    f64::from(u8::from(passes))
}

pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub(super) const MASK: &str =
    "the mask is the sign of the input of forward: where it is kept, and where it is read";
pub(super) const SLOPE: &str = "what the derivative is computed from";

const RELU: [Wrong; 12] = [
    (
        BugKind::WrongBranch,
        "the output's gradient unchanged, as if every unit passed its input on: the mask is missing",
        MASK,
        |_| 1.0,
    ),
    (
        BugKind::WrongBranch,
        "the output's gradient where the input is not positive, and 0 where it is: the branches are exchanged",
        MASK,
        |at| flag(at.x <= 0.0),
    ),
    (
        BugKind::WrongBranch,
        "the output's gradient where that gradient is positive, whatever the input is",
        MASK,
        |at| flag(at.dy > 0.0),
    ),
    (
        BugKind::WrongBranch,
        "the output's gradient where both it and the input are positive (guided backpropagation)",
        MASK,
        |at| flag(at.dy > 0.0 && at.x > 0.0),
    ),
    (
        BugKind::WrongBranch,
        "the derivative with slope 1 at 0",
        "whether the mask is x >= 0 or x > 0: at 0 exactly that is another subgradient",
        |at| flag(at.x >= 0.0),
    ),
    (
        BugKind::WrongBranch,
        "the derivative with slope 1/2 at 0",
        "the mask at 0 exactly, where that is another subgradient",
        |at| {
            if at.x > 0.0 {
                1.0
            } else {
                0.5 * flag(at.x >= 0.0)
            }
        },
    ),
    (
        BugKind::WrongBranch,
        "the derivative of |x|: slope -1 where the input is negative",
        MASK,
        |at| flag(at.x > 0.0) - flag(at.x < 0.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of a leaky ReLU with slope 0.01",
        SLOPE,
        |at| if at.x > 0.0 { 1.0 } else { 0.01 },
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of a leaky ReLU with slope 0.1",
        SLOPE,
        |at| if at.x > 0.0 { 1.0 } else { 0.1 },
    ),
    (
        BugKind::ApproximateDerivative,
        "the output's gradient times the output: the value stands where the slope belongs",
        SLOPE,
        |at| at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of a ReLU that is cut off at 6",
        SLOPE,
        |at| flag(at.x > 0.0 && at.x < 6.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of softplus, the logistic function",
        SLOPE,
        |at| logistic(at.x),
    ),
];

const TANH: [Wrong; 17] = [
    (
        BugKind::ApproximateDerivative,
        "the output's gradient unchanged: the derivative 1 - y^2 is missing",
        SLOPE,
        |_| 1.0,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative 1 - y^2 taken at the input x instead of the output y",
        "1 - y^2 needs what tanh returned",
        |at| 1.0 - at.x * at.x,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative 1 - tanh(y)^2, with tanh applied twice",
        "1 - y^2 needs no further tanh",
        |at| 1.0 - at.y.tanh().powi(2),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of the logistic function, y(1 - y)",
        SLOPE,
        |at| at.y * (1.0 - at.y),
    ),
    (
        BugKind::ApproximateDerivative,
        "1 - y instead of 1 - y^2: the square is missing",
        SLOPE,
        |at| 1.0 - at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "1 - |y| instead of 1 - y^2",
        SLOPE,
        |at| 1.0 - at.y.abs(),
    ),
    (
        BugKind::ApproximateDerivative,
        "the output's gradient times the output: the value stands where the slope belongs",
        SLOPE,
        |at| at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "y^2 instead of 1 - y^2",
        SLOPE,
        |at| at.y * at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "1 + y^2 instead of 1 - y^2",
        "the sign in 1 - y^2",
        |at| 1.0 + at.y * at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "1/cosh(x) instead of its square",
        SLOPE,
        |at| at.x.cosh().recip(),
    ),
    (
        BugKind::ApproximateDerivative,
        "(1 - y^2) squared",
        "the derivative is multiplied twice",
        |at| (1.0 - at.y * at.y).powi(2),
    ),
    (
        BugKind::ApproximateDerivative,
        "the slope of a piecewise linear tanh, 1 between -1 and 1",
        SLOPE,
        |at| flag(at.x.abs() < 1.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "1 - x^2, and 0 where that is negative",
        SLOPE,
        |at| (1.0 - at.x * at.x).max(0.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of softsign, 1/(1 + |x|)^2",
        SLOPE,
        |at| (1.0 + at.x.abs()).powi(-2),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of the rational function x(27 + x^2)/(27 + 9x^2)",
        "forward is exact, and backward belongs to an approximation of it",
        |at| {
            let square = at.x * at.x;
            ((square - 9.0) / (3.0 * (square + 3.0))).powi(2)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of x - x^3/3 + 2x^5/15, the beginning of tanh's series",
        "forward is exact, and backward belongs to an approximation of it",
        |at| 1.0 - at.x.powi(2) + 2.0 / 3.0 * at.x.powi(4),
    ),
    (
        BugKind::WrongBranch,
        "the derivative at the output's gradient instead of at the input",
        SLOPE,
        |at| 1.0 - at.dy.tanh().powi(2),
    ),
];

const SIGMOID: [Wrong; 15] = [
    (
        BugKind::ApproximateDerivative,
        "the output's gradient unchanged: the derivative y(1 - y) is missing",
        SLOPE,
        |_| 1.0,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative y(1 - y) taken at the input x instead of the output y",
        "y(1 - y) needs what the logistic function returned",
        |at| at.x * (1.0 - at.x),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative with the logistic function applied twice",
        "y(1 - y) needs no further logistic function",
        |at| logistic(at.y) * logistic(-at.y),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of tanh, 1 - y^2",
        SLOPE,
        |at| 1.0 - at.y * at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "1 - y instead of y(1 - y)",
        "the factor y",
        |at| 1.0 - at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "y instead of y(1 - y)",
        "the factor 1 - y",
        |at| at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "y(1 + y) instead of y(1 - y)",
        "the sign in 1 - y",
        |at| at.y * (1.0 + at.y),
    ),
    (
        BugKind::ApproximateDerivative,
        "y^2 instead of y(1 - y)",
        "the factor 1 - y",
        |at| at.y * at.y,
    ),
    (
        BugKind::ApproximateDerivative,
        "y^2(1 - y)^2",
        "the derivative is multiplied twice",
        |at| (at.y * (1.0 - at.y)).powi(2),
    ),
    (
        BugKind::ApproximateDerivative,
        "the slope 1/4 that the logistic function has at 0, everywhere",
        SLOPE,
        |_| 0.25,
    ),
    (
        BugKind::ApproximateDerivative,
        "the slope of a piecewise linear sigmoid, 1/5 between -2.5 and 2.5",
        SLOPE,
        |at| 0.2 * flag(at.x.abs() < 2.5),
    ),
    (
        BugKind::ApproximateDerivative,
        "the slope of a piecewise linear sigmoid, 1/4 between -2 and 2",
        SLOPE,
        |at| 0.25 * flag(at.x.abs() < 2.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the slope of a piecewise linear sigmoid, 1/6 between -3 and 3",
        SLOPE,
        |at| flag(at.x.abs() < 3.0) / 6.0,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of x/(1 + |x|) in place of the logistic function, 1/(2(1 + |x|)^2)",
        "forward is exact, and backward belongs to an approximation of it",
        |at| 0.5 * (1.0 + at.x.abs()).powi(-2),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of 1/2 + x/4 - x^3/48, the beginning of the logistic function's series",
        "forward is exact, and backward belongs to an approximation of it",
        |at| 0.25 - at.x * at.x / 16.0,
    ),
];
