//! Network files: what is read comes back, and what is wrong is pointed at.

#![cfg(feature = "proptest")]

use std::collections::BTreeSet;

use gradproof::harness::{config, strategy};
use gradproof::rng::Stream;
use gradproof::spec::plan::Plan;
use gradproof::spec::{LayerSpec, LossSpec, NetworkSpec, OpSpec, SpecError, file};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The documented example, with every operator and attribute.
const EXAMPLE: &str = include_str!("data/every-operator.toml");

/// The example for sequences, which images do not lead to.
const SEQUENCES: &str = include_str!("data/sequences.toml");

/// The lines before the first layer.
const HEAD: &str = "name = \"n\"\ninput = [2, 6, 6]\nloss = { op = \"mean_squared_error\" }\n";

#[test]
fn the_example_has_every_operator_and_attribute() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for example in [EXAMPLE, SEQUENCES] {
        let table: toml::Table = toml::from_str(example).expect("as written above");
        let layers = table["layers"].as_array().expect("as written above");
        for layer in layers
            .iter()
            .map(|layer| layer.as_table().expect("as written above"))
        {
            let op = layer["op"].as_str().expect("as written above");
            seen.insert(op.to_owned());
            seen.extend(layer.keys().map(|key| format!("{op}.{key}")));
        }
    }
    for operator in file::operators() {
        assert!(seen.contains(*operator), "'{operator}' is in the example");
        for attribute in file::attributes(operator) {
            let name = format!("{operator}.{attribute}");
            assert!(seen.contains(&name), "'{name}' is in the example");
        }
    }
    for loss in file::losses() {
        assert!(EXAMPLE.contains(loss), "'{loss}' is in the example");
    }
}

#[test]
fn the_example_is_a_network_and_reads_back() {
    for example in [EXAMPLE, SEQUENCES] {
        let spec = NetworkSpec::from_toml_for(example, 2).expect("as written above");
        Plan::new(&spec, 2).expect("as written above");
        let text = spec.to_toml().expect("as written above");
        assert_eq!(NetworkSpec::from_toml(&text), Ok(spec), "{text}");
    }
}

/// Every operator with other values than the defaults, layer by layer.
#[test]
fn every_operator_of_the_example_reads_back_alone_and_with_its_defaults() {
    let spec = NetworkSpec::from_toml(EXAMPLE).expect("as written above");
    for layer in &spec.layers {
        let alone = NetworkSpec {
            layers: vec![layer.clone()],
            ..spec.clone()
        };
        let text = alone.to_toml().expect("as written above");
        assert_eq!(NetworkSpec::from_toml(&text), Ok(alone), "{text}");
    }
    for loss in [
        "op = \"nll\"\nclass_weights = [1, 2]",
        "op = \"huber\"\ndelta = 0.5",
        "op = \"huber\"",
        "op = \"l1\"",
        "op = \"softmax_cross_entropy\"",
        "op = \"bce_with_logits\"",
        "op = \"weighted_sum\"",
    ] {
        let text = format!("name = \"n\"\ninput = [2]\nlayers = []\n[loss]\n{loss}\n");
        let spec = NetworkSpec::from_toml(&text).expect(loss);
        let again = spec.to_toml().expect("as written above");
        assert_eq!(NetworkSpec::from_toml(&again), Ok(spec), "{again}");
    }
}

#[test]
fn names_in_files_are_those_of_the_operators() {
    let spec = NetworkSpec::from_toml(EXAMPLE).expect("as written above");
    let sequences = NetworkSpec::from_toml(SEQUENCES).expect("as written above");
    let layers = spec.layers.iter().chain(&sequences.layers);
    let names: BTreeSet<&str> = layers.map(|layer| layer.op.name()).collect();
    assert_eq!(names, file::operators().iter().copied().collect());
    assert!(matches!(spec.layers[0].op, OpSpec::Conv2d(_)));
    assert!(matches!(spec.loss, LossSpec::SoftmaxCrossEntropy { .. }));
}

fn error(text: &str) -> SpecError {
    match NetworkSpec::from_toml_for(text, 2) {
        Err(error) => error,
        Ok(spec) => panic!("accepted: {spec:?}"),
    }
}

/// Refused at this line, column and key, in words among which are `words`.
#[track_caller]
fn refused(text: &str, (line, column): (usize, usize), path: &str, words: &[&str]) {
    let error = error(text);
    assert_eq!(
        (error.line, error.column, error.path.as_str()),
        (line, column, path),
        "{error}\n{text}"
    );
    for word in words {
        assert!(error.message.contains(word), "'{word}' in: {error}");
    }
}

/// A file whose only layer, from line 4 on, is this.
fn layer(text: &str) -> String {
    format!("{HEAD}[[layers]]\n{text}\n")
}

#[test]
fn names_that_there_are_not_are_pointed_at_with_the_nearest_that_there_is() {
    refused(
        &layer("op = \"conv2d\"\nchanels = 3\nkernel = 3"),
        (6, 1),
        "layers[0].chanels",
        &[
            "unknown attribute 'chanels' of conv2d, did you mean 'out_channels'?",
            "conv2d takes out_channels, kernel, stride, padding, dilation, groups, bias",
        ],
    );
    refused(
        &layer("op = \"conv2\"\nout_channels = 3\nkernel = 3"),
        (5, 6),
        "layers[0].op",
        &[
            "no operator 'conv2', did you mean 'conv2d'?",
            "max_pool2d, avg_pool2d",
        ],
    );
    refused(
        &layer("op = \"relu\"\ninplace = true"),
        (6, 1),
        "layers[0].inplace",
        &["unknown attribute 'inplace' of relu", "relu takes none"],
    );
    refused(
        &HEAD.replace("mean_squared_error", "mean_square_error"),
        (3, 15),
        "loss.op",
        &["no loss 'mean_square_error', did you mean 'mean_squared_error'?"],
    );
    refused(
        &HEAD.replace("\"mean_squared_error\"", "\"huber\", delt = 2"),
        (3, 24),
        "loss.delt",
        &["'delt' of huber, did you mean 'delta'?"],
    );
    refused(
        &HEAD.replace("input", "inputs"),
        (2, 1),
        "inputs",
        &["unknown key 'inputs' of a network, did you mean 'input'?"],
    );
    refused(
        &format!("data = \"digit\"\n{HEAD}"),
        (1, 8),
        "data",
        &["'digit', did you mean 'digits'?", "random"],
    );
}

#[test]
fn values_of_the_wrong_kind_are_pointed_at() {
    let conv = |attribute: &str| layer(&format!("op = \"conv2d\"\n{attribute}"));
    let whole = "a whole number from 0 on";
    let pair = "a whole number, or a pair of whole numbers such as [3, 3]";
    refused(
        &conv("kernel = \"three\""),
        (6, 10),
        "layers[0].kernel",
        &[pair, "found \"three\""],
    );
    refused(
        &conv("kernel = [1, 2, 3]"),
        (6, 10),
        "layers[0].kernel",
        &[pair, "found [1, 2, 3]"],
    );
    refused(
        &conv("kernel = -1"),
        (6, 10),
        "layers[0].kernel",
        &[pair, "found -1"],
    );
    refused(
        &conv("out_channels = -4"),
        (6, 16),
        "layers[0].out_channels",
        &[whole, "found -4"],
    );
    refused(
        &conv("out_channels = 2.5"),
        (6, 16),
        "layers[0].out_channels",
        &[whole, "found 2.5"],
    );
    refused(
        &conv("out_channels = 99999999999999999999999"),
        (6, 16),
        "layers[0].out_channels",
        &["at most 64 bits", "99999999999999999999999"],
    );
    refused(
        &conv("bias = 1"),
        (6, 8),
        "layers[0].bias",
        &["true or false", "found 1"],
    );
    refused(
        &conv("groups = 2026-01-01"),
        (6, 10),
        "layers[0].groups",
        &["2026-01-01"],
    );
    refused(
        &layer("op = \"gelu\"\napproximate = \"erf\""),
        (6, 15),
        "layers[0].approximate",
        &["'erf'", "none, tanh"],
    );
    refused(
        &layer("op = \"softplus\"\nbeta = \"big\""),
        (6, 8),
        "layers[0].beta",
        &["a number", "found \"big\""],
    );
    refused(
        &layer("name = 3\nop = \"relu\""),
        (5, 8),
        "layers[0].name",
        &["text in quotes", "found 3"],
    );
    refused(
        &layer("op = 3"),
        (5, 6),
        "layers[0].op",
        &["name in quotes", "found 3"],
    );
    refused(
        &HEAD.replace("[2, 6, 6]", "[2, -6, 6]"),
        (2, 9),
        "input",
        &[whole, "found [2, -6, 6]"],
    );
    refused(
        &HEAD.replace("[2, 6, 6]", "\"large\""),
        (2, 9),
        "input",
        &["a list in [ ]", "found \"large\""],
    );
    refused(
        &HEAD.replace("{ op = \"mean_squared_error\" }", "\"l1\""),
        (3, 8),
        "loss",
        &["a table such as { op = ", "found \"l1\""],
    );
    refused(
        &format!("{HEAD}layers = 3\n"),
        (4, 10),
        "layers",
        &["[[layers]]", "found 3"],
    );
    refused(
        &format!("{HEAD}layers = [\"relu\"]\n"),
        (4, 11),
        "layers[0]",
        &["{ op = ", "found \"relu\""],
    );
}

#[test]
fn what_is_wrong_inside_of_a_block_is_pointed_at() {
    let block = |inner: &str| {
        layer(&format!(
            "op = \"residual\"\nlayers = [\n    {{ op = \"relu\" }},\n    {inner},\n]"
        ))
    };
    refused(
        &block("{ op = \"conv2d\", out_chanels = 2, kernel = 3 }"),
        (8, 22),
        "layers[0].layers[1].out_chanels",
        &["'out_chanels' of conv2d, did you mean 'out_channels'?"],
    );
    refused(
        &block("{ op = \"rleu\" }"),
        (8, 12),
        "layers[0].layers[1].op",
        &["no operator 'rleu', did you mean 'relu'?"],
    );
    // A size that does not fit is found by planning, and has the line of its layer.
    refused(
        &block("{ op = \"conv2d\", out_channels = 2, kernel = 9 }"),
        (8, 12),
        "layers[0].layers[1]",
        &["does not fit into an input of 6"],
    );
    refused(
        &block("{ op = \"conv2d\", out_channels = 3, kernel = 3 }"),
        (5, 6),
        "layers[0]",
        &["[2, 3, 4, 4]", "[2, 2, 6, 6]", "projection"],
    );
    refused(
        &layer("op = \"residual\"\nlayers = []"),
        (5, 6),
        "layers[0]",
        &["no layers"],
    );
    refused(
        &layer("op = \"residual\"\nlayer = [{ op = \"relu\" }]"),
        (6, 1),
        "layers[0].layer",
        &["did you mean 'layers'?"],
    );
    refused(
        &layer(
            "op = \"concatenation\"\nbranches = [\n    [],\n    [{ op = \"relu\" }, { op = \"softmax\", dm = 1 }],\n]",
        ),
        (8, 41),
        "layers[0].branches[1][1].dm",
        &["'dm' of softmax, did you mean 'dim'?"],
    );
    refused(
        &layer("op = \"concatenation\"\nbranches = [[], [{ op = \"max_pool2d\", kernel = 2 }]]"),
        (5, 6),
        "layers[0]",
        &["[2, 2, 6, 6]", "[2, 2, 3, 3]", "side by side along dim 1"],
    );
}

#[test]
fn what_is_missing_is_asked_for() {
    refused(
        &layer("op = \"conv2d\"\nout_channels = 3"),
        (5, 6),
        "layers[0]",
        &["conv2d needs 'kernel'", "out_channels, kernel, stride"],
    );
    refused(
        &layer("kernel = 3"),
        (4, 1),
        "layers[0]",
        &["there is no 'op'", "conv2d"],
    );
    refused(
        &HEAD.replace("op = \"mean_squared_error\"", ""),
        (3, 8),
        "loss",
        &["there is no 'op'", "huber"],
    );
    for (missing, example) in [
        ("name", "name = \"mine\""),
        ("input", "input = [1, 28, 28]"),
        ("loss", "softmax_cross_entropy"),
        ("layers", "[[layers]]"),
    ] {
        let text = format!("{HEAD}layers = []\n");
        let text: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(missing))
            .collect();
        let text = text.join("\n");
        let error = error(&text);
        assert_eq!((error.line, error.path.as_str()), (3, missing), "{error}");
        for words in [format!("no '{missing}'"), example.to_owned()] {
            assert!(error.message.contains(&words), "'{words}' in: {error}");
        }
    }
}

#[test]
fn what_is_no_toml_is_pointed_at() {
    for (text, line) in [
        ("name = ", 1),
        ("name = \"n\"\ninput = [1, 2", 2),
        ("name = \"n\"\nname = \"m\"\n", 2),
        ("\n\n[[layers]\n", 3),
        ("a = 1\nb = 'x\n", 2),
    ] {
        let error = error(text);
        assert_eq!(error.line, line, "{error}\n{text}");
        assert_eq!(error.path, "", "{error}");
        assert!(error.message.contains("no TOML"), "{error}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_pointed_at_too() {
    let relu = "[[layers]]\nop = \"relu\"\n";
    let after_relus = |text: &str| format!("{HEAD}{relu}{relu}[[layers]]\n{text}\n");
    refused(
        &after_relus("out_channels = 2\nkernel = 7\nop = \"conv2d\""),
        (11, 6),
        "layers[2]",
        &["layer 'conv1' (conv2d)", "kernel of 7", "input of 6"],
    );
    refused(
        &after_relus("name = \"mine\"\nop = \"conv2d\"\nout_channels = 2\nkernel = [3, 0]"),
        (10, 6),
        "layers[2]",
        &["layer 'mine' (conv2d)", "kernel along the columns is 0"],
    );
    refused(
        &after_relus(
            "op = \"conv2d\"\nout_channels = 2\nkernel = 3\npadding = 9223372036854775807",
        ),
        (9, 6),
        "layers[2]",
        &["too large"],
    );
    refused(
        &HEAD
            .replace("[2, 6, 6]", "[2, 0, 6]")
            .replace("\nloss", "\nlayers = []\nloss"),
        (2, 1),
        "input",
        &["input", "0"],
    );
    refused(
        &format!(
            "{}{relu}",
            HEAD.replace("mean_squared_error", "softmax_cross_entropy")
        ),
        (3, 1),
        "loss",
        &["softmax_cross_entropy needs logits"],
    );
    let named = "[[layers]]\nname = \"a\"\nop = \"relu\"\n";
    refused(
        &format!("{HEAD}{named}{relu}{named}"),
        (11, 6),
        "layers[2]",
        &["two layers are called 'a'"],
    );
    // Too many samples are not the file's fault: that is left to the plan.
    let text = format!("{HEAD}{relu}");
    for samples in [0, usize::MAX] {
        let read = NetworkSpec::from_toml_for(&text, samples);
        let spec = read.expect("the file is right");
        assert!(Plan::new(&spec, samples).is_err(), "{samples} samples");
    }
}

/// Random changes to a valid file: an error with a place in it, or a network, and never a panic.
#[test]
fn damaged_files_are_refused_without_a_panic() {
    let lines = EXAMPLE.lines().count();
    let mut refused = 0;
    for seed in 0..1500 {
        let mut stream = Stream::new(seed, "damage");
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for _ in 0..=stream.index(3) {
            let at = stream.index(bytes.len());
            let other = stream.index(bytes.len());
            match stream.index(5) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = b"[]{}=\"#\n.,-0\\'"[stream.index(14)],
                2 => bytes[at] ^= 1 << stream.index(7),
                3 => drop(bytes.drain(at.min(other)..at.max(other).min(at.min(other) + 40))),
                _ => {
                    let piece = bytes[at.min(other)..at.max(other)].to_vec();
                    bytes.splice(other..other, piece);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = NetworkSpec::from_toml_for(&text, 2) {
            refused += 1;
            assert!(error.line >= 1 && error.column >= 1, "{error}");
            assert!(error.line <= text.lines().count().max(lines) + 1, "{error}");
            assert!(!error.message.is_empty(), "{error}");
        }
    }
    assert!(refused > 500, "{refused} of 1500 were refused");
}

/// Every value of the example against every other: types that do not fit are refused where they stand.
#[test]
fn exchanged_values_are_refused_where_they_stand() {
    let values = [
        "-1",
        "0",
        "1.5",
        "true",
        "\"text\"",
        "[]",
        "[[]]",
        "[{}]",
        "{}",
        "nan",
        "1e999",
        "18446744073709551616",
        "2026-01-01",
        "[[1]]",
        "[{ op = \"relu\" }]",
    ];
    for (number, line) in EXAMPLE.lines().enumerate() {
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        for value in values {
            let changed = format!("{key} = {value}");
            let text: Vec<&str> = EXAMPLE
                .lines()
                .enumerate()
                .map(|(other, line)| if other == number { &changed } else { line })
                .collect();
            match NetworkSpec::from_toml_for(&text.join("\n"), 2) {
                Ok(_) => (),
                // A size may not fit into a layer that comes later.
                Err(error) => assert!(
                    error.line > number.min(8) && !error.message.is_empty(),
                    "{key} = {value}: {error}"
                ),
            }
        }
    }
}

#[test]
fn random_networks_of_all_operators_read_back() {
    let ops = strategy::operator();
    let cases = (ops, strategy::network());
    let result = TestRunner::new(config("spec_file")).run(&cases, |(operator, network)| {
        let mut spec = network.spec;
        spec.layers.push(LayerSpec {
            name: Some("it's \"odd\"\n".to_owned()),
            op: operator.op,
        });
        let text = spec
            .to_toml()
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(NetworkSpec::from_toml(&text), Ok(spec), "{}", text);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
