//! A fault that may explain a wrong tensor, and whether it does.

use std::ops::Range;

use super::evidence::{Context, within};
use super::kind::BugKind;
use super::terms::Terms;

/// A tensor shows a fault where it moves an entry by this many bounds.
const CLEAR: f64 = 8.0;

/// A kind of bug, in words, with the tensor that it would give.
pub(super) struct Hypothesis<'a> {
    pub(super) kind: BugKind,
    /// Goes on after "equals".
    pub(super) equals: String,
    /// What to look at.
    pub(super) look: String,
    prediction: Prediction<'a>,
}

/// The tensor that a fault would give.
enum Prediction<'a> {
    /// Each entry is one of the right tensor's, or 0.
    Moved(Box<dyn Fn(usize) -> Option<usize> + 'a>),
    /// A multiple of the right tensor.
    Scaled(f64),
    /// Something else at each entry: a value, and a bound on its error.
    Entry(Box<dyn Fn(usize) -> (f64, f64) + 'a>),
    /// Sums computed on purpose in a wrong way, for a range of the first axis; and their error bound
    /// as a share of the sum of magnitudes.
    Sums(Box<dyn Fn(Range<usize>) -> Terms + 'a>, f64),
}

/// How well a hypothesis explains the tensor.
#[derive(Clone, Copy)]
pub(super) struct Fit {
    /// Entries at which it predicts something that is clearly not the right gradient.
    pub(super) informative: usize,
}

impl<'a> Hypothesis<'a> {
    fn new(
        kind: BugKind,
        equals: impl Into<String>,
        look: impl Into<String>,
        prediction: Prediction<'a>,
    ) -> Self {
        Self {
            kind,
            equals: equals.into(),
            look: look.into(),
            prediction,
        }
    }

    /// Entry i is the right tensor's entry `from(i)`, or 0.
    pub(super) fn moved(
        kind: BugKind,
        equals: impl Into<String>,
        look: impl Into<String>,
        from: impl Fn(usize) -> Option<usize> + 'a,
    ) -> Self {
        Self::new(kind, equals, look, Prediction::Moved(Box::new(from)))
    }

    /// `factor` times the right tensor.
    pub(super) fn scaled(
        kind: BugKind,
        equals: impl Into<String>,
        look: impl Into<String>,
        factor: f64,
    ) -> Self {
        Self::new(kind, equals, look, Prediction::Scaled(factor))
    }

    /// Entry i is `entry(i)`, with a bound on its error.
    pub(super) fn entries(
        kind: BugKind,
        equals: impl Into<String>,
        look: impl Into<String>,
        entry: impl Fn(usize) -> (f64, f64) + 'a,
    ) -> Self {
        Self::new(kind, equals, look, Prediction::Entry(Box::new(entry)))
    }

    /// The sums that `sums` computes for a range of the first axis, whose errors are at most `level`
    /// of the sums of magnitudes.
    pub(super) fn sums(
        kind: BugKind,
        equals: impl Into<String>,
        look: impl Into<String>,
        level: f64,
        sums: impl Fn(Range<usize>) -> Terms + 'a,
    ) -> Self {
        Self::new(kind, equals, look, Prediction::Sums(Box::new(sums), level))
    }

    /// Whether the wrong tensor is within the bounds of the prediction at every entry, and the
    /// prediction is beyond the bounds of the right tensor at some.
    pub(super) fn fit(&self, context: &Context<'_>) -> Option<Fit> {
        let all = 0..context.right.len();
        let mut tally = Tally::default();
        match &self.prediction {
            Prediction::Moved(from) => tally.add(context, all, |index| {
                from(index).map_or((0.0, 0.0), |from| {
                    (context.right[from], context.error[from])
                })
            }),
            Prediction::Scaled(factor) => tally.add(context, all, |index| {
                (
                    context.right[index] * factor,
                    context.error[index] * factor.abs(),
                )
            }),
            Prediction::Entry(entry) => tally.add(context, all, entry),
            Prediction::Sums(sums, level) => {
                // One slice first: it mostly shows that the rest need not be computed.
                let slices = context.shape.first().copied().unwrap_or(1);
                let length = context.right.len() / slices;
                [0..1, 1..slices].into_iter().try_for_each(|part| {
                    if part.is_empty() {
                        return Some(());
                    }
                    let entries = part.start * length..part.end * length;
                    let terms = sums(part);
                    tally.add(context, entries, |index| terms.estimate(index, *level))
                })
            }
        }?;
        tally.differs.then_some(Fit {
            informative: tally.informative,
        })
    }
}

#[derive(Default)]
struct Tally {
    differs: bool,
    informative: usize,
}

impl Tally {
    /// Count what the prediction says at `entries`, or stop where it does not hold.
    fn add(
        &mut self,
        context: &Context<'_>,
        entries: Range<usize>,
        predict: impl Fn(usize) -> (f64, f64),
    ) -> Option<()> {
        for index in entries {
            let (value, error) = predict(index);
            if !within(
                context.wrong[index],
                value,
                context.wrong_error[index] + error,
            ) {
                return None;
            }
            let gap = (value - context.right[index]).abs();
            let bound = context.error[index] + error;
            self.differs |= gap > bound;
            self.informative += usize::from(gap > CLEAR * bound);
        }
        Some(())
    }
}
