//! From groups to a name.
//!
//! A source is accused when at some coordinate it is alone, and others agree. Backprop, dual and
//! central differentiate one forward pass, so that they can all agree on the gradient of a wrong
//! one; but then the objective's value is not that of a source with a forward of its own. Values
//! are therefore compared first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::judge::Number;
use crate::source::{Estimate, Forward};
use crate::spec::case::SourceName;

use super::grouping::{Grouping, Opinions};

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// Who.
    pub source: SourceName,
    /// Whose forward pass it differentiates.
    pub forward: Forward,
    /// The objective; `None` when it is not known to the source.
    pub value: Option<Estimate>,
    /// The derivatives, in an order that all witnesses share; `None` where it cannot judge.
    ///
    /// Where sources may differ and all be right (a kink, a tie of equal maxima) nobody is to be
    /// asked.
    pub derivatives: Vec<Option<Estimate>>,
}

/// Who is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Culprit {
    /// This source's derivatives (or its value, where others that share its forward agree).
    Source(SourceName),
    /// A forward pass: the shared one, or the one that an independent source has of its own. Which
    /// of them, golden values or another framework decide.
    Forward,
    /// Something is wrong, and the sources cannot tell who.
    Undecided(Undecided),
}

/// Why nobody can be named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Undecided {
    /// Two disagree, and no third was asked that differs from only one of them.
    NoThird {
        /// The sources that have not been asked.
        add: Vec<SourceName>,
    },
    /// Groups of several stand against each other.
    Divided,
    /// No two agree.
    EachAlone,
}

/// Sources that find the same value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueGroup {
    /// Who.
    pub sources: Vec<SourceName>,
    /// What the first of them finds.
    pub value: Number,
}

/// What comes of holding all sources against each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blame {
    /// Who is to blame, the most often accused first; empty when all agree.
    pub culprits: Vec<Culprit>,
    /// The objective's value: one group when all agree.
    pub values: Vec<ValueGroup>,
    /// Every way in which the sources group at a coordinate, the most frequent first.
    pub groupings: Vec<Grouping>,
    /// The sources that have a forward pass of their own.
    pub independent: Vec<SourceName>,
}

/// Name the odd one out of `witnesses`.
///
/// # Panics
/// When they do not speak about the same number of derivatives.
#[must_use]
pub fn blame(witnesses: &[Witness]) -> Blame {
    let count = witnesses
        .first()
        .map_or(0, |witness| witness.derivatives.len());
    assert!(
        witnesses
            .iter()
            .all(|witness| witness.derivatives.len() == count),
        "all witnesses are asked about the same derivatives"
    );
    let values = Opinions::of(witnesses.iter().map(|witness| witness.value));
    let mut derivatives: BTreeMap<Opinions, usize> = BTreeMap::new();
    for position in 0..count {
        let spoken = witnesses.iter();
        let opinions = Opinions::of(spoken.map(|witness| witness.derivatives[position]));
        // One voice says nothing about anybody.
        if opinions.speakers.len() > 1 {
            *derivatives.entry(opinions).or_default() += 1;
        }
    }
    let is_shared = |witness: usize| witnesses[witness].forward == Forward::Shared;
    let across = |(a, b): &(usize, usize)| is_shared(*a) != is_shared(*b);
    let forward_differs = !values.disputes.is_empty() && values.disputes.iter().all(across);

    let mut culprits = Vec::new();
    let mut disputed: BTreeMap<Opinions, usize> = BTreeMap::new();
    if forward_differs {
        culprits.push(Culprit::Forward);
        // Derivatives of different functions need not agree.
        for (opinions, coordinates) in &derivatives {
            *disputed.entry(opinions.among(is_shared)).or_default() += coordinates;
        }
    } else {
        disputed.clone_from(&derivatives);
        *disputed.entry(values.clone()).or_default() += 1;
    }
    disputed.retain(|opinions, _| !opinions.disputes.is_empty());
    culprits.extend(accuse(witnesses, &disputed));

    let names = |group: &[usize]| -> Vec<SourceName> {
        group
            .iter()
            .map(|witness| witnesses[*witness].source)
            .collect()
    };
    let mut groupings: Vec<Grouping> = derivatives
        .iter()
        .map(|(opinions, coordinates)| {
            let (groups, neither) = opinions.groups();
            Grouping {
                groups: groups.iter().map(|group| names(group)).collect(),
                neither: names(&neither),
                coordinates: *coordinates,
            }
        })
        .collect();
    groupings.sort_by_key(|grouping| std::cmp::Reverse(grouping.coordinates));
    let (value_groups, between) = values.groups();
    let value_groups = value_groups
        .into_iter()
        .chain(between.into_iter().map(|witness| vec![witness]));
    Blame {
        culprits,
        values: value_groups
            .map(|group| ValueGroup {
                sources: names(&group),
                value: Number(
                    witnesses[group[0]]
                        .value
                        .map_or(f64::NAN, |value| value.value),
                ),
            })
            .collect(),
        groupings,
        independent: witnesses
            .iter()
            .filter(|witness| witness.forward == Forward::Independent)
            .map(|witness| witness.source)
            .collect(),
    }
}

/// Name those who are alone somewhere, if that explains most of `disputed`.
fn accuse(witnesses: &[Witness], disputed: &BTreeMap<Opinions, usize>) -> Vec<Culprit> {
    let mut accused: BTreeMap<usize, usize> = BTreeMap::new();
    for (opinions, count) in disputed {
        for witness in opinions.alone() {
            *accused.entry(witness).or_default() += count;
        }
    }
    let is_explained = |opinions: &Opinions| {
        let mut disputes = opinions.disputes.iter();
        disputes.all(|(a, b)| accused.contains_key(a) || accused.contains_key(b))
    };
    let (explained, open): (Vec<_>, Vec<_>) = disputed
        .iter()
        .partition(|(opinions, _)| is_explained(opinions));
    let total = |part: &[(&Opinions, &usize)]| part.iter().map(|(_, count)| **count).sum::<usize>();
    if total(&open) > total(&explained) {
        let (opinions, _) = open
            .into_iter()
            .max_by_key(|(_, count)| **count)
            .expect("more than nothing is open");
        return vec![Culprit::Undecided(undecided(witnesses, opinions))];
    }
    let mut accused: Vec<(usize, usize)> = accused.into_iter().collect();
    accused.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    accused
        .into_iter()
        .map(|(witness, _)| Culprit::Source(witnesses[witness].source))
        .collect()
}

/// Why nobody is alone in `opinions`.
fn undecided(witnesses: &[Witness], opinions: &Opinions) -> Undecided {
    let (groups, _) = opinions.groups();
    if groups.iter().any(|group| group.len() > 1) {
        Undecided::Divided
    } else if groups.len() == 2 {
        let asked = |source: &SourceName| witnesses.iter().any(|other| other.source == *source);
        Undecided::NoThird {
            add: SourceName::ALL
                .into_iter()
                .filter(|source| !source.is_under_test() && !asked(source))
                .collect(),
        }
    } else {
        Undecided::EachAlone
    }
}

impl Blame {
    /// Whether somebody is to blame, known or not.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.culprits.is_empty()
    }

    /// Whether all sources find one value of the objective.
    #[must_use]
    pub fn values_agree(&self) -> bool {
        self.values.len() <= 1
    }

    /// Coordinates at which `source` agrees with nobody, and the sources that agree with each other
    /// there.
    #[must_use]
    pub fn against(&self, source: SourceName) -> (usize, Vec<SourceName>) {
        let mut coordinates = 0;
        let mut opponents = Vec::new();
        for grouping in &self.groupings {
            let is_alone = grouping.groups.iter().any(|group| group[..] == [source]);
            if !is_alone || grouping.groups.len() < 2 {
                continue;
            }
            coordinates += grouping.coordinates;
            let agreeing = grouping.groups.iter().filter(|group| group.len() > 1);
            opponents.extend(agreeing.flatten().copied());
        }
        opponents.sort_unstable();
        opponents.dedup();
        (coordinates, opponents)
    }
}
