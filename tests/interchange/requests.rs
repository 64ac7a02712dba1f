//! What is asked of other programs, and read back.

use gradproof::check::verify;
use gradproof::harness::{RandomCase, Trial, strategy};
use gradproof::interchange::{Answer, Array, Entry, OpCase};
use gradproof::network::Problem;
use gradproof::report::verify::CaseOutcome;
use gradproof::scalar::Scalar;
use gradproof::spec::case::Precision;
use gradproof::tensor;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Cases of each operator, loss and of networks.
const EACH: usize = 12;

fn request(trial: &Trial, problem: &Problem) -> OpCase {
    match &trial.case {
        RandomCase::Operator(case) => OpCase::of_operator(&case.op, problem, trial.precision),
        RandomCase::Loss(_) => OpCase::of_loss(problem, trial.precision),
        RandomCase::Network(case) => OpCase::of_network(&case.spec, problem, trial.precision),
    }
}

/// Our own output and gradients, in the arithmetic of `S`.
fn answer<S: Scalar>(case: &OpCase, trial: &Trial, problem: &Problem) -> Answer {
    let evaluation = problem.backpropagate::<S>(None);
    let array = |tensor: &tensor::Tensor<S>| Array::from(&tensor::primal(tensor));
    let output = match trial.case {
        RandomCase::Operator(_) => {
            let leaves = problem.leaf_values::<S>();
            let network = &problem.network;
            array(
                &network
                    .forward(&leaves.parameters, leaves.input, None)
                    .output,
            )
        }
        _ => {
            let value = vec![evaluation.value.primal()];
            Array::from(&tensor::from_values(&[], value).expect("one number"))
        }
    };
    let leaves = case.posed().expect("a request of ours").leaves;
    let gradients = leaves
        .into_iter()
        .map(|(leaf, name)| (name, array(evaluation.leaf(leaf))));
    Answer {
        output,
        gradients: gradients.collect(),
    }
}

/// Every request says all that there is to know: what is read back is the same problem, to the bit, and
/// our own answer to it agrees.
#[test]
fn requests_are_read_back_as_the_same_problem() {
    let mut runner = TestRunner::deterministic();
    let mut unlike = 0;
    for name in strategy::names() {
        let strategy = strategy::named(name).expect("a listed name");
        for number in 0..EACH {
            let precision = [Precision::F64, Precision::F32][number % 2];
            let trial = Trial {
                case: strategy.new_tree(&mut runner).expect("drawn").current(),
                precision,
            };
            let problem = trial.problem().expect("it fits");
            let request = request(&trial, &problem);
            let back = OpCase::from_json(&request.to_line()).expect("its own line");
            assert_eq!(back, request, "{}", trial.case);
            let read = back.posed();
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", trial.case));
            assert_eq!(read.problem.input, problem.input, "{}", trial.case);
            assert_eq!(
                read.problem.parameters, problem.parameters,
                "{}",
                trial.case
            );
            assert_eq!(read.problem.objective, problem.objective, "{}", trial.case);
            // The layers may differ in what means the same: a stride that is left out.
            let evaluations = [&read.problem, &problem].map(|p| p.backpropagate::<f64>(None));
            assert_eq!(
                evaluations[0].value.to_bits(),
                evaluations[1].value.to_bits()
            );
            assert_eq!(evaluations[0].input, evaluations[1].input, "{}", trial.case);
            assert_eq!(evaluations[0].parameters, evaluations[1].parameters);

            let own = match precision {
                Precision::F64 => answer::<f64>(&request, &trial, &problem),
                Precision::F32 => answer::<f32>(&request, &trial, &problem),
            };
            let entry = Entry {
                line: None,
                case: Ok(request.answered(own)),
            };
            let row = verify("own", number, &entry);
            let is_like = matches!(row.outcome, CaseOutcome::Agree | CaseOutcome::Unobservable);
            assert_ne!(
                row.outcome,
                CaseOutcome::Disagree,
                "{}: {row:?}",
                trial.case
            );
            unlike += usize::from(!is_like);
        }
    }
    assert!(unlike <= 2, "{unlike} could not be judged");
}
