//! What sweeps have found, each with the token of a small case: it has to be found again in the version
//! that is pinned, and the sweeps are held to finding nothing else.

use gradproof::harness::fuzz::{Examiner, Found, Tested};
use gradproof::harness::{Answer, Asked, Replay, Request, Subject, SubjectError, Trial};
use gradproof::network::{LeafName, Problem};
use gradproof::spec::case::Precision;
use gradproof::spec::{LayerSpec, OpSpec, for_each_operator};
use ndarray::IxDyn;

/// Something that a sweep has found.
pub(crate) struct Known {
    /// The operator or loss.
    pub(crate) operator: &'static str,
    /// What is wrong.
    pub(crate) what: &'static str,
    /// Whether a request can meet it.
    pub(crate) concerns: fn(&Request<'_>) -> bool,
    /// A small case.
    pub(crate) token: &'static str,
    /// What is seen there.
    pub(crate) shows: Shows,
}

/// What is seen.
pub(crate) enum Shows {
    /// A derivative.
    Derivative {
        /// With respect to what.
        of: &'static str,
        /// At which entry.
        at: &'static [usize],
        /// What the library says.
        theirs: f64,
        /// What it is.
        right: f64,
    },
    /// An entry of the output, or a loss.
    Output {
        /// At which entry.
        at: &'static [usize],
        /// What the library says.
        theirs: f64,
        /// What it is.
        right: f64,
    },
    /// An error instead of an answer, and its words.
    #[cfg_attr(
        not(feature = "candle"),
        expect(dead_code, reason = "nobody else says so themselves")
    )]
    Error(&'static str),
}

/// A subject of any kind.
pub(crate) struct Boxed(pub(crate) Box<dyn Subject>);

impl Subject for Boxed {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        self.0.answer(request)
    }

    fn precision(&self) -> Precision {
        self.0.precision()
    }
}

impl Subject for &mut Boxed {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        self.0.answer(request)
    }

    fn precision(&self) -> Precision {
        self.0.precision()
    }
}

impl Known {
    /// Hold it against `subject`, and the right derivative against central differences of the subject's
    /// own forward; how it differs, when it does.
    pub(crate) fn differs(&self, mut subject: Boxed) -> Option<String> {
        let trial = match self.token.parse() {
            Ok(Replay::Trial(trial)) => Trial {
                precision: subject.precision(),
                ..*trial
            },
            other => return Some(format!("no token of a random case: {other:?}")),
        };
        let problem = trial.problem().expect("a case that has been drawn fits");
        let request = Request::of(&trial, &problem);
        if !(self.concerns)(&request) {
            return Some("its own case is not said to be concerned".to_owned());
        }
        let found = Tested::new(&mut subject).examine(&trial).expect("examined");
        if !found.is_failure() {
            return Some(format!("nothing is wrong: {found:?}"));
        }
        let (what, numbers) = match (&self.shows, found) {
            (Shows::Error(words), Found::Failed(why)) => {
                return (!why.contains(words)).then_some(why);
            }
            (Shows::Error(words), _) => return Some(format!("no '{words}'")),
            (_, Found::Failed(why)) => return Some(why),
            (
                Shows::Derivative {
                    of,
                    at,
                    theirs,
                    right,
                },
                _,
            ) => {
                let answer = subject.answer(&request).expect("it has answered");
                let found = answer.gradients[*of][IxDyn(at)];
                let slope = own_slope(&mut subject, &trial, &problem, of, at);
                (format!("{of}{at:?}"), [found, *theirs, slope, *right])
            }
            (Shows::Output { at, theirs, right }, _) => {
                let answer = subject.answer(&request).expect("it has answered");
                let output = answer.output.expect("an output");
                let expected = match request.asked {
                    Asked::Operator(_) => {
                        let input = problem.input.clone();
                        let network = &problem.network;
                        let trace = network.forward(&problem.parameters, input, None);
                        trace.output[IxDyn(at)]
                    }
                    _ => problem.value::<f64>(None),
                };
                let found = output[IxDyn(at)];
                (format!("output{at:?}"), [found, *theirs, expected, *right])
            }
        };
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-10 * b.abs().max(1.0);
        let [found, theirs, slope, right] = numbers;
        (!near(found, theirs) || !near(slope, right)).then(|| {
            format!(
                "{what} is {found:?} and should be {slope:?}, where {theirs:?} and {right:?} are known"
            )
        })
    }
}

/// The derivative of Σ r·y, or of a loss, by differences of the subject's own outputs: Richardson's
/// extrapolation of two steps, of order h⁴.
fn own_slope(subject: &mut Boxed, trial: &Trial, problem: &Problem, of: &str, at: &[usize]) -> f64 {
    let leaves = Request::of(trial, problem).leaves();
    let leaf = leaves.iter().find(|(_, name)| name == of);
    let (leaf, _) = leaf.expect("a leaf of that name");
    let mut value = |step: f64| {
        let mut moved = problem.clone();
        let tensor = match leaf {
            LeafName::Input => &mut moved.input,
            LeafName::Parameter(number) => &mut moved.parameters.tensors[*number],
        };
        tensor[IxDyn(at)] += step;
        let request = Request::of(trial, &moved);
        let answer = subject.answer(&request).expect("the same case");
        let output = answer.output.expect("an output");
        match request.asked {
            Asked::Operator(_) => (output * request.cotangent()).sum(),
            _ => output.sum(),
        }
    };
    // In f32 only what is linear is held: its differences are as good at a large step.
    let step = match trial.precision {
        Precision::F64 => f64::exp2(-8.0),
        Precision::F32 => 1.0,
    };
    let mut difference = |step: f64| (value(step) - value(-step)) / (2.0 * step);
    let (coarse, fine) = (difference(step), difference(step / 2.0));
    (4.0 * fine - coarse) / 3.0
}

/// Every operator of a request, those inside of blocks too.
pub(crate) fn ops(request: &Request<'_>) -> Vec<OpSpec> {
    let mut layers = match request.asked {
        Asked::Operator(op) => vec![LayerSpec {
            name: None,
            op: op.clone(),
        }],
        Asked::Network(network) => network.layers.clone(),
        Asked::Loss(_) => Vec::new(),
    };
    let mut ops = Vec::new();
    for_each_operator(&mut layers, &mut |op| ops.push(op.clone()));
    ops
}

/// Whether the operator `name` is asked for with what `is_met` wants of its attributes and the shape of its
/// input. Inside of networks and blocks shapes are not looked at.
pub(crate) fn meets(
    request: &Request<'_>,
    name: &str,
    is_met: impl Fn(&OpSpec, &[usize]) -> bool,
) -> bool {
    match request.op() {
        Some(OpSpec::Residual(_) | OpSpec::Concatenation(_)) | None => {
            ops(request).iter().any(|op| op.name() == name)
        }
        Some(op) => op.name() == name && is_met(op, request["x"].shape()),
    }
}
