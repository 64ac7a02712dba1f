//! Reports read back, and refused where they are none.

use gradproof::report::saved::{Saved, SavedError};
use gradproof::report::schema::Kind;
use gradproof::report::{Report, json};
use serde_json::{Value, json};

use super::{RIGHT, WRONG, all};

fn value(report: &Report) -> Value {
    serde_json::from_str(&json::render(report)).unwrap()
}

#[test]
fn what_is_read_back_is_what_was_written() {
    for (name, report) in all() {
        let text = json::render(&report);
        let Saved::Check(back) = Saved::read(&text).unwrap() else {
            panic!("{name} is a check");
        };
        assert_eq!(json::render(&*back), text, "{name}");
        let saved = Saved::Check(back);
        assert_eq!(saved.kind(), Kind::Check);
    }
}

#[test]
fn a_newer_version_is_refused_with_what_to_do() {
    let mut report = value(&RIGHT);
    report["version"] = json!(3);
    // Whatever else a newer one is made of.
    report["setup"] = json!("compressed");
    let text = report.to_string();
    let error = Saved::read(&text).unwrap_err().to_string();
    for words in ["version 3", "up to version 2", "a newer one"] {
        assert!(error.contains(words), "{error}");
    }
    // As it is written, the version comes first.
    let newer = json::render(&*RIGHT).replacen("\"version\": 2", "\"version\": 3", 1);
    let error = serde_json::from_str::<Report>(&newer).unwrap_err();
    assert!(error.to_string().contains("up to version 2"), "{error}");
    let zero = newer.replacen("\"version\": 3", "\"version\": 0", 1);
    assert!(serde_json::from_str::<Report>(&zero).is_err());
}

#[test]
fn what_is_no_report_is_refused_with_where_and_why() {
    for (text, words) in [
        ("", "no JSON"),
        ("{\"version\": 2", "line 1"),
        ("[1]", "not an object"),
        ("{}", "no version"),
        ("{\"version\": 1}", "no kind of report"),
        ("{\"version\": 1, \"shard\": \"1/2\"}", "gradproof merge"),
    ] {
        let error = Saved::read(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn damage_is_named_with_its_place() {
    let whole = value(&RIGHT);
    for (place, damage, words) in [
        ("/outcome", json!("maybe"), &["outcome", "maybe"][..]),
        (
            "/parts/0/tensors/1/counts/agree",
            json!(-1),
            &["parts[0].tensors[1].counts.agree"],
        ),
        (
            "/parts/0/tensors/0/against",
            json!([]),
            &["parts[0].tensors[0].against", "reference"],
        ),
        (
            "/parts/0/tensors/0/counts/agree",
            json!(u64::MAX),
            &["counts.agree", "as large"],
        ),
        (
            "/parts/0/detail/tensors/0/verdicts",
            json!("a"),
            &["detail.tensors[0]", "verdicts"],
        ),
        (
            "/parts/0/detail/tensors/0/verdicts",
            json!("é"),
            &["detail.tensors[0]"],
        ),
        (
            "/parts/0/detail/tensors/0/indices/0",
            json!(1_000_000),
            &["detail.tensors[0]"],
        ),
        (
            "/parts/0/detail/tensors/0/shape",
            json!([1_u64 << 40, 1_u64 << 40]),
            &["shape"],
        ),
        (
            "/parts/0/detail/tensors/0/sources/1/errors",
            json!([]),
            &["detail.tensors[0]"],
        ),
        (
            "/parts/0/detail/curves/0/sweep/rungs/2/gaps",
            json!([1.0]),
            &["rungs[2].gaps"],
        ),
    ] {
        let mut report = whole.clone();
        *report
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("{place}")) = damage;
        let error = Saved::read(&report.to_string()).unwrap_err();
        assert!(
            matches!(error, SavedError::Damaged { .. }),
            "{place}: {error}"
        );
        for words in words {
            assert!(error.to_string().contains(words), "{place}: {error}");
        }
    }
}

#[test]
fn no_damage_makes_a_renderer_panic() {
    // Every number, list and text of a report in turn, made something else.
    fn places(value: &Value, place: &str, all: &mut Vec<String>) {
        match value {
            Value::Array(values) => {
                all.push(place.to_owned());
                for (number, value) in values.iter().enumerate().take(2) {
                    places(value, &format!("{place}/{number}"), all);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    places(value, &format!("{place}/{name}"), all);
                }
            }
            _ => all.push(place.to_owned()),
        }
    }
    let mut read = 0;
    for report in [&*RIGHT, &*WRONG] {
        let mut whole = value(report);
        if let Some(detail) = whole.pointer_mut("/parts/0/detail/curves") {
            detail.as_array_mut().unwrap().truncate(1);
        }
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for place in all {
            for damage in [json!(0), json!(7), json!("NaN"), json!([]), Value::Null] {
                let mut damaged = whole.clone();
                *damaged.pointer_mut(&place).unwrap() = damage;
                let Ok(Saved::Check(report)) = Saved::read(&damaged.to_string()) else {
                    continue;
                };
                read += 1;
                let _ = gradproof::report::text::render(&report);
                let _ = gradproof::report::markdown::render(&report);
                let _ = gradproof::report::junit::render(&*report);
                let _ = gradproof::report::github::render(&*report);
                let _ = gradproof::report::csv::render(&report);
                if place.contains("closest") || place.contains("curves") {
                    let _ = gradproof::report::plot::svg(&*report);
                }
            }
        }
    }
    assert!(read > 100, "{read} damaged reports could be read");
}
