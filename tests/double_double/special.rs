//! Where functions end: zeros and their signs, infinities, NaN, overflow and underflow.

use gradproof::scalar::{DoubleDouble, Scalar};

fn number(value: f64) -> DoubleDouble {
    DoubleDouble::from_f64(value)
}

/// `got` is `wanted`, sign of zero included, with nothing in its low part.
fn is(got: DoubleDouble, wanted: f64, what: &str) {
    let same = if wanted.is_nan() {
        got.hi().is_nan()
    } else {
        got.hi().to_bits() == wanted.to_bits()
    };
    assert!(
        same && got.lo().abs() == 0.0,
        "{what}: {got:?}, and not {wanted}"
    );
}

const INF: f64 = f64::INFINITY;

#[test]
fn functions_at_the_ends_of_their_domains() {
    for (x, exp, ln, sqrt, tanh, erf) in [
        (0.0, 1.0, -INF, 0.0, 0.0, 0.0),
        (-0.0, 1.0, -INF, -0.0, -0.0, -0.0),
        (INF, INF, INF, INF, 1.0, 1.0),
        (-INF, 0.0, f64::NAN, f64::NAN, -1.0, -1.0),
        (f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN),
        (1e300, INF, 1e300_f64.ln(), 1e150, 1.0, 1.0),
        (-1e300, 0.0, f64::NAN, f64::NAN, -1.0, -1.0),
    ] {
        let argument = number(x);
        is(argument.exp(), exp, &format!("exp {x}"));
        is(argument.tanh(), tanh, &format!("tanh {x}"));
        is(argument.erf(), erf, &format!("erf {x}"));
        if x.abs() < 1e299 || x.is_infinite() || x < 0.0 || x.is_nan() {
            is(argument.ln(), ln, &format!("ln {x}"));
            is(argument.sqrt(), sqrt, &format!("√{x}"));
        }
    }
    is(number(1.0).ln(), 0.0, "ln 1");
    is(number(4.0).sqrt(), 2.0, "√4");
    is(number(710.0).exp(), INF, "e^710 overflows");
    is(number(-746.0).exp(), 0.0, "e^−746 underflows");
    is(number(5e-324).tanh(), 5e-324, "tanh of the smallest number");
}

#[test]
fn exp_is_right_to_the_ends_of_its_range() {
    // mpmath: exp(mpf(709.78)) = 1.7928227943945156209…e308, exp(mpf(-745)) = 2.822…e-324
    let large = number(709.78).exp();
    assert!(
        large.hi().to_bits() == 1.792_822_794_394_515_6e308_f64.to_bits(),
        "e^709.78: {large}"
    );
    is(number(-745.0).exp(), 5e-324, "e^−745");
}

#[test]
fn zeros_keep_their_sign_and_infinities_their_nature() {
    let values = [0.0, -0.0, 1.0, -1.0, INF, -INF, f64::NAN];
    for a in values {
        for b in values {
            let (x, y) = (number(a), number(b));
            is(x + y, a + b, &format!("{a} + {b}"));
            is(x - y, a - b, &format!("{a} − {b}"));
            is(x * y, a * b, &format!("{a} · {b}"));
            is(x / y, a / b, &format!("{a} / {b}"));
        }
    }
    let max = number(f64::MAX);
    is(max + max, INF, "a sum that overflows");
    is(max * max, INF, "a product that overflows");
    is(max - max, 0.0, "the largest number without itself");
    is(max * number(-1.0), -f64::MAX, "the largest number negated");
    is(max / max, 1.0, "the largest number in itself");
}

#[test]
fn products_and_quotients_at_the_end_of_the_range_keep_all_digits() {
    let third = number(1.0) / number(3.0);
    for scale in [1.0, f64::exp2(1000.0), f64::exp2(1022.0), f64::exp2(-900.0)] {
        let scaled = third * number(scale);
        let back = scaled / number(scale);
        is(back - third, 0.0, "a power of two in and out");
        let one = scaled * number(3.0) / number(scale);
        assert!(
            (one - DoubleDouble::ONE).abs().hi() < 1e-31,
            "3·⅓ at {scale:e}: {one}"
        );
    }
}

#[test]
fn functions_undo_each_other() {
    for step in 1..400_i32 {
        let x = thirtieths(step);
        let close = |got: DoubleDouble, wanted: DoubleDouble, factor: f64, what: &str| {
            let error = (got - wanted).abs().hi();
            let allowed = factor * 1e-31 * wanted.abs().hi();
            assert!(error <= allowed, "{what} at {x}: {got}, error {error:e}");
        };
        close(x.ln().exp(), x, 40.0, "exp ln x = x");
        close(x.exp().ln(), x, 40.0, "ln exp x = x");
        close(x.sqrt() * x.sqrt(), x, 1.0, "√x·√x = x");
        let y = thirtieths(401 - step);
        close((x + y).exp(), x.exp() * y.exp(), 40.0, "e^(x+y) = e^x·e^y");
        // tanh 2x = 2·tanh x/(1 + tanh² x)
        let t = x.tanh();
        close(
            (x + x).tanh(),
            (t + t) / (DoubleDouble::ONE + t * t),
            10.0,
            "tanh 2x",
        );
        is(x.erf() + (-x).erf(), 0.0, "erf is odd");
    }
}

/// `step`/30, with both parts full.
fn thirtieths(step: i32) -> DoubleDouble {
    number(f64::from(step)) / number(30.0)
}
