//! What is wrong: whose fault it is, in which layer, what it looks like, and what its gaps do.

use crate::judge::verdict::within;
use crate::judge::{Blame, Culprit, Place, Verdict, Witness, blame, locate, locate_forward};
use crate::network::Coordinate;
use crate::report::{DiagnosisRow, LawRow};
use crate::source::{Dual, Estimate, Forward, GradientSource, Ground, Point, SourceError};
use crate::spec::case::SourceName;

use super::compare::Kinks;
use super::diagnose::diagnoses;
use super::{Answer, NamedSource, sweep_at};

/// Coordinates whose gaps are followed over a ladder of steps.
const MOST_LAWS: usize = 3;

/// Everything that is known about what is wrong; nothing when all is right.
#[derive(Default)]
pub(super) struct Explanation {
    pub(super) blame: Option<Blame>,
    pub(super) place: Option<Place>,
    /// Layers whose forward pass is another one by the independent source's word.
    pub(super) forward: Vec<String>,
    pub(super) diagnoses: Vec<DiagnosisRow>,
    pub(super) laws: Vec<LawRow>,
}

/// One objective at one point with all answers.
pub(super) struct Findings<'a> {
    pub(super) point: &'a Point,
    pub(super) sources: &'a [NamedSource],
    pub(super) coordinates: &'a [Coordinate],
    pub(super) answers: &'a [Answer],
    pub(super) kinks: &'a Kinks,
    pub(super) verdicts: &'a [Verdict],
    pub(super) values_agree: bool,
}

impl Findings<'_> {
    /// Explain what is wrong, if anything is.
    pub(super) fn explain(&self) -> Result<Explanation, SourceError> {
        let is_wrong = |verdict: &Verdict| matches!(verdict, Verdict::Disagree | Verdict::Invalid);
        if self.values_agree && !self.verdicts.iter().any(is_wrong) {
            return Ok(Explanation::default());
        }
        let witnesses: Vec<Witness> = self.answers.iter().map(|a| self.witness(a)).collect();
        let blame = blame(&witnesses);
        let mut explanation = Explanation {
            forward: self.forward(&blame)?,
            laws: self.laws()?,
            ..Explanation::default()
        };
        let accused = |name| blame.culprits.contains(&Culprit::Source(name));
        let subject_is_accused = blame.culprits.iter().any(|culprit| match culprit {
            Culprit::Source(name) => *name == self.answers[0].name,
            Culprit::Undecided(_) => true,
            Culprit::Forward => false,
        });
        if subject_is_accused {
            let subject = self.sources[0].1.as_ref();
            let exact = self.sources[1..]
                .iter()
                .filter(|(name, _)| *name != SourceName::Central && !accused(*name));
            // Where forward passes differ, only one that shares ours can say what ours should give.
            let wanted = exact.clone().find(|(_, source)| {
                blame.values_agree() == (source.forward() == Forward::Independent)
            });
            let reference: &dyn GradientSource = match wanted.or(exact.clone().next()) {
                Some((_, source)) => source.as_ref(),
                None => &Dual,
            };
            let mut place = locate(self.point, subject, reference)?;
            explanation.diagnoses = diagnoses(self.point, subject, reference, &mut place)?;
            explanation.place = Some(place);
        }
        explanation.blame = Some(blame);
        Ok(explanation)
    }

    fn witness(&self, answer: &Answer) -> Witness {
        let is_tie = |position: usize| {
            self.kinks.contains_key(&position)
                || self.answers.iter().any(|answer| {
                    matches!(answer.ground(position), Some(Ground::Tie | Ground::Kink(_)))
                })
        };
        // What double-double found to be rounding is nobody's fault.
        let is_settled = |position: usize| {
            let own = self.answers[0].gradient.estimates[position];
            self.verdicts[position] == Verdict::Agree
                && answer
                    .estimate(position)
                    .is_some_and(|theirs| !within(own, theirs))
        };
        let derivatives = (0..self.coordinates.len()).map(|position| {
            if is_tie(position) || is_settled(position) {
                None
            } else {
                answer.estimate(position)
            }
        });
        Witness {
            source: answer.name,
            forward: answer.forward,
            value: answer.value().map(|value| Estimate {
                value,
                error: answer.safety() * self.point.rounding_in(answer.format).value(),
            }),
            derivatives: derivatives.collect(),
        }
    }

    /// The layers whose forward passes differ, when forward passes do.
    fn forward(&self, blame: &Blame) -> Result<Vec<String>, SourceError> {
        let mut references = self.sources[1..].iter();
        let independent = references.find(|(_, source)| source.forward() == Forward::Independent);
        match independent {
            Some((_, source)) if blame.culprits.contains(&Culprit::Forward) => {
                locate_forward(self.point, source.as_ref())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What the gap does over a ladder of steps, at the first coordinates of the worst.
    fn laws(&self) -> Result<Vec<LawRow>, SourceError> {
        let sources: Vec<(SourceName, &dyn GradientSource)> = self
            .sources
            .iter()
            .filter(|(name, _)| *name != SourceName::Central)
            .map(|(name, source)| (*name, source.as_ref()))
            .collect();
        let worst = super::compare::worst_positions(self.answers, self.verdicts);
        worst
            .into_iter()
            .filter(|position| self.verdicts[*position] == Verdict::Disagree)
            .take(MOST_LAWS)
            .map(|position| {
                let report = sweep_at(self.point, self.coordinates[position], &sources)?;
                Ok(LawRow {
                    coordinate: report.coordinate,
                    law: report.sources[0].fit.law,
                    sentence: report.sentence,
                })
            })
            .collect()
    }
}
