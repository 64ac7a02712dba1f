//! The answer of a check by projections, which is honest about what projections cannot see.

use crate::report::words::{counted, grouped, listed};
use crate::report::{Control, Outcome, Part, Projected, ProjectionPart, ProjectionRow};

/// Wrong when any tensor is; right when one at least agrees, the planted fault was caught, and the source
/// with a forward pass of its own, if there is one, says the same.
pub(super) fn outcome(parts: &[Part], control: &Control) -> Outcome {
    let differs = |part: &Part| !part.values_agree;
    if projections(parts).any(|part| part.wrong().next().is_some()) || parts.iter().any(differs) {
        Outcome::Wrong
    } else if matches!(control, Control::Caught { .. })
        && rows(parts).any(|row| row.outcome == Projected::Agrees)
        && doubted(parts).is_empty()
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
    parameters: usize,
) -> String {
    match outcome {
        Outcome::Right => right(parts, parameters),
        Outcome::Wrong => wrong(parts, parameters),
        Outcome::Unjudged => unjudged(parts, control),
    }
}

fn projections(parts: &[Part]) -> impl Iterator<Item = &ProjectionPart> {
    parts.iter().filter_map(|part| part.projection.as_ref())
}

fn rows(parts: &[Part]) -> impl Iterator<Item = &ProjectionRow> {
    projections(parts).flat_map(|part| &part.tensors)
}

/// Names of tensors, each once, in their order.
fn names<'a>(rows: impl Iterator<Item = &'a ProjectionRow>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        if !names.contains(&row.name) {
            names.push(row.name.clone());
        }
    }
    names
}

/// The tensors in which the independent source says something else.
fn doubted(parts: &[Part]) -> Vec<String> {
    let independent = projections(parts).filter_map(|part| part.independent.as_ref());
    independent.flat_map(|row| row.disagree.clone()).collect()
}

fn right(parts: &[Part], parameters: usize) -> String {
    let k = projections(parts).map(|part| part.projections).max();
    let miss = projections(parts)
        .map(|part| part.miss.0)
        .fold(0.0, f64::max);
    let agreeing = rows(parts).filter(|row| row.outcome == Projected::Agrees);
    let relative = agreeing
        .filter(|row| row.largest.0 > 0.0)
        .map(|row| row.visible.0 / row.largest.0)
        .fold(0.0, f64::max);
    let mut sentence = format!(
        "No fault was found that a projection can see: the gradient of {}{} agrees with exact derivatives along {} of signs in each of {}, within the bounds of rounding. A single weight that is off by more than {:.1e} of the largest derivative of its tensor would have been seen; errors in several that cancel each other, with a probability of at least {:.1} %.",
        counted(parameters, "parameter"),
        if parts.len() > 1 {
            ", of the data loss, of the penalty and of both together,"
        } else {
            ""
        },
        counted(k.unwrap_or(0), "random vector"),
        counted(names(rows(parts)).len(), "tensor"),
        relative,
        100.0 * (1.0 - miss)
    );
    let unseen = names(rows(parts).filter(|row| row.outcome == Projected::Unseen));
    if !unseen.is_empty() {
        sentence += &format!(
            " {} cannot be seen, every derivative being smaller than what a projection shows, and passed as little as failed.",
            listed(&unseen)
        );
    }
    let kinks = names(rows(parts).filter(|row| row.outcome == Projected::AtKink));
    if !kinks.is_empty() {
        sentence += &format!(
            " Where {} differ{} there is no derivative, and the gradient lies between the slopes on both sides.",
            listed(&kinks),
            if kinks.len() == 1 { "s" } else { "" }
        );
    }
    sentence
}

fn wrong(parts: &[Part], parameters: usize) -> String {
    let rows: Vec<&ProjectionRow> = projections(parts).flat_map(ProjectionPart::wrong).collect();
    if rows.is_empty() {
        let title = parts.iter().find(|part| !part.values_agree);
        let title = title.map_or("objective", |part| part.name.title());
        return format!(
            "No: the sources do not even agree on the value of the {title}: it comes of another forward pass, another loss, other parameters, or other samples. No fault was found in the gradient that a projection can see."
        );
    }
    let culprits: std::collections::BTreeSet<String> = parts
        .iter()
        .filter_map(|part| part.place.as_ref())
        .flat_map(|place| &place.culprits)
        .map(|fault| fault.layer.clone())
        .collect();
    let culprits: Vec<String> = culprits.into_iter().collect();
    let mut sentence = match culprits.len() {
        0 => "No: something is wrong.".to_owned(),
        _ => format!("No: something is wrong in {}.", listed(&culprits)),
    };
    // Of several parts that with most is told.
    let count = |part: &ProjectionPart| -> usize {
        let located = part.wrong().map(|row| match row.outcome {
            Projected::Wrong(count) => count,
            _ => 0,
        });
        located.sum()
    };
    let most = projections(parts).map(count).max().unwrap_or(0);
    let located = rows
        .iter()
        .filter(|row| matches!(row.outcome, Projected::Wrong(_)));
    if most > 0 {
        let found = projections(parts).filter_map(|part| part.found_after);
        let found = found.fold(0.0, f64::max);
        sentence += &format!(
            " {} of {} derivatives {} wrong, in {}; put right, these agree in every projection. Found after {found:.1} forward passes.",
            grouped(most),
            grouped(parameters),
            if most == 1 { "is" } else { "are" },
            listed(&names(located.copied()))
        );
    }
    let throughout = rows
        .iter()
        .filter(|row| row.outcome == Projected::Throughout);
    let throughout = names(throughout.copied());
    if !throughout.is_empty() {
        sentence += &format!(
            " {} {} wrong throughout, at more places than were told one by one.",
            listed(&throughout),
            if throughout.len() == 1 { "is" } else { "are" }
        );
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

fn unjudged(parts: &[Part], control: &Control) -> String {
    let doubted = doubted(parts);
    let reason = match control {
        Control::Missed { coordinate, .. } => format!(
            "a fault planted on purpose at {coordinate} was not seen, so this check proves nothing"
        ),
        _ if !doubted.is_empty() => format!(
            "reverse, whose forward pass is its own, disagrees with the exact derivatives of ours in {}; see what single weights say with --coordinates N",
            listed(&doubted)
        ),
        _ => "no tensor has a derivative large enough against its bound to prove that a fault would be seen; use another --seed, or train first with --train-steps".to_owned(),
    };
    format!("Cannot tell: {reason}.")
}
