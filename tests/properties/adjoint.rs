//! ⟨v, J·u⟩ = ⟨Jᵀ·v, u⟩: backward is the transpose of the forward's derivative.
//!
//! Both sides are the same sum Σ v·J·u in another order. A sum of products in which every term goes
//! through at most n roundings is off by at most n·u/(1 − n·u)·Σ|terms| (N. J. Higham, *Accuracy and
//! Stability of Numerical Algorithms*, 2nd ed., lemma 8.4), and n is below the number of all entries.

use gradproof::harness::{OperatorCase, strategy};
use gradproof::network::{LeafName, Pattern, Problem};
use gradproof::rng::Stream;
use gradproof::scalar::{Dual, Scalar};
use gradproof::spec::{Interpolation, OpSpec, UpsampleSpec};
use gradproof::tensor::{self, Tensor};
use proptest::prelude::*;

use super::{Outcome, hold, made};

#[test]
fn backward_is_the_adjoint_of_the_derivative() {
    hold("adjoint_conv2d", strategy::conv2d(), |case| adjoint(&case));
    hold(
        "adjoint_conv_transpose2d",
        strategy::conv_transpose2d(),
        |case| adjoint(&case),
    );
    hold("adjoint_max_pool2d", strategy::max_pool2d(), |case| {
        adjoint(&case)
    });
    hold("adjoint_avg_pool2d", strategy::avg_pool2d(), |case| {
        adjoint(&case)
    });
    hold(
        "adjoint_adaptive_avg_pool2d",
        strategy::adaptive_avg_pool2d(),
        |case| adjoint(&case),
    );
    hold("adjoint_zero_pad2d", strategy::zero_pad2d(), |case| {
        adjoint(&case)
    });
    hold("adjoint_upsample", strategy::upsample(), |case| {
        adjoint(&case)
    });
    hold("adjoint_conv1d", strategy::conv1d(), |case| adjoint(&case));
    hold("adjoint_linear", strategy::linear(), |case| adjoint(&case));
    hold("adjoint_prelu", strategy::prelu(), |case| adjoint(&case));
    hold("adjoint_elementwise", strategy::elementwise(), |case| {
        adjoint(&case)
    });
}

fn adjoint(case: &OperatorCase) -> Outcome {
    let problem = made(case.problem())?;
    let pattern = problem.pattern();
    let mut stream = Stream::new(case.seed, "adjoint");
    let mut drawn = |shape: &[usize]| tensor::zeros::<f64>(shape).mapv(|_| stream.signed_weight());

    let v = drawn(problem.network.output_shape());
    let trace = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None);
    let gradients = problem
        .network
        .backward(&problem.parameters, trace.saved, v.clone());
    let absolute = absolute(&problem);
    let leaves = problem.leaves();
    let entries: usize = leaves.iter().map(|leaf| problem.leaf(*leaf).len()).sum();

    for leaf in leaves {
        let u = drawn(problem.leaf(leaf).shape());
        let gradient = match leaf {
            LeafName::Input => &gradients.input,
            LeafName::Parameter(number) => &gradients.parameters[number],
        };
        let forward = inner(&v, &tangent(&problem, &pattern, leaf, &u));
        let backward = inner(gradient, &u);
        let (v_size, u_size) = (v.mapv(f64::abs), u.mapv(f64::abs));
        let terms = match case.op {
            // Slopes are at most 1, and so are the terms that they are made from.
            OpSpec::Tanh {} | OpSpec::Sigmoid {} => inner(&v_size, &u_size),
            // Slopes, and the terms that they are made from, are at most 4 for inputs within ±4.
            OpSpec::Elu(_)
            | OpSpec::Selu {}
            | OpSpec::Gelu(_)
            | OpSpec::Silu {}
            | OpSpec::Mish {}
            | OpSpec::Softplus(_)
            | OpSpec::Hardswish {} => 4.0 * inner(&v_size, &u_size),
            // Every output of a line depends on every input of it, with slopes of at most 1.
            OpSpec::Softmax(_) | OpSpec::LogSoftmax(_) => v_size.sum() * u_size.sum(),
            _ => inner(&v_size, &tangent(&absolute, &pattern, leaf, &u_size)),
        };
        // Sixteen for the roundings inside of an activation's slope, of which each is at most u.
        let roundings = (entries + v.len() + 16) as f64 * f64::EPSILON / 2.0;
        let bound = match case.op {
            // Short multiples of 1/64: every product and sum is exact.
            OpSpec::Conv1d(_)
            | OpSpec::Conv2d(_)
            | OpSpec::ConvTranspose2d(_)
            | OpSpec::Linear(_)
            | OpSpec::MaxPool2d(_)
            | OpSpec::Relu {}
            | OpSpec::LeakyRelu(_)
            | OpSpec::Hardtanh(_)
            | OpSpec::Prelu(_)
            | OpSpec::ZeroPad2d(_)
            | OpSpec::Upsample(UpsampleSpec {
                mode: Interpolation::Nearest,
                ..
            })
            | OpSpec::Flatten {} => 0.0,
            // What a normalisation adds up are differences, whose terms are not those of J.
            OpSpec::BatchNorm2d(_)
            | OpSpec::LayerNorm(_)
            | OpSpec::GroupNorm(_)
            | OpSpec::InstanceNorm(_) => panic!("{case} is not drawn here"),
            _ => 2.0 * roundings / (1.0 - roundings) * terms,
        };
        let gap = (forward - backward).abs();
        prop_assert!(
            gap <= bound,
            "{case}, {}: forward {forward}, backward {backward}, gap {gap:e}, bound {bound:e}",
            problem.network.leaf_name(leaf)
        );
    }
    Ok(())
}

/// J·u, where u changes `leaf` alone, on the branches of `pattern`.
fn tangent(problem: &Problem, pattern: &Pattern, leaf: LeafName, u: &Tensor<f64>) -> Tensor<f64> {
    let mut parameters = problem.parameters.lift::<Dual<1>>();
    let mut input = tensor::lift(&problem.input);
    let changed = match leaf {
        LeafName::Input => &mut input,
        LeafName::Parameter(number) => &mut parameters.tensors[number],
    };
    for (value, u) in changed.iter_mut().zip(u) {
        *value += Dual::constant(*u) * Dual::variable(0.0, 0);
    }
    let trace = problem.network.forward(&parameters, input, Some(pattern));
    trace.output.mapv(|y| y.tangent(0))
}

/// The problem at |x| and |w|, where no term of J is negative.
fn absolute(problem: &Problem) -> Problem {
    let mut absolute = problem.clone();
    absolute.input.mapv_inplace(f64::abs);
    for tensor in &mut absolute.parameters.tensors {
        tensor.mapv_inplace(f64::abs);
    }
    absolute
}

fn inner(a: &Tensor<f64>, b: &Tensor<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
