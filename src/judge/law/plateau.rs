//! Where a gap is flat.

use super::line::median;
use super::{FLAT, LadderGap, Law, SUSPICIOUS_DECADES};

/// Neighbouring steps at which the gap is flat.
#[derive(Clone, Copy)]
pub(super) struct Plateau {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) decades: f64,
}

impl Plateau {
    /// With the smaller steps at which the gap stays flat inside the rounding bound, which is many
    /// times what rounding usually does.
    fn extended(self, rungs: &[LadderGap]) -> Self {
        let level = self.level(rungs);
        let flat =
            |rung: &&LadderGap| rung.usable() && (level / FLAT..=level * FLAT).contains(&rung.gap);
        let more = rungs[self.last + 1..].iter().take_while(flat).count();
        let last = self.last + more;
        Self {
            last,
            decades: (rungs[self.first].step / rungs[last].step).log10(),
            ..self
        }
    }

    /// The same steps, counted from `steps` earlier.
    pub(super) fn shifted(self, steps: usize) -> Self {
        Self {
            first: self.first + steps,
            last: self.last + steps,
            ..self
        }
    }

    fn level(self, rungs: &[LadderGap]) -> f64 {
        let mut gaps: Vec<f64> = rungs[self.first..=self.last]
            .iter()
            .map(|rung| rung.gap)
            .collect();
        median(&mut gaps).unwrap_or(0.0)
    }

    /// The law of a derivative that is wrong by the height of this plateau.
    pub(super) fn law(self, rungs: &[LadderGap]) -> Law {
        Law::Bug {
            plateau: self.level(rungs),
            decades: self.decades,
        }
    }
}

/// The longest run of steps at which the gap is flat, stands out of rounding for long enough, and is
/// not refuted: no smaller step shows that the true gap is smaller.
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
        .filter(|flat| flat.decades >= SUSPICIOUS_DECADES)
        .map(|flat| flat.extended(rungs))
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
