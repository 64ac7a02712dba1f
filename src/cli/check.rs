//! `gradproof check NETWORK`.

use clap::Args;

use crate::check::check;
use crate::report::text;
use crate::spec::case::{Case, Order, Selection, SourceName, Step};

use super::ExitCode;
use super::output::{Output, remark};
use super::progress::Bar;
use super::subject::{NETWORK_HELP, Subject};

/// Check the gradient of every parameter of a network, four ways.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof check lenet5\n  \
    gradproof check lenet5 --seed 7 --samples 8 --train-steps 20\n  \
    gradproof check lenet5 --penalty l2=0.001 --coordinates 500\n  \
    gradproof check lenet5-tanh --order 2\n  \
    gradproof check lenet5 --sources backprop,central --step 1e-5\n  \
    gradproof check my-network.toml --format json --output report.json")]
pub(super) struct Arguments {
    #[arg(value_name = "NETWORK", default_value = "lenet5", help = NETWORK_HELP)]
    network: String,

    #[command(flatten)]
    subject: Subject,

    /// How far central differences step: 'auto' chooses for each weight by its error estimate, a
    /// number such as 1e-3 is used for all
    #[arg(long, value_name = "auto|H", default_value = "auto", value_parser = step, allow_hyphen_values = true)]
    step: Step,

    /// How many weights are checked: 'all', or a random sample of N, spread over all tensors
    #[arg(long, value_name = "all|N", default_value = "all", value_parser = selection)]
    coordinates: Selection,

    /// Which sources take part, separated by commas; backprop is the one under test
    #[arg(long, value_name = "LIST", default_value = "backprop,dual,reverse,central", value_delimiter = ',', value_parser = source)]
    sources: Vec<SourceName>,

    /// Which derivatives are checked: 1 the gradient, 2 its derivative along two random directions too
    /// (Hessian-vector products, against hyper-dual numbers and central differences of the gradient)
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = order)]
    order: Order,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// What the program does when it is asked for nothing in particular.
    pub(super) fn lenet5() -> Self {
        Self {
            network: "lenet5".to_owned(),
            subject: Subject::usual(),
            step: Step::Auto,
            coordinates: Selection::All,
            sources: SourceName::ALL.to_vec(),
            order: Order::First,
            output: Output::standard(),
        }
    }

    /// Check, and write the report.
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let case = Case {
            step: self.step,
            coordinates: self.coordinates,
            sources: self.sources,
            order: self.order,
            ..self.subject.case(&self.network)?
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
    output.write(&checked.report, text::render, &checked.report.sentence)?;
    Ok(checked.report.outcome.into())
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

fn order(text: &str) -> Result<Order, String> {
    match text {
        "1" => Ok(Order::First),
        "2" => Ok(Order::Second),
        _ => Err("the orders are 1 and 2".to_owned()),
    }
}

fn source(text: &str) -> Result<SourceName, String> {
    SourceName::ALL
        .into_iter()
        .find(|source| source.to_string() == text)
        .ok_or_else(|| "the sources are backprop, dual, reverse, central".to_owned())
}
