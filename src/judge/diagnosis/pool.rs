//! A pooling's backward, computed on purpose in wrong ways.

use std::ops::Range;

use crate::layer::{AvgPool2d, MaxPool2d};
use crate::spec::extent::Window;
use crate::tensor::values;

use super::evidence::{Context, within};
use super::hypothesis::Hypothesis;
use super::kind::{BugKind, Factor};
use super::terms::Terms;
use super::window::{self, Extents, Keep, Origin, Samples, Slide};

/// A backward pass with a fault.
#[derive(Clone, Copy)]
struct Pass<'a> {
    x: &'a [f64],
    dy: &'a [f64],
    input: [usize; 4],
    output: [usize; 4],
    kernel: [usize; 2],
    slide: Slide,
    share: Share,
}

/// Who gets the gradient of a window.
#[derive(Clone, Copy)]
enum Share {
    /// One entry, or several of them.
    Entry(Choice),
    /// All, divided by a number.
    Mean(AvgPool2d, Divisor),
}

#[derive(Clone, Copy)]
enum Choice {
    FirstMaximum,
    LastMaximum,
    /// Every maximum, the whole gradient each.
    EveryMaximum,
    /// Every maximum, an equal part each.
    SharedMaximum,
    Minimum,
    First,
    Last,
    /// So many places behind the maximum, in a ring.
    Behind(usize),
    Before,
    /// Every entry, an equal part each.
    Everyone,
    /// Every entry, the whole gradient each.
    EveryoneWhole,
}

#[derive(Clone, Copy)]
enum Divisor {
    /// The layer's own.
    Own,
    /// Entries inside of the input.
    Inside,
    /// Entries inside of the input and its padding.
    Padded,
    /// Entries of a whole window.
    Whole,
    /// None.
    One,
}

/// The wrong ways of a max-pooling, most likely first.
pub(super) fn max_pool2d<'a>(pool: &MaxPool2d, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let choices = [
        (
            BugKind::WrongBranch,
            "the gradient at the last of equal maxima",
            "a tie goes to the last maximum instead of the first: another subgradient, not a wrong one",
            Choice::LastMaximum,
        ),
        (
            BugKind::WrongBranch,
            "the gradient at every one of equal maxima",
            "at a tie each maximum gets the whole gradient, which no subgradient does",
            Choice::EveryMaximum,
        ),
        (
            BugKind::WrongBranch,
            "the gradient shared among equal maxima",
            "at a tie the gradient is shared: another subgradient, not a wrong one",
            Choice::SharedMaximum,
        ),
        (
            BugKind::WrongBranch,
            "the gradient at each window's last entry instead of its maximum",
            "where the position of the maximum is kept, and where it is read back",
            Choice::Last,
        ),
        (
            BugKind::WrongBranch,
            "the gradient at each window's first entry instead of its maximum",
            "where the position of the maximum is kept, and where it is read back",
            Choice::First,
        ),
        (
            BugKind::WrongBranch,
            "the gradient at the entry behind each window's maximum",
            "the kept position of the maximum is off by one",
            Choice::Behind(1),
        ),
        (
            BugKind::WrongBranch,
            "the gradient at the entry before each window's maximum",
            "the kept position of the maximum is off by one",
            Choice::Before,
        ),
        (
            BugKind::WrongBranch,
            "the gradient at each window's minimum",
            "the comparison that finds the maximum is the wrong way round",
            Choice::Minimum,
        ),
        (
            BugKind::ApproximateDerivative,
            "the gradient of an average pooling",
            "the gradient is spread over the window, where the maximum gets all of it",
            Choice::Everyone,
        ),
        (
            BugKind::WrongBranch,
            "each window's gradient at every one of its entries",
            "the gradient is given to the whole window, where the maximum alone gets it",
            Choice::EveryoneWhole,
        ),
    ];
    let shares =
        choices.map(|(kind, equals, look, choice)| (kind, equals, look, Share::Entry(choice)));
    of_pool(
        &pool.window,
        Share::Entry(Choice::FirstMaximum),
        &shares,
        &[],
        context,
    )
}

/// The wrong ways of an average pooling, most likely first.
pub(super) fn avg_pool2d<'a>(pool: &AvgPool2d, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let look = "what each window's sum is divided by at the border";
    let shares = [
        (
            "what comes out when the padding does not count in the divisor",
            Divisor::Inside,
        ),
        (
            "what comes out when the padding counts in the divisor",
            Divisor::Padded,
        ),
        (
            "what comes out when every window is divided by the whole kernel's size",
            Divisor::Whole,
        ),
    ];
    let kind = BugKind::ApproximateDerivative;
    let mut shares = shares
        .map(|(equals, divisor)| (kind, equals, look, Share::Mean(*pool, divisor)))
        .to_vec();
    let entries = (pool.window.kernel[0] * pool.window.kernel[1]) as f64;
    shares.push((
        BugKind::Factor(Factor::Other(entries)),
        "what comes out when no window is divided by its number of entries",
        "the division: a sum stands where a mean belongs",
        Share::Mean(*pool, Divisor::One),
    ));
    let inside = [Share::Mean(*pool, Divisor::Inside)];
    let right = Share::Mean(*pool, Divisor::Own);
    of_pool(&pool.window, right, &shares, &inside, context)
}

/// What `right` gives with the faults of a window, each also with the shares in `others`; then with
/// wrong shares.
fn of_pool<'a>(
    window: &Window,
    right: Share,
    wrong: &[(BugKind, &'static str, &'static str, Share)],
    others: &[Share],
    context: &'a Context<'a>,
) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let axes = |shape: &[usize]| <[usize; 4]>::try_from(shape).expect("four axes");
    let pass = Pass {
        x: values(&context.problem.input),
        dy,
        input: axes(context.problem.input.shape()),
        output: axes(context.problem.network.output_shape()),
        kernel: window.kernel,
        slide: Slide::right(window),
        share: right,
    };
    let Some(level) = pass.run(0..pass.input[0]).level(context) else {
        return Vec::new();
    };
    let mut hypotheses = Vec::new();
    let mut add = |kind, equals: &str, look: &str, pass: Pass<'a>| {
        let sums = move |samples| pass.run(samples);
        hypotheses.push(Hypothesis::sums(kind, equals, look, level, sums));
    };
    for (kind, equals, look, share) in wrong {
        add(
            *kind,
            equals,
            look,
            Pass {
                share: *share,
                ..pass
            },
        );
    }
    let first = Slide {
        samples: Samples::First,
        ..pass.slide
    };
    add(
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "a loop over the batch ends after the first sample",
        Pass {
            slide: first,
            ..pass
        },
    );
    for fault in window::faults(window) {
        for share in [right].iter().chain(others) {
            let pass = Pass {
                slide: fault.slide,
                share: *share,
                ..pass
            };
            add(fault.kind, fault.equals, fault.look, pass);
        }
    }
    for keep in [Keep::Position, Keep::PositionByColumns] {
        let slide = Slide { keep, ..pass.slide };
        add(
            BugKind::Overwritten,
            "the contribution of the last window instead of the sum over all",
            "windows overlap, and a contribution is stored with = where it should be added with +=",
            Pass { slide, ..pass },
        );
    }
    hypotheses
}

impl Pass<'_> {
    /// dx of the samples in `samples`.
    fn run(&self, samples: Range<usize>) -> Terms {
        let mut terms = Terms::new(self.input.iter().product());
        let [_, channels, rows, columns] = self.output;
        let extents = Extents {
            channels,
            output: [rows, columns],
            kernel: self.kernel,
        };
        let mut inside = Vec::with_capacity(self.kernel[0] * self.kernel[1]);
        for sample in samples.filter(|sample| self.slide.takes_sample(*sample)) {
            for channel in 0..channels {
                let plane = sample * channels + channel;
                for position in (0..rows * columns).map(|at| [at / columns, at % columns]) {
                    if self.slide.outputs.skips(position, [rows, columns]) {
                        continue;
                    }
                    let dy = self.dy[(plane * rows + position[0]) * columns + position[1]];
                    let origin = Origin {
                        sample,
                        channel,
                        position,
                        tap: [0, 0],
                    };
                    let key = self.slide.key(&origin, &extents);
                    self.entries(plane, position, &mut inside);
                    if !inside.is_empty() {
                        self.share(position, dy, &inside, |at, term| terms.put(at, term, key));
                    }
                }
            }
        }
        terms
    }

    /// The window's entries inside of the input, in row-major order.
    fn entries(&self, plane: usize, position: [usize; 2], inside: &mut Vec<usize>) {
        let [_, _, height, width] = self.input;
        inside.clear();
        for u in 0..self.kernel[0] {
            for v in 0..self.kernel[1] {
                let met = self.slide.meets(position, [u, v], [height, width]);
                inside.extend(met.map(|[row, column]| (plane * height + row) * width + column));
            }
        }
    }

    fn share(
        &self,
        position: [usize; 2],
        dy: f64,
        inside: &[usize],
        mut put: impl FnMut(usize, f64),
    ) {
        let choice = match self.share {
            Share::Entry(choice) => choice,
            Share::Mean(pool, divisor) => {
                let share = dy / self.divisor(&pool, divisor, position, inside.len());
                inside.iter().for_each(|at| put(*at, share));
                return;
            }
        };
        let count = inside.len();
        let largest = inside
            .iter()
            .map(|at| self.x[*at])
            .fold(f64::NEG_INFINITY, f64::max);
        let smallest = inside
            .iter()
            .map(|at| self.x[*at])
            .fold(f64::INFINITY, f64::min);
        let is = |wanted: f64| move |at: &usize| within(self.x[*at], wanted, 0.0);
        let first = inside.iter().position(is(largest)).unwrap_or(0);
        let ties = inside.iter().copied().filter(|at| is(largest)(at));
        let number = match choice {
            Choice::FirstMaximum => first,
            Choice::LastMaximum => inside.iter().rposition(is(largest)).unwrap_or(0),
            Choice::Minimum => inside.iter().position(is(smallest)).unwrap_or(0),
            Choice::First => 0,
            Choice::Last => count - 1,
            Choice::Behind(places) => (first + places) % count,
            Choice::Before => (first + count - 1) % count,
            Choice::EveryMaximum => return ties.for_each(|at| put(at, dy)),
            Choice::SharedMaximum => {
                let share = dy / ties.clone().count().max(1) as f64;
                return ties.for_each(|at| put(at, share));
            }
            Choice::EveryoneWhole => return inside.iter().for_each(|at| put(*at, dy)),
            Choice::Everyone => {
                return inside.iter().for_each(|at| put(*at, dy / count as f64));
            }
        };
        put(inside[number], dy);
    }

    fn divisor(
        &self,
        pool: &AvgPool2d,
        divisor: Divisor,
        position: [usize; 2],
        inside: usize,
    ) -> f64 {
        let padded = AvgPool2d {
            count_include_pad: true,
            ..*pool
        };
        let [_, _, height, width] = self.input;
        match divisor {
            Divisor::Own => pool.divisor(position, [height, width]),
            Divisor::Padded => padded.divisor(position, [height, width]),
            Divisor::Inside => inside as f64,
            Divisor::Whole => (self.kernel[0] * self.kernel[1]) as f64,
            Divisor::One => 1.0,
        }
    }
}
