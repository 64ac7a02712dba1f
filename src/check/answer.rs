//! The answer to "is my gradient right?", and the sentence that gives it.

use crate::judge::Culprit;
use crate::report::words::{counted, grouped, listed};
use crate::report::{Control, Counts, Outcome, OutputRow, Part};
use crate::spec::case::{Precision, SourceName};

/// Wrong when anything disagrees; right when everything agrees and the planted fault was caught.
pub(super) fn outcome(parts: &[Part], control: &Control) -> Outcome {
    let counts: Vec<Counts> = parts.iter().map(Part::counts).collect();
    let total = Counts::total(&counts);
    let differs = |part: &Part| !part.values_agree;
    let output = outputs(parts).any(|output| output.wrong > 0);
    if total.wrong() > 0 || output || parts.iter().any(differs) || beyond(parts) > 0 {
        Outcome::Wrong
    } else if matches!(control, Control::Caught { .. }) && total.agree > 0 && total.unresolved == 0
    {
        Outcome::Right
    } else {
        Outcome::Unjudged
    }
}

/// The answer in plain words.
pub(super) fn sentence(
    outcome: Outcome,
    parts: &[Part],
    control: &Control,
    precision: Precision,
) -> String {
    let references = parts.first().map(Part::references).unwrap_or_default();
    let names: Vec<String> = references.iter().map(ToString::to_string).collect();
    let names = listed(&names);
    let counts: Vec<Counts> = parts.iter().map(Part::counts).collect();
    let total = Counts::total(&counts);
    let checked: usize = parts
        .iter()
        .flat_map(|part| &part.tensors)
        .map(|row| row.coordinates)
        .sum();
    match outcome {
        Outcome::Right => right(parts, total, checked, &names),
        Outcome::Wrong => wrong(parts, total, checked, &names, precision),
        Outcome::Unjudged => unjudged(parts, total, checked, control),
    }
}

fn right(parts: &[Part], total: Counts, checked: usize, names: &str) -> String {
    let mut sentence = format!(
        "Yes: your gradient is right. All {} derivatives{} agree with {names}, each within its own error bound.",
        grouped((checked - total.unobservable) / parts.len().max(1)),
        if parts.len() > 1 {
            ", of the data loss, of the penalty and of both together,"
        } else {
            ""
        }
    );
    if total.at_kink_inside > 0 {
        sentence += &format!(
            " {} of them are at a kink, where there is no derivative: there the gradient lies between the slopes on both sides.",
            grouped(total.at_kink_inside)
        );
    }
    let carried: usize = parts
        .iter()
        .filter_map(|part| part.single.as_ref())
        .map(|single| single.carried)
        .sum();
    if carried > 0 {
        sentence += &format!(
            " {} of them agree on the branches that f32 takes, where rounding turns a unit that f64 sees on the other side of its kink.",
            grouped(carried)
        );
    }
    let steps = parts
        .iter()
        .flat_map(|part| &part.tensors)
        .filter_map(|row| row.steps);
    let crossed: usize = steps.map(|steps| steps.crossed).sum();
    if crossed > 0 {
        sentence += &format!(
            " At {} of them central differences of this step cross a kink of a ReLU or a pooling, and cannot judge; the others agree there.",
            grouped(crossed)
        );
    }
    if total.unobservable > 0 {
        sentence += &format!(
            " {} cannot be seen by this objective, and passed as little as failed.",
            listed(&hidden(parts))
        );
    }
    sentence
}

/// The tensors that the objective cannot see, each once.
fn hidden(parts: &[Part]) -> Vec<String> {
    let rows = parts.iter().flat_map(|part| &part.tensors);
    let names: std::collections::BTreeSet<String> = rows
        .filter(|row| row.unobservable.is_some())
        .map(|row| row.name.clone())
        .collect();
    names.into_iter().collect()
}

fn wrong(
    parts: &[Part],
    total: Counts,
    checked: usize,
    names: &str,
    precision: Precision,
) -> String {
    if let Some(sentence) = out_of_range(parts, total, checked, precision) {
        return sentence;
    }
    if let Some(output) = outputs(parts).find(|output| output.wrong > 0) {
        return wrong_output(output, total, checked);
    }
    let blamed = parts
        .iter()
        .find_map(|part| Some((part, part.blame.as_ref()?)));
    if let Some((part, blame)) = blamed {
        let is_reference =
            |culprit: &Culprit| matches!(culprit, Culprit::Source(name) if !name.is_under_test());
        if !blame.culprits.is_empty() && blame.culprits.iter().all(is_reference) {
            return format!(
                "Something is wrong, and by all accounts not your gradient: {}",
                blame.sentence()
            );
        }
        if blame.culprits.contains(&Culprit::Forward) {
            let layers = match part.forward.len() {
                0 => String::new(),
                _ => format!(" They differ in {}.", listed(&part.forward)),
            };
            return format!(
                "No: the forward pass is wrong in one of the sources, so that their {} is not the same number.{layers}",
                part.name.title()
            );
        }
    }
    if let Some(part) = parts.iter().find(|part| !part.values_agree) {
        if let Some(sentence) = given_loss(part, total, checked) {
            return sentence;
        }
        return format!(
            "No: the sources do not even agree on the value of the {}, so the forward pass itself is wrong in one of them; its gradients are compared below all the same.",
            part.name.title()
        );
    }
    if total.wrong() == 0 {
        return format!(
            "No: at {} the forward pass in f32 takes another branch than in f64, further from the kink than rounding reaches.",
            counted(beyond(parts), "unit")
        );
    }
    let tensors: Vec<String> = parts
        .iter()
        .flat_map(|part| &part.tensors)
        .filter(|row| row.counts.wrong() > 0)
        .map(|row| row.name.clone())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let beyond = total.disagree + total.invalid;
    let culprits: Vec<String> = parts
        .iter()
        .filter_map(|part| part.place.as_ref())
        .flat_map(|place| &place.culprits)
        .map(|fault| fault.layer.clone())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut sentence = match culprits.len() {
        0 => "No: something is wrong.".to_owned(),
        _ => format!("No: something is wrong in {}.", listed(&culprits)),
    };
    if beyond > 0 {
        sentence += &format!(
            " {} of {} derivatives differ from {names} by more than rounding and truncation explain, in {}.",
            grouped(beyond),
            grouped(checked),
            listed(&tensors)
        );
    }
    if total.at_kink_outside > 0 {
        sentence += &format!(
            " {} are at a kink, and lie outside of the slopes on both sides.",
            grouped(total.at_kink_outside)
        );
    }
    if total.invalid > 0 {
        sentence += &format!(" {} are not finite.", grouped(total.invalid));
    }
    let has_no_value = |part: &Part| part.values.iter().any(|value| value.value.is_none());
    if 2 * total.wrong() > checked && parts.iter().any(has_no_value) {
        sentence += " Where nearly everything differs and the loss is not given, see first that the parameters, the samples and the loss are the same.";
    }
    let named = parts
        .iter()
        .flat_map(|part| &part.diagnoses)
        .find(|row| row.diagnosis.kind.is_some());
    if let Some(row) = named {
        sentence += &format!(" {}.", row.diagnosis.sentence);
    }
    sentence
}

/// What there is to say when a given loss is not that of the others.
fn given_loss(part: &Part, total: Counts, checked: usize) -> Option<String> {
    let (given, others) = part.values.split_first()?;
    let own = given.value.filter(|_| given.source == SourceName::Given)?;
    let right = others.first()?.value?;
    let gradient = match total.wrong() {
        0 => "Its gradient is right all the same.".to_owned(),
        wrong => format!(
            "{} of {} derivatives differ as well.",
            grouped(wrong),
            grouped(checked)
        ),
    };
    let mut named = part.diagnoses.iter();
    let named = named.find(|row| row.diagnosis.kind.is_some());
    let named = named.map_or(String::new(), |row| format!(" {}.", row.diagnosis.sentence));
    Some(format!(
        "No: the given loss is {}, and should be {}: it comes of another forward pass, another loss, other parameters, or other samples. {gradient}{named}",
        own.0, right.0
    ))
}

/// What there is to say when the forward pass is another one already.
fn wrong_output(output: &OutputRow, total: Counts, checked: usize) -> String {
    let worst = output.worst.as_ref().map_or(String::new(), |worst| {
        format!(
            ", {} most of all: it is {} and should be {}",
            worst.name, worst.value.0, worst.expected.0
        )
    });
    let gradient = match total.wrong() {
        0 => "Its gradient is that of the right forward pass".to_owned(),
        wrong => format!(
            "{} of {} derivatives differ as well",
            grouped(wrong),
            grouped(checked)
        ),
    };
    format!(
        "No: the forward pass is wrong. {} of {} of its output differ by more than rounding explains{worst}. {gradient}.",
        grouped(output.wrong),
        match output.entries {
            1 => "1 entry".to_owned(),
            entries => format!("{} entries", grouped(entries)),
        },
    )
}

fn outputs(parts: &[Part]) -> impl Iterator<Item = &OutputRow> {
    parts.iter().filter_map(|part| part.output.as_ref())
}

/// What there is to say when numbers leave the range of `f32`, which no rule of differentiation mends.
fn out_of_range(
    parts: &[Part],
    total: Counts,
    checked: usize,
    precision: Precision,
) -> Option<String> {
    let is_infinite = |part: &&Part| {
        let values = part.values.iter().filter_map(|value| value.value);
        let mut values = values.map(|value| value.0.is_finite());
        values.next() == Some(false) && values.all(|is_finite| is_finite)
    };
    let value = parts.iter().find(is_infinite);
    let what = match (precision, value, total.invalid) {
        (Precision::F64, ..) | (Precision::F32, None, 0) => return None,
        (Precision::F32, Some(part), _) => format!("the {} is not finite", part.name.title()),
        (Precision::F32, None, invalid) => format!(
            "{} of {} derivatives are not finite",
            grouped(invalid),
            grouped(checked)
        ),
    };
    Some(format!(
        "No: {what} in f32, whose numbers end at 3.4e38. Scale the loss or the weights down, or compute in f64: there the references stay finite."
    ))
}

/// Units at which the forward pass in `f32` is on another branch than rounding explains.
fn beyond(parts: &[Part]) -> usize {
    let single = parts.iter().filter_map(|part| part.single.as_ref());
    single.map(|single| single.beyond).sum()
}

fn unjudged(parts: &[Part], total: Counts, checked: usize, control: &Control) -> String {
    let reason = match control {
        Control::Missed { coordinate, .. } => {
            format!("a fault planted on purpose at {coordinate} was not seen, so this check proves nothing")
        }
        _ if total.unresolved > 0 => {
            let rows: Vec<String> = parts
                .iter()
                .flat_map(|part| &part.unresolved)
                .map(|row| {
                    format!(
                        "at {} of {} coordinates, {} among them, {}",
                        grouped(row.count),
                        grouped(checked),
                        row.example,
                        row.reason.words()
                    )
                })
                .collect();
            rows.join("; ")
        }
        _ if total.agree == 0 && total.unobservable > 0 => {
            let rows = parts.iter().flat_map(|part| &part.tensors);
            let words: Vec<String> = rows
                .filter_map(|row| Some(row.unobservable.as_ref()?.words.clone()))
                .collect();
            words.join("; ")
        }
        _ => "no coordinate has a derivative large enough against its error bound to prove that a fault would be seen; use another --seed, or train first with --train-steps".to_owned(),
    };
    format!("Cannot tell: {reason}.")
}
