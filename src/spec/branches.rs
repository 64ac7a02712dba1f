//! Blocks whose input goes several ways, as data: a residual block, and a concatenation.

use serde::{Deserialize, Serialize};

use super::{LayerSpec, OpSpec};

/// Attributes of `residual`: the output of `layers` plus that of `shortcut`, of the same input.
///
/// Source: K. He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, equations 1 and 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualSpec {
    /// The layers that the input goes through, in order.
    pub layers: Vec<LayerSpec>,
    /// The projection that it takes past them; when left out, it is added as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortcut: Vec<LayerSpec>,
}

/// Attributes of `concatenation`: the outputs of all branches, of the same input, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcatenationSpec {
    /// The layers of each branch, in order; one without layers passes the input on.
    pub branches: Vec<Vec<LayerSpec>>,
    /// The axis along which they stand side by side; 1, the channels, when left out.
    #[serde(default = "channels", skip_serializing_if = "is_channels")]
    pub dim: usize,
}

fn channels() -> usize {
    1
}

fn is_channels(dim: &usize) -> bool {
    *dim == channels()
}

/// Show `visit` every operator of `layers`, those inside of blocks before the block itself.
pub fn for_each_operator(layers: &mut [LayerSpec], visit: &mut dyn FnMut(&mut OpSpec)) {
    for layer in layers {
        match &mut layer.op {
            OpSpec::Residual(block) => {
                for_each_operator(&mut block.layers, visit);
                for_each_operator(&mut block.shortcut, visit);
            }
            OpSpec::Concatenation(block) => {
                for branch in &mut block.branches {
                    for_each_operator(branch, visit);
                }
            }
            _ => (),
        }
        visit(&mut layer.op);
    }
}
