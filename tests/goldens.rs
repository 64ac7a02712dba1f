//! Our forward and all four sources against PyTorch.
//!
//! Three of the sources share our forward, so they would agree about a wrong one. These numbers
//! were computed by PyTorch 2.15.0 in `f64`, on the CPU; `tests/data/pytorch.json` keeps them.

#![expect(
    clippy::print_stdout,
    reason = "how close the sources came, for who asks"
)]

use std::collections::{BTreeMap, BTreeSet};

use crate::support::comparison::{Comparison, EXACT, Expected, compare};
use crate::support::op_case::{Golden, OpCase, OpCaseFile, is_implemented};
use gradproof::tensor::values;
use serde_json::Value;

/// Operators of the file that the library has, with the number of cases of each.
const RUN: [(&str, usize); 25] = [
    ("adaptive_avg_pool2d", 16),
    ("avg_pool2d", 16),
    ("batch_norm2d", 16),
    ("bce_with_logits", 16),
    ("conv2d", 16),
    ("conv_transpose2d", 12),
    ("elu", 4),
    ("gelu", 10),
    ("group_norm", 16),
    ("hardswish", 6),
    ("huber", 16),
    ("l1", 16),
    ("layer_norm", 16),
    ("leaky_relu", 3),
    ("linear", 16),
    ("log_softmax", 7),
    ("max_pool2d", 16),
    ("mse", 16),
    ("relu", 6),
    ("sigmoid", 3),
    ("silu", 4),
    ("softmax", 7),
    ("softmax_cross_entropy", 16),
    ("softplus", 5),
    ("tanh", 9),
];

/// Operators of the file that the library still lacks.
const MISSING: [&str; 0] = [];

/// Coordinates that central differences find at a kink: case 266 has one window, with PyTorch's
/// whole gradient at the first of two equal maxima. No ReLU input is 0.
const AT_KINK: usize = 2;

fn file() -> OpCaseFile {
    let file: OpCaseFile = serde_json::from_str(include_str!("data/pytorch.json"))
        .expect("the golden file has the op-case format");
    assert_eq!(file.source, "PyTorch 2.15.0, CPU, float64");
    assert!(
        file.layout.contains("loss = sum(cotangent*output)"),
        "another objective: {}",
        file.layout
    );
    file
}

fn read(number: usize, case: &OpCase) -> Golden {
    case.read()
        .unwrap_or_else(|error| panic!("case {number}, {}: {error}", case.op))
}

fn to_run(file: &OpCaseFile) -> impl Iterator<Item = (usize, &OpCase)> {
    let cases = file.cases.iter().enumerate();
    cases.filter(|(_, case)| RUN.iter().any(|(op, _)| *op == case.op))
}

#[test]
fn what_is_missing_is_exactly_what_is_listed() {
    let file = file();
    let mut counts = BTreeMap::new();
    for case in &file.cases {
        *counts.entry(case.op.as_str()).or_insert(0) += 1;
    }
    let missing: BTreeSet<&str> = counts
        .keys()
        .copied()
        .filter(|op| !is_implemented(op))
        .collect();
    assert_eq!(missing, BTreeSet::from(MISSING), "operators still missing");
    counts.retain(|op, _| !missing.contains(op));
    assert_eq!(counts, BTreeMap::from(RUN), "cases of each operator");
}

#[test]
fn our_forward_gives_pytorchs_outputs() {
    let mut compared = 0;
    for (number, case) in to_run(&file()) {
        let golden = read(number, case);
        let Some(expected) = &golden.output else {
            // A loss's output is the value that every source returns.
            continue;
        };
        let problem = &golden.problem;
        let trace = problem
            .network
            .forward(&problem.parameters, problem.input.clone(), None);
        let scale = values(expected)
            .iter()
            .fold(0.0, |scale: f64, y| scale.max(y.abs()));
        for (index, (ours, theirs)) in trace.output.iter().zip(expected).enumerate() {
            assert!(
                (ours - theirs).abs() <= EXACT * scale,
                "case {number}, {}: output[{index}] is {ours} instead of {theirs}",
                case.op
            );
            compared += 1;
        }
    }
    assert_eq!(compared, OUTPUTS, "numbers compared");
}

/// Entries of all operators' outputs.
const OUTPUTS: usize = 3313;

#[test]
fn every_source_gives_pytorchs_gradients() {
    let mut comparisons: Vec<Comparison> = Vec::new();
    for (number, case) in to_run(&file()) {
        let golden = read(number, case);
        let expected = Expected {
            value: golden.value,
            value_scale: golden.value_scale,
            gradients: &golden.gradients,
        };
        let compared = compare(&golden.problem, &expected)
            .unwrap_or_else(|error| panic!("case {number}, {}: {error}", case.op));
        for comparison in &compared {
            assert!(
                comparison.failures.is_empty(),
                "case {number}, {}, {}: {}, {}:\n{}",
                case.op,
                case.attrs,
                comparison.source,
                comparison.tensor,
                comparison.failures.join("\n")
            );
        }
        comparisons.extend(compared);
    }
    for source in ["backprop", "dual", "reverse", "central"] {
        let of_source = || comparisons.iter().filter(|c| c.source == source);
        let worst = |size: fn(&Comparison) -> f64| of_source().map(size).fold(0.0, f64::max);
        let coordinates: usize = of_source().map(|c| c.coordinates).sum();
        let kinks: usize = of_source().map(|c| c.kinks).sum();
        println!(
            "{source}: {coordinates} coordinates, {kinks} at a kink; at most {:.1e} of the scale from \
             PyTorch, and {:.2} of its own error estimate, which is at most {:.1e} of the scale",
            worst(|c| c.difference),
            worst(|c| c.of_estimate),
            worst(|c| c.estimate),
        );
        assert_eq!(coordinates, COORDINATES, "coordinates of {source}");
        let expected = if source == "central" { AT_KINK } else { 0 };
        assert_eq!(kinks, expected, "coordinates of {source} at a kink");
    }
}

/// Entries of all gradients.
const COORDINATES: usize = 6706;

#[test]
fn a_malformed_case_is_refused() {
    let file = file();
    for (op, _) in RUN {
        let case = file
            .cases
            .iter()
            .find(|case| case.op == op)
            .expect("every operator has a case");
        for (what, malformed) in malformations(case) {
            assert!(malformed.read().is_err(), "{op} was read {what}");
        }
    }
}

/// The case with one thing wrong at a time, and what that is.
fn malformations(case: &OpCase) -> Vec<(String, OpCase)> {
    let mut malformed = Vec::new();
    let mut push = |what: String, change: &dyn Fn(&mut OpCase)| {
        let mut case = case.clone();
        change(&mut case);
        malformed.push((what, case));
    };
    let attributes = case.attrs.as_object().expect("attributes have names");
    for name in attributes.keys() {
        push(format!("without {name}"), &|case| {
            attributes_of(case).remove(name);
        });
        for wrong in [
            Value::Null,
            Value::from(-1),
            Value::from("3"),
            Value::from(vec![0.5]),
        ] {
            // -1 is what a softmax's axis is.
            if wrong == attributes[name] {
                continue;
            }
            push(format!("with {name} = {wrong}"), &|case| {
                attributes_of(case).insert(name.clone(), wrong.clone());
            });
        }
    }
    push("with an unknown attribute".to_owned(), &|case| {
        attributes_of(case).insert("unknown".to_owned(), Value::from(1));
    });
    push("without the gradient of x".to_owned(), &|case| {
        case.gradients.remove("x");
    });
    push("without x".to_owned(), &|case| {
        case.inputs.remove("x");
    });
    push("with an unknown input".to_owned(), &|case| {
        case.inputs.insert("y".to_owned(), case.inputs["x"].clone());
        case.gradients
            .insert("y".to_owned(), case.gradients["x"].clone());
    });
    push("with an unknown operator".to_owned(), &|case| {
        case.op.push('x');
    });
    malformed
}

fn attributes_of(case: &mut OpCase) -> &mut serde_json::Map<String, Value> {
    case.attrs.as_object_mut().expect("attributes have names")
}
