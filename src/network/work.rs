//! How much work a network is.

use crate::layer::Layer;

use super::{Network, NetworkLayer};

impl NetworkLayer {
    /// Multiply-adds of its forward pass; where it has no products, one for each entry of its output.
    #[must_use]
    pub fn multiply_adds(&self) -> u64 {
        let entries = |shape: &[usize]| shape.iter().map(|extent| *extent as u64).product::<u64>();
        // A kernel, or a row of the matrix.
        let of_weight = || {
            let weight = self.parameters.first();
            weight.map_or(1, |(_, shape)| entries(&shape[1..]))
        };
        match &self.layer {
            Layer::Conv1d(_) | Layer::Conv2d(_) | Layer::Linear => {
                entries(&self.output).saturating_mul(of_weight())
            }
            Layer::ConvTranspose2d(_) => entries(&self.input).saturating_mul(of_weight()),
            _ => entries(&self.output),
        }
    }
}

impl Network {
    /// Multiply-adds of a forward pass.
    #[must_use]
    pub fn multiply_adds(&self) -> u64 {
        let layers = self.layers.iter().map(NetworkLayer::multiply_adds);
        layers.fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use crate::network::Network;
    use crate::spec::plan::Plan;
    use crate::spec::preset::preset;

    #[test]
    fn the_work_of_lenet5_is_known() {
        let spec = preset("lenet5").expect("a preset");
        let network = Network::new(&Plan::new(&spec, 1).expect("it fits"));
        // 6·24²·25 + 16·8²·150 + 256·120 + 120·84 + 84·10 products, and 3456 + 864 + 1024 + 256 + 256
        // + 120 + 84 entries of activations, poolings and the flattened image.
        assert_eq!(network.multiply_adds(), 281_640 + 6_060);
    }
}
