//! Properties without any rounding: bit for bit.

use gradproof::harness::strategy;
use gradproof::layer::Layer;
use gradproof::network::{Gradients, Parameters, Problem};
use gradproof::rng::Stream;
use gradproof::scalar::{Dual, Scalar};
use gradproof::spec::OpSpec;
use gradproof::tensor::{self, Tensor};
use proptest::prelude::*;

use super::{Outcome, bits, hold, made};

#[test]
fn the_primal_of_a_dual_forward_is_the_f64_forward() {
    hold("dual_primal_operator", strategy::operator(), |case| {
        dual_primal(&made(case.problem())?, case.seed)
    });
    hold("dual_primal_network", strategy::network(), |case| {
        dual_primal(&made(case.problem())?, case.seed)
    });
}

fn dual_primal(problem: &Problem, seed: u64) -> Outcome {
    let mut stream = Stream::new(seed, "tangents");
    // Tangents in both lanes, so that a tangent that leaks into a value is seen.
    let mut lift = |values: &Tensor<f64>| {
        values.mapv(|value| {
            Dual::<2>::constant(value)
                + Dual::constant(stream.signed_weight()) * Dual::variable(0.0, 0)
                + Dual::constant(stream.signed_weight()) * Dual::variable(0.0, 1)
        })
    };
    let parameters = Parameters {
        tensors: problem.parameters.tensors.iter().map(&mut lift).collect(),
    };
    let dual = problem
        .network
        .forward(&parameters, lift(&problem.input), None)
        .output;
    let plain = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None)
        .output;
    prop_assert_eq!(bits(&tensor::primal(&dual)), bits(&plain), "output");
    prop_assert_eq!(
        problem.value::<Dual<2>>(None).primal().to_bits(),
        problem.value::<f64>(None).to_bits(),
        "loss"
    );
    Ok(())
}

#[test]
fn backward_is_repeatable_and_linear_in_the_cotangent() {
    hold("backward_operator", strategy::operator(), |case| {
        backward(&made(case.problem())?, case.seed)
    });
    hold("backward_network", strategy::network(), |case| {
        backward(&made(case.problem())?, case.seed)
    });
}

fn backward(problem: &Problem, seed: u64) -> Outcome {
    let mut stream = Stream::new(seed, "output gradient");
    let dy = tensor::zeros::<f64>(problem.network.output_shape()).mapv(|_| stream.signed_weight());
    let once = gradient(problem, dy.clone());
    prop_assert_eq!(
        all_bits(&once),
        all_bits(&gradient(problem, dy.clone())),
        "twice"
    );

    let doubled = gradient(problem, dy.mapv(|dy| 2.0 * dy));
    let twice = Gradients {
        input: once.input.mapv(|value| 2.0 * value),
        parameters: once
            .parameters
            .iter()
            .map(|tensor| tensor.mapv(|value| 2.0 * value))
            .collect(),
    };
    prop_assert_eq!(all_bits(&doubled), all_bits(&twice), "doubled");

    let nothing = gradient(problem, dy.mapv(|_| 0.0));
    let leaves = nothing.parameters.iter().chain([&nothing.input]);
    for value in leaves.flatten() {
        prop_assert!(*value == 0.0, "{value} from a zero cotangent");
    }
    Ok(())
}

fn gradient(problem: &Problem, dy: Tensor<f64>) -> Gradients<f64> {
    let trace = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None);
    problem
        .network
        .backward(&problem.parameters, trace.saved, dy)
}

fn all_bits(gradients: &Gradients<f64>) -> Vec<Vec<u64>> {
    let leaves = gradients.parameters.iter().chain([&gradients.input]);
    leaves.map(bits).collect()
}

#[test]
fn computing_some_units_again_is_computing_all() {
    let with_parameters = prop_oneof![
        2 => strategy::conv2d().boxed(),
        1 => strategy::conv1d().boxed(),
        2 => strategy::conv_transpose2d().boxed(),
        1 => strategy::linear().boxed(),
        1 => strategy::prelu().boxed(),
        1 => strategy::normalization()
            .prop_filter("units lie along the second axis", |case| match &case.op {
                OpSpec::LayerNorm(norm) => norm.normalized_shape.len() == 3,
                _ => true,
            })
            .boxed(),
    ];
    hold("forward_units", with_parameters, |case| {
        let problem = made(case.problem())?;
        let layer = Layer::from_op(&case.op);
        let parameters = &problem.parameters.tensors;
        let whole = problem
            .network
            .forward(&problem.parameters, problem.input.clone(), None)
            .output;
        let units = whole.shape()[1];
        for start in 0..=units {
            for end in start..=units {
                let mut y = whole.clone();
                for n in 0..whole.shape()[0] {
                    for unit in start..end {
                        y.index_axis_mut(ndarray::Axis(0), n)
                            .index_axis_mut(ndarray::Axis(0), unit)
                            .fill(f64::NAN);
                    }
                }
                layer.forward_units(parameters, &problem.input, start..end, &mut y);
                prop_assert_eq!(
                    bits(&y),
                    bits(&whole),
                    "units {}..{} of {}",
                    start,
                    end,
                    &case
                );
            }
        }
        Ok(())
    });
}
