//! Maximum over windows of which some entries change.

use crate::layer::MaxPool2d;
use crate::scalar::vector::{Kernel, vectorized};

use super::{Change, Extent, Here, LANES, Lanes, Manner, note_turns, part};

/// The entries of every window, in row-major order, as positions in a channel.
#[derive(Clone, Debug)]
pub struct Windows(Vec<Vec<u32>>);

impl Windows {
    pub(super) fn of(pool: &MaxPool2d, here: &Here<'_>) -> Self {
        Self(pool.windows(here.x.shape(), here.y.shape()))
    }

    pub(super) fn pass(
        &self,
        here: &Here<'_>,
        manner: Manner,
        change: &Change,
        out: &mut Change,
        turned: &mut [bool; LANES],
    ) {
        let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
        let channels = change.channels();
        let choices = here.choices.unwrap_or_default();
        let moved = out.start(channels.clone(), to);
        let of_samples = moved.chunks_exact_mut(channels.len() * to.positions);
        for (n, (deltas, moved)) in change.samples(from).zip(of_samples).enumerate() {
            let x = part(here.x, n, &channels).chunks_exact(from.positions);
            let choices = choices[to.range(n, &channels)].chunks_exact(to.positions);
            let planes = x
                .zip(deltas.chunks_exact(from.positions))
                .zip(choices.zip(moved.chunks_exact_mut(to.positions)));
            for ((x, deltas), (choices, moved)) in planes {
                match manner {
                    Manner::Tangent => {
                        for (choice, moved) in choices.iter().zip(moved) {
                            *moved = deltas[*choice as usize];
                        }
                    }
                    Manner::Finite => vectorized(Plane {
                        windows: &self.0,
                        x,
                        deltas,
                        choices,
                        moved,
                        turned,
                    }),
                }
            }
        }
    }
}

/// One channel of one sample.
struct Plane<'a> {
    windows: &'a [Vec<u32>],
    x: &'a [f64],
    deltas: &'a [Lanes],
    choices: &'a [u32],
    moved: &'a mut [Lanes],
    turned: &'a mut [bool; LANES],
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut turns = [0.0; LANES];
        let windows = self.windows.iter().zip(self.choices).zip(self.moved);
        for ((window, choice), moved) in windows {
            let (x, delta) = (self.x[*choice as usize], self.deltas[*choice as usize]);
            let mut best = [0.0; LANES];
            for lane in 0..LANES {
                best[lane] = x + delta[lane];
            }
            let mut other = [0.0; LANES];
            for at in window.iter().filter(|at| *at != choice) {
                let (x, delta) = (self.x[*at as usize], self.deltas[*at as usize]);
                let mut next = [0.0; LANES];
                if at < choice {
                    // At a tie the first entry wins, and the first NaN does in any case.
                    for lane in 0..LANES {
                        let entry = x + delta[lane];
                        let is_less = entry < best[lane] || best[lane].is_nan();
                        next[lane] = if is_less { best[lane] } else { entry };
                        other[lane] = if is_less { other[lane] } else { 1.0 };
                    }
                } else {
                    for lane in 0..LANES {
                        let entry = x + delta[lane];
                        let is_less = entry <= best[lane] || best[lane].is_nan();
                        next[lane] = if is_less { best[lane] } else { entry };
                        other[lane] = if is_less { other[lane] } else { 1.0 };
                    }
                }
                best = next;
            }
            let mut end = [0.0; LANES];
            for lane in 0..LANES {
                // Δ itself, where x + Δ − x would have lost digits.
                let is_same = other[lane] == 0.0;
                end[lane] = if is_same { delta[lane] } else { best[lane] - x };
                turns[lane] += other[lane];
            }
            *moved = end;
        }
        note_turns(self.turned, &turns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Branches, Layer};
    use crate::spec::extent::Window;
    use crate::tensor::from_values;

    #[test]
    fn perturbed_windows_choose_as_the_layer_does() {
        let pool = MaxPool2d {
            window: Window {
                kernel: [2, 2],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
            },
        };
        let layer = Layer::MaxPool2d(pool);
        // Overlapping windows, with ties.
        let entries = [1.0, 2.0, 2.0, 0.0, 2.0, -1.0, 1.0, 2.0, 1.0];
        let x = from_values(&[1, 1, 3, 3], entries.to_vec()).expect("nine entries");
        let (y, saved) = layer.forward(&[], x.clone(), &[1, 1, 2, 2], Branches::Follow);
        let here = Here {
            layer: &layer,
            parameters: &[],
            x: &x,
            y: &y,
            choices: saved.choices(),
        };
        let steps = [0.0, 1e-3, -1e-3, 1.0, -1.0, 4.0, f64::INFINITY, f64::NAN];
        let rule = Windows::of(&pool, &here);
        for moved_entry in 0..9 {
            let mut change = Change::default();
            change.start(0..1, Extent::of(x.shape()))[moved_entry] = steps;
            let (mut out, mut turned) = (Change::default(), [false; LANES]);
            rule.pass(&here, Manner::Finite, &change, &mut out, &mut turned);
            for (lane, step) in steps.iter().enumerate() {
                let mut moved = entries;
                moved[moved_entry] += step;
                let moved = from_values(&[1, 1, 3, 3], moved.to_vec()).expect("nine entries");
                let (end, after) = layer.forward(&[], moved, &[1, 1, 2, 2], Branches::Follow);
                assert_eq!(
                    turned[lane],
                    after.choices() != here.choices,
                    "entry {moved_entry} by {step}"
                );
                for (window, (end, y)) in end.iter().zip(&y).enumerate() {
                    let found = out.deltas()[window][lane];
                    let gap = (found - (end - y)).abs();
                    let is_same = gap <= 1e-15 || found.total_cmp(&(end - y)).is_eq();
                    assert!(
                        is_same || found.is_nan() && end.is_nan(),
                        "entry {moved_entry} by {step}: window {window} by {found}"
                    );
                }
            }
        }
    }
}
