//! What a report looks like, on numbers made up for the purpose: snapshots hold it.

#![cfg(feature = "cli")]

use gradproof::judge::Metrics;
use gradproof::report::{
    Comparison, Control, CoordinateRow, CoordinateValue, Counts, Gap, Number, Outcome, Part,
    PartName, Report, Setup, SourceValue, TensorRow, VERSION, json, text,
};
use gradproof::source::Forward;
use gradproof::spec::case::{Precision, Selection, SourceName, Step};
use gradproof::spec::{DataSpec, PenaltySpec};

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
    }
}

fn part(values_agree: bool, counts: Counts, worst: Vec<CoordinateRow>) -> Part {
    let value = |source, value| SourceValue {
        source,
        forward: Forward::Shared,
        value: Number(value),
    };
    Part {
        name: PartName::DataLoss,
        values: vec![
            value(SourceName::Backprop, 2.5),
            value(SourceName::Dual, if values_agree { 2.5 } else { 2.75 }),
            value(SourceName::Central, 2.5),
        ],
        values_agree,
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
        at_kink: 10,
        ..Counts::default()
    };
    insta::assert_snapshot!(text::render(&report(
        part(true, counts, Vec::new()),
        caught(),
        Outcome::Right
    )));
}

#[test]
fn a_failing_report() {
    let counts = Counts {
        agree: 900,
        at_kink: 50,
        at_kink_unconfirmed: 3,
        disagree: 40,
        unresolved: 5,
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
    let failing = report(part(false, counts, worst), missed, Outcome::Wrong);
    insta::assert_snapshot!(text::render(&failing));
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
