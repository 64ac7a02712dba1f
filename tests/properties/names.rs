//! Positions, names and files that are read back.

use gradproof::harness::strategy;
use gradproof::network::Coordinate;
use gradproof::spec::NetworkSpec;
use gradproof::tensor;
use proptest::collection::vec;
use proptest::prelude::*;

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
