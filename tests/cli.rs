//! The program as its users meet it: output, exit codes, bad input.

#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// A run of the program: exit code, standard output, standard error.
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn gradproof(arguments: &[&str]) -> Run {
    gradproof_in(Path::new("."), arguments)
}

fn gradproof_in(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("gradproof").expect("the program is built with the tests");
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts");
    Run {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A check that is done in a moment.
const QUICK: [&str; 4] = ["check", "lenet5", "--coordinates", "60"];

/// One that is done sooner, where the network does not matter.
const QUICKER: [&str; 4] = ["check", "mlp", "--coordinates", "60"];

fn quick(more: &[&str]) -> Run {
    gradproof(&[&QUICK[..], more].concat())
}

/// Bad usage or input: exit code 2, nothing on standard output, and an error that holds all of `words`.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert_eq!(run.out, "", "no report of what was refused");
    assert!(!run.err.contains("panicked"), "{}", run.err);
    for word in words {
        assert!(run.err.contains(word), "'{word}' in: {}", run.err);
    }
}

#[test]
fn a_right_gradient_is_said_to_be_right() {
    let run = quick(&["-v"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for words in [
        "Yes: your gradient is right",
        "conv1.weight",
        "fc3.bias",
        "on purpose: caught",
        "Replay: gradproof replay gp1.",
    ] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    assert!(
        run.err.contains("backprop") && run.err.contains(" s"),
        "seconds in: {}",
        run.err
    );
}

#[test]
fn a_gradient_in_f32_is_said_to_be_in_f32() {
    let run = quick(&["--precision", "f32"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for words in ["· f32 ·", "Hand-written backprop in f32", "Digits in f32"] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    let swept = gradproof(&["sweep", "mlp", "fc3.bias[0]", "--precision", "f32"]);
    assert_eq!(swept.code, 0, "{}{}", swept.out, swept.err);
    assert!(swept.out.contains("· f32 ·"), "{}", swept.out);
    refused(&quick(&["--precision", "f16"]), &["f16", "f64 and f32"]);
    let weak = ["--precision", "f32", "--penalty", "l2=1e-50"];
    refused(&quick(&weak), &["1e-50", "f32", "--precision f64"]);
}

#[test]
fn the_second_order_is_added_to_the_report() {
    let run = quick(&["--order", "2"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for words in [
        "Second order: the backward, run on dual numbers",
        "hyper-dual",
        "A Hessian is symmetric",
        "Hessian-vector products agree with",
    ] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    assert!(!quick(&[]).out.contains("Second order"), "not unasked");
    refused(&quick(&["--order", "3"]), &["3", "1 and 2"]);
    let single = ["--order", "2", "--precision", "f32"];
    refused(&quick(&single), &["--order 2", "--precision f64"]);
}

#[test]
fn a_replayed_check_is_the_same_bytes_in_another_process() {
    for (check, more) in [
        (QUICK, &["--seed", "7"][..]),
        (QUICKER, &["--penalty", "l2=0.001", "--train-steps", "2"]),
        (QUICKER, &["--step", "1e-4", "--samples", "2"]),
        (QUICKER, &["--precision", "f32"]),
        (QUICKER, &["--order", "2"]),
    ] {
        for format in ["text", "json"] {
            let options = ["--format", format, "--no-timing"];
            let first = gradproof(&[&check[..], more, &options].concat());
            let token = first
                .out
                .split_whitespace()
                .find(|word| word.trim_matches('"').starts_with("gp1."))
                .expect("a token");
            let token = token.trim_matches(['"', ',']);
            let again = gradproof(&[&["replay", token][..], &options].concat());
            assert_eq!(first.out, again.out, "{more:?} as {format}");
            assert_eq!(first.code, again.code, "{more:?} as {format}");
        }
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let with_threads = |threads: &str| {
        let mut command =
            Command::cargo_bin("gradproof").expect("the program is built with the tests");
        command
            .args(["check", "lenet5", "--samples", "2", "--coordinates", "1000"])
            .env("RAYON_NUM_THREADS", threads);
        command.output().expect("it starts").stdout
    };
    let one = with_threads("1");
    assert!(!one.is_empty(), "a report");
    assert_eq!(one, with_threads("2"), "two threads");
    assert_eq!(one, with_threads("5"), "five threads");
}

#[test]
fn every_preset_passes_and_every_option_is_taken() {
    for network in gradproof::spec::preset::PRESETS {
        // Central differences of these take half a minute.
        let is_large = ["resnet8", "vgg8", "mobilenet-tiny"].contains(&network);
        // What ten million parameters need is in tests/projection.
        if network == "vgg11" {
            continue;
        }
        let sources = match is_large {
            true => "backprop,dual,reverse",
            false => "backprop,dual,reverse,central",
        };
        let options = [
            "--coordinates",
            "60",
            "--samples",
            "1",
            "--sources",
            sources,
        ];
        let run = gradproof(&[&["check", network][..], &options].concat());
        assert_eq!(run.code, 0, "{network}: {}{}", run.out, run.err);
    }
    for options in [
        &["--penalty", "l2=0.001"][..],
        &["--penalty", "l1=0.01"],
        &["--train-steps", "3"],
        &["--sources", "backprop,reverse"],
        &["--sources", "central,backprop"],
        &["--samples", "40", "--sources", "backprop,dual"],
    ] {
        let run = gradproof(&[&QUICKER[..], options].concat());
        assert_eq!(run.code, 0, "{options:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn with_a_penalty_both_parts_are_judged_apart_and_together() {
    let run = quick(&["--penalty", "l2=0.001"]);
    for title in ["Data loss = ", "Penalty = ", "Data loss + penalty = "] {
        assert!(run.out.contains(title), "'{title}' in: {}", run.out);
    }
}

#[test]
fn what_cannot_be_judged_has_an_exit_code_of_its_own() {
    // So small a step leaves nothing but rounding.
    let run = quick(&["--sources", "backprop,central", "--step", "1e-14"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("Cannot tell"), "{}", run.out);
}

#[test]
fn json_is_whole_and_says_the_same() {
    let run = quick(&["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["outcome"], "right", "{report}");
    assert_eq!(report["setup"]["checked"], 60, "{report}");
    assert_eq!(
        report["parts"][0]["tensors"].as_array().map(Vec::len),
        Some(10),
        "{report}"
    );
    let back: gradproof::report::Report = serde_json::from_str(&run.out).expect("a report");
    assert_eq!(
        gradproof::report::json::render(&back),
        run.out,
        "JSON reads back"
    );
}

#[test]
fn output_is_written_whole_or_not_at_all() {
    let folder = TempDir::new().expect("a temporary folder");
    let to = |name: &str| folder.path().join(name).display().to_string();
    let run = quick(&["--format", "json", "--output", &to("report.json")]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.starts_with("Yes") && run.out.contains("report.json"),
        "{}",
        run.out
    );
    let written = fs::read_to_string(to("report.json")).expect("the report");
    assert!(
        serde_json::from_str::<serde_json::Value>(&written).is_ok(),
        "{written}"
    );

    // What was there before stays when the new report cannot be made.
    let refused_run = quick(&["--samples", "41", "--output", &to("report.json")]);
    refused(&refused_run, &["41"]);
    assert_eq!(
        fs::read_to_string(to("report.json")).expect("the report"),
        written,
        "untouched"
    );

    refused(&quick(&["--output", &to("")]), &["--output", "directory"]);
    refused(
        &quick(&["--output", &to("missing/report.txt")]),
        &["--output", "missing"],
    );
    let left: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn bad_options_are_named_with_the_way_out() {
    refused(
        &gradproof(&["check", "lenet"]),
        &["'lenet'", "did you mean 'lenet5'"],
    );
    refused(
        &gradproof(&["check", "resnet152"]),
        &["'resnet152'", "lenet5", ".toml"],
    );
    refused(&gradproof(&["chekc"]), &["chekc"]);
    for step in ["0", "-1e-3", "NaN", "inf", "1e-400", "fast"] {
        refused(&quick(&["--step", step]), &["--step", "auto"]);
    }
    refused(
        &quick(&["--step", "1e308"]),
        &["1e308", "larger than", "conv1.weight[", "auto"],
    );
    refused(
        &quick(&["--step", "1e-300"]),
        &["1e-300", "does not change", "auto"],
    );
    refused(&quick(&["--samples", "41"]), &["41", "40 digits"]);
    refused(&quick(&["--samples", "0"]), &["input", "0"]);
    refused(
        &quick(&["--samples", "18446744073709551615"]),
        &["too large"],
    );
    refused(
        &gradproof(&["check", "lenet5", "--coordinates", "0"]),
        &["0 weights"],
    );
    refused(
        &gradproof(&["check", "lenet5", "--coordinates", "9"]),
        &["9", "10 tensors"],
    );
    refused(
        &gradproof(&["check", "lenet5", "--coordinates", "some"]),
        &["some", "all"],
    );
    refused(
        &quick(&["--sources", "dual,central"]),
        &["backprop", "under test"],
    );
    refused(
        &quick(&["--sources", "backprop"]),
        &["at least one reference"],
    );
    refused(
        &quick(&["--sources", "backprop,dual,dual"]),
        &["dual twice"],
    );
    refused(
        &quick(&["--sources", "backprop,torch"]),
        &["torch", "dual, reverse, central"],
    );
    for penalty in ["l2", "l2=0", "l2=-1", "l2=NaN", "l3=1", "=", "l1=x"] {
        refused(&quick(&["--penalty", penalty]), &["--penalty", "l2=0.001"]);
    }
    refused(&quick(&["--format", "yaml"]), &["yaml", "json"]);
}

#[test]
fn bad_tokens_are_told_apart() {
    let token = quick(&[])
        .out
        .split_whitespace()
        .last()
        .expect("a token")
        .to_owned();
    refused(
        &gradproof(&["replay", "hello"]),
        &["hello", "no replay token"],
    );
    refused(
        &gradproof(&["replay", &token.replacen("gp1", "gp9", 1)]),
        &["version 9", "too new"],
    );
    refused(
        &gradproof(&["replay", &token[..token.len() - 4]]),
        &["damaged"],
    );
    refused(
        &gradproof(&["replay", &token.replacen(".", ".A", 1)]),
        &["damaged"],
    );
}

#[test]
fn bad_networks_are_named_layer_by_layer() {
    let folder = TempDir::new().expect("a temporary folder");
    let head = "name = \"bad\"\ninput = [2, 6, 6]\nloss = { op = \"mean_squared_error\" }\n";
    let refuse = |body: &str, words: &[&str]| {
        fs::write(folder.path().join("bad.toml"), format!("{head}{body}")).expect("written");
        refused(&gradproof_in(folder.path(), &["check", "bad.toml"]), words);
    };
    let layer = |text: &str| format!("[[layers]]\n{text}\n");
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 2\nkernel = 7"),
        &["conv1", "kernel of 7", "input of 6"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 0\nkernel = 3"),
        &["conv1", "0"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 4\nkernel = [3, 0]"),
        &["conv1", "kernel", "columns"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 4\nkernel = 3\nstride = 0"),
        &["conv1", "stride"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 4\nkernel = 3\ngroups = 3"),
        &["groups = 3", "input channels = 2"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 3\nkernel = 3\ngroups = 2"),
        &["groups = 2", "out_channels = 3"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 9007199254740993\nkernel = 3"),
        &["too large"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 3\nkernel = 3\npadding = 9223372036854775807"),
        &["too large"],
    );
    refuse(
        &layer("op = \"max_pool2d\"\nkernel = 2\npadding = 2"),
        &["pool1", "half of the kernel"],
    );
    refuse(
        &layer("op = \"linear\"\nout_features = 3"),
        &["fc1", "flatten"],
    );
    refuse(
        &layer("op = \"conv3d\"\nkernel = 2"),
        &["bad.toml", "conv3d"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 3\nkernel = 3\nstrides = 1"),
        &["bad.toml", "strides"],
    );
    refuse(
        &layer("op = \"conv2d\"\nout_channels = 3\nkernel = \"three\""),
        &["bad.toml", "whole number"],
    );
    refuse("layers = []\n", &["no parameters"]);
    let twice = layer("name = \"a\"\nop = \"relu\"").repeat(2);
    refuse(&twice, &["two layers", "'a'"]);
    refused(
        &gradproof_in(folder.path(), &["check", "missing.toml"]),
        &["missing.toml"],
    );
    fs::write(folder.path().join("binary.toml"), [0xff, 0xfe, 0x00]).expect("written");
    refused(
        &gradproof_in(folder.path(), &["check", "binary.toml"]),
        &["binary.toml"],
    );
}

#[test]
fn a_network_of_ones_own_is_checked() {
    let folder = TempDir::new().expect("a temporary folder");
    let network = "name = \"own\"\ninput = [2, 7, 6]\nloss = { op = \"softmax_cross_entropy\", label_smoothing = 0.1 }\n\
        [[layers]]\nop = \"conv2d\"\nout_channels = 4\nkernel = [3, 2]\nstride = [2, 1]\npadding = 1\ngroups = 2\nbias = false\n\
        [[layers]]\nop = \"sigmoid\"\n\
        [[layers]]\nop = \"avg_pool2d\"\nkernel = 3\nstride = 2\npadding = 1\nceil_mode = true\ncount_include_pad = false\n\
        [[layers]]\nop = \"flatten\"\n\
        [[layers]]\nop = \"linear\"\nout_features = 3\n";
    fs::write(folder.path().join("own.toml"), network).expect("written");
    let run = gradproof_in(folder.path(), &["check", "./own.toml"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("conv1.weight") && run.out.contains("fc1.bias"),
        "{}",
        run.out
    );
    assert!(
        !run.out.contains("conv1.bias"),
        "no bias was asked for: {}",
        run.out
    );
}

#[test]
fn help_is_written_for_somebody_new() {
    let run = gradproof(&["--help"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for words in ["check", "replay", "Exit codes", "gradproof check lenet5"] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    let run = gradproof(&["check", "--help"]);
    for option in [
        "--seed",
        "--samples",
        "--train-steps",
        "--penalty",
        "--step",
        "--coordinates",
        "--sources",
        "--format",
        "--output",
    ] {
        assert!(run.out.contains(option), "'{option}' in: {}", run.out);
    }
}

#[test]
fn what_there_is_is_listed() {
    let run = gradproof(&["list"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let names = gradproof::spec::preset::PRESETS;
    let operators = gradproof::spec::file::operators();
    let losses = gradproof::spec::file::losses();
    for name in names.iter().chain(operators).chain(losses) {
        assert!(
            run.out.contains(&format!("  {name}")),
            "'{name}' in: {}",
            run.out
        );
    }
    assert!(
        run.out.contains("lenet5            44426 parameters"),
        "{}",
        run.out
    );

    let run = gradproof(&["list", "conv2d"]);
    for words in [
        "kernel (needed)",
        "stride = 1",
        "bias = true",
        "dual, reverse, central",
    ] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    let run = gradproof(&["list", "--format", "json"]);
    let listing: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(
        listing["presets"].as_array().map(Vec::len),
        Some(names.len())
    );
    assert_eq!(
        listing["operators"].as_array().map(Vec::len),
        Some(operators.len())
    );
    refused(
        &gradproof(&["list", "conv9d"]),
        &["'conv9d'", "gradproof list"],
    );
}
