//! What becomes of a change: from changes of some channels of a layer's input to those of its output, in
//! several perturbed passes at once.
//!
//! A perturbed weight changes one channel of its layer's output, or one feature. Behind it everything that
//! the change does not reach is as it was. What it does reach follows from the change alone, by linearity
//! or by comparison with what was there:
//!
//! | layer | change of the output |
//! |---|---|
//! | convolution, linear | the kernels of the changed channels applied to the change: Δy = k∗Δx, W·Δx |
//! | ReLU, activations | f(x + Δx) − f(x) at each changed entry |
//! | max-pooling | the windows of the changed channels, compared again |
//! | average pooling, padding, resizing | the same operation on the change |
//! | dropout, statistics gathered before | Δx times the entry's factor |
//! | softmax, statistics of the batch, transposed convolution | the whole layer once more for each pass |
//!
//! A change is so much smaller than what it is added to that it keeps digits that x + Δx has not: what is
//! found differs from a whole pass by no more than that pass's own rounding.
//!
//! Passes are lanes: neighbours in memory, so that one operation on a vector register serves all of them.

mod conv;
mod entry;
mod linear;
mod owner;
mod planes;
mod pool;
mod whole;

use std::ops::Range;

use crate::tensor::{Tensor, values};

use crate::layer::{Join, Layer};

pub use owner::Owned;

/// Passes that are computed at once.
pub const LANES: usize = 8;

/// One number in each pass.
pub type Lanes = [f64; LANES];

/// The samples, channels and positions of a channel of a tensor, batch first; features are channels of one
/// position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Samples.
    pub samples: usize,
    /// Channels, or features.
    pub channels: usize,
    /// Positions of a channel.
    pub positions: usize,
}

impl Extent {
    /// Of a tensor of this shape.
    #[must_use]
    pub fn of(shape: &[usize]) -> Self {
        Self {
            samples: shape.first().copied().unwrap_or(1),
            channels: shape.get(1).copied().unwrap_or(1),
            positions: shape.iter().skip(2).product(),
        }
    }

    /// Where `channels` of sample `n` stand in the whole tensor.
    #[must_use]
    pub fn range(&self, n: usize, channels: &Range<usize>) -> Range<usize> {
        let at = |channel| (n * self.channels + channel) * self.positions;
        at(channels.start)..at(channels.end)
    }
}

/// The change of some channels of an activation, in every pass.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The channels; none when nothing is changed.
    channels: Range<usize>,
    /// samples × channels × positions.
    deltas: Vec<Lanes>,
}

impl Change {
    /// The channels that are changed: none of the others is.
    #[must_use]
    pub fn channels(&self) -> Range<usize> {
        self.channels.clone()
    }

    /// Whether nothing is changed in any pass.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.channels.is_empty()
    }

    /// The change, samples × changed channels × positions.
    #[must_use]
    pub fn deltas(&self) -> &[Lanes] {
        &self.deltas
    }

    /// The change, to be written.
    #[must_use]
    pub fn deltas_mut(&mut self) -> &mut [Lanes] {
        &mut self.deltas
    }

    /// Change nothing.
    pub fn clear(&mut self) {
        self.channels = 0..0;
        self.deltas.clear();
    }

    /// Change `channels` of a tensor of this extent, by 0 at first.
    pub fn start(&mut self, channels: Range<usize>, extent: Extent) -> &mut [Lanes] {
        self.deltas.clear();
        let entries = extent.samples * channels.len() * extent.positions;
        self.deltas.resize(entries, [0.0; LANES]);
        self.channels = channels;
        &mut self.deltas
    }

    /// Change nothing, if all of the change is 0.
    fn forget_zeros(&mut self) {
        let is_zero = |lanes: &Lanes| lanes.iter().all(|delta| *delta == 0.0);
        if self.deltas.iter().all(is_zero) {
            self.clear();
        }
    }

    /// Of each sample its part; `extent` is that of the tensor that is changed.
    pub fn samples(&self, extent: Extent) -> impl Iterator<Item = &[Lanes]> {
        let length = (self.channels.len() * extent.positions).max(1);
        self.deltas.chunks_exact(length)
    }
}

/// What becomes of branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Every pass follows its own values: Δ is a finite change.
    Finite,
    /// Every pass stays on the branches of the unperturbed one, and follows its slopes: Δ is a tangent.
    Tangent,
}

/// A layer in the unperturbed pass.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// The layer.
    pub layer: &'a Layer,
    /// Its parameters.
    pub parameters: &'a [Tensor<f64>],
    /// Its input.
    pub x: &'a Tensor<f64>,
    /// Its output.
    pub y: &'a Tensor<f64>,
    /// The branches of its units, if it has any.
    pub choices: Option<&'a [u32]>,
}

/// How a layer with one input passes on a change; made once for an unperturbed pass.
#[derive(Clone, Debug)]
pub enum Rule {
    /// A convolution's kernels, applied to the change.
    Conv(conv::Conv),
    /// A linear layer's weights, applied to the change.
    Linear(linear::Linear),
    /// max(x, 0).
    Relu,
    /// A function of every entry.
    Entries(entry::Slopes),
    /// Every entry times a factor of its own.
    Factors(entry::Slopes),
    /// Maximum over windows.
    MaxPool(pool::Windows),
    /// The same operation on every channel, linear but for a constant.
    Planes,
    /// Positions become features.
    Flatten,
    /// Any other layer, as a whole.
    Whole,
}

impl Rule {
    /// The rule of this layer.
    #[must_use]
    pub fn of(here: &Here<'_>) -> Self {
        match here.layer {
            Layer::Conv1d(conv) | Layer::Conv2d(conv) => Self::Conv(conv::Conv::new(conv, here)),
            Layer::Linear => Self::Linear(linear::Linear::new(here.parameters)),
            Layer::Relu => Self::Relu,
            Layer::Tanh | Layer::Sigmoid | Layer::Prelu => Self::Entries(entry::Slopes::of(here)),
            Layer::Activation(activation) if activation.is_of_entries() => {
                Self::Entries(entry::Slopes::of(here))
            }
            Layer::Dropout(_) => Self::Factors(entry::Slopes::of(here)),
            Layer::Normalization(norm) if norm.running.is_some() => {
                Self::Factors(entry::Slopes::of(here))
            }
            Layer::MaxPool2d(pool) => Self::MaxPool(pool::Windows::of(pool, here)),
            Layer::AvgPool2d(_)
            | Layer::AdaptiveAvgPool2d
            | Layer::ZeroPad2d(_)
            | Layer::Upsample(_) => Self::Planes,
            Layer::Flatten => Self::Flatten,
            Layer::ConvTranspose2d(_)
            | Layer::Normalization(_)
            | Layer::Activation(_)
            | Layer::Join(_) => Self::Whole,
        }
    }

    /// Whether `layer` is computed as a whole for each pass, since most of it depends on any change.
    #[must_use]
    pub fn is_whole(layer: &Layer) -> bool {
        match layer {
            Layer::ConvTranspose2d(_) => true,
            Layer::Normalization(norm) => norm.running.is_none(),
            Layer::Activation(activation) => !activation.is_of_entries(),
            _ => false,
        }
    }

    /// Set `out` to what `change` does to the layer's output, and mark in `turned` the passes in which a
    /// unit takes another branch than in the unperturbed one.
    pub fn pass(
        &self,
        here: &Here<'_>,
        manner: Manner,
        change: &Change,
        out: &mut Change,
        turned: &mut [bool; LANES],
    ) {
        if change.is_nothing() {
            return out.clear();
        }
        match self {
            Self::Conv(conv) => conv.pass(here, change, out),
            Self::Linear(linear) => linear.pass(here, change, out),
            Self::Relu => entry::relu(here, manner, change, out, turned),
            Self::Entries(slopes) => match manner {
                Manner::Finite => entry::finite(here, change, out, turned),
                Manner::Tangent => slopes.pass(here, change, out),
            },
            Self::Factors(factors) => factors.pass(here, change, out),
            Self::MaxPool(windows) => windows.pass(here, manner, change, out, turned),
            Self::Planes => planes::pass(here, change, out),
            Self::Flatten => {
                let positions = Extent::of(here.x.shape()).positions;
                out.channels = change.channels.start * positions..change.channels.end * positions;
                out.deltas.clone_from(&change.deltas);
            }
            Self::Whole => whole::pass(here, manner, change, out, turned),
        }
        if !matches!(self, Self::Conv(_) | Self::Linear(_) | Self::Flatten) {
            out.forget_zeros();
        }
    }
}

impl Join {
    /// Whether changes of the inputs are passed on by [`Join::pass`].
    #[must_use]
    pub fn passes_changes(&self) -> bool {
        !matches!(self, Self::Concatenation { axis } if *axis != 1)
    }

    /// Set `out` to what `changes` of the inputs, which are the tensors `inputs`, do to the output.
    ///
    /// # Panics
    /// For a concatenation along another axis than the channels'.
    pub fn pass(&self, inputs: &[&Tensor<f64>], changes: &[&Change], out: &mut Change) {
        out.clear();
        let mut offset = 0;
        for (x, change) in inputs.iter().zip(changes) {
            if !change.is_nothing() {
                let Range { start, end } = change.channels();
                let moved = start + offset..end + offset;
                out.add(moved, change, Extent::of(x.shape()));
            }
            if let Self::Concatenation { axis } = self {
                assert_eq!(*axis, 1, "channels stand side by side");
                offset += Extent::of(x.shape()).channels;
            }
        }
    }
}

impl Change {
    /// Add `other`, as a change of `channels`; `extent` is that of a tensor with the positions of both.
    fn add(&mut self, channels: Range<usize>, other: &Self, extent: Extent) {
        if self.is_nothing() {
            self.channels = channels;
            self.deltas.clone_from(&other.deltas);
            return;
        }
        let own = std::mem::take(self);
        let union = own.channels.start.min(channels.start)..own.channels.end.max(channels.end);
        let positions = extent.positions;
        let sums = self.start(union.clone(), extent);
        for (part, deltas) in [(own.channels, &own.deltas), (channels, &other.deltas)] {
            let length = part.len() * positions;
            let start = (part.start - union.start) * positions;
            let of_samples = sums.chunks_exact_mut(union.len() * positions);
            for (sums, deltas) in of_samples.zip(deltas.chunks_exact(length)) {
                for (sum, delta) in sums[start..start + length].iter_mut().zip(deltas) {
                    for lane in 0..LANES {
                        sum[lane] += delta[lane];
                    }
                }
            }
        }
    }
}

/// Outputs that are summed up at once, each in a vector register of its own.
///
/// In the kernels they have names, and are no array: the compiler keeps in registers what it sees at once.
const BLOCK: usize = 4;

/// sum += k·x in every pass.
#[inline(always)]
fn add_product(sum: &mut Lanes, k: f64, x: &Lanes) {
    for lane in 0..LANES {
        sum[lane] += k * x[lane];
    }
}

/// Mark the passes of which `turns` has counted any.
#[inline(always)]
fn note_turns(turned: &mut [bool; LANES], turns: &Lanes) {
    for (turned, turns) in turned.iter_mut().zip(turns) {
        *turned |= *turns > 0.0;
    }
}

/// The entries of `tensor` in `channels` of sample `n`.
fn part<'a>(tensor: &'a Tensor<f64>, n: usize, channels: &Range<usize>) -> &'a [f64] {
    &values(tensor)[Extent::of(tensor.shape()).range(n, channels)]
}
