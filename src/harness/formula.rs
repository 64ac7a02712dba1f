//! A function that is written once for every kind of number, and its gradient.

use crate::judge::verdict::within;
use crate::judge::{Claim, Culprit, Outcome as Fit, Witness, blame, judge_claims};
use crate::report::Outcome;
use crate::report::claim::ClaimReport;
use crate::source::{
    Estimate, Finding, Formula, FormulaGradient, Forward, LadderOptions, SAFETY,
    SAFETY_OTHER_ORDER, formula_gradient, gradient,
};
use crate::spec::case::SourceName;

use super::claims::{self, Claimed, ClaimsError};
use super::function::{claims_of, repeat, value_or_panic, words};
use super::page::claim_message;

/// Hold a gradient against dual numbers through the function's own formula, and against differences of
/// its values. How far rounding moves each derivative is measured by Monte Carlo arithmetic, so that a
/// gradient has to be right to nearly its last digit.
///
/// ```
/// use gradproof::harness::{Formula, assert_formula};
/// use gradproof::scalar::Scalar;
///
/// struct Bell;
/// impl Formula for Bell {
///     fn eval<S: Scalar>(&self, x: &[S]) -> S {
///         (-(x[0] * x[0])).exp()
///     }
/// }
/// assert_formula(&Bell, |x| vec![-2.0 * x[0] * (-x[0] * x[0]).exp()], &[0.5]);
/// ```
///
/// # Panics
/// When the gradient is wrong or cannot be judged.
#[track_caller]
pub fn assert_formula<F: Formula + Sync>(
    formula: &F,
    gradient: impl FnMut(&[f64]) -> Vec<f64>,
    x: &[f64],
) {
    match check_formula(formula, gradient, x) {
        Ok(report) if report.outcome == Outcome::Right => (),
        Ok(report) => panic!("{}", claim_message(&report)),
        Err(error) => panic!("{}\n{error}", repeat(x)),
    }
}

/// The same, returning what was found.
///
/// # Errors
/// [`ClaimsError`], when their code panics, answers twice differently, or gives another number of
/// derivatives.
#[track_caller]
pub fn check_formula<F: Formula + Sync>(
    formula: &F,
    mut gradient_under_test: impl FnMut(&[f64]) -> Vec<f64>,
    x: &[f64],
) -> Result<ClaimReport, ClaimsError> {
    let repeat = repeat(x);
    let mut f = |x: &[f64]| formula.eval(x);
    let claimed = claims_of(&mut f, &mut gradient_under_test, x)?;
    let dual = claims::run("the function", || formula_gradient(formula, x))?;
    let mut panic = None;
    let options = LadderOptions {
        noise: Some(dual.value_spread).filter(|noise| noise.is_finite()),
        ..LadderOptions::default()
    };
    let along = |x: &[f64]| value_or_panic(&mut panic, || formula.eval(x));
    let findings = gradient(along, x, &options);
    if let Some(error) = panic {
        return Err(error);
    }
    let estimates: Vec<Estimate> = claimed
        .iter()
        .zip(&dual.estimates)
        .map(|(&value, dual)| Estimate {
            value,
            // Somebody's gradient adds in another order.
            error: SAFETY_OTHER_ORDER / SAFETY * dual.error,
        })
        .collect();
    let by_values = judge_claims(&estimates, &findings);
    let sizes = dual.estimates.iter().map(|dual| dual.value.abs());
    let largest = sizes.filter(|size| size.is_finite()).fold(0.0, f64::max);
    let claims: Vec<Claim> = by_values
        .into_iter()
        .zip(estimates.iter().zip(&dual.estimates))
        .map(|(claim, (own, dual))| with_dual(claim, *own, *dual, largest))
        .collect();
    let array = Claimed {
        name: "x".to_owned(),
        shape: vec![x.len()],
        is_input: false,
        batch: 1,
        positions: (0..x.len()).collect(),
        claims,
        errors: estimates.iter().map(|estimate| estimate.error).collect(),
    };
    let what = format!(
        "the gradient of a formula of {} numbers, against dual numbers and the formula's values",
        x.len()
    );
    let mut report = claims::report(words(what, repeat), &[array]);
    report.reference = "dual numbers".to_owned();
    if report.outcome == Outcome::Wrong {
        report.blame = Some(blamed(&estimates, &dual, &findings));
    }
    Ok(report)
}

/// The verdict by values and dual numbers together, of a gradient whose largest derivative is `largest`:
/// at a kink the slopes on both sides decide, and elsewhere each reference has to agree; where one of
/// them says nothing the other does.
fn with_dual(claim: Claim, own: Estimate, dual: Estimate, largest: f64) -> Claim {
    let bound = own.error + dual.error;
    let is_sharp = bound < largest || (largest <= 0.0 && bound.is_finite());
    let is_blind = !(dual.value.is_finite() && is_sharp);
    match claim.outcome {
        Fit::AtKink(_) | Fit::InvalidClaim | Fit::Invalid(_) => claim,
        _ if is_blind => claim,
        _ if !within(own, dual) => Claim {
            finding: Finding::Smooth(dual),
            outcome: Fit::Disagree,
            ..claim
        },
        Fit::Disagree => claim,
        // The dual's bound is the tighter one.
        Fit::Agree | Fit::Unresolved(_) | Fit::BoundTooWide => Claim {
            finding: Finding::Smooth(dual),
            outcome: Fit::Agree,
            ..claim
        },
    }
}

/// Who is alone.
fn blamed(claimed: &[Estimate], dual: &FormulaGradient, findings: &[Finding]) -> String {
    let value = Estimate {
        value: dual.value,
        error: SAFETY * dual.value_spread,
    };
    let at_kink = |at: usize| matches!(findings[at], Finding::AtKink { .. });
    let asked = |estimates: &[Estimate]| -> Vec<Option<Estimate>> {
        let places = estimates.iter().enumerate();
        places
            .map(|(at, estimate)| (!at_kink(at)).then_some(*estimate))
            .collect()
    };
    let by_values = findings.iter().map(|finding| match finding {
        Finding::Smooth(found) => Some(*found),
        _ => None,
    });
    let witness = |source, derivatives| Witness {
        source,
        forward: Forward::Shared,
        value: Some(value),
        derivatives,
    };
    let blame = blame(&[
        witness(SourceName::Backprop, asked(claimed)),
        witness(SourceName::Dual, asked(&dual.estimates)),
        witness(SourceName::Central, by_values.collect()),
    ]);
    if matches!(blame.culprits[..], [Culprit::Undecided(_)]) {
        return "the gradient disagrees with dual numbers through the function's own formula, by less than differences of its values could tell".to_owned();
    }
    let words = blame.sentence().replace("backprop", "the gradient");
    words
        .replace("dual", "dual numbers")
        .replace("central", "central differences")
}
