//! `--precision f32`: what is said of a backward in single precision.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use gradproof::check::{CheckError, Examined, NamedSource, Silent, check, check_subject, examine};
use gradproof::harness::mutant::{Mutant, Mutated, fixtures};
use gradproof::judge::Verdict;
use gradproof::judge::diagnosis::{BugKind, Format as Narrow};
use gradproof::loss::Loss;
use gradproof::network::{Network, Objective, Parameters, Problem};
use gradproof::report::{Outcome, PartName, Report, json, text};
use gradproof::scalar::Format;
use gradproof::source::{Backprop, Central, Dual, FaultySource, Point, Reverse, Single, turned};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::plan::Plan;
use gradproof::spec::preset::preset;
use gradproof::tensor::from_values;

fn case(network: &str) -> Case {
    Case {
        spec: preset(network).unwrap(),
        seed: 1,
        precision: Precision::F32,
        samples: 2,
        train_steps: 3,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::Sample(300),
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    }
}

fn references(subject: impl gradproof::source::GradientSource + 'static) -> Vec<NamedSource> {
    vec![
        (SourceName::Backprop, Box::new(subject)),
        (SourceName::Dual, Box::new(Dual)),
        (SourceName::Reverse, Box::new(Reverse)),
        (SourceName::Central, Box::new(Central::new(Step::Auto))),
    ]
}

fn examined(point: &Point) -> Examined {
    let coordinates = point.all_coordinates();
    let sources = references(Single(Backprop));
    examine(PartName::DataLoss, point, &sources, &coordinates, &Silent).unwrap()
}

#[test]
fn digits_are_those_of_f32_and_never_fewer_than_it_is_sure_of() {
    let report = check(&case("lenet5"), &Silent).unwrap().report;
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    for row in &report.parts[0].tensors {
        let digits = row.digits.as_ref().unwrap();
        let (got, sure) = (digits.spread.unwrap(), row.allowed.unwrap());
        assert!(got.worst.0 >= sure.worst.0, "{}: {digits:?}", row.name);
        assert!(
            (5.0..10.0).contains(&got.median.0),
            "{}: {digits:?}",
            row.name
        );
        assert!(sure.median.0 < 7.3, "f32 has 24 bits: {}", sure.median.0);
        let count = |counts: &[usize]| counts.iter().sum::<usize>();
        assert_eq!(count(&digits.allowed), count(&digits.got), "{}", row.name);
        assert!(digits.one_percent > 0, "{}", row.name);
    }
    let words = text::render(&report);
    for part in ["· f32 ·", "in f32; ", "Digits in f32", "f32 is sure of"] {
        assert!(words.contains(part), "'{part}' in:\n{words}");
    }
    let back: Report = serde_json::from_str(&json::render(&report)).unwrap();
    assert_eq!(back, report, "JSON holds all of it");
    let again: Case = report.replay.parse().unwrap();
    assert_eq!(again.precision, Precision::F32, "the token too");
}

#[test]
fn an_accumulator_in_bf16_is_named() {
    for (name, format) in [("bf16", Narrow::Bf16), ("f16", Narrow::F16)] {
        let mutant = Mutant::named(&format!("numbers.{name}_accumulation"));
        let subject = Single(Mutated { mutant, at: None });
        let report = check_subject(&case("mlp"), Box::new(subject), &Silent).unwrap();
        let report = report.report;
        assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
        let kinds = report.parts[0]
            .diagnoses
            .iter()
            .map(|row| row.diagnosis.kind);
        let named = kinds.filter(|kind| *kind == Some(BugKind::Rounded(format)));
        assert!(named.count() > 0, "{name}: {}", report.sentence);
    }
}

#[test]
fn a_backward_without_fault_is_right_whoever_wrote_it() {
    let subject = Single(Mutated {
        mutant: None,
        at: None,
    });
    let report = check_subject(&case("mlp"), Box::new(subject), &Silent).unwrap();
    assert_eq!(
        report.report.outcome,
        Outcome::Right,
        "{}",
        report.report.sentence
    );
}

#[test]
fn a_subject_of_another_precision_is_refused() {
    let refused = check_subject(&case("mlp"), Box::new(Backprop), &Silent).map(|_| ());
    let expected = CheckError::Precision {
        subject: Precision::F64,
        case: Precision::F32,
    };
    assert_eq!(refused, Err(expected));
}

#[test]
fn what_leaves_the_range_of_f32_is_said_to_do_so() {
    let subject = FaultySource::new(Single(Backprop), |_, estimates| {
        estimates[0].value = f64::INFINITY;
    });
    let report = check_subject(&case("mlp"), Box::new(subject), &Silent).unwrap();
    let report = report.report;
    assert_eq!(report.parts[0].counts().invalid, 1, "{}", report.sentence);
    assert!(report.sentence.contains("3.4e38"), "{}", report.sentence);
}

/// relu(w·x + b) with w·x + b = 2⁻²⁵, of which f32 makes 0, and a sum of two outputs behind.
fn near_a_kink() -> Problem {
    let spec = NetworkSpec::from_toml(
        r#"
        name = "near"
        input = [2]
        loss = { op = "weighted_sum" }
        layers = [{ op = "linear", out_features = 1 }, { op = "relu" }, { op = "linear", out_features = 2 }]
        "#,
    )
    .unwrap();
    let tensor = |shape: &[usize], values: &[f64]| from_values(shape, values.to_vec()).unwrap();
    Problem {
        network: Network::new(&Plan::new(&spec, 1).unwrap()),
        parameters: Parameters {
            tensors: vec![
                tensor(&[1, 2], &[1.0, f64::exp2(-25.0)]),
                tensor(&[1], &[-1.0]),
                tensor(&[2, 1], &[0.75, 1.25]),
                tensor(&[2], &[0.5, 0.25]),
            ],
        },
        input: tensor(&[1, 2], &[1.0, 1.0]),
        objective: Objective {
            loss: Some(Loss::WeightedSum {
                cotangent: tensor(&[1, 2], &[1.5, -0.5]),
            }),
            scale: 1.0,
            penalty: None,
        },
    }
}

#[test]
fn a_unit_that_rounding_turns_is_followed_and_named() {
    let point = Point::new(near_a_kink(), 1);
    let units = turned(&point);
    assert_eq!(units.len(), 1, "{units:?}");
    assert!(units[0].is_by_rounding(), "{units:?}");
    let examined = examined(&point);
    assert_eq!(examined.wrong(), 0, "{:?}", examined.part.worst);
    let single = examined.part.single.unwrap();
    assert_eq!((single.turned, single.beyond), (1, 0), "{single:?}");
    assert!(single.carried > 0, "{single:?}");
    assert_eq!(single.units[0].unit, "relu1[0,0]");
}

#[test]
fn a_wrong_gradient_is_wrong_on_those_branches_too() {
    let point = Point::new(near_a_kink(), 1);
    let coordinates = point.all_coordinates();
    let sources = references(FaultySource::new(Single(Backprop), |_, estimates| {
        // 0 on f32's branches, and 0.5 on f64's.
        estimates[0].value = 0.125;
    }));
    let examined = examine(PartName::DataLoss, &point, &sources, &coordinates, &Silent).unwrap();
    assert_eq!(examined.verdicts[0], Verdict::Disagree);
}

#[test]
fn gradients_near_the_end_of_the_exponents_are_not_accused() {
    for scale in [1e-30, 1e-37, 1e-42] {
        let mut agree = 0;
        for fixture in fixtures().iter().step_by(9) {
            let problem = fixture.at_scale(scale).rounded_to(Format::F32);
            let examined = examined(&Point::new(problem, 1));
            let of = &fixture.name;
            assert_eq!(
                examined.wrong(),
                0,
                "{of}, {scale:e}: {:?}",
                examined.part.worst
            );
            let verdicts = examined.verdicts.iter();
            agree += verdicts
                .filter(|verdict| **verdict == Verdict::Agree)
                .count();
        }
        assert!(agree > 100, "{agree} agree at {scale:e}");
    }
}
