//! The branch pattern of a forward pass: ReLU signs, pooling argmaxes, and the pieces of a loss.

use crate::layer::{Branches, Choices, Saved};

use super::Unit;

/// Which branch every unit took; two passes with one pattern lie on one smooth piece of the objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Of each layer, and of the loss behind the last.
    places: Vec<Option<Choices>>,
}

impl Pattern {
    /// The pattern of a forward pass, in which layers kept `saved`, and the loss made `loss` of its choices.
    #[must_use]
    pub fn of<S>(saved: Vec<Saved<S>>, loss: Option<Choices>) -> Self {
        let layers = saved.into_iter().map(Saved::into_choices);
        Self {
            places: layers.chain([loss]).collect(),
        }
    }

    /// The choices in `saved` of some first layers, and behind them those of `other`, which begins with the
    /// same layer.
    #[must_use]
    pub fn continued<S>(saved: Vec<Saved<S>>, other: &Self) -> Self {
        let behind = other.places[saved.len()..].to_vec();
        let layers = saved.into_iter().map(Saved::into_choices);
        Self {
            places: layers.chain(behind).collect(),
        }
    }

    /// The choices of layer number `place`, or behind the last of the loss; `None` when there are none.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&[u32]> {
        self.places.get(place)?.as_deref()
    }

    /// The choices of layer number `layer`, or `None` when it has no branches.
    #[must_use]
    pub fn layer(&self, layer: usize) -> Option<&[u32]> {
        let (_, layers) = self.places.split_last()?;
        layers.get(layer)?.as_deref()
    }

    /// The loss's choices, or `None` when it has no branches.
    #[must_use]
    pub fn loss(&self) -> Option<&[u32]> {
        self.places.last()?.as_deref()
    }

    /// Where the loss's branches come from.
    pub(crate) fn branches_of_loss(replay: Option<&Self>) -> Branches<'_> {
        match replay.and_then(Self::loss) {
            Some(choices) => Branches::Replay(choices),
            None => Branches::Follow,
        }
    }

    /// This pattern with another choice of `unit`; the penalty is no part of a pattern.
    ///
    /// # Panics
    /// When there is no such unit with branches.
    #[must_use]
    pub fn with(&self, unit: Unit, choice: u32) -> Self {
        let mut turned = self.clone();
        turned.turn(unit, choice);
        turned
    }

    /// Give `unit` another choice; the penalty is no part of a pattern.
    ///
    /// # Panics
    /// When there is no such unit with branches.
    pub fn turn(&mut self, unit: Unit, choice: u32) {
        let (place, index) = match unit {
            Unit::Layer { layer, index } => (layer, index),
            Unit::Loss { index } => (self.places.len() - 1, index),
            Unit::Penalty => return,
        };
        let choices = self.places[place].as_mut().expect("a unit with branches");
        choices[index] = choice;
    }

    /// Whether a pass through the layers from number `first` on took the same branches.
    #[must_use]
    pub fn is_same_from(&self, first: usize, behind: &Self) -> bool {
        self.places[first..] == behind.places
    }

    /// The units that took another branch in a pass through the layers from number `first` on.
    pub fn changed_from(&self, first: usize, behind: &Self) -> impl Iterator<Item = Unit> {
        let loss = self.places.len() - 1;
        let places = self.places[first..].iter().zip(&behind.places).zip(first..);
        places.flat_map(move |((own, other), place)| {
            let own = own.as_deref().unwrap_or_default().iter();
            let other = other.as_deref().unwrap_or_default();
            let pairs = own.zip(other).enumerate();
            let changed = pairs.filter(|(_, (own, other))| own != other);
            changed.map(move |(index, _)| {
                if place == loss {
                    Unit::Loss { index }
                } else {
                    Unit::Layer {
                        layer: place,
                        index,
                    }
                }
            })
        })
    }
}
