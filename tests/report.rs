//! What a report looks like, on numbers made up for the purpose: snapshots hold it.

#![cfg(feature = "cli")]

use gradproof::judge::{Metrics, Side, Unobservable, Unresolved};
use gradproof::report::text::{Look, Verbosity};
use gradproof::report::{
    Cause, Closest, Comparison, Control, CoordinateRow, CoordinateValue, Counts, CrossedRow,
    ExtendedRow, Gap, Hidden, KinkRow, Number, Outcome, Part, PartName, ProductClosest,
    ProductComparison, ProductRow, ProductSource, ProductValue, Reason, Report, SecondPart,
    SecondRow, Setup, SourceValue, Spread, StepCounts, Switch, Symmetry, TensorRow, UnresolvedRow,
    VERSION, json, text,
};
use gradproof::source::Forward;
use gradproof::spec::case::{Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::{DataSpec, PenaltySpec};

use crate::support::snapshot;

fn setup() -> Setup {
    Setup {
        network: "made-up".to_owned(),
        parameters: 31_234,
        checked: 1_003,
        seed: 5,
        precision: Precision::F64,
        samples: 1,
        data: DataSpec::Digits,
        train_steps: 20,
        penalty: Some(PenaltySpec::L2 { strength: 0.001 }),
        step: Step::Fixed(1e-3),
        coordinates: Selection::Sample(1_003),
        files: Files::default(),
    }
}

fn comparison(reference: SourceName, pairs: &[(f64, f64)], bound: f64) -> Comparison {
    let metrics = Metrics::of(pairs);
    let worst = metrics.worst.map(|(_, position)| Gap {
        coordinate: format!("conv1.weight[0,0,0,{position}]"),
        gap: Number((pairs[position].0 - pairs[position].1).abs()),
        bound: Number(bound),
    });
    Comparison {
        reference,
        metrics,
        worst,
    }
}

fn row(name: &str, counts: Counts, pairs: &[(f64, f64)]) -> TensorRow {
    TensorRow {
        name: name.to_owned(),
        shape: vec![1_000],
        coordinates: 1_000,
        counts,
        against: vec![
            comparison(SourceName::Dual, pairs, 1e-16),
            comparison(SourceName::Central, pairs, f64::INFINITY),
        ],
        closest: Some(Closest {
            reference: SourceName::Dual,
            at: Gap {
                coordinate: format!("{name}[0,0,0,0]"),
                gap: Number(1e-17),
                bound: Number(4e-16),
            },
            ratio: Number(0.025),
        }),
        allowed: Some(Spread {
            worst: Number(10.5),
            median: Number(13.9),
        }),
        catches: Some(Spread {
            worst: Number(6.5e-11),
            median: Number(2.5e-14),
        }),
        steps: Some(StepCounts {
            certified: 990,
            crossed: 10,
            ..StepCounts::default()
        }),
        unobservable: None,
        digits: None,
    }
}

fn crossed() -> CrossedRow {
    CrossedRow {
        coordinate: "conv1.weight[0,0,0,2]".to_owned(),
        step: Number(1e-3),
        value: Number(-0.5),
        central: Number(-0.49),
        digits: 1.7,
        count: 2,
        are_more: false,
        switches: vec![Switch {
            unit: "relu1[0,3,7,9]".to_owned(),
            at: Number(-2.3e-4),
            slope_change: Number(0.02),
            share: Number(0.0077),
        }],
        explained: Number(0.01),
    }
}

fn kink() -> KinkRow {
    KinkRow {
        coordinate: "conv1.weight[0,0,1,1]".to_owned(),
        value: Number(1.5),
        left: Number(0.0),
        right: Number(1.0),
        side: Side::Outside,
        units: vec!["relu1[0,0,1,1]".to_owned()],
        convention: "neither slope".to_owned(),
    }
}

fn extended() -> ExtendedRow {
    ExtendedRow {
        coordinate: "conv1.weight[0,0,0,0]".to_owned(),
        reason: Reason::FewestDigits,
        value: "1.000000000000000000000000000001".to_owned(),
        formula_digits: Some(30.0),
        central_digits: Some(22.4),
        plain_digits: 15.6,
        condition: Number(2.5),
    }
}

fn part(values_agree: bool, counts: Counts, worst: Vec<CoordinateRow>) -> Part {
    let value = |source, value| SourceValue {
        source,
        forward: Forward::Shared,
        value: Some(Number(value)),
    };
    Part {
        name: PartName::DataLoss,
        values: vec![
            value(SourceName::Backprop, 2.5),
            value(SourceName::Dual, if values_agree { 2.5 } else { 2.75 }),
            value(SourceName::Central, 2.5),
        ],
        output: None,
        values_agree,
        passes: None,
        tensors: vec![
            row(
                "conv1.weight",
                counts,
                &[(1.0, 1.0), (2.0, 2.002), (-0.5, -0.500_000_1)],
            ),
            row(
                "conv1.bias",
                Counts {
                    agree: 1_000,
                    ..Counts::default()
                },
                &[(0.0, 0.0)],
            ),
        ],
        worst,
        unresolved: Vec::new(),
        kinks: Vec::new(),
        crossed: vec![crossed()],
        extended: vec![extended()],
        single: None,
        second: None,
        projection: None,
        blame: None,
        forward: Vec::new(),
        place: None,
        diagnoses: Vec::new(),
        laws: Vec::new(),
        detail: None,
    }
}

fn report(part: Part, control: Control, outcome: Outcome) -> Report {
    Report {
        version: VERSION,
        setup: setup(),
        parts: vec![part],
        control,
        outcome,
        sentence: "A sentence that is long enough to be wrapped, since nobody likes to read lines that run out of the window on the right."
            .to_owned(),
        replay: "gp1.made-up.00000000".to_owned(),
        timing: None,
    }
}

fn caught() -> Control {
    Control::Caught {
        coordinate: "conv1.weight[0,0,0,1]".to_owned(),
        factor: 1.01,
    }
}

#[test]
fn a_passing_report() {
    let counts = Counts {
        agree: 990,
        at_kink_inside: 10,
        ..Counts::default()
    };
    snapshot::hold(
        "report__a_passing_report",
        &text::render_with(
            &report(part(true, counts, Vec::new()), caught(), Outcome::Right),
            verbose(),
        ),
    );
}

/// As in a file, and everything.
fn verbose() -> Look {
    Look {
        verbosity: Verbosity::Verbose,
        ..Look::plain()
    }
}

#[test]
fn a_failing_report() {
    let failing = failing();
    let text = text::render_with(&failing, verbose());
    snapshot::hold("report__a_failing_report", &text);
    let text = text::render(&failing);
    snapshot::hold("report__a_failing_report_as_usual", &text);
    for window in [45, 60, 80] {
        let look = Look {
            window: Some(window),
            ..Look::plain()
        };
        let text = text::render_with(&failing, look);
        snapshot::hold(
            &format!("report__a_failing_report_in_{window}_columns"),
            &text,
        );
    }
}

/// Something of everything that can be wrong.
pub(crate) fn failing() -> Report {
    let counts = Counts {
        agree: 900,
        at_kink_inside: 50,
        at_kink_outside: 3,
        disagree: 40,
        unresolved: 5,
        unobservable: 0,
        invalid: 2,
    };
    let value = |source, value, error, disagrees| CoordinateValue {
        source,
        value: Number(value),
        error: Number(error),
        disagrees,
    };
    let worst = vec![
        CoordinateRow {
            coordinate: "conv1.weight[0,0,0,1]".to_owned(),
            values: vec![
                value(SourceName::Backprop, f64::NAN, 1e-15, false),
                value(SourceName::Dual, 2.002, 1e-15, true),
                value(SourceName::Central, 2.002, f64::INFINITY, true),
            ],
        },
        CoordinateRow {
            coordinate: "conv1.weight[0,0,0,2]".to_owned(),
            values: vec![
                value(SourceName::Backprop, -0.5, 1e-15, false),
                value(SourceName::Dual, 0.5, 0.0, true),
                value(SourceName::Central, -0.5, 1e-9, false),
            ],
        },
    ];
    let missed = Control::Missed {
        coordinate: "conv1.weight[0,0,0,1]".to_owned(),
        factor: 1.01,
    };
    let mut part = part(false, counts, worst);
    part.kinks.push(kink());
    part.unresolved.push(UnresolvedRow {
        reason: Unresolved::BoundTooWide,
        count: 5,
        example: "conv1.weight[0,0,2,2]".to_owned(),
    });
    part.tensors[1].unobservable = Some(Hidden {
        reason: Unobservable::Cut,
        layer: Some("relu1".to_owned()),
        words: "conv1.bias cannot be seen: relu1 passes no gradient on".to_owned(),
    });
    report(part, missed, Outcome::Wrong)
}

fn second_row(name: &str, disagree: usize) -> SecondRow {
    let comparison = |reference, fewest_digits| ProductComparison {
        reference,
        fewest_digits,
        median_digits: fewest_digits.map(|digits| digits + 1.5),
    };
    SecondRow {
        name: name.to_owned(),
        products: 2_000,
        counts: Counts {
            agree: 2_000 - disagree,
            disagree,
            ..Counts::default()
        },
        zeros: 12,
        against: vec![
            comparison(ProductSource::HyperDual, Some(11.25)),
            comparison(ProductSource::Central, None),
        ],
        closest: Some(ProductClosest {
            reference: ProductSource::HyperDual,
            at: Gap {
                coordinate: format!("{name}[0,0,0,0]"),
                gap: Number(1e-17),
                bound: Number(4e-16),
            },
            ratio: Number(0.025),
        }),
    }
}

#[test]
fn a_report_of_the_second_order() {
    let value = |source, value, disagrees| ProductValue {
        source,
        value: Number(value),
        error: Number(1e-15),
        disagrees,
    };
    let second = SecondPart {
        directions: 2,
        tensors: vec![second_row("conv1.weight", 40), second_row("conv1.bias", 0)],
        worst: vec![ProductRow {
            coordinate: "conv1.weight[0,0,0,1]".to_owned(),
            direction: 2,
            values: vec![
                value(ProductSource::Backprop, 1.5, false),
                value(ProductSource::HyperDual, 1.25, true),
            ],
        }],
        symmetry: Symmetry {
            first: Number(0.5),
            second: Number(0.75),
            bound: Number(1e-14),
            holds: false,
        },
        cause: Some(Cause::Derivative),
        places: vec!["tanh1".to_owned()],
        control: caught(),
        sentence: "What was found.".to_owned(),
    };
    let counts = Counts {
        agree: 1_000,
        ..Counts::default()
    };
    let mut part = part(true, counts, Vec::new());
    part.second = Some(second);
    let report = report(part, caught(), Outcome::Wrong);
    let rendered = text::render(&report);
    let start = rendered.find("Second order").expect("it is there");
    snapshot::hold("report__a_report_of_the_second_order", &rendered[start..]);
    let back: Report = serde_json::from_str(&json::render(&report)).expect("a report");
    assert_eq!(back, report, "JSON holds all of it");
}

#[test]
fn a_report_with_nan_in_its_metrics_reads_back() {
    let mut report = report(
        part(true, Counts::default(), Vec::new()),
        Control::Impossible,
        Outcome::Unjudged,
    );
    let nan = row("fc.bias", Counts::default(), &[(f64::NAN, 1.0)]);
    report.parts[0].tensors.push(nan);
    let text = json::render(&report);
    assert!(text.contains("\"norm_ratio\": \"NaN\""), "{text}");
    let back: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(json::render(&back), text, "JSON reads back");
}

#[test]
fn numbers_that_json_cannot_hold_are_named_and_read_back() {
    let counts = Counts {
        invalid: 1_000,
        ..Counts::default()
    };
    let text = json::render(&report(
        part(true, counts, Vec::new()),
        Control::Impossible,
        Outcome::Unjudged,
    ));
    assert!(text.contains("\"bound\": \"Infinity\""), "{text}");
    let back: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(json::render(&back), text, "JSON reads back");
}
