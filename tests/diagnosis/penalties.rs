//! Penalties with wrong gradients.

use gradproof::judge::diagnosis::BugKind;
use gradproof::network::{LeafName, Problem};
use gradproof::spec::{NetworkSpec, PenaltySpec};

use super::is_named;

const NETWORK: &str = r#"
    name = "conv, tanh, linear"
    input = [2, 5, 6]
    loss = { op = "softmax_cross_entropy" }
    layers = [
        { op = "conv2d", name = "conv", out_channels = 4, kernel = 3 },
        { op = "tanh" },
        { op = "flatten" },
        { op = "linear", name = "fc", out_features = 4 },
    ]"#;

fn problem(penalty: PenaltySpec) -> Problem {
    let case = gradproof::harness::NetworkCase {
        spec: NetworkSpec::from_toml(NETWORK).expect("a network"),
        batch: 3,
        seed: 5,
    };
    let mut problem = case.problem().expect("the shapes fit");
    problem.objective.penalty = Some(penalty);
    problem
}

/// −1, 0 or 1; `signum` of 0 is 1.
fn sign(w: f64) -> f64 {
    if w.abs() > 0.0 { w.signum() } else { 0.0 }
}

#[test]
fn penalties_of_both_kinds() {
    let strength = 0.01;
    let kinds = [
        (BugKind::PenaltyMissing, -1.0),
        (BugKind::PenaltyDoubled, 1.0),
        (BugKind::PenaltySign, -2.0),
    ];
    for penalty in [PenaltySpec::L2 { strength }, PenaltySpec::L1 { strength }] {
        let slope = move |w: f64| match penalty {
            PenaltySpec::L2 { .. } => strength * w,
            PenaltySpec::L1 { .. } => strength * sign(w),
        };
        let other = move |w: f64| match penalty {
            PenaltySpec::L1 { .. } => strength * w,
            PenaltySpec::L2 { .. } => strength * sign(w),
        };
        let problem = problem(penalty);
        for number in [0, 2] {
            let leaf = LeafName::Parameter(number);
            let weight = &problem.parameters.tensors[number];
            for (kind, times) in kinds {
                is_named(&problem, leaf, kind, |right| {
                    right.gradient(leaf) + &weight.mapv(|w| times * slope(w))
                });
            }
            is_named(&problem, leaf, BugKind::ApproximateDerivative, |right| {
                right.gradient(leaf) + &weight.mapv(|w| other(w) - slope(w))
            });
        }
        for number in [1, 3] {
            let leaf = LeafName::Parameter(number);
            let bias = &problem.parameters.tensors[number];
            is_named(&problem, leaf, BugKind::PenaltyOnBias, |right| {
                right.gradient(leaf) + &bias.mapv(slope)
            });
        }
        // Other faults are seen beside a penalty too.
        is_named(&problem, LeafName::Parameter(0), BugKind::Sign, |right| {
            right.gradient(LeafName::Parameter(0)).mapv(|g| -g)
        });
    }
}
