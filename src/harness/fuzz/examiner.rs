//! Who examines a case.

use crate::check::{Silent, all_sources, backprop, check_posed};
use crate::harness::random::Trial;
use crate::judge::diagnosis::BugKind;
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

    /// Whether it fails as `other` does: without an answer, or with the kind of fault that is named there,
    /// so that a smaller case does not show another bug, or one that nobody can name any more.
    #[must_use]
    pub fn fails_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Failed(_), Self::Failed(_)) => true,
            (Self::Report(_), Self::Report(own)) => {
                self.is_failure() && named(own).is_none_or(|kind| self.names(kind))
            }
            _ => false,
        }
    }

    /// Whether a fault of this kind is named in it.
    fn names(&self, kind: BugKind) -> bool {
        match self {
            Self::Report(report) => kinds(report).any(|own| own == kind),
            Self::Failed(_) | Self::Refused(_) => false,
        }
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

/// The kind of fault that is named first.
fn named(report: &Report) -> Option<BugKind> {
    kinds(report).next()
}

fn kinds(report: &Report) -> impl Iterator<Item = BugKind> {
    let rows = report.parts.iter().flat_map(|part| &part.diagnoses);
    rows.filter_map(|row| row.diagnosis.kind)
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
