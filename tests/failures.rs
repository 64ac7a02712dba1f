//! A failing check from the outside: what its report says, and to whom.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use gradproof::check::{Silent, check_subject};
use gradproof::harness::mutant::{Mutant, Mutated};
use gradproof::judge::{Culprit, Law};
use gradproof::report::{Outcome, Report, json, text};
use gradproof::source::GradientSource;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

fn lenet5(subject: Box<dyn GradientSource>) -> Report {
    let case = Case {
        spec: preset("lenet5").unwrap(),
        seed: 1,
        precision: Precision::F64,
        samples: 2,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::Sample(400),
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    };
    check_subject(&case, subject, &Silent).unwrap().report
}

#[test]
fn a_fault_in_lenet5_is_explained_to_somebody_who_does_not_know_the_code() {
    let mutant = Mutant::named("conv2d.dk_rotated").unwrap();
    let subject = Mutated {
        mutant: Some(mutant),
        at: Some(3),
    };
    let report = lenet5(Box::new(subject));
    let part = &report.parts[0];
    assert_eq!(report.outcome, Outcome::Wrong);
    let culprits = &part.blame.as_ref().unwrap().culprits;
    assert_eq!(culprits, &[Culprit::Source(SourceName::Backprop)]);
    let place = part.place.as_ref().unwrap();
    assert_eq!(place.culprits.len(), 1, "{place:?}");
    assert_eq!(place.culprits[0].layer, "conv2");
    assert!(place.inherited.is_empty(), "only conv2.weight is wrong");
    assert_eq!(part.diagnoses.len(), 1);
    assert!(
        matches!(part.laws[0].law, Law::Bug { .. }),
        "{:?}",
        part.laws
    );
    let words = text::render(&report).replace("\n    ", " ");
    for expected in [
        "No: something is wrong",
        "backprop is alone against dual, reverse and central",
        "Agreement is first lost in conv2",
        "conv2.weight: equals the right gradient rotated by 180 degrees",
        "no step explains it",
    ] {
        assert!(words.contains(expected), "'{expected}' in {words}");
    }
    let back: Report = serde_json::from_str(&json::render(&report)).unwrap();
    assert_eq!(back, report, "JSON reads back");
}
