//! One operator after the other, over random cases.

use gradproof::harness::fuzz::{FuzzOptions, Tested, Watch, fuzz};
use gradproof::harness::{Answer, Request, Subject, SubjectError, strategy};
use gradproof::report::failure;
use gradproof::report::fuzz::{CaseOutcomes, Finding, FuzzReport};
use gradproof::spec::case::Precision;

use crate::known::{Boxed, Known};

/// The seed of every sweep.
const SEED: u64 = 1;

/// Cases of each operator.
const CASES: usize = 200;

/// Names of more than one operator, whose every operator is swept by itself.
const SETS: [&str; 3] = ["operator", "loss", "all"];

struct Silent;

impl Watch for Silent {
    fn advance(&self, _: CaseOutcomes) {}
}

/// A subject that is not asked for what is known of it.
struct Apart<'a> {
    subject: Boxed,
    known: &'a [Known],
}

impl Subject for Apart<'_> {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        if let Some(known) = self.known.iter().find(|known| (known.concerns)(request)) {
            return Err(SubjectError::Unsupported(known.what.to_owned()));
        }
        self.subject.answer(request)
    }

    fn precision(&self) -> Precision {
        self.subject.precision()
    }
}

/// A library's operators, and what is known of them.
pub(crate) struct Library<'a> {
    /// Makes its subject.
    pub(crate) make: fn() -> Boxed,
    /// What is known to be wrong.
    pub(crate) known: &'a [Known],
    /// What is not judged: what it has not, and what is known to be wrong altogether.
    pub(crate) unjudged: &'a [&'a str],
    /// So many times more cases of operators with a window, of which it has few: most random attributes
    /// differ by axis.
    pub(crate) patience: usize,
}

impl Library<'_> {
    /// Random cases of `name`, up to the first that speaks against it, apart from what is known.
    fn sweep(&self, name: &str) -> FuzzReport {
        let cases = match name {
            "conv2d" | "conv_transpose2d" | "max_pool2d" | "avg_pool2d" | "upsample" => {
                CASES * self.patience
            }
            "network" => CASES / 4,
            _ => CASES,
        };
        let options = FuzzOptions {
            strategy: name.to_owned(),
            cases: Some(cases),
            time: None,
            seed: SEED,
            precision: (self.make)().precision(),
            jobs: 2,
            regressions: None,
            subject: None,
        };
        let examiner = || {
            let (subject, known) = ((self.make)(), self.known);
            Ok(Box::new(Tested::new(Apart { subject, known })) as Box<_>)
        };
        fuzz(&options, &examiner, &Silent).expect("the options are in order")
    }

    /// Sweep every operator: nothing is found but what is known, and all but what is said to be unjudged
    /// is judged.
    pub(crate) fn assert_nothing_else(&self) {
        let mut found = Vec::new();
        for name in strategy::names().filter(|name| !SETS.contains(name)) {
            let report = self.sweep(name);
            found.extend(words(&report));
            let judged = report.outcomes.right;
            if self.unjudged.contains(&name) != (judged == 0) {
                found.push(format!("{name}: {judged} cases are judged"));
            }
        }
        assert!(
            found.is_empty(),
            "what is found has to stand in the README and among what is known:\n\n{}",
            found.join("\n\n")
        );
    }
}

/// Every known finding is there still.
pub(crate) fn assert_known(make: fn() -> Boxed, known: &[Known]) {
    let gone = known.iter().filter_map(|known| {
        let words = known.differs(make())?;
        let (operator, what) = (known.operator, known.what);
        Some(format!("{operator}, {what}\n{}\n{words}", known.token))
    });
    let gone: Vec<String> = gone.collect();
    assert!(
        gone.is_empty(),
        "not as the README has it, which has to be changed:\n\n{}",
        gone.join("\n\n")
    );
}

/// What a sweep has found.
fn words(report: &FuzzReport) -> Option<String> {
    let found = report.failure.as_ref()?;
    let body = match &found.finding {
        Finding::Failed(why) => format!("no answer: {why}"),
        Finding::Wrong(report) => failure::body(report),
    };
    Some(format!("{}\n{}\n{body}", found.case, found.token))
}
