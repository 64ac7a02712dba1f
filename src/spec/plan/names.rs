//! The names that layers get.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{NetworkSpec, OpSpec};
use super::PlanError;

/// The layers' names: their own, or operator and running number in PyTorch's manner (`conv1`, `fc2`).
pub(super) fn layer_names(spec: &NetworkSpec) -> Result<Vec<String>, PlanError> {
    let mut counts = BTreeMap::new();
    let mut taken = BTreeSet::new();
    spec.layers
        .iter()
        .map(|layer| {
            let stem = match layer.op {
                OpSpec::Conv1d(_) | OpSpec::Conv2d(_) => "conv",
                OpSpec::ConvTranspose2d(_) => "deconv",
                OpSpec::Linear(_) => "fc",
                OpSpec::BatchNorm2d(_) => "bn",
                OpSpec::LayerNorm(_) | OpSpec::GroupNorm(_) | OpSpec::InstanceNorm(_) => "norm",
                OpSpec::MaxPool2d(_) | OpSpec::AvgPool2d(_) | OpSpec::AdaptiveAvgPool2d(_) => {
                    "pool"
                }
                OpSpec::ZeroPad2d(_) => "pad",
                _ => layer.op.name(),
            };
            let count = counts.entry(stem).or_insert(0_usize);
            *count += 1;
            let name = layer
                .name
                .clone()
                .unwrap_or_else(|| format!("{stem}{count}"));
            if taken.insert(name.clone()) {
                Ok(name)
            } else {
                Err(PlanError::DuplicateName {
                    network: spec.name.clone(),
                    layer: name,
                })
            }
        })
        .collect()
}
