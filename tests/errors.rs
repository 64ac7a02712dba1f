//! Every error names the input, what is wrong with it, and the way out.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

/// Arguments, and what the error says: the input, what is wrong, the way out.
type Bad = (&'static [&'static str], [&'static str; 3]);

#[rustfmt::skip]
const BAD: &[Bad] = &[
    (&["chekc"], ["'chekc'", "unrecognized subcommand", "check"]),
    (&["check", "--seeed", "3"], ["--seeed", "unexpected argument", "--seed"]),
    (&["check", "lenet"], ["'lenet'", "there is no network", "did you mean 'lenet5'?"]),
    (&["check", "missing.toml"], ["missing.toml", "cannot read", "name a .toml file"]),
    (&["check", "bad.toml"], ["bad.toml, line", "unknown attribute 'chanels'", "did you mean 'out_channels'"]),
    (&["check", "kernel.toml"], ["layer 'conv1'", "does not fit into an input of 2", "enlarge the input"]),
    (&["check", "empty.toml"], ["'empty'", "has no parameters", "add a layer"]),
    (&["check", "mlp", "--samples", "41"], ["41 samples", "there are 40", "use --samples 1 to 40"]),
    (&["check", "mlp", "--samples", "many"], ["many", "invalid", "--help"]),
    (&["check", "mlp", "--step", "0"], ["--step", "no step can be 0", "use 'auto'"]),
    (&["check", "mlp", "--step", "1e-300"], ["fc1.weight", "does not change", "take a larger step"]),
    (&["check", "mlp", "--coordinates", "2"], ["--coordinates 2", "cannot be spread over 6 tensors", "at least 6"]),
    (&["check", "mlp", "--coordinates", "few"], ["few", "neither 'all' nor 'auto'", "use for example 500"]),
    (&["check", "mlp", "--sources", "backprop,duel"], ["duel", "the sources are", "did you mean 'dual'?"]),
    (&["check", "mlp", "--sources", "backprop"], ["--sources", "at least one reference", "dual, reverse, central"]),
    (&["check", "mlp", "--penalty", "l3=1"], ["'l3'", "there is no penalty", "use for example l2=0.001"]),
    (&["check", "mlp", "--precision", "f16"], ["f16", "invalid value", "the formats are f64 and f32"]),
    (&["check", "mlp", "--order", "2", "--precision", "f32"], ["--order 2", "is judged in f64", "use --precision f64"]),
    (&["check", "mlp", "--data", "missing.npz"], ["missing.npz", "data in", "No such file"]),
    (&["check", "mlp", "--gradients", "note.txt"], ["note.txt", "neither a .npz nor a .safetensors", "write it with numpy.savez"]),
    (&["check", "mlp", "--output", "nowhere/report.txt"], ["nowhere/report.txt", "cannot write", "name a file in a directory that exists"]),
    (&["check", "mlp", "--format", "yaml"], ["yaml", "invalid value", "json"]),
    (&["check", "mlp", "--shard", "3/2", "--output", "x"], ["'3/2'", "is no share", "such as 2/8"]),
    (&["check", "mlp", "--color", "sometimes"], ["sometimes", "invalid value", "always"]),
    (&["check", "mlp", "-q", "-v"], ["--verbose", "cannot be used with", "Usage"]),
    (&["sweep", "mlp", "fc1.wieght[0,0]"], ["'fc1.wieght'", "there is no tensor", "did you mean 'fc1.weight'?"]),
    (&["sweep", "mlp", "fc1.weight[0]"], ["'fc1.weight[0]'", "has 1 indices", "give 2 of them"]),
    (&["sweep", "mlp", "fc1.bias[99]"], ["'fc1.bias[99]'", "lies outside", "at most"]),
    (&["fuzz", "conv2"], ["conv2", "invalid value", "did you mean 'conv2d'?"]),
    (&["fuzz", "conv2d", "--cases", "0"], ["--cases 0", "would try nothing", "use 1 or more"]),
    (&["fuzz", "conv2d", "--time", "fast"], ["fast", "invalid value", "use for example 60s"]),
    (&["fuzz", "conv2d", "--subject", "no-such-program"], ["no-such-program", "cannot be started", "name a program that there is"]),
    (&["verify", "missing.json"], ["missing.json", "cannot read", "name a file of op-cases"]),
    (&["merge", "missing.json"], ["missing.json", "cannot read", "name a file that"]),
    (&["merge", "note.txt"], ["note.txt", "is no share", "name files that"]),
    (&["power", "--cases", "0"], ["0 cases", "would prove nothing", "use --cases 1 or more"]),
    (&["list", "conv9d"], ["'conv9d'", "there is no network, operator or loss", "did you mean 'conv"]),
    (&["explain", "knik"], ["'knik'", "no report says", "did you mean 'kink'?"]),
    (&["replay", "hello"], ["'hello'", "is no replay token", "is the last word of a report"]),
    (&["replay", "old/failures.txt"], ["old/failures.txt", "there is no file", "copy the last word"]),
    (&["replay", "gp9.abc.00000000"], ["version 9", "too new", "update gradproof"]),
    (&["completions", "tcsh"], ["tcsh", "invalid value", "bash"]),
];

#[test]
fn every_bad_input_is_named_with_what_is_wrong_and_the_way_out() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let network = |name: &str, layers: &str| {
        format!(
            "name = \"{name}\"\ninput = [1, 2, 2]\nloss = {{ op = \"l1\" }}\nlayers = [{layers}]\n"
        )
    };
    write(
        "bad.toml",
        &network("bad", "{ op = \"conv2d\", chanels = 2, kernel = 1 }"),
    );
    write(
        "kernel.toml",
        &network(
            "kernel",
            "{ op = \"conv2d\", out_channels = 2, kernel = 3 }",
        ),
    );
    write("empty.toml", &network("empty", "{ op = \"relu\" }"));
    write("note.txt", "hello\n");
    let mut lacking = Vec::new();
    for (arguments, says) in BAD {
        let mut command = Command::cargo_bin("gradproof").unwrap();
        let output = command.current_dir(folder.path()).args(*arguments).output();
        let output = output.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        // Lines are broken where it fits.
        let plain = error.split_whitespace().collect::<Vec<_>>().join(" ");
        let lacks = says.iter().filter(|words| !plain.contains(**words));
        let lacks: Vec<_> = lacks.collect();
        if output.status.code() != Some(2) || !lacks.is_empty() || !output.stdout.is_empty() {
            lacking.push(format!("{arguments:?} lacks {lacks:?}: {error}"));
        }
    }
    assert!(
        BAD.len() >= 25 && lacking.is_empty(),
        "{}",
        lacking.join("\n")
    );
}
