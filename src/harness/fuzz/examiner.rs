//! Who examines a case.

use crate::check::{Silent, all_sources, backprop, check_posed};
use crate::harness::random::Trial;
use crate::report::fuzz::{CaseOutcomes, Finding};
use crate::report::{Control, Counts, Outcome, Part, Report};

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

    /// Add it to what there was.
    pub fn count(&self, outcomes: &mut CaseOutcomes, counts: &mut Counts) {
        match self {
            Self::Report(report) => {
                let own: Vec<Counts> = report.parts.iter().map(Part::counts).collect();
                let total = Counts::total(&own);
                let is_blind = matches!(report.control, Control::Missed { .. });
                *match report.outcome {
                    Outcome::Right => &mut outcomes.right,
                    Outcome::Wrong => &mut outcomes.wrong,
                    Outcome::Unjudged if total.unresolved > 0 || is_blind => &mut outcomes.unjudged,
                    // No derivative was large enough to plant a fault there.
                    Outcome::Unjudged if total.agree + total.at_kink_inside > 0 => {
                        &mut outcomes.right
                    }
                    Outcome::Unjudged => &mut outcomes.unseen,
                } += 1;
                *counts = Counts::total([&*counts, &total]);
            }
            Self::Failed(_) => outcomes.failed += 1,
            Self::Refused(_) => outcomes.refused += 1,
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
