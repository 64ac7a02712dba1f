//! Which layers read what, and what comes of that.

use std::ops::Range;

use super::{LeafName, Network};

impl Network {
    /// The numbers of the layers that depend on activation number `activation`, in order.
    #[must_use]
    pub fn behind(&self, activation: usize) -> Vec<usize> {
        let mut depends = vec![false; self.layers.len() + 1];
        depends[activation] = true;
        let mut behind = Vec::new();
        for (number, layer) in self.layers.iter().enumerate().skip(activation) {
            if layer.reads.iter().any(|read| depends[*read]) {
                depends[number + 1] = true;
                behind.push(number);
            }
        }
        behind
    }

    /// The numbers of the layers that read activation number `activation`, in order.
    pub fn readers(&self, activation: usize) -> impl Iterator<Item = usize> {
        let layers = self.layers.iter().enumerate();
        layers
            .filter_map(move |(number, layer)| layer.reads.contains(&activation).then_some(number))
    }

    /// The number of the layer that owns parameter number `parameter`.
    #[must_use]
    pub fn owner(&self, parameter: usize) -> Option<usize> {
        self.layers
            .iter()
            .position(|layer| layer.parameter_range().contains(&parameter))
    }

    /// The number of the layer that owns `leaf`; `None` for the network's input, which no layer owns.
    #[must_use]
    pub fn owner_of(&self, leaf: LeafName) -> Option<usize> {
        match leaf {
            LeafName::Input => None,
            LeafName::Parameter(number) => self.owner(number),
        }
    }

    /// Whether the layers in `layers` are affine on every piece: then what they compute is a straight
    /// line in one parameter until the first branch changes.
    #[must_use]
    pub fn is_piecewise_affine(&self, layers: Range<usize>) -> bool {
        self.layers[layers]
            .iter()
            .all(|layer| layer.layer.is_piecewise_affine())
    }

    /// Number of the last layer that has branches.
    #[must_use]
    pub fn last_branching(&self) -> Option<usize> {
        self.layers
            .iter()
            .rposition(|layer| layer.layer.has_branches())
    }
}
