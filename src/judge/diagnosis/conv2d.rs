//! A convolution's backward, computed on purpose in wrong ways.

use std::ops::Range;

use crate::layer::Conv2d;
use crate::network::LeafName;
use crate::tensor::values;

use super::evidence::{Context, images};
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

/// The input channels that a group reads.
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
    /// As if the kernel were stored with the input channels first.
    InputChannelsFirst,
    /// That of the output channel so many places further on.
    OutputRolled(usize),
    /// That of the input channel so many places further on.
    InputRolled(usize),
}

/// The wrong ways for `context`'s leaf, most likely first.
pub(super) fn hypotheses<'a>(conv: &Conv2d, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let kernel = &context.problem.parameters.tensors[0];
    let right = Pass {
        x: values(&context.problem.input),
        kernel: values(kernel),
        dy,
        input: images(context.problem.input.shape()),
        weight: images(kernel.shape()),
        output: images(context.problem.network.output_shape()),
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
    let mut add = |kind, equals: &str, look: &str, pass: Pass<'a>| {
        let leaf = context.leaf;
        let sums = move |slices| pass.run(leaf, slices);
        hypotheses.push(Hypothesis::sums(kind, equals, look, level, sums));
    };
    for (kind, equals, look, slide) in slides(conv, context.leaf) {
        add(kind, equals, look, Pass { slide, ..right });
    }
    for (equals, channels) in group_faults(conv.groups) {
        let pass = Pass { channels, ..right };
        let look = "the offset of a group's input channels is missing or another group's";
        add(BugKind::GroupsRolled, equals, look, pass);
    }
    if context.leaf == LeafName::Input {
        for (kind, equals, look, read) in right.reads() {
            add(kind, equals, look, Pass { read, ..right });
        }
    }
    hypotheses
}

type Fault<T> = (BugKind, &'static str, &'static str, T);

/// Faults of window, batch and accumulation.
fn slides(conv: &Conv2d, leaf: LeafName) -> Vec<Fault<Slide>> {
    let right = Slide::right(&conv.window);
    let first = Slide {
        samples: Samples::First,
        ..right
    };
    let mut slides = vec![(
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "the sum over the batch is missing, or a loop ends after the first sample",
        first,
    )];
    let window = window::faults(&conv.window).into_iter();
    slides.extend(window.map(|fault| (fault.kind, fault.equals, fault.look, fault.slide)));
    if leaf == LeafName::Parameter(0) {
        for (axis, equals) in [
            (
                Axis::Rows,
                "what comes out when the last row of the input takes no part",
            ),
            (
                Axis::Columns,
                "what comes out when the last column of the input takes no part",
            ),
            (
                Axis::Both,
                "what comes out when the last row and column of the input take no part",
            ),
        ] {
            let inputs = Skipped::Last(axis);
            slides.push((
                BugKind::LastMissing(axis),
                equals,
                "a bound on the position in the input is one too small",
                Slide { inputs, ..right },
            ));
        }
        slides.push((
            BugKind::BordersMissing,
            "what comes out when the border of the input takes no part",
            "a bound on the position in the input leaves out the first and the last row and column",
            Slide {
                inputs: Skipped::Border,
                ..right
            },
        ));
    }
    let keeps = if leaf == LeafName::Input {
        OVERWRITTEN_INPUT.as_slice()
    } else {
        OVERWRITTEN_PARAMETER.as_slice()
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

const LAST_TERM: &str = "the last of the contributions instead of their sum";
const LAST_CHANNEL: &str = "the contributions of the last output channel instead of all";
const LAST_WINDOW: &str = "the contributions of the last window instead of all";
const LAST_SAMPLE: &str = "what the last sample alone gives";

const OVERWRITTEN_INPUT: [(&str, Keep); 9] = [
    (LAST_TERM, Keep::ChannelPosition),
    (LAST_TERM, Keep::ChannelTap),
    (LAST_TERM, Keep::PositionChannel),
    (LAST_TERM, Keep::TapChannel),
    (LAST_WINDOW, Keep::Position),
    (LAST_WINDOW, Keep::Tap),
    (LAST_WINDOW, Keep::PositionByColumns),
    (LAST_CHANNEL, Keep::Channel),
    (LAST_SAMPLE, Keep::Sample),
];

const OVERWRITTEN_PARAMETER: [(&str, Keep); 4] = [
    (LAST_SAMPLE, Keep::Sample),
    (LAST_TERM, Keep::SamplePosition),
    (LAST_WINDOW, Keep::Position),
    (LAST_WINDOW, Keep::PositionByColumns),
];

fn group_faults(groups: usize) -> Vec<(&'static str, Channels)> {
    if groups == 1 {
        return Vec::new();
    }
    vec![
        (
            "what comes out when every group takes the first group's input channels",
            Channels::First,
        ),
        (
            "what comes out when every group takes the next group's input channels",
            Channels::Group(1),
        ),
        (
            "what comes out when every group takes the previous group's input channels",
            Channels::Group(groups - 1),
        ),
    ]
}

impl Pass<'_> {
    /// Wrong ways to read the kernel for dx.
    fn reads(&self) -> Vec<Fault<Read>> {
        let flipped = "dx is a convolution with the kernel rotated once; look for a rotation too many or too few";
        let mut reads = vec![(
            BugKind::KernelRotated,
            "what comes out with the kernel rotated by 180 degrees",
            flipped,
            Read::Mirrored(Axis::Both),
        )];
        for (axis, equals) in [
            (
                Axis::Rows,
                "what comes out with the kernel's rows in reverse order",
            ),
            (
                Axis::Columns,
                "what comes out with the kernel's columns in reverse order",
            ),
        ] {
            let look = "the kernel is flipped along one axis where both or none are needed";
            reads.push((
                BugKind::KernelMirrored(axis),
                equals,
                look,
                Read::Mirrored(axis),
            ));
        }
        let [outputs, inputs, ..] = self.weight;
        reads.extend([
            (
                BugKind::Transposed,
                "what comes out with the kernel transposed",
                "the kernel's row and column are exchanged",
                Read::Transposed,
            ),
            (
                BugKind::ChannelsSwapped,
                "what comes out when the kernel is read with the input channels first",
                "input and output channel are exchanged in the kernel's index",
                Read::InputChannelsFirst,
            ),
        ]);
        let rolls = [
            Read::OutputRolled(1),
            Read::OutputRolled(outputs - 1),
            Read::InputRolled(1),
            Read::InputRolled(inputs - 1),
        ];
        reads.extend(rolls.map(|read| {
            let equals = "what comes out with the kernels of neighbouring channels";
            let look = "a channel index is off by one";
            (BugKind::ChannelsRolled, equals, look, read)
        }));
        reads
    }

    /// The gradient of `leaf` for `slices` of its first axis: samples of the input, output channels of
    /// the parameters.
    fn run(&self, leaf: LeafName, slices: Range<usize>) -> Terms {
        let size = |shape: [usize; 4]| shape.iter().product();
        let mut terms = Terms::new(match leaf {
            LeafName::Input => size(self.input),
            LeafName::Parameter(0) => size(self.weight),
            LeafName::Parameter(_) => self.weight[0],
        });
        let (samples, channels) = match leaf {
            LeafName::Input => (slices, 0..self.output[1]),
            LeafName::Parameter(_) => (0..self.input[0], slices),
        };
        for sample in samples.filter(|sample| self.slide.takes_sample(*sample)) {
            for channel in channels.clone() {
                for i in 0..self.output[2] {
                    for j in 0..self.output[3] {
                        self.window(leaf, sample, channel, [i, j], &mut terms);
                    }
                }
            }
        }
        terms
    }

    /// The contributions of one output.
    fn window(
        &self,
        leaf: LeafName,
        sample: usize,
        channel: usize,
        position: [usize; 2],
        terms: &mut Terms,
    ) {
        let [_, outputs, rows, columns] = self.output;
        if self.slide.outputs.skips(position, [rows, columns]) {
            return;
        }
        let dy = ((sample * outputs + channel) * rows + position[0]) * columns + position[1];
        let dy = self.dy[dy];
        let [_, inputs, kh, kw] = self.weight;
        let extents = Extents {
            channels: outputs,
            output: [rows, columns],
            kernel: [kh, kw],
        };
        let mut origin = Origin {
            sample,
            channel,
            position,
            tap: [0, 0],
        };
        if leaf == LeafName::Parameter(1) {
            terms.put(channel, dy, self.slide.key(&origin, &extents));
            return;
        }
        let [_, all_inputs, height, width] = self.input;
        let first = self.group(channel) * inputs;
        for tap in (0..kh * kw).map(|tap| [tap / kw, tap % kw]) {
            let Some([row, column]) = self.slide.meets(position, tap, [height, width]) else {
                continue;
            };
            origin.tap = tap;
            let key = self.slide.key(&origin, &extents);
            for c in 0..inputs {
                let plane = sample * all_inputs + first + c;
                let at = (plane * height + row) * width + column;
                if leaf == LeafName::Input {
                    terms.put(at, dy * self.kernel[self.read_at(channel, c, tap)], key);
                } else {
                    let to = ((channel * inputs + c) * kh + tap[0]) * kw + tap[1];
                    terms.put(to, dy * self.x[at], key);
                }
            }
        }
    }

    /// The group whose input channels output channel `channel` takes.
    fn group(&self, channel: usize) -> usize {
        match self.channels {
            Channels::First => 0,
            Channels::Group(step) => {
                (channel / (self.output[1] / self.groups) + step) % self.groups
            }
        }
    }

    /// The place in the kernel that is read for (o, c, u, v).
    fn read_at(&self, o: usize, c: usize, [u, v]: [usize; 2]) -> usize {
        let [outputs, inputs, kh, kw] = self.weight;
        let upright = |o: usize, c: usize, u: usize, v: usize| ((o * inputs + c) * kh + u) * kw + v;
        match self.read {
            Read::Upright => upright(o, c, u, v),
            Read::Mirrored(Axis::Rows) => upright(o, c, kh - 1 - u, v),
            Read::Mirrored(Axis::Columns) => upright(o, c, u, kw - 1 - v),
            Read::Mirrored(Axis::Both) => upright(o, c, kh - 1 - u, kw - 1 - v),
            Read::Transposed => ((o * inputs + c) * kw + v) * kh + u,
            Read::InputChannelsFirst => ((c * outputs + o) * kh + u) * kw + v,
            Read::OutputRolled(step) => upright((o + step) % outputs, c, u, v),
            Read::InputRolled(step) => upright(o, (c + step) % inputs, u, v),
        }
    }
}
