//! Our forward and all four sources against exact fractions, for operators that PyTorch's file lacks.
//!
//! `tests/data/fraction_cases.py` computed them from the operators' definitions, without any backward pass.

use std::collections::BTreeMap;

use crate::support::comparison::{EXACT, Expected, compare};
use crate::support::op_case::{Golden, OpCase, OpCaseFile, is_implemented};
use gradproof::tensor::values;
use serde_json::{Value, json};

/// Operators of the file, with the number of cases of each.
const RUN: [(&str, usize); 3] = [("conv1d", 8), ("upsample", 17), ("zero_pad2d", 6)];

/// Entries of all outputs, and of all gradients by one source.
const OUTPUTS: usize = 2008;
const COORDINATES: usize = 1218;

fn file() -> OpCaseFile {
    let file: OpCaseFile = serde_json::from_str(include_str!("data/fraction_cases.json"))
        .expect("the file has the op-case format");
    assert_eq!(file.source, "fraction_cases.py, exact, rounded to float64");
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

#[test]
fn every_operator_has_its_cases() {
    let mut counts = BTreeMap::new();
    let file = file();
    for case in &file.cases {
        assert!(is_implemented(&case.op), "{} is missing", case.op);
        *counts.entry(case.op.as_str()).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from(RUN), "cases of each operator");
}

#[test]
fn our_forward_gives_the_exact_outputs() {
    let mut compared = 0;
    for (number, case) in file().cases.iter().enumerate() {
        let golden = read(number, case);
        let expected = golden.output.expect("every case is an operator");
        let problem = &golden.problem;
        let trace = problem
            .network
            .forward(&problem.parameters, problem.input.clone(), None);
        let scale = values(&expected)
            .iter()
            .fold(0.0, |scale: f64, y| scale.max(y.abs()));
        for (index, (ours, exact)) in trace.output.iter().zip(&expected).enumerate() {
            assert!(
                (ours - exact).abs() <= EXACT * scale,
                "case {number}, {} {}: output[{index}] is {ours} instead of {exact}",
                case.op,
                case.attrs
            );
            compared += 1;
        }
    }
    assert_eq!(compared, OUTPUTS, "numbers compared");
}

#[test]
fn every_source_gives_the_exact_gradients() {
    let mut coordinates = BTreeMap::new();
    for (number, case) in file().cases.iter().enumerate() {
        let golden = read(number, case);
        let expected = Expected {
            value: golden.value,
            value_scale: golden.value_scale,
            gradients: &golden.gradients,
        };
        let compared = compare(&golden.problem, &expected)
            .unwrap_or_else(|error| panic!("case {number}, {}: {error}", case.op));
        for comparison in compared {
            assert!(
                comparison.failures.is_empty(),
                "case {number}, {} {}: {}, {}:\n{}",
                case.op,
                case.attrs,
                comparison.source,
                comparison.tensor,
                comparison.failures.join("\n")
            );
            assert_eq!(comparison.kinks, 0, "case {number}: nothing has a kink");
            // Nothing here divides or cancels: what an exact source says is right to a few last bits.
            let is_exact = comparison.source != "central";
            assert!(
                !is_exact || comparison.difference <= 1e-14,
                "case {number}, {}, {}: {:e}",
                case.op,
                comparison.source,
                comparison.difference
            );
            *coordinates.entry(comparison.source).or_insert(0) += comparison.coordinates;
        }
    }
    let sources = ["backprop", "dual", "reverse", "central"];
    let expected = sources.map(|source| (source.to_owned(), COORDINATES));
    assert_eq!(coordinates, BTreeMap::from(expected), "numbers compared");
}

#[test]
fn an_upsampling_may_have_its_mode_in_its_name() {
    for case in file().cases.iter().filter(|case| case.op == "upsample") {
        let attributes = case.attrs.as_object().expect("attributes have names");
        let mut without = attributes.clone();
        let mode = without.remove("mode").expect("every case has a mode");
        let named = OpCase {
            op: format!("upsample_{}", mode.as_str().expect("a name")),
            attrs: Value::Object(without),
            ..case.clone()
        };
        let interpolate = OpCase {
            op: "interpolate".to_owned(),
            ..case.clone()
        };
        let problem = read(0, case).problem;
        for other in [named, interpolate] {
            assert!(is_implemented(&other.op), "{}", other.op);
            assert_eq!(read(0, &other).problem, problem, "{}", other.op);
        }
    }
}

#[test]
fn a_malformed_case_is_refused() {
    let file = file();
    for (op, _) in RUN {
        let case = file.cases.iter().find(|case| case.op == op);
        let case = case.expect("every operator has a case");
        let mut malformed = vec![(json!({}), "no attributes".to_owned())];
        let attributes = case.attrs.as_object().expect("attributes have names");
        for name in attributes.keys() {
            for wrong in [json!(null), json!("3"), json!(-1), json!([0.25, 1, 2])] {
                let mut changed = attributes.clone();
                changed.insert(name.clone(), wrong.clone());
                malformed.push((Value::Object(changed), format!("{name} = {wrong}")));
            }
        }
        let mut unknown = attributes.clone();
        unknown.insert("unknown".to_owned(), json!(1));
        malformed.push((Value::Object(unknown), "an unknown attribute".to_owned()));
        for (attrs, what) in malformed {
            let changed = OpCase {
                attrs,
                ..case.clone()
            };
            assert!(changed.read().is_err(), "{op} was read with {what}");
        }
    }
}
