//! All mutants; each stands beside the backward that it alters.

use std::fmt;

use crate::judge::diagnosis::{BugKind, Factor};
use crate::layer::{Join, Layer};
use crate::loss::Loss;
use crate::network::{LeafName, Problem};
use crate::spec::PenaltySpec;

use super::activation::{self, FlattenFault, ReluFault, SigmoidFault, TanhFault};
use super::adaptive_pool::{self, AdaptiveAvgPool2dFault};
use super::conv_transpose2d::{self, ConvTranspose2dFault};
use super::conv1d;
use super::conv2d::{self, Conv2dFault};
use super::entry_loss::{self, AbsoluteErrorFault, BceWithLogitsFault, HuberFault};
use super::function::{self, ActivationFault};
use super::join::{self, ConcatenationFault, ResidualFault};
use super::linear::{self, LinearFault};
use super::loss::{self, CrossEntropyFault, SquaredErrorFault, WeightedSumFault};
use super::mask::{self, DropoutFault, PreluFault};
use super::nll::{self, NllFault};
use super::normalization::{self, NormalizationFault};
use super::numbers::{self, NumbersFault};
use super::penalty::{self, PenaltyFault};
use super::pooling::{self, AvgPool2dFault, MaxPool2dFault};
use super::resize::{self, UpsampleFault, ZeroPad2dFault};

/// A fault with its name and what it looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mutant {
    /// What is altered.
    pub fault: Fault,
    /// Its name, unique among those of its subject.
    pub name: &'static str,
    /// What the backward does wrong.
    pub words: &'static str,
    /// The kind that a diagnosis should name; `None` when the wrong tensor is no transformation of the
    /// right one. The number in [`Factor::Other`] is an example: see [`Mutant::is_expected`].
    pub expected: Option<BugKind>,
}

/// What is altered, by what it is altered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// In a one-dimensional convolution.
    Conv1d(Conv2dFault),
    /// In a convolution.
    Conv2d(Conv2dFault),
    /// In a transposed convolution.
    ConvTranspose2d(ConvTranspose2dFault),
    /// In a linear layer.
    Linear(LinearFault),
    /// In a max-pooling.
    MaxPool2d(MaxPool2dFault),
    /// In an average pooling.
    AvgPool2d(AvgPool2dFault),
    /// In an adaptive average pooling.
    AdaptiveAvgPool2d(AdaptiveAvgPool2dFault),
    /// In a zero padding.
    ZeroPad2d(ZeroPad2dFault),
    /// In an upsampling.
    Upsample(UpsampleFault),
    /// In a ReLU.
    Relu(ReluFault),
    /// In a hyperbolic tangent.
    Tanh(TanhFault),
    /// In a logistic function.
    Sigmoid(SigmoidFault),
    /// In a normalisation.
    Normalization(NormalizationFault),
    /// In a flattening.
    Flatten(FlattenFault),
    /// In another activation.
    Activation(ActivationFault),
    /// In a prelu.
    Prelu(PreluFault),
    /// In a dropout.
    Dropout(DropoutFault),
    /// Where a residual block adds up.
    Residual(ResidualFault),
    /// Where branches are put side by side.
    Concatenation(ConcatenationFault),
    /// In softmax cross-entropy.
    SoftmaxCrossEntropy(CrossEntropyFault),
    /// In the mean squared error.
    MeanSquaredError(SquaredErrorFault),
    /// In the negative log-likelihood.
    Nll(NllFault),
    /// In the mean absolute error.
    L1(AbsoluteErrorFault),
    /// In Huber's loss.
    Huber(HuberFault),
    /// In the binary cross-entropy of logits.
    BceWithLogits(BceWithLogitsFault),
    /// In the weighted sum.
    WeightedSum(WeightedSumFault),
    /// In a penalty.
    Penalty(PenaltyFault),
    /// In the numbers of the parameters' gradients.
    Numbers(NumbersFault),
}

impl Mutant {
    pub(super) const fn new(
        fault: Fault,
        name: &'static str,
        words: &'static str,
        expected: Option<BugKind>,
    ) -> Self {
        Self {
            fault,
            name,
            words,
            expected,
        }
    }

    /// Every mutant, those of one subject together.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            conv1d::MUTANTS,
            conv2d::MUTANTS,
            conv_transpose2d::MUTANTS,
            linear::MUTANTS,
            pooling::MAX_MUTANTS,
            pooling::AVG_MUTANTS,
            adaptive_pool::MUTANTS,
            resize::MUTANTS,
            activation::MUTANTS,
            function::MUTANTS,
            mask::MUTANTS,
            normalization::MUTANTS,
            join::MUTANTS,
            loss::MUTANTS,
            nll::MUTANTS,
            entry_loss::MUTANTS,
            penalty::MUTANTS,
            numbers::MUTANTS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    /// The mutant of this name (`conv2d.dk_rotated`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|mutant| mutant.to_string() == name)
    }

    /// The operator, loss or other part that the fault is in.
    #[must_use]
    pub fn subject(&self) -> &'static str {
        match self.fault {
            Fault::Conv1d(_) => "conv1d",
            Fault::Conv2d(_) => "conv2d",
            Fault::ConvTranspose2d(_) => "conv_transpose2d",
            Fault::Linear(_) => "linear",
            Fault::MaxPool2d(_) => "max_pool2d",
            Fault::AvgPool2d(_) => "avg_pool2d",
            Fault::AdaptiveAvgPool2d(_) => "adaptive_avg_pool2d",
            Fault::ZeroPad2d(_) => "zero_pad2d",
            Fault::Upsample(_) => "upsample",
            Fault::Relu(_) => "relu",
            Fault::Tanh(_) => "tanh",
            Fault::Sigmoid(_) => "sigmoid",
            Fault::Normalization(_) => "normalization",
            Fault::Flatten(_) => "flatten",
            Fault::Activation(fault) => fault.subject(),
            Fault::Prelu(_) => "prelu",
            Fault::Dropout(_) => "dropout",
            Fault::Residual(_) => "residual",
            Fault::Concatenation(_) => "concatenation",
            Fault::SoftmaxCrossEntropy(_) => "softmax_cross_entropy",
            Fault::MeanSquaredError(_) => "mean_squared_error",
            Fault::Nll(_) => "nll",
            Fault::L1(_) => "l1",
            Fault::Huber(_) => "huber",
            Fault::BceWithLogits(_) => "bce_with_logits",
            Fault::WeightedSum(_) => "weighted_sum",
            Fault::Penalty(_) => "penalty",
            Fault::Numbers(_) => "numbers",
        }
    }

    /// Whether a diagnosis names the expected kind; factors without a name of their own are one kind.
    #[must_use]
    pub fn is_expected(&self, found: Option<BugKind>) -> bool {
        let other = |kind| matches!(kind, Some(BugKind::Factor(Factor::Other(_))));
        found == self.expected || (other(found) && other(self.expected))
    }

    /// The layers that the fault can be planted in; none for a fault in the loss.
    #[must_use]
    pub fn layers(&self, problem: &Problem) -> Vec<usize> {
        let layers = problem.network.layers().iter().enumerate();
        layers
            .filter(|(_, layer)| {
                let mut parameters = layer.parameter_range().map(LeafName::Parameter);
                match self.fault {
                    Fault::Conv1d(_) => matches!(layer.layer, Layer::Conv1d(_)),
                    Fault::Conv2d(_) => matches!(layer.layer, Layer::Conv2d(_)),
                    Fault::ConvTranspose2d(_) => matches!(layer.layer, Layer::ConvTranspose2d(_)),
                    Fault::Linear(_) => matches!(layer.layer, Layer::Linear),
                    Fault::MaxPool2d(_) => matches!(layer.layer, Layer::MaxPool2d(_)),
                    Fault::AvgPool2d(_) => matches!(layer.layer, Layer::AvgPool2d(_)),
                    Fault::AdaptiveAvgPool2d(_) => matches!(layer.layer, Layer::AdaptiveAvgPool2d),
                    Fault::ZeroPad2d(_) => matches!(layer.layer, Layer::ZeroPad2d(_)),
                    Fault::Upsample(_) => matches!(layer.layer, Layer::Upsample(_)),
                    Fault::Relu(_) => matches!(layer.layer, Layer::Relu),
                    Fault::Tanh(_) => matches!(layer.layer, Layer::Tanh),
                    Fault::Sigmoid(_) => matches!(layer.layer, Layer::Sigmoid),
                    Fault::Normalization(_) => matches!(layer.layer, Layer::Normalization(_)),
                    Fault::Flatten(_) => matches!(layer.layer, Layer::Flatten),
                    Fault::Activation(fault) => {
                        matches!(layer.layer, Layer::Activation(own) if fault.lives_in(own))
                    }
                    Fault::Prelu(_) => matches!(layer.layer, Layer::Prelu),
                    Fault::Dropout(_) => matches!(layer.layer, Layer::Dropout(_)),
                    Fault::Residual(_) => matches!(layer.layer, Layer::Join(Join::Sum)),
                    Fault::Concatenation(_) => {
                        matches!(layer.layer, Layer::Join(Join::Concatenation { .. }))
                    }
                    Fault::Penalty(_) => parameters.any(|leaf| problem.penalty_on(leaf).is_some()),
                    Fault::Numbers(_) => parameters.next().is_some(),
                    Fault::SoftmaxCrossEntropy(_)
                    | Fault::MeanSquaredError(_)
                    | Fault::Nll(_)
                    | Fault::L1(_)
                    | Fault::Huber(_)
                    | Fault::BceWithLogits(_)
                    | Fault::WeightedSum(_) => false,
                }
            })
            .map(|(number, _)| number)
            .collect()
    }

    /// Whether `problem` has what the fault alters. The fault can be without effect there all the same.
    #[must_use]
    pub fn lives_in(&self, problem: &Problem) -> bool {
        let loss = problem.objective.loss.as_ref();
        match self.fault {
            Fault::SoftmaxCrossEntropy(_) => {
                matches!(loss, Some(Loss::SoftmaxCrossEntropy { .. }))
            }
            Fault::MeanSquaredError(_) => matches!(loss, Some(Loss::MeanSquaredError { .. })),
            Fault::Nll(_) => matches!(loss, Some(Loss::Nll { .. })),
            Fault::L1(_) => matches!(loss, Some(Loss::L1 { .. })),
            Fault::Huber(_) => matches!(loss, Some(Loss::Huber { .. })),
            Fault::BceWithLogits(_) => matches!(loss, Some(Loss::BceWithLogits { .. })),
            Fault::WeightedSum(_) => matches!(loss, Some(Loss::WeightedSum { .. })),
            Fault::Penalty(PenaltyFault::SignIsValue) => {
                matches!(problem.objective.penalty, Some(PenaltySpec::L1 { .. }))
                    && !self.layers(problem).is_empty()
            }
            _ => !self.layers(problem).is_empty(),
        }
    }
}

/// `conv2d.dk_rotated`.
impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.subject(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        let names: BTreeSet<String> = Mutant::all().map(|mutant| mutant.to_string()).collect();
        assert_eq!(names.len(), Mutant::all().count(), "every name once");
        for mutant in Mutant::all() {
            assert_eq!(Mutant::named(&mutant.to_string()), Some(mutant), "{mutant}");
        }
        assert_eq!(Mutant::named("conv2d"), None, "a subject is no mutant");
    }
}
