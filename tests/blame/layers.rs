//! Faults in each layer of known networks.

use gradproof::harness::NetworkCase;
use gradproof::judge::verdict::within;
use gradproof::judge::{Locator, Place, Seen, locate};
use gradproof::network::Problem;
use gradproof::source::{
    Backprop, Dual, FaultySource, Forward, Gradient, GradientSource, Point, Question, Reverse,
    SourceError,
};
use gradproof::spec::{LossSpec, NetworkSpec, PenaltySpec};
use gradproof::tensor::values;

use super::fault_at::{Fault, FaultAt, How, Target, targets};
use super::{SEED, preset_problem, problem, small};

fn place(locator: &Locator<'_>, faults: &[Fault]) -> Place {
    locator.locate(&FaultAt(faults.to_vec())).unwrap()
}

/// Names of the layers, from the loss backwards.
fn names(problem: &Problem) -> Vec<String> {
    let layers = problem.network.layers().iter().rev();
    layers.map(|layer| layer.name.clone()).collect()
}

fn culprits(place: &Place) -> Vec<Option<usize>> {
    place.culprits.iter().map(|fault| fault.number).collect()
}

/// What a target is called in a place.
fn tensor_name(problem: &Problem, layer: Option<usize>, target: Target) -> String {
    match (
        layer.map(|number| &problem.network.layers()[number]),
        target,
    ) {
        (None, _) => "the network's output".to_owned(),
        (Some(layer), Target::Input) => format!("{}'s input", layer.name),
        (Some(layer), Target::Parameter(number)) => layer.parameters[number].0.clone(),
    }
}

/// Plant every kind of fault everywhere in `problem`, and see it found there and nowhere else.
fn every_single_fault_is_found(problem: Problem, kinds: &[How]) {
    let point = Point::new(problem, SEED);
    let locator = Locator::new(&point, &Reverse).unwrap();
    let names = names(&point.problem);
    let right = place(&locator, &[]);
    assert!(right.is_clean(), "without a fault: {}", right.sentence());
    assert_eq!(right.clean, names, "without a fault");
    for (layer, target) in targets(&point.problem) {
        for how in kinds.iter().copied() {
            let fault = Fault { layer, target, how };
            let place = place(&locator, &[fault]);
            let sentence = place.sentence();
            assert_eq!(culprits(&place), [layer], "{fault:?}: {sentence}");
            let found = &place.culprits[0].tensors;
            assert_eq!(found.len(), 1, "{fault:?}: {sentence}");
            let name = tensor_name(&point.problem, layer, target);
            assert_eq!(found[0].name, name, "{fault:?}: {sentence}");

            // From the loss backwards: right, the culprit, and what lies behind it.
            let behind = layer.map_or(names.len(), |number| number);
            let (downstream, upstream) = names.split_at(names.len() - behind);
            let downstream = &downstream[..downstream.len() - usize::from(layer.is_some())];
            assert!(
                place.clean.starts_with(downstream),
                "{fault:?}: {sentence}\n{:?}",
                place.clean
            );
            let inherits = match (target, how) {
                (Target::Parameter(_), _) => &[],
                // A single entry may end at a ReLU that is off.
                (Target::Input, How::RowMissing | How::OneEntry | How::NotANumber) => continue,
                (Target::Input, How::Factor | How::Sign) => upstream,
            };
            assert_eq!(place.inherited, inherits, "{fault:?}: {sentence}");
        }
    }
}

#[test]
fn a_fault_in_each_layer_of_lenet5_is_found() {
    // The other kinds are planted in the smaller networks.
    let kinds = [How::Factor, How::RowMissing, How::OneEntry];
    every_single_fault_is_found(preset_problem("lenet5", 1), &kinds);
}

#[test]
fn a_fault_in_each_layer_of_lenet5_with_tanh_is_found() {
    every_single_fault_is_found(preset_problem("lenet5-tanh", 1), &[How::Sign]);
}

#[test]
fn a_fault_in_each_layer_under_a_mean_squared_error_is_found() {
    let spec = NetworkSpec {
        loss: LossSpec::MeanSquaredError {},
        ..small()
    };
    every_single_fault_is_found(problem(&spec, 2), &How::ALL);
}

#[test]
fn a_fault_is_found_at_every_scale_of_the_loss() {
    for scale in [1e-3, 1e-6] {
        let mut problem = problem(&small(), 2);
        problem.objective.scale = scale;
        every_single_fault_is_found(problem, &[How::Factor, How::OneEntry]);
    }
}

#[test]
fn two_faults_are_both_found() {
    let point = Point::new(problem(&small(), 2), SEED);
    let locator = Locator::new(&point, &Reverse).unwrap();
    let all = targets(&point.problem);
    let mut pairs = 0;
    for (first, (downstream, target)) in all.iter().enumerate() {
        for (upstream, other) in &all[first + 1..] {
            let faults = [(downstream, target), (upstream, other)].map(|(layer, target)| Fault {
                layer: *layer,
                target: *target,
                how: How::Factor,
            });
            let place = place(&locator, &faults);
            let mut expected = vec![*downstream, *upstream];
            // From the loss backwards.
            expected.sort_by_key(|layer| std::cmp::Reverse(layer.unwrap_or(usize::MAX)));
            expected.dedup();
            assert_eq!(
                culprits(&place),
                expected,
                "{faults:?}: {}",
                place.sentence()
            );
            pairs += 1;
        }
    }
    assert!(pairs > 100, "{pairs} pairs");
}

#[test]
fn dual_numbers_find_it_too() {
    let point = Point::new(problem(&small(), 2), SEED);
    let dual = Locator::new(&point, &Dual).unwrap();
    let reverse = Locator::new(&point, &Reverse).unwrap();
    for (layer, target) in targets(&point.problem) {
        let how = How::Factor;
        let subject = FaultAt(vec![Fault { layer, target, how }]);
        let by_dual = dual.locate(&subject).unwrap();
        let by_reverse = reverse.locate(&subject).unwrap();
        assert_eq!(by_dual, by_reverse, "{layer:?}, {target:?}");
    }
}

#[test]
fn a_penalty_that_is_missing_is_told_from_a_wrong_layer() {
    let mut problem = problem(&small(), 2);
    problem.objective.penalty = Some(PenaltySpec::L2 { strength: 0.01 });
    let point = Point::new(problem, SEED);
    let forgetful = FaultySource::new(Backprop, |question, estimates| {
        let mut data = question.problem.clone();
        data.objective.penalty = None;
        let right = data.backpropagate::<f64>(None);
        for (estimate, coordinate) in estimates.iter_mut().zip(question.coordinates) {
            estimate.value = values(right.leaf(coordinate.leaf))[coordinate.index];
        }
    });
    let locator = Locator::new(&point, &Reverse).unwrap();
    let place = locator.locate(&forgetful).unwrap();
    assert_eq!(culprits(&place), [None], "{}", place.sentence());
    insta::assert_snapshot!(place.sentence(), @"The penalty's gradient is wrong: without it conv1.weight, conv2.weight, fc1.weight and fc2.weight agree, with it not.");

    let fault = Fault {
        layer: Some(3),
        target: Target::Parameter(0),
        how: How::Factor,
    };
    let place = self::place(&locator, &[fault]);
    assert_eq!(culprits(&place), [Some(3)], "{}", place.sentence());
}

/// The means of σ(x) and σ(−x) are all 1/2: which of two is the larger, rounding decides, and other
/// code than ours may round to the other.
#[test]
fn a_tie_within_rounding_is_not_taken_for_a_fault() {
    let toml = r#"
        name = "near-tie"
        input = [3, 5, 2]
        loss = { op = "weighted_sum" }
        layers = [
            { op = "sigmoid" },
            { op = "avg_pool2d", kernel = [2, 1] },
            { op = "max_pool2d", kernel = [2, 1] },
            { op = "flatten" },
            { op = "linear", out_features = 2 },
        ]"#;
    let case = NetworkCase {
        spec: NetworkSpec::from_toml(toml).unwrap(),
        batch: 2,
        seed: 4_275_840_818,
    };
    let point = Point::new(case.problem().unwrap(), SEED);
    let coordinates = point.all_coordinates();
    let differ = [&Backprop as &dyn GradientSource, &Reverse].map(|source| {
        let gradient = point.ask(source, &coordinates, &|_| ()).unwrap();
        gradient.estimates
    });
    assert!(
        differ[0]
            .iter()
            .zip(&differ[1])
            .any(|(a, b)| !within(*a, *b)),
        "reverse decides a tie the other way"
    );
    let place = locate(&point, &FaultAt(Vec::new()), &Reverse).unwrap();
    assert!(place.is_clean(), "{}", place.sentence());
}

/// Shows the gradients of leaves alone.
struct LeavesOnly(FaultAt);

impl GradientSource for LeavesOnly {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn forward(&self) -> Forward {
        self.0.forward()
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        self.0.gradient(question)
    }
}

#[test]
fn without_gradients_of_outputs_the_fault_is_in_the_layer_named_or_in_those_listed() {
    let point = Point::new(problem(&small(), 2), SEED);
    let locator = Locator::new(&point, &Reverse).unwrap();
    for (layer, target) in targets(&point.problem) {
        for how in [How::Factor, How::Sign] {
            let fault = Fault { layer, target, how };
            let place = locator.locate(&LeavesOnly(FaultAt(vec![fault]))).unwrap();
            let sentence = place.sentence();
            let Seen::Leaves { or_in } = &place.seen else {
                panic!("{fault:?}: {sentence}");
            };
            let name = layer.map_or("loss", |layer| &point.problem.network.layers()[layer].name);
            assert_eq!(place.culprits.len(), 1, "{fault:?}: {sentence}");
            let is_named = place.culprits[0].layer == name;
            assert!(
                is_named || or_in.iter().any(|listed| listed == name),
                "{fault:?}: {sentence}"
            );
            if matches!(target, Target::Parameter(_)) {
                assert!(is_named, "{fault:?}: {sentence}");
            }
        }
    }
    let fault = Fault {
        layer: Some(5),
        target: Target::Input,
        how: How::Factor,
    };
    let place = locator.locate(&LeavesOnly(FaultAt(vec![fault]))).unwrap();
    insta::assert_snapshot!(place.sentence(), @"conv2 is the layer nearest to the loss with a wrong gradient, those of conv2.weight and conv2.bias. The fault is there or in fc1 or flatten or mean or act2: this source does not show the gradients of outputs, which would tell. conv1 only inherits the error.");
}

#[test]
fn a_place_in_words_and_in_json() {
    let point = Point::new(problem(&small(), 2), SEED);
    let locator = Locator::new(&point, &Reverse).unwrap();
    let fault = |layer, target| Fault {
        layer,
        target,
        how: How::Factor,
    };
    let places = [
        vec![],
        vec![fault(Some(3), Target::Parameter(0))],
        vec![
            fault(Some(3), Target::Parameter(0)),
            fault(Some(3), Target::Input),
        ],
        vec![
            fault(Some(7), Target::Input),
            fault(Some(0), Target::Parameter(1)),
        ],
        vec![fault(None, Target::Input)],
    ]
    .map(|faults| place(&locator, &faults));
    for place in &places {
        let json = serde_json::to_string(place).unwrap();
        assert_eq!(
            serde_json::from_str::<Place>(&json).unwrap(),
            *place,
            "{json}"
        );
    }
    insta::assert_snapshot!(places.map(|place| place.sentence()).join("\n"), @r"
    Every gradient that can be seen is right, in every layer.
    Agreement is first lost in conv2: the gradient of its output is right, that of conv2.weight is not.
    Agreement is first lost in conv2: the gradient of its output is right, those of conv2.weight and conv2's input are not. max, act1 and conv1 only inherit the error.
    Agreement is first lost in fc1: the gradient of its output is right, that of fc1's input is not. conv1 has a fault of its own besides: given the gradient that reaches it, that of conv1.bias is wrong. flatten, mean, act2, conv2, max and act1 only inherit the error.
    Agreement is lost at the loss already: the gradient of the network's output is wrong. fc2, act3, fc1, flatten, mean, act2, conv2, max, act1 and conv1 only inherit the error.
    ");
}
