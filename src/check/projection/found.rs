//! The coordinates that projections lead to, judged one by one as in every check.

use std::borrow::Cow;

use crate::judge::Verdict;
use crate::network::{Coordinate, LeafName};
use crate::report::{Counts, Part, PartName};
use crate::source::projection::{Projection, Tangents, Whole};
use crate::source::{
    Estimate, Forward, Gradient, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER,
};
use crate::spec::case::SourceName;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::super::compare::{self, Kinks};
use super::super::examine::{self, Asked};
use super::super::{Answer, CheckError, NamedSource, SourceAnswer, kinks};

/// What was judged.
pub(super) struct Judged {
    pub(super) part: Part,
    pub(super) found: Vec<SourceAnswer>,
    verdicts: Vec<Verdict>,
}

impl Judged {
    /// The verdicts on the coordinates of one parameter.
    pub(super) fn verdicts_of(&self, coordinates: &[Coordinate], leaf: LeafName) -> Counts {
        let pairs = coordinates.iter().zip(&self.verdicts);
        let own = pairs.filter(|(coordinate, _)| coordinate.leaf == leaf);
        own.map(|(_, verdict)| verdict).collect()
    }
}

/// What was found, tensor by tensor.
pub(super) fn coordinates(projection: &Projection) -> Vec<Coordinate> {
    let tensors = projection.tensors.iter();
    tensors
        .flat_map(|tensor| {
            let leaf = LeafName::Parameter(tensor.number);
            let found = tensor.found.keys();
            found.map(move |index| Coordinate {
                leaf,
                index: *index,
            })
        })
        .collect()
}

/// The derivatives under test there.
pub(super) fn own(projection: &Projection, gradient: &[Cow<'_, Tensor<f64>>]) -> Vec<f64> {
    let at = coordinates(projection).into_iter();
    at.map(|coordinate| at_coordinate(coordinate, |number| values(&gradient[number])))
        .collect()
}

fn at_coordinate<'a>(coordinate: Coordinate, tensor: impl Fn(usize) -> &'a [f64]) -> f64 {
    match coordinate.leaf {
        LeafName::Input => f64::NAN,
        LeafName::Parameter(number) => tensor(number)[coordinate.index],
    }
}

/// The gradient under test, whose derivatives are `own`.
pub(super) fn subject(
    name: SourceName,
    source: &dyn GradientSource,
    value: Option<f64>,
    own: &[f64],
    point: &Point,
    coordinates: &[Coordinate],
) -> Answer {
    let forward = source.forward();
    let format = source.format();
    let estimate = |(value, coordinate): (&f64, &Coordinate)| {
        let spread = point.rounding.derivative(*coordinate);
        let of_its_own = match forward {
            Forward::Shared => 0.0,
            Forward::Independent => value.abs() * format.unit_roundoff(),
        };
        Estimate {
            value: *value,
            // Of what is not a number nothing is added.
            error: safety(forward)
                * if of_its_own > spread {
                    of_its_own
                } else {
                    spread
                },
        }
    };
    Answer {
        name,
        forward,
        format,
        knows_value: value.is_some(),
        gradient: gradient(
            value.unwrap_or(f64::NAN),
            own.iter().zip(coordinates).map(estimate).collect(),
        ),
    }
}

/// The exact derivatives.
pub(super) fn exact(
    value: f64,
    projection: &Projection,
    point: &Point,
    coordinates: &[Coordinate],
) -> Answer {
    let right = projection
        .tensors
        .iter()
        .flat_map(|tensor| tensor.found.values());
    let pairs = right.zip(coordinates);
    let estimates = pairs.map(|(value, coordinate)| Estimate {
        value: *value,
        error: SAFETY * point.rounding.derivative(*coordinate),
    });
    answer(
        SourceName::Dual,
        Forward::Shared,
        value,
        estimates.collect(),
    )
}

/// What the independent source found.
pub(super) fn independent(whole: &Whole<'_>, point: &Point, coordinates: &[Coordinate]) -> Answer {
    let estimates = coordinates.iter().map(|coordinate| Estimate {
        value: at_coordinate(*coordinate, |number| values(&whole.parameters[number])),
        error: SAFETY_OTHER_ORDER * point.rounding.derivative(*coordinate),
    });
    let name = SourceName::Reverse;
    let value = whole.value.unwrap_or(f64::NAN);
    answer(name, Forward::Independent, value, estimates.collect())
}

fn safety(forward: Forward) -> f64 {
    match forward {
        Forward::Shared => SAFETY,
        Forward::Independent => SAFETY_OTHER_ORDER,
    }
}

fn answer(name: SourceName, forward: Forward, value: f64, estimates: Vec<Estimate>) -> Answer {
    Answer {
        name,
        forward,
        format: crate::scalar::Format::F64,
        knows_value: true,
        gradient: gradient(value, estimates),
    }
}

fn gradient(value: f64, estimates: Vec<Estimate>) -> Gradient {
    Gradient {
        value,
        estimates,
        kinks: Vec::new(),
        steps: Vec::new(),
    }
}

/// Judge each of `coordinates` by what `sources` have `answered`. With a source that has a forward pass of
/// its own what is wrong is explained as in every check.
pub(super) fn judge(
    name: PartName,
    point: &Point,
    tangents: &Tangents,
    sources: &[NamedSource],
    coordinates: &[Coordinate],
    answered: Vec<Answer>,
) -> Result<Judged, CheckError> {
    let has_independent = answered.len() > 2;
    if !coordinates.is_empty() && has_independent {
        let asked = Asked {
            seconds: Vec::new(),
            gradients: answered.into_iter().map(|one| one.gradient).collect(),
        };
        let examined = examine::judge(name, point, sources, coordinates, asked)?;
        return Ok(Judged {
            part: examined.part,
            found: examined.found,
            verdicts: examined.verdicts,
        });
    }
    let answers = answered;
    let positions = 0..coordinates.len();
    let suspects: Vec<usize> = positions
        .filter(|position| is_at_kink(point, tangents, coordinates[*position]))
        .collect();
    let kinks = match suspects.len() {
        0 => Kinks::new(),
        _ => kinks::find(point, coordinates, &answers, &suspects)?,
    };
    let mut verdicts = compare::judge_all(coordinates, &answers, &kinks);
    if !suspects.is_empty() {
        kinks::allow_branches(point, coordinates, &answers, &mut verdicts);
    }
    let part = Part {
        name,
        values: super::super::values::all(&answers),
        values_agree: super::super::values::agree(point, &answers),
        output: None,
        passes: compare::passes(&point.problem.network, &answers),
        tensors: compare::rows(point, coordinates, &answers, &verdicts),
        worst: compare::worst(point, coordinates, &answers, &verdicts),
        unresolved: compare::unresolved(point, coordinates, &verdicts),
        kinks: kinks::rows(point, coordinates, &answers, &verdicts, &kinks),
        crossed: Vec::new(),
        extended: Vec::new(),
        single: None,
        second: None,
        projection: None,
        blame: None,
        forward: Vec::new(),
        place: None,
        diagnoses: Vec::new(),
        laws: Vec::new(),
        detail: None,
    };
    Ok(Judged {
        part,
        found: answers.iter().map(Answer::found).collect(),
        verdicts,
    })
}

/// Whether the coordinate moves a unit that is at its kink: else it has a derivative.
fn is_at_kink(point: &Point, tangents: &Tangents, coordinate: Coordinate) -> bool {
    let LeafName::Parameter(number) = coordinate.leaf else {
        return false;
    };
    let mut unit = zeros(point.problem.leaf(coordinate.leaf).shape());
    values_mut(&mut unit)[coordinate.index] = 1.0;
    tangents.meets_kink(&point.problem, number, &unit)
}
