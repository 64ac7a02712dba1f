//! Kinks between the ends of a step explain what a central difference is off by.

use gradproof::harness::{NetworkCase, strategy};
use gradproof::layer::Layer;
use gradproof::source::{Central, Dual, Point, crossings};
use gradproof::spec::case::Step;
use gradproof::spec::{LossSpec, OpSpec, for_each_operator};
use proptest::prelude::*;

use super::{hold, made};

/// Where everything is affine between kinks, D(h) is the mean of the slopes, to the last bit but
/// rounding.
#[test]
fn a_difference_across_kinks_is_the_mean_of_the_slopes() {
    let cases = (strategy::network(), 0..=12_i32).prop_map(|(mut case, halvings)| {
        case.spec.loss = LossSpec::WeightedSum {};
        for_each_operator(&mut case.spec.layers, &mut |op| {
            if !Layer::from_op(op).is_piecewise_affine() {
                *op = OpSpec::Relu {};
            }
        });
        (case, f64::exp2(f64::from(-halvings)))
    });
    hold("crossing", cases, |(case, h): (NetworkCase, f64)| {
        let point = Point::new(made(case.problem())?, case.seed);
        let step = Step::Fixed(h);
        for coordinate in point.all_coordinates().into_iter().step_by(7) {
            let central = made(point.ask(&Central { step }, &[coordinate], &|_| ()))?;
            let slope = made(point.ask(&Dual, &[coordinate], &|_| ()))?;
            let (difference, slope) = (central.estimates[0].value, slope.estimates[0].value);
            let crossed = crossings(&point.problem, &point.pattern, coordinate, h);
            let explained: f64 = crossed.iter().map(|crossing| crossing.share(h)).sum();
            let sizes: f64 = crossed
                .iter()
                .map(|crossing| crossing.slope_change.abs())
                .sum();
            let rounding = 16.0 * point.rounding.value() / h + 1e-9 * (sizes + slope.abs());
            prop_assert!(
                (difference - slope - explained).abs() <= rounding,
                "{case}, {}, step {h}: D(h) = {difference}, slope {slope}, {explained} by {crossed:?}",
                point.problem.network.coordinate_name(coordinate)
            );
        }
        Ok(())
    });
}
