//! A normalisation's backward, computed on purpose in wrong ways.

use crate::layer::{Normalization, Over};
use crate::network::LeafName;
use crate::tensor::values;

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;
use super::terms::Terms;

/// A backward pass with a fault.
#[derive(Clone, Copy)]
struct Pass<'a> {
    norm: &'a Normalization,
    shape: &'a [usize],
    x: &'a [f64],
    scale: Option<&'a [f64]>,
    dy: &'a [f64],
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    MeanPathMissing,
    VariancePathMissing,
    StatisticsConstant,
    VarianceUnbiased,
    EpsOutside,
    ScaleMissing,
    OfInput,
    FirstSampleOnly,
}

/// What a fault is called: kind, after "equals", what to look at.
type Named = (BugKind, &'static str, &'static str, Fault);

const OF_BOTH: [Named; 2] = [
    (
        BugKind::VarianceUnbiased,
        "what comes out with the variance divided by M - 1 instead of M",
        "forward takes the biased variance of the batch; the unbiased one is for the running statistics",
        Fault::VarianceUnbiased,
    ),
    (
        BugKind::EpsOutside,
        "what comes out with eps added behind the root instead of inside of it",
        "where eps is added",
        Fault::EpsOutside,
    ),
];

const OF_INPUT: [Named; 4] = [
    (
        BugKind::MeanPathMissing,
        "what comes out with the mean taken for a constant",
        "the mean depends on every entry: the gradient's own mean is to be taken away",
        Fault::MeanPathMissing,
    ),
    (
        BugKind::VariancePathMissing,
        "what comes out with the variance taken for a constant",
        "the variance depends on every entry: the term with the sum of dy times the normalised input",
        Fault::VariancePathMissing,
    ),
    (
        BugKind::StatisticsConstant,
        "what comes out with mean and variance taken for constants",
        "backward is that of running statistics, and forward takes those of the batch",
        Fault::StatisticsConstant,
    ),
    (
        BugKind::ApproximateDerivative,
        "what comes out without the scale",
        "dy has to be multiplied with the weight",
        Fault::ScaleMissing,
    ),
];

const OF_PARAMETER: [Named; 2] = [
    (
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "the sum over the batch is missing, or a loop ends after the first sample",
        Fault::FirstSampleOnly,
    ),
    (
        BugKind::ApproximateDerivative,
        "the sum of dy times the input instead of the normalised input",
        "the weight multiplies the normalised input",
        Fault::OfInput,
    ),
];

/// The wrong ways for `context`'s leaf, most likely first.
pub(super) fn hypotheses<'a>(
    norm: &'a Normalization,
    context: &'a Context<'a>,
) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let problem = context.problem;
    let right = Pass {
        norm,
        shape: problem.input.shape(),
        x: values(&problem.input),
        scale: problem.parameters.tensors.first().map(values),
        dy,
        fault: Fault::None,
    };
    let leaf = context.leaf;
    let Some(level) = right.run(leaf).level(context) else {
        return Vec::new();
    };
    let own: &[Named] = match leaf {
        LeafName::Input => &OF_INPUT,
        LeafName::Parameter(_) => &OF_PARAMETER,
    };
    let named = own.iter().chain(&OF_BOTH);
    named
        .map(|(kind, equals, look, fault)| {
            let pass = Pass {
                fault: *fault,
                ..right
            };
            Hypothesis::sums(*kind, *equals, *look, level, move |_| pass.run(leaf))
        })
        .collect()
}

impl Pass<'_> {
    fn run(&self, leaf: LeafName) -> Terms {
        let sets = self.sets();
        let entries = match leaf {
            LeafName::Input => self.x.len(),
            LeafName::Parameter(_) => self.scale.map_or(0, <[f64]>::len),
        };
        let mut terms = Terms::new(entries);
        for (number, set) in sets.iter().enumerate() {
            let (mean, deviation) = self.statistics(number, set);
            let normal = |at: usize| (self.x[at] - mean) / deviation;
            match leaf {
                LeafName::Input => self.input(set, deviation, normal, &mut terms),
                LeafName::Parameter(parameter) => {
                    let size = self.x.len() / self.shape[0];
                    for at in set {
                        if self.fault == Fault::FirstSampleOnly && *at >= size {
                            continue;
                        }
                        let factor = match (parameter, self.fault) {
                            (0, Fault::OfInput) => self.x[*at],
                            (0, _) => normal(*at),
                            _ => 1.0,
                        };
                        terms.put(self.place(*at), self.dy[*at] * factor, 0);
                    }
                }
            }
        }
        terms
    }

    /// Add dx of one set.
    fn input(
        &self,
        set: &[usize],
        deviation: f64,
        normal: impl Fn(usize) -> f64,
        terms: &mut Terms,
    ) {
        let scaled = |at: usize| match self.scale {
            Some(scale) if self.fault != Fault::ScaleMissing => scale[self.place(at)] * self.dy[at],
            _ => self.dy[at],
        };
        let count = set.len() as f64;
        let along = |factor: &dyn Fn(usize) -> f64| {
            // What is above 0 and what is below stay apart, to know how much cancels.
            set.iter().fold([0.0, 0.0], |[above, below], at| {
                let term = scaled(*at) * factor(*at);
                [above + term.max(0.0), below + term.min(0.0)]
            })
        };
        let (along_mean, along_variance) = (along(&|_| 1.0), along(&normal));
        let is_constant = self.norm.running.is_some() || self.fault == Fault::StatisticsConstant;
        for at in set {
            terms.put(*at, scaled(*at) / deviation, 0);
            if !is_constant && self.fault != Fault::MeanPathMissing {
                for sum in along_mean {
                    terms.put(*at, -sum / count / deviation, 0);
                }
            }
            if !is_constant && self.fault != Fault::VariancePathMissing {
                let factor = normal(*at) / count / deviation;
                for sum in along_variance {
                    terms.put(*at, -sum * factor, 0);
                }
            }
        }
    }

    /// Mean and deviation of one set.
    fn statistics(&self, number: usize, set: &[usize]) -> (f64, f64) {
        let (mean, variance) = match &self.norm.running {
            Some(running) => {
                let given = |values: &Option<Vec<f64>>, usual: f64| {
                    values.as_ref().map_or(usual, |values| values[number])
                };
                (given(&running.mean, 0.0), given(&running.variance, 1.0))
            }
            None => {
                let count = set.len() as f64;
                let mean = set.iter().map(|at| self.x[*at]).sum::<f64>() / count;
                let squares: f64 = set.iter().map(|at| (self.x[*at] - mean).powi(2)).sum();
                let unbiased = self.fault == Fault::VarianceUnbiased;
                (mean, squares / (count - f64::from(u8::from(unbiased))))
            }
        };
        let eps = self.norm.eps;
        let deviation = if self.fault == Fault::EpsOutside {
            variance.sqrt() + eps
        } else {
            (variance + eps).sqrt()
        };
        (mean, deviation)
    }

    /// The entries of each set.
    fn sets(&self) -> Vec<Vec<usize>> {
        let (batch, channels) = (self.shape[0], self.shape[1]);
        let number = |at: usize| {
            let channel = at / self.plane();
            match self.norm.over {
                Over::Batch => channel % channels,
                Over::Instance => channel,
                Over::Groups(groups) => channel / (channels / groups),
                Over::Layer(size) => at / size,
            }
        };
        let count = match self.norm.over {
            Over::Batch => channels,
            Over::Instance => batch * channels,
            Over::Groups(groups) => batch * groups,
            Over::Layer(size) => self.x.len() / size,
        };
        let mut sets = vec![Vec::new(); count];
        for at in 0..self.x.len() {
            sets[number(at)].push(at);
        }
        sets
    }

    fn place(&self, at: usize) -> usize {
        match self.norm.over {
            Over::Layer(size) => at % size,
            _ => at / self.plane() % self.shape[1],
        }
    }

    fn plane(&self) -> usize {
        self.shape[2..].iter().product()
    }
}
