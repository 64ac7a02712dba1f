//! Functions of single entries.

use crate::layer::{Branches, Layer};
use crate::scalar::Dual;
use crate::scalar::vector::{Kernel, vectorized};
use crate::tensor::{self, Tensor, values};

use super::{Change, Extent, Here, LANES, Lanes, Manner, note_turns, part};

/// dy/dx of every entry.
#[derive(Clone, Debug)]
pub struct Slopes(Tensor<f64>);

impl Slopes {
    /// On the branches that the layer takes here.
    pub(super) fn of(here: &Here<'_>) -> Self {
        let parameters: Vec<_> = here.parameters.iter().map(tensor::lift).collect();
        let x = here.x.mapv(|x| Dual::<1>::variable(x, 0));
        let branches = here.choices.map_or(Branches::Follow, Branches::Replay);
        let (y, _) = here.layer.forward(&parameters, x, here.y.shape(), branches);
        Self(y.mapv(|y| y.tangent(0)))
    }

    /// Δy = dy/dx·Δx.
    pub(super) fn pass(&self, here: &Here<'_>, change: &Change, out: &mut Change) {
        let extent = Extent::of(here.x.shape());
        let channels = change.channels();
        let moved = out.start(channels.clone(), extent);
        let of_samples = moved.chunks_exact_mut(channels.len() * extent.positions);
        for (n, (deltas, moved)) in change.samples(extent).zip(of_samples).enumerate() {
            vectorized(Scaled {
                factors: part(&self.0, n, &channels),
                deltas,
                moved,
            });
        }
    }
}

struct Scaled<'a> {
    factors: &'a [f64],
    deltas: &'a [Lanes],
    moved: &'a mut [Lanes],
}

impl Kernel for Scaled<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let entries = self.factors.iter().zip(self.deltas).zip(self.moved);
        for ((factor, delta), moved) in entries {
            let delta = *delta;
            let mut end = [0.0; LANES];
            for lane in 0..LANES {
                end[lane] = factor * delta[lane];
            }
            *moved = end;
        }
    }
}

/// Δy of max(x, 0).
pub(super) fn relu(
    here: &Here<'_>,
    manner: Manner,
    change: &Change,
    out: &mut Change,
    turned: &mut [bool; LANES],
) {
    let extent = Extent::of(here.x.shape());
    let channels = change.channels();
    let moved = out.start(channels.clone(), extent);
    let of_samples = moved.chunks_exact_mut(channels.len() * extent.positions);
    for (n, (deltas, moved)) in change.samples(extent).zip(of_samples).enumerate() {
        let x = part(here.x, n, &channels);
        match (manner, here.choices) {
            (Manner::Tangent, Some(choices)) => {
                let choices = &choices[extent.range(n, &channels)];
                for ((choice, delta), moved) in choices.iter().zip(deltas).zip(moved) {
                    if *choice == 1 {
                        *moved = *delta;
                    }
                }
            }
            _ => vectorized(Relu {
                x,
                deltas,
                moved,
                turned,
            }),
        }
    }
}

struct Relu<'a> {
    x: &'a [f64],
    deltas: &'a [Lanes],
    moved: &'a mut [Lanes],
    turned: &'a mut [bool; LANES],
}

impl Kernel for Relu<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut turns = [0.0; LANES];
        for ((x, delta), moved) in self.x.iter().zip(self.deltas).zip(self.moved) {
            // max(x + Δ, 0) − max(x, 0) = max(start + Δ, floor), without x where it would cost digits.
            let (start, floor) = if *x > 0.0 { (0.0, -x) } else { (*x, 0.0) };
            let (when_off, when_on) = if *x > 0.0 { (1.0, 0.0) } else { (0.0, 1.0) };
            let delta = *delta;
            let mut end = [0.0; LANES];
            for lane in 0..LANES {
                let to = start + delta[lane];
                // NaN is on, as in the layer.
                let is_off = to <= floor;
                end[lane] = if is_off { floor } else { to };
                turns[lane] += if is_off { when_off } else { when_on };
            }
            *moved = end;
        }
        note_turns(self.turned, &turns);
    }
}

/// Δy = f(x + Δx) − f(x) of any function of single entries.
pub(super) fn finite(
    here: &Here<'_>,
    change: &Change,
    out: &mut Change,
    turned: &mut [bool; LANES],
) {
    let extent = Extent::of(here.x.shape());
    let channels = change.channels();
    let length = channels.len() * extent.positions;
    let moved = out.start(channels.clone(), extent);
    // The lanes are positions of their channel.
    let shape = [extent.samples, channels.len(), extent.positions * LANES];
    let mut x = tensor::zeros(&shape);
    let places = tensor::values_mut(&mut x).as_chunks_mut::<LANES>().0;
    for (n, (deltas, places)) in change
        .samples(extent)
        .zip(places.chunks_exact_mut(length))
        .enumerate()
    {
        for ((x, delta), place) in part(here.x, n, &channels).iter().zip(deltas).zip(places) {
            *place = delta.map(|delta| x + delta);
        }
    }
    let parameters: Vec<Tensor<f64>> = match here.layer {
        Layer::Prelu if here.parameters[0].len() > 1 => {
            let own = values(&here.parameters[0])[channels.clone()].to_vec();
            let own = tensor::from_values(&[channels.len()], own);
            vec![own.expect("as many numbers as the shape says")]
        }
        _ => here.parameters.to_vec(),
    };
    let (y, saved) = here.layer.forward(&parameters, x, &shape, Branches::Follow);
    let ends = values(&y).as_chunks::<LANES>().0;
    for (n, (ends, moved)) in ends
        .chunks_exact(length)
        .zip(moved.chunks_exact_mut(length))
        .enumerate()
    {
        for ((y, end), moved) in part(here.y, n, &channels).iter().zip(ends).zip(moved) {
            *moved = end.map(|end| end - y);
        }
    }
    let (Some(before), Some(after)) = (here.choices, saved.choices()) else {
        return;
    };
    let after = after.as_chunks::<LANES>().0.chunks_exact(length);
    for (n, after) in after.enumerate() {
        for (before, after) in before[extent.range(n, &channels)].iter().zip(after) {
            for lane in 0..LANES {
                turned[lane] |= *before != after[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::from_values;

    fn relu_of(x: &[f64], deltas: &[Lanes]) -> (Vec<Lanes>, [bool; LANES]) {
        let x = from_values(&[1, x.len()], x.to_vec()).expect("one sample");
        let (y, saved) = Layer::Relu.forward(&[], x.clone(), x.shape(), Branches::Follow);
        let here = Here {
            layer: &Layer::Relu,
            parameters: &[],
            x: &x,
            y: &y,
            choices: saved.choices(),
        };
        let mut change = Change::default();
        change
            .start(0..x.len(), Extent::of(x.shape()))
            .copy_from_slice(deltas);
        let (mut out, mut turned) = (Change::default(), [false; LANES]);
        relu(&here, Manner::Finite, &change, &mut out, &mut turned);
        (out.deltas().to_vec(), turned)
    }

    #[test]
    fn a_relu_that_stays_on_passes_on_the_change_itself() {
        // 1 + 1e-20 is 1: the change would be lost in what it is added to.
        let (moved, turned) = relu_of(&[1.0], &[[1e-20; LANES]]);
        assert_eq!(moved[0].map(f64::to_bits), [1e-20_f64.to_bits(); LANES]);
        assert_eq!(turned, [false; LANES], "it stays on");
    }

    #[test]
    fn a_relu_turns_where_its_input_passes_zero() {
        let steps = [0.0, 0.5, -0.5, -1.0, -2.0, f64::NAN, f64::INFINITY, -0.0];
        let (moved, turned) = relu_of(&[1.0, -1.0], &[steps, steps.map(|step| -step)]);
        let on = [0.0, 0.5, -0.5, -1.0, -1.0, f64::NAN, f64::INFINITY, 0.0];
        let off = [0.0, 0.0, 0.0, 0.0, 1.0, f64::NAN, 0.0, 0.0];
        for (found, expected) in moved.iter().zip([on, off]) {
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 0.0
                        || found.total_cmp(&expected).is_eq()
                        || found.is_nan() && expected.is_nan(),
                    "{found} for {expected}"
                );
            }
        }
        // At 1 − 1 the unit is off; NaN turns the one that was off.
        let expected = [false, false, false, true, true, true, false, false];
        assert_eq!(turned, expected);
    }
}
