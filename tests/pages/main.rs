//! Reports as pages: what stands in them, and that they work in a browser.

mod browser;
mod content;
mod library;

use gradproof::check::{Details, Manner, Silent, check_subject_by};
use gradproof::report::Report;
use gradproof::source::{Backprop, FaultySource, GradientSource};
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

/// A check of `network` on one sample.
fn case(network: &str) -> Case {
    Case {
        spec: preset(network).expect("a preset"),
        seed: 1,
        precision: Precision::F64,
        samples: 1,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::All,
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    }
}

fn report(case: &Case, subject: Box<dyn GradientSource>) -> Report {
    let manner = Manner {
        details: Some(Details::default()),
        ..Manner::default()
    };
    let checked = check_subject_by(case, subject, &manner, &Silent);
    checked.expect("a preset can be checked").report
}

fn passing() -> Report {
    report(&case("lenet5"), Box::new(Backprop))
}

/// The gradient of conv2's weight is doubled.
fn failing() -> Report {
    let double = FaultySource::new(Backprop, |question, estimates| {
        for (estimate, coordinate) in estimates.iter_mut().zip(question.coordinates) {
            let network = &question.problem.network;
            if network.leaf_name(coordinate.leaf) == "conv2.weight" {
                estimate.value *= 2.0;
            }
        }
    });
    report(&case("lenet5"), Box::new(double))
}

/// Central differences step across kinks.
fn kinky() -> Report {
    let case = Case {
        step: Step::Fixed(1e-3),
        ..case("lenet5")
    };
    report(&case, Box::new(Backprop))
}
