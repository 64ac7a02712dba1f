//! Every word of a report can be explained, with numbers that show what is explained.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use assert_cmd::Command;
use gradproof::harness::explain::{all, explain};
use gradproof::harness::mutant::Mutant;
use gradproof::judge::diagnosis::BugKind;

/// The names of all kinds, as JSON has them.
fn kinds() -> Vec<String> {
    let refused = serde_json::from_str::<BugKind>("\"?\"").unwrap_err();
    let message = refused.to_string();
    let names = message.split('`').skip(1).step_by(2);
    names
        .filter(|name| *name != "?")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_kind_that_a_report_can_name_is_explained_and_nothing_else() {
    let kinds = kinds();
    assert!(kinds.len() > 35, "{kinds:?}");
    let explained = all().filter(|own| own.is_kind);
    assert_eq!(explained.map(|own| own.word).collect::<Vec<_>>(), kinds);
    for mutant in Mutant::all() {
        let Some(kind) = mutant.expected else {
            continue;
        };
        let json = serde_json::to_string(&kind).unwrap();
        assert!(json.contains(&format!("\"{}\"", kind.word())), "{json}");
    }
}

#[test]
fn every_example_shows_what_it_explains() {
    for own in all() {
        let example = own.example();
        let example = example.unwrap_or_else(|| panic!("{} has no example", own.word));
        let is_full = |row: &Vec<String>| row.len() == example.header.len();
        assert!(!example.rows.is_empty(), "{}", own.word);
        assert!(example.rows.iter().all(is_full), "{}", own.word);
        assert!(example.conclusion.ends_with('.'), "{}", example.conclusion);
        let columns = |at: usize| example.rows.iter().map(move |row| row[at].clone());
        if own.is_kind {
            assert_ne!(
                columns(0).collect::<Vec<_>>(),
                columns(1).collect::<Vec<_>>(),
                "{}: right and wrong",
                own.word
            );
            assert!(example.conclusion.contains(": equals "), "{}", own.word);
        }
        for text in [&own.what, &own.comes, &own.mend] {
            assert!(text.ends_with(['.', ')']), "{}: {text}", own.word);
        }
        assert!(
            !own.line.ends_with('.') && own.line.len() < 70,
            "{}",
            own.line
        );
    }
}

#[test]
fn words_are_found_however_they_are_written_and_the_nearest_when_not() {
    for (asked, word) in [
        ("Kernel Rotated", "kernel_rotated"),
        ("planted fault", "planted_fault"),
        ("double-double", "double_double"),
        ("unseen", "unobservable"),
        ("outside", "kink"),
    ] {
        assert_eq!(explain(asked).unwrap().word, word);
    }
    let unknown = explain("kernel_roteted").unwrap_err();
    assert_eq!(unknown.nearest, Some("kernel_rotated"));
    assert_eq!(explain("xyzzy").unwrap_err().nearest, None);
}

#[test]
fn the_program_explains() {
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("gradproof").unwrap();
        let output = command.arg("explain").args(arguments).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let (code, list) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(all().all(|own| list.contains(own.word)), "{list}");
    let (code, text) = run(&["kernel_rotated"]);
    assert_eq!(code, Some(0));
    for words in [
        "What it is:",
        "How it comes about:",
        "How to mend it:",
        "right",
        "wrong",
    ] {
        assert!(text.contains(words), "'{words}' in {text}");
    }
    let (code, text) = run(&["kernle", "rotated"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("did you mean 'kernel_rotated'?"), "{text}");
}
