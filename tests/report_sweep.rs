//! What a sweep looks like, on numbers made up for the purpose: snapshots hold it.

#![cfg(feature = "cli")]

use gradproof::judge::law::{Fit, Law, Segment};
use gradproof::report::sweep::{
    NearestKink, SourceFit, SweepReport, SweepRung, SweepSetup, Switched, VERSION, text,
};
use gradproof::report::text::{Look, Verbosity};
use gradproof::report::{Number, Outcome, json};
use gradproof::spec::case::{Precision, SourceName};
use gradproof::spec::{DataSpec, PenaltySpec};

use crate::support::snapshot;

/// Steps of powers of four, so that every number here is one that anybody computes alike.
fn step(number: i32) -> f64 {
    f64::exp2(f64::from(-2 * number))
}

fn switched(count: usize, unit: &str) -> Switched {
    Switched {
        count,
        first: (count > 0).then(|| unit.to_owned()).into_iter().collect(),
    }
}

/// Ten steps: a kink at the first three, then truncation of the derivative 0.5, then rounding; the first
/// source is off by `error`.
fn rungs(error: f64) -> Vec<SweepRung> {
    (0..10)
        .map(|number| {
            let h = step(number);
            let crossed = number < 3;
            let off = h * h / 64.0 + f64::exp2(-40.0) / h + if crossed { 0.125 } else { 0.0 };
            SweepRung {
                step: h,
                central: Number(0.5 + off),
                rounding: Number(f64::exp2(-36.0) / h),
                forward: Number(0.5 + 2.0 * off),
                backward: Number(0.5),
                gaps: [error, 0.0]
                    .map(|error| Number((error - off).abs()))
                    .to_vec(),
                above: switched(usize::from(crossed), "relu1[0,3,7,9]"),
                below: switched(0, ""),
            }
        })
        .collect()
}

fn source(source: SourceName, value: f64, law: Law, rest: &[Segment]) -> SourceFit {
    let mut segments = vec![Segment {
        law: Law::Kink { at: step(2) },
        from: step(0),
        to: step(2),
    }];
    segments.extend(rest);
    SourceFit {
        source,
        value: Number(value),
        error: Number(f64::exp2(-50.0)),
        fit: Fit {
            law,
            segments,
            sharpest: Some(6),
        },
    }
}

fn segment(law: Law, from: i32, to: i32) -> Segment {
    Segment {
        law,
        from: step(from),
        to: step(to),
    }
}

fn report(error: f64) -> SweepReport {
    let bug = Law::Bug {
        plateau: error,
        decades: 2.5,
    };
    let right = [
        segment(Law::Truncation { order: 2.0 }, 3, 5),
        segment(Law::Rounding, 6, 9),
    ];
    let subject = if error == 0.0 {
        source(SourceName::Backprop, 0.5, Law::Kink { at: step(2) }, &right)
    } else {
        let flat = [segment(bug, 3, 7), segment(Law::Rounding, 8, 9)];
        source(SourceName::Backprop, 0.5 + error, bug, &flat)
    };
    let reference = source(SourceName::Dual, 0.5, Law::Kink { at: step(2) }, &right);
    SweepReport {
        version: VERSION,
        setup: Some(SweepSetup {
            network: "made-up".to_owned(),
            seed: 5,
            precision: Precision::F64,
            samples: 1,
            data: DataSpec::Digits,
            train_steps: 20,
            penalty: Some(PenaltySpec::L2 { strength: 0.001 }),
        }),
        coordinate: "conv1.weight[0,0,2,3]".to_owned(),
        at: Number(0.75),
        sources: vec![subject, reference],
        rungs: rungs(error),
        kink: Some(NearestKink {
            distance: 0.03125,
            unit: "relu1[0,3,7,9]".to_owned(),
        }),
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    }
    .judged()
}

#[test]
fn a_right_derivative() {
    let report = report(0.0);
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    snapshot::hold(
        "report_sweep__a_right_derivative",
        &text::render(&report, Look::plain()),
    );
}

#[test]
fn table_and_chart_fit_the_window_and_a_verbose_one_has_every_step() {
    let report = report(f64::exp2(-7.0));
    let mut look = Look::plain();
    for window in [24, 40, 60, 72, 80, 200] {
        look.window = Some(window);
        let text = text::render(&report, look);
        for line in text.lines() {
            let is_one_word = line.split_whitespace().count() < 2;
            let fits = line.chars().count() <= window;
            assert!(fits || is_one_word, "{window} columns: {line}");
        }
        let has_chart = text.contains("both logarithmic") && text.contains("bound");
        assert!(has_chart || window < 40, "{window} columns: {text}");
    }
    look.verbosity = Verbosity::Verbose;
    let text = text::render(&report, look);
    let step = |rung: &SweepRung| text.contains(&format!("{:.1e}", rung.step));
    assert!(report.rungs.iter().all(step), "{text}");
    look.is_unicode = false;
    assert!(text::render(&report, look).is_ascii());
}

#[test]
fn a_wrong_derivative() {
    let report = report(f64::exp2(-7.0));
    assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
    snapshot::hold(
        "report_sweep__a_wrong_derivative",
        &text::render(&report, Look::plain()),
    );
}

#[test]
fn numbers_that_json_cannot_hold_read_back() {
    let mut report = report(0.0);
    report.sources[0].value = Number(f64::NAN);
    report.sources[0].error = Number(f64::INFINITY);
    for rung in &mut report.rungs {
        rung.gaps[0] = Number(f64::NAN);
        rung.rounding = Number(f64::INFINITY);
    }
    let report = report.judged();
    assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
    let written = json::render(&report);
    let back: SweepReport = serde_json::from_str(&written).expect("a report");
    assert_eq!(json::render(&back), written, "JSON reads back");
    assert!(
        text::render(&report, Look::plain()).contains("NaN"),
        "and as a text"
    );
}

#[test]
fn a_report_without_steps_or_sources_is_still_text() {
    let mut report = report(0.0);
    report.rungs.clear();
    for source in &mut report.sources {
        source.fit = Fit {
            law: Law::Unclear,
            segments: Vec::new(),
            sharpest: None,
        };
    }
    let report = report.judged();
    assert_eq!(report.outcome, Outcome::Unjudged, "{}", report.sentence);
    assert!(!text::render(&report, Look::plain()).is_empty());
    let nobody = SweepReport {
        sources: Vec::new(),
        ..report
    }
    .judged();
    assert_eq!(nobody.outcome, Outcome::Unjudged);
    assert!(text::render(&nobody, Look::plain()).contains("no source was asked"));
}
