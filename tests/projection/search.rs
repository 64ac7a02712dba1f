//! From planted errors to where they are, with the work that takes.

#![expect(
    clippy::print_stdout,
    reason = "what was measured is shown by --nocapture"
)]

use gradproof::network::Problem;
use gradproof::rng::Stream;
use gradproof::source::projection::{Extent, MOST_WRONG, PROJECTIONS, Projection, Signs};
use gradproof::spec::NetworkSpec;
use gradproof::tensor::{Tensor, values_mut};

use super::{Measured, case, closest, entries, found, gradient, plant, preset_problem, small};

/// Forward passes' worth of work within which a single wrong coordinate is found.
const FOR_ONE: f64 = 60.0;

/// More derivatives than b·log₂(P/b) for b wrong coordinates of P: the levels on which their ranges are told
/// apart, for each what confirms it, and what is missed by a first pass.
fn more_for(wrong: usize) -> f64 {
    2.0 * wrong as f64 + 4.0
}

fn log2(number: usize) -> f64 {
    (number as f64).log2()
}

/// One wrong coordinate in each tensor in turn: it alone is found, within the work that is promised.
fn one_wrong(problem: Problem, tensors: impl Iterator<Item = usize>, seed: u64) -> f64 {
    let right = gradient(&problem);
    let measured = Measured::new(problem, seed);
    let mut stream = Stream::new(seed, "places");
    let mut most = 0.0_f64;
    for number in tensors {
        let mut wrong = right.clone();
        let planted = plant(&mut wrong, number, 1, &mut stream);
        let projection = measured.project(&wrong);
        assert_eq!(found(&projection), planted, "parameter {number}");
        let after = projection.found_after.expect("it was found");
        assert!(after <= FOR_ONE, "parameter {number}: after {after}");
        most = most.max(after);
        assert_eq!(
            projection.tensors[number].disagreeing(),
            PROJECTIONS,
            "an error in one coordinate shows in every projection"
        );
        everything_else_agrees(&projection, number);
    }
    most
}

fn everything_else_agrees(projection: &Projection, number: usize) {
    for tensor in projection.tensors.iter().filter(|t| t.number != number) {
        assert_eq!(tensor.disagreeing(), 0, "parameter {}", tensor.number);
        assert_eq!(tensor.gaps.len(), PROJECTIONS, "all of them were taken");
    }
}

#[test]
fn one_wrong_coordinate_is_found_anywhere_in_resnet8_and_vgg8() {
    for (name, step) in [("resnet8", 20), ("vgg8", 5)] {
        let problem = preset_problem(name, 3);
        let count = problem.parameters.tensors.len();
        let most = one_wrong(problem, (0..count).step_by(step).chain([count - 2]), 3);
        println!("{name}: found after {most:.1} forward passes at most");
    }
}

/// Ten million parameters in matrices, so that a pass takes a moment.
fn ten_million() -> Problem {
    let spec = NetworkSpec::from_toml(
        r#"
        name = "wide"
        input = [1, 32, 32]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "flatten" },
            { op = "linear", out_features = 2048 },
            { op = "relu" },
            { op = "linear", out_features = 2048 },
            { op = "relu" },
            { op = "linear", out_features = 1800 },
            { op = "tanh" },
            { op = "linear", out_features = 10 },
        ]
        "#,
    )
    .expect("a network");
    gradproof::check::problem(&case(spec, 1, 1)).expect("it can be posed")
}

#[test]
fn one_wrong_coordinate_is_found_in_ten_million() {
    let problem = ten_million();
    assert_eq!(problem.parameters.count(), 10_001_762);
    let most = one_wrong(problem, [2].into_iter(), 1);
    println!("ten million: found after {most:.1} forward passes");
}

#[test]
fn several_wrong_coordinates_take_a_search_for_each() {
    let problem = preset_problem("vgg8", 2);
    let right = gradient(&problem);
    let mut stream = Stream::new(2, "places");
    let measured = Measured::new(problem, 2);
    let clean = measured.project(&right);
    for (number, wrong) in [(12, 2), (10, 3), (8, 4), (12, 5), (6, 6), (12, 7), (10, 8)] {
        let mut gradient = right.clone();
        let planted = plant(&mut gradient, number, wrong, &mut stream);
        let projection = measured.project(&gradient);
        assert_eq!(found(&projection), planted, "{wrong} in {number}");
        let (size, one) = (entries(&right[number]), wrong as f64);
        // What one direction in this tensor takes.
        let tensor = &projection.tensors[number];
        let each = tensor.projecting / (PROJECTIONS + 1) as f64;
        let most = one * (log2(size) - one.log2()) + more_for(wrong);
        let directions = tensor.searching / each;
        assert!(
            directions <= most,
            "{wrong} of {size}: {directions} derivatives, {most} were promised"
        );
        let more = projection.forward_equivalents - clean.forward_equivalents;
        assert!(
            (more - tensor.searching).abs() < 1e-6,
            "the search is all that is more: {more}"
        );
    }
}

#[test]
fn errors_that_cancel_under_one_choice_of_signs_are_found_by_others() {
    let problem = preset_problem("vgg8", 4);
    let right = gradient(&problem);
    let (number, seed) = (10, 4);
    let measured = Measured::new(problem, seed);
    let signs = Signs::new(seed, number);
    let size = entries(&right[number]);
    let mut stream = Stream::new(seed, "places");
    for _ in 0..4 {
        // Two errors of one size, whose signs differ in the first projection: it sees nothing.
        let a = stream.index(size);
        let opposite = |b: &usize| signs.at(*b, 0) * signs.at(a, 0) < 0.0;
        let b = (a + 1..size).chain(0..a).find(opposite).expect("a sign");
        // In powers of two, so that what cancels leaves nothing.
        let error = f64::exp2(-12.0);
        let mut wrong = right.clone();
        for at in [a, b] {
            values_mut(&mut wrong[number])[at] += error;
        }
        let projection = measured.project(&wrong);
        let tensor = &projection.tensors[number];
        assert!(tensor.gaps[0].abs() <= tensor.bounds[0], "it cancels there");
        let mut planted = vec![(number, a), (number, b)];
        planted.sort_unstable();
        assert_eq!(found(&projection), planted);
    }
}

#[test]
fn errors_that_cancel_in_a_half_are_found_beside_others() {
    let problem = preset_problem("vgg8", 4);
    let right = gradient(&problem);
    let (number, seed) = (12, 4);
    let measured = Measured::new(problem, seed);
    let signs = Signs::new(seed, number);
    let size = entries(&right[number]);
    // Two that cancel in the left half, and one on the right that makes the tensor disagree.
    let opposite = |b: &usize| signs.at(*b, 0) * signs.at(7, 0) < 0.0;
    let other = (8..size / 2).find(opposite).expect("a sign");
    let planted = [7, other, size - 3];
    let mut wrong = right.clone();
    for at in planted {
        values_mut(&mut wrong[number])[at] += f64::exp2(-10.0);
    }
    let projection = measured.project(&wrong);
    assert_eq!(found(&projection), planted.map(|at| (number, at)));
    assert_eq!(projection.tensors[number].extent, Extent::Located);
}

#[test]
fn what_is_wrong_throughout_is_not_told_one_by_one() {
    let problem = preset_problem("vgg8", 1);
    let right = gradient(&problem);
    let measured = Measured::new(problem, 1);
    let faults: [fn(usize, f64) -> f64; 3] = [
        |_, g| 1.001 * g,
        |index, g| if index % 40 == 0 { -g } else { g },
        |_, g| g + 1e-3,
    ];
    for (fault, change) in faults.into_iter().enumerate() {
        let mut wrong = right.clone();
        let own = values_mut(&mut wrong[10]);
        for (index, g) in own.iter_mut().enumerate() {
            *g = change(index, *g);
        }
        let projection = measured.project(&wrong);
        let tensor = &projection.tensors[10];
        assert_eq!(tensor.extent, Extent::Throughout, "fault {fault}");
        assert!(!tensor.found.is_empty(), "some are shown");
        assert!(tensor.found.len() <= MOST_WRONG + 1, "and not all");
        let each = tensor.projecting;
        assert!(tensor.searching < 90.0 * each, "{}", tensor.searching);
        everything_else_agrees(&projection, 10);
    }
}

#[test]
fn what_is_not_a_number_is_found() {
    let problem = preset_problem("vgg8", 1);
    let mut wrong = gradient(&problem);
    let measured = Measured::new(problem, 1);
    values_mut(&mut wrong[4])[17] = f64::NAN;
    values_mut(&mut wrong[4])[99] = f64::INFINITY;
    values_mut(&mut wrong[4])[50] += 1e-3;
    values_mut(&mut wrong[2]).fill(f64::NAN);
    let projection = measured.project(&wrong);
    let of = |number: usize| &projection.tensors[number];
    let places: Vec<usize> = of(4).found.keys().copied().collect();
    assert_eq!(places, [17, 50, 99]);
    assert_eq!(of(4).extent, Extent::Located);
    assert_eq!(of(2).extent, Extent::Throughout);
    assert!(of(4).found.values().all(|right| right.is_finite()));
}

#[test]
fn right_gradients_are_never_accused() {
    let mut most = 0.0_f64;
    for seed in 0..40 {
        for samples in [1, 3] {
            let of_small = case(small(), seed, samples);
            let problem = gradproof::check::problem(&of_small).expect("it can be posed");
            let right = gradient(&problem);
            let projection = Measured::new(problem, seed).project(&right);
            assert_eq!(found(&projection), [], "seed {seed}");
            most = most.max(closest(&projection));
        }
    }
    for seed in 0..2 {
        for name in ["vgg8", "mobilenet-tiny", "autoencoder"] {
            let problem = preset_problem(name, seed);
            let right = gradient(&problem);
            let projection = Measured::new(problem, seed).project(&right);
            assert_eq!(found(&projection), [], "{name}, seed {seed}");
            most = most.max(closest(&projection));
        }
    }
    println!("the largest gap was {most:.3} of its bound");
    assert!(most < 0.7, "the largest gap was {most} of its bound");
}

#[test]
fn the_smallest_error_that_is_promised_to_be_seen_is_seen() {
    let of_small = case(small(), 8, 2);
    let problem = gradproof::check::problem(&of_small).expect("it can be posed");
    let right = gradient(&problem);
    let measured = Measured::new(problem, 8);
    let clean = measured.project(&right);
    let mut stream = Stream::new(8, "places");
    let (mut seen, mut tried) = (0, 0);
    for tensor in &clean.tensors {
        let mut wrong: Vec<Tensor<f64>> = right.clone();
        let index = stream.index(entries(&right[tensor.number]));
        let own = &mut values_mut(&mut wrong[tensor.number])[index];
        let before = *own;
        *own += 1.01 * tensor.visible();
        if (*own - before).abs() < tensor.visible() {
            continue;
        }
        tried += 1;
        let again = measured.project(&wrong);
        assert!(
            again.tensors[tensor.number].disagreeing() > 0,
            "{}",
            tensor.number
        );
        seen += usize::from(found(&again) == [(tensor.number, index)]);
    }
    assert!(tried > 10, "{tried} tensors");
    assert_eq!(seen, tried, "and found");
}
