//! Noise from differences of values at equal distances.

/// C(2k, k), the variance of a k-th difference of independent errors of variance 1.
fn variance(order: usize) -> f64 {
    (1..=order).fold(1.0, |product, k| product * (order + k) as f64 / k as f64)
}

/// Replace values by their differences: Δvᵢ = vᵢ₊₁ − vᵢ.
pub(super) fn difference(values: &mut Vec<f64>) {
    for i in 1..values.len() {
        values[i - 1] = values[i] - values[i - 1];
    }
    values.pop();
}

/// The root mean square of the differences of one order, in units of the noise that would cause it.
///
/// Differences are scaled before they are squared: squares of tiny ones would underflow.
fn level(differences: &[f64], order: usize) -> f64 {
    let largest = differences.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    if largest <= 0.0 || !largest.is_finite() {
        return largest;
    }
    // A power of two, so that scaling the function by one scales the noise exactly.
    let unit = f64::exp2(largest.log2().floor());
    let mean = differences.iter().map(|d| (d / unit).powi(2)).sum::<f64>()
        / differences.len() as f64
        / variance(order);
    mean.sqrt() * unit
}

/// The noise that the differences of orders `from`, `from` + 1, … of `values` show, one by one.
pub(super) fn levels(values: &[f64], from: usize) -> impl Iterator<Item = f64> {
    let mut differences = values.to_vec();
    (1..values.len())
        .map(move |order| {
            difference(&mut differences);
            level(&differences, order)
        })
        .skip(from - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_independent_errors_have_binomial_variance() {
        // C(12, 6), C(14, 7) and C(16, 8).
        for (order, expected) in [(6, 924.0), (7, 3432.0), (8, 12870.0)] {
            let found: f64 = variance(order);
            assert!((found - expected).abs() < 1e-6, "order {order}: {found}");
        }
    }

    #[test]
    fn polynomials_of_low_degree_make_no_noise() {
        let cubic: Vec<f64> = (-4..=4).map(|t| f64::from(t * t * t - 3 * t)).collect();
        for level in levels(&cubic, 4) {
            assert!(level <= 0.0, "{level}");
        }
    }
}
