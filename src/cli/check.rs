//! `gradproof check NETWORK`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;

use crate::check::check;
use crate::spec::case::{Case, Precision, Selection, SourceName, Step};
use crate::spec::preset::preset;
use crate::spec::{NetworkSpec, PenaltySpec};

use super::ExitCode;
use super::output::{Output, remark};
use super::progress::Bar;

/// The largest network file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Check the gradient of every parameter of a network, four ways.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof check lenet5\n  \
    gradproof check lenet5 --seed 7 --samples 8 --train-steps 20\n  \
    gradproof check lenet5 --penalty l2=0.001 --coordinates 500\n  \
    gradproof check lenet5 --sources backprop,central --step 1e-5\n  \
    gradproof check my-network.toml --format json --output report.json")]
pub(super) struct Arguments {
    /// What to check: lenet5, lenet5-tanh, mlp, or the path of a .toml file that describes a network
    #[arg(value_name = "NETWORK", default_value = "lenet5")]
    network: String,

    /// Everything random follows from this number: initial weights, chosen digits, sampled weights
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// How many samples are in the batch (of the 40 MNIST digits that are built in)
    #[arg(long, value_name = "N", default_value_t = 4)]
    samples: usize,

    /// Take N steps of plain gradient descent first: gradients at untrained weights can hide bugs
    #[arg(long, value_name = "N", default_value_t = 0)]
    train_steps: usize,

    /// Add a penalty on the weights, l2=LAMBDA or l1=LAMBDA; the data loss and the penalty are then
    /// judged apart and together
    #[arg(long, value_name = "KIND=LAMBDA", value_parser = penalty)]
    penalty: Option<PenaltySpec>,

    /// How far central differences step: 'auto' chooses for each weight by its error estimate, a
    /// number such as 1e-3 is used for all
    #[arg(long, value_name = "auto|H", default_value = "auto", value_parser = step, allow_negative_numbers = true)]
    step: Step,

    /// How many weights are checked: 'all', or a random sample of N, spread over all tensors
    #[arg(long, value_name = "all|N", default_value = "all", value_parser = selection)]
    coordinates: Selection,

    /// Which sources take part, separated by commas; backprop is the one under test
    #[arg(long, value_name = "LIST", default_value = "backprop,dual,reverse,central", value_delimiter = ',', value_parser = source)]
    sources: Vec<SourceName>,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// What the program does when it is asked for nothing in particular.
    pub(super) fn lenet5() -> Self {
        Self {
            network: "lenet5".to_owned(),
            seed: 1,
            samples: 4,
            train_steps: 0,
            penalty: None,
            step: Step::Auto,
            coordinates: Selection::All,
            sources: SourceName::ALL.to_vec(),
            output: Output::standard(),
        }
    }

    /// Check, and write the report.
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let case = Case {
            spec: network(&self.network)?,
            seed: self.seed,
            precision: Precision::F64,
            samples: self.samples,
            train_steps: self.train_steps,
            penalty: self.penalty,
            step: self.step,
            coordinates: self.coordinates,
            sources: self.sources,
        };
        run_case(&case, &self.output)
    }
}

/// Check `case`, and write the report.
pub(super) fn run_case(case: &Case, output: &Output) -> Result<ExitCode, String> {
    output.prepare()?;
    let bar = Bar::new();
    let checked = check(case, &bar);
    bar.finish();
    let checked = checked.map_err(|error| error.to_string())?;
    let seconds: Vec<String> = checked
        .seconds
        .iter()
        .map(|(source, time)| format!("{source} {:.2} s", time.as_secs_f64()))
        .collect();
    // Beside the report and not in it: a replayed report is the same bytes.
    remark(&format!("Time: {}\n", seconds.join(" · ")));
    output.write(&checked.report)?;
    Ok(checked.report.outcome.into())
}

/// The preset of this name, or the network in this file.
fn network(name: &str) -> Result<NetworkSpec, String> {
    let path = Path::new(name);
    let is_file = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
        || name.contains(std::path::is_separator);
    if !is_file {
        return preset(name).map_err(|error| error.to_string());
    }
    let cannot =
        |error: &dyn std::fmt::Display| format!("cannot read the network file {name}: {error}");
    let mut text = String::new();
    let file = File::open(path).map_err(|error| cannot(&error))?;
    let read = file
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| cannot(&error))?;
    if read as u64 > MOST_BYTES {
        return Err(cannot(&format!(
            "it is larger than {MOST_BYTES} bytes, which no network file is"
        )));
    }
    NetworkSpec::from_toml(&text).map_err(|error| format!("{name}: {error}"))
}

fn penalty(text: &str) -> Result<PenaltySpec, String> {
    let example = "use for example l2=0.001";
    let (kind, strength) = text
        .split_once('=')
        .ok_or_else(|| format!("no '=' in it; {example}"))?;
    let strength: f64 = strength
        .parse()
        .map_err(|_| format!("'{strength}' is not a number; {example}"))?;
    if !(strength.is_finite() && strength > 0.0) {
        return Err(format!(
            "{strength} is not a finite number above 0; {example}"
        ));
    }
    match kind {
        "l2" => Ok(PenaltySpec::L2 { strength }),
        "l1" => Ok(PenaltySpec::L1 { strength }),
        _ => Err(format!(
            "there is no penalty '{kind}', only l2 and l1; {example}"
        )),
    }
}

fn step(text: &str) -> Result<Step, String> {
    if text == "auto" {
        return Ok(Step::Auto);
    }
    let hint = "use 'auto', or a finite number above 0 such as 1e-5";
    let step: f64 = text.parse().map_err(|_| format!("not a number; {hint}"))?;
    if step.is_finite() && step > 0.0 {
        Ok(Step::Fixed(step))
    } else {
        Err(format!("no step can be {step}; {hint}"))
    }
}

fn selection(text: &str) -> Result<Selection, String> {
    if text == "all" {
        return Ok(Selection::All);
    }
    match text.parse() {
        Ok(0) => Err("a check of 0 weights would say nothing; use 'all' or a number".to_owned()),
        Ok(wanted) => Ok(Selection::Sample(wanted)),
        Err(_) => Err("neither 'all' nor a whole number".to_owned()),
    }
}

fn source(text: &str) -> Result<SourceName, String> {
    SourceName::ALL
        .into_iter()
        .find(|source| source.to_string() == text)
        .ok_or_else(|| "the sources are backprop, dual, reverse, central".to_owned())
}
