//! The backward of zero padding and of upsampling, computed on purpose in wrong ways.

use std::ops::Range;

use crate::spec::{Interpolation, UpsampleSpec, ZeroPad2dSpec};

use super::evidence::{Context, images};
use super::hypothesis::Hypothesis;
use super::kind::{Axis, BugKind};
use super::terms::Terms;
use super::window::Skipped;

/// For every output along an axis, the inputs that it is made from, with their weights.
type Lines = Vec<Vec<(usize, f64)>>;

/// A backward pass with a fault.
#[derive(Clone)]
struct Pass<'a> {
    dy: &'a [f64],
    input: [usize; 4],
    output: [usize; 4],
    /// Rows and columns.
    lines: [Lines; 2],
    /// Outputs that take no part.
    outputs: Skipped,
    keep: Keep,
    /// Whether rows are weighted as columns should be, and columns as rows.
    axes_exchanged: bool,
}

/// What becomes of several contributions to an entry.
#[derive(Clone, Copy)]
enum Keep {
    Sum,
    Mean,
    First,
    Last,
}

/// A fault, in words.
type Words = (BugKind, &'static str, &'static str);

/// The wrong ways of a zero padding, most likely first.
pub(super) fn zero_pad2d<'a>(spec: ZeroPad2dSpec, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let sizes = sizes(context);
    let lines = |sides: [isize; 2]| [0, 1].map(|axis| padded(sides[axis], sizes, axis));
    let [left, right, top, bottom] = spec.padding;
    let mut faults: Vec<(Words, [isize; 2])> = vec![
        (
            (
                BugKind::PaddingIgnored,
                "the output's gradient from its first row and column on",
                "the padding is not added where a position in the output is computed",
            ),
            [0, 0],
        ),
        (
            (
                BugKind::PaddingSwapped,
                "what comes out when the paddings of opposite sides are exchanged",
                "padding is left, right, top, bottom",
            ),
            [bottom, right],
        ),
        (
            (
                BugKind::PaddingSwapped,
                "what comes out when the paddings of rows and columns are exchanged",
                "padding is left, right, top, bottom: columns come first",
            ),
            [left, top],
        ),
    ];
    for step in [1, -1] {
        for (axis, sides) in [
            (Axis::Both, [top + step, left + step]),
            (Axis::Rows, [top + step, left]),
            (Axis::Columns, [top, left + step]),
        ] {
            let words = (
                BugKind::Shifted(axis),
                "the output's gradient one place off",
                "the padding is off by one, or an index begins at 1 instead of 0",
            );
            faults.push((words, sides));
        }
    }
    let wrong = |right: &Pass<'a>| {
        let faults = faults.into_iter().map(|(words, sides)| {
            let lines = lines(sides);
            let right = right.clone();
            (words, Pass { lines, ..right })
        });
        faults.collect()
    };
    hypotheses(lines([top, left]), context, wrong)
}

/// The wrong ways of an upsampling, most likely first.
pub(super) fn upsample<'a>(spec: UpsampleSpec, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let sizes = sizes(context);
    let lines = |spec: UpsampleSpec| [0, 1].map(|axis| resized(spec, sizes, axis));
    let wrong = |right: &Pass<'a>| {
        let mut faults: Vec<(Words, Pass<'a>)> = Vec::new();
        let with = |lines| {
            let right = right.clone();
            Pass { lines, ..right }
        };
        let similar = |equals, look| (BugKind::ApproximateDerivative, equals, look);
        for (words, keep) in KEPT {
            let right = right.clone();
            faults.push((words, Pass { keep, ..right }));
        }
        let is_nearest = spec.mode == Interpolation::Nearest;
        let other_mode = UpsampleSpec {
            mode: if is_nearest {
                Interpolation::Bilinear
            } else {
                Interpolation::Nearest
            },
            align_corners: false,
            ..spec
        };
        let look = "the mode that backward is told";
        let words = similar("the gradient of an upsampling by the other mode", look);
        faults.push((words, with(lines(other_mode))));
        let recomputed = UpsampleSpec {
            recompute_scale_factor: !spec.recompute_scale_factor,
            ..spec
        };
        let words = similar(
            "what comes out when positions follow from the sizes where scale_factor is given, or from it \
             where it is to be computed again",
            "whether positions go by scale_factor or by the ratio of the sizes",
        );
        faults.push((words, with(lines(recomputed))));
        let half_pixel = [0, 1].map(|axis| without_clamp(spec, sizes, axis, !is_nearest));
        if is_nearest {
            let words = similar(
                "what comes out when the centre of an output decides which input is nearest",
                "output i copies input floor(i/scale), without half a pixel",
            );
            let lines = [0, 1].map(|axis| centred(spec, sizes, axis));
            faults.push((words, with(lines)));
            return faults;
        }
        let other_corners = UpsampleSpec {
            align_corners: !spec.align_corners,
            ..spec
        };
        let look = "align_corners in backward";
        let words = similar("the gradient with align_corners the other way round", look);
        faults.push((words, with(lines(other_corners))));
        if !spec.align_corners {
            let words = similar(
                "what comes out without the half of a pixel",
                "output i is at (i + 1/2)/scale - 1/2",
            );
            let lines = [0, 1].map(|axis| without_clamp(spec, sizes, axis, false));
            faults.push((words, with(lines)));
            let words = similar(
                "what comes out when positions before the first entry are left there",
                "a position below 0 has to become 0",
            );
            faults.push((words, with(half_pixel)));
        }
        let exchanged = right.lines.clone().map(|lines| {
            let lines = lines.into_iter().map(|mut parts| {
                if let [(_, lower), (_, upper)] = parts.as_mut_slice() {
                    std::mem::swap(lower, upper);
                }
                parts
            });
            lines.collect()
        });
        let words = (
            BugKind::WeightsExchanged,
            "what comes out when two neighbours have each other's weights",
            "the lower neighbour has one less the distance to it, the upper the distance",
        );
        faults.push((words, with(exchanged)));
        let words = (
            BugKind::Transposed,
            "what comes out when rows are weighted by the distances along columns, and columns by those along rows",
            "which axis a weight belongs to",
        );
        let right = right.clone();
        let axes_exchanged = Pass {
            axes_exchanged: true,
            ..right
        };
        faults.push((words, axes_exchanged));
        faults
    };
    hypotheses(lines(spec), context, wrong)
}

const KEPT: [(Words, Keep); 3] = [
    (
        (
            BugKind::Averaged,
            "the mean of what an entry's outputs give instead of their sum",
            "an entry's gradient is the sum over all outputs that are made from it",
        ),
        Keep::Mean,
    ),
    (
        (
            BugKind::Overwritten,
            "the contribution of the last output instead of the sum over all",
            "a contribution is stored with = where it should be added with +=",
        ),
        Keep::Last,
    ),
    (
        (
            BugKind::Overwritten,
            "the contribution of the first output instead of the sum over all",
            "an entry's gradient is the sum over all outputs that are made from it",
        ),
        Keep::First,
    ),
];

/// Input and output of each axis.
fn sizes(context: &Context<'_>) -> [[usize; 2]; 2] {
    let input = images(context.problem.input.shape());
    let output = images(context.problem.network.output_shape());
    [2, 3].map(|axis| [input[axis], output[axis]])
}

/// The hypotheses of `wrong`, made from the right pass, and those that all of these layers share.
fn hypotheses<'a>(
    lines: [Lines; 2],
    context: &'a Context<'a>,
    wrong: impl FnOnce(&Pass<'a>) -> Vec<(Words, Pass<'a>)>,
) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let right = Pass {
        dy,
        input: images(context.problem.input.shape()),
        output: images(context.problem.network.output_shape()),
        lines,
        outputs: Skipped::Nothing,
        keep: Keep::Sum,
        axes_exchanged: false,
    };
    let Some(level) = right.run(0..right.input[0]).level(context) else {
        return Vec::new();
    };
    let mut faults = wrong(&right);
    for axis in [Axis::Rows, Axis::Columns, Axis::Both] {
        let words = (
            BugKind::LastMissing(axis),
            "what comes out when the end of the output's gradient takes no part",
            "a loop over output positions ends one step too early",
        );
        let outputs = Skipped::Last(axis);
        let right = right.clone();
        faults.push((words, Pass { outputs, ..right }));
    }
    let hypotheses = faults.into_iter().map(|((kind, equals, look), pass)| {
        Hypothesis::sums(kind, equals, look, level, move |samples| pass.run(samples))
    });
    hypotheses.collect()
}

/// Outputs along an axis of a padding by `before`.
fn padded(before: isize, sizes: [[usize; 2]; 2], axis: usize) -> Lines {
    let [inputs, outputs] = sizes[axis];
    let part = |at: usize| {
        let at = usize::try_from(at.cast_signed() - before).ok();
        let inside = at.filter(|at| *at < inputs);
        inside.into_iter().map(|at| (at, 1.0)).collect()
    };
    (0..outputs).map(part).collect()
}

/// Outputs along an axis of an upsampling.
fn resized(spec: UpsampleSpec, sizes: [[usize; 2]; 2], axis: usize) -> Lines {
    let [inputs, outputs] = sizes[axis];
    let along = spec.axis(axis, inputs, outputs);
    let parts = |at| match spec.mode {
        Interpolation::Nearest => vec![(along.nearest(at), 1.0)],
        Interpolation::Bilinear => along.neighbours(at).to_vec(),
    };
    (0..outputs).map(parts).collect()
}

/// Inputs for each output, as positions go by.
fn step(spec: UpsampleSpec, [inputs, outputs]: [usize; 2], axis: usize) -> f64 {
    let scale = spec.axis(axis, inputs, outputs).scale;
    scale.map_or(inputs as f64 / outputs as f64, |scale| 1.0 / scale)
}

/// Nearest with (at + 1/2)/scale rounded down, as PyTorch's `nearest-exact` has it.
fn centred(spec: UpsampleSpec, sizes: [[usize; 2]; 2], axis: usize) -> Lines {
    let [inputs, outputs] = sizes[axis];
    let step = step(spec, sizes[axis], axis) as f32;
    let part = |at| {
        let place = (at as f32 + 0.5) * step;
        vec![((place as usize).min(inputs - 1), 1.0)]
    };
    (0..outputs).map(part).collect()
}

/// Linear interpolation, with half a pixel or without, of positions that may be below 0.
fn without_clamp(
    spec: UpsampleSpec,
    sizes: [[usize; 2]; 2],
    axis: usize,
    half_pixel: bool,
) -> Lines {
    let [inputs, outputs] = sizes[axis];
    let step = step(spec, sizes[axis], axis);
    let last = inputs - 1;
    let parts = |at: usize| {
        if inputs == outputs {
            return vec![(at, 1.0)];
        }
        let place = if half_pixel {
            step * (at as f64 + 0.5) - 0.5
        } else {
            step * at as f64
        };
        if place < 0.0 {
            return vec![(0, 1.0 + place)];
        }
        let below = (place as f32 as usize).min(last);
        let share = (place - below as f64).clamp(0.0, 1.0);
        vec![(below, 1.0 - share), ((below + 1).min(last), share)]
    };
    (0..outputs).map(parts).collect()
}

impl Pass<'_> {
    /// dx of the samples in `samples`.
    fn run(&self, samples: Range<usize>) -> Terms {
        let mut terms = Terms::new(self.input.iter().product());
        let [_, channels, height, width] = self.input;
        let [_, _, rows, columns] = self.output;
        let totals = [0, 1].map(|axis| self.totals(axis));
        for plane in samples.start * channels..samples.end * channels {
            for (i, row_parts) in self.lines[0].iter().enumerate() {
                for (j, column_parts) in self.lines[1].iter().enumerate() {
                    if self.outputs.skips([i, j], [rows, columns]) {
                        continue;
                    }
                    let dy = self.dy[(plane * rows + i) * columns + j];
                    for (u, (row, of_row)) in row_parts.iter().enumerate() {
                        for (v, (column, of_column)) in column_parts.iter().enumerate() {
                            let mut weight = of_row * of_column;
                            if self.axes_exchanged {
                                weight = column_parts[u].1 * row_parts[v].1;
                            }
                            if weight.abs() > 0.0 {
                                let order = ((i * columns + j) * 2 + u) * 2 + v;
                                let (weight, key) = match self.keep {
                                    Keep::Sum => (weight, 0),
                                    Keep::Mean => {
                                        (weight / (totals[0][*row] * totals[1][*column]), 0)
                                    }
                                    Keep::Last => (weight, order),
                                    Keep::First => (weight, rows * columns * 4 - order),
                                };
                                let place = (plane * height + row) * width + column;
                                terms.put(place, weight * dy, key);
                            }
                        }
                    }
                }
            }
        }
        terms
    }

    /// The sum of each input's weights.
    fn totals(&self, axis: usize) -> Vec<f64> {
        let mut totals = vec![0.0; self.input[2 + axis]];
        for (place, weight) in self.lines[axis].iter().flatten() {
            totals[*place] += weight;
        }
        totals
    }
}
