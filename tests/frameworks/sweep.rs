//! One operator after the other, over random cases.

use std::fmt::Write as _;

use gradproof::harness::fuzz::{FuzzOptions, Tested, Watch, fuzz};
use gradproof::harness::{Answer, Request, Subject, SubjectError};
use gradproof::report::fuzz::{CaseOutcomes, Finding, FuzzReport};
use gradproof::spec::case::Precision;

use crate::known::Known;

/// The seed of every sweep.
const SEED: u64 = 1;

struct Silent;

impl Watch for Silent {
    fn advance(&self, _: CaseOutcomes) {}
}

/// A subject that is not asked for what is known of it.
struct Apart<'a, S> {
    subject: S,
    known: &'a [Known],
}

impl<S: Subject> Subject for Apart<'_, S> {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        if let Some(known) = self.known.iter().find(|known| (known.is)(request)) {
            return Err(SubjectError::Unsupported(known.what.to_owned()));
        }
        self.subject.answer(request)
    }

    fn precision(&self) -> Precision {
        self.subject.precision()
    }
}

/// Random cases of `name`, up to the first that speaks against what `make` makes, apart from what is known.
pub(crate) fn sweep<S: Subject>(
    name: &str,
    cases: usize,
    make: &(dyn Fn() -> S + Sync),
    known: &[Known],
) -> FuzzReport {
    let options = FuzzOptions {
        strategy: name.to_owned(),
        cases: Some(cases),
        time: None,
        seed: SEED,
        precision: make().precision(),
        jobs: 2,
        regressions: None,
        subject: None,
    };
    let examiner = || {
        let subject = Apart {
            subject: make(),
            known,
        };
        Ok(Box::new(Tested::new(subject)) as Box<_>)
    };
    fuzz(&options, &examiner, &Silent).expect("the options are in order")
}

/// What a sweep has found, in words; empty when it has found nothing.
pub(crate) fn words(report: &FuzzReport) -> String {
    let mut text = String::new();
    let Some(failure) = &report.failure else {
        return text;
    };
    let _ = writeln!(text, "{}: {}", report.strategy, failure.case);
    match &failure.finding {
        Finding::Failed(why) => {
            let _ = writeln!(text, "  no answer: {why}");
        }
        Finding::Wrong(report) => {
            let _ = writeln!(text, "  {}", report.sentence);
            for part in &report.parts {
                for row in part.worst.iter().take(2) {
                    let _ = writeln!(text, "  {row:?}");
                }
            }
        }
    }
    let _ = writeln!(text, "  {}", failure.token);
    text
}
