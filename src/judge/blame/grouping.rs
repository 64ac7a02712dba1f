//! Groups of sources that agree on one number.
//!
//! Agreement within bounds is not transitive: a source with a wide bound may agree with two that
//! differ. What counts is therefore which pairs disagree.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::judge::verdict::within;
use crate::source::Estimate;
use crate::spec::case::SourceName;

/// Groups that agree, and at how many coordinates they do so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grouping {
    /// The groups: inside of one everybody agrees, and between two nobody does.
    pub groups: Vec<Vec<SourceName>>,
    /// Sources that agree with more than one group, and so are witnesses for none.
    pub neither: Vec<SourceName>,
    /// Coordinates where it is so.
    pub coordinates: usize,
}

/// What the witnesses (by their positions) who speak about a number make of each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opinions {
    /// Who speaks.
    pub(super) speakers: Vec<usize>,
    /// Pairs of speakers further apart than the sum of their bounds.
    pub(super) disputes: Vec<(usize, usize)>,
}

impl Opinions {
    /// Compare every pair of estimates; NaN agrees with nobody.
    pub(super) fn of(estimates: impl Iterator<Item = Option<Estimate>>) -> Self {
        let spoken: Vec<(usize, Estimate)> = estimates
            .enumerate()
            .filter_map(|(witness, estimate)| Some((witness, estimate?)))
            .collect();
        let mut disputes = Vec::new();
        for (position, (witness, estimate)) in spoken.iter().enumerate() {
            for (other, theirs) in &spoken[position + 1..] {
                if !within(*estimate, *theirs) {
                    disputes.push((*witness, *other));
                }
            }
        }
        Self {
            speakers: spoken.into_iter().map(|(witness, _)| witness).collect(),
            disputes,
        }
    }

    /// The same without the witnesses that `keep` leaves out.
    pub(super) fn among(&self, keep: impl Fn(usize) -> bool) -> Self {
        let speakers = self.speakers.iter().copied();
        let disputes = self.disputes.iter().copied();
        Self {
            speakers: speakers.filter(|witness| keep(*witness)).collect(),
            disputes: disputes.filter(|(a, b)| keep(*a) && keep(*b)).collect(),
        }
    }

    /// The witnesses who are alone, while some others, all in one group, agree: that several come to
    /// one number in different ways, and are all wrong, is no accident that happens.
    pub(super) fn alone(&self) -> Vec<usize> {
        let (groups, _) = self.groups();
        let (several, alone): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.len() > 1);
        if several.len() == 1 {
            alone.concat()
        } else {
            Vec::new()
        }
    }

    fn agree(&self, a: usize, b: usize) -> bool {
        !self.disputes.contains(&(a.min(b), a.max(b)))
    }

    /// The groups that are left without those who agree with two that disagree, and these.
    pub(super) fn groups(&self) -> (Vec<Vec<usize>>, Vec<usize>) {
        let agrees_with_both = |witness: usize| {
            let mut disputes = self.disputes.iter();
            disputes.any(|(a, b)| {
                ![*a, *b].contains(&witness) && self.agree(witness, *a) && self.agree(witness, *b)
            })
        };
        let (neither, sided): (Vec<usize>, Vec<usize>) = self
            .speakers
            .iter()
            .partition(|witness| agrees_with_both(**witness));
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for witness in sided {
            // Among these agreement is transitive: nobody agrees with two that disagree.
            match groups
                .iter_mut()
                .find(|group| self.agree(group[0], witness))
            {
                Some(group) => group.push(witness),
                None => groups.push(vec![witness]),
            }
        }
        (groups, neither)
    }
}

impl fmt::Display for Grouping {
    /// "backprop | dual reverse central", and "backprop | dual (central agrees with both)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |sources: &[SourceName]| {
            let names: Vec<String> = sources.iter().map(ToString::to_string).collect();
            names.join(" ")
        };
        let groups: Vec<String> = self.groups.iter().map(|group| joined(group)).collect();
        f.write_str(&groups.join(" | "))?;
        if !self.neither.is_empty() {
            let verb = if self.neither.len() == 1 { "s" } else { "" };
            let neither = joined(&self.neither);
            write!(f, " ({neither} agree{verb} with several)")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinions(estimates: &[(f64, f64)]) -> Opinions {
        let estimates = estimates.iter();
        Opinions::of(estimates.map(|(value, error)| {
            Some(Estimate {
                value: *value,
                error: *error,
            })
        }))
    }

    #[test]
    fn who_is_alone_is_named_when_the_others_agree() {
        let odd = opinions(&[(1.0, 0.1), (2.0, 0.1), (2.1, 0.1), (2.0, 0.1)]);
        assert_eq!(odd.groups(), (vec![vec![0], vec![1, 2, 3]], vec![]));
        assert_eq!(odd.alone(), [0], "{odd:?}");
        let two = opinions(&[(1.0, 0.1), (2.0, 0.1), (3.0, 0.1), (2.0, 0.1)]);
        assert_eq!(two.alone(), [0, 2], "{two:?}");
        let pair = opinions(&[(1.0, 0.1), (2.0, 0.1)]);
        assert_eq!(pair.alone(), [0; 0], "either of two");
        let halves = opinions(&[(1.0, 0.1), (2.0, 0.1), (1.0, 0.1), (2.0, 0.1)]);
        assert_eq!(halves.groups(), (vec![vec![0, 2], vec![1, 3]], vec![]));
        assert_eq!(halves.alone(), [0; 0], "two against two");
        let same = opinions(&[(1.0, 0.1), (1.0, 0.1)]);
        assert_eq!(same.alone(), [0; 0], "all agree");
    }

    #[test]
    fn a_wide_bound_is_a_witness_for_neither_side() {
        let wide = opinions(&[(1.0, 0.1), (2.0, 0.1), (2.0, 0.1), (1.5, 1.0)]);
        assert_eq!(wide.groups(), (vec![vec![0], vec![1, 2]], vec![3]));
        assert_eq!(wide.alone(), [0], "two narrow ones are still against it");
        let between = opinions(&[(1.0, 0.1), (2.0, 0.1), (1.5, 1.0)]);
        assert_eq!(between.groups(), (vec![vec![0], vec![1]], vec![2]));
        assert_eq!(between.alone(), [0; 0], "2 believes both");
        let chain = opinions(&[(1.0, 0.3), (1.5, 0.3), (2.0, 0.3), (2.5, 0.3)]);
        assert_eq!(chain.groups(), (vec![vec![0], vec![3]], vec![1, 2]));
    }

    #[test]
    fn nan_agrees_with_nobody() {
        let nan = opinions(&[(1.0, 0.1), (f64::NAN, 0.1), (1.0, 0.1)]);
        assert_eq!(nan.alone(), [1], "{nan:?}");
        let all = opinions(&[(f64::NAN, 0.1); 3]);
        assert_eq!(all.groups().0.len(), 3, "{all:?}");
    }
}
