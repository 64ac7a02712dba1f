//! Two reports held against each other.

use gradproof::report::diff::{DiffError, DiffReport, Trend, diff, markdown, text};
use gradproof::report::saved::Saved;
use gradproof::report::text::Look;
use gradproof::report::{Number, Report, json};
use gradproof::spec::case::{Case, Selection};

use super::{RIGHT, WRONG, case, detailed, gradproof, kinky, odd, refused};

fn compared(old: &Report, new: &Report) -> DiffReport {
    let saved = |report: &Report| Saved::Check(Box::new(report.clone()));
    diff(&saved(old), &saved(new)).unwrap()
}

#[test]
fn nothing_changes_between_a_report_and_itself() {
    for report in [&*RIGHT, &*WRONG] {
        let report = compared(report, report);
        assert_eq!(report.trend, Trend::Same);
        assert_eq!((report.cases.len(), report.setup.len()), (0, 0));
        assert!(
            report
                .sentence
                .starts_with("Nothing became better or worse")
        );
    }
}

#[test]
fn what_breaks_is_worse_and_what_is_mended_better() {
    let worse = compared(&RIGHT, &WRONG);
    assert_eq!(worse.trend, Trend::Worse, "{}", worse.sentence);
    let better = compared(&WRONG, &RIGHT);
    assert_eq!(better.trend, Trend::Better, "{}", better.sentence);
    let row = worse
        .cases
        .iter()
        .find(|row| row.name == "fc1.weight")
        .unwrap();
    assert_eq!(row.trend, Trend::Worse);
    let (old, new) = (row.old.as_ref().unwrap(), row.new.as_ref().unwrap());
    assert_eq!(old.counts.unwrap().wrong(), 0);
    assert!(new.counts.unwrap().wrong() > 0);
    assert_eq!(row.digits.len(), 3, "three references");
    let all = WRONG.parts[0].worst.iter().map(|row| &row.coordinate);
    let broken = || worse.cases.iter().flat_map(|row| &row.broken);
    assert_eq!(broken().count(), 10, "the worst are named");
    assert!(all.clone().all(|name| broken().any(|own| own == name)));
    let text = text::render(&worse, Look::plain());
    for words in [
        "worse: fc1.weight (data loss): it was right, and is wrong",
        "newly wrong: fc",
        "digits against dual: fewest ",
        "largest gap by its bound: ",
        "Replay: gradproof replay gp1.",
    ] {
        assert!(text.contains(words), "'{words}' in {text}");
    }
}

#[test]
fn every_coordinate_is_known_where_both_have_detail() {
    let mut broken = RIGHT.clone();
    let part = &mut broken.parts[0];
    let tensor = &mut part.detail.as_mut().unwrap().tensors[0];
    let name = tensor.coordinate(2);
    tensor.verdicts.replace_range(2..3, "d");
    let row = part
        .tensors
        .iter_mut()
        .find(|row| row.name == tensor.name)
        .unwrap();
    row.counts.agree -= 1;
    row.counts.disagree += 1;
    let worse = compared(&RIGHT, &broken);
    assert_eq!(worse.cases[0].broken, [name.as_str()]);
    let better = compared(&broken, &RIGHT);
    assert_eq!(better.cases[0].mended, [name.as_str()]);
    assert!(text::render(&better, Look::plain()).contains(&format!("mended: {name}")));
}

#[test]
fn another_check_is_said_first() {
    let other = detailed(&Case {
        seed: 2,
        coordinates: Selection::Sample(50),
        ..case()
    });
    let report = compared(&RIGHT, &other);
    let names: Vec<&str> = report
        .setup
        .iter()
        .map(|change| change.what.as_str())
        .collect();
    assert_eq!(names, ["checked", "coordinates", "seed"]);
    let text = text::render(&report, Look::plain());
    let (setup, old) = (
        text.find("Not the same check").unwrap(),
        text.find("Old: ").unwrap(),
    );
    assert!(setup < old && text.contains("    seed: 1 → 2"), "{text}");
    assert!(!report.trend.is_worse(), "{text}");
}

#[test]
fn tensors_appear_and_go() {
    let mut fewer = RIGHT.clone();
    let gone = fewer.parts[0].tensors.remove(0);
    let report = compared(&RIGHT, &fewer);
    assert_eq!((report.cases.len(), report.trend), (1, Trend::Changed));
    assert_eq!(
        (&report.cases[0].name, report.cases[0].new.is_none()),
        (&gone.name, true)
    );
    let report = compared(&fewer, &RIGHT);
    assert!(report.cases[0].old.is_none());
    assert!(!report.trend.is_worse(), "it is right");
}

#[test]
fn numbers_that_move_within_their_bounds_are_no_news() {
    let mut moved = RIGHT.clone();
    let row = &mut moved.parts[0].tensors[0];
    row.against[0].metrics.fewest_digits = Some(0.25);
    row.closest.as_mut().unwrap().ratio = Number(0.9);
    let report = compared(&RIGHT, &moved);
    assert_eq!(report.trend, Trend::Changed);
    assert_eq!(report.cases.len(), 1);
    let text = text::render(&report, Look::plain());
    assert!(text.contains("fewest") && text.contains("→ 0.2"), "{text}");
}

#[test]
fn a_comparison_is_a_comment_and_reads_back() {
    for (old, new) in [
        (&*RIGHT, odd()),
        (&*WRONG, kinky()),
        (&*RIGHT, WRONG.clone()),
    ] {
        let report = compared(old, &new);
        let comment = markdown::render(&report);
        assert!(
            comment.len() < 65_536 && comment.starts_with("### "),
            "{comment}"
        );
        assert!(!comment.contains(" a<b"), "{comment}");
        let Saved::Diff(back) = Saved::read(&json::render(&report)).unwrap() else {
            panic!("it is a comparison");
        };
        assert_eq!(json::render(&*back), json::render(&report));
    }
    let comparison = Saved::Diff(Box::new(compared(&RIGHT, &WRONG)));
    assert!(matches!(
        diff(&comparison, &comparison),
        Err(DiffError::NoCases(_))
    ));
    let check = Saved::Check(Box::new(RIGHT.clone()));
    assert!(matches!(
        diff(&check, &comparison),
        Err(DiffError::Kinds(..))
    ));
}

#[test]
fn the_program_tells_the_shell_whether_something_became_worse() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("right.json", &json::render(&*RIGHT));
    write("wrong.json", &json::render(&*WRONG));
    write("none.json", "{}");
    let run = |arguments: &[&str]| gradproof(folder.path(), &[&["diff"], arguments].concat());
    assert_eq!(run(&["right.json", "wrong.json"]).code, 1);
    assert_eq!(run(&["wrong.json", "right.json"]).code, 0);
    let same = run(&["right.json", "right.json", "--output", "comment.md"]);
    assert_eq!(same.code, 0);
    let comment = std::fs::read_to_string(folder.path().join("comment.md")).unwrap();
    assert!(
        comment.contains("Nothing became better or worse"),
        "{comment}"
    );
    refused(
        &run(&["right.json", "none.json"]),
        &["none.json", "no version"],
    );
    refused(
        &run(&["right.json", "gone.json"]),
        &["gone.json", "cannot read"],
    );
    refused(
        &run(&["right.json", "right.json", "--format", "junit"]),
        &["junit", "markdown"],
    );
}
