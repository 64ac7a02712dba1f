//! The gradient in double-double: three ways to it agree to 18 digits and more.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use gradproof::data;
use gradproof::network::{Coordinate, LeafName, Network, Objective, Parameters, Problem};
use gradproof::rng::Stream;
use gradproof::scalar::DoubleDouble;
use gradproof::source::{Extended, Point, SAFETY, extended, extended_digits};
use gradproof::spec::plan::Plan;
use gradproof::spec::preset::preset;
use gradproof::spec::{NetworkSpec, PenaltySpec};
use gradproof::tensor::values;

/// Digits to which the analytic derivative and the central difference match wherever there is one.
const DIGITS: f64 = 18.0;

fn point(spec: &NetworkSpec, samples: usize, seed: u64, penalty: Option<PenaltySpec>) -> Point {
    let plan = Plan::new(spec, samples).unwrap();
    let (input, loss) = data::batch(spec, &plan, seed).unwrap();
    let problem = Problem {
        network: Network::new(&plan),
        parameters: Parameters::seeded(&plan, seed),
        input,
        objective: Objective {
            loss: Some(loss),
            scale: 1.0,
            penalty,
        },
    };
    Point::new(problem, seed)
}

/// Up to `count` coordinates of every leaf, the input's included when it is `wanted`.
fn sample(point: &Point, count: usize, input: bool) -> Vec<Coordinate> {
    let mut stream = Stream::new(1, "extended");
    let leaves = point.problem.leaves();
    let leaves = leaves
        .into_iter()
        .filter(|leaf| input || *leaf != LeafName::Input);
    leaves
        .flat_map(|leaf| {
            let length = point.problem.leaf(leaf).len();
            let indices = stream.sample(length, count.min(length));
            indices
                .into_iter()
                .map(move |index| Coordinate { leaf, index })
        })
        .collect()
}

/// What was found over all coordinates.
#[derive(Debug, Default)]
struct Tally {
    coordinates: usize,
    zeros: usize,
    without_central: usize,
    fewest_digits: f64,
}

/// Hold the three ways against each other at every one of `coordinates`.
fn assert_agree(what: &str, point: &Point, coordinates: &[Coordinate]) -> Tally {
    let answers = extended(point, coordinates);
    assert_eq!(answers.len(), coordinates.len(), "{what}: answers");
    let pairs: Vec<(Coordinate, Extended)> = coordinates.iter().copied().zip(answers).collect();
    let mut tally = Tally {
        coordinates: pairs.len(),
        fewest_digits: f64::INFINITY,
        ..Tally::default()
    };
    for tensor in pairs.chunk_by(|a, b| a.0.leaf == b.0.leaf) {
        let sizes = tensor.iter().map(|(_, answer)| answer.dual.abs().hi());
        let largest = sizes.fold(0.0, f64::max);
        for (coordinate, answer) in tensor {
            let name = point.problem.network.coordinate_name(*coordinate);
            let gap = (answer.backprop - answer.dual).abs().hi();
            assert!(
                gap <= 1e-20 * largest,
                "{what}, {name}: {answer:?}, gap {gap:e} of {largest:e}"
            );
            tally.judge(&format!("{what}, {name}"), answer);
        }
    }
    tally
}

impl Tally {
    /// A central difference lies within its bound, and matches to [`DIGITS`]; that of an exact zero
    /// has no digits to match, and is within its bound only.
    fn judge(&mut self, what: &str, answer: &Extended) {
        let Some(central) = answer.central else {
            self.without_central += 1;
            return;
        };
        let gap = (answer.backprop - central.value).abs().hi();
        assert!(
            gap <= central.error,
            "{what}: {answer:?}, gap {gap:e} of {:e}",
            central.error
        );
        if answer.backprop.hi().abs() == 0.0 {
            self.zeros += 1;
            return;
        }
        let digits = extended_digits(answer.backprop, central.value);
        self.fewest_digits = self.fewest_digits.min(digits);
        assert!(
            digits >= DIGITS,
            "{what}: analytic {} and central {} ± {:e} match to {digits:.1} digits",
            answer.backprop,
            central.value,
            central.error
        );
    }
}

#[test]
fn lenet5_matches_to_eighteen_digits() {
    for (name, penalty) in [
        ("lenet5", None),
        ("lenet5-tanh", Some(PenaltySpec::L2 { strength: 0.001 })),
    ] {
        let point = point(&preset(name).unwrap(), 2, 1, penalty);
        let coordinates = sample(&point, 12, false);
        let tally = assert_agree(name, &point, &coordinates);
        assert!(
            tally.coordinates - tally.zeros - tally.without_central >= 60,
            "{name}: most coordinates are judged by their digits: {tally:?}"
        );
    }
}

/// All of conv1.weight, all biases, and 75 of each other weight; and the digits that conditioning
/// leaves in `f64`, −log₁₀(bound/|g|).
#[test]
#[expect(
    clippy::print_stderr,
    reason = "how many digits can be expected is worth seeing"
)]
fn lenet5_matches_to_eighteen_digits_at_many_coordinates() {
    let point = point(&preset("lenet5").unwrap(), 2, 1, None);
    let coordinates: Vec<Coordinate> = sample(&point, 150, false)
        .chunk_by(|a, b| a.leaf == b.leaf)
        .flat_map(|tensor| {
            let name = point.problem.network.leaf_name(tensor[0].leaf);
            let whole = name == "conv1.weight" || name.ends_with(".bias");
            tensor[..if whole { tensor.len() } else { 75 }].to_vec()
        })
        .collect();
    let tally = assert_agree("lenet5", &point, &coordinates);
    eprintln!("{tally:?}");
    let gradient = point.problem.backpropagate::<f64>(Some(&point.pattern));
    for leaf in point.problem.leaves() {
        let derivatives = values(gradient.leaf(leaf));
        let pairs = point.problem.coordinates(leaf).zip(derivatives);
        let mut digits: Vec<f64> = pairs
            .filter(|(_, g)| g.abs() > 0.0)
            .map(|(coordinate, g)| {
                -(SAFETY * point.rounding.derivative(coordinate) / g.abs()).log10()
            })
            .collect();
        digits.sort_by(f64::total_cmp);
        let at = |share: f64| digits[((digits.len() - 1) as f64 * share) as usize];
        eprintln!(
            "{}: {} derivatives that are not 0; digits {:.1} at least, {:.1} at 1 %, {:.1} in the median, {:.1} at most",
            point.problem.network.leaf_name(leaf),
            digits.len(),
            at(0.0),
            at(0.01),
            at(0.5),
            at(1.0)
        );
    }
}

/// A network of `layers`, given as TOML tables, under `loss`.
fn small(input: &str, loss: &str, layers: &[&str]) -> NetworkSpec {
    let tables: String = layers
        .iter()
        .map(|layer| format!("[[layers]]\n{}\n", layer.replace("; ", "\n")))
        .collect();
    NetworkSpec::from_toml(&format!(
        "name = \"small\"\ninput = {input}\ndata = \"random\"\nloss = {{ op = \"{loss}\" }}\n{tables}"
    ))
    .unwrap()
}

#[test]
fn small_networks_match_to_eighteen_digits_at_every_coordinate() {
    let conv = "op = \"conv2d\"; out_channels = 3; kernel = 3; padding = 1";
    let strided = "op = \"conv2d\"; out_channels = 4; kernel = 3; stride = 2; groups = 2";
    let linear = "op = \"linear\"; out_features = 4";
    let average = "op = \"avg_pool2d\"; kernel = 2";
    let maximum = "op = \"max_pool2d\"; kernel = 2";
    let flatten = "op = \"flatten\"";
    let (relu, tanh, sigmoid) = ("op = \"relu\"", "op = \"tanh\"", "op = \"sigmoid\"");
    let image = "[2, 6, 6]";
    let l1 = Some(PenaltySpec::L1 { strength: 0.01 });
    let l2 = Some(PenaltySpec::L2 { strength: 0.01 });
    for (what, spec, penalty) in [
        (
            "tanh, average pooling, mean squared error",
            small(
                image,
                "mean_squared_error",
                &[conv, tanh, average, flatten, linear],
            ),
            l2,
        ),
        (
            "sigmoid, groups, mean squared error",
            small(
                image,
                "mean_squared_error",
                &[strided, sigmoid, flatten, linear, tanh],
            ),
            l1,
        ),
        (
            "relu, max-pooling, cross-entropy",
            small(
                image,
                "softmax_cross_entropy",
                &[conv, relu, maximum, flatten, linear],
            ),
            l1,
        ),
        (
            "a deep one, cross-entropy",
            small(
                "[5]",
                "softmax_cross_entropy",
                &[linear, tanh, linear, sigmoid, linear, relu, linear],
            ),
            None,
        ),
    ] {
        for seed in 1..4 {
            let point = point(&spec, 2, seed, penalty);
            let tally = assert_agree(what, &point, &sample(&point, 40, true));
            assert!(
                tally.without_central == 0 && tally.zeros < tally.coordinates,
                "{what}: no coordinate is at a kink: {tally:?}"
            );
        }
    }
}

#[test]
fn a_kink_at_the_point_is_said_and_not_differentiated() {
    let spec = small(
        "[1]",
        "weighted_sum",
        &["op = \"linear\"; out_features = 1", "op = \"relu\""],
    );
    let mut point = point(&spec, 1, 1, Some(PenaltySpec::L1 { strength: 0.5 }));
    point.problem.input.fill(1.0);
    let [weight, bias] = [0, 1].map(|number| Coordinate {
        leaf: LeafName::Parameter(number),
        index: 0,
    });
    for (w, b, weight_has_slope, bias_has_slope) in [
        // w·1 + b = 0: both are at the ReLU's kink.
        (0.5, -0.5, false, false),
        // w = 0: at the kink of L1.
        (0.0, 0.5, false, true),
        (0.5, 0.5, true, true),
    ] {
        point.problem.parameters.tensors[0].fill(w);
        point.problem.parameters.tensors[1].fill(b);
        let point = Point::new(point.problem.clone(), 1);
        let answers = extended(&point, &[weight, bias]);
        let has_slope: Vec<bool> = answers.iter().map(|a| a.central.is_some()).collect();
        assert_eq!(
            has_slope,
            [weight_has_slope, bias_has_slope],
            "w = {w}, b = {b}"
        );
    }
}

#[test]
fn a_wrong_formula_stays_wrong() {
    // What a factor of 1 + 1e-19 changes is far below rounding in f64, and plain here.
    let point = point(&preset("mlp").unwrap(), 1, 1, None);
    let factor = DoubleDouble::from_sum(1.0, 1e-19);
    let coordinates = sample(&point, 4, false);
    for answer in extended(&point, &coordinates) {
        if answer.dual.hi().abs() > 0.0 {
            let digits = extended_digits(answer.backprop * factor, answer.dual);
            assert!((digits - 19.0).abs() < 0.1, "{digits} digits");
        }
    }
}
