//! Every number on the way to the verdict on one coordinate.

use crate::judge::{Side, Verdict};
use crate::network::{Coordinate, Network, Unit};
use crate::report::account::{AccountReport, AccountRow, PlaceRow, SlopesRow, VERSION};
use crate::report::sweep::Switched;
use crate::report::{Number, PartName};
use crate::source::sweep::{Step, step_at};
use crate::source::{Estimate, Gradient, Ground, Passes, Point, crossings};
use crate::spec::case::{Case, SourceName};

use super::examine::{ask, judge};
use super::{CheckError, NamedSource, Posed, Silent, backprop, point, pose};

/// Units that are named at a place; all are counted.
const MOST_NAMED: usize = 10;

/// The account of the coordinate called `coordinate` in the check of `case`.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn account_of_case(case: &Case, coordinate: &str) -> Result<AccountReport, CheckError> {
    let (posed, sources) = pose(case, Box::new(backprop), Passes::default())?;
    account(posed, &sources, coordinate)
}

/// The account of the coordinate called `coordinate` in what is posed to `sources`, of which the first is
/// under test.
///
/// # Errors
/// [`CheckError`].
pub fn account(
    posed: Posed,
    sources: &[NamedSource],
    coordinate: &str,
) -> Result<AccountReport, CheckError> {
    let Posed {
        problem,
        setup,
        replay,
        ..
    } = posed;
    let coordinate = problem.network.find_coordinate(coordinate)?;
    // What is small is known only beside the rest of the tensor.
    let all: Vec<Coordinate> = problem.coordinates(coordinate.leaf).collect();
    let position = coordinate.index;
    let point = point(problem, setup.seed);
    let asked = ask(&point, sources, &all, &Silent)?;
    let gradients: Vec<Gradient> = asked.gradients.clone();
    let verdict = judge(PartName::Total, &point, sources, &all, asked)?.verdicts[position];
    let own = gradients[0].estimates[position];
    let rows = sources
        .iter()
        .zip(&gradients)
        .map(|((source, _), gradient)| {
            let estimate = gradient.estimates[position];
            AccountRow {
                source: *source,
                value: Number(estimate.value),
                error: Number(estimate.error),
                gap: Number((estimate.value - own.value).abs()),
                bound: Number(estimate.error + own.error),
                judges: gradient.kinks.binary_search(&position).is_err(),
            }
        });
    let central = sources.iter().zip(&gradients);
    let stepped = central
        .filter(|((source, _), _)| *source == SourceName::Central)
        .find_map(|(_, gradient)| gradient.steps.get(position));
    let h = stepped
        .map(|stepped| stepped.h)
        .filter(|h| *h > 0.0 && h.is_finite());
    let step = h.map(|h| step_at(&point, coordinate, h));
    let network = &point.problem.network;
    Ok(AccountReport {
        version: VERSION,
        network: setup.network,
        coordinate: network.coordinate_name(coordinate),
        at: Number(at(&point, coordinate)),
        step: h.map(Number),
        ground: stepped.map_or_else(
            || "central differences were not asked".to_owned(),
            |stepped| ground(network, &stepped.ground),
        ),
        places: step
            .as_ref()
            .map(|step| places(network, step))
            .unwrap_or_default(),
        slopes: step.as_ref().map(|step| SlopesRow {
            central: pair(step.rung.central),
            forward: pair(step.rung.forward),
            backward: pair(step.rung.backward),
        }),
        kink: kink(&point, coordinate, h),
        sources: rows.collect(),
        spread: Number(point.rounding.derivative(coordinate)),
        verdict: words(&verdict),
        replay,
    })
}

fn at(point: &Point, coordinate: Coordinate) -> f64 {
    crate::tensor::values(point.problem.leaf(coordinate.leaf))[coordinate.index]
}

fn pair(estimate: Estimate) -> (Number, Number) {
    (Number(estimate.value), Number(estimate.error))
}

fn places(network: &Network, step: &Step) -> Vec<PlaceRow> {
    let switched = [&step.rung.below[..], &[], &step.rung.above[..]];
    let rows = step.places.iter().zip(step.values).zip(switched);
    rows.map(|((at, value), units)| PlaceRow {
        at: Number(*at),
        value: Number(value),
        switched: Switched {
            count: units.len(),
            first: units
                .iter()
                .take(MOST_NAMED)
                .map(|unit| network.name_of(*unit))
                .collect(),
        },
    })
    .collect()
}

/// The nearest kink within some steps.
fn kink(point: &Point, coordinate: Coordinate, h: Option<f64>) -> Option<(Number, String)> {
    let reach = 64.0 * h?.max(f64::MIN_POSITIVE);
    let known = crossings(&point.problem, &point.pattern, coordinate, reach, 1);
    let nearest = known.kinks.first()?;
    let unit = point.problem.network.name_of(nearest.unit);
    Some((Number(nearest.at), unit))
}

fn ground(network: &Network, ground: &Ground) -> String {
    let named = |units: &[Unit]| {
        let names: Vec<String> = units.iter().map(|unit| network.name_of(*unit)).collect();
        names.join(", ")
    };
    match ground {
        Ground::Certified => {
            "certified free of kinks, since only affine pieces come before the nearest".to_owned()
        }
        Ground::Margin => {
            "free of kinks: both ends take the branches of w, and the nearest is predicted at least twice as far away"
                .to_owned()
        }
        Ground::OneSided => {
            "stepped to one side only, since a kink is too near on the other".to_owned()
        }
        Ground::Tie => {
            "units are tied at w, and the slopes on both sides are one number all the same".to_owned()
        }
        Ground::Crossed { units, count, .. } => {
            format!("{count} units switch between its ends, among them {}", named(units))
        }
        Ground::Kink(kink) => format!(
            "w is at a kink of {}, with slopes {} and {} on its sides",
            named(&kink.units),
            kink.left.value,
            kink.right.value
        ),
        Ground::NotFinite => "no step leads to a finite objective".to_owned(),
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Agree => "agrees with every reference within the sum of the bounds".to_owned(),
        Verdict::Disagree => "differs from a reference by more than both bounds allow".to_owned(),
        Verdict::AtKink(Side::Inside) => {
            "at a kink, and between the slopes on both sides: a subgradient".to_owned()
        }
        Verdict::AtKink(Side::Outside) => {
            "at a kink, and outside of the slopes on both sides".to_owned()
        }
        Verdict::Unresolved(why) => format!("could not be judged: {}", why.words()),
        Verdict::Unobservable(_) => {
            "out of this objective's sight: every derivative of the tensor is 0, whatever its backward does"
                .to_owned()
        }
        Verdict::Invalid => "not a finite number".to_owned(),
    }
}
