//! What is known about one wrong tensor.

use crate::layer::{Join, Layer};
use crate::loss::Loss;
use crate::network::{LeafName, NetworkLayer, Problem};
use crate::tensor::{Tensor, values};

/// One wrong gradient of the layer in which the fault is, held against the right one.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The faulty part alone: a layer under Σ dy·output with the right dy ([`Problem::layer_alone`]);
    /// a loss without layers ([`Problem::from_layer`] behind the last one); or, when the penalty
    /// is in question, the whole problem with its penalty.
    pub alone: &'a Problem,
    /// With respect to what, in `alone`.
    pub leaf: LeafName,
    /// The right gradient.
    pub right: &'a Tensor<f64>,
    /// A bound on the rounding error of each entry of `right`.
    pub right_error: &'a Tensor<f64>,
    /// The wrong gradient.
    pub wrong: &'a Tensor<f64>,
    /// A bound on the rounding error of each entry of `wrong`.
    pub wrong_error: &'a Tensor<f64>,
}

/// What a tensor is, which says what its axes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A convolution's weight (O, C/G, kh, kw).
    Kernel,
    /// A transposed convolution's weight (C, O/G, kh, kw).
    TransposedKernel,
    /// A linear layer's weight (O, I).
    Matrix,
    /// One number per channel or feature.
    Bias,
    /// A batch of images (N, C, H, W).
    Images,
    /// A batch of anything else.
    Features,
}

/// The evidence in row-major order.
pub(super) struct Context<'a> {
    pub(super) problem: &'a Problem,
    pub(super) leaf: LeafName,
    pub(super) role: Role,
    /// Of a sequence's tensors that of images with one row.
    pub(super) shape: Vec<usize>,
    pub(super) right: &'a [f64],
    pub(super) wrong: &'a [f64],
    pub(super) wrong_error: &'a [f64],
    pub(super) right_error: &'a [f64],
    /// How far the right gradient, as the wrong code rounds it, may be from `right`.
    pub(super) error: Vec<f64>,
    /// The gradient of the output, when the problem is a sum of weighted outputs.
    pub(super) dy: Option<Vec<f64>>,
}

impl<'a> Context<'a> {
    /// # Panics
    /// When the tensors differ in shape from the leaf.
    pub(super) fn new(evidence: &Evidence<'a>) -> Self {
        let shape = evidence.alone.leaf(evidence.leaf).shape();
        for tensor in [
            evidence.right,
            evidence.right_error,
            evidence.wrong,
            evidence.wrong_error,
        ] {
            assert_eq!(tensor.shape(), shape, "a gradient has its leaf's shape");
        }
        let layers = evidence.alone.network.layers();
        let owner = evidence.alone.network.owner_of(evidence.leaf);
        let is_of_places =
            owner.is_some_and(|owner| matches!(layers[owner].layer, Layer::Normalization(_)));
        let role = match (evidence.leaf, shape.len()) {
            _ if is_of_places => Role::Bias,
            (LeafName::Input, 4) => Role::Images,
            (LeafName::Input, 3) if is_sequence(evidence) => Role::Images,
            (LeafName::Input, _) => Role::Features,
            (LeafName::Parameter(_), 4) if is_transposed(evidence) => Role::TransposedKernel,
            (LeafName::Parameter(_), 4) => Role::Kernel,
            (LeafName::Parameter(_), 3) => Role::Kernel,
            (LeafName::Parameter(_), 2) => Role::Matrix,
            (LeafName::Parameter(_), _) => Role::Bias,
        };
        let errors = values(evidence.right_error)
            .iter()
            .zip(values(evidence.wrong_error));
        Self {
            problem: evidence.alone,
            leaf: evidence.leaf,
            role,
            shape: match role {
                Role::Images | Role::Kernel => images(shape).to_vec(),
                _ => shape.to_vec(),
            },
            right: values(evidence.right),
            wrong: values(evidence.wrong),
            wrong_error: values(evidence.wrong_error),
            right_error: values(evidence.right_error),
            error: errors.map(|(right, wrong)| right + wrong).collect(),
            dy: output_gradient(evidence.alone),
        }
    }

    /// Whether the wrong gradient is within its bound of the right one at `index`.
    pub(super) fn agrees(&self, index: usize) -> bool {
        within(self.wrong[index], self.right[index], self.error[index])
    }

    /// The layer, when the problem is one layer under its output's gradient.
    pub(super) fn layer(&self) -> Option<&'a Layer> {
        match &self.own_layers()[..] {
            [only] if self.problem.objective.penalty.is_none() => Some(&only.layer),
            _ => None,
        }
    }

    /// Where branches meet, when the problem is a block of branches, or that place alone, under its
    /// output's gradient; and its name.
    pub(super) fn join(&self) -> Option<(&'a Join, &'a str)> {
        let last = self.problem.network.layers().last()?;
        match &last.layer {
            Layer::Join(join) if self.dy.is_some() && self.leaf == LeafName::Input => {
                Some((join, &last.name))
            }
            _ => None,
        }
    }

    /// The layers, without the constants that stand for what lies outside of the problem.
    fn own_layers(&self) -> Vec<&'a NetworkLayer> {
        let layers = self.problem.network.layers().iter();
        layers.filter(|layer| !layer.reads.is_empty()).collect()
    }

    /// The layer that owns the tensor, wherever it is; `None` for the input of a whole network.
    pub(super) fn owner(&self) -> Option<&'a Layer> {
        let layers = self.problem.network.layers();
        let number = match self.leaf {
            LeafName::Input if layers.len() == 1 => Some(0),
            LeafName::Input => None,
            LeafName::Parameter(parameter) => self.problem.network.owner(parameter),
        };
        number.map(|number| &layers[number].layer)
    }

    /// Channel groups of the tensor's layer.
    pub(super) fn groups(&self) -> usize {
        match self.owner() {
            Some(Layer::Conv1d(conv) | Layer::Conv2d(conv)) => conv.groups,
            Some(Layer::ConvTranspose2d(conv)) => conv.groups,
            _ => 1,
        }
    }

    pub(super) fn batch(&self) -> usize {
        self.problem.input.shape().first().copied().unwrap_or(1)
    }

    /// What the sentence is about.
    pub(super) fn subject(&self) -> String {
        let network = &self.problem.network;
        match (self.leaf, &self.own_layers()[..]) {
            (LeafName::Parameter(_), _) => network.leaf_name(self.leaf).to_owned(),
            (LeafName::Input, []) => "the loss's gradient".to_owned(),
            (LeafName::Input, [only]) => format!("the gradient of {}'s input", only.name),
            (LeafName::Input, _) if self.join().is_some() => {
                let name = self.join().map_or("", |(_, name)| name);
                format!("the gradient of {name}'s input")
            }
            (LeafName::Input, _) => "the gradient of the input".to_owned(),
        }
    }
}

/// The shape of images, where that of a sequence has one row.
///
/// # Panics
/// When it is of neither.
pub(super) fn images(shape: &[usize]) -> [usize; 4] {
    match *shape {
        [n, c, length] => [n, c, 1, length],
        [n, c, rows, columns] => [n, c, rows, columns],
        _ => panic!("{shape:?} is not of images"),
    }
}

/// Whether the only layer is a one-dimensional convolution.
fn is_sequence(evidence: &Evidence<'_>) -> bool {
    let layers = evidence.alone.network.layers();
    matches!(layers, [only] if matches!(only.layer, Layer::Conv1d(_)))
}

/// Whether the leaf is a transposed convolution's.
fn is_transposed(evidence: &Evidence<'_>) -> bool {
    let network = &evidence.alone.network;
    let LeafName::Parameter(parameter) = evidence.leaf else {
        return false;
    };
    network.owner(parameter).is_some_and(|owner| {
        let layer = &network.layers()[owner].layer;
        matches!(layer, Layer::ConvTranspose2d(_))
    })
}

fn output_gradient(problem: &Problem) -> Option<Vec<f64>> {
    match &problem.objective.loss {
        Some(Loss::WeightedSum { cotangent }) => {
            let scale = problem.objective.scale;
            Some(cotangent.iter().map(|dy| dy * scale).collect())
        }
        _ => None,
    }
}

impl Role {
    /// Whether it is the weight of a convolution, transposed or not.
    pub(super) fn is_kernel(self) -> bool {
        matches!(self, Self::Kernel | Self::TransposedKernel)
    }

    /// What the tensor's axes run over, one of it each.
    pub(super) fn axes(self, rank: usize) -> Vec<&'static str> {
        match self {
            Self::Kernel => vec![
                "output channel",
                "input channel",
                "kernel row",
                "kernel column",
            ],
            Self::TransposedKernel => vec![
                "input channel",
                "output channel",
                "kernel row",
                "kernel column",
            ],
            Self::Matrix => vec!["output feature", "input feature"],
            Self::Bias => vec!["channel"; rank],
            Self::Images => vec!["sample", "channel", "row", "column"],
            Self::Features => {
                let features = std::iter::repeat_n("feature", rank.saturating_sub(1));
                std::iter::once("sample").chain(features).collect()
            }
        }
    }
}

/// |a − b| ≤ error; NaN is within nothing.
pub(super) fn within(a: f64, b: f64, error: f64) -> bool {
    // Equal infinities differ by NaN.
    a.to_bits() == b.to_bits() && !a.is_nan() || (a - b).abs() <= error
}
