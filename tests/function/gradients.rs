//! Gradients, and claimed ones held against the values.

use gradproof::judge::{self, ClaimError, Outcome, check_gradient};
use gradproof::source::{Finding, LadderOptions, gradient};

use super::close;

fn outcomes(f: impl FnMut(&[f64]) -> f64, x: &[f64], claimed: &[f64]) -> Vec<Outcome> {
    check_gradient(f, x, claimed, &LadderOptions::default())
        .expect("one derivative a coordinate")
        .iter()
        .map(|checked| checked.outcome)
        .collect()
}

#[track_caller]
fn all_close(what: &str, f: impl FnMut(&[f64]) -> f64, x: &[f64], truth: &[f64], most: f64) {
    let findings = gradient(f, x, &LadderOptions::default());
    assert_eq!(findings.len(), truth.len(), "{what}");
    for (finding, truth) in findings.into_iter().zip(truth) {
        close(what, finding, *truth, most);
    }
}

#[test]
fn numdifftools_gradients() {
    // numdifftools: 1/(e^x₀ + cos x₁ + 10) at (1, 2).
    let bell = |x: &[f64]| 1.0 / (x[0].exp() + x[1].cos() + 10.0);
    let truth = [-0.017_961_123_762_187_736, 0.006_008_208_364_882_2];
    all_close("1/(e^x₀+cos x₁+10)", bell, &[1.0, 2.0], &truth, 1e-13);
    let squares = |x: &[f64]| x.iter().map(|x| x * x).sum();
    all_close("Σx²", squares, &[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0], 1e-11);
    // xyz + eˣ·y at (3, 5, 7), by hand: (yz + eˣy, xz + eˣ, xy).
    let mixed = |x: &[f64]| x[0] * x[1] * x[2] + x[0].exp() * x[1];
    let e3 = 3.0_f64.exp();
    let truth = [35.0 + 5.0 * e3, 21.0 + e3, 15.0];
    all_close("xyz+eˣy", mixed, &[3.0, 5.0, 7.0], &truth, 1e-9);
    // x² + y² and x³ + y³ at (1, 2).
    let powers = |n: i32| move |x: &[f64]| x[0].powi(n) + x[1].powi(n);
    all_close("x²+y²", powers(2), &[1.0, 2.0], &[2.0, 4.0], 1e-11);
    all_close("x³+y³", powers(3), &[1.0, 2.0], &[3.0, 12.0], 1e-11);
}

#[test]
fn a_wrong_coordinate_is_named() {
    let squares = |x: &[f64]| x.iter().map(|x| x * x).sum();
    let found = outcomes(squares, &[1.0, 2.0, 3.0], &[2.0, 4.0 + 1e-9, 6.0]);
    assert_eq!(found, [Outcome::Agree, Outcome::Disagree, Outcome::Agree]);
}

#[test]
fn ceres_bad_test_term_is_seen_where_rounding_allows() {
    // Ceres, gradient_checker_test: BadTestTerm adds 1e-12 to exp(−aᵀx)'s derivatives, which its
    // test sees at a tolerance that a right gradient only just meets; 1e-9 is beyond every bound here.
    let a = [0.3, 0.8, 0.5];
    let x = [0.2, 0.1, 0.9];
    let term = |x: &[f64]| (-x.iter().zip(a).map(|(x, a)| x * a).sum::<f64>()).exp();
    let right = a.map(|a| -a * term(&x));
    assert_eq!(outcomes(term, &x, &right), [Outcome::Agree; 3]);
    let wrong = right.map(|slope| slope + 1e-9);
    assert_eq!(outcomes(term, &x, &wrong), [Outcome::Disagree; 3]);
}

#[test]
fn every_subgradient_of_a_maximum_is_inside() {
    // max(a, b) at a = b: dfdx gives ½ each, num-dual 1 and 0; 1.1 is none.
    let largest = |x: &[f64]| x[0].max(x[1]);
    for inside in [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]] {
        let found = outcomes(largest, &[0.7, 0.7], &inside);
        assert_eq!(
            found,
            [Outcome::AtKink(judge::Side::Inside); 2],
            "{inside:?}"
        );
    }
    let found = outcomes(largest, &[0.7, 0.7], &[1.1, -0.1]);
    assert_eq!(found, [Outcome::AtKink(judge::Side::Outside); 2]);
}

#[test]
fn coordinates_are_restored() {
    let mut seen: Vec<f64> = Vec::new();
    let x: [f64; 3] = [0.1, 0.2, 0.3];
    let record = |at: &[f64]| {
        let moved = (0..3)
            .filter(|i| at[*i].to_bits() != x[*i].to_bits())
            .count();
        seen.push(moved as f64);
        at[0] * at[1] * at[2]
    };
    let findings = gradient(record, &x, &LadderOptions::default());
    assert!(
        findings
            .iter()
            .all(|finding| matches!(finding, Finding::Smooth(_)))
    );
    assert!(
        seen.iter().all(|moved| *moved <= 1.0),
        "two coordinates moved at once"
    );
}

#[test]
fn nonsense_is_named() {
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    let options = LadderOptions::default();
    assert_eq!(
        check_gradient(sum, &[1.0, 2.0], &[1.0], &options),
        Err(ClaimError::Lengths {
            gradient: 1,
            point: 2
        })
    );
    assert_eq!(
        check_gradient(sum, &[], &[], &options),
        Err(ClaimError::Empty)
    );
    let found = outcomes(sum, &[1.0, 2.0], &[f64::NAN, f64::INFINITY]);
    assert_eq!(found, [Outcome::InvalidClaim; 2]);
    let found = outcomes(|_| f64::NAN, &[1.0], &[1.0]);
    assert!(matches!(found[..], [Outcome::Invalid(_)]), "{found:?}");
}

#[test]
fn a_bound_as_large_as_the_whole_gradient_says_nothing() {
    // A function that moves by less than its rounding: any claim of that size would "agree".
    let flat = |x: &[f64]| 1e6 + 1e-14 * x[0];
    let found = outcomes(flat, &[0.5], &[3e-14]);
    assert_eq!(found, [Outcome::BoundTooWide]);
    // A structural zero is another matter.
    assert_eq!(outcomes(|_| 0.0, &[0.5], &[0.0]), [Outcome::Agree]);
}
