//! Who examines a case.

use crate::check::{Silent, all_sources, backprop, check_posed};
use crate::harness::random::Trial;
use crate::report::fuzz::{Ended, Finding};
use crate::report::verify::CaseOutcome;
use crate::report::{Counts, Outcome, Part, Report};

use super::FuzzError;

/// Examines one case after the other.
pub trait Examiner: Send {
    /// Put `trial` on trial.
    ///
    /// # Errors
    /// [`FuzzError`], when no case can be examined at all; what is wrong with this one is no error.
    fn examine(&mut self, trial: &Trial) -> Result<Found, FuzzError>;

    /// Whether no more smaller cases should be tried, since each takes too long.
    fn is_weary(&self) -> bool {
        false
    }
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It was judged.
    Report(Box<Report>),
    /// Whoever is under test gave no answer, and why.
    Failed(String),
    /// Whoever is under test has no such operator, by their own account.
    Refused(String),
}

impl Found {
    /// Whether it speaks against who is under test.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Report(report) => report.outcome == Outcome::Wrong,
            Self::Failed(_) => true,
            Self::Refused(_) => false,
        }
    }

    /// Whether both are failures of one kind.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.is_failure()
            && other.is_failure()
            && std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// What speaks against who is under test.
    #[must_use]
    pub fn failure(self) -> Option<Finding> {
        if !self.is_failure() {
            return None;
        }
        match self {
            Self::Report(report) => Some(Finding::Wrong(report)),
            Self::Failed(why) => Some(Finding::Failed(why)),
            Self::Refused(_) => None,
        }
    }

    /// What became of it.
    #[must_use]
    pub fn ended(&self) -> Ended {
        match self {
            Self::Failed(_) => Ended::Failed,
            Self::Refused(_) => Ended::Refused,
            Self::Report(report) => match report.case_outcome() {
                CaseOutcome::Agree => Ended::Right,
                CaseOutcome::Disagree => Ended::Wrong,
                CaseOutcome::Unobservable => Ended::Unseen,
                _ => Ended::Unjudged,
            },
        }
    }

    /// The verdicts on its derivatives.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match self {
            Self::Report(report) => {
                let own: Vec<Counts> = report.parts.iter().map(Part::counts).collect();
                Counts::total(&own)
            }
            Self::Failed(_) | Self::Refused(_) => Counts::default(),
        }
    }
}

/// gradproof's own backprop.
#[derive(Clone, Copy, Debug)]
pub struct Own;

impl Examiner for Own {
    fn examine(&mut self, trial: &Trial) -> Result<Found, FuzzError> {
        let posed = trial.posed()?;
        let sources = all_sources(backprop(trial.precision), posed.setup.step);
        let checked = check_posed(posed, &sources, &Silent)?;
        Ok(Found::Report(Box::new(checked.report)))
    }
}
