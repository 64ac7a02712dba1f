//! The check of a large network: every tensor's gradient by random-sign projections, and one by one the
//! coordinates that they lead to.
//!
//! Of what is as large as the parameters, those and the gradient under test are held, and while bounds are
//! measured or directions made, pieces that are less than two of them together.

mod answer;
mod control;
mod found;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::network::{Coordinate, LeafName, Objective, Problem};
use crate::report::{
    self, Counts, IndependentRow, Number, Part, PartName, Projected, ProjectionPart, ProjectionRow,
    Report,
};
use crate::rng;
use crate::source::projection::{
    Extent, PERTURBED, PROJECTIONS, Projecting, Projection, Tangents, TensorProjection, Whole,
};
use crate::source::{GradientSource, Point, Question, Rounding, SourceError};
use crate::spec::case::{Case, Order, Precision, SourceName};
use crate::tensor::{from_values, values};

use super::{CheckError, Checked, NamedSource, Posed, Progress, SourceAnswer};

/// What is wrong in a network of more parameters is told coordinate by coordinate, and not explained layer
/// by layer; nor is the whole gradient asked of an independent source.
const MOST_EXPLAINED: usize = 1_000_000;

/// See that nothing is asked for that projections cannot give.
pub(super) fn allowed(case: &Case) -> Result<(), CheckError> {
    if case.precision == Precision::F32 {
        return Err(CheckError::ProjectionInF32);
    }
    if case.order == Order::Second {
        return Err(CheckError::ProjectionOfOrder2);
    }
    if !case.sources.contains(&SourceName::Dual) {
        return Err(CheckError::ProjectionSources);
    }
    Ok(())
}

/// Check what is posed by projections; the first of `sources` is under test.
pub(super) fn check(
    posed: Posed,
    sources: &[NamedSource],
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    let Posed {
        problem,
        mut setup,
        replay,
        ..
    } = posed;
    setup.checked = setup.parameters;
    let whole = problem.objective.clone();
    let mut problem = problem;
    let mut parts = Vec::new();
    let mut control = None;
    let mut seconds = Duration::ZERO;
    let mut coordinates = Vec::new();
    let mut answers = Vec::new();
    for (name, objective) in objectives(&whole) {
        problem.objective = objective;
        let start = Instant::now();
        let examined = Examining {
            name,
            sources,
            seed: setup.seed,
            progress,
        }
        .part(problem)?;
        seconds += start.elapsed();
        problem = examined.problem;
        control = control.or(Some(examined.control));
        coordinates = examined.coordinates;
        answers = examined.answers;
        parts.push(examined.part);
    }
    problem.objective = whole;
    let control = control.unwrap_or(report::Control::Impossible);
    let outcome = answer::outcome(&parts, &control);
    let report = Report {
        version: report::VERSION,
        sentence: answer::sentence(outcome, &parts, &control, setup.parameters),
        setup,
        parts,
        control,
        outcome,
        replay,
        timing: None,
    };
    Ok(Checked {
        report,
        seconds: vec![(SourceName::Dual, seconds)],
        problem,
        coordinates,
        answers,
    })
}

/// One objective to be examined.
struct Examining<'a> {
    name: PartName,
    sources: &'a [NamedSource],
    seed: u64,
    progress: &'a dyn Progress,
}

/// What was found, and the problem again.
struct Examined {
    part: Part,
    control: report::Control,
    problem: Problem,
    coordinates: Vec<Coordinate>,
    answers: Vec<SourceAnswer>,
}

impl Examining<'_> {
    fn part(&self, problem: Problem) -> Result<Examined, CheckError> {
        let (subject_name, subject) = &self.sources[0];
        let perturbations = rng::derive(self.seed, "perturbations", 0);
        let tangents = Tangents::at(&problem);
        let gradient = self.whole(subject.as_ref(), &problem, &tangents)?;
        let tensors = problem.parameters.tensors.len();
        self.progress
            .begin(SourceName::Dual, tensors * (PROJECTIONS + 1));
        let projecting = Projecting {
            problem: &problem,
            tangents: &tangents,
            gradient: &gradient.parameters,
            forward: subject.forward(),
            perturbations,
            seed: self.seed,
            progress: &|done| self.progress.advance(done),
        };
        let projection = projecting.run(&projecting.spreads());
        let coordinates = found::coordinates(&projection);
        let rounding = match coordinates.len() {
            0 => Rounding::blank(&problem, projection.value_spread),
            _ => projecting.rounding_at(&coordinates),
        };
        let independent = self.independent(&problem, &tangents)?;
        let against = independent
            .as_ref()
            .map(|whole| row_of_independent(&problem, &projection, whole, self.seed));
        let control = control::plant(
            &problem.network,
            &projection,
            &gradient.parameters,
            self.seed,
        );
        let own = found::own(&projection, &gradient.parameters);
        let value = gradient.value;
        drop(gradient);
        let pattern = tangents.pattern.clone();
        let point = Point::measured(problem, pattern, rounding, perturbations);
        let mut answered = vec![
            found::subject(
                *subject_name,
                subject.as_ref(),
                value,
                &own,
                &point,
                &coordinates,
            ),
            found::exact(tangents.value, &projection, &point, &coordinates),
        ];
        answered.extend(independent.map(|whole| found::independent(&whole, &point, &coordinates)));
        // Sources come in their usual order: dual numbers, and behind them the independent one.
        let sources = &self.sources[..answered.len()];
        let mut judged = found::judge(
            self.name,
            &point,
            &tangents,
            sources,
            &coordinates,
            answered,
        )?;
        let network = &point.problem.network;
        let rows = projection.tensors.iter().map(|tensor| {
            let leaf = LeafName::Parameter(tensor.number);
            let verdicts = judged.verdicts_of(&coordinates, leaf);
            row(
                network.leaf_name(leaf),
                network.leaf_shape(leaf),
                tensor,
                &verdicts,
            )
        });
        judged.part.projection = Some(ProjectionPart {
            projections: PROJECTIONS,
            miss: Number(f64::exp2(-(PROJECTIONS as f64))),
            tensors: rows.collect(),
            left_out: self.left_out(against.is_some()),
            independent: against,
            found_after: projection.found_after,
            forward_equivalents: projection.forward_equivalents,
            perturbed_passes: PERTURBED,
        });
        Ok(Examined {
            part: judged.part,
            control,
            problem: point.problem,
            coordinates,
            answers: judged.found,
        })
    }

    /// The whole gradient under test.
    fn whole<'s>(
        &self,
        subject: &'s dyn GradientSource,
        problem: &Problem,
        tangents: &Tangents,
    ) -> Result<Whole<'s>, SourceError> {
        match subject.whole(problem) {
            Some(whole) => Ok(whole),
            None => asked_for(subject, problem, tangents),
        }
    }

    /// The whole gradient of the source with a forward pass of its own, if that was asked for and can be
    /// asked for so much.
    fn independent(
        &self,
        problem: &Problem,
        tangents: &Tangents,
    ) -> Result<Option<Whole<'static>>, SourceError> {
        let mut references = self.sources[1..].iter();
        let source = references.find(|(name, _)| *name == SourceName::Reverse);
        match source {
            Some((_, source)) if problem.parameters.count() <= MOST_EXPLAINED => {
                asked_for(source.as_ref(), problem, tangents).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn left_out(&self, is_independent_asked: bool) -> Vec<SourceName> {
        let references = self.sources[1..].iter().map(|(name, _)| *name);
        references
            .filter(|name| match name {
                SourceName::Dual => false,
                SourceName::Reverse => !is_independent_asked,
                _ => true,
            })
            .collect()
    }
}

/// The whole gradient of a source that is asked for it coordinate by coordinate.
fn asked_for<'s>(
    source: &dyn GradientSource,
    problem: &Problem,
    tangents: &Tangents,
) -> Result<Whole<'s>, SourceError> {
    let rounding = Rounding::blank(problem, 0.0);
    let numbers = 0..problem.parameters.tensors.len();
    let coordinates: Vec<Coordinate> = numbers
        .flat_map(|number| problem.coordinates(LeafName::Parameter(number)))
        .collect();
    let gradient = source.gradient(Question {
        problem,
        coordinates: &coordinates,
        pattern: &tangents.pattern,
        rounding: &rounding,
        progress: &|_| (),
    })?;
    let mut found = gradient.estimates.iter().map(|estimate| estimate.value);
    let parameters = problem.parameters.tensors.iter().map(|like| {
        let own = found.by_ref().take(like.len()).collect();
        let own = from_values(like.shape(), own).expect("one derivative for each coordinate");
        Cow::Owned(own)
    });
    Ok(Whole {
        parameters: parameters.collect(),
        value: source.knows_value().then_some(gradient.value),
    })
}

/// The objectives to judge: the data loss, and with a penalty that and both together.
fn objectives(whole: &Objective) -> Vec<(PartName, Objective)> {
    let mut data = whole.clone();
    data.penalty = None;
    let mut parts = vec![(PartName::DataLoss, data)];
    if whole.penalty.is_some() {
        let mut alone = whole.clone();
        alone.loss = None;
        parts.push((PartName::Penalty, alone));
        parts.push((PartName::Total, whole.clone()));
    }
    parts
}

fn row_of_independent(
    problem: &Problem,
    projection: &Projection,
    whole: &Whole<'_>,
    seed: u64,
) -> IndependentRow {
    let differs = |tensor: &&TensorProjection| {
        tensor.disagrees_with(seed, values(&whole.parameters[tensor.number]))
    };
    let disagree: Vec<String> = projection
        .tensors
        .iter()
        .filter(differs)
        .map(|tensor| {
            let leaf = LeafName::Parameter(tensor.number);
            problem.network.leaf_name(leaf).to_owned()
        })
        .collect();
    IndependentRow {
        source: SourceName::Reverse,
        agree: projection.tensors.len() - disagree.len(),
        disagree,
    }
}

fn row(name: &str, shape: &[usize], tensor: &TensorProjection, verdicts: &Counts) -> ProjectionRow {
    let disagree = tensor.disagreeing();
    let (gap, bound) = tensor.closest();
    ProjectionRow {
        name: name.to_owned(),
        shape: shape.to_vec(),
        parameters: shape.iter().product(),
        outcome: outcome(tensor, verdicts),
        agree: tensor.gaps.len() - disagree,
        disagree,
        gap: Number(gap),
        bound: Number(bound),
        visible: Number(tensor.visible()),
        largest: Number(tensor.largest),
        median: Number(tensor.median),
        projecting: tensor.projecting,
        searching: tensor.searching,
    }
}

/// What became of a tensor whose coordinates that were found, if any, got these verdicts.
fn outcome(tensor: &TensorProjection, verdicts: &Counts) -> Projected {
    let is_kink = verdicts.wrong() == 0 && verdicts.at_kink_inside > 0;
    match (tensor.extent, tensor.found.len()) {
        (Extent::Located, 0) if tensor.is_unseen() => Projected::Unseen,
        (Extent::Located, 0) => Projected::Agrees,
        (_, 1..) if is_kink => Projected::AtKink,
        (Extent::Throughout, _) => Projected::Throughout,
        (Extent::Located, _) if verdicts.wrong() > 0 => Projected::Wrong(verdicts.wrong()),
        // What double-double found to be rounding.
        (Extent::Located, _) => Projected::Agrees,
    }
}
