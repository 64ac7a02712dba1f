//! A transposed convolution's backward, computed on purpose in wrong ways.
//!
//! Its windows slide over the output, one for each input position: what [`Slide`] calls the outputs are
//! here the positions of the input, and what it calls the inputs those of the output's gradient.

use std::ops::Range;

use crate::layer::ConvTranspose2d;
use crate::network::LeafName;
use crate::tensor::values;

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::{Axis, BugKind};
use super::terms::Terms;
use super::window::{self, Extents, Keep, Origin, Samples, Skipped, Slide};

/// A backward pass with a fault.
#[derive(Clone, Copy)]
struct Pass<'a> {
    x: &'a [f64],
    kernel: &'a [f64],
    dy: &'a [f64],
    input: [usize; 4],
    weight: [usize; 4],
    output: [usize; 4],
    groups: usize,
    slide: Slide,
    channels: Channels,
    read: Read,
}

/// The output channels that a group meets.
#[derive(Clone, Copy)]
enum Channels {
    /// Those of the group so many places further on.
    Group(usize),
    First,
}

/// The place of the kernel that is read.
#[derive(Clone, Copy)]
enum Read {
    Upright,
    Mirrored(Axis),
    Transposed,
    /// As if the kernel were stored with the output channels first.
    OutputChannelsFirst,
    /// That of the output channel so many places further on.
    OutputRolled(usize),
}

type Fault<T> = (BugKind, &'static str, &'static str, T);

/// The wrong ways for `context`'s leaf, most likely first.
pub(super) fn hypotheses<'a>(
    conv: &ConvTranspose2d,
    context: &'a Context<'a>,
) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let kernel = &context.problem.parameters.tensors[0];
    let axes = |shape: &[usize]| <[usize; 4]>::try_from(shape).expect("four axes");
    let right = Pass {
        x: values(&context.problem.input),
        kernel: values(kernel),
        dy,
        input: axes(context.problem.input.shape()),
        weight: axes(kernel.shape()),
        output: axes(context.problem.network.output_shape()),
        groups: conv.groups,
        slide: Slide::right(&conv.window),
        channels: Channels::Group(0),
        read: Read::Upright,
    };
    let all = 0..context.shape[0];
    let Some(level) = right.run(context.leaf, all).level(context) else {
        return Vec::new();
    };
    let mut hypotheses = Vec::new();
    let mut add = |(kind, equals, look, pass): Fault<Pass<'a>>| {
        let leaf = context.leaf;
        let sums = move |slices| pass.run(leaf, slices);
        hypotheses.push(Hypothesis::sums(kind, equals, look, level, sums));
    };
    for (kind, equals, look, slide) in slides(conv, context.leaf) {
        add((kind, equals, look, Pass { slide, ..right }));
    }
    if conv.groups > 1 && context.leaf != LeafName::Parameter(1) {
        let equals = "what comes out when every group meets another group's output channels";
        let look = "the offset of a group's output channels is missing or another group's";
        let others = [
            Channels::First,
            Channels::Group(1),
            Channels::Group(conv.groups - 1),
        ];
        for channels in others {
            add((
                BugKind::GroupsRolled,
                equals,
                look,
                Pass { channels, ..right },
            ));
        }
    }
    if context.leaf == LeafName::Input {
        for (kind, equals, look, read) in right.reads() {
            add((kind, equals, look, Pass { read, ..right }));
        }
    }
    hypotheses
}

/// Faults of window, batch and accumulation.
fn slides(conv: &ConvTranspose2d, leaf: LeafName) -> Vec<Fault<Slide>> {
    let right = Slide::right(&conv.window);
    let mut slides = vec![(
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "the sum over the batch is missing, or a loop ends after the first sample",
        Slide {
            samples: Samples::First,
            ..right
        },
    )];
    if conv.output_padding != [0, 0] {
        slides.push((
            BugKind::OutputPaddingIgnored,
            "what comes out when the rows and columns that output_padding adds take no part",
            "the size of the output that backward goes by is the one without output_padding",
            Slide {
                inputs: Skipped::End(conv.output_padding),
                ..right
            },
        ));
    }
    if leaf != LeafName::Parameter(1) {
        let faults = window::faults(&conv.window).into_iter();
        slides.extend(faults.filter_map(|fault| {
            let look = match fault.kind {
                BugKind::StrideIgnored => {
                    "the stride is missing where a position in the output is computed from one in the input"
                }
                BugKind::DilationIgnored => {
                    "the dilation is missing where a position in the output is computed from a tap"
                }
                BugKind::PaddingIgnored => {
                    "the padding is not subtracted where a position in the output is computed"
                }
                BugKind::Shifted(_) => fault.look,
                _ => return None,
            };
            Some((fault.kind, fault.equals, look, fault.slide))
        }));
    }
    slides.extend(left_out().into_iter().flat_map(|(kind, skipped)| {
        [
            (
                kind,
                "what comes out when the end or the border of the output's gradient takes no part",
                "a loop over output positions ends one step too early",
                Slide {
                    inputs: skipped,
                    ..right
                },
            ),
            (
                kind,
                "what comes out when the end or the border of the input takes no part",
                "a loop over input positions ends one step too early",
                Slide {
                    outputs: skipped,
                    ..right
                },
            ),
        ]
    }));
    let keeps: &[(&'static str, Keep)] = match leaf {
        LeafName::Input => &OVERWRITTEN_INPUT,
        LeafName::Parameter(_) => &OVERWRITTEN_PARAMETER,
    };
    slides.extend(keeps.iter().map(|(equals, keep)| {
        let look = "a contribution is stored with = where it should be added with +=";
        let slide = Slide {
            keep: *keep,
            ..right
        };
        (BugKind::Overwritten, *equals, look, slide)
    }));
    slides
}

fn left_out() -> [(BugKind, Skipped); 4] {
    let last = |axis| (BugKind::LastMissing(axis), Skipped::Last(axis));
    [
        last(Axis::Rows),
        last(Axis::Columns),
        last(Axis::Both),
        (BugKind::BordersMissing, Skipped::Border),
    ]
}

const LAST_TERM: &str = "the last of the contributions instead of their sum";
const LAST_TAP: &str = "the contributions of the last tap instead of all";
const LAST_CHANNEL: &str = "the contributions of the last output channel instead of all";
const LAST_POSITION: &str = "the contributions of the last position instead of all";
const LAST_SAMPLE: &str = "what the last sample alone gives";

const OVERWRITTEN_INPUT: [(&str, Keep); 4] = [
    (LAST_TERM, Keep::ChannelTap),
    (LAST_TERM, Keep::TapChannel),
    (LAST_TAP, Keep::Tap),
    (LAST_CHANNEL, Keep::Channel),
];

const OVERWRITTEN_PARAMETER: [(&str, Keep); 4] = [
    (LAST_SAMPLE, Keep::Sample),
    (LAST_TERM, Keep::SamplePosition),
    (LAST_POSITION, Keep::Position),
    (LAST_POSITION, Keep::PositionByColumns),
];

impl Pass<'_> {
    /// Wrong ways to read the kernel for dx.
    fn reads(&self) -> Vec<Fault<Read>> {
        let flipped = "dx is a cross-correlation of the output's gradient with the kernel as it is; look for a rotation";
        let rolled = "what comes out with the kernels of neighbouring channels";
        let step = "a channel index is off by one";
        let kind = BugKind::ChannelsRolled;
        vec![
            (
                BugKind::KernelRotated,
                "what comes out with the kernel rotated by 180 degrees",
                flipped,
                Read::Mirrored(Axis::Both),
            ),
            (
                BugKind::KernelMirrored(Axis::Rows),
                "what comes out with the kernel's rows in reverse order",
                flipped,
                Read::Mirrored(Axis::Rows),
            ),
            (
                BugKind::KernelMirrored(Axis::Columns),
                "what comes out with the kernel's columns in reverse order",
                flipped,
                Read::Mirrored(Axis::Columns),
            ),
            (
                BugKind::Transposed,
                "what comes out with the kernel transposed",
                "the kernel's row and column are exchanged",
                Read::Transposed,
            ),
            (
                BugKind::ChannelsSwapped,
                "what comes out when the kernel is read with the output channels first",
                "the weight of a transposed convolution has the input channels first, and is read as a convolution's",
                Read::OutputChannelsFirst,
            ),
            (kind, rolled, step, Read::OutputRolled(1)),
            (kind, rolled, step, Read::OutputRolled(self.weight[1] - 1)),
        ]
    }

    /// The gradient of `leaf` for `slices` of its first axis: samples of the input, input channels of
    /// the weight, output channels of the bias.
    fn run(&self, leaf: LeafName, slices: Range<usize>) -> Terms {
        if leaf == LeafName::Parameter(1) {
            return self.bias(slices);
        }
        let size = |shape: [usize; 4]| shape.iter().product();
        let (mut terms, samples, channels) = match leaf {
            LeafName::Input => (Terms::new(size(self.input)), slices, 0..self.input[1]),
            LeafName::Parameter(_) => (Terms::new(size(self.weight)), 0..self.input[0], slices),
        };
        let [_, _, rows, columns] = self.input;
        for sample in samples.filter(|sample| self.slide.takes_sample(*sample)) {
            for channel in channels.clone() {
                for position in (0..rows * columns).map(|at| [at / columns, at % columns]) {
                    if !self.slide.outputs.skips(position, [rows, columns]) {
                        self.window(leaf, [sample, channel], position, &mut terms);
                    }
                }
            }
        }
        terms
    }

    /// The contributions at one input.
    fn window(
        &self,
        leaf: LeafName,
        [sample, channel]: [usize; 2],
        position: [usize; 2],
        terms: &mut Terms,
    ) {
        let [_, inputs, rows, columns] = self.input;
        let [_, outputs, height, width] = self.output;
        let [_, group_out, kh, kw] = self.weight;
        let at = ((sample * inputs + channel) * rows + position[0]) * columns + position[1];
        let extents = Extents {
            channels: group_out,
            output: [rows, columns],
            kernel: [kh, kw],
        };
        let first = self.group(channel) * group_out;
        for tap in (0..kh * kw).map(|tap| [tap / kw, tap % kw]) {
            let Some([row, column]) = self.slide.meets(position, tap, [height, width]) else {
                continue;
            };
            for o in 0..group_out {
                let origin = Origin {
                    sample,
                    channel: o,
                    position,
                    tap,
                };
                let key = self.slide.key(&origin, &extents);
                let plane = sample * outputs + first + o;
                let dy = self.dy[(plane * height + row) * width + column];
                if leaf == LeafName::Input {
                    terms.put(at, dy * self.kernel[self.read_at(channel, o, tap)], key);
                } else {
                    let to = ((channel * group_out + o) * kh + tap[0]) * kw + tap[1];
                    terms.put(to, dy * self.x[at], key);
                }
            }
        }
    }

    /// db of the channels in `channels`.
    fn bias(&self, channels: Range<usize>) -> Terms {
        let [batch, outputs, height, width] = self.output;
        let mut terms = Terms::new(outputs);
        let extents = Extents {
            channels: outputs,
            output: [height, width],
            kernel: [1, 1],
        };
        for sample in (0..batch).filter(|sample| self.slide.takes_sample(*sample)) {
            for channel in channels.clone() {
                for position in (0..height * width).map(|at| [at / width, at % width]) {
                    if self.slide.inputs.skips(position, [height, width]) {
                        continue;
                    }
                    let origin = Origin {
                        sample,
                        channel,
                        position,
                        tap: [0, 0],
                    };
                    let plane = sample * outputs + channel;
                    let dy = self.dy[(plane * height + position[0]) * width + position[1]];
                    terms.put(channel, dy, self.slide.key(&origin, &extents));
                }
            }
        }
        terms
    }

    /// The group whose output channels input channel `channel` meets.
    fn group(&self, channel: usize) -> usize {
        match self.channels {
            Channels::First => 0,
            Channels::Group(step) => (channel / (self.input[1] / self.groups) + step) % self.groups,
        }
    }

    /// The place in the kernel that is read for (c, o, u, v).
    fn read_at(&self, c: usize, o: usize, [u, v]: [usize; 2]) -> usize {
        let [inputs, outputs, kh, kw] = self.weight;
        let upright = |o: usize, u: usize, v: usize| ((c * outputs + o) * kh + u) * kw + v;
        match self.read {
            Read::Upright => upright(o, u, v),
            Read::Mirrored(Axis::Rows) => upright(o, kh - 1 - u, v),
            Read::Mirrored(Axis::Columns) => upright(o, u, kw - 1 - v),
            Read::Mirrored(Axis::Both) => upright(o, kh - 1 - u, kw - 1 - v),
            Read::Transposed => ((c * outputs + o) * kw + v) * kh + u,
            Read::OutputChannelsFirst => ((o * inputs + c) * kh + u) * kw + v,
            Read::OutputRolled(step) => upright((o + step) % outputs, u, v),
        }
    }
}
