//! The units that have branches, and their names.

use serde::{Deserialize, Serialize};

use crate::tensor;

use super::Network;

/// Something that has branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An entry of a layer's output.
    Layer {
        /// The layer's number.
        layer: usize,
        /// The row-major position in its output, batch first.
        index: usize,
    },
    /// An entry of the network's output, in the loss.
    Loss {
        /// The row-major position in the output, batch first.
        index: usize,
    },
    /// The L1 penalty's term of the weight itself.
    Penalty,
}

impl Network {
    /// The name of entry `index` of the output of layer number `layer`: `relu1[0,3,7,9]`.
    ///
    /// # Panics
    /// When there is no such layer.
    #[must_use]
    pub fn unit_name(&self, layer: usize, index: usize) -> String {
        let layer = &self.layers[layer];
        entry_name(&layer.name, index, &layer.output)
    }

    /// The unit's name.
    ///
    /// # Panics
    /// When the network has no such layer.
    #[must_use]
    pub fn name_of(&self, unit: Unit) -> String {
        match unit {
            Unit::Layer { layer, index } => self.unit_name(layer, index),
            Unit::Loss { index } => entry_name("loss", index, &self.output),
            Unit::Penalty => "the L1 penalty".to_owned(),
        }
    }
}

fn entry_name(of: &str, index: usize, shape: &[usize]) -> String {
    let index: Vec<String> = tensor::unflatten(index, shape)
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("{of}[{}]", index.join(","))
}

#[cfg(test)]
mod tests {
    use crate::network::Network;
    use crate::spec::plan::Plan;
    use crate::spec::preset::preset;

    #[test]
    fn a_unit_is_named_by_its_place_in_the_layers_output() {
        let spec = preset("lenet5").expect("a preset");
        let network = Network::new(&Plan::new(&spec, 2).expect("it fits"));
        // relu1 is (2, 6, 24, 24), pool1 (2, 6, 12, 12).
        assert_eq!(network.unit_name(1, 3 * 576 + 7 * 24 + 9), "relu1[0,3,7,9]");
        assert_eq!(network.unit_name(2, 6 * 144 + 13), "pool1[1,0,1,1]");
    }
}
