//! What is wrong with a size.

use thiserror::Error;

/// What is wrong with a shape; every variant names the numbers that clash.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ShapeError {
    /// A size that must not be zero is.
    #[error("{what} is 0: every size has to be at least 1")]
    Zero {
        /// The size's name.
        what: String,
    },
    /// A block of branches has none.
    #[error("the block has no layers: give it at least one, or leave it out")]
    EmptyBlock,
    /// What is added up differs in shape.
    #[error(
        "the layers give {layers:?}, and the shortcut {shortcut:?}, which cannot be added: give the shortcut a projection to \
         the layers' shape, such as a conv2d with kernel 1 and their stride and out_channels"
    )]
    Sum {
        /// Shape of the layers' output.
        layers: Vec<usize>,
        /// Shape of the shortcut's.
        shortcut: Vec<usize>,
    },
    /// What is put side by side differs in another axis than that.
    #[error(
        "branches give {first:?} and {other:?}, which cannot stand side by side along dim {dim}: all other sizes have to be equal"
    )]
    Concatenation {
        /// The axis.
        dim: usize,
        /// Shape of the first branch's output.
        first: Vec<usize>,
        /// Shape of another's.
        other: Vec<usize>,
    },
    /// There is no such axis, or it is the batch.
    #[error("dim = {dim} is no axis of {shape:?} behind the batch: use 1 for channels, up to {}", shape.len().saturating_sub(1))]
    Dim {
        /// The axis.
        dim: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// A product of sizes does not fit, or needs more memory than a check may take.
    #[error(
        "{what} = {shape:?} is too large: at most {limit} numbers fit, so use smaller sizes or fewer samples"
    )]
    TooLarge {
        /// What has this shape.
        what: String,
        /// The shape.
        shape: Vec<usize>,
        /// The largest number of entries.
        limit: usize,
    },
    /// The kernel does not fit into its input.
    #[error(
        "a kernel of {span} along the {axis} (size {kernel}, dilation {dilation}) does not fit into an input of {input} with padding {padding}: \
         enlarge the input or the padding, or shrink the kernel"
    )]
    KernelTooLarge {
        /// "rows" or "columns".
        axis: &'static str,
        /// Taps.
        kernel: usize,
        /// Distance between taps.
        dilation: usize,
        /// dilation·(kernel − 1) + 1.
        span: usize,
        /// Input size.
        input: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// Pooling may be padded by half of its kernel at most.
    #[error(
        "padding {padding} is more than half of the kernel ({kernel}) along the {axis}: a window would lie wholly in padding; lower the padding, or enlarge the kernel"
    )]
    PaddingTooLarge {
        /// "rows" or "columns".
        axis: &'static str,
        /// Padding on each side.
        padding: usize,
        /// The kernel's span.
        kernel: usize,
    },
    /// A transposed convolution's output padding only tells outputs apart that lead to one input.
    #[error(
        "output_padding {output_padding} along the {axis} has to be smaller than stride {stride} or dilation {dilation}: \
         lower it, or enlarge the stride"
    )]
    OutputPadding {
        /// "rows" or "columns".
        axis: &'static str,
        /// Output padding.
        output_padding: usize,
        /// Distance between windows.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
    },
    /// A transposed convolution's padding cuts off all of its output.
    #[error(
        "padding {padding} on each side leaves nothing of an output of {whole} {axis}: \
         lower the padding, or enlarge input, kernel, stride or output_padding"
    )]
    NothingLeft {
        /// "rows" or "columns".
        axis: &'static str,
        /// Size of the output without the padding.
        whole: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// A negative padding cuts everything off.
    #[error(
        "padding {padding:?} (left, right, top, bottom) leaves nothing of an input of {input:?} rows and columns: cut off less"
    )]
    Cropped {
        /// Left, right, top and bottom.
        padding: [isize; 4],
        /// Rows and columns.
        input: [usize; 2],
    },
    /// A dilated window of a pooling has its taps on both sides of the input.
    #[error(
        "a window that begins {before} before the {axis} has no tap on the {input} of the input (kernel {kernel}, dilation {dilation}): \
         lower the dilation or the padding"
    )]
    EmptyWindow {
        /// "rows" or "columns".
        axis: &'static str,
        /// How far before the input the window begins.
        before: usize,
        /// Input size.
        input: usize,
        /// Taps.
        kernel: usize,
        /// Distance between taps.
        dilation: usize,
    },
    /// Groups have to divide both channel counts.
    #[error(
        "groups = {groups} does not divide {what} = {channels}: use groups that divide input and output channels, such as 1"
    )]
    Groups {
        /// Number of groups.
        groups: usize,
        /// "the input channels" or "out_channels".
        what: &'static str,
        /// Number of channels.
        channels: usize,
    },
    /// The last axes are not those that are normalised.
    #[error(
        "normalized_shape = {normalized:?} is not the end of the input's shape {got:?}: give its last sizes, such as the last alone"
    )]
    Normalized {
        /// The axes to be normalised.
        normalized: Vec<usize>,
        /// The shape of the input.
        got: Vec<usize>,
    },
    /// A normalisation would divide by 0.
    #[error("eps = {eps} is not a number above 0: without it, equal entries are divided by 0")]
    Eps {
        /// What is added to the variance.
        eps: f64,
    },
    /// There are too few or too many running statistics, or they are none.
    #[error(
        "{what} has to be {channels} numbers{positive}, one for each channel, and only where training = false"
    )]
    Running {
        /// "running_mean" or "running_var".
        what: &'static str,
        /// Number of channels.
        channels: usize,
        /// Further conditions.
        positive: &'static str,
    },
    /// An operator got an input of the wrong rank.
    #[error("needs an input of shape {wanted}, and gets {got:?}{hint}")]
    Rank {
        /// The axes that it needs.
        wanted: &'static str,
        /// The shape that it gets.
        got: Vec<usize>,
        /// A way out.
        hint: &'static str,
    },
    /// An attribute has a value that means nothing.
    #[error("{wanted}")]
    Attribute {
        /// What it has to be.
        wanted: &'static str,
    },
}
