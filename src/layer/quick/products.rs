//! Sums over windows: the gradient of a convolution's weights.

use crate::scalar::Scalar;
use crate::scalar::vector::{Kernel, vectorized};

use super::super::tap::{Planes, Tap};

/// Channels side by side.
const CHANNELS: usize = 8;

/// Entries of a row whose sums are kept apart, as [`crate::scalar::dot`] does.
const LANES: usize = 8;

/// dk[a,b,u,v] += Σ_n Σ_{i,j} a[n,a,i,j] · b[n,b] at what (u,v) meets from window (i,j).
///
/// a and b are the channels of one of the groups: a those of the windows' planes, and b those of the
/// planes that windows slide over.
pub(in super::super) struct Products<'a, S> {
    pub(in super::super) planes: &'a Planes,
    pub(in super::super) batch: usize,
    pub(in super::super) groups: usize,
    /// Channels of a group.
    pub(in super::super) channels: [usize; 2],
    pub(in super::super) a: &'a [S],
    pub(in super::super) b: &'a [S],
}

impl<S: Scalar> Products<'_, S> {
    /// Whether it takes less time than row by row: not with one channel alone.
    #[must_use]
    pub(in super::super) fn is_worthwhile(&self) -> bool {
        4 * self.channels[0] >= CHANNELS
    }

    /// Add them to dk, and to `sum` the entries of a channel by channel.
    pub(in super::super) fn add_to(&self, dk: &mut [S], sum: Option<&mut [S]>) {
        let windows = self.planes.windows();
        vectorized(Add {
            of: self,
            taps: &self.planes.taps(),
            turned: &mut vec![[S::zero(); CHANNELS]; windows[0] * windows[1]],
            dk,
            sum,
        });
    }
}

/// The work of [`Products::add_to`].
struct Add<'a, S> {
    of: &'a Products<'a, S>,
    taps: &'a [Tap],
    /// The planes of some channels of a, side by side.
    turned: &'a mut [[S; CHANNELS]],
    dk: &'a mut [S],
    sum: Option<&'a mut [S]>,
}

impl<S: Scalar> Kernel for Add<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let Products {
            planes,
            batch,
            groups,
            channels: [of_a, of_b],
            a,
            b,
        } = *self.of;
        let size = planes.windows()[0] * planes.windows()[1];
        let below = planes.below()[0] * planes.below()[1];
        let (taps, stride) = (planes.kernel(), planes.stride());
        for n in 0..batch {
            for group in 0..groups {
                let b = &b[(n * groups + group) * of_b * below..][..of_b * below];
                for first in (0..of_a).step_by(CHANNELS) {
                    let count = (of_a - first).min(CHANNELS);
                    let channel = group * of_a + first;
                    let a = &a[(n * groups * of_a + channel) * size..][..count * size];
                    turn(a, self.turned);
                    if let Some(sum) = &mut self.sum {
                        add_all(self.turned, &mut sum[channel..][..count]);
                    }
                    for (c, b) in b.chunks_exact(below).enumerate() {
                        for tap in self.taps {
                            let mut sum = [S::zero(); CHANNELS];
                            for (met, at) in planes.meetings(tap) {
                                add_row(&mut sum, &self.turned[met], &b[at..], stride);
                            }
                            for (o, sum) in sum.iter().enumerate().take(count) {
                                self.dk[((channel + o) * of_b + c) * taps + tap.at] += *sum;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Put the planes in `a` side by side.
#[inline(always)]
fn turn<S: Scalar>(a: &[S], turned: &mut [[S; CHANNELS]]) {
    for (o, plane) in a.chunks_exact(turned.len()).enumerate() {
        for (turned, a) in turned.iter_mut().zip(plane) {
            turned[o] = *a;
        }
    }
}

/// sum[o] += Σ_j turned[j][o], in the order of j.
#[inline(always)]
fn add_all<S: Scalar>(turned: &[[S; CHANNELS]], sum: &mut [S]) {
    let mut all = [S::zero(); CHANNELS];
    all[..sum.len()].copy_from_slice(sum);
    for entries in turned {
        for o in 0..CHANNELS {
            all[o] += entries[o];
        }
    }
    sum.copy_from_slice(&all[..sum.len()]);
}

/// sum[o] += Σ_j a[j][o] · below[stride·j], each of the o as [`super::super::tap::strided_dot`].
#[inline(always)]
fn add_row<S: Scalar>(
    sum: &mut [S; CHANNELS],
    a_row: &[[S; CHANNELS]],
    below: &[S],
    stride: usize,
) {
    if stride != 1 {
        let mut row = [S::zero(); CHANNELS];
        for (a, below) in a_row.iter().zip(below.iter().step_by(stride)) {
            add_products(&mut row, a, below);
        }
        return add_sums(sum, &row);
    }
    // By name and not by number: the compiler keeps an array that a loop indexes in memory.
    let none = [S::zero(); CHANNELS];
    let (mut a, mut b, mut c, mut d) = (none, none, none, none);
    let (mut e, mut f, mut g, mut h) = (none, none, none, none);
    let (blocks, rest) = a_row.as_chunks::<LANES>();
    let (below, below_rest) = below[..a_row.len()].as_chunks::<LANES>();
    for (x, below) in blocks.iter().zip(below) {
        add_products(&mut a, &x[0], &below[0]);
        add_products(&mut b, &x[1], &below[1]);
        add_products(&mut c, &x[2], &below[2]);
        add_products(&mut d, &x[3], &below[3]);
        add_products(&mut e, &x[4], &below[4]);
        add_products(&mut f, &x[5], &below[5]);
        add_products(&mut g, &x[6], &below[6]);
        add_products(&mut h, &x[7], &below[7]);
    }
    add_if_any(&mut a, rest, below_rest, 0);
    add_if_any(&mut b, rest, below_rest, 1);
    add_if_any(&mut c, rest, below_rest, 2);
    add_if_any(&mut d, rest, below_rest, 3);
    add_if_any(&mut e, rest, below_rest, 4);
    add_if_any(&mut f, rest, below_rest, 5);
    add_if_any(&mut g, rest, below_rest, 6);
    add_sums(&mut a, &b);
    add_sums(&mut c, &d);
    add_sums(&mut a, &c);
    add_sums(&mut e, &f);
    add_sums(&mut g, &h);
    add_sums(&mut e, &g);
    add_sums(&mut a, &e);
    add_sums(sum, &a);
}

/// The product of entry `lane` of what is left of a row, if there is one.
#[inline(always)]
fn add_if_any<S: Scalar>(
    sum: &mut [S; CHANNELS],
    rest: &[[S; CHANNELS]],
    below: &[S],
    lane: usize,
) {
    if let (Some(a), Some(below)) = (rest.get(lane), below.get(lane)) {
        add_products(sum, a, below);
    }
}

#[inline(always)]
fn add_products<S: Scalar>(sum: &mut [S; CHANNELS], a: &[S; CHANNELS], below: &S) {
    for o in 0..CHANNELS {
        sum[o].add_product(&a[o], below);
    }
}

#[inline(always)]
fn add_sums<S: Scalar>(sum: &mut [S; CHANNELS], other: &[S; CHANNELS]) {
    for o in 0..CHANNELS {
        sum[o] += other[o];
    }
}
