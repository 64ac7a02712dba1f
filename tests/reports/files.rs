//! Where reports go: several files at once, each in the format of its ending.

use std::fs;
use std::path::Path;

use gradproof::report::{json, junit, markdown};

use super::{gradproof, refused};

const QUICK: [&str; 6] = ["check", "mlp", "--coordinates", "60", "--samples", "1"];

fn check(folder: &Path, more: &[&str]) -> super::Run {
    gradproof(folder, &[&QUICK[..], more].concat())
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn all_formats_are_written_at_once_and_are_those_of_the_saved_report() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let endings = ["json", "txt", "html", "xml", "md", "csv", "svg", "png"];
    let mut arguments = vec!["--format", "github", "--output", "-"];
    let names: Vec<String> = endings.map(|ending| format!("once.{ending}")).to_vec();
    for name in &names {
        arguments.extend(["--output", name]);
    }
    let run = check(here, &arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    let annotations = String::from_utf8(run.out.clone()).unwrap();
    assert!(
        annotations.starts_with("::notice title=gradproof check mlp::Yes"),
        "{annotations}"
    );

    let mut arguments = vec!["report", "once.json", "--format", "github", "--output", "-"];
    let later: Vec<String> = endings.map(|ending| format!("later.{ending}")).to_vec();
    for name in &later {
        arguments.extend(["--output", name]);
    }
    let again = gradproof(here, &arguments);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out == run.out, "annotations");
    for (once, later) in names.iter().zip(&later) {
        assert!(read(here, once) == read(here, later), "{once} and {later}");
    }
    assert!(read(here, "once.png").starts_with(b"\x89PNG"));
    let left = fs::read_dir(here).unwrap().count();
    assert_eq!(left, 2 * endings.len(), "no temporary file is left");
}

#[test]
fn the_time_is_said_and_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let timed = check(here, &["--output", "a.json", "--output", "a.xml"]);
    assert_eq!(timed.code, 0, "{}", timed.err);
    let said = String::from_utf8(timed.out).unwrap();
    assert!(
        said.contains("The report is in a.json and a.xml."),
        "{said}"
    );
    let report: serde_json::Value = serde_json::from_slice(&read(here, "a.json")).unwrap();
    assert!(report["timing"]["total"].as_f64().unwrap() > 0.0);
    assert_eq!(report["timing"]["sources"][0]["source"], "backprop");
    let text = |name: &str| String::from_utf8(read(here, name)).unwrap();
    assert!(text("a.xml").contains("time="));
    for name in ["b", "c"] {
        let (json, xml) = (format!("{name}.json"), format!("{name}.xml"));
        check(here, &["--no-timing", "--output", &json, "--output", &xml]);
    }
    assert_eq!(text("b.json"), text("c.json"));
    assert_eq!(text("b.xml"), text("c.xml"));
    assert!(!text("b.json").contains("timing"));
    let without = gradproof(
        here,
        &["report", "a.json", "--no-timing", "--format", "json"],
    );
    assert_eq!(String::from_utf8(without.out).unwrap(), text("b.json"));
}

#[test]
fn formats_that_cannot_be_are_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (arguments, words) in [
        (
            &["--format", "json", "--output", "x.md"][..],
            &["clash", "x.md", "markdown", "leave --format out", ".json"][..],
        ),
        (
            &["--output", "x.pdf"],
            &["x.pdf", ".json", ".svg", "--format"],
        ),
        (&["--output", "x.md", "--output", "x.md"], &["twice"]),
        (
            &["--output", "x.md", "--output", "missing/x.json"],
            &["missing/x.json"],
        ),
        (&["--output", "-", "--output", "-"], &["twice"]),
    ] {
        refused(&check(here, arguments), words);
    }
    let verify = ["verify", "none.json", "--output", "x.csv"];
    refused(&gradproof(here, &verify), &["x.csv", "csv", "text, json"]);
    let fuzz = ["fuzz", "relu", "--cases", "1", "--format", "png"];
    refused(&gradproof(here, &fuzz), &["png", "there are"]);
    refused(
        &check(here, &["--no-detail", "--output", "x.csv"]),
        &["--no-detail", "csv"],
    );
    refused(
        &check(here, &["--no-detail", "--output", "x.csv"]),
        &["--no-detail", "csv"],
    );
    let share = [
        "fuzz", "relu", "--seed", "1", "--shard", "1/2", "--output", "a", "--output", "b",
    ];
    refused(&gradproof(here, &share), &["--output once"]);
    assert_eq!(
        fs::read_dir(here).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn a_format_decides_where_an_ending_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = [
        "--format", "markdown", "--output", "summary", "--output", "x.pdf", "--output", "x.JSON",
    ];
    let run = check(here, &arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(read(here, "summary").starts_with("### ✅".as_bytes()));
    assert!(read(here, "x.pdf") == read(here, "summary"));
    assert!(read(here, "x.JSON").starts_with(b"{"));
    let plain = check(here, &["--output", "plain"]);
    assert_eq!(plain.code, 0, "{}", plain.err);
    assert!(read(here, "plain").starts_with(b"gradproof"));
}

#[test]
fn every_kind_of_report_is_rendered_later() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = |arguments: &[&str]| {
        let run = gradproof(here, arguments);
        assert!(run.code < 2, "{arguments:?}: {}", run.err);
    };
    run(&[
        "sweep",
        "mlp",
        "fc1.weight[0,0]",
        "--output",
        "sweep.json",
        "--output",
        "sweep.md",
        "--output",
        "sweep.svg",
        "--output",
        "sweep.txt",
    ]);
    let fuzz = [
        "fuzz",
        "relu",
        "--cases",
        "3",
        "--seed",
        "1",
        "--subject",
        "false",
    ];
    run(&[
        &fuzz[..],
        &[
            "--output",
            "fuzz.json",
            "--output",
            "fuzz.xml",
            "--output",
            "fuzz.md",
            "--output",
            "fuzz.txt",
        ],
    ]
    .concat());
    run(&[
        "replay",
        "proptest-regressions/fuzz-relu.txt",
        "--output",
        "replay.json",
        "--output",
        "replay.xml",
        "--output",
        "replay.md",
        "--output",
        "replay.txt",
    ]);
    let failure: serde_json::Value = serde_json::from_slice(&read(here, "fuzz.json")).unwrap();
    let token = failure["failure"]["token"].as_str().unwrap();
    run(&["replay", token, "--save", "case.json"]);
    run(&[
        "verify",
        "case.json",
        "--output",
        "verify.json",
        "--output",
        "verify.xml",
        "--output",
        "verify.md",
        "--output",
        "verify.txt",
    ]);
    // Every fault of the catalogue would be planted anew.
    let power = super::trial();
    for (name, text) in [
        ("power.json", json::render(&power)),
        ("power.xml", junit::render(&power)),
        ("power.md", markdown::render_cases(&power)),
    ] {
        fs::write(here.join(name), text).unwrap();
    }
    let written = fs::read_dir(here).unwrap();
    let names: Vec<String> = written
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut compared = 0;
    for name in names
        .iter()
        .filter(|name| !name.ends_with(".json") && name.contains('.'))
    {
        let (kind, ending) = name.split_once('.').unwrap();
        let later = format!("later.{ending}");
        let report = format!("{kind}.json");
        run(&["report", &report, "--output", &later]);
        assert!(read(here, name) == read(here, &later), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 14);
    refused(
        &gradproof(here, &["report", "fuzz.json", "--output", "x.svg"]),
        &["svg", "junit"],
    );
    fs::write(here.join("cut.json"), &read(here, "power.json")[..200]).unwrap();
    refused(
        &gradproof(here, &["report", "cut.json"]),
        &["cut.json", "no JSON", "line"],
    );
}
