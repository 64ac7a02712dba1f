//! A case with all its numbers, and with the answer of who is under test.

use std::collections::BTreeMap;

use crate::check::{Answered, Posed, all_sources, backprop, problem};
use crate::harness::fuzz::told;
use crate::harness::{Process, RandomCase, Request, Subject as _, Trial, op_case};
use crate::interchange::{Answer, Array, OpCase};
use crate::network::Problem;
use crate::scalar::Scalar;
use crate::spec::case::{Case, Precision};
use crate::tensor::{self, Tensor};

use super::foreign::Subject;

/// What is posed by `trial`, with the answer of who is under test among the sources.
pub(super) fn answered(trial: &Trial, subject: &Subject) -> Result<Answered, String> {
    let posed = trial.posed().map_err(|error| error.to_string())?;
    let Some(mut process) = process(subject, trial.precision)? else {
        let sources = all_sources(backprop(trial.precision), posed.setup.step);
        return Ok(Answered { posed, sources });
    };
    let request = Request::of(trial, &posed.problem);
    let answer = ask(&mut process, &request)?;
    let told = told(&request, &answer)?;
    let Posed {
        problem,
        setup,
        replay,
        ..
    } = posed.clone();
    crate::check::answered(problem, &told, setup, replay).map_err(|error| error.to_string())
}

/// The coordinate's name in reports, for one as in files: `x[0,1]` is of the input, and a single
/// operator's parameters have no layer's name.
pub(super) fn leaf_of(coordinate: &str, posed: &Posed) -> String {
    let network = &posed.problem.network;
    let as_is = coordinate.to_owned();
    let (name, index) = match coordinate.split_once('[') {
        Some((name, index)) => (name, format!("[{index}")),
        None => return as_is,
    };
    let known = |own: &str| network.coordinate(&format!("{own}{index}")).is_some();
    let input = "input".to_owned();
    let operator = network.layers().first().map_or("", |layer| &layer.name);
    let of_operator = format!("{operator}.{name}");
    match name {
        "x" if known(&input) => input + &index,
        _ if !known(name) && known(&of_operator) => of_operator + &index,
        _ => as_is,
    }
}

/// The case of `trial`.
pub(super) fn of_trial(trial: &Trial, subject: &Subject) -> Result<OpCase, String> {
    let problem = trial.problem().map_err(|error| error.to_string())?;
    let request = Request::of(trial, &problem);
    let case = op_case(&request, trial.precision);
    if let Some(mut process) = process(subject, trial.precision)? {
        let answer = ask(&mut process, &request)?;
        let output = answer.output.as_ref().map(Array::from);
        let gradients = answer.gradients.iter();
        return Ok(case.answered(Answer {
            output: output.ok_or("the program under test gave no output")?,
            gradients: gradients
                .map(|(name, gradient)| (name.clone(), Array::from(gradient)))
                .collect(),
        }));
    }
    let is_operator = matches!(trial.case, RandomCase::Operator(_));
    Ok(own(case, &problem, is_operator, trial.precision))
}

/// The network of a check as one case.
pub(super) fn of_check(case: &Case) -> Result<OpCase, String> {
    if case.penalty.is_some() {
        return Err("an op-case has no penalty: save a check without --penalty".to_owned());
    }
    if case.files.gradients.is_some() {
        return Err(
            "the gradient of this check is in a file already: its parameters and data are written by --export"
                .to_owned(),
        );
    }
    let problem = problem(case).map_err(|error| error.to_string())?;
    let request = OpCase::of_network(&case.spec, &problem, case.precision);
    Ok(own(request, &problem, false, case.precision))
}

/// The case with the answer of our own backprop.
fn own(case: OpCase, problem: &Problem, is_operator: bool, precision: Precision) -> OpCase {
    let answer = match precision {
        Precision::F64 => own_in::<f64>(&case, problem, is_operator),
        Precision::F32 => own_in::<f32>(&case, problem, is_operator),
    };
    case.answered(answer)
}

fn own_in<S: Scalar>(case: &OpCase, problem: &Problem, is_operator: bool) -> Answer {
    let evaluation = problem.backpropagate::<S>(None);
    let array = |tensor: &Tensor<S>| Array::from(&tensor::primal(tensor));
    let output = if is_operator {
        let leaves = problem.leaf_values::<S>();
        let trace = problem
            .network
            .forward(&leaves.parameters, leaves.input, None);
        array(&trace.output)
    } else {
        let value = tensor::from_values(&[], vec![evaluation.value.primal()]);
        Array::from(&value.unwrap_or_default())
    };
    let leaves = case.posed().map(|read| read.leaves).unwrap_or_default();
    let gradients: BTreeMap<String, Array> = leaves
        .into_iter()
        .map(|(leaf, name)| (name, array(evaluation.leaf(leaf))))
        .collect();
    Answer { output, gradients }
}

fn process(subject: &Subject, precision: Precision) -> Result<Option<Process>, String> {
    subject
        .process(precision)
        .map_err(|error| format!("--subject: {error}"))
}

fn ask(process: &mut Process, request: &Request<'_>) -> Result<crate::harness::Answer, String> {
    process.answer(request).map_err(|error| {
        format!(
            "the program under test gives no answer ({error}): mend it, or leave --subject out to have gradproof's own"
        )
    })
}
