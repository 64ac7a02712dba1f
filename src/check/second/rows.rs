//! From verdicts on products to rows of a report.

use std::ops::Range;

use crate::judge::verdict::within;
use crate::judge::{Metrics, Verdict, relative_error};
use crate::network::{Coordinate, Network};
use crate::report::{
    Counts, Gap, Number, ProductClosest, ProductComparison, ProductRow, ProductSource,
    ProductValue, SecondRow,
};
use crate::source::Estimate;

use super::super::compare;
use super::Along;

/// Products that a part shows in full.
const MOST_ROWS: usize = 10;

/// One row for each tensor, over both directions.
pub(super) fn tensors(
    network: &Network,
    coordinates: &[Coordinate],
    along: &[Along; 2],
    verdicts: &[Vec<Verdict>; 2],
) -> Vec<SecondRow> {
    let row = |range: Range<usize>| {
        let counts = verdicts
            .each_ref()
            .map(|verdicts| verdicts[range.clone()].iter().collect::<Counts>());
        let against = ProductSource::REFERENCES.into_iter().enumerate();
        SecondRow {
            name: network.leaf_name(coordinates[range.start].leaf).to_owned(),
            products: along.len() * range.len(),
            counts: Counts::total(&counts),
            zeros: zeros(along, &range),
            against: against
                .map(|(at, reference)| comparison(reference, at + 1, along, &range))
                .collect(),
            closest: closest(network, coordinates, along, &range),
        }
    };
    compare::tensors(coordinates).map(row).collect()
}

/// Products that are 0 by backprop and hyper-dual numbers, with nothing that rounding could hide.
fn zeros(along: &[Along; 2], range: &Range<usize>) -> usize {
    let is_zero = |estimate: &Option<Estimate>| {
        estimate.is_some_and(|estimate| estimate.value == 0.0 && estimate.error == 0.0)
    };
    let exact = along.iter().flat_map(|along| {
        let [own, hyper, _] = &along.estimates;
        own[range.clone()].iter().zip(&hyper[range.clone()])
    });
    exact
        .filter(|(own, hyper)| is_zero(own) && is_zero(hyper))
        .count()
}

fn comparison(
    reference: ProductSource,
    at: usize,
    along: &[Along; 2],
    range: &Range<usize>,
) -> ProductComparison {
    let pairs: Vec<(f64, f64)> = along
        .iter()
        .flat_map(|along| {
            let theirs = along.estimates[at][range.clone()].iter();
            let own = along.estimates[0][range.clone()].iter();
            own.zip(theirs)
                .filter_map(|(own, theirs)| Some(((*own)?.value, (*theirs)?.value)))
        })
        .collect();
    let metrics = Metrics::of(&pairs);
    ProductComparison {
        reference,
        fewest_digits: metrics.fewest_digits,
        median_digits: metrics.median_digits,
    }
}

/// Where gap/bound is largest; NaN counts as the largest, of equal ones the first is named.
fn closest(
    network: &Network,
    coordinates: &[Coordinate],
    along: &[Along; 2],
    range: &Range<usize>,
) -> Option<ProductClosest> {
    let mut worst: Option<ProductClosest> = None;
    for along in along {
        for position in range.clone() {
            let own = along.own(position);
            for (reference, theirs) in along.references(position) {
                let gap = (own.value - theirs.value).abs();
                let bound = own.error + theirs.error;
                let ratio = if gap == 0.0 { 0.0 } else { gap / bound };
                let is_worse = worst
                    .as_ref()
                    .is_none_or(|worst| ratio.total_cmp(&worst.ratio.0).is_gt());
                if is_worse {
                    worst = Some(ProductClosest {
                        reference,
                        at: Gap {
                            coordinate: network.coordinate_name(coordinates[position]),
                            gap: Number(gap),
                            bound: Number(bound),
                        },
                        ratio: Number(ratio),
                    });
                }
            }
        }
    }
    worst
}

/// The products that speak against the backward, worst first.
pub(super) fn worst(
    network: &Network,
    coordinates: &[Coordinate],
    along: &[Along; 2],
    verdicts: &[Vec<Verdict>; 2],
) -> Vec<ProductRow> {
    let mut wrong: Vec<(f64, usize, usize)> = Vec::new();
    for (number, verdicts) in verdicts.iter().enumerate() {
        for (position, verdict) in verdicts.iter().enumerate() {
            if !matches!(verdict, Verdict::Disagree | Verdict::Invalid) {
                continue;
            }
            let own = along[number].own(position);
            let beyond = along[number]
                .references(position)
                .filter(|(_, theirs)| !within(own, *theirs))
                .map(|(_, theirs)| relative_error(own.value, theirs.value))
                .map(|error| if error.is_nan() { f64::INFINITY } else { error });
            wrong.push((beyond.fold(0.0, f64::max), number, position));
        }
    }
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let rows = wrong.into_iter().take(MOST_ROWS);
    rows.map(|(_, number, position)| {
        let own = along[number].own(position);
        let value = |source, estimate: Estimate| ProductValue {
            source,
            value: Number(estimate.value),
            error: Number(estimate.error),
            disagrees: !within(own, estimate),
        };
        let references = along[number].references(position);
        let references = references.map(|(source, estimate)| value(source, estimate));
        ProductRow {
            coordinate: network.coordinate_name(coordinates[position]),
            direction: number + 1,
            values: std::iter::once(ProductValue {
                disagrees: false,
                ..value(ProductSource::Backprop, own)
            })
            .chain(references)
            .collect(),
        }
    })
    .collect()
}
