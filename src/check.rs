//! The only driver: a case through the sources to a [`Report`].

mod account;
mod answer;
mod branches;
mod compare;
mod control;
mod detail;
mod diagnose;
mod error;
mod examine;
mod explain;
mod export;
mod given;
mod jacobian;
mod kinks;
mod observe;
mod op_case;
mod open;
mod output;
mod problem;
mod projection;
mod second;
mod select;
mod shard;
mod single;
mod sources;
mod sweep;
mod values;

use std::time::Duration;

pub use account::{account, account_of_case};
pub use error::CheckError;
pub use examine::{Examined, NamedSource, SourceAnswer, examine};
pub use export::{Export, export};
pub use given::precision_of;

use crate::network::{Coordinate, Problem};
use crate::report::{self, PartName, Report, Setup};
use crate::rng;
use crate::scalar::Format;
use crate::source::second::Moving;
use crate::source::{Backprop, Central, Gradient, GradientSource, Passes, Point, Single};
use crate::spec::PenaltySpec;
use crate::spec::case::{Case, Order, Precision, SourceName};
use crate::tensor::Tensor;

pub use jacobian::{JacobianRow, JacobianView, jacobian};
pub use op_case::{AnswerError, Answered, answered, check_op_case, verify};
use sources::{named_sources, source_names};

pub use problem::problem;
pub use second::examine_second;
pub use shard::{PartAnswers, ShardError, ShareAnswer, answers, check_answers, join};
pub use sources::all_sources;
pub use sweep::{sweep, sweep_at};

/// A report, and how long its sources took, which is no part of it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was found.
    pub report: Report,
    /// The time that each source took, over all parts.
    pub seconds: Vec<(SourceName, Duration)>,
    /// The point that the gradients were taken at.
    pub problem: Problem,
    /// What was checked, ordered by tensor.
    pub coordinates: Vec<Coordinate>,
    /// What each source said of the whole objective at these coordinates.
    pub answers: Vec<SourceAnswer>,
}

/// Who wants to know how far a check is.
pub trait Progress: Sync {
    /// A source starts on `coordinates` coordinates.
    fn begin(&self, source: SourceName, coordinates: usize);
    /// It has finished so many more.
    fn advance(&self, coordinates: usize);
    /// All have answered, and are judged.
    fn judging(&self) {}
}

/// Nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: SourceName, _: usize) {}
    fn advance(&self, _: usize) {}
}

/// Check `case`, and tell `progress` how far it is.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn check(case: &Case, progress: &dyn Progress) -> Result<Checked, CheckError> {
    check_by(case, &Manner::default(), progress)
}

/// How a check is made; its verdicts are the same in every manner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How the objective is computed at the ends of steps.
    pub passes: Passes,
    /// What of the numbers behind the verdicts goes into the report; nothing when absent.
    pub details: Option<Details>,
}

/// What goes into [`crate::report::detail::Detail`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Names of coordinates that are shown over all steps, besides those that are worth a look anyway.
    pub curves: Vec<String>,
}

/// The same in this `manner`.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn check_by(
    case: &Case,
    manner: &Manner,
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    let (mut posed, sources) = pose(case, Box::new(backprop), manner.passes)?;
    posed.details.clone_from(&manner.details);
    check_whole(posed, &sources, progress)
}

/// Our hand-written backward in this arithmetic.
#[must_use]
pub fn backprop(precision: Precision) -> Box<dyn GradientSource> {
    match precision {
        Precision::F64 => Box::new(Backprop),
        Precision::F32 => Box::new(Single(Backprop)),
    }
}

/// Check `case` with another backward, `subject`, under test in place of ours; it computes in the
/// case's precision.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn check_subject(
    case: &Case,
    subject: Box<dyn GradientSource>,
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    check_subject_by(case, subject, &Manner::default(), progress)
}

/// The same in this `manner`.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn check_subject_by(
    case: &Case,
    subject: Box<dyn GradientSource>,
    manner: &Manner,
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    if case.files.gradients.is_some() {
        return Err(CheckError::TwoSubjects);
    }
    let (mut posed, sources) = pose(case, Box::new(|_| subject), manner.passes)?;
    posed.details.clone_from(&manner.details);
    check_whole(posed, &sources, progress)
}

/// Check every coordinate that is asked for, or every tensor by projections.
fn check_whole(
    posed: Posed,
    sources: &[NamedSource],
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    if posed.is_projected {
        projection::check(posed, sources, progress)
    } else {
        check_posed(posed, sources, progress)
    }
}

/// What `case` asks, and whom: the gradient in its file, or else what `subject` makes in its precision, and
/// references of which central differences take these `passes`.
fn pose<'a>(
    case: &Case,
    subject: Box<dyn FnOnce(Precision) -> Box<dyn GradientSource> + 'a>,
    passes: Passes,
) -> Result<(Posed, Vec<NamedSource>), CheckError> {
    if case.order == Order::Second && case.precision == Precision::F32 {
        return Err(CheckError::SecondOrderInF32);
    }
    let names = source_names(case)?;
    given::allowed(case)?;
    let case = &problem::sealed(case)?;
    let problem = problem(case)?;
    let mut coordinates = select::coordinates(&problem, case)?;
    let is_projected = select::is_projected(&problem, case);
    if is_projected {
        projection::allowed(case)?;
    }
    let subject = match given::gradient(case, &problem)? {
        Some(given) => {
            coordinates = given::coordinates(case, &given, &problem, coordinates);
            (
                SourceName::Given,
                Box::new(given) as Box<dyn GradientSource>,
            )
        }
        None => (SourceName::Backprop, subject(case.precision)),
    };
    let format = Precision::of(subject.1.format());
    if format != case.precision {
        return Err(CheckError::Precision {
            subject: format,
            case: case.precision,
        });
    }
    let sources = named_sources(
        subject,
        &names,
        Central {
            step: case.step,
            passes,
        },
    );
    let setup = Setup {
        network: case.spec.name.clone(),
        parameters: problem.parameters.count(),
        checked: coordinates.len(),
        seed: case.seed,
        precision: case.precision,
        samples: case.samples,
        data: case.spec.data.clone(),
        train_steps: case.train_steps,
        penalty: case.penalty,
        step: case.step,
        coordinates: case.coordinates,
        files: case.files.clone(),
    };
    let posed = Posed {
        problem,
        coordinates,
        is_projected,
        setup,
        output: None,
        order: case.order,
        details: None,
        replay: case.token(),
    };
    Ok((posed, sources))
}

/// A problem, and what its report says of where it comes from.
#[derive(Clone, Debug)]
pub struct Posed {
    /// The problem.
    pub problem: Problem,
    /// What is checked, ordered by tensor.
    pub coordinates: Vec<Coordinate>,
    /// Whether every tensor is projected instead.
    pub is_projected: bool,
    /// What the report says of it.
    pub setup: Setup,
    /// The output that the gradient under test comes with, when somebody else computed it.
    pub output: Option<Tensor<f64>>,
    /// Which derivatives are checked.
    pub order: Order,
    /// What of the numbers behind the verdicts goes into the report; nothing when absent.
    pub details: Option<Details>,
    /// The token that repeats this check.
    pub replay: String,
}

/// Check a problem by `sources`, of which the first is under test.
///
/// # Errors
/// A source's.
///
/// # Panics
/// Without sources, and when somebody's output has not the shape of ours.
pub fn check_posed(
    posed: Posed,
    sources: &[NamedSource],
    progress: &dyn Progress,
) -> Result<Checked, CheckError> {
    check_asked(posed, sources, progress, &mut |_, point, coordinates| {
        examine::ask(point, sources, coordinates, progress)
    })
}

/// Gets the answers for one part.
type Ask<'a> =
    dyn FnMut(PartName, &Point, &[Coordinate]) -> Result<examine::Asked, CheckError> + 'a;

/// Check a problem by what `ask` gets from `sources`.
fn check_asked(
    posed: Posed,
    sources: &[NamedSource],
    progress: &dyn Progress,
    ask: &mut Ask<'_>,
) -> Result<Checked, CheckError> {
    let Posed {
        problem,
        coordinates,
        setup,
        output,
        order,
        details,
        replay,
        ..
    } = posed;
    let mut seconds: Vec<(SourceName, Duration)> = sources
        .iter()
        .map(|(name, _)| (*name, Duration::ZERO))
        .collect();
    let mut parts = Vec::new();
    let mut control = None;
    let mut answers = Vec::new();
    for (name, problem) in part_problems(problem.clone(), setup.penalty) {
        let point = point(problem, setup.seed);
        let asked = ask(name, &point, &coordinates)?;
        progress.judging();
        let mut examined = examine::judge(name, &point, sources, &coordinates, asked)?;
        if let Some(wanted) = &details {
            examined.add_detail(&point, &coordinates, wanted)?;
        }
        if order == Order::Second {
            let subject = sources[0].1.as_ref();
            let moving = Moving::Parameters;
            let second =
                examine_second(&point, subject, moving, &coordinates, setup.seed, progress)?;
            examined.part.second = Some(second);
        }
        for (sum, time) in seconds.iter_mut().zip(&examined.seconds) {
            sum.1 += *time;
        }
        if name == PartName::DataLoss {
            if let Some(output) = &output {
                let format = setup.precision.format();
                examined.part.output = Some(output::judge(&point, output, format));
            }
            control = Some(examined.plant(&point.problem.network, &coordinates, setup.seed));
        }
        parts.push(examined.part);
        answers = examined.found;
    }
    let control = control.unwrap_or(report::Control::Impossible);
    let outcome = answer::outcome(&parts, &control);
    let sentence = answer::sentence(outcome, &parts, &control, setup.precision);
    let (outcome, sentence) = second::answer(outcome, sentence, &parts);
    let report = Report {
        version: report::VERSION,
        setup,
        sentence,
        parts,
        control,
        outcome,
        replay,
        timing: None,
    };
    Ok(Checked {
        report,
        seconds,
        problem,
        coordinates,
        answers,
    })
}

/// The point of a check with this seed.
fn point(problem: Problem, seed: u64) -> Point {
    Point::new(problem, rng::derive(seed, "perturbations", 0))
}

/// What a source answered.
#[derive(Clone)]
struct Answer {
    name: SourceName,
    forward: crate::source::Forward,
    format: Format,
    /// Whether the objective's value is known to it.
    knows_value: bool,
    gradient: Gradient,
}

/// The objectives to judge: the data loss, and with a penalty that and both together.
fn part_problems(problem: Problem, penalty: Option<PenaltySpec>) -> Vec<(PartName, Problem)> {
    let mut data = problem.clone();
    data.objective.penalty = None;
    let mut parts = vec![(PartName::DataLoss, data)];
    if penalty.is_some() {
        let mut alone = problem.clone();
        alone.objective.loss = None;
        parts.push((PartName::Penalty, alone));
        parts.push((PartName::Total, problem));
    }
    parts
}
