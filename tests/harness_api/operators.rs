//! Somebody's operators, against gradproof's.

use gradproof::harness::fuzz::{Examiner, Found, Strategy, Tested};
use gradproof::harness::{Answer, Asked, Request, Subject, SubjectError, Trial, strategy};
use gradproof::report::Outcome;
use gradproof::spec::case::Precision;
use ndarray::{ArrayD, IxDyn};

/// gradproof's own backprop, as if it were somebody else's.
fn right(request: &Request<'_>) -> Result<Answer, SubjectError> {
    let problem = request.problem;
    let found = problem.backpropagate::<f64>(None);
    let output = match request.asked {
        Asked::Loss(_) => ArrayD::from_elem(IxDyn(&[]), found.value),
        Asked::Operator(_) | Asked::Network(_) => {
            let trace = problem
                .network
                .forward(&problem.parameters, problem.input.clone(), None);
            trace.output
        }
    };
    let mut answer = Answer::new(output);
    for (leaf, name) in request.leaves() {
        answer = answer.with(&name, found.leaf(leaf).clone());
    }
    Ok(answer)
}

fn trials(name: &str, count: usize) -> impl Iterator<Item = Trial> {
    let strategy = Strategy::named(name).expect("a strategy");
    (0..count).map(move |index| Trial {
        case: strategy.case(11, index).expect("a case"),
        precision: Precision::F64,
    })
}

#[test]
fn right_answers_are_never_accused_whatever_is_asked() {
    let mut examiner = Tested::new(right);
    for name in strategy::names() {
        let mut judged = 0;
        for trial in trials(name, 12) {
            match examiner.examine(&trial).expect("examined") {
                Found::Report(report) => {
                    assert_ne!(
                        report.outcome,
                        Outcome::Wrong,
                        "{}: {}",
                        trial.case,
                        report.sentence
                    );
                    judged += usize::from(report.outcome == Outcome::Right);
                }
                other => panic!("{}: {other:?}", trial.case),
            }
        }
        assert!(judged > 0, "{name}: none was judged");
    }
}

#[test]
fn whoever_panics_changes_or_misses_something_is_told_so() {
    let trial = trials("conv2d", 1).next().expect("one");
    let failed = |subject: &mut dyn FnMut(&Request<'_>) -> Result<Answer, SubjectError>| {
        // Subjects are Send; this one stays here.
        let answers: Vec<_> = (0..3)
            .map(|_| {
                let problem = trial.problem().expect("it fits");
                subject(&Request::of(&trial, &problem))
            })
            .collect();
        let mut answers = answers.into_iter();
        let once = move |_: &Request<'_>| answers.next().expect("three answers");
        match Tested::new(once).examine(&trial).expect("examined") {
            Found::Failed(why) => why,
            other => panic!("{other:?}"),
        }
    };
    let why = failed(&mut |request| {
        let mut answer = right(request)?;
        answer.gradients.remove("weight");
        Ok(answer)
    });
    assert!(why.contains("no gradient of weight"), "{why}");
    let why = failed(&mut |request| Ok(right(request)?.with("wieght", ArrayD::zeros(IxDyn(&[1])))));
    assert!(why.contains("'wieght'"), "{why}");
    let mut calls = 0.0;
    let why = failed(&mut |request| {
        calls += 1.0;
        let mut answer = right(request)?;
        answer.gradients.get_mut("weight").expect("a weight")[[0, 0, 0, 0]] += calls;
        Ok(answer)
    });
    assert!(why.contains("not deterministic"), "{why}");
    assert!(why.contains("the gradient of weight[0,0,0,0] ="), "{why}");

    let panics = |_: &Request<'_>| -> Result<Answer, SubjectError> { panic!("no such kernel") };
    let Found::Failed(why) = Tested::new(panics).examine(&trial).expect("examined") else {
        panic!("a panic is no answer");
    };
    assert!(
        why.contains("it panicked at") && why.contains("no such kernel"),
        "{why}"
    );
    let refuses = |_: &Request<'_>| -> Result<Answer, SubjectError> {
        Err(SubjectError::Unsupported("conv2d".to_owned()))
    };
    let found = Tested::new(refuses).examine(&trial).expect("examined");
    assert_eq!(found, Found::Refused("conv2d".to_owned()));
}

/// A subject that computes in `f32`.
struct Single;

impl Subject for Single {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let found = request.problem.backpropagate::<f32>(None);
        let mut answer = Answer {
            output: None,
            gradients: Default::default(),
        };
        for (leaf, name) in request.leaves() {
            answer = answer.with(&name, found.leaf(leaf).mapv(f64::from));
        }
        Ok(answer)
    }

    fn precision(&self) -> Precision {
        Precision::F32
    }
}

#[test]
fn single_precision_is_judged_by_its_own_bounds() {
    let mut examiner = Tested::new(Single);
    for trial in trials("operator", 60) {
        let found = examiner.examine(&trial).expect("examined");
        assert!(!found.is_failure(), "{}: {found:?}", trial.case);
    }
}
