//! The branch pattern of a forward pass: ReLU signs and pooling argmaxes.

use crate::layer::{Choices, Saved};

use super::Unit;

/// Which branch every unit took; two passes with one pattern lie on one smooth piece of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    layers: Vec<Option<Choices>>,
}

impl Pattern {
    /// The pattern of a whole forward pass.
    #[must_use]
    pub fn of<S>(saved: &[Saved<S>]) -> Self {
        Self {
            layers: saved
                .iter()
                .map(|kept| kept.choices().map(<[u32]>::to_vec))
                .collect(),
        }
    }

    /// The choices of layer number `layer`, or `None` when it has no branches.
    #[must_use]
    pub fn layer(&self, layer: usize) -> Option<&[u32]> {
        self.layers.get(layer)?.as_deref()
    }

    /// This pattern with another choice of unit `index` of layer `layer`.
    ///
    /// # Panics
    /// When that layer has no branches, or not so many units.
    #[must_use]
    pub fn with(&self, layer: usize, index: usize, choice: u32) -> Self {
        let mut turned = self.clone();
        let choices = turned.layers[layer]
            .as_mut()
            .expect("a layer with branches");
        choices[index] = choice;
        turned
    }

    /// Whether the layers from number `first` on, of which `saved` was kept, took the same branches.
    #[must_use]
    pub fn is_same_from<S>(&self, first: usize, saved: &[Saved<S>]) -> bool {
        let branches = self.layers[first..].iter().map(Option::as_deref);
        branches.eq(saved.iter().map(Saved::choices))
    }

    /// The units of the layers from number `first` on, of which `saved` was kept, that took another
    /// branch.
    pub fn changed_from<S>(&self, first: usize, saved: &[Saved<S>]) -> impl Iterator<Item = Unit> {
        let layers = self.layers[first..].iter().zip(saved).zip(first..);
        layers.flat_map(|((own, kept), layer)| {
            let own = own.as_deref().unwrap_or_default().iter();
            let other = kept.choices().unwrap_or_default();
            let pairs = own.zip(other).enumerate();
            pairs
                .filter(|(_, (own, other))| own != other)
                .map(move |(index, _)| Unit::Layer { layer, index })
        })
    }
}
