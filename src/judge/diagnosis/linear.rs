//! A linear layer's backward, computed on purpose in wrong ways.

use crate::network::LeafName;
use crate::tensor::values;

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;
use super::terms::Terms;

/// A backward pass with a fault.
#[derive(Clone, Copy)]
struct Pass<'a> {
    x: &'a [f64],
    weight: &'a [f64],
    dy: &'a [f64],
    batch: usize,
    inputs: usize,
    outputs: usize,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The weight is read as if it were in×out.
    Transposed,
    FirstSampleOnly,
    /// The last sample's contribution remains.
    SamplesOverwritten,
    /// The last output's contribution remains.
    OutputsOverwritten,
    /// The weight's row is that of the output so many places further on.
    Rolled(usize),
}

/// The wrong ways for `context`'s leaf, most likely first.
pub(super) fn hypotheses<'a>(context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let problem = context.problem;
    let weight = &problem.parameters.tensors[0];
    let outputs = weight.shape()[0];
    let right = Pass {
        x: values(&problem.input),
        weight: values(weight),
        dy,
        batch: context.batch(),
        inputs: weight.shape()[1],
        outputs,
        fault: Fault::None,
    };
    let leaf = context.leaf;
    let Some(level) = right.run(leaf).level(context) else {
        return Vec::new();
    };
    let stored = "a contribution is stored with = where it should be added with +=";
    let faults = [
        (
            BugKind::Transposed,
            "what comes out with the weight transposed",
            "output and input feature are exchanged in the weight's index",
            Fault::Transposed,
        ),
        (
            BugKind::FirstSampleOnly,
            "what the first sample alone gives",
            "the sum over the batch is missing, or a loop ends after the first sample",
            Fault::FirstSampleOnly,
        ),
        (
            BugKind::Overwritten,
            "what the last sample alone gives",
            stored,
            Fault::SamplesOverwritten,
        ),
        (
            BugKind::Overwritten,
            "the contribution of the last output feature instead of the sum over all",
            stored,
            Fault::OutputsOverwritten,
        ),
        (
            BugKind::ChannelsRolled,
            "what comes out with the weights of neighbouring output features",
            "an index of the output feature is off by one",
            Fault::Rolled(1),
        ),
        (
            BugKind::ChannelsRolled,
            "what comes out with the weights of neighbouring output features",
            "an index of the output feature is off by one",
            Fault::Rolled(outputs - 1),
        ),
    ];
    faults
        .map(|(kind, equals, look, fault)| {
            let pass = Pass { fault, ..right };
            Hypothesis::sums(kind, equals, look, level, move |_| pass.run(leaf))
        })
        .into()
}

impl Pass<'_> {
    fn run(&self, leaf: LeafName) -> Terms {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let mut terms = Terms::new(match leaf {
            LeafName::Input => self.batch * inputs,
            LeafName::Parameter(0) => outputs * inputs,
            LeafName::Parameter(_) => outputs,
        });
        let samples = if self.fault == Fault::FirstSampleOnly {
            0..1
        } else {
            0..self.batch
        };
        for n in samples {
            for o in 0..outputs {
                let dy = self.dy[n * outputs + o];
                let key = match self.fault {
                    Fault::SamplesOverwritten => n,
                    Fault::OutputsOverwritten => o,
                    _ => 0,
                };
                match leaf {
                    LeafName::Input => {
                        for i in 0..inputs {
                            let weight = self.weight[self.read_at(o, i)];
                            terms.put(n * inputs + i, dy * weight, key);
                        }
                    }
                    LeafName::Parameter(0) => {
                        for i in 0..inputs {
                            terms.put(o * inputs + i, dy * self.x[n * inputs + i], key);
                        }
                    }
                    LeafName::Parameter(_) => terms.put(o, dy, key),
                }
            }
        }
        terms
    }

    fn read_at(&self, o: usize, i: usize) -> usize {
        match self.fault {
            Fault::Transposed => i * self.outputs + o,
            Fault::Rolled(step) => (o + step) % self.outputs * self.inputs + i,
            _ => o * self.inputs + i,
        }
    }
}
