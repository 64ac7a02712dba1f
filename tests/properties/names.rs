//! Positions, names and files that are read back.

use gradproof::harness::strategy;
use gradproof::network::Coordinate;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::{FileSpec, Files};
use gradproof::spec::{NetworkSpec, PenaltySpec};
use gradproof::tensor;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample;

use super::{hold, made};

#[test]
fn flatten_and_unflatten_are_inverse() {
    hold("flatten", vec(1..=5_usize, 0..=5), |shape| {
        let size = tensor::size(&shape).unwrap_or(0);
        for flat in 0..size {
            let index = tensor::unflatten(flat, &shape);
            prop_assert_eq!(tensor::flatten(&index, &shape), Some(flat), "{:?}", index);
        }
        for axis in 0..shape.len() {
            let mut outside = vec![0; shape.len()];
            outside[axis] = shape[axis];
            prop_assert_eq!(tensor::flatten(&outside, &shape), None, "{:?}", outside);
        }
        Ok(())
    });
}

#[test]
fn names_lead_back_to_their_coordinates() {
    hold("coordinate_names", strategy::network(), |case| {
        let problem = made(case.problem())?;
        for leaf in problem.leaves() {
            for coordinate in problem.coordinates(leaf) {
                let name = problem.network.coordinate_name(coordinate);
                prop_assert_eq!(
                    problem.network.coordinate(&name),
                    Some(coordinate),
                    "{}",
                    name
                );
            }
            let shape = problem.network.leaf_shape(leaf);
            let beyond = Coordinate {
                leaf,
                index: tensor::size(shape).unwrap_or(0),
            };
            let name = problem.network.coordinate_name(beyond);
            prop_assert_ne!(problem.network.coordinate(&name), Some(beyond), "{}", name);
        }
        Ok(())
    });
}

#[test]
fn specs_survive_toml() {
    hold("toml", strategy::network(), |case| {
        let text = made(case.spec.to_toml())?;
        let read = NetworkSpec::from_toml(&text);
        prop_assert_eq!(read.as_ref(), Ok(&case.spec), "{}", text);
        Ok(())
    });
}

#[test]
fn tokens_are_read_back() {
    hold("token", case(), |case| {
        let token = case.token();
        prop_assert_eq!(token.parse(), Ok(case), "{}", token);
        Ok(())
    });
}

fn case() -> impl Strategy<Value = Case> {
    let strength = 0.0..=1.0;
    let penalty = prop_oneof![
        Just(None),
        strength
            .clone()
            .prop_map(|strength| Some(PenaltySpec::L1 { strength })),
        strength.prop_map(|strength| Some(PenaltySpec::L2 { strength })),
    ];
    let step = prop_oneof![Just(Step::Auto), (1e-12..=1.0).prop_map(Step::Fixed)];
    let coordinates = prop_oneof![
        Just(Selection::All),
        Just(Selection::Auto),
        any::<usize>().prop_map(Selection::Sample)
    ];
    let sources = sample::subsequence(SourceName::ALL.to_vec(), 0..=4);
    let order = prop_oneof![Just(Order::First), Just(Order::Second)];
    let file = || {
        let parts = (".{0,20}", option::of("[0-9a-f]{8}"));
        option::of(parts.prop_map(|(path, checksum)| FileSpec { path, checksum }))
    };
    let files = (file(), file()).prop_map(|(parameters, gradients)| Files {
        parameters,
        gradients,
    });
    let counts = (any::<u64>(), any::<usize>(), any::<usize>());
    (
        strategy::network(),
        counts,
        penalty,
        step,
        coordinates,
        (sources, order, files),
    )
        .prop_map(
            |(
                network,
                (seed, samples, train_steps),
                penalty,
                step,
                coordinates,
                (sources, order, files),
            )| Case {
                spec: network.spec,
                seed,
                precision: Precision::F64,
                samples,
                train_steps,
                penalty,
                step,
                coordinates,
                sources,
                order,
                files,
            },
        )
}
