//! Random networks whose gradient is right: nothing of them may be accused.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rayon::prelude::*;

use crate::check::{NamedSource, Silent, backprop, examine};
use crate::judge::{Unresolved, Verdict};
use crate::network::{Coordinate, Problem};
use crate::report::PartName;
use crate::report::power::Trial;
use crate::rng::{self, Stream};
use crate::scalar::Format;
use crate::source::{Central, Dual, Point, Reverse};
use crate::spec::case::{Precision, SourceName, Step};

use super::super::mutant::SCALES;
use super::super::strategy;
use super::{PowerError, PowerOptions};

/// Networks with no more coordinates are checked at all of them.
const FEW: usize = 400;

/// Coordinates of each tensor that larger networks are checked at.
const SAMPLE: usize = 24;

/// What was found on one network.
struct Found {
    verdicts: Vec<Verdict>,
    alarm: Option<String>,
}

/// Check as many networks as `options` say.
pub(super) fn run(
    options: PowerOptions,
    step: &(dyn Fn(super::Step) + Sync),
) -> Result<Trial, PowerError> {
    let PowerOptions {
        cases,
        seed,
        precision,
    } = options;
    let found: Vec<Found> = (0..cases)
        .into_par_iter()
        .map(|number| {
            let found = one(
                rng::derive(seed, "right network", number as u64),
                number,
                precision,
            )?;
            step(super::Step {
                accused: usize::from(found.alarm.is_some()),
                ..super::Step::default()
            });
            Ok(found)
        })
        .collect::<Result<_, PowerError>>()?;
    let mut trial = Trial {
        networks: cases,
        ..Trial::default()
    };
    let mut unresolved: BTreeMap<Unresolved, usize> = BTreeMap::new();
    for found in found {
        trial.counts =
            crate::report::Counts::total([&trial.counts, &found.verdicts.iter().collect()]);
        for verdict in &found.verdicts {
            if let Verdict::Unresolved(reason) = verdict {
                *unresolved.entry(*reason).or_default() += 1;
            }
        }
        trial.alarms.extend(found.alarm);
    }
    trial.unresolved = unresolved.into_iter().collect();
    Ok(trial)
}

fn one(seed: u64, number: usize, precision: Precision) -> Result<Found, PowerError> {
    let format = precision.format();
    let (name, problem) = draw(seed, number, format)?;
    let point = Point::new(problem, seed);
    let coordinates = coordinates(&point.problem, seed);
    let sources: [NamedSource; 4] = [
        (SourceName::Backprop, backprop(precision)),
        (SourceName::Dual, Box::new(Dual)),
        (SourceName::Reverse, Box::new(Reverse)),
        (SourceName::Central, Box::new(Central::new(Step::Auto))),
    ];
    let examined = examine(PartName::DataLoss, &point, &sources, &coordinates, &Silent)?;
    let beyond = examined
        .part
        .single
        .as_ref()
        .map_or(0, |single| single.beyond);
    let is_accused = examined.wrong() + beyond > 0 || !examined.part.values_agree;
    let alarm = is_accused.then(|| {
        let worst = examined.part.worst.first();
        let kink = examined.part.kinks.first();
        let at = worst
            .map(|row| format!("{row:?}"))
            .or(kink.map(|row| format!("{row:?}")));
        format!("FALSE ALARM: {name}: {}", at.unwrap_or_default())
    });
    Ok(Found {
        verdicts: examined.verdicts,
        alarm,
    })
}

/// Every other network is a small one with all kinds of windows, the rest are deep and wide.
fn draw(seed: u64, number: usize, format: Format) -> Result<(String, Problem), PowerError> {
    let mut bytes = [0; 32];
    for (chunk, index) in bytes.chunks_exact_mut(8).zip(0..) {
        chunk.copy_from_slice(&rng::derive(seed, "strategy", index).to_le_bytes());
    }
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let gave_up = |reason: proptest::test_runner::Reason| PowerError::Draw(reason.to_string());
    if number.is_multiple_of(2) {
        let tree = strategy::network().new_tree(&mut runner).map_err(gave_up)?;
        let case = tree.current();
        let scale = SCALES[number / 2 % SCALES.len()];
        let mut problem = case.problem()?;
        problem.objective.scale = scale;
        let name = format!("{case}, loss times {scale}");
        Ok((name, problem.rounded_to(format)))
    } else {
        let tree = strategy::deep_network()
            .new_tree(&mut runner)
            .map_err(gave_up)?;
        let case = tree.current();
        let problem = case.problem(format)?.rounded_to(format);
        Ok((case.to_string(), problem))
    }
}

/// All coordinates of a small network, and of a large one a sample of each tensor.
fn coordinates(problem: &Problem, seed: u64) -> Vec<Coordinate> {
    let mut stream = Stream::new(seed, "coordinates");
    let leaves = problem.leaves();
    let all: usize = leaves.iter().map(|leaf| problem.leaf(*leaf).len()).sum();
    let of_leaf = |leaf| {
        let length = problem.leaf(leaf).len();
        let count = if all <= FEW {
            length
        } else {
            length.min(SAMPLE)
        };
        let indices = stream.sample(length, count);
        indices
            .into_iter()
            .map(move |index| Coordinate { leaf, index })
    };
    leaves.into_iter().flat_map(of_leaf).collect()
}
