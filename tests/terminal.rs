//! What a report looks like to whoever looks on: width, colours, characters, and how much is said.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use assert_cmd::Command;
use gradproof::report::text::{Look, Verbosity, render, render_with};

use crate::report::failing;

/// The text without the sequences that colour it.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = behind.split_once('m').map_or("", |(_, behind)| behind);
    }
    plain + rest
}

#[test]
fn every_line_fits_the_window_but_the_one_to_paste() {
    let mut report = failing();
    for tensors in [2, 3, 80] {
        let first = report.parts[0].tensors[0].clone();
        report.parts[0].tensors.resize(tensors, first);
        for window in [20, 40, 59, 60, 72, 80, 100, 120, 200] {
            for verbosity in [Verbosity::Usual, Verbosity::Verbose] {
                let look = Look {
                    window: Some(window),
                    verbosity,
                    ..Look::plain()
                };
                let text = render_with(&report, look);
                for line in text.lines() {
                    let is_one_word = line.split_whitespace().count() < 2;
                    assert!(
                        line.chars().count() <= window
                            || line.starts_with("Replay: ")
                            || is_one_word,
                        "{window} columns: {line}"
                    );
                }
                assert!(
                    text.contains("conv1.weight") && text.contains("40"),
                    "{window} columns: {text}"
                );
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    for window in [None, Some(50), Some(90)] {
        let plain = Look {
            window,
            ..Look::plain()
        };
        let coloured = Look {
            is_coloured: true,
            ..plain
        };
        let (plain, coloured) = (
            render_with(&failing(), plain),
            render_with(&failing(), coloured),
        );
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert!(coloured.contains("\u{1b}[31m"), "red: {coloured}");
        assert_eq!(without_colours(&coloured), plain);
    }
}

#[test]
fn where_there_is_only_ascii_there_is_only_ascii() {
    let mut report = failing();
    let first = report.parts[0].tensors[0].clone();
    report.parts[0].tensors.push(first);
    let look = Look {
        window: Some(80),
        is_unicode: false,
        ..Look::plain()
    };
    let text = render_with(&report, look);
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("+-") && text.contains("!="), "{text}");
}

#[test]
fn wrong_tensors_come_first_and_the_worst_of_them_at_the_top() {
    let mut report = failing();
    let tensors = &mut report.parts[0].tensors;
    let (wrong, right) = (tensors[0].clone(), tensors[1].clone());
    let named = |name: &str, row: &gradproof::report::TensorRow, ratio: f64| {
        let mut row = row.clone();
        row.name = name.to_owned();
        row.counts.invalid = 0;
        row.closest.as_mut().unwrap().ratio = gradproof::report::Number(ratio);
        row
    };
    *tensors = vec![
        named("first", &right, 0.5),
        named("second", &wrong, 2.0),
        named("third", &right, 0.7),
        named("fourth", &wrong, 50.0),
    ];
    let text = render(&report);
    let table: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with('─'))
        .skip(1)
        .map(|line| line.split_whitespace().next().unwrap())
        .take(5)
        .collect();
    assert_eq!(
        table,
        ["fourth", "second", "first", "third", "all"],
        "{text}"
    );
    assert!(
        text.contains("gap/bound         ▅▆▅▆"),
        "in the network's order: {text}"
    );
}

#[test]
fn quiet_is_the_answer_and_what_repeats_it_and_silent_is_nothing() {
    let report = failing();
    let at = |verbosity| {
        let look = Look {
            verbosity,
            ..Look::plain()
        };
        render_with(&report, look)
    };
    let quiet = at(Verbosity::Quiet);
    assert_eq!(
        quiet.split_whitespace().collect::<Vec<_>>(),
        format!(
            "{} Replay: gradproof replay {}",
            report.sentence, report.replay
        )
        .split_whitespace()
        .collect::<Vec<_>>()
    );
    assert_eq!(at(Verbosity::Silent), "");
    assert!(!at(Verbosity::Usual).contains("CS231n"));
    assert!(at(Verbosity::Verbose).contains("CS231n"));
}

/// The program's standard output and standard error, with these variables set.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::cargo_bin("gradproof").unwrap();
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").envs(variables.iter().copied());
    let output = command.args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn the_program_listens_to_options_and_environment() {
    let check = ["check", "mlp", "--coordinates", "60"];
    let with =
        |more: &[&str], variables: &[(&str, &str)]| run(&[&check[..], more].concat(), variables);
    let (plain, said) = with(&[], &[]);
    assert!(!plain.contains('\u{1b}'), "a pipe has no colours: {plain}");
    assert_eq!(said, "", "and no progress");
    for (more, variables, is_coloured) in [
        (&["--color", "always"][..], &[][..], true),
        (&["--color=always"], &[("NO_COLOR", "1")], true),
        (&["--color", "never"], &[("FORCE_COLOR", "1")], false),
        (&[], &[("FORCE_COLOR", "1")], true),
        (&[], &[("FORCE_COLOR", "0")], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[], &[("NO_COLOR", "")], false),
    ] {
        let (text, _) = with(more, variables);
        assert_eq!(
            text.contains('\u{1b}'),
            is_coloured,
            "{more:?} {variables:?}"
        );
        assert_eq!(without_colours(&text), plain, "{more:?} {variables:?}");
    }
    let (quiet, said) = with(&["-q"], &[]);
    assert!(quiet.starts_with("Yes: ") && plain.ends_with(&quiet[quiet.len() - 60..]));
    assert_eq!(quiet.matches('\n').count(), 3, "{quiet}");
    assert_eq!(said, "");
    assert_eq!(with(&["-qq"], &[]), (String::new(), String::new()));
    let (verbose, said) = with(&["-v"], &[]);
    assert!(
        verbose.len() > plain.len() && said.contains("Time: backprop"),
        "{said}"
    );
}

#[test]
fn a_report_in_a_file_is_whole_and_plain_whoever_watches() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("report.txt");
    let path = file.to_str().unwrap();
    let check = ["check", "mlp", "--coordinates", "60"];
    let (plain, _) = run(&check, &[]);
    for more in [&["--color", "always"][..], &["-q"], &["-qq"]] {
        let to_file = ["--output", path];
        let (said, _) = run(&[&check[..], &to_file, more].concat(), &[]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), plain, "{more:?}");
        assert_eq!(said.is_empty(), more == ["-qq"], "{said}");
    }
}
