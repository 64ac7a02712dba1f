//! The kinds of bugs that gradients show: each is a transformation of the right tensor.

use serde::{Deserialize, Serialize};

/// What a wrong gradient looks like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BugKind {
    /// −1 times the right one.
    Sign,
    /// A constant times the right one.
    Factor(Factor),
    /// The kernel's rows and columns both run backwards.
    KernelRotated,
    /// The kernel runs backwards along one axis.
    KernelMirrored(Axis),
    /// Axes are exchanged: a kernel's rows and columns, a matrix's, those of a layout that has the
    /// channels last, or of an interpolation's weights.
    Transposed,
    /// Input and output channels are exchanged.
    ChannelsSwapped,
    /// Channels are in the places of their neighbours.
    ChannelsRolled,
    /// Groups are in the places of their neighbours, or all read the first.
    GroupsRolled,
    /// Everything is one place off along a spatial axis, or along both.
    Shifted(Axis),
    /// The last row or column takes no part.
    LastMissing(Axis),
    /// The border takes no part.
    BordersMissing,
    /// Windows are taken to be one step apart.
    StrideIgnored,
    /// Taps are taken to be one step apart.
    DilationIgnored,
    /// The input is taken to have no padding.
    PaddingIgnored,
    /// The paddings of two sides, or of two axes, are exchanged.
    PaddingSwapped,
    /// The output is taken to be without the rows and columns that its padding adds.
    OutputPaddingIgnored,
    /// The first sample alone takes part.
    FirstSampleOnly,
    /// Contributions replace each other where they should add up.
    Overwritten,
    /// Contributions are averaged where they should add up.
    Averaged,
    /// The weights of two neighbours are exchanged.
    WeightsExchanged,
    /// Zero everywhere.
    Zero,
    /// The derivative of another, similar function.
    ApproximateDerivative,
    /// The derivative of a branch that was not taken.
    WrongBranch,
    /// A normalisation's mean is taken for a constant.
    MeanPathMissing,
    /// A normalisation's variance is taken for a constant.
    VariancePathMissing,
    /// Both are.
    StatisticsConstant,
    /// The variance is divided by one entry less than there are.
    VarianceUnbiased,
    /// What keeps a normalisation from a division by 0 is added behind the root, not inside of it.
    EpsOutside,
    /// Nothing comes back through one of several branches.
    BranchDropped,
    /// What comes back through one of several branches is counted twice.
    BranchDoubled,
    /// What comes back through one of several branches is taken away instead of added.
    BranchSign,
    /// What comes back through branches is halved, as if their mean had been taken.
    BranchesHalved,
    /// Branches get each other's parts of a concatenation's gradient.
    PartsMisplaced,
    /// The penalty's gradient is left out.
    PenaltyMissing,
    /// The penalty's gradient is there twice.
    PenaltyDoubled,
    /// The penalty's gradient is on the bias too.
    PenaltyOnBias,
    /// The penalty's gradient is taken away instead of added.
    PenaltySign,
    /// Right, but for values that were rounded to fewer bits, or computed in fewer.
    Rounded(Format),
    /// Right, but for noise that grows with the value.
    Noise,
}

impl BugKind {
    /// The word that `gradproof explain` takes, and that reports name it by: as in JSON, and one for all
    /// factors, axes and formats.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Factor(_) => "factor",
            Self::KernelRotated => "kernel_rotated",
            Self::KernelMirrored(_) => "kernel_mirrored",
            Self::Transposed => "transposed",
            Self::ChannelsSwapped => "channels_swapped",
            Self::ChannelsRolled => "channels_rolled",
            Self::GroupsRolled => "groups_rolled",
            Self::Shifted(_) => "shifted",
            Self::LastMissing(_) => "last_missing",
            Self::BordersMissing => "borders_missing",
            Self::StrideIgnored => "stride_ignored",
            Self::DilationIgnored => "dilation_ignored",
            Self::PaddingIgnored => "padding_ignored",
            Self::PaddingSwapped => "padding_swapped",
            Self::OutputPaddingIgnored => "output_padding_ignored",
            Self::FirstSampleOnly => "first_sample_only",
            Self::Overwritten => "overwritten",
            Self::Averaged => "averaged",
            Self::WeightsExchanged => "weights_exchanged",
            Self::Zero => "zero",
            Self::ApproximateDerivative => "approximate_derivative",
            Self::WrongBranch => "wrong_branch",
            Self::MeanPathMissing => "mean_path_missing",
            Self::VariancePathMissing => "variance_path_missing",
            Self::StatisticsConstant => "statistics_constant",
            Self::VarianceUnbiased => "variance_unbiased",
            Self::EpsOutside => "eps_outside",
            Self::BranchDropped => "branch_dropped",
            Self::BranchDoubled => "branch_doubled",
            Self::BranchSign => "branch_sign",
            Self::BranchesHalved => "branches_halved",
            Self::PartsMisplaced => "parts_misplaced",
            Self::PenaltyMissing => "penalty_missing",
            Self::PenaltyDoubled => "penalty_doubled",
            Self::PenaltyOnBias => "penalty_on_bias",
            Self::PenaltySign => "penalty_sign",
            Self::Rounded(_) => "rounded",
            Self::Noise => "noise",
        }
    }

    /// Whether it is about what comes back through several branches.
    #[must_use]
    pub fn is_of_branches(self) -> bool {
        matches!(
            self,
            Self::BranchDropped
                | Self::BranchDoubled
                | Self::BranchSign
                | Self::BranchesHalved
                | Self::PartsMisplaced
        )
    }
}

/// By what a gradient is too large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// 2.
    Two,
    /// 1/2.
    Half,
    /// The batch size: a sum where a mean belongs.
    Batch,
    /// 1/batch size: a mean where a sum belongs.
    OverBatch,
    /// The number of spatial positions: a sum where a mean belongs.
    Positions,
    /// 1/number of spatial positions: a mean where a sum belongs.
    OverPositions,
    /// Another constant.
    Other(f64),
}

/// A spatial axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// From top to bottom.
    Rows,
    /// From left to right.
    Columns,
    /// Both at once.
    Both,
}

/// A floating-point format of fewer bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// IEEE single precision, 24 significant bits.
    F32,
    /// bfloat16, 8 significant bits.
    Bf16,
    /// IEEE half precision, 11 significant bits.
    F16,
}
