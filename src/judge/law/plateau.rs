//! Where a gap is flat.

use super::line::median;
use super::{FLAT, LadderGap, Law};

/// Neighbouring steps at which the gap is flat.
#[derive(Clone, Copy)]
pub(super) struct Plateau {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) decades: f64,
}

impl Plateau {
    /// The law of a derivative that is wrong by the height of this plateau.
    pub(super) fn law(self, rungs: &[LadderGap]) -> Law {
        let mut gaps: Vec<f64> = rungs[self.first..=self.last]
            .iter()
            .map(|rung| rung.gap)
            .collect();
        Law::Bug {
            plateau: median(&mut gaps).unwrap_or(0.0),
            decades: self.decades,
        }
    }
}

/// The longest run of steps at which the gap is flat, stands out of rounding, and is not refuted: no
/// smaller step shows that the true gap is smaller.
pub(super) fn plateau(rungs: &[LadderGap]) -> Option<Plateau> {
    let refuting = refuting(rungs);
    let mut longest: Option<Plateau> = None;
    for first in 0..rungs.len() {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for (last, rung) in rungs.iter().enumerate().skip(first) {
            if !rung.usable() || rung.within() {
                break;
            }
            (least, most) = (least.min(rung.gap), most.max(rung.gap));
            if most / least > FLAT {
                break;
            }
            let decades = (rungs[first].step / rung.step).log10();
            let refuted = refuting[last + 1] < least / FLAT;
            if !refuted && longest.is_none_or(|longest| decades > longest.decades) {
                longest = Some(Plateau {
                    first,
                    last,
                    decades,
                });
            }
        }
    }
    longest
}

/// The least that the true gap can be said to be at most, by the steps from each one on.
pub(super) fn refuting(rungs: &[LadderGap]) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; rungs.len() + 1];
    for (at, rung) in rungs.iter().enumerate().rev() {
        least[at] = if rung.usable() {
            least[at + 1].min(rung.most())
        } else {
            least[at + 1]
        };
    }
    least
}
