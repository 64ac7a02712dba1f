//! The verdict on one coordinate.

use crate::source::Estimate;

/// What is found at a coordinate. Every coordinate gets one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every reference agrees with the gradient under test within the sum of their error bounds.
    Agree,
    /// A reference differs by more than the sum of the bounds.
    Disagree,
    /// Central differences cross a kink at every usable step.
    AtKink {
        /// Whether an exact reference was there to agree; a kink alone proves nothing.
        confirmed: bool,
    },
    /// The bounds are too wide to say anything.
    Unresolved,
    /// A number is NaN or infinite.
    Invalid,
}

/// What a reference says about one coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// A derivative with its bound.
    Smooth(Estimate),
    /// Differences across a kink.
    AtKink,
}

/// Whether two estimates can be of one number: their distance is within the sum of their bounds.
///
/// Asked as "within?", so that NaN never passes. Below the smallest normal number precision is
/// absolute and some libraries flush to zero, which no relative bound covers: so far apart they may be.
#[must_use]
pub fn within(a: Estimate, b: Estimate) -> bool {
    (a.value - b.value).abs() <= a.error + b.error + f64::MIN_POSITIVE
}

/// Judge the gradient under test at one coordinate of a tensor whose largest derivative is `largest`.
///
/// `Unresolved` is when even the tightest reference leaves room for an error as large as everything
/// in the tensor: agreement would then mean nothing.
#[must_use]
pub fn judge(subject: Estimate, references: &[Reference], largest: f64) -> Verdict {
    let smooth = references.iter().filter_map(|reference| match reference {
        Reference::Smooth(estimate) => Some(*estimate),
        Reference::AtKink => None,
    });
    if !subject.value.is_finite() || smooth.clone().any(|estimate| !estimate.value.is_finite()) {
        return Verdict::Invalid;
    }
    if !smooth.clone().all(|estimate| within(subject, estimate)) {
        return Verdict::Disagree;
    }
    let at_kink = references.contains(&Reference::AtKink);
    let tightest = smooth
        .map(|estimate| subject.error + estimate.error)
        .reduce(f64::min);
    match tightest {
        None if at_kink => Verdict::AtKink { confirmed: false },
        None => Verdict::Unresolved,
        // A bound of exactly 0 is that of a derivative that no perturbation moves from 0.
        Some(bound) if bound > 0.0 && bound >= largest => Verdict::Unresolved,
        Some(_) if at_kink => Verdict::AtKink { confirmed: true },
        Some(_) => Verdict::Agree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, error: f64) -> Estimate {
        Estimate { value, error }
    }

    fn smooth(value: f64, error: f64) -> Reference {
        Reference::Smooth(estimate(value, error))
    }

    #[test]
    fn one_reference_beyond_the_bounds_is_a_disagreement() {
        let subject = estimate(1.0, 0.1);
        assert_eq!(judge(subject, &[smooth(1.15, 0.1)], 1.0), Verdict::Agree);
        assert_eq!(
            judge(subject, &[smooth(1.15, 0.1), smooth(1.3, 0.1)], 1.0),
            Verdict::Disagree
        );
        assert_eq!(
            judge(subject, &[Reference::AtKink, smooth(1.3, 0.1)], 1.0),
            Verdict::Disagree
        );
    }

    #[test]
    fn a_kink_passes_only_when_another_reference_confirms() {
        let subject = estimate(1.0, 0.01);
        assert_eq!(
            judge(subject, &[Reference::AtKink], 1.0),
            Verdict::AtKink { confirmed: false }
        );
        let confirmed = judge(subject, &[Reference::AtKink, smooth(1.0, 0.01)], 1.0);
        assert_eq!(confirmed, Verdict::AtKink { confirmed: true });
    }

    #[test]
    fn nothing_passes_on_nan_infinity_or_without_a_reference() {
        let subject = estimate(1.0, 0.01);
        assert_eq!(
            judge(subject, &[smooth(f64::NAN, 0.1)], 1.0),
            Verdict::Invalid
        );
        assert_eq!(
            judge(estimate(f64::INFINITY, 0.1), &[smooth(1.0, 0.1)], 1.0),
            Verdict::Invalid
        );
        assert_eq!(
            judge(subject, &[smooth(2.0, f64::NAN)], 1.0),
            Verdict::Disagree
        );
        assert_eq!(judge(subject, &[], 1.0), Verdict::Unresolved);
    }

    #[test]
    fn numbers_that_underflow_agree_with_zero() {
        let flushed = judge(estimate(3e-311, 0.0), &[smooth(0.0, 0.0)], 1.0);
        assert_eq!(
            flushed,
            Verdict::Agree,
            "a sigmoid at -715, where some libraries give 0"
        );
        assert_eq!(
            judge(estimate(3e-300, 0.0), &[smooth(0.0, 0.0)], 1.0),
            Verdict::Disagree
        );
    }

    #[test]
    fn a_bound_as_large_as_the_tensor_says_nothing() {
        assert_eq!(
            judge(estimate(1e-9, 0.0), &[smooth(1.0, 2.0)], 0.5),
            Verdict::Unresolved
        );
        assert_eq!(
            judge(estimate(0.0, 0.0), &[smooth(0.0, 0.0)], 0.0),
            Verdict::Agree,
            "a structural zero"
        );
    }
}
