//! gradproof beside PyTorch, in the same minute on the same machine: `cargo bench --bench speed`.
//!
//! PyTorch is measured by `benches/pytorch.py`, run with the Python that `GRADPROOF_PYTHON` names, else
//! `python3`; where that has no torch, only gradproof is measured. `-- --exhaustive` asks for PyTorch's
//! exhaustive mode too, which takes some 20 seconds.
//!
//! # What takes the time
//!
//! `gradproof check lenet5 --samples 1` on one thread took 0.97 s when every perturbed weight was followed
//! through all layers behind it (dual 0.09 s, central 0.72 s), and takes 0.20 s since (dual 0.07 s, central
//! 0.06 s, measuring roundings 0.03 s). `perf record -e cpu-clock:u` said where to look; this machine's
//! counters of instructions are closed, and valgrind does not know AVX-512. Before, of all samples:
//!
//! | share | in |
//! |---|---|
//! | 24 % | dot products of fc2 and fc3, once for every end of every step |
//! | 9 % | 16-lane dual passes through all layers behind, for the distances to kinks |
//! | 9 % | convolutions behind conv1 |
//! | 6 % | copies of activations |
//! | 4 % | pooling |
//!
//! Of the five only copies are among the first ten now, at 5 %.
//!
//! What taught most: a loop over eight lanes becomes one vector operation only when the sum is a local
//! array and the block of outputs is spelled out; written as a loop over an array of sums it stayed
//! scalar, 1.3 ns a lane vector where 0.2 ns are possible.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

mod common;

use std::process::{Command, Stdio};
use std::time::Duration;

use gradproof::source::{Backprop, Central, Dual, Passes, Point, Reverse};
use gradproof::spec::case::Step;
use serde::Deserialize;

/// Random cases of conv2d.
const CASES: usize = 1000;

/// What `pytorch.py` prints.
#[derive(Deserialize)]
struct PyTorch {
    version: String,
    /// Forward and backward of LeNet-5, in seconds on one thread.
    one_image: f64,
    images_64: f64,
    /// `gradcheck` of LeNet-5: one random projection, the first time and when everything is warm.
    fast_first: f64,
    fast_warm: f64,
    /// Every coordinate; only when asked for.
    exhaustive: Option<f64>,
    /// Random conv2d cases a second, every coordinate and one projection.
    conv2d_exhaustive: f64,
    conv2d_fast: f64,
}

fn main() {
    // `cargo test --benches` asks for no measurement.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let exhaustive = arguments.iter().any(|argument| argument == "--exhaustive");
    let pytorch = pytorch(exhaustive);
    let point = Point::new(common::of_preset("lenet5", 1), 1);
    let coordinates = common::parameters(&point);
    let seconds = |source: &dyn gradproof::source::GradientSource, runs| {
        common::seconds_of(source, &point, &coordinates, runs)
    };
    let by = |passes| Central {
        step: Step::Auto,
        passes,
    };
    let changes = seconds(&by(Passes::Changes), 10);
    let whole = seconds(&by(Passes::Whole), 2);
    println!(
        "LeNet-5, 1 image, all {} weights, one thread:",
        coordinates.len()
    );
    line("central differences, by changes", changes, None);
    line(
        "central differences, all layers behind",
        whole,
        Some(("by changes", changes)),
    );
    line("dual numbers", seconds(&Dual, 5), None);
    line("reverse (dfdx)", seconds(&Reverse, 50), None);
    line("backprop", seconds(&Backprop, 200), None);

    let check = ["check", "lenet5", "--samples", "1"];
    let program = common::fastest(10, || run(&check));
    println!("\nThe program, start-up and report included, two threads:");
    line("check lenet5 --samples 1, four ways", program, None);
    let start = common::fastest(50, || run(&["--version"]));
    line("--version", start, None);
    let fuzz = [
        "fuzz",
        "conv2d",
        "--cases",
        &CASES.to_string(),
        "--jobs",
        "2",
    ];
    let cases = CASES as f64 / common::fastest(3, || run(&fuzz));
    println!(
        "  {:44} {cases:8.0} a second",
        "random conv2d cases, four ways"
    );

    let passes = |samples| {
        let problem = common::of_preset("lenet5", samples);
        let runs = if samples == 1 { 2000 } else { 100 };
        common::fastest(runs, || problem.backpropagate::<f64>(None))
    };
    let (one, many) = (passes(1), passes(64));
    println!("\nForward and backward of LeNet-5, one thread:");
    line("1 image", one, None);
    line("64 images", many, None);

    let Some(pytorch) = pytorch else {
        println!("\nPyTorch was not found: GRADPROOF_PYTHON names a Python that has torch.");
        return;
    };
    println!("\nBeside PyTorch {}:", pytorch.version);
    if let Some(exhaustive) = pytorch.exhaustive {
        ratio(
            "gradcheck, every weight",
            exhaustive,
            "central, one thread",
            changes,
        );
    }
    ratio(
        "gradcheck, fast mode, first call",
        pytorch.fast_first,
        "check, four ways",
        program,
    );
    ratio(
        "gradcheck, fast mode, warm",
        pytorch.fast_warm,
        "check, four ways",
        program,
    );
    ratio(
        "forward and backward, 1 image",
        pytorch.one_image,
        "ours",
        one,
    );
    ratio(
        "forward and backward, 64 images",
        pytorch.images_64,
        "ours",
        many,
    );
    println!(
        "  conv2d cases a second: {:.1} with every coordinate, {:.0} in fast mode; ours {cases:.0}: {:.0} and {:.1} times as many",
        pytorch.conv2d_exhaustive,
        pytorch.conv2d_fast,
        cases / pytorch.conv2d_exhaustive,
        cases / pytorch.conv2d_fast,
    );
}

fn line(what: &str, seconds: f64, beside: Option<(&str, f64)>) {
    let time = format!("{:.3} ms", seconds * 1e3);
    let beside = beside.map_or_else(String::new, |(other, time)| {
        format!("  {:.1} times as long as {other}", seconds / time)
    });
    println!("  {what:44} {time:>12}{beside}");
}

fn ratio(theirs: &str, their_seconds: f64, ours: &str, our_seconds: f64) {
    println!(
        "  {theirs:36} {:>10.3} ms; {ours} {:.3} ms: {:.2} times as fast",
        their_seconds * 1e3,
        our_seconds * 1e3,
        their_seconds / our_seconds,
    );
}

/// Run the program that Cargo has built, on two threads.
fn run(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_gradproof"))
        .args(arguments)
        .env("RAYON_NUM_THREADS", "2")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let status = status.expect("the program has been built");
    assert!(status.success(), "{arguments:?}: {status}");
}

fn pytorch(exhaustive: bool) -> Option<PyTorch> {
    let python = std::env::var("GRADPROOF_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pytorch.py");
    let mut command = Command::new(python);
    command.arg(script).stderr(Stdio::null());
    if exhaustive {
        command.arg("--exhaustive");
    }
    let output = command.output().ok()?;
    // Both shall find the machine in the same state.
    std::thread::sleep(Duration::from_millis(200));
    serde_json::from_slice(&output.stdout).ok()
}
