//! Examines somebody's own operators.

use crate::check::{Answered, Details, Posed, Silent, answered, check_posed};
use crate::harness::caught::caught;
use crate::harness::random::Trial;
use crate::harness::subject::{Answer, Asked, Request, Subject, SubjectError};
use crate::interchange::Told;
use crate::layer::Branches;
use crate::loss::Loss;
use crate::report::words::listed;
use crate::tensor::{Tensor, from_values};

use super::{Examiner, Found, FuzzError};

/// A subject, each of whose answers is judged: its output first, then every gradient against dual
/// numbers, reverse mode and central differences.
///
/// Its panics are its own failures. It is asked twice for the first case and for every one that fails:
/// two answers that are not the same bits are a failure of their own.
#[derive(Debug)]
pub struct Tested<S> {
    subject: S,
    /// Whether it has answered anything twice.
    was_repeated: bool,
    /// Whether what is wrong is reported with every coordinate's numbers.
    in_detail: bool,
}

impl<S: Subject> Tested<S> {
    /// Judge `subject`.
    #[must_use]
    pub fn new(subject: S) -> Self {
        Self {
            subject,
            was_repeated: false,
            in_detail: false,
        }
    }

    /// Report what is wrong with every coordinate's numbers, if `wanted`.
    #[must_use]
    pub fn in_detail(mut self, wanted: bool) -> Self {
        self.in_detail = wanted;
        self
    }

    /// What it answers, or why it does not.
    fn ask(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let subject = &mut self.subject;
        match caught(|| subject.answer(request)) {
            Ok(answer) => answer,
            Err(panic) => Err(SubjectError::Failed(panic)),
        }
    }

    /// Why it is no function of what is asked, when it is not.
    fn repeated(&mut self, request: &Request<'_>, first: &Answer) -> Option<String> {
        self.was_repeated = true;
        let words = match self.ask(request) {
            Ok(second) => difference(first, &second)?,
            Err(error) => format!("then: {error}"),
        };
        Some(format!(
            "it is not deterministic: asked twice for the same, it answered differently, {words}; no gradient can be judged by values that change, so fix its seeds, and reset what it saves between calls"
        ))
    }
}

impl<S: Subject> Examiner for Tested<S> {
    fn is_weary(&self) -> bool {
        self.subject.is_weary()
    }

    fn examine(&mut self, trial: &Trial) -> Result<Found, FuzzError> {
        let trial = Trial {
            precision: self.subject.precision(),
            ..trial.clone()
        };
        let posed = trial.posed()?;
        let request = Request::of(&trial, &posed.problem);
        let answer = match self.ask(&request) {
            Ok(answer) => answer,
            Err(SubjectError::Unsupported(what)) => return Ok(Found::Refused(what)),
            Err(SubjectError::Failed(why)) => return Ok(Found::Failed(why)),
        };
        if !self.was_repeated
            && let Some(why) = self.repeated(&request, &answer)
        {
            return Ok(Found::Failed(why));
        }
        let judged = match told(&request, &answer) {
            Ok(told) => {
                let found = judge(posed.clone(), &told)?;
                if self.in_detail && found.is_failure() {
                    let posed = Posed {
                        details: Some(Details::default()),
                        ..posed.clone()
                    };
                    judge(posed, &told)?
                } else {
                    found
                }
            }
            Err(why) => Found::Failed(why),
        };
        if judged.is_failure()
            && let Some(why) = self.repeated(&request, &answer)
        {
            return Ok(Found::Failed(why));
        }
        Ok(judged)
    }
}

/// What `answer` tells, whose names and shapes have to be the request's.
///
/// # Errors
/// What does not fit, in words.
pub fn told(request: &Request<'_>, answer: &Answer) -> Result<Told, String> {
    let leaves = request.leaves();
    let names: Vec<String> = leaves.iter().map(|(_, name)| name.clone()).collect();
    let unknown = answer.gradients.keys().find(|name| !names.contains(name));
    if let Some(name) = unknown {
        return Err(format!(
            "it gives a gradient of '{name}', and there is only {}",
            listed(&names)
        ));
    }
    let mut gradients = Vec::new();
    for (leaf, name) in leaves {
        let Some(gradient) = answer.gradients.get(&name) else {
            return Err(format!(
                "it gives no gradient of {name}: give one for each of {}",
                listed(&names)
            ));
        };
        let expected = request.problem.leaf(leaf).shape();
        if gradient.shape() != expected {
            return Err(format!(
                "its gradient of {name} has the shape {:?}, and {name} has {expected:?}",
                gradient.shape()
            ));
        }
        gradients.push((leaf, in_rows(gradient)));
    }
    let (output, value) = output_and_value(request, answer)?;
    Ok(Told {
        output,
        value,
        gradients,
    })
}

/// The output, where it can be held against ours, and the objective's value by it.
fn output_and_value(
    request: &Request<'_>,
    answer: &Answer,
) -> Result<(Option<Tensor<f64>>, Option<f64>), String> {
    let problem = request.problem;
    let Some(output) = &answer.output else {
        return Ok((None, None));
    };
    // Of a network the last output may be given, or the loss alone.
    let is_loss = match request.asked {
        Asked::Loss(_) => true,
        Asked::Network(_) => output.shape().is_empty(),
        Asked::Operator(_) => false,
    };
    let expected = match is_loss {
        true => &[],
        false => problem.network.output_shape(),
    };
    if output.shape() != expected {
        return Err(format!(
            "its output has the shape {:?}, and it should have {expected:?}",
            output.shape()
        ));
    }
    let output = in_rows(output);
    if is_loss {
        let value = output.first().copied().unwrap_or(f64::NAN);
        return Ok((None, Some(problem.objective.scale * value)));
    }
    let loss = |loss: &Loss| problem.objective.scale * loss.forward(&output, Branches::Follow);
    let value = problem.objective.loss.as_ref().map_or(0.0, loss);
    Ok((Some(output), Some(value)))
}

/// The same in row-major order, whatever the order of the subject's memory.
fn in_rows(array: &Tensor<f64>) -> Tensor<f64> {
    from_values(array.shape(), array.iter().copied().collect()).expect("as many entries as before")
}

fn judge(posed: Posed, told: &Told) -> Result<Found, FuzzError> {
    let Posed {
        problem,
        setup,
        details,
        replay,
        ..
    } = posed;
    let Answered { mut posed, sources } = answered(problem, told, setup, replay)
        .map_err(|error| FuzzError::Subject(error.to_string()))?;
    posed.details = details;
    let checked = check_posed(posed, &sources, &Silent)?;
    Ok(Found::Report(Box::new(checked.report)))
}

/// Where two answers to one request differ.
fn difference(first: &Answer, second: &Answer) -> Option<String> {
    let none = || "once with an output and once without".to_owned();
    match (&first.output, &second.output) {
        (Some(first), Some(second)) => {
            if let Some(words) = entry("output", first, second) {
                return Some(words);
            }
        }
        (None, None) => (),
        _ => return Some(none()),
    }
    if !first.gradients.keys().eq(second.gradients.keys()) {
        return Some("with gradients of other names".to_owned());
    }
    let gradients = first.gradients.iter().zip(second.gradients.values());
    let mut differences = gradients.filter_map(|((name, first), second)| {
        entry(&format!("the gradient of {name}"), first, second)
    });
    differences.next()
}

/// The first entry that differs.
fn entry(what: &str, first: &Tensor<f64>, second: &Tensor<f64>) -> Option<String> {
    if first.shape() != second.shape() {
        let shapes = (first.shape(), second.shape());
        return Some(format!(
            "{what} of shape {:?} and then {:?}",
            shapes.0, shapes.1
        ));
    }
    let is_other = |(_, (a, b)): &(usize, (&f64, &f64))| {
        a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan())
    };
    let (flat, (a, b)) = first.iter().zip(second).enumerate().find(is_other)?;
    let index: Vec<String> = crate::tensor::unflatten(flat, first.shape())
        .iter()
        .map(ToString::to_string)
        .collect();
    Some(format!("{what}[{}] = {a} and then {b}", index.join(",")))
}
