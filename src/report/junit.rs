//! Reports as JUnit XML, which every CI reads: an objective is a suite, a tensor a case.
//!
//! Wrong is a failure, what could not be judged an error, and what cannot be seen is skipped. The time of
//! a case is its share of what the sources took together, by the number of its derivatives: no source is
//! asked for one tensor alone.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::cases::{Case, Cases, State};

/// The whole report.
///
/// # Panics
/// Where text cannot be written into memory, which does not happen.
#[must_use]
pub fn render<R: ?Sized>(report: &R) -> String
where
    for<'a> Cases: From<&'a R>,
{
    let cases = Cases::from(report);
    let mut xml = quick_junit::Report::new(cases.title.as_str());
    let seconds = |cases: &[Case]| {
        let known: Vec<f64> = cases.iter().filter_map(|case| case.seconds).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>())
    };
    let all: Vec<f64> = cases
        .suites
        .iter()
        .filter_map(|suite| seconds(&suite.cases))
        .collect();
    if !all.is_empty() {
        xml.set_time(duration(all.iter().sum()));
    }
    for suite in &cases.suites {
        let mut own = TestSuite::new(suite.name.as_str());
        own.add_property(Property::new("answer", cases.sentence.as_str()));
        if let Some(replay) = &cases.replay {
            own.add_property(Property::new("replay", replay.as_str()));
        }
        if let Some(seconds) = seconds(&suite.cases) {
            own.set_time(duration(seconds));
        }
        for case in &suite.cases {
            let class = format!("{}.{}", cases.title, suite.name);
            let mut entry = TestCase::new(case.name.as_str(), status(case));
            entry.set_classname(class);
            if let Some(seconds) = case.seconds {
                entry.set_time(duration(seconds));
            }
            own.add_test_case(entry);
        }
        xml.add_test_suite(own);
    }
    let mut text = without_skipped(xml.to_string().expect("memory can be written"));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The sum of what was skipped stands on each suite; on all of them together schemas know none.
fn without_skipped(text: String) -> String {
    let Some((head, tail)) = text.split_once("<testsuites ") else {
        return text;
    };
    let Some((tag, tail)) = tail.split_once('>') else {
        return text;
    };
    // Inside of a value a quote is escaped.
    let tag = match tag.split_once(" skipped=\"") {
        Some((before, after)) => match after.split_once('"') {
            Some((_, after)) => format!("{before}{after}"),
            None => tag.to_owned(),
        },
        None => tag.to_owned(),
    };
    format!("{head}<testsuites {tag}>{tail}")
}

fn status(case: &Case) -> TestCaseStatus {
    let (kind, name) = match case.state {
        State::Passed => return TestCaseStatus::success(),
        State::Skipped => {
            // Text and no attribute: some schemas know none here.
            let mut status = TestCaseStatus::skipped();
            status.set_description(case.text());
            return status;
        }
        State::Failed => (NonSuccessKind::Failure, "wrong"),
        State::Open => (NonSuccessKind::Error, "not judged"),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(name)
        .set_message(case.summary.as_str())
        .set_description(case.text());
    status
}

/// A report may have been edited by hand: no time is negative or endless.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
