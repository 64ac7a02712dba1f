//! `gradproof check NETWORK`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::check::{Checked, Manner, answers, check_by, export, precision_of};
use crate::data::tensors::create_folder;
use crate::report::words::{counted, listed};
use crate::report::{Report, text};
use crate::source::Passes;
use crate::spec::case::{Case, Order, Selection, SourceName, Step};
use crate::spec::files::Files;
use crate::spec::nearest::nearest;
use crate::spec::shard::Shard;

use super::ExitCode;
use super::detail::Detailed;
use super::output::{Output, remark};
use super::progress::Bar;
use super::screen::Screen;
use super::shard::{Content, Sharding, ShareFile};
use super::subject::{NETWORK_HELP, Subject};

/// Check the gradient of every parameter of a network, four ways.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof check lenet5\n  \
    gradproof check lenet5 --seed 7 --samples 2 --train-steps 5\n  \
    gradproof check mlp --penalty l2=0.001 --coordinates 500\n  \
    gradproof check mlp --order 2 --coordinates 100\n  \
    gradproof check mlp --sources backprop,central --step 1e-5\n  \
    gradproof check my-network.toml --format json --output report.json\n  \
    gradproof check mlp --coordinates auto\n  \
    gradproof check lenet5 --export out\n  \
    gradproof check lenet5 --data out/batch.npz --parameters out/parameters.npz --gradients mine.npz\n\n\
    With --coordinates auto a network is checked weight by weight as long as a forward pass for each of them \
    is 10^11 multiply-adds at most. Above, the gradient g of each tensor is held against exact \
    derivatives by dual numbers along 8 vectors r of random signs: r·g. One wrong weight shows in every \
    projection; errors in several cancel in all 8 with a probability of at most 2^-8. A projection that \
    disagrees is halved down to the wrong weights. Reported are the smallest error of one weight that would have \
    been seen in each tensor, and the work in forward passes. Central differences take no part.\n\n\
    Gradients of another program (--gradients) are those that loss.backward() leaves in .grad: of the \
    network's loss alone, without penalty or weight decay, at the same parameters and samples. \
    softmax_cross_entropy and nll are means over the batch (with class weights, weighted means), and \
    mean_squared_error, l1, huber and bce_with_logits means over all entries, as PyTorch's losses are \
    by default. Tensors have the names and layouts of PyTorch's named_parameters() where its modules are \
    called as the network's layers: conv1.weight (out, in, rows, columns), fc1.weight (out, in), fc1.bias. \
    Every parameter has to be there; 'loss' (one number) and 'input' (the gradient of the samples) \
    may be, and are checked too. Batch norm is in training mode. With --data let \
    --samples be as many as the file has: else the seed chooses some of them. A file that does not fit is \
    refused with all that is missing, surplus, misshapen or not finite")]
pub(super) struct Arguments {
    #[arg(value_name = "NETWORK", default_value = "lenet5", help = NETWORK_HELP)]
    network: String,

    #[command(flatten)]
    subject: Subject,

    /// How far central differences step: 'auto' chooses for each weight by its error estimate, a
    /// number such as 1e-3 is used for all
    #[arg(long, value_name = "auto|H", default_value = "auto", value_parser = step, allow_hyphen_values = true)]
    step: Step,

    /// How the objective is computed at the ends of a step: 'changes' computes again what the step
    /// alters and nothing else, 'whole' all layers behind the weight. The verdicts are the same; 'whole' is
    /// slower, and a second opinion
    #[arg(long, value_name = "changes|whole", default_value = "changes", value_parser = passes, hide_possible_values = true)]
    passes: Passes,

    /// How many weights are checked: 'all', a random sample of N, spread over all tensors, or 'auto': all
    /// where that takes little, and of large networks every tensor by random-sign projections, which find
    /// wrong weights among millions (see below)
    #[arg(long, value_name = "all|auto|N", default_value = "all", value_parser = selection)]
    coordinates: Selection,

    /// Which sources take part, separated by commas; backprop is the one under test
    #[arg(long, value_name = "LIST", default_value = "backprop,dual,reverse,central", value_delimiter = ',', value_parser = source)]
    sources: Vec<SourceName>,

    /// Which derivatives are checked: 1 the gradient, 2 its derivative along two random directions too
    /// (Hessian-vector products, against hyper-dual numbers and central differences of the gradient)
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = order)]
    order: Order,

    /// Parameters of your own instead of seeded ones, under PyTorch's names and in its layouts; what is
    /// not finite, missing, surplus or of another shape is named
    #[arg(long, value_name = "FILE.npz|FILE.safetensors")]
    parameters: Option<String>,

    /// Put the gradient in this file on trial instead of hand-written backprop's: another program
    /// computed it for the same network, parameters and samples (see below). float32 numbers are
    /// judged by what f32's rounding allows
    #[arg(long, value_name = "FILE.npz|FILE.safetensors")]
    gradients: Option<String>,

    /// Write parameters, batch (inputs and labels or targets) and every source's gradient into the
    /// folder DIR, as .npz and .safetensors; each file is replaced whole, or not at all. NaN stands where
    /// a source has no derivative to give: at a kink, or, with --coordinates, at what dual numbers
    /// and central differences were not asked for
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,

    #[command(flatten)]
    sharding: Sharding,

    #[command(flatten)]
    detailed: Detailed,

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
            passes: Passes::default(),
            coordinates: Selection::All,
            sources: SourceName::ALL.to_vec(),
            order: Order::First,
            parameters: None,
            gradients: None,
            export: None,
            sharding: Sharding::whole(),
            detailed: Detailed::default(),
            output: Output::standard(),
        }
    }

    /// Check, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let subject = match &self.gradients {
            Some(path) => {
                let found = || precision_of(path).map_err(|error| error.to_string());
                self.subject.or_precision(found)?
            }
            None => self.subject,
        };
        let case = Case {
            files: Files {
                parameters: self.parameters.map(Into::into),
                gradients: self.gradients.map(Into::into),
            },
            step: self.step,
            coordinates: self.coordinates,
            sources: self.sources,
            order: self.order,
            ..subject.case(&self.network)?
        };
        match self.sharding.share() {
            None => {
                let manner = Manner {
                    passes: self.passes,
                    details: self.detailed.wanted(&self.output)?,
                };
                run_case(&case, &manner, &self.output, self.export.as_deref(), screen)
            }
            Some(_) if self.export.is_some() => Err(
                "--export has every number of a check, and a share only its own: use it without --shard"
                    .to_owned(),
            ),
            Some(shard) => run_share(&case, shard, &self.output.of_share(shard), screen),
        }
    }
}

/// Ask the sources at the coordinates of one share.
fn run_share(
    case: &Case,
    shard: Shard,
    output: &Output,
    screen: Screen,
) -> Result<ExitCode, String> {
    output.prepare_share()?;
    let bar = Bar::new(screen);
    let own = answers(case, shard, &bar);
    bar.finish();
    let (token, parts) = own.map_err(|error| error.to_string())?;
    let asked = parts
        .iter()
        .filter_map(|part| part.answers.first())
        .map(|answer| answer.gradient.estimates.len())
        .max();
    let sentence = format!(
        "{} asked for, and not judged yet.",
        counted(asked.unwrap_or(0), "derivative")
    );
    let file = ShareFile::new(shard, Content::Check { token, parts });
    output.write_share(&file, &sentence, screen)?;
    Ok(ExitCode::Right)
}

/// Check `case`, write its numbers into the folder `exported`, if there is to be one, and the report.
pub(super) fn run_case(
    case: &Case,
    manner: &Manner,
    output: &Output,
    exported: Option<&Path>,
    screen: Screen,
) -> Result<ExitCode, String> {
    output.prepare::<Report>()?;
    if let Some(folder) = exported {
        create_folder(folder).map_err(|error| format!("--export: {error}"))?;
    }
    let bar = Bar::new(screen);
    let start = Instant::now();
    let checked = check_by(case, manner, &bar);
    bar.finish();
    let mut checked = checked.map_err(|error| error.to_string())?;
    checked.report.timing = output.timing(start.elapsed(), &checked.seconds);
    let seconds: Vec<String> = checked
        .seconds
        .iter()
        .map(|(source, time)| format!("{source} {:.2} s", time.as_secs_f64()))
        .collect();
    // Beside a report for people and not in it: a replayed one is the same bytes.
    if screen.is_verbose() {
        remark(&format!("Time: {}\n", seconds.join(" · ")));
    }
    if let Some(folder) = exported {
        write_numbers(case, &checked, folder, screen)?;
    }
    output.write(
        &checked.report,
        text::render_with,
        &checked.report.sentence,
        screen,
    )?;
    Ok(checked.report.outcome.into())
}

fn write_numbers(
    case: &Case,
    checked: &Checked,
    folder: &Path,
    screen: Screen,
) -> Result<(), String> {
    let export = export(case, checked).map_err(|error| format!("--export: {error}"))?;
    let written = export.write(folder);
    written.map_err(|error| format!("--export: {error}"))?;
    let partial: Vec<String> = export.partial().iter().map(ToString::to_string).collect();
    let holes = match partial.len() {
        0 => String::new(),
        _ => format!(
            "; the gradient by {} is NaN where it was not asked for or has a kink",
            listed(&partial)
        ),
    };
    if screen.is_talkative() {
        remark(&format!(
            "Exported: {} files in {}{holes}\n",
            export.files().len(),
            folder.display()
        ));
    }
    Ok(())
}

fn passes(text: &str) -> Result<Passes, String> {
    match text {
        "changes" => Ok(Passes::Changes),
        "whole" => Ok(Passes::Whole),
        _ => Err("there are 'changes' and 'whole'".to_owned()),
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
    match text {
        "all" => return Ok(Selection::All),
        "auto" => return Ok(Selection::Auto),
        _ => (),
    }
    match text.parse() {
        Ok(0) => {
            Err("a check of 0 weights would say nothing; use 'all', 'auto' or a number".to_owned())
        }
        Ok(wanted) => Ok(Selection::Sample(wanted)),
        Err(_) => {
            Err("neither 'all' nor 'auto' nor a whole number; use for example 500".to_owned())
        }
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
        .ok_or_else(|| {
            let names = SourceName::ALL.map(|source| source.to_string());
            let near = nearest(text, &names);
            let near = near.map_or(String::new(), |near| format!("did you mean '{near}'? "));
            format!("{near}the sources are backprop, dual, reverse, central")
        })
}
