//! Which kind of bug a wrong tensor shows.

use serde::{Deserialize, Serialize};

use crate::layer::{Activation, Layer};

use super::evidence::{Context, Evidence};
use super::hypothesis::Hypothesis;
use super::kind::BugKind;
use super::positions::{Differences, listed};
use super::precision::{self, Found};
use super::{
    accumulated, activation, adaptive_pool, conv_transpose2d, conv2d, factor, join, linear, loss,
    mask, normalization, penalty, pool, rearranged, resize, softmax,
};

/// With fewer entries that a fault clearly moves, one of several kinds is not named.
const FEWEST: usize = 3;

/// With fewer, not even the only one.
const FEWEST_ALONE: usize = 2;

/// What a wrong gradient looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// The kind that explains every entry within the error bounds; `None` when none does, or when the
    /// tensor has too few entries to choose among those in `also`.
    pub kind: Option<BugKind>,
    /// Other kinds that give the same tensor here.
    pub also: Vec<BugKind>,
    /// What the tensor equals, and what to look at; or where it is wrong, and by how much.
    pub sentence: String,
    /// Where it is wrong, and by how much; `None` when it is right.
    pub differences: Option<Differences>,
}

/// Hold a wrong gradient against every known fault.
///
/// A fault is named only when it gives the wrong tensor at every entry within the error bounds, and
/// something else than the right one.
///
/// # Panics
/// When the tensors are not in the shape of the evidence's leaf.
#[must_use]
pub fn diagnose(evidence: &Evidence<'_>) -> Diagnosis {
    let context = Context::new(evidence);
    let subject = context.subject();
    if (0..context.right.len()).all(|index| context.agrees(index)) {
        return Diagnosis {
            kind: None,
            also: Vec::new(),
            sentence: format!("{subject}: is right within the error bounds"),
            differences: None,
        };
    }
    let differences = Differences::of(&context);
    let found = if differences.not_finite > 0 && context.right.iter().all(|g| g.is_finite()) {
        precision::rounded(&context)
    } else {
        explanations(&context)
    };
    let (kind, also, sentence) = conclude(&found, &differences);
    Diagnosis {
        kind,
        also,
        sentence: format!("{subject}: {sentence}"),
        differences: Some(differences),
    }
}

/// Shows some of the hypotheses, one after the other.
type Group = fn(&Context<'_>, &mut dyn FnMut(&Hypothesis<'_>));

/// Every kind that fits, the first of each in words.
fn explanations(context: &Context<'_>) -> Vec<Found> {
    if let Some((join, _)) = context.join() {
        // What it is among branches says more than what it is as a number.
        let hypotheses = join::hypotheses(join, context);
        let fitting = hypotheses.iter().filter_map(|h| explanation(h, context));
        let mut found: Vec<Found> = fitting.collect();
        found.dedup_by_key(|found| found.kind);
        if !found.is_empty() {
            return found;
        }
    }
    let mut found: Vec<Found> = Vec::new();
    let groups: [Group; 4] = [
        of_penalty,
        |context, hold| factor::named(context).iter().for_each(hold),
        |context, hold| rearranged::hypotheses(context).iter().for_each(hold),
        of_part,
    ];
    for group in groups {
        group(context, &mut |hypothesis| {
            if found.iter().any(|found| found.kind == hypothesis.kind) {
                return;
            }
            found.extend(explanation(hypothesis, context));
        });
    }
    found.extend(precision::rounded(context));
    if found.is_empty() {
        let other = factor::other(context);
        found.extend(other.and_then(|hypothesis| explanation(&hypothesis, context)));
    }
    // Noise that is in proportion to the value is no sum's, and comes before errors of that size.
    let patternless = [
        accumulated::in_format,
        precision::noise,
        accumulated::of_expected_size,
    ];
    if found.is_empty() {
        found.extend(patternless.iter().find_map(|explain| explain(context)));
    }
    found
}

fn explanation(hypothesis: &Hypothesis<'_>, context: &Context<'_>) -> Option<Found> {
    hypothesis.fit(context).map(|fit| Found {
        kind: hypothesis.kind,
        equals: hypothesis.equals.clone(),
        look: hypothesis.look.clone(),
        informative: fit.informative,
    })
}

fn of_penalty(context: &Context<'_>, hold: &mut dyn FnMut(&Hypothesis<'_>)) {
    if let Some(penalty) = context.problem.objective.penalty {
        penalty::hypotheses(penalty, context).iter().for_each(hold);
    }
}

/// The faults of the layer, or of the loss, that is alone in the problem.
fn of_part(context: &Context<'_>, hold: &mut dyn FnMut(&Hypothesis<'_>)) {
    let problem = context.problem;
    let hypotheses = match (context.layer(), &problem.objective.loss) {
        (Some(Layer::Conv1d(conv) | Layer::Conv2d(conv)), _) => conv2d::hypotheses(conv, context),
        (Some(Layer::ConvTranspose2d(conv)), _) => conv_transpose2d::hypotheses(conv, context),
        (Some(Layer::Linear), _) => linear::hypotheses(context),
        (Some(Layer::MaxPool2d(pool)), _) => pool::max_pool2d(pool, context),
        (Some(Layer::AvgPool2d(pool)), _) => pool::avg_pool2d(pool, context),
        (Some(Layer::Activation(Activation::Softmax(spec))), _) => softmax::softmax(*spec, context),
        (Some(Layer::Activation(Activation::LogSoftmax(spec))), _) => {
            softmax::log_softmax(*spec, context)
        }
        (Some(Layer::AdaptiveAvgPool2d), _) => adaptive_pool::hypotheses(context),
        (Some(Layer::ZeroPad2d(spec)), _) => resize::zero_pad2d(*spec, context),
        (Some(Layer::Upsample(spec)), _) => resize::upsample(*spec, context),
        (Some(layer @ (Layer::Relu | Layer::Tanh | Layer::Sigmoid | Layer::Activation(_))), _) => {
            activation::hypotheses(layer, context)
        }
        (Some(Layer::Normalization(norm)), _) => normalization::hypotheses(norm, context),
        (None, Some(loss)) if problem.network.layers().is_empty() => {
            loss::hypotheses(loss, context)
        }
        (Some(Layer::Prelu), _) => mask::prelu(context),
        (Some(Layer::Dropout(spec)), _) => mask::dropout(*spec, context),
        (Some(Layer::Flatten | Layer::Join(_)) | None, _) => Vec::new(),
    };
    hypotheses.iter().for_each(hold);
}

fn conclude(found: &[Found], differences: &Differences) -> (Option<BugKind>, Vec<BugKind>, String) {
    let kinds = |found: &[Found]| found.iter().map(|found| found.kind).collect();
    let equals = |found: &[Found]| -> Vec<String> {
        found.iter().map(|found| found.equals.clone()).collect()
    };
    match found {
        [] => {
            let sentence = format!("like no fault that is known; {}", differences.sentence());
            (None, Vec::new(), sentence)
        }
        [first, others @ ..] => {
            let fewest = if others.is_empty() {
                FEWEST_ALONE
            } else {
                FEWEST
            };
            if first.informative < fewest {
                let sentence = format!(
                    "too few numbers to tell what they are; they fit {}",
                    equals(found).join(", or ")
                );
                return (None, kinds(found), sentence);
            }
            let mut sentence = format!("equals {}: {}", first.equals, first.look);
            if !others.is_empty() {
                sentence.push_str(&format!(
                    "; cannot be told here from {}",
                    listed(&equals(others))
                ));
            }
            (Some(first.kind), kinds(others), sentence)
        }
    }
}
