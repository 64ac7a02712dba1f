//! The second order of one objective at one point: Hessian-vector products along random directions, each
//! of them judged.

mod judged;
mod place;
mod rows;
mod sentence;

use crate::network::{Coordinate, Leaves, Problem};
use crate::report::{Cause, Number, ProductSource, SecondPart, Symmetry};
use crate::rng;
use crate::source::second::{
    Derivatives, Moving, ProductRounding, along_twice, differences, direction, hyper,
};
use crate::source::{Estimate, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER, SecondOrder};
use crate::spec::case::SourceName;
use crate::tensor::values;

use super::{CheckError, Progress};

pub(super) use sentence::answer;

/// What every account says along one direction.
struct Along {
    direction: Leaves<f64>,
    product: Derivatives,
    rounding: ProductRounding,
    /// By [`ProductSource`], the backward under test first; `None` where there is no number.
    estimates: [Vec<Option<Estimate>>; 3],
}

/// Differentiate the gradient of `subject` at `point` along two directions of random signs over the
/// leaves in `moving`, and judge the products at `coordinates`, which are ordered by tensor. `seed` is
/// that of the directions.
///
/// # Errors
/// [`CheckError::OneOrder`], when the subject cannot be differentiated.
pub fn examine_second(
    point: &Point,
    subject: &dyn GradientSource,
    moving: Moving,
    coordinates: &[Coordinate],
    seed: u64,
    progress: &dyn Progress,
) -> Result<SecondPart, CheckError> {
    let subject = subject.second_order().ok_or(CheckError::OneOrder)?;
    let [u, v] = [0, 1].map(|number| direction(&point.problem, moving, seed, number));
    let along = [(&u, &v), (&v, &u)].map(|(u, v)| {
        progress.begin(SourceName::Dual, coordinates.len());
        along(point, subject, [u, v], coordinates, seed, progress)
    });
    let verdicts = along
        .each_ref()
        .map(|along| judged::verdicts(point, coordinates, along));
    let symmetry = symmetry(&point.problem, &along);
    let cause = judged::cause(&along, &verdicts);
    let places = match cause {
        Some(Cause::Derivative) => place::places(point, subject, coordinates, &along, &verdicts),
        _ => Vec::new(),
    };
    let network = &point.problem.network;
    let mut part = SecondPart {
        directions: along.len(),
        tensors: rows::tensors(network, coordinates, &along, &verdicts),
        worst: rows::worst(network, coordinates, &along, &verdicts),
        symmetry,
        cause,
        places,
        control: judged::plant(network, coordinates, &along, &verdicts, seed),
        sentence: String::new(),
    };
    part.sentence = sentence::of_part(&part);
    Ok(part)
}

/// Ask every account for H·v.
fn along(
    point: &Point,
    subject: &dyn SecondOrder,
    [u, v]: [&Leaves<f64>; 2],
    coordinates: &[Coordinate],
    seed: u64,
    progress: &dyn Progress,
) -> Along {
    let (problem, pattern) = (&point.problem, &point.pattern);
    let product = subject.product(problem, pattern, v);
    let seed = rng::derive(seed, "second order", 0);
    let rounding = ProductRounding::measure(problem, pattern, [u, v], seed);
    let spread = |coordinate: &Coordinate| rounding.leaves.derivative(*coordinate);
    let own = coordinates.iter().map(|coordinate| {
        Some(Estimate {
            value: values(product.leaves.leaf(coordinate.leaf))[coordinate.index],
            error: SAFETY * spread(coordinate),
        })
    });
    let own = own.collect();
    let by_hyper = hyper(problem, pattern, v, coordinates, &|done| {
        progress.advance(done);
    });
    // Hyper-dual numbers add up what a backward does, in the order of a forward pass.
    let by_hyper = by_hyper.into_iter().zip(coordinates);
    let by_hyper = by_hyper.map(|(value, coordinate)| {
        Some(Estimate {
            value,
            error: SAFETY_OTHER_ORDER * spread(coordinate),
        })
    });
    let by_hyper = by_hyper.collect();
    let by_differences = differences(subject, point, v, coordinates);
    Along {
        direction: v.clone(),
        product,
        estimates: [own, by_hyper, by_differences],
        rounding,
    }
}

/// u·Hv against v·Hu, both by the backward under test.
fn symmetry(problem: &Problem, along: &[Along; 2]) -> Symmetry {
    let [first, second] = along;
    let value = |u: &Along, v: &Along| along_twice(problem, &u.direction, &v.product.leaves);
    let (a, b) = (value(second, first), value(first, second));
    let bound = SAFETY * (first.rounding.along_twice + second.rounding.along_twice);
    Symmetry {
        first: Number(a),
        second: Number(b),
        bound: Number(bound),
        holds: (a - b).abs() <= bound + f64::MIN_POSITIVE,
    }
}

impl Along {
    /// What the backward under test says at this position.
    fn own(&self, position: usize) -> Estimate {
        self.estimates[0][position].expect("a backward has a number for every coordinate")
    }

    /// The references that have a number at this position.
    fn references(&self, position: usize) -> impl Iterator<Item = (ProductSource, Estimate)> {
        let estimates = self.estimates[1..].iter();
        ProductSource::REFERENCES
            .into_iter()
            .zip(estimates)
            .filter_map(move |(source, estimates)| Some((source, estimates[position]?)))
    }
}
