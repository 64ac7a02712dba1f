//! What the strategies cover, and what they shrink to.

use std::collections::BTreeMap;

use gradproof::harness::fuzz::Strategy;
use gradproof::harness::{RandomCase, strategy};
use gradproof::network::Problem;
use gradproof::spec::OpSpec;
use gradproof::spec::extent::Window;
use gradproof::tensor::values;

/// Cases of each strategy.
const DRAWS: usize = 1000;

/// The window that an operator slides, and its groups.
fn window(op: &OpSpec) -> Option<(Window, usize)> {
    match op {
        OpSpec::Conv1d(conv) => Some((conv.window(), conv.groups)),
        OpSpec::Conv2d(conv) => Some((conv.window(), conv.groups)),
        OpSpec::ConvTranspose2d(conv) => Some((conv.window(), conv.groups)),
        OpSpec::MaxPool2d(pool) => Some((pool.window(), 1)),
        OpSpec::AvgPool2d(pool) => Some((pool.window(), 1)),
        _ => None,
    }
}

/// What a case has of all that faults hide in.
fn features(case: &RandomCase) -> Vec<&'static str> {
    let (input, op) = match case {
        RandomCase::Operator(case) => (case.input.clone(), Some(&case.op)),
        RandomCase::Loss(case) => (case.input.clone(), None),
        RandomCase::Network(_) => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut add = |name, holds: bool| {
        if holds {
            found.push(name);
        }
    };
    add("one sample", input[0] == 1);
    add("several samples", input[0] > 1);
    if let [_, channels, plane @ ..] = &input[..] {
        add("one channel", *channels == 1);
        add(
            "one position",
            plane.iter().product::<usize>() == 1 && !plane.is_empty(),
        );
        add(
            "not square",
            matches!(plane, [rows, columns] if rows != columns),
        );
    }
    if let Some((window, groups)) = op.and_then(window) {
        let is_sequence = matches!(op, Some(OpSpec::Conv1d(_)));
        let plane = match &input[2..] {
            [length] => [1, *length],
            [rows, columns] => [*rows, *columns],
            other => panic!("{other:?} is no plane"),
        };
        let axes = if is_sequence { 1..2 } else { 0..2 };
        add("stride", axes.clone().any(|axis| window.stride[axis] > 1));
        add("padding", axes.clone().any(|axis| window.padding[axis] > 0));
        add(
            "dilation",
            axes.clone().any(|axis| window.dilation[axis] > 1),
        );
        add("groups", groups > 1);
        add("depthwise", groups > 1 && groups == input[1]);
        add("1x1 kernel", window.kernel == [1, 1]);
        add(
            "kernel of the image's size",
            window.kernel == plane && plane != [1, 1],
        );
        // How much of the padded image the last window leaves over.
        let rest = |axis: usize| {
            let span = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
            let padded = plane[axis] + 2 * window.padding[axis];
            padded
                .checked_sub(span)
                .map(|room| room % window.stride[axis])
        };
        add(
            "ragged edge",
            axes.clone()
                .any(|axis| rest(axis).is_some_and(|rest| rest > 0)),
        );
        add(
            "empty remainder",
            axes.clone()
                .any(|axis| window.stride[axis] > 1 && rest(axis) == Some(0)),
        );
        add(
            "overlap",
            axes.clone()
                .any(|axis| window.kernel[axis] > window.stride[axis]),
        );
        add(
            "gap",
            axes.clone()
                .any(|axis| window.kernel[axis] < window.stride[axis]),
        );
    }
    match op {
        Some(OpSpec::MaxPool2d(pool)) => add("ceil mode", pool.ceil_mode),
        Some(OpSpec::AvgPool2d(pool)) => {
            add("ceil mode", pool.ceil_mode);
            add("padding not counted", !pool.count_include_pad);
        }
        Some(OpSpec::ConvTranspose2d(conv)) => {
            add("output padding", conv.output_padding != [0, 0]);
        }
        Some(OpSpec::GroupNorm(norm)) => add("groups", norm.groups > 1),
        Some(OpSpec::AdaptiveAvgPool2d(pool)) => {
            let shares = [0, 1].map(|axis| input[2 + axis] % pool.output_size[axis]);
            add("uneven shares", shares != [0, 0]);
            add("even shares", shares == [0, 0]);
        }
        Some(OpSpec::ZeroPad2d(pad)) => {
            add("padding", pad.padding.iter().any(|side| *side > 0));
            add("cropping", pad.padding.iter().any(|side| *side < 0));
        }
        _ => (),
    }
    let problem = case.problem().expect("strategies draw what fits");
    add("ties", ties(op, &problem));
    found
}

/// Whether some unit is exactly at its kink, or a window has two maxima.
fn ties(op: Option<&OpSpec>, problem: &Problem) -> bool {
    match op {
        Some(OpSpec::Relu {} | OpSpec::LeakyRelu(_) | OpSpec::Prelu(_)) => {
            problem.input.iter().any(|x| x.abs() <= 0.0)
        }
        Some(OpSpec::MaxPool2d(_)) => {
            // A margin of 0 to a branch that was not taken.
            let mut found = false;
            let pattern = problem.pattern();
            let choices = pattern.layer(0).expect("a pooling has branches");
            problem.margins(0, &problem.input, choices, |_, _, margin: f64| {
                found |= margin.abs() <= 0.0;
            });
            found
        }
        _ => false,
    }
}

/// What each strategy has to cover, with the number of draws out of [`DRAWS`] at least.
fn wanted(name: &str) -> Vec<(&'static str, usize)> {
    let window = [
        ("stride", 300),
        ("padding", 300),
        ("ragged edge", 100),
        ("empty remainder", 100),
        ("1x1 kernel", 20),
        ("overlap", 100),
        ("one position", 5),
    ];
    let mut wanted = vec![("one sample", 50), ("several samples", 500)];
    match name {
        "conv1d" | "conv2d" => {
            wanted.extend(window);
            wanted.extend([
                ("dilation", 300),
                ("groups", 150),
                ("gap", 50),
                ("depthwise", 10),
            ]);
        }
        "conv_transpose2d" => {
            wanted.extend(
                window
                    .into_iter()
                    .filter(|(name, _)| !["ragged edge", "empty remainder"].contains(name)),
            );
            wanted.extend([("dilation", 300), ("groups", 150), ("output padding", 100)]);
        }
        "max_pool2d" => {
            wanted.extend(window);
            wanted.extend([
                ("dilation", 100),
                ("ceil mode", 300),
                ("gap", 50),
                ("ties", 20),
            ]);
        }
        "avg_pool2d" => {
            wanted.extend(window);
            wanted.extend([
                ("ceil mode", 300),
                ("gap", 50),
                ("padding not counted", 100),
            ]);
        }
        "adaptive_avg_pool2d" => wanted.extend([
            ("uneven shares", 300),
            ("even shares", 50),
            ("one position", 5),
            ("not square", 300),
        ]),
        "zero_pad2d" => wanted.extend([("padding", 300), ("cropping", 300), ("one position", 5)]),
        "upsample" => wanted.extend([("one position", 5), ("not square", 300)]),
        "group_norm" => wanted.extend([("groups", 100), ("one position", 5)]),
        "relu" | "leaky_relu" | "prelu" => wanted.extend([("ties", 50), ("one position", 5)]),
        "batch_norm2d" | "instance_norm" => wanted.push(("one position", 5)),
        "linear" => wanted.push(("one channel", 50)),
        _ => (),
    }
    wanted
}

#[test]
fn every_strategy_covers_what_faults_hide_in() {
    for name in strategy::names() {
        if ["operator", "loss", "network", "all"].contains(&name) {
            continue;
        }
        let strategy = Strategy::named(name).expect("a strategy");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for index in 0..DRAWS {
            let case = strategy.case(3, index).expect("a case");
            for feature in features(&case) {
                *counts.entry(feature).or_default() += 1;
            }
        }
        for (feature, least) in wanted(name) {
            let count = counts.get(feature).copied().unwrap_or(0);
            assert!(
                count >= least,
                "{name}: of {DRAWS} cases {count} have {feature}, and not {least}: {counts:?}"
            );
        }
    }
}

/// The smallest case for which `holds` is true, as it is found from each of the first that are.
fn smallest(name: &str, holds: impl Fn(&RandomCase) -> bool) -> Vec<RandomCase> {
    let strategy = Strategy::named(name).expect("a strategy");
    let mut found = Vec::new();
    for index in 0.. {
        let mut tree = strategy.tree(&strategy.seed(5, index)).expect("a tree");
        if !holds(&tree.current()) {
            continue;
        }
        let mut best = tree.current();
        let mut goes_on = tree.simplify();
        while goes_on {
            let candidate = tree.current();
            goes_on = if holds(&candidate) {
                best = candidate;
                tree.simplify()
            } else {
                tree.complicate()
            };
        }
        found.push(best);
        if found.len() == 10 {
            return found;
        }
    }
    found
}

#[test]
fn cases_shrink_to_what_a_fault_needs() {
    for (name, feature, most) in [
        ("conv2d", "stride", 4),
        ("conv2d", "padding", 4),
        ("conv2d", "dilation", 4),
        ("conv2d", "groups", 4),
        ("conv2d", "ragged edge", 4),
        ("conv2d", "several samples", 4),
        ("conv1d", "stride", 4),
        ("conv_transpose2d", "stride", 4),
        ("conv_transpose2d", "output padding", 4),
        ("max_pool2d", "stride", 4),
        ("max_pool2d", "overlap", 6),
        ("max_pool2d", "dilation", 6),
        ("avg_pool2d", "padding", 6),
        ("avg_pool2d", "ceil mode", 4),
        ("adaptive_avg_pool2d", "uneven shares", 6),
        ("zero_pad2d", "cropping", 6),
        ("upsample", "not square", 4),
        ("linear", "several samples", 4),
        ("batch_norm2d", "several samples", 4),
        ("softmax_cross_entropy", "several samples", 6),
    ] {
        for case in smallest(name, |case| features(case).contains(&feature)) {
            let problem = case.problem().expect("it fits");
            let numbers = problem.input.len();
            assert!(numbers <= most, "{name} with {feature} is left with {case}");
        }
    }
}

#[test]
fn data_is_a_function_of_seed_and_place_alone() {
    // Two shapes, one seed: where both have an entry, it is the same, so that shrinking a shape does not
    // draw other data.
    let strategy = Strategy::named("conv2d").expect("a strategy");
    for index in 0..50 {
        let RandomCase::Operator(case) = strategy.case(1, index).expect("a case") else {
            panic!("an operator");
        };
        let mut more = case.clone();
        more.input[0] += 1;
        let (few, many) = (
            case.problem().expect("it fits"),
            more.problem().expect("it fits"),
        );
        assert_eq!(
            values(&few.input),
            &values(&many.input)[..few.input.len()],
            "{case}"
        );
        assert_eq!(few.parameters, many.parameters, "{case}");
        assert_eq!(few, case.problem().expect("it fits"), "the same twice");
    }
}
