//! Reports to make pages of.

use gradproof::check::{Details, Manner, Silent, check_subject_by};
use gradproof::report::Report;
use gradproof::source::{Backprop, FaultySource, GradientSource};
use gradproof::spec::case::{Case, Step};

use super::checks::check_of;

/// A check of `network` on one sample.
pub(crate) fn case(network: &str) -> Case {
    check_of(network, 1)
}

pub(crate) fn report(case: &Case, subject: Box<dyn GradientSource>) -> Report {
    let manner = Manner {
        details: Some(Details::default()),
        ..Manner::default()
    };
    let checked = check_subject_by(case, subject, &manner, &Silent);
    checked.expect("a preset can be checked").report
}

pub(crate) fn passing() -> Report {
    report(&case("lenet5"), Box::new(Backprop))
}

/// The gradient of conv2's weight is doubled.
pub(crate) fn failing() -> Report {
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
pub(crate) fn kinky() -> Report {
    let case = Case {
        step: Step::Fixed(1e-3),
        ..case("lenet5")
    };
    report(&case, Box::new(Backprop))
}
