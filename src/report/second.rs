//! The judgement of the second order.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Control, Counts, Gap, Number};

/// The judgement of Hessian-vector products of one objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecondPart {
    /// Directions of random signs that the gradient was differentiated along.
    pub directions: usize,
    /// One row for each parameter tensor, over all directions.
    pub tensors: Vec<SecondRow>,
    /// The products that speak against the backward, worst first, ten at most.
    pub worst: Vec<ProductRow>,
    /// Whether u·Hv is v·Hu.
    pub symmetry: Symmetry,
    /// What kind of fault it is, when products disagree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The layers, or the loss, that lose the derivative, when that can be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// The planted fault.
    pub control: Control,
    /// What was found, in a sentence.
    pub sentence: String,
}

/// A way to a Hessian-vector product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProductSource {
    /// The backward under test on dual numbers.
    Backprop,
    /// Hyper-dual numbers, forward only.
    HyperDual,
    /// Central differences of the gradient under test.
    Central,
}

impl ProductSource {
    /// The references, in the order of every row's comparisons.
    pub const REFERENCES: [Self; 2] = [Self::HyperDual, Self::Central];
}

impl fmt::Display for ProductSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backprop => "backprop",
            Self::HyperDual => "hyper-dual",
            Self::Central => "central",
        })
    }
}

/// The judgement of one tensor's products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecondRow {
    /// PyTorch's name.
    pub name: String,
    /// Products judged: coordinates times directions.
    pub products: usize,
    /// Their verdicts.
    pub counts: Counts,
    /// Those that are exactly 0, however the arithmetic is perturbed, by every account that is exact.
    pub zeros: usize,
    /// The backward under test against each reference.
    pub against: Vec<ProductComparison>,
    /// The product and reference with the largest gap/bound; `None` when nothing was compared.
    pub closest: Option<ProductClosest>,
}

/// The products under test against one reference, over one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductComparison {
    /// The reference.
    pub reference: ProductSource,
    /// Matching digits at the worst product; `None` when all are 0.
    pub fewest_digits: Option<f64>,
    /// Matching digits at the median product; `None` when all are 0.
    pub median_digits: Option<f64>,
}

/// Where a tensor's products come closest to a disagreement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductClosest {
    /// Against whom.
    pub reference: ProductSource,
    /// Where, and by how much.
    pub at: Gap,
    /// Gap by bound: above 1 is a disagreement.
    pub ratio: Number,
}

/// One product by all accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The number of the direction, from 1.
    pub direction: usize,
    /// By each account, the backward under test first.
    pub values: Vec<ProductValue>,
}

/// One product by one account.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductValue {
    /// Whose.
    pub source: ProductSource,
    /// The product.
    pub value: Number,
    /// Its error bound.
    pub error: Number,
    /// Whether it differs from the backward under test by more than the bounds allow.
    pub disagrees: bool,
}

/// H is symmetric: u·Hv = v·Hu.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Symmetry {
    /// u·Hv.
    pub first: Number,
    /// v·Hu.
    pub second: Number,
    /// How far rounding may move them apart.
    pub bound: Number,
    /// Whether they are no further apart.
    pub holds: bool,
}

/// Where a wrong product comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Differences of the gradient under test are right: its values are, and their derivative is lost,
    /// as where a factor is taken out of differentiation.
    Derivative,
    /// Differences of the gradient under test are what its dual numbers say: it is the derivative of
    /// another gradient, which is wrong itself.
    Gradient,
    /// Hyper-dual numbers alone differ, or all three do.
    Undecided,
}

impl SecondPart {
    /// The verdicts over all tensors.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::total(self.tensors.iter().map(|row| &row.counts))
    }

    /// Whether anything speaks against the backward.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.counts().wrong() > 0 || !self.symmetry.holds
    }

    /// Whether something could not be judged.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.counts().unresolved > 0 || matches!(self.control, Control::Missed { .. })
    }
}
