//! A constant times the right tensor.

use crate::layer::Layer;
use crate::loss::Loss;

use super::evidence::{Context, within};
use super::hypothesis::Hypothesis;
use super::kind::{BugKind, Factor};

/// A factor that has no name needs so many entries with the same ratio.
pub(super) const FEWEST: usize = 3;

/// A size that a factor may be.
struct Size {
    value: usize,
    name: &'static str,
    times: Factor,
    over: Factor,
}

/// Sign and the factors that have names.
pub(super) fn named<'a>(context: &Context<'a>) -> Vec<Hypothesis<'a>> {
    let mut hypotheses = vec![Hypothesis::scaled(
        BugKind::Sign,
        "minus the right gradient",
        sign_look(context),
        -1.0,
    )];
    let mut add = |kind, equals: String, look: &str, factor| {
        let kind = BugKind::Factor(kind);
        hypotheses.push(Hypothesis::scaled(kind, equals, look, factor));
    };
    let is_loss = context.problem.network.layers().is_empty();
    add(
        Factor::Two,
        "2 times the right gradient".to_owned(),
        if is_loss {
            "a factor 2 too many, or one that belongs to the square's derivative and is there twice"
        } else {
            "something is added twice, or a factor 2 is not cancelled"
        },
        2.0,
    );
    add(
        Factor::Half,
        "half of the right gradient".to_owned(),
        if is_loss {
            "the factor 2 of the square's derivative, or a 1/2 that forward does not have"
        } else {
            "a factor 1/2 that forward does not have, or one of two parts that add up"
        },
        0.5,
    );
    for size in sizes(context).iter().filter(|size| size.value > 1) {
        let Size { value, name, .. } = size;
        add(
            size.times,
            format!("{value} times the right gradient, {value} being {name}"),
            "the division: a sum stands where a mean belongs",
            *value as f64,
        );
        add(
            size.over,
            format!("the right gradient divided by {value}, {name}"),
            "a division too many: a mean stands where a sum belongs",
            1.0 / *value as f64,
        );
    }
    hypotheses
}

fn sign_look(context: &Context<'_>) -> &'static str {
    if context.problem.network.layers().is_empty() {
        "the order of the two sides of a difference, or the minus of -log"
    } else {
        "a minus too many or too few, or an update that is returned instead of a gradient"
    }
}

fn sizes(context: &Context<'_>) -> Vec<Size> {
    let problem = context.problem;
    let mut sizes = vec![Size {
        value: context.batch(),
        name: "the batch size",
        times: Factor::Batch,
        over: Factor::OverBatch,
    }];
    for (shape, name) in [
        (
            problem.network.output_shape(),
            "the number of positions in an output plane",
        ),
        (
            problem.network.input_shape(),
            "the number of positions in an input plane",
        ),
    ] {
        if let [_, _, positions @ ..] = shape
            && !positions.is_empty()
        {
            sizes.push(Size {
                value: positions.iter().product(),
                name,
                times: Factor::Positions,
                over: Factor::OverPositions,
            });
        }
    }
    sizes
}

/// Any other constant ratio.
pub(super) fn other<'a>(context: &Context<'a>) -> Option<Hypothesis<'a>> {
    // The entry that is known best says what the ratio is.
    let precision = |index: usize| {
        let (right, wrong) = (context.right[index].abs(), context.wrong[index].abs());
        right.min(wrong) / (context.error[index] + f64::MIN_POSITIVE)
    };
    let known = (0..context.right.len())
        .filter(|index| precision(*index) > 0.0 && context.wrong[*index].is_finite());
    let best = known.max_by(|a, b| precision(*a).total_cmp(&precision(*b)))?;
    let ratio = context.wrong[best] / context.right[best];
    if !ratio.is_finite() {
        return None;
    }
    let slack =
        (context.wrong_error[best] + ratio.abs() * context.error[best]) / context.right[best].abs();
    let counts = |index: &usize| {
        let size = context.right[*index].abs();
        size > 8.0 * context.error[*index]
            && (ratio - 1.0).abs() * size > 8.0 * context.error[*index]
    };
    if (0..context.right.len()).filter(counts).count() < FEWEST {
        return None;
    }
    let rounded = short(ratio);
    let exact = within(rounded, ratio, slack);
    let factor = if exact { rounded } else { ratio };
    let equals = format!("{} times the right gradient", written(factor, slack));
    let look = factor_look(context, factor, slack);
    let right = context.right;
    let errors: Vec<f64> = context.error.clone();
    Some(Hypothesis::entries(
        BugKind::Factor(Factor::Other(factor)),
        equals,
        look,
        move |index| {
            let own = factor.abs() * errors[index];
            (factor * right[index], own + slack * right[index].abs())
        },
    ))
}

/// The factor as one would write it by hand: 1/6 is known better than 0.16666666666666669.
fn written(factor: f64, slack: f64) -> String {
    let over = factor.recip().round();
    let allowed = slack + 1e-9 * factor.abs();
    if (2.0..1e6).contains(&over.abs()) && within(factor, over.recip(), allowed) {
        let sign = if factor < 0.0 { "-" } else { "" };
        return format!("{sign}1/{}", over.abs());
    }
    factor.to_string()
}

/// The ratio rounded to 9 digits, as it would be written by hand.
fn short(ratio: f64) -> f64 {
    format!("{ratio:.8e}").parse().unwrap_or(ratio)
}

/// What the factor may come from.
fn factor_look(context: &Context<'_>, factor: f64, slack: f64) -> String {
    let mut known: Vec<(f64, &str)> = Vec::new();
    let scale = context.problem.objective.scale;
    if context.problem.network.layers().is_empty() {
        known.push((scale, "the loss's scale"));
    }
    let convolution = match context.owner() {
        Some(Layer::Conv1d(conv) | Layer::Conv2d(conv)) => Some((conv.window, conv.groups)),
        Some(Layer::ConvTranspose2d(conv)) => Some((conv.window, conv.groups)),
        _ => None,
    };
    if let Some((window, groups)) = convolution {
        let taps = (window.kernel[0] * window.kernel[1]) as f64;
        known.push((taps, "the number of taps of a kernel"));
        known.push((groups as f64, "the number of groups"));
    }
    let pool = match context.owner() {
        Some(Layer::MaxPool2d(pool)) => Some(pool.window),
        Some(Layer::AvgPool2d(pool)) => Some(pool.window),
        _ => None,
    };
    if let Some(window) = pool {
        let entries = (window.kernel[0] * window.kernel[1]) as f64;
        known.push((entries, "the number of entries in a window"));
    }
    let output = context.problem.network.output_shape();
    let entries: usize = output.iter().product();
    known.push((entries as f64, "the number of all outputs"));
    if let [batch, channels, ..] = output {
        known.push((*channels as f64, "the number of output channels"));
        known.push((
            (entries / batch) as f64,
            "the number of outputs of one sample",
        ));
        known.push((
            (entries / channels) as f64,
            "the number of positions in all samples",
        ));
    }
    if let [_, channels, ..] = context.problem.network.input_shape() {
        known.push((*channels as f64, "the number of input channels"));
    }
    if let Some(Loss::SoftmaxCrossEntropy { .. }) = context.problem.objective.loss {
        known.push((std::f64::consts::LN_2, "ln 2, of a logarithm to base 2"));
    }
    let names: Vec<String> = known
        .iter()
        .filter(|(value, _)| *value > 0.0 && (value - 1.0).abs() > 0.0)
        .filter_map(|(value, name)| {
            let allowed = slack + 1e-9 * factor.abs();
            if within(factor.abs(), *value, allowed) {
                Some((*name).to_owned())
            } else {
                within(factor.abs(), value.recip(), allowed).then(|| format!("1 over {name}"))
            }
        })
        .collect();
    let sign = if factor < 0.0 { "a sign, and " } else { "" };
    let factor = written(factor, slack);
    match names.first() {
        Some(name) => format!("{sign}where a factor {factor} comes from; it is {name}"),
        None => format!("{sign}where a factor {factor} comes from"),
    }
}
