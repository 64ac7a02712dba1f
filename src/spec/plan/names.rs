//! The names that layers get.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::super::{LayerSpec, OpSpec};

/// A chain of layers whose names begin alike, and are counted together.
#[derive(Debug, Default)]
pub(super) struct Scope {
    prefix: String,
    counts: RefCell<BTreeMap<&'static str, usize>>,
}

impl Scope {
    /// The scope inside of the block `block`, which is a full name.
    pub(super) fn inside(block: &str) -> Self {
        Self {
            prefix: format!("{block}."),
            ..Self::default()
        }
    }

    /// The layer's full name: behind the names of the blocks that it stands in its own, or operator and
    /// running number in PyTorch's manner (`conv1`, `fc2`, `residual1.conv2`).
    pub(super) fn name(&self, layer: &LayerSpec) -> String {
        let stem = match layer.op {
            OpSpec::Conv1d(_) | OpSpec::Conv2d(_) => "conv",
            OpSpec::ConvTranspose2d(_) => "deconv",
            OpSpec::Linear(_) => "fc",
            OpSpec::BatchNorm2d(_) => "bn",
            OpSpec::LayerNorm(_) | OpSpec::GroupNorm(_) | OpSpec::InstanceNorm(_) => "norm",
            OpSpec::MaxPool2d(_) | OpSpec::AvgPool2d(_) | OpSpec::AdaptiveAvgPool2d(_) => "pool",
            OpSpec::ZeroPad2d(_) => "pad",
            OpSpec::Concatenation(_) => "concat",
            _ => layer.op.name(),
        };
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(stem).or_insert(0);
        *count += 1;
        let prefix = &self.prefix;
        match &layer.name {
            Some(name) => format!("{prefix}{name}"),
            None => format!("{prefix}{stem}{count}"),
        }
    }
}
