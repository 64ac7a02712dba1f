//! Who takes part in a check.

use crate::source::{Central, Dual, GradientSource, Reverse};
use crate::spec::case::{Case, SourceName, Step};

use super::{CheckError, NamedSource};

/// The sources that `case` asks for, the gradient under test first, the references in their usual order.
pub(super) fn source_names(case: &Case) -> Result<Vec<SourceName>, CheckError> {
    let mut names = case.sources.clone();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(CheckError::SourceTwice(pair[0]));
    }
    let is_asked_for = |name: &SourceName| SourceName::ALL.contains(name);
    if names.first() != Some(&SourceName::Backprop)
        || names.len() < 2
        || !names.iter().all(is_asked_for)
    {
        return Err(CheckError::Sources);
    }
    if let Step::Fixed(step) = case.step
        && !(step.is_finite() && step > 0.0)
    {
        return Err(CheckError::Step(step));
    }
    Ok(names)
}

/// `subject`, which is under test, and every reference, of which central differences take `step`.
#[must_use]
pub fn all_sources(subject: Box<dyn GradientSource>, step: Step) -> Vec<NamedSource> {
    named_sources(
        (SourceName::Backprop, subject),
        &SourceName::ALL,
        Central::new(step),
    )
}

pub(super) fn named_sources(
    subject: NamedSource,
    names: &[SourceName],
    central: Central,
) -> Vec<NamedSource> {
    let mut sources: Vec<NamedSource> = vec![subject];
    sources.extend(names.iter().filter_map(|name| {
        let source: Box<dyn GradientSource> = match name {
            SourceName::Backprop | SourceName::Given => return None,
            SourceName::Dual => Box::new(Dual),
            SourceName::Reverse => Box::new(Reverse),
            SourceName::Central => Box::new(central),
        };
        Some((*name, source))
    }));
    sources
}
