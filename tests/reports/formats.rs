//! Markdown, annotations and tables of coordinates.

use gradproof::report::cases::{Cases, State};
use gradproof::report::detail::TensorDetail;
use gradproof::report::{Number, Outcome, Report, csv, github, markdown};

use super::{ODD, RIGHT, WRONG, all, empty, kinky, odd};

#[test]
fn an_answer_is_among_the_cases() {
    for (name, report) in all() {
        let cases = Cases::from(&report);
        let wanted = match report.outcome {
            Outcome::Right => continue,
            Outcome::Wrong => State::Failed,
            Outcome::Unjudged => State::Open,
        };
        assert!(cases.in_state(wanted).next().is_some(), "{name}");
    }
}

#[test]
fn markdown_says_the_answer_what_is_wrong_and_how_to_repeat_it() {
    let text = markdown::render(&WRONG);
    for words in [
        "### ❌ gradproof check mlp",
        "| `fc1.weight` |",
        "≠ ",
        "- Who: backprop",
        "- What: ",
        "```sh\ngradproof replay gp1.",
        "<details><summary>Gaps beside their error bounds</summary>",
    ] {
        assert!(text.contains(words), "'{words}' in {text}");
    }
    assert!(markdown::render(&RIGHT).starts_with("### ✅ "));
    assert!(markdown::render(&kinky()).contains("**outside**"));
    assert!(markdown::render(&empty()).starts_with("### ⚠️ "));
}

#[test]
fn markdown_has_as_many_cells_in_every_row_of_a_table() {
    for (name, report) in all() {
        let text = markdown::render(&report);
        let mut cells = None;
        for line in text.lines() {
            if !line.starts_with('|') {
                cells = None;
                continue;
            }
            let own = line.replace("\\|", "").matches('|').count();
            assert_eq!(*cells.get_or_insert(own), own, "{name}: {line}");
        }
    }
}

#[test]
fn markdown_fits_a_comment_whatever_the_report() {
    let mut large = WRONG.clone();
    large.sentence = "long ".repeat(20_000);
    let part = &mut large.parts[0];
    part.tensors = part.tensors.iter().cycle().take(5_000).cloned().collect();
    for tensor in &mut part.tensors {
        tensor.name = format!("{}{}", "layer".repeat(100), tensor.name);
    }
    let text = markdown::render(&large);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("more; the report as JSON has all of them"));
    assert!(text.contains("gradproof replay gp1."), "it can be repeated");
}

#[test]
fn markdown_leaves_odd_names_what_they_are() {
    let text = markdown::render(&odd());
    assert!(!text.contains(" a<b"), "no tag outside of code: {text}");
    assert!(text.contains("``a<b&\"c\\|`]]>%@d.weight``"), "{text}");
    assert!(text.contains("NaN"), "{text}");
}

#[test]
fn annotations_are_one_command_a_line() {
    for (name, report) in all() {
        let text = github::render(&report);
        let failed = Cases::from(&report).in_state(State::Failed).count();
        assert!(text.lines().count() <= 11, "{name}: {text}");
        for line in text.lines() {
            let levels = ["::error title=", "::warning title=", "::notice title="];
            assert!(
                levels.iter().any(|level| line.starts_with(level)),
                "{name}: {line}"
            );
        }
        let errors = text.matches("::error title=").count();
        let answer = usize::from(report.outcome == Outcome::Wrong);
        assert_eq!(errors, failed.min(10) + answer, "{name}: {text}");
    }
    let text = github::render(&odd());
    assert!(
        text.contains("data loss%3A a<b&\"c|`]]>%25@d.weight::"),
        "{text}"
    );
    assert_eq!(
        github::render(&*RIGHT).lines().next(),
        Some(format!(
            "::notice title=gradproof check mlp::{}%0AReplay: gradproof replay {}",
            RIGHT.sentence.replace('%', "%25"),
            RIGHT.replay
        ))
        .as_deref()
    );
}

/// The cells of a table.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn every_coordinate_has_a_line_with_all_digits() {
    let mut report: Report = RIGHT.clone();
    let tensor: &mut TensorDetail = &mut report.parts[0].detail.as_mut().unwrap().tensors[0];
    tensor.name = ODD.to_owned();
    tensor.sources[0].values[0] = Number(f64::NAN);
    tensor.sources[1].values[0] = Number(f64::NEG_INFINITY);
    let rows = cells(&csv::render(&report).unwrap());
    assert_eq!(
        rows[0].join(","),
        "part,tensor,coordinate,verdict,backprop,backprop_bound,dual,dual_bound,reverse,reverse_bound,central,central_bound,gap_by_bound"
    );
    assert_eq!(rows.len(), 61, "60 coordinates");
    let detail = report.parts[0].detail.as_ref().unwrap();
    let mut lines = rows[1..].iter();
    for tensor in &detail.tensors {
        for position in 0..tensor.len() {
            let line = lines.next().unwrap();
            assert_eq!(line[1], tensor.name);
            assert_eq!(line[2], tensor.coordinate(position));
            for (number, source) in tensor.sources.iter().enumerate() {
                let read: f64 = line[4 + 2 * number].parse().unwrap();
                let own = source.values[position].0;
                assert!(read.to_bits() == own.to_bits() || (read.is_nan() && own.is_nan()));
            }
        }
    }
    assert!(
        csv::render(&WRONG)
            .unwrap_err()
            .to_string()
            .contains("--no-detail")
    );
    let header = csv::render(&empty()).unwrap();
    assert_eq!(header.lines().count(), 1, "nothing but a header: {header}");
}
