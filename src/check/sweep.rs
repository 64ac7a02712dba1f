//! One coordinate over a ladder of steps, to a [`SweepReport`].

use crate::judge::law::{self, LadderGap};
use crate::network::{Coordinate, Network, Unit};
use crate::report::sweep::{
    NearestKink, PENALTY, SourceFit, SweepReport, SweepRung, SweepSetup, Switched,
};
use crate::report::{self, Number, Outcome};
use crate::rng;
use crate::source::sweep::{self, Rung};
use crate::source::{Dual, Estimate, GradientSource, Point, Reverse, SourceError};
use crate::spec::case::{Case, SourceName};

use super::{CheckError, problem};

/// Units at each end of a step that are named; all are counted.
const MOST_NAMED: usize = 3;

/// Sweep over the steps at the coordinate of `case` that is called `coordinate`.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn sweep(case: &Case, coordinate: &str) -> Result<SweepReport, CheckError> {
    let problem = problem(case)?;
    let coordinate = problem.network.find_coordinate(coordinate)?;
    let point = Point::new(problem, rng::derive(case.seed, "perturbations", 0));
    let subject = super::backprop(case.precision);
    let sources: [(SourceName, &dyn GradientSource); 3] = [
        (SourceName::Backprop, subject.as_ref()),
        (SourceName::Dual, &Dual),
        (SourceName::Reverse, &Reverse),
    ];
    let report = sweep_at(&point, coordinate, &sources)?;
    Ok(SweepReport {
        setup: Some(SweepSetup {
            network: case.spec.name.clone(),
            seed: case.seed,
            precision: case.precision,
            samples: case.samples,
            data: case.spec.data.clone(),
            train_steps: case.train_steps,
            penalty: case.penalty,
        }),
        ..report
    })
}

/// Sweep over the steps at `coordinate`, and fit the gap between each of `sources`, the one under test
/// first, and central differences.
///
/// # Errors
/// A source's.
///
/// # Panics
/// When the problem has no such coordinate.
pub fn sweep_at(
    point: &Point,
    coordinate: Coordinate,
    sources: &[(SourceName, &dyn GradientSource)],
) -> Result<SweepReport, SourceError> {
    let mut estimates = Vec::with_capacity(sources.len());
    let mut size = 0.0_f64;
    for (number, (name, source)) in sources.iter().enumerate() {
        // What is small is known only beside the rest of the tensor; one source is enough for that.
        let (asked, own): (Vec<Coordinate>, usize) = if number == 0 {
            let all = point.problem.coordinates(coordinate.leaf).collect();
            (all, coordinate.index)
        } else {
            (vec![coordinate], 0)
        };
        let answer = point.ask(*source, &asked, &|_| ())?.estimates;
        size = answer
            .iter()
            .fold(size, |size, estimate| size.max(estimate.value.abs()));
        estimates.push((*name, answer[own]));
    }
    Ok(over_steps(point, coordinate, &estimates, size))
}

/// The gaps between each of `estimates`, that of the gradient under test first, and central differences over the
/// steps; `size` is the largest derivative of the coordinate's tensor.
pub(super) fn over_steps(
    point: &Point,
    coordinate: Coordinate,
    estimates: &[(SourceName, Estimate)],
    size: f64,
) -> SweepReport {
    let swept = sweep::sweep(point, coordinate);
    let fits = estimates.iter().map(|(source, estimate)| {
        let ladder: Vec<LadderGap> = swept
            .rungs
            .iter()
            .map(|rung| gap(rung, *estimate))
            .collect();
        SourceFit {
            source: *source,
            value: Number(estimate.value),
            error: Number(estimate.error),
            fit: law::fit(&ladder, size),
        }
    });
    let network = &point.problem.network;
    let report = SweepReport {
        version: report::sweep::VERSION,
        setup: None,
        coordinate: network.coordinate_name(coordinate),
        at: Number(swept.origin),
        sources: fits.collect(),
        rungs: swept
            .rungs
            .iter()
            .map(|rung| row(network, rung, estimates))
            .collect(),
        kink: swept.nearest.map(|kink| NearestKink {
            distance: kink.at,
            unit: name(network, kink.unit),
        }),
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    };
    report.judged()
}

/// The gap between a derivative and the differences at one step.
fn gap(rung: &Rung, derivative: Estimate) -> LadderGap {
    let [low, high] = if rung.forward.value < rung.backward.value {
        [rung.forward, rung.backward]
    } else {
        [rung.backward, rung.forward]
    };
    let a = derivative.value;
    LadderGap {
        step: rung.step,
        gap: (a - rung.central.value).abs(),
        bound: rung.central.error + derivative.error,
        outside: (low.value - a).max(a - high.value).max(0.0),
        units: units(rung),
    }
}

/// How many units switch at either end; one that switches at both counts once when it is alone.
fn units(rung: &Rung) -> usize {
    match (rung.above.as_slice(), rung.below.as_slice()) {
        ([above], [below]) if above == below => 1,
        (above, below) => above.len() + below.len(),
    }
}

fn row(network: &Network, rung: &Rung, estimates: &[(SourceName, Estimate)]) -> SweepRung {
    SweepRung {
        step: rung.step,
        central: Number(rung.central.value),
        rounding: Number(rung.central.error),
        forward: Number(rung.forward.value),
        backward: Number(rung.backward.value),
        gaps: estimates
            .iter()
            .map(|(_, estimate)| Number((estimate.value - rung.central.value).abs()))
            .collect(),
        above: switched(network, &rung.above),
        below: switched(network, &rung.below),
    }
}

fn switched(network: &Network, units: &[Unit]) -> Switched {
    let named = units.iter().take(MOST_NAMED);
    Switched {
        count: units.len(),
        first: named.map(|unit| name(network, *unit)).collect(),
    }
}

/// What a report calls the unit.
fn name(network: &Network, unit: Unit) -> String {
    match unit {
        Unit::Penalty => PENALTY.to_owned(),
        Unit::Layer { .. } | Unit::Loss { .. } => network.name_of(unit),
    }
}
