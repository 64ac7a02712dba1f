//! An op-case that somebody has answered, through the sources.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::interchange::{self, CaseError, OpCase};
use crate::judge::Number;
use crate::network::{Coordinate, LeafName, Problem};
use crate::report::verify::{CaseOutcome, CaseRow, GradientRow, LossValue, WorstEntry};
use crate::report::{CoordinateRow, Counts, DiagnosisRow, Outcome, Part, Report, Setup, TensorRow};
use crate::source::{Central, Given, GivenError};
use crate::spec::DataSpec;
use crate::spec::case::{Order, Precision, Selection, SourceName, Step};
use crate::tensor::{Tensor, unflatten, values};

use super::sources::named_sources;
use super::{CheckError, NamedSource, Posed, Silent, check_posed};

/// Why an answer cannot be judged.
#[derive(Debug, Error)]
pub enum AnswerError {
    /// The case is wrong in itself.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A gradient does not fit.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// A source cannot answer.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// What is told of an operator, ready to be checked.
pub struct Answered {
    /// The problem, with the output that is told.
    pub posed: Posed,
    /// The gradient that is told, then the references.
    pub sources: Vec<NamedSource>,
}

/// Output and gradients that somebody tells of `problem`, in `precision`, as a check that is described by
/// `setup`; only gradients that are told are checked.
///
/// # Errors
/// [`GivenError`].
pub fn answered(
    problem: Problem,
    told: &interchange::Told,
    setup: Setup,
    replay: String,
) -> Result<Answered, GivenError> {
    let gradients: BTreeMap<LeafName, Tensor<f64>> = told.gradients.iter().cloned().collect();
    let format = setup.precision.format();
    let given = match told.value {
        Some(value) => Given::new(&problem, value, gradients, format)?,
        None => Given::without_value(&problem, gradients, format)?,
    };
    let coordinates = given.coordinates(&problem);
    let sources = named_sources(
        (SourceName::Given, Box::new(given)),
        &SourceName::ALL,
        Central::new(setup.step),
    );
    let setup = Setup {
        checked: coordinates.len(),
        ..setup
    };
    Ok(Answered {
        posed: Posed {
            problem,
            coordinates,
            is_projected: false,
            setup,
            output: told.output.clone(),
            order: Order::First,
            details: None,
            replay,
        },
        sources,
    })
}

/// Judge an op-case with output and gradients; `replay` is said to repeat it.
///
/// # Errors
/// [`AnswerError`].
pub fn check_op_case(
    case: &OpCase,
    replay: String,
) -> Result<(Report, interchange::Posed), AnswerError> {
    let read = case.posed()?;
    let told = case.told(&read)?;
    if told.gradients.is_empty() {
        return Err(CaseError::Lacks("gradients").into());
    }
    let precision = case.precision.unwrap_or_default();
    let setup = setup_of(&case.op, &read.problem, precision);
    let Answered { posed, sources } = answered(read.problem.clone(), &told, setup, replay)?;
    let checked = check_posed(posed, &sources, &Silent)?;
    Ok((checked.report, read))
}

/// What a report says of a case that comes from nowhere but itself.
fn setup_of(name: &str, problem: &Problem, precision: Precision) -> Setup {
    Setup {
        network: name.to_owned(),
        parameters: problem.parameters.count(),
        checked: 0,
        seed: 0,
        precision,
        samples: problem.input.shape().first().copied().unwrap_or(0),
        data: DataSpec::Random,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::All,
        files: Default::default(),
    }
}

/// Judge case number `index` of `file`; what is wrong with it as a file stands in the row too.
#[must_use]
pub fn verify(file: &str, index: usize, entry: &interchange::Entry) -> CaseRow {
    let row = CaseRow {
        file: file.to_owned(),
        index,
        line: entry.line,
        operator: String::new(),
        outcome: CaseOutcome::Invalid,
        sentence: String::new(),
        output: None,
        loss: None,
        tensors: Vec::new(),
        untold: Vec::new(),
        worst: Vec::new(),
    };
    let case = match &entry.case {
        Ok(case) => case,
        Err(error) => {
            return CaseRow {
                sentence: error.to_string(),
                ..row
            };
        }
    };
    let row = CaseRow {
        operator: case.op.clone(),
        ..row
    };
    match check_op_case(case, String::new()) {
        Ok((report, read)) => judged(row, case, &report, &read),
        Err(AnswerError::Case(error @ CaseError::Unsupported { .. })) => CaseRow {
            outcome: CaseOutcome::Unsupported,
            sentence: error.to_string(),
            ..row
        },
        Err(error) => CaseRow {
            sentence: error.to_string(),
            ..row
        },
    }
}

fn judged(row: CaseRow, case: &OpCase, report: &Report, read: &interchange::Posed) -> CaseRow {
    let Some(part) = report.parts.first() else {
        return row;
    };
    let names = Names {
        operator: &case.op,
        read,
    };
    let told = case.gradients.as_ref();
    let is_told = |name: &str| told.is_some_and(|told| told.contains_key(name));
    let untold = read.leaves.iter().filter(|(_, name)| !is_told(name));
    let loss = (read.is_loss && case.output.is_some()).then(|| LossValue {
        agrees: part.values_agree,
        value: part
            .values
            .first()
            .and_then(|own| own.value)
            .unwrap_or(Number(f64::NAN)),
        expected: Number(read.problem.value::<f64>(None)),
    });
    let ours = read.problem.backpropagate::<f64>(None);
    let tensors = read.leaves.iter().filter_map(|(leaf, name)| {
        let gradient = told?.get(name)?.tensor(name).ok()?;
        let own = read.problem.network.leaf_name(*leaf);
        let judged = part.tensors.iter().find(|tensor| tensor.name == own)?;
        let diagnosis = names.diagnosis(part, *leaf);
        Some(GradientRow {
            name: name.clone(),
            outcome: of_counts(&judged.counts),
            coordinates: judged.coordinates,
            wrong: judged.counts.wrong(),
            worst: worst(&names, judged, &gradient, ours.leaf(*leaf), *leaf),
            kind: diagnosis.and_then(|row| row.diagnosis.kind),
            diagnosis: diagnosis.map(|row| names.in_words(&row.diagnosis.sentence)),
        })
    });
    let worst = part.worst.iter().map(|row| CoordinateRow {
        coordinate: names.renamed(&row.coordinate),
        values: row.values.clone(),
    });
    CaseRow {
        outcome: report.case_outcome(),
        sentence: names.in_words(&report.sentence),
        output: part.output.clone(),
        loss,
        tensors: tensors.collect(),
        untold: untold.map(|(_, name)| name.clone()).collect(),
        worst: worst.collect(),
        ..row
    }
}

fn of_counts(counts: &Counts) -> CaseOutcome {
    if counts.wrong() > 0 {
        CaseOutcome::Disagree
    } else if counts.unresolved > 0 {
        CaseOutcome::Unresolved
    } else if counts.agree + counts.at_kink_inside > 0 {
        CaseOutcome::Agree
    } else {
        CaseOutcome::Unobservable
    }
}

impl Report {
    /// What became of it, as one case among many.
    #[must_use]
    pub fn case_outcome(&self) -> CaseOutcome {
        let counts: Vec<Counts> = self.parts.iter().map(Part::counts).collect();
        let total = Counts::total(&counts);
        let is_blind = matches!(self.control, crate::report::Control::Missed { .. });
        match self.outcome {
            Outcome::Right => CaseOutcome::Agree,
            Outcome::Wrong => CaseOutcome::Disagree,
            Outcome::Unjudged if is_blind => CaseOutcome::Unresolved,
            // Where no derivative is large enough to plant a fault there, right ones agree all the same.
            Outcome::Unjudged => of_counts(&total),
        }
    }
}

/// The entry that is furthest off.
fn worst(
    names: &Names<'_>,
    row: &TensorRow,
    theirs: &Tensor<f64>,
    ours: &Tensor<f64>,
    leaf: LeafName,
) -> Option<WorstEntry> {
    let (theirs, ours) = (values(theirs), values(ours));
    let network = &names.read.problem.network;
    let not_finite = theirs.iter().position(|value| !value.is_finite());
    let (index, bound, ratio) = match (not_finite, &row.closest) {
        (Some(index), _) => (index, Number(f64::NAN), Number(f64::INFINITY)),
        (None, None) => return None,
        (None, Some(closest)) => {
            let coordinate = network.coordinate(&closest.at.coordinate)?;
            (coordinate.index, closest.at.bound, closest.ratio)
        }
    };
    let name = network.coordinate_name(Coordinate { leaf, index });
    Some(WorstEntry {
        coordinate: names.renamed(&name),
        value: Number(theirs[index]),
        expected: Number(ours[index]),
        bound,
        ratio,
    })
}

/// Names in the file, and those in reports.
struct Names<'a> {
    operator: &'a str,
    read: &'a interchange::Posed,
}

impl Names<'_> {
    /// A coordinate's name in the file.
    fn renamed(&self, coordinate: &str) -> String {
        let network = &self.read.problem.network;
        let Some(found) = network.coordinate(coordinate) else {
            return coordinate.to_owned();
        };
        let name = self.leaf(found.leaf);
        let shape = network.leaf_shape(found.leaf);
        let index: Vec<String> = unflatten(found.index, shape)
            .iter()
            .map(ToString::to_string)
            .collect();
        format!("{name}[{}]", index.join(","))
    }

    fn leaf(&self, leaf: LeafName) -> &str {
        let own = self.read.leaves.iter().find(|(known, _)| *known == leaf);
        own.map_or("", |(_, name)| name)
    }

    /// What the fault in the gradient of `leaf` looks like.
    fn diagnosis<'p>(&self, part: &'p Part, leaf: LeafName) -> Option<&'p DiagnosisRow> {
        let own = self.read.problem.network.leaf_name(leaf);
        let is_own = |tensor: &str| match leaf {
            LeafName::Input => tensor == own || tensor.ends_with("'s input"),
            LeafName::Parameter(_) => tensor == own,
        };
        let mut rows = part.diagnoses.iter();
        rows.find(|row| is_own(&row.tensor) && row.diagnosis.kind.is_some())
    }

    /// A report's sentence, with the names of the file.
    fn in_words(&self, sentence: &str) -> String {
        let word = |word: &str| interchange::own_name(word, self.operator).to_owned();
        let words: Vec<String> = sentence.split(' ').map(word).collect();
        words.join(" ")
    }
}
