//! Layers that are computed as a whole for each pass.

use crate::layer::Branches;
use crate::scalar::Dual;
use crate::tensor::{self, Tensor, values, values_mut};

use super::{Change, Extent, Here, LANES, Manner, part};

pub(super) fn pass(
    here: &Here<'_>,
    manner: Manner,
    change: &Change,
    out: &mut Change,
    turned: &mut [bool; LANES],
) {
    match manner {
        Manner::Finite => finite(here, change, out, turned),
        Manner::Tangent => tangent(here, change, out),
    }
}

fn finite(here: &Here<'_>, change: &Change, out: &mut Change, turned: &mut [bool; LANES]) {
    let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
    let channels = change.channels();
    let moved = out.start(0..to.channels, to);
    for lane in 0..LANES {
        if change.deltas().iter().all(|delta| delta[lane] == 0.0) {
            continue;
        }
        let mut x = here.x.clone();
        for (n, deltas) in change.samples(from).enumerate() {
            let x = &mut values_mut(&mut x)[from.range(n, &channels)];
            for (x, delta) in x.iter_mut().zip(deltas) {
                *x += delta[lane];
            }
        }
        let output = here.y.shape();
        let (y, saved) = here
            .layer
            .forward(here.parameters, x, output, Branches::Follow);
        for ((moved, end), y) in moved.iter_mut().zip(values(&y)).zip(values(here.y)) {
            moved[lane] = end - y;
        }
        turned[lane] |= saved.choices() != here.choices;
    }
}

fn tangent(here: &Here<'_>, change: &Change, out: &mut Change) {
    let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
    let channels = change.channels();
    let mut x: Tensor<Dual<LANES>> = tensor::lift(here.x);
    for (n, deltas) in change.samples(from).enumerate() {
        let before = part(here.x, n, &channels).iter();
        let x = &mut values_mut(&mut x)[from.range(n, &channels)];
        for ((x, before), delta) in x.iter_mut().zip(before).zip(deltas) {
            *x = Dual::with_tangents(*before, delta);
        }
    }
    let parameters: Vec<_> = here.parameters.iter().map(tensor::lift).collect();
    let branches = here.choices.map_or(Branches::Follow, Branches::Replay);
    let (y, _) = here.layer.forward(&parameters, x, here.y.shape(), branches);
    let moved = out.start(0..to.channels, to);
    for (moved, y) in moved.iter_mut().zip(values(&y)) {
        if let Some(tangents) = y.tangents() {
            moved.copy_from_slice(tangents);
        }
    }
}
