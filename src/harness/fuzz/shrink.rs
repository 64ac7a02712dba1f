//! A failing case made as small as it goes.

use crate::harness::random::Trial;
use crate::report::fuzz::{FuzzFailure, Shrinks};

use super::{Found, FuzzError, FuzzOptions, Make, Strategy, Watch, kept, test};

/// Smaller cases that are tried.
const MOST_TRIED: usize = 1000;

/// Make case number `index`, which failed as `found`, smaller as long as it fails in the same way.
pub(super) fn failure(
    strategy: &Strategy,
    options: &FuzzOptions,
    index: usize,
    found: Found,
    make: &Make<'_>,
    watch: &dyn Watch,
) -> Result<FuzzFailure, FuzzError> {
    let seed = strategy.seed(options.seed, index);
    let mut tree = strategy.tree(&seed)?;
    let trial = |case| Trial {
        case,
        precision: options.precision,
    };
    let drawn = trial(tree.current());
    let mut examiner = make()?;
    let mut shrinks = Shrinks::default();
    let drawn_as = kinds(&found);
    let (mut smallest, mut smallest_found) = (drawn.clone(), found);
    // proptest's own walk: simpler while it fails, a step back when it passes.
    let mut goes_on = tree.simplify();
    while goes_on && shrinks.tried < MOST_TRIED && !watch.is_interrupted() && !examiner.is_weary() {
        let candidate = trial(tree.current());
        shrinks.tried += 1;
        let found = examiner.examine(&candidate)?;
        goes_on = if found.fails_like(&smallest_found) {
            shrinks.smaller += 1;
            (smallest, smallest_found) = (candidate, found);
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    let token = smallest.token();
    Ok(FuzzFailure {
        index: Some(index),
        drawn: drawn.case.to_string(),
        case: smallest.case.to_string(),
        shrinks,
        test: test(&token, &smallest, options.subject.as_deref()),
        token,
        seed_line: Some(kept::seed_line(&seed)),
        file: None,
        drawn_as: if kinds(&smallest_found).is_empty() {
            drawn_as
        } else {
            Vec::new()
        },
        finding: smallest_found.failure().expect("it failed"),
    })
}

/// What wrong gradients look like, of those that look like a known fault.
fn kinds(found: &Found) -> Vec<String> {
    let Found::Report(report) = found else {
        return Vec::new();
    };
    let rows = report.parts.iter().flat_map(|part| &part.diagnoses);
    rows.filter(|row| row.diagnosis.kind.is_some())
        .map(|row| row.diagnosis.sentence.clone())
        .collect()
}
