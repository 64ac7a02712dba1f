//! What is said of the second order.

use crate::report::words::{grouped, listed};
use crate::report::{Cause, Control, Outcome, Part, SecondPart};

/// What was found in one objective's products.
pub(super) fn of_part(part: &SecondPart) -> String {
    let counts = part.counts();
    let products: usize = part.tensors.iter().map(|row| row.products).sum();
    let wrong: Vec<String> = part
        .tensors
        .iter()
        .filter(|row| row.counts.wrong() > 0)
        .map(|row| row.name.clone())
        .collect();
    if counts.wrong() > 0 {
        let mut sentence = format!(
            "{} of {} Hessian-vector products by this backward differ from the references by more than rounding and truncation explain, in {}",
            grouped(counts.wrong()),
            grouped(products),
            listed(&wrong)
        );
        sentence += match part.cause {
            Some(Cause::Derivative) => {
                ". Differences of its gradient are right: the gradient's values are, and their derivative is lost"
            }
            Some(Cause::Gradient) => {
                ". Differences of its gradient say the same as it does: the gradient itself is wrong"
            }
            Some(Cause::Undecided) | None => "",
        };
        match part.places.len() {
            0 => (),
            1 => sentence += &format!(" in {}", part.places[0]),
            _ => sentence += &format!(" in one or more of {}", listed(&part.places)),
        }
        if part.cause == Some(Cause::Derivative) {
            sentence += ", as where a factor is kept as a plain number, detached from what it was computed from";
        }
        return sentence + ".";
    }
    if !part.symmetry.holds {
        return "The Hessian of this backward is not symmetric: u·Hv and v·Hu differ by more than rounding explains.".to_owned();
    }
    if let Control::Missed { coordinate, .. } = &part.control {
        return format!(
            "A fault planted on purpose in the product at {coordinate} was not seen, so nothing is proven."
        );
    }
    if counts.unresolved > 0 {
        return format!(
            "{} of {} Hessian-vector products cannot be judged: the error bounds are wider than every product of their tensor. Use smaller weights or other samples.",
            grouped(counts.unresolved),
            grouped(products)
        );
    }
    let zeros: usize = part.tensors.iter().map(|row| row.zeros).sum();
    let judged = products - counts.unobservable;
    let mut sentence = format!(
        "All {} Hessian-vector products agree with hyper-dual numbers and with central differences of the gradient, each within its own error bound, and the Hessian is symmetric.",
        grouped(judged)
    );
    if zeros == products {
        sentence += " All of them are exactly 0: along these directions the gradient is constant.";
    } else if zeros > 0 {
        sentence += &format!(" {} of them are exactly 0.", grouped(zeros));
    }
    if counts.unobservable > 0 {
        sentence += &format!(
            " {} more are 0 in truth, since terms cancel, and what is computed is rounding.",
            grouped(counts.unobservable)
        );
    }
    sentence
}

/// Outcome and sentence of both orders together.
pub(in crate::check) fn answer(
    outcome: Outcome,
    sentence: String,
    parts: &[Part],
) -> (Outcome, String) {
    let seconds: Vec<(&Part, &SecondPart)> = parts
        .iter()
        .filter_map(|part| Some((part, part.second.as_ref()?)))
        .collect();
    if seconds.is_empty() {
        return (outcome, sentence);
    }
    let wrong = seconds.iter().find(|(_, second)| second.is_wrong());
    let open = seconds.iter().find(|(_, second)| second.is_open());
    let (outcome, first, (part, second)) = match (outcome, wrong, open) {
        (Outcome::Right, Some(telling), _) => (
            Outcome::Wrong,
            "No: your gradient is right, and something is wrong with its derivative.".to_owned(),
            telling,
        ),
        (Outcome::Unjudged, Some(telling), _) => (
            Outcome::Wrong,
            format!(
                "No: something is wrong with the gradient's derivative, and of the gradient: {sentence}"
            ),
            telling,
        ),
        (Outcome::Wrong, Some(telling), _) => (outcome, sentence, telling),
        (Outcome::Right, None, Some(telling)) => (
            Outcome::Unjudged,
            "Cannot tell: your gradient is right; its derivative could not be judged.".to_owned(),
            telling,
        ),
        (_, None, Some(telling)) => (outcome, sentence, telling),
        (_, None, None) => (outcome, sentence, &seconds[0]),
    };
    let of = match seconds.len() {
        1 => String::new(),
        _ => format!(", {}", part.name.title()),
    };
    (
        outcome,
        format!("{first} Second order{of}: {}", second.sentence),
    )
}
