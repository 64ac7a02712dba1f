//! Why a case cannot be checked.

use thiserror::Error;

use crate::data::DataError;
use crate::data::tensors::TensorFileError;
use crate::network::CoordinateError;
use crate::source::{GivenError, SourceError};
use crate::spec::case::{Precision, SourceName};
use crate::spec::plan::PlanError;

/// Why a case cannot be checked.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CheckError {
    /// The network's sizes do not fit.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no batch for it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of parameters or gradients cannot be used, or written.
    #[error(transparent)]
    Tensors(#[from] TensorFileError),
    /// A gradient has not the shape of what it is with respect to.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// Parameters from a file are those to be checked.
    #[error("--parameters are taken as they are, and not trained further: leave --train-steps out")]
    TrainedParameters,
    /// Gradients from a file are of one objective.
    #[error(
        "--gradients are judged as those of the loss alone, without penalty: leave --penalty out, and save the gradient of the loss alone"
    )]
    GivenPenalty,
    /// A gradient is under test already.
    #[error("there is a gradient under test already: leave the file of gradients out")]
    TwoSubjects,
    /// Gradients are kept in a format that nothing can be said about.
    #[error(
        "gradients in {path}: {tensor} is {found}, of which nothing is known that a bound could come from: compute and save it in float32 or float64"
    )]
    CoarseGradient {
        /// The file.
        path: String,
        /// The tensor.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// Gradients are kept in less than they are to be judged by.
    #[error(
        "gradients in {0} are float32, too coarse for the bounds of f64: leave --precision out (or say --precision f32), or save them in float64"
    )]
    NarrowGradient(String),
    /// A source cannot answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing could be compared.
    #[error(
        "--sources needs backprop, which is the gradient under test, and at least one reference of dual, reverse, central"
    )]
    Sources,
    /// A source is named twice.
    #[error("--sources names {0} twice: name each source once")]
    SourceTwice(SourceName),
    /// The sample is empty, or cannot reach every tensor.
    #[error(
        "--coordinates {wanted} cannot be spread over {tensors} tensors: use 'all', or at least {tensors}"
    )]
    TooFewCoordinates {
        /// Coordinates wanted.
        wanted: usize,
        /// Parameter tensors.
        tensors: usize,
    },
    /// The network has nothing to check.
    #[error(
        "network '{0}' has no parameters: nothing would be checked, so add a layer that has some, such as linear"
    )]
    NoParameters(String),
    /// The step is no step.
    #[error("--step {0} is not a step: use 'auto', or a finite number above 0 such as 1e-5")]
    Step(f64),
    /// The penalty's strength is none.
    #[error("penalty strength {0} is not a finite number above 0: use for example l2=0.001")]
    Penalty(f64),
    /// A strength that `f32` has no number for.
    #[error(
        "penalty strength {0:e} is beyond the numbers of f32, which reach from 1.4e-45 to 3.4e38: use another, or --precision f64"
    )]
    PenaltyBeyondF32(f64),
    /// Numbers that `f32` has none for.
    #[error(
        "a weight or an input is beyond the numbers of f32, which end at 3.4e38: use fewer --train-steps, or --precision f64"
    )]
    BeyondF32,
    /// The gradient under test is not of the case's precision.
    #[error(
        "the gradient under test computes in {subject}, and {case} was asked for: use --precision {subject}, or a backward in {case}"
    )]
    Precision {
        /// What the subject computes in.
        subject: Precision,
        /// What the case says.
        case: Precision,
    },
    /// The backward cannot be differentiated.
    #[error(
        "the gradient under test is of numbers only, and cannot be differentiated: use --order 1, or a backward that runs on any numbers"
    )]
    OneOrder,
    /// The second order is judged in `f64` alone.
    #[error("--order 2 is judged in f64: use --precision f64, or --order 1 for f32")]
    SecondOrderInF32,
    /// Projections are judged in `f64` alone.
    #[error(
        "--coordinates auto projects a network of this size, and projections are judged in f64: use --precision f64 (with --gradients saved in float64), or --coordinates N for a sample of N weights in f32"
    )]
    ProjectionInF32,
    /// Projections are of the gradient alone.
    #[error(
        "--coordinates auto projects a network of this size, and projections are of the gradient alone: use --order 1, or --coordinates N for a sample of N weights"
    )]
    ProjectionOfOrder2,
    /// Projections are held against dual numbers.
    #[error(
        "--coordinates auto projects a network of this size, and projections are held against dual numbers: add dual to --sources, or use --coordinates N for a sample of N weights"
    )]
    ProjectionSources,
    /// Projections cannot be shared.
    #[error(
        "--coordinates auto projects a network of this size, and a share has coordinates: use --coordinates all or N with --shard, or leave --shard out"
    )]
    ProjectionShared,
    /// There is no such coordinate.
    #[error(transparent)]
    Coordinate(#[from] CoordinateError),
    /// Gradient descent left the finite numbers.
    #[error("after {0} training steps a parameter is not finite: use fewer --train-steps")]
    Diverged(usize),
}
