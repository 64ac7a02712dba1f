//! `--order 2` from case to report.

use gradproof::check::{CheckError, Checked, Silent, check, check_subject, examine_second};
use gradproof::harness::mutant::{Detached, Kept};
use gradproof::network::Coordinate;
use gradproof::report::{Control, Outcome, Report, json};
use gradproof::source::second::Moving;
use gradproof::source::{Backprop, FaultySource};
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

use super::point;

fn case(network: &str) -> Case {
    Case {
        spec: preset(network).unwrap(),
        seed: 1,
        precision: Precision::F64,
        samples: 2,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::Sample(120),
        sources: vec![SourceName::Backprop, SourceName::Dual],
        order: Order::Second,
        files: Files::default(),
    }
}

fn right(case: &Case) -> Report {
    let Checked { report, .. } = check(case, &Silent).unwrap();
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert!(
        report.sentence.contains("Second order"),
        "{}",
        report.sentence
    );
    report
}

#[test]
fn presets_are_right_in_the_second_order_too() {
    for network in ["lenet5", "lenet5-tanh", "mlp"] {
        let report = right(&case(network));
        let second = report.parts[0].second.as_ref().unwrap();
        assert!(
            matches!(second.control, Control::Caught { .. }),
            "{second:?}"
        );
        assert!(second.symmetry.holds && second.symmetry.first.0 != 0.0);
        let products: usize = second.tensors.iter().map(|row| row.products).sum();
        assert_eq!(products, 240, "120 coordinates along two directions");
        assert_eq!(second.counts().all(), products, "every product is counted");
        let back: Report = serde_json::from_str(&json::render(&report)).unwrap();
        assert_eq!(back, report, "JSON holds all of it");
        let again: Case = report.replay.parse().unwrap();
        assert_eq!(again.order, Order::Second, "the token too");
    }
}

#[test]
fn trained_weights_and_penalties_are_judged_part_by_part() {
    let case = Case {
        train_steps: 3,
        penalty: Some(PenaltySpec::L2 { strength: 0.01 }),
        ..case("mlp")
    };
    let report = right(&case);
    assert!(report.parts.iter().all(|part| part.second.is_some()));
    // ½·λ·Σw² has H = λ on the weights and 0 on the biases.
    let penalty = report.parts[1].second.as_ref().unwrap();
    for row in &penalty.tensors {
        let zeros = if row.name.ends_with(".bias") {
            row.products
        } else {
            0
        };
        assert_eq!(row.zeros, zeros, "{}", row.name);
    }
}

#[test]
fn a_lost_derivative_makes_the_answer_no_though_the_gradient_is_right() {
    let subject = Detached {
        kept: Kept::Activation,
        at: 1,
    };
    let Checked { report, .. } =
        check_subject(&case("lenet5-tanh"), Box::new(subject), &Silent).unwrap();
    assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
    for words in ["No: your gradient is right", "lost in tanh1", "detached"] {
        assert!(report.sentence.contains(words), "{}", report.sentence);
    }
    let first = Case {
        order: Order::First,
        ..case("lenet5-tanh")
    };
    let Checked { report, .. } = check_subject(&first, Box::new(subject), &Silent).unwrap();
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert_eq!(report.parts[0].second, None);
}

#[test]
fn what_cannot_be_differentiated_is_refused() {
    let single = Case {
        precision: Precision::F32,
        ..case("mlp")
    };
    let refused = check(&single, &Silent).unwrap_err();
    assert_eq!(refused, CheckError::SecondOrderInF32);
    let numbers_only = FaultySource::new(Backprop, |_, _| ());
    let refused = check_subject(&case("mlp"), Box::new(numbers_only), &Silent).unwrap_err();
    assert_eq!(refused, CheckError::OneOrder);
}

/// Piecewise affine in its weights: the gradient is constant, and nothing may be unresolved for that.
#[test]
fn a_constant_gradient_has_products_of_exactly_zero() {
    let point = point(
        r#"
        name = "affine"
        input = [3, 4, 4]
        data = "random"
        loss = { op = "weighted_sum" }
        layers = [{ op = "conv2d", out_channels = 2, kernel = 3 }, { op = "relu" }]"#,
    );
    let coordinates: Vec<Coordinate> = point.all_coordinates();
    let weights = &coordinates[point.problem.input.len()..];
    let moving = Moving::Parameters;
    let part = examine_second(&point, &Backprop, moving, weights, 1, &Silent).unwrap();
    assert!(!part.is_wrong() && !part.is_open(), "{}", part.sentence);
    assert!(part.tensors.iter().all(|row| row.zeros == row.products));
    assert_eq!(part.control, Control::Impossible);
    assert!(
        part.sentence.contains("the gradient is constant"),
        "{}",
        part.sentence
    );
}

#[test]
fn the_same_seed_gives_the_same_products() {
    let case = case("mlp");
    assert_eq!(right(&case), right(&case));
    let other = Case {
        seed: 2,
        ..case.clone()
    };
    assert_ne!(right(&case).parts[0].second, right(&other).parts[0].second);
}
