//! Whole checks with `--coordinates auto`.

use gradproof::check::{CheckError, Silent, answers, check, check_subject};
use gradproof::network::{Coordinate, LeafName};
use gradproof::report::{Control, Outcome, Projected, Report};
use gradproof::source::{Backprop, FaultySource};
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName};

use crate::support::wide::wide;

use super::case;

fn large() -> Case {
    case(wide(), 1, 2)
}

/// The check of `case` with a gradient of which the entries `wrong` of parameter `number` are made larger.
fn with_fault(case: &Case, number: usize, wrong: fn(usize) -> bool, factor: f64) -> Report {
    let faulty = FaultySource::new(Backprop, move |question, estimates| {
        for (coordinate, estimate) in question.coordinates.iter().zip(estimates) {
            let Coordinate { leaf, index } = *coordinate;
            if leaf == LeafName::Parameter(number) && wrong(index) {
                estimate.value *= factor;
            }
        }
    });
    let checked = check_subject(case, Box::new(faulty), &Silent);
    checked.expect("it can be checked").report
}

fn read_back(report: &Report) {
    let json = gradproof::report::json::render(report);
    let again: Report = serde_json::from_str(&json).expect("a report");
    assert_eq!(again, *report, "{json}");
}

#[test]
fn a_right_gradient_passes_and_what_cannot_be_seen_is_said() {
    for penalty in [None, Some(PenaltySpec::L2 { strength: 0.01 })] {
        let case = Case { penalty, ..large() };
        let report = check(&case, &Silent).expect("it can be checked").report;
        assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
        assert!(matches!(report.control, Control::Caught { .. }), "planted");
        let parts = if penalty.is_some() { 3 } else { 1 };
        assert_eq!(report.parts.len(), parts);
        for part in &report.parts {
            let projection = part.projection.as_ref().expect("projections");
            assert_eq!(projection.tensors.len(), 6);
            assert_eq!(projection.miss.0.to_bits(), f64::exp2(-8.0).to_bits());
            assert_eq!(projection.left_out, [SourceName::Central]);
            let independent = projection.independent.as_ref().expect("reverse was asked");
            assert_eq!((independent.agree, independent.disagree.len()), (6, 0));
            for row in &projection.tensors {
                if row.outcome == Projected::Agrees {
                    assert_eq!((row.agree, row.disagree), (8, 0), "{}", row.name);
                    assert!(row.visible.0 < 1e-10 * row.largest.0, "{}", row.name);
                }
            }
        }
        for words in ["No fault was found that a projection can see", "99.6 %"] {
            assert!(report.sentence.contains(words), "{}", report.sentence);
        }
        read_back(&report);
        assert_eq!(report.replay.parse::<Case>(), Ok(case));
    }
}

#[test]
fn one_wrong_weight_is_named_with_what_is_right() {
    let report = with_fault(&large(), 2, |index| index == 7_000, 1.001);
    assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
    let part = &report.parts[0];
    // fc2.weight is (60, 400): 7000 = 17·400 + 200.
    let names: Vec<&str> = part
        .worst
        .iter()
        .map(|row| row.coordinate.as_str())
        .collect();
    assert_eq!(names, ["fc2.weight[17,200]"]);
    let values = &part.worst[0].values;
    assert!((values[0].value.0 / values[1].value.0 - 1.001).abs() < 1e-9);
    assert!(
        values[1].disagrees && values[2].disagrees,
        "dual and reverse"
    );
    let rows = &part.projection.as_ref().expect("projections").tensors;
    for row in rows {
        let expected = match row.name.as_str() {
            "fc2.weight" => Projected::Wrong(1),
            _ => Projected::Agrees,
        };
        assert_eq!(row.outcome, expected, "{}", row.name);
    }
    for words in [
        "in fc2.weight",
        "1 of 338,670 derivatives is wrong",
        "forward passes",
    ] {
        assert!(report.sentence.contains(words), "{}", report.sentence);
    }
    read_back(&report);
}

#[test]
fn a_tensor_that_is_wrong_throughout_is_named_and_explained() {
    let report = with_fault(&large(), 2, |_| true, -1.0);
    assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
    for words in [
        "something is wrong in fc2",
        "fc2.weight is wrong throughout",
    ] {
        assert!(report.sentence.contains(words), "{}", report.sentence);
    }
    read_back(&report);
}

#[test]
fn a_small_network_is_checked_one_by_one() {
    let case = case(super::small(), 1, 2);
    let auto = check(&case, &Silent).expect("it can be checked").report;
    let all = Case {
        coordinates: Selection::All,
        ..case
    };
    let all = check(&all, &Silent).expect("it can be checked").report;
    assert_eq!(auto.parts, all.parts, "the same findings");
    assert!(auto.parts[0].projection.is_none(), "and no projections");
}

#[test]
fn what_projections_cannot_do_is_refused_with_the_way_out() {
    let refused = |case: Case| check(&case, &Silent).expect_err("refused").to_string();
    let f32 = refused(Case {
        precision: Precision::F32,
        ..large()
    });
    let second = refused(Case {
        order: Order::Second,
        ..large()
    });
    let central = refused(Case {
        sources: vec![SourceName::Backprop, SourceName::Central],
        ..large()
    });
    for (refusal, way_out) in [
        (f32, "--precision f64"),
        (second, "--order 1"),
        (central, "add dual to --sources"),
    ] {
        for words in [way_out, "--coordinates N"] {
            assert!(refusal.contains(words), "'{words}' in: {refusal}");
        }
    }
    let share = "1/2".parse().expect("a share");
    let shared = answers(&large(), share, &Silent).expect_err("refused");
    assert_eq!(shared, CheckError::ProjectionShared);
}

#[cfg(all(feature = "cli", feature = "files"))]
mod files {
    use super::*;

    use gradproof::data::tensors::{Entries, NamedTensor, TensorFormat};
    use gradproof::report::text;
    use gradproof::spec::files::Files;
    use gradproof::tensor::values;

    #[test]
    fn a_gradient_of_another_program_is_judged_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = gradproof::check::problem(&large()).expect("it can be posed");
        let mut right = super::super::gradient(&problem);
        let sizes = values(&right[2]).iter().map(|g| g.abs()).enumerate();
        let largest = sizes.max_by(|a, b| a.1.total_cmp(&b.1));
        let (index, _) = largest.expect("a weight");
        let leaf = LeafName::Parameter(2);
        let row = problem.network.coordinate_name(Coordinate { leaf, index });
        let path = folder.path().join("gradients.npz");
        let path = path.to_str().expect("UTF-8").to_owned();
        for is_wrong in [false, true] {
            if is_wrong {
                gradproof::tensor::values_mut(&mut right[2])[index] *= 1.01;
            }
            let tensors = right.iter().enumerate().map(|(number, tensor)| {
                let leaf = LeafName::Parameter(number);
                NamedTensor {
                    name: problem.network.leaf_name(leaf).to_owned(),
                    shape: tensor.shape().to_vec(),
                    entries: Entries::F64(values(tensor).to_vec()),
                }
            });
            let tensors: Vec<NamedTensor> = tensors.collect();
            let format = TensorFormat::of_path(&path).expect("a format");
            std::fs::write(&path, format.write(&tensors).expect("it can be")).expect("written");
            let files = Files {
                gradients: Some(path.clone().into()),
                ..Files::default()
            };
            let report = check(&Case { files, ..large() }, &Silent)
                .expect("checked")
                .report;
            let expected = if is_wrong {
                Outcome::Wrong
            } else {
                Outcome::Right
            };
            assert_eq!(report.outcome, expected, "{}", report.sentence);
            let text = text::render(&report);
            assert!(text.contains("by random-sign projections"), "{text}");
            assert_eq!(text.contains(&row), is_wrong, "{text}");
        }
    }
}
