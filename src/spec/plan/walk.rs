//! The way through a network's layers and blocks, which gives each its name, inputs and shapes.

use std::collections::BTreeSet;

use super::super::extent::{ShapeError, checked_size};
use super::super::{ConcatenationSpec, LayerSpec, NetworkSpec, OpSpec, ResidualSpec};
use super::names::Scope;
use super::parameters::{parameters, window_entries};
use super::shape::output_shape;
use super::{PlanError, PlannedLayer};

/// How far the way has gone. Activations are numbered: 0 is the network's input, and k + 1 the output
/// of layer number k.
pub(super) struct Walk<'a> {
    spec: &'a NetworkSpec,
    input: &'a [usize],
    names: BTreeSet<String>,
    /// The layers so far.
    pub(super) layers: Vec<PlannedLayer>,
    /// Numbers that their outputs, parameters and gathered windows take.
    pub(super) numbers: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(spec: &'a NetworkSpec, input: &'a [usize]) -> Self {
        Self {
            spec,
            input,
            names: BTreeSet::new(),
            layers: Vec::new(),
            numbers: 0,
        }
    }

    /// The shape of activation number `activation`.
    pub(super) fn shape(&self, activation: usize) -> &[usize] {
        match activation.checked_sub(1) {
            None => self.input,
            Some(layer) => &self.layers[layer].output,
        }
    }

    /// Go through `layers`, of which the first reads activation `from`, and return what the last gives.
    pub(super) fn chain(
        &mut self,
        layers: &[LayerSpec],
        scope: &Scope,
        from: usize,
    ) -> Result<usize, PlanError> {
        let mut at = from;
        for layer in layers {
            let name = scope.name(layer);
            if !self.names.insert(name.clone()) {
                return Err(PlanError::DuplicateName {
                    network: self.spec.name.clone(),
                    layer: name,
                });
            }
            at = match &layer.op {
                OpSpec::Residual(block) => self.residual(layer, block, name, at)?,
                OpSpec::Concatenation(block) => self.concatenation(layer, block, name, at)?,
                op => {
                    let output = output_shape(op, self.shape(at));
                    let output = output.map_err(|source| self.error(&layer.op, &name, source))?;
                    self.push(layer, name, vec![at], None, output)?
                }
            };
        }
        Ok(at)
    }

    fn residual(
        &mut self,
        layer: &LayerSpec,
        block: &ResidualSpec,
        name: String,
        from: usize,
    ) -> Result<usize, PlanError> {
        if block.layers.is_empty() {
            return Err(self.error(&layer.op, &name, ShapeError::EmptyBlock));
        }
        let end = self.chain(&block.layers, &Scope::inside(&name), from)?;
        let scope = Scope::inside(&format!("{name}.shortcut"));
        let shortcut = self.chain(&block.shortcut, &scope, from)?;
        let output = self.shape(end).to_vec();
        if output != self.shape(shortcut) {
            let source = ShapeError::Sum {
                layers: output,
                shortcut: self.shape(shortcut).to_vec(),
            };
            return Err(self.error(&layer.op, &name, source));
        }
        self.push(layer, name, vec![end, shortcut], Some(from), output)
    }

    fn concatenation(
        &mut self,
        layer: &LayerSpec,
        block: &ConcatenationSpec,
        name: String,
        from: usize,
    ) -> Result<usize, PlanError> {
        if block.branches.is_empty() {
            return Err(self.error(&layer.op, &name, ShapeError::EmptyBlock));
        }
        let mut ends = Vec::with_capacity(block.branches.len());
        for (number, branch) in (1..).zip(&block.branches) {
            let scope = Scope::inside(&format!("{name}.branch{number}"));
            ends.push(self.chain(branch, &scope, from)?);
        }
        let mut output = self.shape(ends[0]).to_vec();
        let rank = output.len();
        if block.dim == 0 || block.dim >= rank {
            let source = ShapeError::Dim {
                dim: block.dim,
                shape: output,
            };
            return Err(self.error(&layer.op, &name, source));
        }
        let mut size = 0_usize;
        for end in &ends {
            let shape = self.shape(*end);
            let fits = shape.len() == rank
                && (0..rank).all(|axis| axis == block.dim || shape[axis] == output[axis]);
            if !fits {
                let source = ShapeError::Concatenation {
                    dim: block.dim,
                    first: output,
                    other: shape.to_vec(),
                };
                return Err(self.error(&layer.op, &name, source));
            }
            size = size.saturating_add(shape[block.dim]);
        }
        output[block.dim] = size;
        self.push(layer, name, ends, Some(from), output)
    }

    /// Add a layer whose output has been found to have the shape `output`.
    fn push(
        &mut self,
        layer: &LayerSpec,
        name: String,
        reads: Vec<usize>,
        fork: Option<usize>,
        output: Vec<usize>,
    ) -> Result<usize, PlanError> {
        let input = self.shape(reads[0]).to_vec();
        let parameters = parameters(&layer.op, &name, &input);
        let sizes = std::iter::once(("its output", &output[..]))
            .chain(parameters.iter().map(|p| (&p.name[..], &p.shape[..])));
        let mut numbers = 0_usize;
        for (what, shape) in sizes {
            let size = checked_size(what, shape);
            let size = size.map_err(|source| self.error(&layer.op, &name, source))?;
            numbers = numbers.saturating_add(size);
        }
        // Behind the checks: a size of 0 would be divided by.
        numbers = numbers.saturating_add(window_entries(&layer.op, &input, &output));
        self.numbers = self.numbers.saturating_add(numbers);
        self.layers.push(PlannedLayer {
            name,
            op: layer.op.clone(),
            reads,
            fork,
            input,
            output,
            parameters,
        });
        Ok(self.layers.len())
    }

    fn error(&self, op: &OpSpec, layer: &str, source: ShapeError) -> PlanError {
        PlanError::Layer {
            network: self.spec.name.clone(),
            layer: layer.to_owned(),
            op: op.name(),
            source: Box::new(source),
        }
    }
}
