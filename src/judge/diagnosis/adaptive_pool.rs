//! An adaptive average pooling's backward, computed on purpose in wrong ways.

use std::ops::Range;

use crate::spec::adaptive_window;
use crate::spec::extent::Window;

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::{Axis, BugKind};
use super::terms::Terms;
use super::window::{Extents, Keep, Origin, Samples, Skipped, Slide};

/// A backward pass with a fault.
#[derive(Clone, Copy)]
struct Pass<'a> {
    dy: &'a [f64],
    input: [usize; 4],
    output: [usize; 4],
    /// Of this the faults alone are read: the windows are in `windows`.
    slide: Slide,
    windows: Windows,
    divisor: Divisor,
}

/// Where windows lie.
#[derive(Clone, Copy)]
enum Windows {
    Adaptive,
    /// They end where the next begins.
    EndRoundedDown,
    /// They are the same distance apart, and as large as the last one needs to be.
    Fixed,
}

/// What a window is divided by.
#[derive(Clone, Copy)]
enum Divisor {
    /// Its number of entries.
    Own,
    /// ⌊input/output⌋ along each axis.
    Floor,
    /// ⌈input/output⌉ along each axis.
    Ceil,
    One,
}

/// The wrong ways, most likely first.
pub(super) fn hypotheses<'a>(context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let axes = |shape: &[usize]| <[usize; 4]>::try_from(shape).expect("four axes");
    let nowhere = Window {
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
    };
    let right = Pass {
        dy,
        input: axes(context.problem.input.shape()),
        output: axes(context.problem.network.output_shape()),
        slide: Slide::right(&nowhere),
        windows: Windows::Adaptive,
        divisor: Divisor::Own,
    };
    let Some(level) = right.run(0..right.input[0]).level(context) else {
        return Vec::new();
    };
    let mut hypotheses = Vec::new();
    let mut add = |kind, equals: &str, look: &str, pass: Pass<'a>| {
        let sums = move |samples| pass.run(samples);
        hypotheses.push(Hypothesis::sums(kind, equals, look, level, sums));
    };
    let similar = BugKind::ApproximateDerivative;
    let look = "windows of an adaptive pooling differ in size, and each is divided by its own";
    for (equals, divisor) in [
        (
            "what comes out when every window is divided by the size rounded down",
            Divisor::Floor,
        ),
        (
            "what comes out when every window is divided by the size rounded up",
            Divisor::Ceil,
        ),
        (
            "what comes out when no window is divided by its number of entries",
            Divisor::One,
        ),
    ] {
        add(similar, equals, look, Pass { divisor, ..right });
    }
    let look = "window i is from floor(i H/O) to ceil((i + 1) H/O), so that neighbours can overlap";
    for (equals, windows) in [
        (
            "what comes out when windows end where the next begins",
            Windows::EndRoundedDown,
        ),
        (
            "what a plain pooling with as many outputs gives",
            Windows::Fixed,
        ),
    ] {
        add(similar, equals, look, Pass { windows, ..right });
    }
    let with = |slide: Slide| Pass { slide, ..right };
    let samples = Samples::First;
    add(
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "a loop over the batch ends after the first sample",
        with(Slide {
            samples,
            ..right.slide
        }),
    );
    let last = |axis| (BugKind::LastMissing(axis), Skipped::Last(axis));
    for (kind, outputs) in [
        last(Axis::Rows),
        last(Axis::Columns),
        last(Axis::Both),
        (BugKind::BordersMissing, Skipped::Border),
    ] {
        add(
            kind,
            "what comes out when the end or the border of the output's gradient takes no part",
            "a loop over output positions ends one step too early",
            with(Slide {
                outputs,
                ..right.slide
            }),
        );
    }
    for keep in [Keep::Position, Keep::PositionByColumns] {
        add(
            BugKind::Overwritten,
            "the contribution of the last window instead of the sum over all",
            "windows overlap, and a contribution is stored with = where it should be added with +=",
            with(Slide {
                keep,
                ..right.slide
            }),
        );
    }
    hypotheses
}

impl Pass<'_> {
    /// dx of the samples in `samples`.
    fn run(&self, samples: Range<usize>) -> Terms {
        let mut terms = Terms::new(self.input.iter().product());
        let [_, channels, rows, columns] = self.output;
        let [_, _, height, width] = self.input;
        let extents = Extents {
            channels,
            output: [rows, columns],
            kernel: [1, 1],
        };
        for sample in samples.filter(|sample| self.slide.takes_sample(*sample)) {
            for channel in 0..channels {
                let plane = sample * channels + channel;
                for position in (0..rows * columns).map(|at| [at / columns, at % columns]) {
                    if self.slide.outputs.skips(position, [rows, columns]) {
                        continue;
                    }
                    let origin = Origin {
                        sample,
                        channel,
                        position,
                        tap: [0, 0],
                    };
                    let key = self.slide.key(&origin, &extents);
                    let [window_rows, window_columns] =
                        [0, 1].map(|axis| self.window(axis, position[axis]));
                    let dy = self.dy[(plane * rows + position[0]) * columns + position[1]];
                    let share = dy / self.divisor([window_rows.len(), window_columns.len()]);
                    for row in window_rows {
                        for column in window_columns.clone() {
                            terms.put((plane * height + row) * width + column, share, key);
                        }
                    }
                }
            }
        }
        terms
    }

    fn window(&self, axis: usize, position: usize) -> Range<usize> {
        let (input, output) = (self.input[2 + axis], self.output[2 + axis]);
        let right = adaptive_window(position, input, output);
        match self.windows {
            Windows::Adaptive => right,
            Windows::EndRoundedDown => right.start..(position + 1) * input / output,
            Windows::Fixed => {
                let stride = input / output;
                position * stride..position * stride + input - (output - 1) * stride
            }
        }
    }

    fn divisor(&self, own: [usize; 2]) -> f64 {
        let size = |axis: usize| (self.input[2 + axis], self.output[2 + axis]);
        let along = |axis: usize| match self.divisor {
            Divisor::Own => own[axis],
            Divisor::Floor => (size(axis).0 / size(axis).1).max(1),
            Divisor::Ceil => size(axis).0.div_ceil(size(axis).1),
            Divisor::One => 1,
        };
        (along(0) * along(1)) as f64
    }
}
