//! Somebody's operators, against gradproof's.

use gradproof::harness::fuzz::{Examiner, Found, Strategy, Tested};
use gradproof::harness::{
    Answer, Asked, OperatorTest, Replay, Request, Subject, SubjectError, Trial, assert_operator,
    assert_replay, assert_replay_of, strategy,
};
use gradproof::report::Outcome;
use gradproof::spec::OpSpec;
use gradproof::spec::case::Precision;
use ndarray::{ArrayD, IxDyn};

use super::message;

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

/// What is wrong with somebody's convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    GroupsInForward,
    PaddingInForward,
    KernelRotated,
    DilationInDx,
    StrideInDw,
    FirstSampleBias,
    Sign,
    OnlyWhenRagged,
}

/// A convolution in six loops, forward and backward at once, which knows nothing of gradproof's.
fn conv2d(request: &Request<'_>, fault: Fault) -> Result<Answer, SubjectError> {
    let Some(OpSpec::Conv2d(conv)) = request.op() else {
        return Err(SubjectError::Unsupported("anything but conv2d".to_owned()));
    };
    let (x, w, dy) = (&request["x"], &request["weight"], request.cotangent());
    let (mut y, mut dx, mut dw) = (
        ArrayD::<f64>::zeros(dy.raw_dim()),
        ArrayD::<f64>::zeros(x.raw_dim()),
        ArrayD::<f64>::zeros(w.raw_dim()),
    );
    let of_groups = conv.out_channels / conv.groups;
    let padding = match fault {
        Fault::PaddingInForward => [0, 0],
        _ => conv.padding,
    };
    let place =
        |i: usize, u: usize, axis: usize, padding: [usize; 2], stride: usize, dilation: usize| {
            (i * stride + u * dilation)
                .checked_sub(padding[axis])
                .filter(|at| *at < x.shape()[2 + axis])
        };
    for out in ndarray::indices(dy.raw_dim()) {
        let (n, o, i, j) = (out[0], out[1], out[2], out[3]);
        if let Some(bias) = request.get("bias") {
            y[[n, o, i, j]] += bias[[o]];
        }
        for c in 0..w.shape()[1] {
            for u in 0..w.shape()[2] {
                for v in 0..w.shape()[3] {
                    let group = match fault {
                        Fault::GroupsInForward => 0,
                        _ => o / of_groups,
                    };
                    let from = group * w.shape()[1] + c;
                    let at = |padding, stride: [usize; 2], dilation: [usize; 2]| {
                        Some((
                            place(i, u, 0, padding, stride[0], dilation[0])?,
                            place(j, v, 1, padding, stride[1], dilation[1])?,
                        ))
                    };
                    if let Some((a, b)) = at(padding, conv.stride, conv.dilation) {
                        y[[n, o, i, j]] += w[[o, c, u, v]] * x[[n, from, a, b]];
                    }
                    let dilation = match fault {
                        Fault::DilationInDx => [1, 1],
                        _ => conv.dilation,
                    };
                    if let Some((a, b)) = at(conv.padding, conv.stride, dilation) {
                        dx[[n, from, a, b]] += w[[o, c, u, v]] * dy[[n, o, i, j]];
                    }
                    let stride = match fault {
                        Fault::StrideInDw => [1, 1],
                        _ => conv.stride,
                    };
                    if let Some((a, b)) = at(conv.padding, stride, conv.dilation) {
                        let (u, v) = match fault {
                            Fault::KernelRotated => (w.shape()[2] - 1 - u, w.shape()[3] - 1 - v),
                            _ => (u, v),
                        };
                        dw[[o, c, u, v]] += x[[n, from, a, b]] * dy[[n, o, i, j]];
                    }
                }
            }
        }
    }
    match fault {
        Fault::Sign => dw = -dw,
        Fault::OnlyWhenRagged => {
            let rows = x.shape()[2] + 2 * conv.padding[0];
            let span = conv.dilation[0] * (conv.kernel[0] - 1) + 1;
            if (rows - span) % conv.stride[0] > 0 {
                dx *= 2.0;
            }
        }
        _ => (),
    }
    let mut answer = Answer::new(y).with("x", dx).with("weight", dw);
    if request.get("bias").is_some() {
        let mut db = ArrayD::<f64>::zeros(IxDyn(&[conv.out_channels]));
        for (at, dy) in dy.indexed_iter() {
            if fault != Fault::FirstSampleBias || at[0] == 0 {
                db[[at[1]]] += dy;
            }
        }
        answer = answer.with("bias", db);
    }
    Ok(answer)
}

fn test() -> OperatorTest {
    OperatorTest::new("conv2d").keep_nothing()
}

#[test]
fn a_right_convolution_passes() {
    let report = test()
        .cases(1000)
        .check(|request: &Request<'_>| conv2d(request, Fault::None))
        .expect("checked");
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert_eq!(report.outcomes.right + report.outcomes.unseen, 1000);
    test().assert(|request| conv2d(request, Fault::None));
}

#[test]
fn faults_are_caught_made_small_placed_and_named() {
    for (fault, words, most) in [
        (Fault::GroupsInForward, "Output: ", 4),
        (Fault::PaddingInForward, "Output: ", 4),
        (Fault::KernelRotated, "rotated by 180 degrees", 12),
        (Fault::DilationInDx, "dilation", 24),
        (Fault::StrideInDw, "one step apart", 24),
        (Fault::FirstSampleBias, "first sample", 6),
        (Fault::Sign, "minus the right gradient", 24),
        (Fault::OnlyWhenRagged, "2 times the right gradient", 24),
    ] {
        let text = message(|| test().assert(|request| conv2d(request, fault)));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("gp2."), "{text}");
        assert!(lines[1].starts_with("conv2d("), "{text}");
        assert!(text.contains("Counts: "), "{text}");
        let Ok(Replay::Trial(trial)) = lines[0].parse() else {
            panic!("{} is no token", lines[0]);
        };
        let numbers = trial.problem().expect("it fits").input.len();
        assert!(numbers <= most, "{fault:?} is left with {}", trial.case);
        assert!(text.contains(words), "{fault:?}: {text}");
        let again = message(|| {
            assert_replay_of(lines[0], |request: &Request<'_>| conv2d(request, fault));
        });
        assert!(again.starts_with(lines[0]), "{again}");
        assert_replay_of(lines[0], |request: &Request<'_>| {
            conv2d(request, Fault::None)
        });
        assert_replay(lines[0]);
    }
}

#[test]
fn a_failure_is_kept_and_tried_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let test = OperatorTest::new("conv2d").keep_in(directory.path());
    let text = message(|| test.assert(|request| conv2d(request, Fault::Sign)));
    let file = directory.path().join("fuzz-conv2d.txt");
    assert!(
        text.contains(&format!("Kept in {}", file.display())),
        "{text}"
    );
    let token = text.lines().next().expect("a token");
    let kept = std::fs::read_to_string(&file).expect("a file");
    assert!(kept.contains(token), "{kept}");
    // With no new case at all it fails again.
    let again = message(|| {
        test.clone()
            .cases(0)
            .assert(|request| conv2d(request, Fault::Sign))
    });
    assert!(again.contains("known from earlier"), "{again}");
    test.clone()
        .cases(5)
        .assert(|request| conv2d(request, Fault::None));
}

#[test]
fn panics_are_theirs_and_are_made_small() {
    let text = message(|| {
        test().assert(|request| {
            let Some(OpSpec::Conv2d(conv)) = request.op() else {
                return Err(SubjectError::Unsupported("it".to_owned()));
            };
            assert!(conv.groups == 1, "groups are not done yet");
            conv2d(request, Fault::None)
        });
    });
    assert!(text.starts_with("gp2."), "{text}");
    assert!(
        text.contains("it panicked at tests/harness_api/operators.rs:"),
        "{text}"
    );
    assert!(text.contains("groups are not done yet"), "{text}");
    // What it does not have it may say.
    let report = test()
        .cases(60)
        .check(|request: &Request<'_>| match request.op() {
            Some(OpSpec::Conv2d(conv)) if conv.groups > 1 => {
                Err(SubjectError::Unsupported("groups".to_owned()))
            }
            _ => conv2d(request, Fault::None),
        })
        .expect("checked");
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert!(report.outcomes.refused > 5, "{:?}", report.outcomes);
    let error = message(|| assert_operator("conv9d", |request| conv2d(request, Fault::None)));
    assert!(error.contains("no random cases of 'conv9d'"), "{error}");
    let all = |_: &Request<'_>| -> Result<Answer, SubjectError> {
        Err(SubjectError::Unsupported("anything".to_owned()))
    };
    let text = message(|| {
        OperatorTest::new("relu")
            .keep_nothing()
            .cases(3)
            .assert(all)
    });
    assert!(text.starts_with("Cannot tell"), "{text}");
}

#[test]
fn the_environment_asks_for_one_case_alone() {
    // In a process of its own: the environment belongs to all threads.
    let program = std::env::current_exe().expect("this program");
    let run = |token: &str, name: &str| {
        std::process::Command::new(&program)
            .args(["--exact", name, "--nocapture"])
            .env("GRADPROOF_REPLAY", token)
            .output()
            .expect("it runs")
    };
    let text = message(|| test().assert(|request| conv2d(request, Fault::Sign)));
    let token = text.lines().next().expect("a token");
    let path = concat!(module_path!(), "::asked_by_the_environment");
    let (_, name) = path.split_once("::").expect("this program's name first");
    let found = run(token, name);
    let words = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(!found.status.success(), "{words}");
    assert!(
        words.contains(token) && words.contains("known from earlier"),
        "{words}"
    );
    assert!(
        words.contains("tests/harness_api/operators.rs:"),
        "the caller's line: {words}"
    );
    let broken = run("gp2.nothing", name);
    let words = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(
        !broken.status.success() && words.contains("GRADPROOF_REPLAY: "),
        "{words}"
    );
}

/// Run by the test above.
#[test]
fn asked_by_the_environment() {
    // It fails on purpose, and only there.
    if std::env::var_os("GRADPROOF_REPLAY").is_none() {
        return;
    }
    OperatorTest::new("relu")
        .keep_nothing()
        .assert(|_| panic!("no case of another test is tried"));
    test()
        .cases(0)
        .assert(|request| conv2d(request, Fault::Sign));
}
