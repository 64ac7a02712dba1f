//! Known answers of every operation of dfdx that reverse mode is built from, forward and backward.
//!
//! dfdx without its `cpu` feature multiplies matrices wrongly, in silence: [1 2]·[3 4]ᵀ gives 8.
//! The arithmetic beside each number is done by hand; transcendental values are those of the
//! function's definition at points where it is known in closed form.

use dfdx::prelude::{
    Axes2, Axis, Backward, BroadcastTo, ChooseFrom, Cpu, GatherTo, HasShape, OwnedTape, PermuteTo,
    ReshapeTo, Shape, SumTo, Tensor, TensorFromVec, Trace, TryConcatAlong, TryGe, TryLe, TryLt,
    TryMatMul, ZerosTensor,
};

type Plain<S> = Tensor<S, f64, Cpu>;
type Taped<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;

fn tensor<S: Shape>(shape: S, values: &[f64]) -> Plain<S> {
    Cpu::default().tensor_from_vec(values.to_vec(), shape)
}

fn indices<S: Shape>(shape: S, indices: &[usize]) -> Tensor<S, usize, Cpu> {
    Cpu::default().tensor_from_vec(indices.to_vec(), shape)
}

/// Hold `got` against `expected` to 2 units in the last place; integers are exact.
fn assert_is(what: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}: {got:?}, {expected:?}");
    for (got_one, expected_one) in got.iter().zip(expected) {
        assert!(
            (got_one - expected_one).abs() <= 2.0 * f64::EPSILON * expected_one.abs(),
            "{what}: {got:?}, and not {expected:?}"
        );
    }
}

/// Σ r·y, whose gradient with respect to y is r.
fn weighted<S: Shape>(y: Taped<S>, weights: &[f64]) -> Taped<()> {
    let count = weights.len();
    let y: Taped<(usize,)> = y.reshape_like(&(count,));
    (y * tensor((count,), weights)).sum::<(), Axis<0>>()
}

/// Forward and backward of a function of one number at a time, under Σ y.
fn assert_function(
    what: &str,
    function: fn(Taped<(usize,)>) -> Taped<(usize,)>,
    points: &[[f64; 3]],
) {
    let column = |number: usize| -> Vec<f64> { points.iter().map(|row| row[number]).collect() };
    let x = tensor((points.len(),), &column(0));
    let y = function(x.leaky_trace());
    assert_is(what, &y.as_vec(), &column(1));
    let slopes = y.sum::<(), Axis<0>>().backward().get(&x).as_vec();
    assert_is(&format!("slope of {what}"), &slopes, &column(2));
}

#[test]
fn matmul() {
    // [1 2]·[3 4]ᵀ = 1·3 + 2·4
    let (row, column) = (tensor((1, 2), &[1.0, 2.0]), tensor((2, 1), &[3.0, 4.0]));
    assert_is("row by column", &row.matmul(column).as_vec(), &[11.0]);

    // ⎡1 2 3⎤ ⎡ 7  8⎤   ⎡ 58  64⎤
    // ⎣4 5 6⎦·⎢ 9 10⎥ = ⎣139 154⎦
    //         ⎣11 12⎦
    let a = tensor((2, 3), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let b = tensor((3, 2), &[7.0, 8.0, 9.0, 10.0, 11.0, 12.0]);
    let y = a.leaky_trace().matmul(b.leaky_trace());
    assert_is("product", &y.as_vec(), &[58.0, 64.0, 139.0, 154.0]);
    // dA = R·Bᵀ and dB = Aᵀ·R with R = [1 2; 3 4]:
    // dA[0] = [7+16, 9+20, 11+24], dA[1] = [21+32, 27+40, 33+48]
    // dB = [1+12 2+16; 2+15 4+20; 3+18 6+24]
    let gradients = weighted(y, &[1.0, 2.0, 3.0, 4.0]).backward();
    let da = [23.0, 29.0, 35.0, 53.0, 67.0, 81.0];
    assert_is("dA", &gradients.get(&a).as_vec(), &da);
    let db = [13.0, 18.0, 17.0, 24.0, 21.0, 30.0];
    assert_is("dB", &gradients.get(&b).as_vec(), &db);
}

#[test]
fn matmul_adds_to_a_gradient_that_is_there() {
    // L = w·x + w², x = 5, w = 3: dL/dw = x + 2w, as of a weight under a penalty.
    let (w, x) = (tensor((1, 1), &[3.0]), tensor((1, 1), &[5.0]));
    let product = w.leaky_trace().matmul(x).reshape_like(&());
    let square = w.leaky_trace().square().sum::<(), Axes2<0, 1>>();
    let loss = product + square;
    assert_is("15 + 9", &loss.as_vec(), &[24.0]);
    assert_is("5 + 6", &loss.backward().get(&w).as_vec(), &[11.0]);
}

#[test]
fn batched_matmul() {
    // [1 2]·[5 6]ᵀ = 17 and [3 4]·[7 8]ᵀ = 53; dA[g] = r[g]·B[g]ᵀ, dB[g] = r[g]·A[g]ᵀ.
    let a = tensor((2, 1, 2), &[1.0, 2.0, 3.0, 4.0]);
    let b = tensor((2, 2, 1), &[5.0, 6.0, 7.0, 8.0]);
    let y = a.leaky_trace().matmul(b.leaky_trace());
    assert_is("products", &y.as_vec(), &[17.0, 53.0]);
    let gradients = weighted(y, &[1.0, -2.0]).backward();
    let da = [5.0, 6.0, -14.0, -16.0];
    assert_is("dA", &gradients.get(&a).as_vec(), &da);
    let db = [1.0, 2.0, -6.0, -8.0];
    assert_is("dB", &gradients.get(&b).as_vec(), &db);
}

#[test]
fn gather_adds_up_repeated_rows() {
    let x = tensor((3, 2), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let y: Taped<(usize, usize)> = x.leaky_trace().gather(indices((4,), &[2, 0, 2, 2]));
    assert_is(
        "rows 2, 0, 2, 2",
        &y.as_vec(),
        &[5.0, 6.0, 1.0, 2.0, 5.0, 6.0, 5.0, 6.0],
    );
    // Row 0 was taken once, row 1 never, row 2 by the 1st, 3rd and 4th: 1+5+7 and 2+6+8.
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let gradient = weighted(y, &weights).backward().get(&x).as_vec();
    assert_is("gradient", &gradient, &[3.0, 4.0, 0.0, 0.0, 13.0, 16.0]);
}

#[test]
fn gather_of_single_numbers() {
    let x = tensor((3,), &[1.0, 2.0, 3.0]);
    let y: Taped<(usize,)> = x.leaky_trace().gather(indices((4,), &[1, 1, 0, 1]));
    assert_is("entries", &y.as_vec(), &[2.0, 2.0, 1.0, 2.0]);
    // Entry 1: 1 + 10 + 1000.
    let weights = [1.0, 10.0, 100.0, 1000.0];
    let gradient = weighted(y, &weights).backward().get(&x).as_vec();
    assert_is("gradient", &gradient, &[100.0, 1011.0, 0.0]);
}

#[test]
fn concatenation_with_a_row_of_zeros() {
    let x = tensor((2, 2), &[1.0, 2.0, 3.0, 4.0]);
    let zeros: Plain<(usize, usize)> = Cpu::default().zeros_like(&(1, 2));
    let y: Taped<(usize, usize)> = (x.leaky_trace(), zeros).concat_along(Axis::<0>);
    assert_is("rows", &y.as_vec(), &[1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let gradient = weighted(y, &weights).backward().get(&x).as_vec();
    assert_is("gradient", &gradient, &weights[..4]);
}

#[test]
fn permutation_and_reshape() {
    // ⎡1 2 3⎤ᵀ read row by row, and its gradient turned back.
    // ⎣4 5 6⎦
    let x = tensor((2, 3), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let y: Taped<(usize, usize)> = x.leaky_trace().permute();
    let y = y.contiguous();
    assert_is("transposed", &y.as_vec(), &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let flat: Taped<(usize,)> = y.reshape_like(&(6,));
    assert_is("flat", &flat.as_vec(), &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let weights = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0];
    let gradient = weighted(flat, &weights).backward().get(&x).as_vec();
    let turned_back = [10.0, 30.0, 50.0, 20.0, 40.0, 60.0];
    assert_is("gradient", &gradient, &turned_back);
}

#[test]
fn broadcast_addition_and_division() {
    // y[o,n] = a[o,n] + b[o]; db[o] = Σ_n r[o,n].
    let a = tensor((2, 2), &[1.0, 2.0, 3.0, 4.0]);
    let b = tensor((2,), &[10.0, 20.0]);
    let y = a.leaky_trace() + b.leaky_trace().broadcast_like::<_, Axis<1>>(&(2, 2));
    assert_is("sums", &y.as_vec(), &[11.0, 12.0, 23.0, 24.0]);
    let gradients = weighted(y, &[1.0, 2.0, 3.0, 4.0]).backward();
    assert_is("db", &gradients.get(&b).as_vec(), &[3.0, 7.0]);
    assert_is("da", &gradients.get(&a).as_vec(), &[1.0, 2.0, 3.0, 4.0]);

    // y[o,n] = a[o,n]/d[o]; da[o,n] = r[o,n]/d[o].
    let d = tensor((2,), &[2.0, 4.0]);
    let y = a.leaky_trace() / d.broadcast_like::<_, Axis<1>>(&(2, 2));
    assert_is("quotients", &y.as_vec(), &[0.5, 1.0, 0.75, 1.0]);
    let gradient = weighted(y, &[1.0, 2.0, 3.0, 4.0]).backward().get(&a);
    assert_is("da", &gradient.as_vec(), &[0.5, 1.0, 0.75, 1.0]);
}

#[test]
fn products_and_differences() {
    // d(a·b)/da = r·b, d(a·b)/db = r·a; d(a − b)/db = −r.
    let (a, b) = (tensor((2,), &[2.0, 3.0]), tensor((2,), &[5.0, 7.0]));
    let product = a.leaky_trace() * b.leaky_trace();
    assert_is("a·b", &product.as_vec(), &[10.0, 21.0]);
    let gradients = weighted(product, &[1.0, -1.0]).backward();
    assert_is("da", &gradients.get(&a).as_vec(), &[5.0, -7.0]);
    assert_is("db", &gradients.get(&b).as_vec(), &[2.0, -3.0]);
    let difference = a.leaky_trace() - b.leaky_trace();
    assert_is("a − b", &difference.as_vec(), &[-3.0, -4.0]);
    let gradients = weighted(difference, &[1.0, 2.0]).backward();
    assert_is("da", &gradients.get(&a).as_vec(), &[1.0, 2.0]);
    assert_is("db", &gradients.get(&b).as_vec(), &[-1.0, -2.0]);
    let scaled = a.leaky_trace() * -4.0 / 8.0;
    assert_is("−a/2", &scaled.as_vec(), &[-1.0, -1.5]);
    let gradient = weighted(scaled, &[1.0, 2.0]).backward().get(&a);
    assert_is("d(−a/2)", &gradient.as_vec(), &[-0.5, -1.0]);
}

#[test]
fn sums_over_axes() {
    // (2, 1, 3) over its first axis: 1+4, 2+5, 3+6; over everything: 21.
    let x = tensor((2, 1, 3), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let first: Taped<(usize, usize)> = x.leaky_trace().sum::<_, Axis<0>>();
    assert_is("first axis", &first.as_vec(), &[5.0, 7.0, 9.0]);
    let gradient = weighted(first, &[1.0, 2.0, 3.0]).backward().get(&x);
    assert_is(
        "gradient",
        &gradient.as_vec(),
        &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
    );
    let x = tensor((2, 3), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let all = x.leaky_trace().sum::<(), Axes2<0, 1>>();
    assert_is("both axes", &all.as_vec(), &[21.0]);
    assert_is("gradient", &all.backward().get(&x).as_vec(), &[1.0; 6]);
}

#[test]
fn choice_by_comparison() {
    // !(x ≤ 0) is true of NaN; the gradient goes where the value came from.
    let x = tensor((5,), &[-1.0, -0.0, 0.0, 2.0, f64::NAN]);
    let passes = !x.le(0.0);
    assert_eq!(
        passes.as_vec(),
        [false, false, false, true, true],
        "x > 0, or NaN"
    );
    let zeros: Plain<(usize,)> = Cpu::default().zeros_like(&(5,));
    let y = passes.choose(x.leaky_trace(), zeros);
    assert_is("chosen", &y.as_vec()[..4], &[0.0, 0.0, 0.0, 2.0]);
    assert!(y.as_vec()[4].is_nan(), "NaN is passed on");
    let gradient = y.sum::<(), Axis<0>>().backward().get(&x).as_vec();
    assert_is("gradient", &gradient, &[0.0, 0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn squares_and_magnitudes() {
    let squares = [[-3.0, 9.0, -6.0], [0.0, 0.0, 0.0], [0.5, 0.25, 1.0]];
    assert_function("square", |x| x.square(), &squares);
    let magnitudes = [
        [-3.0, 3.0, -1.0],
        [-0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        [2.0, 2.0, 1.0],
    ];
    assert_function("abs", |x| x.abs(), &magnitudes);
}

#[test]
fn hyperbolic_tangent() {
    // tanh(ln 2) = (2 − 1/2)/(2 + 1/2) = 3/5, slope 1 − 9/25 = 16/25; flat far out, and not NaN.
    let ln_2 = std::f64::consts::LN_2;
    let points = [
        [0.0, 0.0, 1.0],
        [ln_2, 0.6, 0.64],
        [-ln_2, -0.6, 0.64],
        [1000.0, 1.0, 0.0],
        [-1000.0, -1.0, 0.0],
    ];
    assert_function("tanh", |x| x.tanh(), &points);
}

#[test]
fn logistic_function() {
    // σ(ln 3) = 3/4 and σ(−ln 3) = 1/4, slope 3/16; e^1000 overflows on the way, and does no harm.
    let ln_3 = 3.0_f64.ln();
    let points = [
        [0.0, 0.5, 0.25],
        [ln_3, 0.75, 0.1875],
        [-ln_3, 0.25, 0.1875],
        [1000.0, 1.0, 0.0],
        [-1000.0, 0.0, 0.0],
    ];
    assert_function("sigmoid", |x| x.sigmoid(), &points);
    // σ(x) = e^x to all digits.
    let far = [-700.0, f64::exp(-700.0), f64::exp(-700.0)];
    assert_function("sigmoid far out", |x| x.sigmoid(), &[far]);
}

#[test]
fn log_softmax_over_the_first_axis() {
    // Column 0: logits ln 1, ln 3, so p = 1/4, 3/4. Column 1: 1000, 1000, so p = 1/2, 1/2.
    let ln = f64::ln;
    let z = tensor((2, 2), &[0.0, 1000.0, ln(3.0), 1000.0]);
    let log_p = z.leaky_trace().log_softmax::<Axis<0>>();
    assert_is(
        "log p",
        &log_p.as_vec(),
        &[ln(0.25), ln(0.5), ln(0.75), ln(0.5)],
    );
    // d log p[t]/dz[k] = [k = t] − p[k], for t = 0 in column 0 and t = 1 in column 1.
    let gradient = weighted(log_p, &[1.0, 0.0, 0.0, 1.0]).backward().get(&z);
    assert_is("gradient", &gradient.as_vec(), &[0.75, -0.5, -0.75, 0.5]);
}

#[test]
fn exponential_logarithm_and_sine() {
    // e^ln 2 = 2 with slope 2; ln 1 = 0, ln e² = 2 with slopes 1 and e⁻².
    let ln_2 = std::f64::consts::LN_2;
    let exponentials = [[0.0, 1.0, 1.0], [ln_2, 2.0, 2.0], [-1000.0, 0.0, 0.0]];
    assert_function("exp", |x| x.exp(), &exponentials);
    let e2 = f64::exp(2.0);
    let logarithms = [
        [1.0, 0.0, 1.0],
        [e2, 2.0, 1.0 / e2],
        [4.0, 2.0 * ln_2, 0.25],
    ];
    assert_function("ln", |x| x.ln(), &logarithms);
    // sin 0 = 0 with slope 1; sin ±π/3 = ±√3/2 with slope ½.
    let (third, root) = (std::f64::consts::FRAC_PI_3, 0.75_f64.sqrt());
    let sines = [[0.0, 0.0, 1.0], [third, root, 0.5], [-third, -root, 0.5]];
    assert_function("sin", |x| x.sin(), &sines);
}

#[test]
fn a_tensor_used_twice_gets_both_gradients() {
    // y = x·(x + 3): slope 2x + 3.
    let twice = [[-3.0, 0.0, -3.0], [0.0, 0.0, 3.0], [2.0, 10.0, 7.0]];
    assert_function(
        "x·(x + 3)",
        |x| x.retaped::<OwnedTape<f64, Cpu>>() * (x + 3.0),
        &twice,
    );
    // |x| = max(x, 0) − min(x, 0), each a choice, with slope −1 at 0, where x ≤ 0 holds.
    let size = |x: Taped<(usize,)>| {
        let zeros: Plain<(usize,)> = Cpu::default().zeros_like(x.shape());
        let again = || x.retaped::<OwnedTape<f64, Cpu>>();
        let below = x.le(0.0).choose(again(), zeros.clone());
        (!x.le(0.0)).choose(again(), zeros) - below
    };
    let sizes = [[-3.0, 3.0, -1.0], [0.0, 0.0, -1.0], [2.0, 2.0, 1.0]];
    assert_function("choices", size, &sizes);
    // Both sides of one choice depend on x: 2x where x < 1, else x².
    let both = |x: Taped<(usize,)>| {
        let again = || x.retaped::<OwnedTape<f64, Cpu>>();
        x.lt(1.0).choose(again() * 2.0, again().square())
    };
    let sides = [[-3.0, -6.0, 2.0], [1.0, 1.0, 2.0], [3.0, 9.0, 6.0]];
    assert_function("both sides", both, &sides);
}

#[test]
fn comparisons_at_and_beside_equality() {
    let x = tensor((4,), &[1.0, 2.0, 3.0, f64::NAN]);
    assert_eq!(x.le(2.0).as_vec(), [true, true, false, false], "≤");
    assert_eq!(x.lt(2.0).as_vec(), [true, false, false, false], "<");
    assert_eq!(x.ge(2.0).as_vec(), [false, true, true, false], "≥");
}

#[test]
fn sums_and_broadcasts_over_a_middle_axis() {
    // (2, 2, 2) over its middle axis: 1+3, 2+4, 5+7, 6+8; each sum goes back to both of its terms.
    let x = tensor((2, 2, 2), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let sums: Taped<(usize, usize)> = x.leaky_trace().sum::<_, Axis<1>>();
    assert_is("sums", &sums.as_vec(), &[4.0, 6.0, 12.0, 14.0]);
    let back: Taped<(usize, usize, usize)> = sums.broadcast_like::<_, Axis<1>>(&(2, 2, 2));
    assert_is(
        "broadcast",
        &back.as_vec(),
        &[4.0, 6.0, 4.0, 6.0, 12.0, 14.0, 12.0, 14.0],
    );
    // Σ r·sum: the gradient of x is r[i,0,k] + r[i,1,k].
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let gradient = weighted(back, &weights).backward().get(&x);
    let sums = [4.0, 6.0, 4.0, 6.0, 12.0, 14.0, 12.0, 14.0];
    assert_is("gradient", &gradient.as_vec(), &sums);
}
