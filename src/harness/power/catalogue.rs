//! Every fault of the catalogue on several problems, at every scale of the loss.

use std::sync::Arc;

use rayon::prelude::*;

use crate::check::{CheckError, Examined, NamedSource, Silent, examine};
use crate::judge::Verdict;
use crate::network::{Coordinate, NetworkLayer};
use crate::report::PartName;
use crate::report::power::MutantRow;
use crate::rng;
use crate::source::{Central, Dual, Estimate, GradientSource, Point, Reverse, Single};
use crate::spec::case::{Precision, SourceName, Step};

use super::super::mutant::{Fault, Fixture, Mutant, Mutated, SCALES, fixtures};
use super::PowerOptions;
use super::recorded::Recorded;

/// Examples that a row keeps of what went wrong.
const MOST_EXAMPLES: usize = 3;

/// One problem with the faults that are planted in it.
pub(super) struct Planned {
    fixture: Fixture,
    scale: f64,
    mutants: Vec<Mutant>,
    seed: u64,
    precision: Precision,
}

/// Which fault is planted where: each in `problems` of those that it lives in, at every scale.
pub(super) fn plan(problems: usize, options: PowerOptions) -> Vec<Planned> {
    let PowerOptions {
        seed, precision, ..
    } = options;
    let fixtures = fixtures();
    let mut mutants: Vec<Vec<Mutant>> = vec![Vec::new(); fixtures.len()];
    for mutant in Mutant::all() {
        let mut homes: Vec<usize> = (0..fixtures.len())
            .filter(|at| mutant.lives_in(&fixtures[*at].problem))
            .collect();
        homes.sort_by_key(|at| rng::derive(seed, &mutant.to_string(), *at as u64));
        for at in homes.into_iter().take(problems) {
            mutants[at].push(mutant);
        }
    }
    let with_mutants = fixtures
        .into_iter()
        .zip(mutants)
        .filter(|(_, mutants)| !mutants.is_empty());
    with_mutants
        .flat_map(|(fixture, mutants)| {
            SCALES.map(|scale| Planned {
                fixture: fixture.clone(),
                scale,
                mutants: mutants.clone(),
                seed,
                precision,
            })
        })
        .collect()
}

/// Plant them all, and count what became of each.
pub(super) fn run(
    plan: &[Planned],
    step: &(dyn Fn(super::Step) + Sync),
) -> Result<Vec<MutantRow>, CheckError> {
    let found: Vec<Vec<(Mutant, MutantRow)>> = plan
        .par_iter()
        .map(|planned| {
            let rows = planned.run()?;
            step(super::Step {
                caught: rows.iter().map(|(_, row)| row.caught).sum(),
                missed: rows.iter().map(|(_, row)| row.missed).sum(),
                accused: 0,
            });
            Ok(rows)
        })
        .collect::<Result<_, CheckError>>()?;
    let found: Vec<(Mutant, MutantRow)> = found.into_iter().flatten().collect();
    let rows = Mutant::all().map(|mutant| {
        let mut sum = MutantRow {
            name: mutant.to_string(),
            words: mutant.words.to_owned(),
            expected: mutant.expected,
            ..MutantRow::default()
        };
        for (_, row) in found.iter().filter(|(other, _)| *other == mutant) {
            add(&mut sum, row);
        }
        sum
    });
    Ok(rows.collect())
}

fn add(sum: &mut MutantRow, row: &MutantRow) {
    sum.cases += row.cases;
    sum.equivalent += row.equivalent;
    sum.caught += row.caught;
    sum.missed += row.missed;
    sum.named += row.named;
    sum.ambiguous += row.ambiguous;
    sum.unnamed += row.unnamed;
    sum.misnamed += row.misnamed;
    sum.placed += row.placed;
    sum.misplaced += row.misplaced;
    let room = MOST_EXAMPLES - sum.examples.len();
    sum.examples.extend(row.examples.iter().take(room).cloned());
}

/// The references of one problem, each asked once.
struct References {
    dual: Arc<Recorded<Dual>>,
    reverse: Arc<Recorded<Reverse>>,
    central: Arc<Recorded<Central>>,
}

impl References {
    fn of(point: &Point, coordinates: &[Coordinate]) -> Result<Self, CheckError> {
        let central = Central::new(Step::Auto);
        Ok(Self {
            dual: Arc::new(Recorded::new(Dual, point, coordinates)?),
            reverse: Arc::new(Recorded::new(Reverse, point, coordinates)?),
            central: Arc::new(Recorded::new(central, point, coordinates)?),
        })
    }

    fn with(&self, subject: Box<dyn GradientSource>) -> Vec<NamedSource> {
        vec![
            (SourceName::Backprop, subject),
            (SourceName::Dual, Box::new(self.dual.clone())),
            (SourceName::Reverse, Box::new(self.reverse.clone())),
            (SourceName::Central, Box::new(self.central.clone())),
        ]
    }
}

impl Planned {
    fn run(&self) -> Result<Vec<(Mutant, MutantRow)>, CheckError> {
        let format = self.precision.format();
        let problem = self.fixture.at_scale(self.scale).rounded_to(format);
        let point = Point::new(problem, self.seed);
        let coordinates = point.all_coordinates();
        let references = References::of(&point, &coordinates)?;
        let estimates = |source: &dyn GradientSource| -> Result<Vec<Estimate>, CheckError> {
            Ok(point.ask(source, &coordinates, &|_| ())?.estimates)
        };
        let right = Mutated {
            mutant: None,
            at: None,
        };
        let right = estimates(self.source(right).as_ref())?;
        let dual = estimates(&references.dual)?;
        let mut rows = Vec::with_capacity(self.mutants.len());
        for mutant in &self.mutants {
            let subject = Mutated {
                mutant: Some(*mutant),
                at: self.layer(*mutant, &point),
            };
            let wrong = estimates(self.source(subject).as_ref())?;
            let beyond: Vec<usize> = (0..coordinates.len())
                .filter(|at| {
                    let (wrong, right, dual) = (wrong[*at], right[*at], dual[*at]);
                    let bound = wrong.error + dual.error + (right.value - dual.value).abs();
                    let within = (wrong.value - right.value).abs() <= bound;
                    !within
                })
                .collect();
            let mut row = MutantRow {
                cases: 1,
                ..MutantRow::default()
            };
            if beyond.is_empty() {
                row.equivalent = 1;
            } else {
                let sources = references.with(self.source(subject));
                let examined =
                    examine(PartName::DataLoss, &point, &sources, &coordinates, &Silent)?;
                self.judge(*mutant, subject, &point, &examined, &beyond, &mut row);
            }
            rows.push((*mutant, row));
        }
        Ok(rows)
    }

    /// The backward in the trial's arithmetic.
    fn source(&self, backward: Mutated) -> Box<dyn GradientSource> {
        match self.precision {
            Precision::F64 => Box::new(backward),
            Precision::F32 => Box::new(Single(backward)),
        }
    }

    /// The one layer that the fault is planted in, where there are several to choose from.
    fn layer(&self, mutant: Mutant, point: &Point) -> Option<usize> {
        let layers = mutant.layers(&point.problem);
        let chosen = rng::derive(self.seed, &self.fixture.name, self.scale.to_bits());
        match mutant.fault {
            // These are faults of all parameters alike.
            Fault::Penalty(_) | Fault::Numbers(_) => None,
            _ if layers.is_empty() => None,
            _ => Some(layers[(chosen % layers.len() as u64) as usize]),
        }
    }

    fn judge(
        &self,
        mutant: Mutant,
        subject: Mutated,
        point: &Point,
        examined: &Examined,
        beyond: &[usize],
        row: &mut MutantRow,
    ) {
        let case = format!(
            "{mutant} in {}, loss times {}",
            self.fixture.name, self.scale
        );
        let is_missed = |at: &&usize| {
            matches!(
                examined.verdicts[**at],
                Verdict::Agree | Verdict::Unresolved(_) | Verdict::Unobservable(_)
            )
        };
        if let Some(at) = beyond.iter().find(is_missed) {
            row.missed = 1;
            row.examples.push(format!(
                "MISSED: {case}: coordinate number {at}: {:?}",
                examined.verdicts[*at]
            ));
            return;
        }
        row.caught = 1;
        // At ties all that is beyond can be another subgradient: there is nothing to accuse.
        let Some(place) = &examined.part.place else {
            row.unnamed = 1;
            row.placed = 1;
            return;
        };
        let culprits: Vec<&str> = place
            .culprits
            .iter()
            .map(|fault| fault.layer.as_str())
            .collect();
        let guilty = match (mutant.fault, subject.at) {
            (Fault::Numbers(_), _) => None,
            (Fault::Penalty(_), _) => Some("penalty"),
            (_, Some(at)) => Some(point.problem.network.layers()[at].name.as_str()),
            (_, None) => Some("loss"),
        };
        // Of layers that read one activation only the sum of what they send back is seen: unless the
        // share of one has a known look, the block of branches that starts there answers.
        let block = subject.at.and_then(|at| {
            let layers = point.problem.network.layers();
            let starts_here =
                |block: &&NetworkLayer| block.fork.is_some_and(|fork| layers[at].reads == [fork]);
            layers.iter().rev().find(starts_here)
        });
        let block = block.map(|block| block.name.as_str());
        match guilty {
            Some(guilty) if culprits != [guilty] && culprits != [block.unwrap_or(guilty)] => {
                row.misplaced = 1;
                row.examples
                    .push(format!("MISPLACED: {case}: {}", place.sentence()));
            }
            _ => row.placed = 1,
        }
        self.kind(mutant, &case, examined, row);
    }

    /// Whether the kind was named: by one diagnosis at least, and by none another.
    fn kind(&self, mutant: Mutant, case: &str, examined: &Examined, row: &mut MutantRow) {
        let diagnoses = || examined.part.diagnoses.iter().map(|row| &row.diagnosis);
        let is_twin = |diagnosis: &&crate::judge::diagnosis::Diagnosis| {
            let mut also = diagnosis.also.iter();
            also.any(|kind| mutant.is_expected(Some(*kind)))
        };
        let wrong = diagnoses().find(|diagnosis| {
            diagnosis.kind.is_some() && !mutant.is_expected(diagnosis.kind) && !is_twin(diagnosis)
        });
        if let Some(wrong) = wrong {
            row.misnamed = 1;
            row.examples
                .push(format!("MISNAMED: {case}: {}", wrong.sentence));
        } else if mutant.expected.is_some()
            && diagnoses().any(|diagnosis| mutant.is_expected(diagnosis.kind))
        {
            row.named = 1;
        } else if diagnoses().any(|diagnosis| is_twin(&diagnosis)) {
            row.ambiguous = 1;
        } else {
            row.unnamed = 1;
        }
    }
}
