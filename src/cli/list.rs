//! `gradproof list [NAME]`.

use clap::Args;
use serde::Serialize;

use crate::harness::mutant::Mutant;
use crate::report::text::Look;
use crate::spec::LossSpec;
use crate::spec::case::SourceName;
use crate::spec::file;
use crate::spec::nearest::nearest;
use crate::spec::plan::Plan;
use crate::spec::preset::{PRESETS, preset};

use super::ExitCode;
use super::format::{BASIC, Format, Written};
use super::output::Output;
use super::screen::Screen;

/// Show the networks, operators and losses that there are, and what is checked for each.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof list\n  \
    gradproof list conv2d\n  \
    gradproof list --format json")]
pub(super) struct Arguments {
    /// A network, operator or loss; all of them when left out
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    output: Output,
}

/// What there is.
#[derive(Serialize)]
struct Listing {
    presets: Vec<Preset>,
    operators: Vec<Entry>,
    losses: Vec<Entry>,
    /// The ways to the gradient that each is checked by.
    sources: Vec<SourceName>,
}

impl Written for Listing {
    const WHAT: &'static str = "the list";
    const FORMATS: &'static [Format] = BASIC;
}

#[derive(Serialize)]
struct Preset {
    name: &'static str,
    parameters: usize,
    /// Shape of one sample.
    input: Vec<usize>,
    /// Operators, in order.
    layers: Vec<&'static str>,
    loss: LossSpec,
}

/// An operator or a loss.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    attributes: Vec<Attribute>,
    /// Faults of its backward that gradproof is tried on, by `gradproof power`.
    faults: Vec<&'static str>,
}

#[derive(Serialize)]
struct Attribute {
    name: &'static str,
    /// In TOML, or in words; none when it has to be given.
    default: Option<&'static str>,
}

impl Arguments {
    /// Write the listing.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        self.output.prepare::<Listing>()?;
        let mut listing = listing()?;
        if let Some(name) = &self.name {
            listing.presets.retain(|preset| preset.name == name);
            listing.operators.retain(|entry| entry.name == name);
            listing.losses.retain(|entry| entry.name == name);
            if listing.presets.is_empty()
                && listing.operators.is_empty()
                && listing.losses.is_empty()
            {
                let known = PRESETS
                    .iter()
                    .chain(file::operators())
                    .chain(file::losses());
                let near = nearest(name, known);
                let near = near.map_or(String::new(), |near| format!(", did you mean '{near}'?"));
                return Err(format!(
                    "there is no network, operator or loss '{name}'{near}: 'gradproof list' shows all"
                ));
            }
        }
        let as_text = if self.name.is_some() { whole } else { short };
        self.output
            .write(&listing, as_text, "All is listed.", screen)?;
        Ok(ExitCode::Right)
    }
}

fn listing() -> Result<Listing, String> {
    let presets = PRESETS.into_iter().map(|name| {
        let spec = preset(name).map_err(|error| error.to_string())?;
        let plan = Plan::new(&spec, 1).map_err(|error| error.to_string())?;
        let parameters = plan.layers.iter().flat_map(|layer| &layer.parameters);
        Ok(Preset {
            name,
            parameters: parameters
                .map(|parameter| parameter.shape.iter().product::<usize>())
                .sum(),
            input: spec.input,
            layers: spec.layers.iter().map(|layer| layer.op.name()).collect(),
            loss: spec.loss,
        })
    });
    let entry = |name: &'static str, attributes: &[&'static str]| Entry {
        name,
        attributes: attributes
            .iter()
            .map(|attribute| Attribute {
                name: attribute,
                default: default(name, attribute),
            })
            .collect(),
        faults: faults(name),
    };
    Ok(Listing {
        presets: presets.collect::<Result<_, String>>()?,
        operators: file::operators()
            .iter()
            .map(|name| entry(name, file::attributes(name)))
            .collect(),
        losses: file::losses()
            .iter()
            .map(|name| entry(name, file::loss_attributes(name)))
            .collect(),
        sources: SourceName::ALL.to_vec(),
    })
}

/// The faults of the catalogue that live in the operator or loss.
fn faults(name: &str) -> Vec<&'static str> {
    let subject = if name.ends_with("_norm") || name.starts_with("batch_norm") {
        "normalization"
    } else {
        name
    };
    Mutant::all()
        .filter(|mutant| mutant.subject() == subject)
        .map(|mutant| mutant.words)
        .collect()
}

/// What an attribute is when it is left out; none when it has to be given.
fn default(name: &str, attribute: &str) -> Option<&'static str> {
    let default = match (name, attribute) {
        ("group_norm", "groups") | ("zero_pad2d", "padding") => return None,
        ("residual", "shortcut") => "the input as it is",
        ("concatenation", "dim") => "1",
        ("upsample", "mode") => "\"nearest\"",
        ("upsample", "size" | "scale_factor") => "one of size and scale_factor is needed",
        ("upsample", "align_corners" | "recompute_scale_factor") => "false",
        ("max_pool2d" | "avg_pool2d", "stride") => "the kernel's size",
        ("instance_norm", "affine") => "false",
        (_, "stride" | "dilation" | "groups" | "num_parameters") => "1",
        (_, "padding" | "output_padding" | "seed") => "0",
        (_, "bias" | "affine" | "training" | "count_include_pad") => "true",
        (_, "ceil_mode") => "false",
        (_, "eps") => "1e-5",
        (_, "running_mean") => "0 for each channel",
        (_, "running_var") => "1 for each channel",
        (_, "negative_slope") => "0.01",
        (_, "alpha" | "beta" | "max_val" | "delta") => "1.0",
        (_, "min_val") => "-1.0",
        (_, "threshold") => "20.0",
        (_, "approximate") => "\"none\"",
        (_, "dim") => "-1",
        (_, "p") => "0.5",
        (_, "label_smoothing") => "0.0",
        (_, "class_weights") => "1 for each class",
        _ => return None,
    };
    Some(default)
}

/// One line for each.
fn short(listing: &Listing, look: Look) -> String {
    let mut text = String::from("Networks:\n");
    for preset in &listing.presets {
        text.push_str(&format!(
            "  {:<15} {:>7} parameters, input {:?}, {} layers\n",
            preset.name,
            preset.parameters,
            preset.input,
            preset.layers.len()
        ));
    }
    for (title, entries) in [
        ("Operators, with their attributes", &listing.operators),
        ("Losses", &listing.losses),
    ] {
        text.push_str(&format!("\n{title}:\n"));
        for entry in entries {
            let attributes: Vec<String> = entry.attributes.iter().map(written).collect();
            let attributes = look.beside(26, &attributes.join(", "));
            let line = format!("  {:<23} {attributes}", entry.name);
            text.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    text.push_str(&format!("\n{}\n", sources(listing)));
    text.push_str("'gradproof list NAME' shows one with the faults that gradproof is tried on.\n");
    text
}

/// Everything about the few that are left.
fn whole(listing: &Listing, look: Look) -> String {
    let mut text = String::new();
    for preset in &listing.presets {
        text.push_str(&format!(
            "{}: {} parameters, input {:?}\n  {}\n",
            preset.name,
            preset.parameters,
            preset.input,
            look.beside(2, &preset.layers.join(" → "))
        ));
    }
    for entry in listing.operators.iter().chain(&listing.losses) {
        text.push_str(&format!("{}\n", entry.name));
        for attribute in &entry.attributes {
            text.push_str(&format!("  {}\n", written(attribute)));
        }
        if entry.attributes.is_empty() {
            text.push_str("  no attributes\n");
        }
        text.push_str("Faults of its backward that 'gradproof power' plants:\n");
        for fault in &entry.faults {
            text.push_str(&format!("  {}\n", look.beside(4, fault)));
        }
        if entry.faults.is_empty() {
            text.push_str("  none of its own\n");
        }
        text.push_str(&format!("{}\n", sources(listing)));
    }
    text
}

fn sources(listing: &Listing) -> String {
    let names: Vec<String> = listing.sources.iter().map(ToString::to_string).collect();
    format!("Each is checked by {}.", names.join(", "))
}

fn written(attribute: &Attribute) -> String {
    match attribute.default {
        Some(default) => format!("{} = {default}", attribute.name),
        None => format!("{} (needed)", attribute.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::NetworkSpec;

    /// The network file with one operator or loss, and these attributes.
    fn read(kind: &str, name: &str, attributes: &[String]) -> Option<NetworkSpec> {
        let lines = attributes.join("\n");
        let text = match kind {
            "loss" => format!("layers = []\n[loss]\nop = \"{name}\"\n{lines}"),
            _ => format!("loss = {{ op = \"l1\" }}\n[[layers]]\nop = \"{name}\"\n{lines}"),
        };
        NetworkSpec::from_toml(&format!("name = \"n\"\ninput = [1]\n{text}\n")).ok()
    }

    #[test]
    fn defaults_are_those_of_the_files() {
        let listing = listing().expect("a listing");
        let operators = listing.operators.iter().map(|entry| ("operator", entry));
        let losses = listing.losses.iter().map(|entry| ("loss", entry));
        for (kind, entry) in operators.chain(losses) {
            let needed = |attribute: &&Attribute| attribute.default.is_none();
            let given = |attribute: &Attribute| match attribute.name {
                "normalized_shape" => "normalized_shape = [1]".to_owned(),
                "layers" => "layers = [{ op = \"relu\" }]".to_owned(),
                "branches" => "branches = [[]]".to_owned(),
                name => format!("{name} = 1"),
            };
            let least: Vec<String> = entry.attributes.iter().filter(needed).map(given).collect();
            let plain = read(kind, entry.name, &least);
            assert!(plain.is_some(), "{} with {least:?}", entry.name);
            for position in 0..least.len() {
                let mut less = least.clone();
                let left_out = less.remove(position);
                assert_eq!(
                    read(kind, entry.name, &less),
                    None,
                    "{}: {left_out}",
                    entry.name
                );
            }
            for attribute in &entry.attributes {
                // In words: a value that depends on others.
                let Some(default) = attribute.default.filter(|default| !default.contains(' '))
                else {
                    continue;
                };
                let mut more = least.clone();
                more.push(format!("{} = {default}", attribute.name));
                assert_eq!(
                    read(kind, entry.name, &more),
                    plain,
                    "{} {more:?}",
                    entry.name
                );
            }
        }
    }
}
