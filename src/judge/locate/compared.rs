//! How two gradients of one tensor compare.

use crate::judge::verdict::within;

use super::gradients::Estimates;
use super::place::FaultyTensor;

/// How two gradients of one tensor compare.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    /// Entries beyond their bounds.
    pub(super) wrong: usize,
    /// Entries that both judge.
    of: usize,
}

impl Compared {
    pub(super) fn of_parameter(self, number: usize, name: String) -> FaultyTensor {
        let Self { wrong, of } = self;
        FaultyTensor {
            name,
            parameter: Some(number),
            activation: None,
            wrong,
            of,
        }
    }

    pub(super) fn of_activation(self, number: usize, name: String) -> FaultyTensor {
        let Self { wrong, of } = self;
        FaultyTensor {
            name,
            parameter: None,
            activation: Some(number),
            wrong,
            of,
        }
    }
}

pub(super) fn compare(subject: &Estimates, reference: &Estimates) -> Compared {
    let pairs = subject.iter().zip(reference);
    let judged = pairs.filter_map(|(own, right)| Some(within((*own)?, (*right)?)));
    judged.fold(Compared { wrong: 0, of: 0 }, |counts, within| Compared {
        wrong: counts.wrong + usize::from(!within),
        of: counts.of + 1,
    })
}
