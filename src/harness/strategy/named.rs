//! Strategies by the name of what they draw.

use proptest::prelude::*;
use proptest::sample::select;

use crate::harness::random::{RandomCase, loss_name};
use crate::harness::{LossCase, OperatorCase};
use crate::spec::LossSpec;

use super::{
    MOST_SAMPLES, adaptive_avg_pool2d, avg_pool2d, concatenation, conv_transpose2d, conv1d, conv2d,
    dropout, elementwise, linear, loss, max_pool2d, network, normalization, operator, prelu,
    residual, seed, several, upsample, zero_pad2d,
};

/// How operators are drawn.
type Draw = fn() -> BoxedStrategy<OperatorCase>;

/// Operators that a strategy of that name draws, and no other.
const OF_ONE: [(&str, Draw); 13] = [
    ("conv1d", conv1d),
    ("conv2d", conv2d),
    ("conv_transpose2d", conv_transpose2d),
    ("linear", linear),
    ("max_pool2d", max_pool2d),
    ("avg_pool2d", avg_pool2d),
    ("adaptive_avg_pool2d", adaptive_avg_pool2d),
    ("zero_pad2d", zero_pad2d),
    ("upsample", upsample),
    ("prelu", prelu),
    ("residual", residual),
    ("concatenation", concatenation),
    ("dropout", dropout),
];

/// Operators that are drawn together with others.
const OF_SEVERAL: [(&[&str], Draw); 2] = [
    (
        &["batch_norm2d", "layer_norm", "group_norm", "instance_norm"],
        normalization,
    ),
    (
        &[
            "relu",
            "tanh",
            "sigmoid",
            "leaky_relu",
            "elu",
            "selu",
            "gelu",
            "silu",
            "mish",
            "softplus",
            "hardswish",
            "hardtanh",
            "softmax",
            "log_softmax",
            "flatten",
        ],
        elementwise,
    ),
];

/// Every loss that a single case can be of.
const LOSSES: [&str; 6] = [
    "softmax_cross_entropy",
    "nll",
    "mean_squared_error",
    "l1",
    "huber",
    "bce_with_logits",
];

/// Names for more than one operator.
const SETS: [&str; 4] = ["operator", "loss", "network", "all"];

/// Every name that [`named`] knows, operators first.
pub fn names() -> impl Iterator<Item = &'static str> {
    let one = OF_ONE.iter().map(|(name, _)| *name);
    let several = OF_SEVERAL
        .iter()
        .flat_map(|(names, _)| names.iter().copied());
    one.chain(several).chain(LOSSES).chain(SETS)
}

/// The strategy that draws cases of this operator or loss; "operator" draws any operator, "loss" any
/// loss, "network" a network, and "all" any of these. `None` for a name of nothing.
#[must_use]
pub fn named(name: &str) -> Option<BoxedStrategy<RandomCase>> {
    let of_operator =
        |strategy: BoxedStrategy<OperatorCase>| strategy.prop_map(RandomCase::Operator).boxed();
    if let Some((_, strategy)) = OF_ONE.iter().find(|(known, _)| *known == name) {
        return Some(of_operator(strategy()));
    }
    let several = OF_SEVERAL.iter().find_map(|(names, strategy)| {
        let own = names.iter().find(|known| **known == name)?;
        Some((*own, strategy))
    });
    if let Some((own, strategy)) = several {
        let only = strategy().prop_filter("of another operator", move |case| case.op.name() == own);
        return Some(of_operator(only.boxed()));
    }
    if let Some(own) = LOSSES.into_iter().find(|known| *known == name) {
        let only = losses().prop_filter(
            "of another loss",
            move |case| matches!(case, RandomCase::Loss(case) if loss_name(&case.loss) == own),
        );
        return Some(only.boxed());
    }
    match name {
        "operator" => Some(of_operator(any_operator())),
        "loss" => Some(losses()),
        "network" => Some(network().prop_map(RandomCase::Network).boxed()),
        "all" => Some(
            prop_oneof![
                6 => of_operator(any_operator()),
                2 => losses(),
                4 => network().prop_map(RandomCase::Network),
            ]
            .boxed(),
        ),
        _ => None,
    }
}

/// Any operator, with those too that came after [`operator`]'s kept seeds.
fn any_operator() -> BoxedStrategy<OperatorCase> {
    prop_oneof![24 => operator(), 1 => dropout()].boxed()
}

/// Losses alone, of vectors of 2 to 5 entries for each sample; with class weights at times.
fn losses() -> BoxedStrategy<RandomCase> {
    let weights = proptest::option::weighted(
        0.25,
        proptest::collection::vec(select(&[0.5, 1.0, 2.0][..]), 5),
    );
    (
        several(MOST_SAMPLES + 1),
        2..=5_usize,
        loss(),
        weights,
        seed(),
    )
        .prop_filter_map(
            "no loss of its own",
            |(batch, entries, loss, weights, seed)| {
                let weights = weights.map(|mut weights: Vec<f64>| {
                    weights.truncate(entries);
                    weights
                });
                let loss = match loss {
                    LossSpec::WeightedSum {} => return None,
                    LossSpec::Nll { .. } => LossSpec::Nll {
                        class_weights: weights,
                    },
                    LossSpec::SoftmaxCrossEntropy {
                        label_smoothing, ..
                    } => LossSpec::SoftmaxCrossEntropy {
                        label_smoothing,
                        class_weights: weights,
                    },
                    other => other,
                };
                Some(RandomCase::Loss(LossCase {
                    loss,
                    input: vec![batch, entries],
                    seed,
                }))
            },
        )
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    #[test]
    fn every_name_draws_what_it_says_and_it_fits() {
        let mut runner = TestRunner::deterministic();
        for name in names() {
            let strategy = named(name).expect("a listed name");
            for _ in 0..20 {
                let case = strategy.new_tree(&mut runner).expect("drawn").current();
                let problem = case.problem();
                assert!(problem.is_ok(), "{name}: {case}: {problem:?}");
                let is_set = SETS.contains(&name);
                assert!(is_set || case.name() == name, "{name} drew {case}");
            }
        }
        assert!(named("conv9d").is_none(), "a name of nothing");
    }
}
