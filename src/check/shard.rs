//! A check whose coordinates several processes share: each keeps what the sources answer at its own, and
//! who has all the answers judges them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::network::Coordinate;
use crate::report::PartName;
use crate::source::{Gradient, Passes};
use crate::spec::case::{Case, SourceName};
use crate::spec::shard::Shard;

use super::examine::{self, Asked};
use super::{
    CheckError, Checked, Details, NamedSource, Progress, backprop, check_asked, part_problems,
    point, pose,
};

/// What the sources answer for one objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartAnswers {
    /// What is differentiated.
    pub name: PartName,
    /// The answers, the gradient's under test first.
    pub answers: Vec<ShareAnswer>,
}

/// What one source answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareAnswer {
    /// Who.
    pub source: SourceName,
    /// The derivatives at the coordinates of a share.
    pub gradient: Gradient,
}

/// Why answers cannot be put together.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ShardError {
    /// They are of another check.
    #[error(
        "share {share} is no share of this check: it has answers for {what}; name shares of one run"
    )]
    Other {
        /// The share's number, from 1.
        share: usize,
        /// What is different.
        what: String,
    },
    /// The check itself fails.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// The token of the check of `case`, and the answers at the coordinates of `shard`, for every part.
///
/// # Errors
/// [`CheckError`].
pub fn answers(
    case: &Case,
    shard: Shard,
    progress: &dyn Progress,
) -> Result<(String, Vec<PartAnswers>), CheckError> {
    let (posed, sources) = pose(case, Box::new(backprop), Passes::default())?;
    if posed.is_projected {
        return Err(CheckError::ProjectionShared);
    }
    let own: Vec<Coordinate> = posed
        .coordinates
        .iter()
        .enumerate()
        .filter(|(index, _)| shard.has(*index))
        .map(|(_, coordinate)| *coordinate)
        .collect();
    let mut parts = Vec::new();
    for (name, problem) in part_problems(posed.problem, posed.setup.penalty) {
        let point = point(problem, posed.setup.seed);
        let asked = examine::ask(&point, &sources, &own, progress)?;
        let named = sources.iter().zip(asked.gradients);
        let answer = |((source, _), gradient): (&NamedSource, Gradient)| ShareAnswer {
            source: *source,
            gradient,
        };
        parts.push(PartAnswers {
            name,
            answers: named.map(answer).collect(),
        });
    }
    Ok((posed.replay, parts))
}

/// The report of the check of `case`, of whose coordinates every share, in order, has its answers.
///
/// With `details`, the numbers behind the verdicts go into the report too.
///
/// # Errors
/// [`ShardError`].
pub fn check_answers(
    case: &Case,
    shares: &[Vec<PartAnswers>],
    details: Option<Details>,
    progress: &dyn Progress,
) -> Result<Checked, ShardError> {
    let (mut posed, sources) = pose(case, Box::new(backprop), Passes::default())?;
    posed.details = details;
    let names: Vec<SourceName> = sources.iter().map(|(name, _)| *name).collect();
    let count = posed.coordinates.len();
    let parts = part_problems(posed.problem.clone(), posed.setup.penalty);
    let mut joined = Vec::new();
    for (number, (name, _)) in parts.iter().enumerate() {
        let of_part: Vec<Option<&PartAnswers>> =
            shares.iter().map(|share| share.get(number)).collect();
        joined.push((*name, join(*name, &names, &of_part, count)?));
    }
    let mut joined = joined.into_iter();
    let checked = check_asked(posed, &sources, progress, &mut |name, _, _| {
        let (of, gradients) = joined.next().expect("one set of answers for each part");
        debug_assert_eq!(of, name, "parts come in one order");
        Ok(Asked {
            seconds: vec![std::time::Duration::ZERO; gradients.len()],
            gradients,
        })
    })?;
    Ok(checked)
}

/// The answers at all `count` coordinates, of which every share has its own.
///
/// # Errors
/// [`ShardError::Other`], for a share whose answers are not those of these sources and so many
/// coordinates.
pub fn join(
    name: PartName,
    sources: &[SourceName],
    shares: &[Option<&PartAnswers>],
    count: usize,
) -> Result<Vec<Gradient>, ShardError> {
    let mut joined = Vec::with_capacity(sources.len());
    let steps_are_there = |number: usize| {
        let mut parts = shares.iter().flatten();
        parts.any(|part| {
            let answer = part.answers.get(number);
            answer.is_some_and(|answer| !answer.gradient.steps.is_empty())
        })
    };
    for (number, source) in sources.iter().enumerate() {
        let has_steps = steps_are_there(number);
        let mut own = Vec::with_capacity(shares.len());
        for (index, share) in shares.iter().enumerate() {
            let other = |what: String| ShardError::Other {
                share: index + 1,
                what,
            };
            let part = share.filter(|part| part.name == name);
            let part = part.ok_or_else(|| other("other objectives".to_owned()))?;
            let answer = part.answers.get(number);
            let answer = answer.filter(|answer| answer.source == *source);
            let answer = answer.ok_or_else(|| other("other sources".to_owned()))?;
            let wanted = (count + shares.len() - 1 - index) / shares.len();
            let gradient = &answer.gradient;
            let fits = gradient.estimates.len() == wanted
                && gradient.steps.len() == if has_steps { wanted } else { 0 }
                && gradient.kinks.iter().all(|kink| *kink < wanted);
            if !fits {
                return Err(other(format!(
                    "{} coordinates instead of {wanted}",
                    gradient.estimates.len()
                )));
            }
            own.push(gradient);
        }
        joined.push(interleaved(&own, count));
    }
    Ok(joined)
}

/// Coordinate i is number i/N of share i mod N.
fn interleaved(shares: &[&Gradient], count: usize) -> Gradient {
    let of = shares.len();
    let at = |index: usize| (shares[index % of], index / of);
    let has_steps = shares.iter().any(|share| !share.steps.is_empty());
    let mut kinks: Vec<usize> = shares
        .iter()
        .enumerate()
        .flat_map(|(number, share)| share.kinks.iter().map(move |kink| kink * of + number))
        .collect();
    kinks.sort_unstable();
    Gradient {
        value: shares.first().map_or(f64::NAN, |share| share.value),
        estimates: (0..count)
            .map(|index| {
                let (share, own) = at(index);
                share.estimates[own]
            })
            .collect(),
        kinks,
        steps: (0..if has_steps { count } else { 0 })
            .map(|index| {
                let (share, own) = at(index);
                share.steps[own].clone()
            })
            .collect(),
    }
}
