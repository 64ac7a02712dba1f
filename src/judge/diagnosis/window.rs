//! Faults of anything that slides a window: convolution and pooling.

use crate::spec::extent::Window;

use super::kind::{Axis, BugKind};

/// A sliding window with a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slide {
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    pub(super) padding: [isize; 2],
    /// Outputs that take no part.
    pub(super) outputs: Skipped,
    /// Inputs that take no part.
    pub(super) inputs: Skipped,
    pub(super) samples: Samples,
    pub(super) keep: Keep,
}

/// Positions of a plane that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    Nothing,
    Last(Axis),
    /// So many rows and columns at the end.
    End([usize; 2]),
    Border,
}

/// Samples that take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    All,
    First,
}

/// Which of the contributions to an entry remain: all, or those that come last in the order of …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    All,
    /// output positions, row by row.
    Position,
    /// output positions, column by column.
    PositionByColumns,
    /// output channels, then positions.
    ChannelPosition,
    /// output positions, then channels.
    PositionChannel,
    /// taps.
    Tap,
    /// output channels, then taps.
    ChannelTap,
    /// taps, then output channels.
    TapChannel,
    /// output channels.
    Channel,
    /// samples.
    Sample,
    /// samples, then positions.
    SamplePosition,
}

/// Where a contribution comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) sample: usize,
    pub(super) channel: usize,
    pub(super) position: [usize; 2],
    pub(super) tap: [usize; 2],
}

/// Extents that make an [`Origin`] a number.
#[derive(Clone, Copy)]
pub(super) struct Extents {
    pub(super) channels: usize,
    pub(super) output: [usize; 2],
    pub(super) kernel: [usize; 2],
}

/// A fault of a window, in words.
pub(super) struct Named {
    pub(super) kind: BugKind,
    pub(super) equals: &'static str,
    pub(super) look: &'static str,
    pub(super) slide: Slide,
}

impl Slide {
    /// Without a fault.
    pub(super) fn right(window: &Window) -> Self {
        Self {
            stride: window.stride,
            dilation: window.dilation,
            padding: window.padding.map(usize::cast_signed),
            outputs: Skipped::Nothing,
            inputs: Skipped::Nothing,
            samples: Samples::All,
            keep: Keep::All,
        }
    }

    /// The row and column of the input that `tap` meets at output `position`.
    #[inline]
    pub(super) fn meets(
        &self,
        position: [usize; 2],
        tap: [usize; 2],
        input: [usize; 2],
    ) -> Option<[usize; 2]> {
        let mut at = [0; 2];
        for axis in 0..2 {
            let padded = position[axis] * self.stride[axis] + tap[axis] * self.dilation[axis];
            let index = padded.cast_signed() - self.padding[axis];
            at[axis] = usize::try_from(index).ok().filter(|at| *at < input[axis])?;
        }
        (!self.inputs.skips(at, input)).then_some(at)
    }

    pub(super) fn takes_sample(&self, sample: usize) -> bool {
        self.samples == Samples::All || sample == 0
    }

    /// The key of a contribution for [`super::terms::Terms::put`].
    #[inline]
    pub(super) fn key(&self, origin: &Origin, extents: &Extents) -> usize {
        let Extents {
            channels,
            output: [rows, columns],
            kernel,
        } = *extents;
        let position = origin.position[0] * columns + origin.position[1];
        let tap = origin.tap[0] * kernel[1] + origin.tap[1];
        let (positions, taps) = (rows * columns, kernel[0] * kernel[1]);
        match self.keep {
            Keep::All => 0,
            Keep::Position => position,
            Keep::PositionByColumns => origin.position[1] * rows + origin.position[0],
            Keep::ChannelPosition => origin.channel * positions + position,
            Keep::PositionChannel => position * channels + origin.channel,
            Keep::Tap => tap,
            Keep::ChannelTap => origin.channel * taps + tap,
            Keep::TapChannel => tap * channels + origin.channel,
            Keep::Channel => origin.channel,
            Keep::Sample => origin.sample,
            Keep::SamplePosition => origin.sample * positions + position,
        }
    }
}

impl Skipped {
    #[inline]
    pub(super) fn skips(self, at: [usize; 2], extent: [usize; 2]) -> bool {
        let last = |axis: usize| at[axis] + 1 == extent[axis];
        match self {
            Self::Nothing => false,
            Self::Last(Axis::Rows) => last(0),
            Self::Last(Axis::Columns) => last(1),
            Self::Last(Axis::Both) => last(0) || last(1),
            Self::End(cut) => (0..2).any(|axis| at[axis] + cut[axis] >= extent[axis]),
            Self::Border => (0..2).any(|axis| at[axis] == 0 || last(axis)),
        }
    }
}

/// The faults that every sliding window can have, most likely first.
pub(super) fn faults(window: &Window) -> Vec<Named> {
    let right = Slide::right(window);
    let mut faults = Vec::new();
    let mut add = |kind, equals, look, slide| {
        if slide != right {
            faults.push(Named {
                kind,
                equals,
                look,
                slide,
            });
        }
    };
    let each = |of: [usize; 2]| [[1, 1], [1, of[1]], [of[0], 1]];
    for stride in each(window.stride) {
        add(
            BugKind::StrideIgnored,
            "what windows give that are one step apart instead of the stride",
            "the stride is missing where a position in the input is computed from one in the output",
            Slide { stride, ..right },
        );
    }
    for dilation in each(window.dilation) {
        add(
            BugKind::DilationIgnored,
            "what a kernel gives whose taps are one step apart instead of the dilation",
            "the dilation is missing where a position in the input is computed from a tap",
            Slide { dilation, ..right },
        );
    }
    let [p, q] = right.padding;
    for padding in [[0, 0], [0, q], [p, 0]] {
        add(
            BugKind::PaddingIgnored,
            "what comes out without the padding",
            "the padding is not subtracted where a position in the input is computed",
            Slide { padding, ..right },
        );
    }
    for step in [1, -1] {
        for (axis, padding) in [
            (Axis::Both, [p + step, q + step]),
            (Axis::Rows, [p + step, q]),
            (Axis::Columns, [p, q + step]),
        ] {
            let equals = if step > 0 {
                "what windows give that begin one place too early"
            } else {
                "what windows give that begin one place too late"
            };
            add(
                BugKind::Shifted(axis),
                equals,
                "the padding is off by one, or an index begins at 1 instead of 0",
                Slide { padding, ..right },
            );
        }
    }
    for axis in [Axis::Rows, Axis::Columns, Axis::Both] {
        let equals = match axis {
            Axis::Rows => "what comes out when the last row of the output's gradient takes no part",
            Axis::Columns => {
                "what comes out when the last column of the output's gradient takes no part"
            }
            Axis::Both => {
                "what comes out when the last row and column of the output's gradient take no part"
            }
        };
        add(
            BugKind::LastMissing(axis),
            equals,
            "a loop over output positions ends one step too early",
            Slide {
                outputs: Skipped::Last(axis),
                ..right
            },
        );
    }
    add(
        BugKind::BordersMissing,
        "what comes out when the border of the output's gradient takes no part",
        "the loops over output positions leave out the first and the last row and column",
        Slide {
            outputs: Skipped::Border,
            ..right
        },
    );
    faults
}
