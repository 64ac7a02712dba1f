//! JUnit XML, by a schema and by a parser of others.

use gradproof::report::cases::{Cases, State};
use gradproof::report::{Report, junit};
use uppsala::{XsdValidator, parse};

use super::{ODD, WRONG, all};

fn parsed(xml: &str) -> junit_parser::TestSuites {
    junit_parser::from_reader(xml.as_bytes()).unwrap()
}

#[test]
fn every_report_is_what_jenkins_reads() {
    let schema = parse(include_str!("../data/jenkins-junit.xsd")).unwrap();
    let validator = XsdValidator::from_schema(&schema).unwrap();
    for (name, report) in all() {
        let xml = junit::render(&report);
        let errors = validator.validate(&parse(&xml).unwrap());
        assert!(errors.is_empty(), "{name}: {errors:?}\n{xml}");
    }
    let wrong = junit::render(&*WRONG).replace("<testcase name", "<testcase nome");
    let errors = validator.validate(&parse(&wrong).unwrap());
    assert!(!errors.is_empty(), "the schema sees what is wrong");
}

#[test]
fn another_parser_finds_every_case_with_its_outcome() {
    for (name, report) in all() {
        let cases = Cases::from(&report);
        let suites = parsed(&junit::render(&report));
        let count = |state| cases.in_state(state).count() as u64;
        assert_eq!(suites.failures, count(State::Failed), "{name}");
        assert_eq!(suites.errors, count(State::Open), "{name}");
        let all: usize = cases.suites.iter().map(|suite| suite.cases.len()).sum();
        assert_eq!(suites.tests, all as u64, "{name}");
        for (suite, own) in suites.suites.iter().zip(&cases.suites) {
            assert_eq!(suite.name, own.name, "{name}");
            for (case, own) in suite.cases.iter().zip(&own.cases) {
                assert_eq!(case.original_name, own.name, "{name}");
                assert_eq!(
                    case.status.is_failure(),
                    own.state == State::Failed,
                    "{name}"
                );
                assert_eq!(
                    case.status.is_skipped(),
                    own.state == State::Skipped,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn a_failure_says_what_the_report_says() {
    let report: &Report = &WRONG;
    let suites = parsed(&junit::render(report));
    let cases = suites.suites.iter().flat_map(|suite| &suite.cases);
    let failed: Vec<_> = cases.filter(|case| case.status.is_failure()).collect();
    assert!(!failed.is_empty());
    let texts = failed.iter().map(|case| &case.status.failure_as_ref().text);
    assert!(texts.clone().any(|text| text.contains("≠ dual")));
    for text in texts {
        let is_told = text.contains("≠ dual") || text.contains("furthest off");
        assert!(is_told, "a coordinate in {text}");
        for words in ["wrong", "Who: backprop", "What: ", &report.replay] {
            assert!(text.contains(words), "'{words}' in {text}");
        }
    }
}

#[test]
fn names_are_what_they_were() {
    let suites = parsed(&junit::render(&super::odd()));
    let names = suites.suites.iter().flat_map(|suite| &suite.cases);
    assert!(
        names
            .clone()
            .any(|case| case.original_name == format!("{ODD}.weight")),
        "{:?}",
        names.map(|case| &case.original_name).collect::<Vec<_>>()
    );
}

#[test]
fn the_time_of_sources_is_spread_over_the_tensors() {
    let (_, timed) = all().pop().unwrap();
    let suites = parsed(&junit::render(&timed));
    assert!((suites.time - 1.0).abs() < 0.01, "{}", suites.time);
    let untimed = junit::render(&*WRONG);
    assert!(!untimed.contains("time="), "{untimed}");
}
