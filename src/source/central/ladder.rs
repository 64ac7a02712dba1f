//! Difference quotients on a ladder of halved steps, extrapolated to h = 0.
//!
//! ```text
//! two-sided  D(h) = (L(w + h) − L(w − h))/2h = L′(w) + h²·L‴(w)/6 + O(h⁴)
//! one-sided  F(h) = (L(w + h) − L(w))/h      = L′(w) + h·L″(w)/2 + h²·L‴(w)/6 + O(h³)
//! ```
//!
//! Halving h and extrapolating to h = 0 removes the first terms of the error (L. F. Richardson, 1911;
//! C. J. F. Ridders, *Advances in Engineering Software* 4(2), 1982, for choosing the step by the error
//! estimate).

use super::super::Estimate;
use super::super::line::Quotient;

/// Quotients of halved steps, and the best extrapolation so far.
#[derive(Debug, Default)]
pub(in crate::source) struct Ladder {
    quotients: Vec<Quotient>,
    /// The last extrapolation.
    previous: Option<f64>,
    /// The extrapolation with the smallest error bound, and the step of its last quotient.
    best: Option<(Estimate, f64)>,
}

/// How an extrapolation is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Stencil {
    /// Three quotients D.
    TwoSided,
    /// Four quotients F.
    OneSided,
}

impl Stencil {
    fn quotients(self) -> usize {
        match self {
            Self::TwoSided => 3,
            Self::OneSided => 4,
        }
    }

    /// The limit at h = 0 of the last quotients, the truncation part of its error, and the rounding part.
    fn extrapolate(self, quotients: &[Quotient]) -> (f64, f64, f64) {
        match (self, quotients) {
            (Self::TwoSided, [d0, d1, d2]) => {
                let first = d1.slope + (d1.slope - d0.slope) / 3.0;
                let second = d2.slope + (d2.slope - d1.slope) / 3.0;
                let value = second + (second - first) / 15.0;
                // `second` is one order worse than `value`, and `first` another factor of 16: their
                // distances from it are bounds with room to spare.
                let truncation = (value - second).abs().max((value - first).abs() / 16.0);
                let rounding = (64.0 * d2.rounding + 20.0 * d1.rounding + d0.rounding) / 45.0;
                (value, truncation, rounding)
            }
            (Self::OneSided, [f0, f1, f2, f3]) => {
                let first =
                    |coarse: &Quotient, fine: &Quotient| fine.slope + (fine.slope - coarse.slope);
                let second = |coarse: f64, fine: f64| fine + (fine - coarse) / 3.0;
                let [a, b, c] = [first(f0, f1), first(f1, f2), first(f2, f3)];
                let [coarse, fine] = [second(a, b), second(b, c)];
                let value = fine + (fine - coarse) / 7.0;
                let truncation = (value - fine).abs().max((value - coarse).abs() / 8.0);
                let rounding =
                    (64.0 * f3.rounding + 56.0 * f2.rounding + 14.0 * f1.rounding + f0.rounding)
                        / 21.0;
                (value, truncation, rounding)
            }
            _ => unreachable!("a stencil gets the number of quotients that it asks for"),
        }
    }
}

impl Ladder {
    /// Forget quotients that do not belong to the same smooth piece as what comes next.
    pub(in crate::source) fn restart(&mut self) {
        self.quotients.clear();
        self.previous = None;
    }

    /// Add the quotient of step `h`, half of the one before; says whether smaller steps could still
    /// improve the estimate.
    pub(in crate::source) fn push(&mut self, stencil: Stencil, h: f64, quotient: Quotient) -> bool {
        self.quotients.push(quotient);
        let Some(start) = self.quotients.len().checked_sub(stencil.quotients()) else {
            return true;
        };
        let last = &self.quotients[start..];
        let (value, mut truncation, rounding) = stencil.extrapolate(last);
        // Steps too large for the expansion can seem to converge by chance: one extrapolation is
        // believed as far only as the one before it says the same, or as the quotients themselves do.
        if let Some(previous) = self.previous.replace(value) {
            truncation = truncation.max((value - previous).abs());
        } else if (last[1].slope - last[0].slope).abs() > last[0].rounding + last[1].rounding {
            return true;
        }
        let estimate = Estimate {
            value,
            error: truncation + rounding,
        };
        if self
            .best
            .is_none_or(|(best, _)| estimate.error < best.error)
        {
            self.best = Some((estimate, h));
        }
        let least = self.best.map_or(f64::INFINITY, |(best, _)| best.error);
        // Once truncation is below it, rounding, which grows as h shrinks, is all that is left.
        truncation > rounding && rounding < least
    }

    /// The estimate with the smallest error bound, and its smallest step.
    pub(in crate::source) fn best(&self) -> Option<(Estimate, f64)> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climb(stencil: Stencil, f: impl Fn(f64) -> f64) -> Estimate {
        let mut ladder = Ladder::default();
        for halvings in 0..12_i32 {
            let h = f64::exp2(f64::from(-halvings));
            let quotient = Quotient {
                slope: f(h),
                rounding: 1e-15 / h,
            };
            if !ladder.push(stencil, h, quotient) {
                break;
            }
        }
        ladder.best().expect("enough rungs").0
    }

    #[test]
    fn both_stencils_reach_the_slope_of_the_exponential() {
        for (stencil, estimate) in [
            (
                Stencil::TwoSided,
                climb(Stencil::TwoSided, |h| h.sinh() / h),
            ),
            (
                Stencil::OneSided,
                climb(Stencil::OneSided, |h| h.exp_m1() / h),
            ),
        ] {
            let error = (estimate.value - 1.0).abs();
            assert!(
                error <= estimate.error && estimate.error < 1e-10,
                "{stencil:?}: {estimate:?}"
            );
        }
    }

    #[test]
    fn one_sided_weights_cancel_three_orders() {
        // F(h) = 2 + h + h² + h³ is 2 at 0 after three columns have removed three terms.
        let quotient = |h: f64| Quotient {
            slope: 2.0 + h * (1.0 + h * (1.0 + h)),
            rounding: 0.0,
        };
        let rungs = [1.0, 0.5, 0.25, 0.125].map(quotient);
        let (value, ..) = Stencil::OneSided.extrapolate(&rungs);
        assert!((value - 2.0).abs() < 1e-14, "{value}");
    }
}
