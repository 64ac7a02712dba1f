//! Maximum over windows of which some entries change.

use crate::layer::MaxPool2d;
use crate::scalar::vector::{Kernel, vectorized};

use super::{Change, Extent, Here, LANES, Lanes, Manner, part};

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
        let mut turned = [0_u64; LANES];
        let windows = self.windows.iter().zip(self.choices).zip(self.moved);
        for ((window, choice), moved) in windows {
            let mut best = [0.0; LANES];
            let mut place = [0_u64; LANES];
            for (number, at) in window.iter().enumerate() {
                let (x, delta) = (self.x[*at as usize], &self.deltas[*at as usize]);
                for lane in 0..LANES {
                    let entry = x + delta[lane];
                    let is_new = number == 0
                        || entry > best[lane]
                        || (entry.is_nan() && !best[lane].is_nan());
                    best[lane] = if is_new { entry } else { best[lane] };
                    place[lane] = if is_new { u64::from(*at) } else { place[lane] };
                }
            }
            let (x, delta) = (self.x[*choice as usize], &self.deltas[*choice as usize]);
            for lane in 0..LANES {
                let is_same = place[lane] == u64::from(*choice);
                // Δ itself, where x + Δ − x would have lost digits.
                moved[lane] = if is_same { delta[lane] } else { best[lane] - x };
                turned[lane] |= u64::from(!is_same);
            }
        }
        for lane in 0..LANES {
            self.turned[lane] |= turned[lane] != 0;
        }
    }
}
