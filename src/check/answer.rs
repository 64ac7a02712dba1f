//! The answer to "is my gradient right?", and the sentence that gives it.

use crate::report::words::{grouped, listed};
use crate::report::{Control, Counts, Outcome, Part};

/// Wrong when anything disagrees; right when everything agrees and the planted fault was caught.
pub(super) fn outcome(parts: &[Part], control: &Control) -> Outcome {
    let counts: Vec<Counts> = parts.iter().map(Part::counts).collect();
    let total = Counts::total(&counts);
    if total.wrong() > 0 || parts.iter().any(|part| !part.values_agree) {
        Outcome::Wrong
    } else if matches!(control, Control::Caught { .. }) && total.agree > 0 && total.unjudged() == 0
    {
        Outcome::Right
    } else {
        Outcome::Unjudged
    }
}

/// The answer in plain words.
pub(super) fn sentence(outcome: Outcome, parts: &[Part], control: &Control) -> String {
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
        Outcome::Right => {
            let kinks = match total.at_kink {
                0 => String::new(),
                some => format!(
                    " At {} of them central differences cross a kink of a ReLU or a pooling and cannot judge; the others agree there.",
                    grouped(some)
                ),
            };
            format!(
                "Yes: your gradient is right. All {} derivatives{} agree with {names}, each within its own error bound.{kinks}",
                grouped(checked / parts.len().max(1)),
                if parts.len() > 1 {
                    ", of the data loss, of the penalty and of both together,"
                } else {
                    ""
                }
            )
        }
        Outcome::Wrong => wrong(parts, total, checked, &names),
        Outcome::Unjudged => unjudged(total, checked, control),
    }
}

fn wrong(parts: &[Part], total: Counts, checked: usize, names: &str) -> String {
    if let Some(part) = parts.iter().find(|part| !part.values_agree) {
        return format!(
            "No: the sources do not even agree on the value of the {}, so the forward pass itself is wrong in one of them; its gradients are compared below all the same.",
            part.name.title()
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
    let invalid = match total.invalid {
        0 => String::new(),
        some => format!(" {} of them are not finite.", grouped(some)),
    };
    format!(
        "No: something is wrong. {} of {} derivatives differ from {names} by more than rounding and truncation explain, in {}.{invalid}",
        grouped(total.wrong()),
        grouped(checked),
        listed(&tensors)
    )
}

fn unjudged(total: Counts, checked: usize, control: &Control) -> String {
    let reason = match control {
        Control::Missed { coordinate, .. } => {
            format!("a fault planted on purpose at {coordinate} was not seen, so this check proves nothing")
        }
        _ if total.unresolved > 0 => format!(
            "at {} of {} coordinates the error bounds are wider than the gradient itself; try --step auto or more --sources",
            grouped(total.unresolved),
            grouped(checked)
        ),
        _ if total.at_kink_unconfirmed > 0 => format!(
            "at {} of {} coordinates central differences cross a kink, and no other source was asked; add dual or reverse to --sources, or use --step auto",
            grouped(total.at_kink_unconfirmed),
            grouped(checked)
        ),
        _ => "no coordinate has a derivative large enough against its error bound to prove that a fault would be seen; use another --seed, or train first with --train-steps".to_owned(),
    };
    format!("Cannot tell: {reason}.")
}
