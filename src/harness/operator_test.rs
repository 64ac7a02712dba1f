//! Somebody's operator over random shapes, in a few lines of a test.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::report::Outcome;
use crate::report::fuzz::{CaseOutcomes, FuzzReport};
use crate::spec::case::Precision;

use super::fuzz::{Examiner, FuzzError, FuzzOptions, Make, Tested, Watch, examine_one, fuzz};
use super::page::is_wanted;
use super::persistence::REGRESSIONS;
use super::random::{RandomCase, Replay, Trial};
use super::replay::{REPLAY, asked_for, message};
use super::subject::{Answer, Request, Subject, SubjectError};

/// Cases that are tried when nothing is said.
const CASES: usize = 256;

/// The seed of all cases when nothing is said: a test says the same each time.
const SEED: u64 = 1;

/// A test of somebody's operator over random shapes.
///
/// ```
/// use gradproof::harness::{Answer, OperatorTest};
///
/// OperatorTest::new("tanh").cases(20).seed(7).keep_nothing().assert(|request| {
///     let y = request["x"].mapv(f64::tanh);
///     let dx = request.cotangent() * (1.0 - &y * &y);
///     Ok(Answer::new(y).with("x", dx))
/// });
/// ```
#[derive(Clone, Debug)]
pub struct OperatorTest {
    name: String,
    cases: usize,
    seed: u64,
    regressions: Option<PathBuf>,
}

/// Hold somebody's operator against gradproof's over 256 random shapes, its output first, then every
/// gradient; `name` is one of [`strategy::names`](super::strategy::names), such as `conv2d`.
///
/// The first failure is made as small as it goes, and kept in `proptest-regressions/fuzz-NAME.txt`, from
/// where it is tried first the next time. `GRADPROOF_REPLAY=TOKEN cargo test` tries the case of that token
/// alone. [`OperatorTest`] has options.
///
/// ```
/// use gradproof::harness::{Answer, assert_operator};
///
/// assert_operator("relu", |request| {
///     let y = request["x"].mapv(|x| x.max(0.0));
///     let dx = request.cotangent() * request["x"].mapv(|x| if x > 0.0 { 1.0 } else { 0.0 });
///     Ok(Answer::new(y).with("x", dx))
/// });
/// ```
///
/// # Panics
/// When something is wrong, or nothing could be judged: with the token, the ten worst coordinates,
/// counts, blame, place and kind.
#[track_caller]
pub fn assert_operator<F>(name: &str, subject: F)
where
    F: FnMut(&Request<'_>) -> Result<Answer, SubjectError> + Send,
{
    OperatorTest::new(name).assert(subject);
}

impl OperatorTest {
    /// A test of the operator (or loss) of this name; `operator` is any operator.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cases: CASES,
            seed: SEED,
            regressions: Some(PathBuf::from(REGRESSIONS)),
        }
    }

    /// With so many new cases; 256 when nothing is said.
    #[must_use]
    pub fn cases(mut self, cases: usize) -> Self {
        self.cases = cases;
        self
    }

    /// With other cases.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeping failures in this directory instead of `proptest-regressions`.
    #[must_use]
    pub fn keep_in(mut self, directory: &Path) -> Self {
        self.regressions = Some(directory.to_owned());
        self
    }

    /// Without keeping failures, and without trying earlier ones first.
    #[must_use]
    pub fn keep_nothing(mut self) -> Self {
        self.regressions = None;
        self
    }

    /// Check a closure from requests to answers in `f64`.
    ///
    /// # Panics
    /// When something is wrong, or nothing could be judged.
    #[track_caller]
    pub fn assert<F>(&self, subject: F)
    where
        F: FnMut(&Request<'_>) -> Result<Answer, SubjectError> + Send,
    {
        self.assert_subject(subject);
    }

    /// Check any subject, such as one that computes in `f32`.
    ///
    /// # Panics
    /// When something is wrong, or nothing could be judged.
    #[track_caller]
    pub fn assert_subject(&self, subject: impl Subject) {
        let report = match asked_for() {
            Some(Ok(Replay::Trial(trial))) if self.draws(&trial) => self.check_one(&trial, subject),
            // Some other test is asked for.
            Some(Ok(_)) => return,
            Some(Err(error)) => panic!("{REPLAY}: {error}"),
            None => self.check(subject),
        };
        match report {
            Ok(report) if report.outcome == Outcome::Right => (),
            Ok(report) => panic!("{}", message(&report)),
            Err(error) => panic!("{error}"),
        }
    }

    /// Check it, and return what was found.
    ///
    /// # Errors
    /// [`FuzzError`], when there are no such cases, or kept failures cannot be read or written.
    pub fn check(&self, subject: impl Subject) -> Result<FuzzReport, FuzzError> {
        let precision = subject.precision();
        with_examiners(subject, |make| {
            fuzz(&self.options(precision), make, &Unwatched)
        })
    }

    /// Check it on one case.
    pub(super) fn check_one(
        &self,
        trial: &Trial,
        subject: impl Subject,
    ) -> Result<FuzzReport, FuzzError> {
        let precision = subject.precision();
        with_examiners(subject, |make| {
            examine_one(&self.options(precision), trial, make)
        })
    }

    fn options(&self, precision: Precision) -> FuzzOptions {
        FuzzOptions {
            strategy: self.name.clone(),
            cases: Some(self.cases),
            time: None,
            seed: self.seed,
            precision,
            jobs: 1,
            regressions: self.regressions.clone(),
            subject: Some(format!("the {} under test", self.name)),
        }
    }

    /// Whether that case is one of this test.
    fn draws(&self, trial: &Trial) -> bool {
        let own = trial.case.name();
        match self.name.as_str() {
            "all" => true,
            "operator" => matches!(trial.case, RandomCase::Operator(_)),
            "loss" => matches!(trial.case, RandomCase::Loss(_)),
            name => name == own,
        }
    }
}

/// Lend `subject` to every examiner that `work` makes.
fn with_examiners<T>(subject: impl Subject, work: impl FnOnce(&Make<'_>) -> T) -> T {
    let precision = subject.precision();
    let shared = Mutex::new(subject);
    let make = || -> Result<Box<dyn Examiner + '_>, FuzzError> {
        let subject = &shared;
        let tested = Tested::new(Shared { subject, precision });
        Ok(Box::new(tested.in_detail(is_wanted())))
    };
    work(&make)
}

/// Nobody wants to know how far it is.
struct Unwatched;

impl Watch for Unwatched {
    fn advance(&self, _: CaseOutcomes) {}
}

/// One subject for all examiners.
struct Shared<'a, S> {
    subject: &'a Mutex<S>,
    precision: Precision,
}

impl<S: Subject> Subject for Shared<'_, S> {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        // What a panic has left behind is the subject's own matter, as in any loop of its own.
        let mut subject = self.subject.lock().unwrap_or_else(PoisonError::into_inner);
        subject.answer(request)
    }

    fn precision(&self) -> Precision {
        self.precision
    }
}
