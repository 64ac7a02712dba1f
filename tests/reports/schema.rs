//! Reports are what their published schemas say.

use boon::{Compiler, SchemaIndex, Schemas};
use gradproof::check::{Silent, check, check_subject, sweep};
use gradproof::report::schema::Kind;
use gradproof::report::{Outcome, json, junit, markdown, plot};
use gradproof::source::{Backprop, Estimate, FaultySource, Question};
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, Step};
use serde::Serialize;
use serde_json::{Value, json};

use crate::support::wide::wide;

use super::{RIGHT, WRONG, all, case, detailed, gradproof};

struct Schema {
    all: Schemas,
    own: SchemaIndex,
}

impl Schema {
    fn of(kind: Kind) -> Self {
        let schema: Value = serde_json::from_str(kind.schema()).unwrap();
        let name = format!("file:///{kind}.json");
        let mut compiler = Compiler::new();
        compiler.add_resource(&name, schema).unwrap();
        let mut all = Schemas::new();
        let own = compiler.compile(&name, &mut all).unwrap();
        Self { all, own }
    }

    fn holds(&self, value: &Value) -> Result<(), String> {
        let found = self.all.validate(value, self.own);
        found.map_err(|error| format!("{error:#}"))
    }

    fn hold<R: Serialize>(&self, what: &str, report: &R) {
        let value = serde_json::from_str(&json::render(report)).unwrap();
        if let Err(why) = self.holds(&value) {
            panic!("{what}: {why}");
        }
    }
}

#[test]
fn checks_of_every_kind_are_what_the_schema_says() {
    let schema = Schema::of(Kind::Check);
    for (name, report) in all() {
        schema.hold(name, &report);
    }
    let cases: [(&str, Case); 4] = [
        (
            "f32",
            Case {
                precision: Precision::F32,
                ..case()
            },
        ),
        (
            "second order",
            Case {
                order: Order::Second,
                ..case()
            },
        ),
        (
            "penalty",
            Case {
                penalty: Some(PenaltySpec::L1 { strength: 0.01 }),
                ..case()
            },
        ),
        (
            "crossed kinks",
            Case {
                step: Step::Fixed(0.05),
                coordinates: Selection::Sample(300),
                ..case()
            },
        ),
    ];
    for (name, case) in cases {
        schema.hold(name, &detailed(&case));
    }
}

#[test]
fn projections_are_what_the_schema_says() {
    let schema = Schema::of(Kind::Check);
    let case = Case {
        spec: wide(),
        coordinates: Selection::Auto,
        ..case()
    };
    let fault = |_: &Question<'_>, estimates: &mut [Estimate]| {
        estimates[7].value *= 1.5;
    };
    let subject = FaultySource::new(Backprop, fault);
    for report in [
        check(&case, &Silent).unwrap().report,
        check_subject(&case, Box::new(subject), &Silent)
            .unwrap()
            .report,
    ] {
        assert!(report.parts[0].projection.is_some(), "it is projected");
        schema.hold("projections", &report);
        // Other formats show projections as well.
        assert!(markdown::render(&report).contains("projections agree"));
        let is_failed = junit::render(&report).contains("projections agree");
        assert_eq!(is_failed, report.outcome == Outcome::Wrong);
        plot::svg(&report).unwrap();
    }
}

#[test]
fn other_reports_are_what_their_schemas_say() {
    let case = case();
    let swept = sweep(&case, "fc1.weight[0,0]").unwrap();
    Schema::of(Kind::Sweep).hold("sweep", &swept);
    Schema::of(Kind::Power).hold("power", &super::trial());

    let folder = tempfile::tempdir().unwrap();
    let run = |kind: Kind, arguments: &[&str]| {
        let run = gradproof(folder.path(), arguments);
        let value: Value = serde_json::from_slice(&run.out)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", run.err));
        if let Err(why) = Schema::of(kind).holds(&value) {
            panic!("{arguments:?}: {why}");
        }
        value
    };
    let wrong = ["--subject", "false"];
    let fuzz = [
        "fuzz", "relu", "--cases", "3", "--seed", "1", "--format", "json",
    ];
    run(Kind::Fuzz, &fuzz);
    // A program that ends at once is a failure that is kept.
    let failing = run(Kind::Fuzz, &[&fuzz[..], &wrong].concat());
    let token = failing["failure"]["token"].as_str().unwrap().to_owned();
    run(
        Kind::Replay,
        &[
            "replay",
            "proptest-regressions/fuzz-relu.txt",
            "--format",
            "json",
        ],
    );
    let saved = gradproof(folder.path(), &["replay", &token, "--save", "case.json"]);
    assert_eq!(saved.code, 0, "{}", saved.err);
    run(Kind::Verify, &["verify", "case.json", "--format", "json"]);
    run(
        Kind::Account,
        &[
            "replay",
            &RIGHT.replay,
            "--explain",
            "fc1.weight[0,0]",
            "--format",
            "json",
        ],
    );
}

#[test]
fn a_damaged_report_is_not_what_the_schema_says() {
    let schema = Schema::of(Kind::Check);
    let whole: Value = serde_json::from_str(&json::render(&*WRONG)).unwrap();
    schema.holds(&whole).unwrap();
    let damages: [(&str, Value); 6] = [
        ("/version", json!(3)),
        ("/outcome", json!("maybe")),
        ("/parts/0/tensors/0/counts/agree", json!(-1)),
        ("/parts/0/tensors/0/name", json!(1)),
        ("/parts/0/worst/0/values/0/value", json!("NAN")),
        ("/parts/0/values", json!({})),
    ];
    for (place, damage) in damages {
        let mut report = whole.clone();
        *report.pointer_mut(place).unwrap() = damage;
        assert!(schema.holds(&report).is_err(), "{place}");
    }
    let mut report = whole;
    report.as_object_mut().unwrap().remove("setup");
    assert!(schema.holds(&report).is_err(), "without a setup");
}

#[test]
fn schemas_are_printed_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for kind in Kind::ALL {
        let run = gradproof(folder.path(), &["schema", &kind.to_string()]);
        let schema: Value = serde_json::from_slice(&run.out).unwrap();
        let id = format!("urn:gradproof:{kind}-report:{}", kind.version());
        assert_eq!(schema["$id"], json!(id));
        assert_eq!(schema["properties"]["version"]["const"], kind.version());
        Schema::of(kind);
    }
    super::refused(
        &gradproof(folder.path(), &["schema", "chek"]),
        &["there are", "check"],
    );
}
