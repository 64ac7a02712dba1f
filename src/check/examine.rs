//! One objective at one point: every source is asked, and every coordinate judged.

use std::time::{Duration, Instant};

use crate::judge::verdict::within;
use crate::judge::{Side, Verdict};
use crate::network::{Coordinate, Network};
use crate::report::{Control, Part, PartName};
use crate::source::{Gradient, GradientSource, Point};
use crate::spec::case::SourceName;

use super::compare::{self, Kinks};
use super::detail::Known;
use super::explain::Findings;
use super::single::Branches;
use super::{Answer, CheckError, Details, Progress, control, kinks, observe, open, values};

/// A source with its name.
pub type NamedSource = (SourceName, Box<dyn GradientSource>);

/// What a source said.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceAnswer {
    /// Who.
    pub source: SourceName,
    /// The objective's value; `None` when the source does not know it.
    pub value: Option<f64>,
    /// One derivative for each coordinate asked for; `None` where the source cannot judge.
    pub derivatives: Vec<Option<f64>>,
}

/// What was found.
pub struct Examined {
    /// The judgement, for a report.
    pub part: Part,
    /// The verdict on each coordinate.
    pub verdicts: Vec<Verdict>,
    /// The time that each source took.
    pub seconds: Vec<Duration>,
    /// What each source said.
    pub found: Vec<SourceAnswer>,
    answers: Vec<Answer>,
    kinks: Kinks,
}

/// Ask `sources`, of which the first is under test and the others are references, for the derivatives
/// at `point` with respect to `coordinates`, which are ordered by tensor, and judge each.
///
/// # Errors
/// A source's.
///
/// # Panics
/// Without sources.
pub fn examine(
    name: PartName,
    point: &Point,
    sources: &[NamedSource],
    coordinates: &[Coordinate],
    progress: &dyn Progress,
) -> Result<Examined, CheckError> {
    let asked = ask(point, sources, coordinates, progress)?;
    judge(name, point, sources, coordinates, asked)
}

/// What every source answers, and how long each takes.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) gradients: Vec<Gradient>,
    pub(super) seconds: Vec<Duration>,
}

/// Ask each of `sources`.
pub(super) fn ask(
    point: &Point,
    sources: &[NamedSource],
    coordinates: &[Coordinate],
    progress: &dyn Progress,
) -> Result<Asked, CheckError> {
    let mut asked = Asked {
        gradients: Vec::with_capacity(sources.len()),
        seconds: Vec::with_capacity(sources.len()),
    };
    for (name, source) in sources {
        progress.begin(*name, coordinates.len());
        let start = Instant::now();
        let gradient = point.ask(source.as_ref(), coordinates, &|done| progress.advance(done))?;
        asked.seconds.push(start.elapsed());
        asked.gradients.push(gradient);
    }
    Ok(asked)
}

/// Judge each coordinate by what the sources have `asked`.
pub(super) fn judge(
    name: PartName,
    point: &Point,
    sources: &[NamedSource],
    coordinates: &[Coordinate],
    asked: Asked,
) -> Result<Examined, CheckError> {
    let Asked { gradients, seconds } = asked;
    let answer = |((name, source), gradient): (&NamedSource, Gradient)| Answer {
        name: *name,
        forward: source.forward(),
        format: source.format(),
        knows_value: source.knows_value(),
        gradient,
    };
    let mut answers: Vec<Answer> = sources.iter().zip(gradients).map(answer).collect();
    let found = answers.iter().map(Answer::found).collect();
    let subject = sources[0].1.as_ref();
    let suspects = suspects(&answers);
    let mut kinks = kinks::find(point, coordinates, &answers, &suspects)?;
    let branches = Branches::follow(point, coordinates, &mut answers, &mut kinks, &suspects);
    let mut verdicts = compare::judge_all(coordinates, &answers, &kinks);
    kinks::allow_branches(point, coordinates, &answers, &mut verdicts);
    let carried = branches.carried();
    let mut extended = open::decide(
        point,
        subject,
        coordinates,
        &answers,
        &mut verdicts,
        carried,
    );
    let hidden = observe::mark(point, coordinates, &mut verdicts);
    let mut tensors = compare::rows(point, coordinates, &answers, &verdicts);
    for (row, hidden) in tensors.iter_mut().zip(hidden) {
        row.unobservable = hidden;
    }
    // Of a tensor that cannot be seen more digits say nothing.
    extended.retain(|row| {
        let tensor = row.coordinate.split('[').next();
        let own = tensors.iter().find(|own| Some(own.name.as_str()) == tensor);
        own.is_none_or(|own| own.unobservable.is_none())
    });
    extended.truncate(open::MOST_ROWS);
    let single = branches.rows(point, coordinates, &answers, &verdicts, &mut tensors);
    let values_agree = values::agree(point, &answers);
    let findings = Findings {
        point,
        sources,
        coordinates,
        answers: &answers,
        kinks: &kinks,
        verdicts: &verdicts,
        values_agree,
    };
    let explanation = findings.explain()?;
    let part = Part {
        name,
        values: values::all(&answers),
        values_agree,
        output: None,
        passes: compare::passes(&point.problem.network, &answers),
        tensors,
        worst: compare::worst(point, coordinates, &answers, &verdicts),
        unresolved: compare::unresolved(point, coordinates, &verdicts),
        kinks: kinks::rows(point, coordinates, &answers, &verdicts, &kinks),
        crossed: kinks::crossed(point, coordinates, &answers, &verdicts),
        extended,
        single,
        second: None,
        projection: None,
        blame: explanation.blame,
        forward: explanation.forward,
        place: explanation.place,
        diagnoses: explanation.diagnoses,
        laws: explanation.laws,
        detail: None,
    };
    Ok(Examined {
        part,
        verdicts,
        seconds,
        found,
        answers,
        kinks,
    })
}

/// The positions at which the gradient under test differs from a reference.
fn suspects(answers: &[Answer]) -> Vec<usize> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let differs = |position: &usize| {
        let own = subject.gradient.estimates[*position];
        references
            .iter()
            .filter_map(|answer| answer.estimate(*position))
            .any(|theirs| !within(own, theirs))
    };
    (0..subject.gradient.estimates.len())
        .filter(differs)
        .collect()
}

impl Examined {
    /// Plant a fault into the gradient under test, and say whether it is seen.
    #[must_use]
    pub fn plant(&self, network: &Network, coordinates: &[Coordinate], seed: u64) -> Control {
        control::plant(
            network,
            coordinates,
            &self.answers,
            &self.verdicts,
            &self.kinks,
            seed,
        )
    }

    /// Add every number behind the rows of the judgement.
    ///
    /// # Errors
    /// When `wanted` names a coordinate that is none of the network's.
    pub(super) fn add_detail(
        &mut self,
        point: &Point,
        coordinates: &[Coordinate],
        wanted: &Details,
    ) -> Result<(), CheckError> {
        let known = Known {
            point,
            coordinates,
            answers: &self.answers,
            verdicts: &self.verdicts,
            part: &self.part,
        };
        self.part.detail = Some(known.detail(wanted)?);
        Ok(())
    }

    /// How many coordinates got a verdict that speaks against the gradient.
    #[must_use]
    pub fn wrong(&self) -> usize {
        let is_wrong = |verdict: &&Verdict| {
            matches!(
                verdict,
                Verdict::Disagree | Verdict::AtKink(Side::Outside) | Verdict::Invalid
            )
        };
        self.verdicts.iter().filter(is_wrong).count()
    }
}
