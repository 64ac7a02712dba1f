//! `gradproof sweep NETWORK COORDINATE`.

use clap::Args;

use crate::check::sweep;
use crate::report::sweep::{SweepReport, text};

use super::ExitCode;
use super::output::Output;
use super::progress::Bar;
use super::screen::Screen;
use super::subject::{NETWORK_HELP, Subject};

/// Here there are no parts to judge apart.
const PENALTY_HELP: &str =
    "Add a penalty on the weights, l2=LAMBDA or l1=LAMBDA; the sum with the data loss is swept";

/// Show how the gap at one weight changes with the step: rounding, truncation, a kink, or a bug.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof sweep lenet5 'conv1.weight[0,0,2,3]'\n  \
    gradproof sweep lenet5-tanh 'fc1.weight[7,30]' --seed 7 --train-steps 20\n  \
    gradproof sweep my-network.toml 'conv1.bias[0]' --format json --output sweep.json\n\n\
    Exit codes: 0 every gap is explained by rounding, truncation or a kink · 1 the derivative is wrong · \
    2 bad usage or input · 3 it could not be judged")]
#[command(mut_arg("penalty", |argument| argument.help(PENALTY_HELP)))]
pub(super) struct Arguments {
    #[arg(value_name = "NETWORK", help = NETWORK_HELP)]
    network: String,

    /// Which weight: its tensor and index, counted from 0, such as 'conv1.weight[0,0,2,3]'
    #[arg(value_name = "COORDINATE")]
    coordinate: String,

    #[command(flatten)]
    subject: Subject,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Sweep, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let case = self.subject.case(&self.network)?;
        self.output.prepare::<SweepReport>()?;
        let bar = Bar::spinner(screen, "sweeping the steps");
        let report = sweep(&case, &self.coordinate);
        bar.finish();
        let report = report.map_err(|error| error.to_string())?;
        self.output
            .write(&report, text::render, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }
}
