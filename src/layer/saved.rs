//! What a layer's passes hand over.

use crate::tensor::Tensor;

/// Which branch every unit of a layer took: for ReLU 1 when the unit passes its input on and 0 when
/// it does not; for other activations the piece that its input lies on, counted from below; for
/// max-pooling the position of the maximum in its image plane.
pub type Choices = Vec<u32>;

/// Where a layer's branches come from.
#[derive(Clone, Copy, Debug)]
pub enum Branches<'a> {
    /// From the values.
    Follow,
    /// From another forward pass, whatever the values are.
    Replay(&'a [u32]),
}

/// What a layer keeps of its forward pass for the backward pass.
#[derive(Clone, Debug)]
pub enum Saved<S> {
    /// The input.
    Input(Tensor<S>),
    /// The output.
    Output(Tensor<S>),
    /// The branch of each unit, and the shape of the input.
    Choices {
        /// One entry for each output.
        choices: Choices,
        /// Shape of the input.
        input: Vec<usize>,
    },
    /// The piece that each unit lies on, and the input.
    Pieces {
        /// One entry for each output.
        choices: Choices,
        /// The input.
        x: Tensor<S>,
    },
    /// The shape of the input.
    Shape(Vec<usize>),
    /// The sizes of the inputs along the axis on which they stand side by side.
    Parts(Vec<usize>),
}

impl<S> Saved<S> {
    /// The branch that each unit took; `None` for a layer without branches.
    #[must_use]
    pub fn choices(&self) -> Option<&[u32]> {
        match self {
            Self::Choices { choices, .. } | Self::Pieces { choices, .. } => Some(choices),
            _ => None,
        }
    }

    /// The same, with nothing else kept.
    #[must_use]
    pub fn into_choices(self) -> Option<Choices> {
        match self {
            Self::Choices { choices, .. } | Self::Pieces { choices, .. } => Some(choices),
            _ => None,
        }
    }
}

/// The gradients that a layer's backward pass returns.
#[derive(Clone, Debug)]
pub struct LayerGradients<S> {
    /// With respect to the input, in its shape.
    pub input: Tensor<S>,
    /// With respect to each parameter, in the parameters' order and shapes.
    pub parameters: Vec<Tensor<S>>,
}
