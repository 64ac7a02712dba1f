//! What functions, layers and models that are known by their values have in common.

use thiserror::Error;

use crate::judge::diagnosis::{WrongArray, diagnose_array};
use crate::judge::{Claim, Outcome as Fit, Side};
use crate::report::claim::{ClaimArray, ClaimReport, ClaimRow, MOST_ROWS};
use crate::report::{Counts, Number, Outcome};
use crate::rng::Stream;
use crate::source::{Estimate, Finding};
use crate::tensor::unflatten;

use super::caught::caught;

/// Reasons that are shown.
const MOST_REASONS: usize = 3;

/// Derivatives that are checked at most when nothing is said.
const COORDINATES: usize = 256;

/// The environment variable that holds the seed of samples and of objectives.
const SEED: &str = "GRADPROOF_SEED";

/// Why somebody's derivatives cannot be held against anything.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClaimsError {
    /// Their code panicked.
    #[error("{who} failed: {why}; it has to give an answer here before it can be checked")]
    Panicked {
        /// Whose code: "forward", "the gradient".
        who: String,
        /// The panic's message and place.
        why: String,
    },
    /// Their code answered differently to the same.
    #[error(
        "{who} is not deterministic: {difference}; values that change say nothing about a derivative, so fix its seeds, and reset what it saves or adds up between calls"
    )]
    NotDeterministic {
        /// Whose code.
        who: String,
        /// Where the answers differ.
        difference: String,
    },
    /// There are not as many derivatives as there should be, or not of these names or shapes.
    #[error("{0}")]
    Shape(String),
    /// The environment's seed is none.
    #[error("{SEED}={0} is no seed: use a whole number from 0 on")]
    Seed(String),
    /// There is nothing to check.
    #[error(
        "there is nothing to differentiate with respect to: a check of nothing is not a pass, so give it an array with at least one number"
    )]
    Empty,
}

/// How many derivatives of a layer or model are checked, and the seed of all that is drawn for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Derivatives at most; of more, so many are drawn, at least one of each array.
    pub most: usize,
    /// The seed of the sample, and of the weights of a layer's outputs.
    pub seed: u64,
}

impl Default for Sampling {
    /// 256 derivatives, and seed 1.
    fn default() -> Self {
        Self {
            most: COORDINATES,
            seed: 1,
        }
    }
}

impl Sampling {
    /// The usual one, with the seed that the environment asks for.
    ///
    /// # Errors
    /// [`ClaimsError::Seed`].
    pub(super) fn asked_for() -> Result<Self, ClaimsError> {
        let usual = Self::default();
        match std::env::var(SEED) {
            Err(_) => Ok(usual),
            Ok(text) => match text.trim().parse() {
                Ok(seed) => Ok(Self { seed, ..usual }),
                Err(_) => Err(ClaimsError::Seed(text)),
            },
        }
    }

    /// What repeats it.
    pub(super) fn repeat(self) -> String {
        format!("{SEED}={} cargo test repeats this", self.seed)
    }

    /// The positions that are checked in each of the arrays with these numbers of entries.
    pub(super) fn positions(self, sizes: &[usize]) -> Vec<Vec<usize>> {
        let all: usize = sizes.iter().sum();
        let mut stream = Stream::new(self.seed, "sample");
        sizes
            .iter()
            .map(|&size| {
                if all <= self.most {
                    return (0..size).collect();
                }
                // In proportion; rounded up, so that every array has a part.
                let share = (self.most as f64 * size as f64 / all as f64).ceil();
                stream.sample(size, (share as usize).min(size))
            })
            .collect()
    }
}

/// Run code of theirs.
pub(super) fn run<T>(who: &str, work: impl FnOnce() -> T) -> Result<T, ClaimsError> {
    caught(work).map_err(|why| ClaimsError::Panicked {
        who: who.to_owned(),
        why,
    })
}

/// Whether two answers to the same are the same bits.
pub(super) fn same(who: &str, first: &[f64], second: &[f64]) -> Result<(), ClaimsError> {
    let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
    let difference = if first.len() != second.len() {
        Some(format!(
            "{} numbers, and then {}",
            first.len(),
            second.len()
        ))
    } else {
        let at = first.iter().zip(second).position(differs);
        at.map(|at| {
            format!(
                "asked twice for the same, number {at} is {} and then {}",
                first[at], second[at]
            )
        })
    };
    match difference {
        None => Ok(()),
        Some(difference) => Err(ClaimsError::NotDeterministic {
            who: who.to_owned(),
            difference,
        }),
    }
}

/// One array with its claims.
pub(super) struct Claimed {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Whether it is an input, batch first.
    pub(super) is_input: bool,
    /// Samples in a batch.
    pub(super) batch: usize,
    /// Which of its entries were checked.
    pub(super) positions: Vec<usize>,
    /// What came of them.
    pub(super) claims: Vec<Claim>,
    /// Bounds on the claims' own rounding errors.
    pub(super) errors: Vec<f64>,
}

/// What is checked, in words.
pub(super) struct Words {
    /// What was checked.
    pub(super) what: String,
    /// What repeats it.
    pub(super) repeat: String,
    /// Whose derivatives: "backward".
    pub(super) subject: &'static str,
    /// Of whose values: "forward".
    pub(super) function: &'static str,
}

/// The report on `arrays` of claims.
pub(super) fn report(words: Words, arrays: &[Claimed]) -> ClaimReport {
    let mut wrong: Vec<(f64, ClaimRow)> = Vec::new();
    let mut unresolved = Vec::new();
    let mut rows = Vec::new();
    for array in arrays {
        let mut counts = Counts::default();
        for (claim, position) in array.claims.iter().zip(&array.positions) {
            *slot(&mut counts, claim) += 1;
            let row = ClaimRow {
                coordinate: coordinate(&array.name, *position, &array.shape),
                claimed: Number(claim.claimed),
                said: said(claim),
            };
            match claim.outcome {
                Fit::Agree | Fit::AtKink(Side::Inside) => (),
                Fit::Unresolved(_) | Fit::BoundTooWide => unresolved.push(row),
                _ => wrong.push((severity(claim), row)),
            }
        }
        rows.push(ClaimArray {
            name: array.name.clone(),
            shape: array.shape.clone(),
            counts,
        });
    }
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0));
    wrong.truncate(MOST_ROWS);
    unresolved.truncate(MOST_REASONS);
    let Words {
        subject, function, ..
    } = words;
    let blame = (!wrong.is_empty()).then(|| {
        format!(
            "{subject} does not belong to {function}: differences of {function} say something else, and share nothing with {subject}. If {function} computes what it should, {subject} is wrong"
        )
    });
    ClaimReport {
        what: words.what,
        repeat: words.repeat,
        reference: format!("differences of {function}"),
        derivatives: arrays
            .iter()
            .map(|array| array.shape.iter().product::<usize>())
            .sum(),
        arrays: rows,
        worst: wrong.into_iter().map(|(_, row)| row).collect(),
        unresolved,
        blame,
        kinds: arrays.iter().filter_map(kind).collect(),
        counts: Counts::default(),
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    }
    .judged()
}

fn slot<'a>(counts: &'a mut Counts, claim: &Claim) -> &'a mut usize {
    match claim.outcome {
        Fit::Agree => &mut counts.agree,
        Fit::Disagree => &mut counts.disagree,
        Fit::AtKink(Side::Inside) => &mut counts.at_kink_inside,
        Fit::AtKink(Side::Outside) => &mut counts.at_kink_outside,
        Fit::Unresolved(_) | Fit::BoundTooWide => &mut counts.unresolved,
        Fit::InvalidClaim | Fit::Invalid(_) => &mut counts.invalid,
    }
}

/// `weight[1,2]`.
pub(super) fn coordinate(name: &str, position: usize, shape: &[usize]) -> String {
    let index: Vec<String> = unflatten(position, shape)
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("{name}[{}]", index.join(","))
}

/// What the values say, in words.
fn said(claim: &Claim) -> String {
    let estimate = |Estimate { value, error }: Estimate| format!("{value:e} ± {error:.1e}");
    match (claim.outcome, claim.finding) {
        (Fit::BoundTooWide, Finding::Smooth(found)) => format!(
            "{}: a bound as wide as every derivative; scale the function, or move the point",
            estimate(found)
        ),
        (_, Finding::Smooth(found)) => estimate(found),
        (_, Finding::AtKink { left, right }) => format!(
            "at a kink, with the slopes {} and {}",
            estimate(left),
            estimate(right)
        ),
        (_, Finding::Unresolved(reason)) => reason.to_string(),
        (_, Finding::Invalid(error)) => error.to_string(),
    }
}

/// How far off a wrong claim is: relative to the larger of both; what is no number comes first.
fn severity(claim: &Claim) -> f64 {
    let off = |right: f64| crate::judge::relative_error(claim.claimed, right);
    let error = match claim.finding {
        Finding::Smooth(found) => off(found.value),
        Finding::AtKink { left, right } => off(left.value).min(off(right.value)),
        Finding::Unresolved(_) | Finding::Invalid(_) => f64::NAN,
    };
    if error.is_nan() { f64::INFINITY } else { error }
}

/// What a wrong array looks like, when all of it was checked and has derivatives.
fn kind(array: &Claimed) -> Option<String> {
    let is_wrong = |claim: &Claim| matches!(claim.outcome, Fit::Disagree | Fit::InvalidClaim);
    if !array.claims.iter().any(is_wrong)
        || array.claims.len() != array.shape.iter().product::<usize>()
    {
        return None;
    }
    let smooth = array.claims.iter().map(|claim| match claim.finding {
        Finding::Smooth(found) => Some(found),
        _ => None,
    });
    let right: Vec<Estimate> = smooth.collect::<Option<_>>()?;
    let diagnosis = diagnose_array(&WrongArray {
        name: &array.name,
        is_input: array.is_input,
        batch: array.batch,
        shape: &array.shape,
        right: &right.iter().map(|found| found.value).collect::<Vec<_>>(),
        right_error: &right.iter().map(|found| found.error).collect::<Vec<_>>(),
        wrong: &array
            .claims
            .iter()
            .map(|claim| claim.claimed)
            .collect::<Vec<_>>(),
        wrong_error: &array.errors,
    })?;
    Some(diagnosis.sentence)
}
