//! Layers by hand, in f64 and f32, with and without state.

use gradproof::harness::{Float, HandWritten, Sampling, assert_layer, check_layer, random_array};
use gradproof::report::Outcome;
use ndarray::{ArrayD, Axis, Ix2, IxDyn, Zip};

use super::message;

/// What is wrong with a backward.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Sign,
    Transposed,
    FirstSample,
    AddsUp,
    Stale,
    MissingBias,
    Percent,
}

/// x·Wᵀ + b, which saves its input.
struct Linear<A> {
    weight: ArrayD<A>,
    bias: ArrayD<A>,
    saved: Option<ArrayD<A>>,
    sum: Option<ArrayD<A>>,
    fault: Fault,
}

impl<A: Float + ndarray::LinalgScalar> Linear<A> {
    fn new(inputs: usize, outputs: usize, seed: u64, fault: Fault) -> Self {
        Self {
            weight: random_array(&[outputs, inputs], seed),
            bias: random_array(&[outputs], seed + 1),
            saved: None,
            sum: None,
            fault,
        }
    }
}

fn matrix<A: Float>(array: &ArrayD<A>) -> ndarray::Array2<A> {
    array
        .clone()
        .into_dimensionality::<Ix2>()
        .expect("two axes")
}

impl<A: Float + ndarray::LinalgScalar> HandWritten<A> for Linear<A> {
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A> {
        if self.fault != Fault::Stale || self.saved.is_none() {
            self.saved = Some(inputs[0].clone());
        }
        let y = matrix(&inputs[0]).dot(&matrix(&self.weight).t());
        (y + &self.bias).into_dyn()
    }

    fn backward(&mut self, _: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>> {
        let x = matrix(self.saved.as_ref().expect("forward comes first"));
        let dy = matrix(dy);
        let dx = dy.dot(&matrix(&self.weight));
        let mut dw = dy.t().dot(&x);
        match self.fault {
            Fault::Sign => dw = dw.mapv(|g| -g),
            Fault::Transposed => dw = dw.t().to_owned(),
            Fault::FirstSample => {
                dw = dy.select(Axis(0), &[0]).t().dot(&x.select(Axis(0), &[0]));
            }
            Fault::Percent => dw[[0, 0]] = dw[[0, 0]] * A::constant(1.01),
            Fault::AddsUp => {
                if let Some(sum) = &self.sum {
                    dw = dw + matrix(sum);
                }
                self.sum = Some(dw.clone().into_dyn());
            }
            _ => (),
        }
        let mut gradients = vec![dx.into_dyn(), dw.into_dyn()];
        if self.fault != Fault::MissingBias {
            gradients.push(dy.sum_axis(Axis(0)).into_dyn());
        }
        gradients
    }

    fn parameters(&mut self) -> Vec<(&'static str, &mut ArrayD<A>)> {
        vec![("weight", &mut self.weight), ("bias", &mut self.bias)]
    }
}

/// max(x, 0), without state.
struct Relu;

impl<A: Float> HandWritten<A> for Relu {
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A> {
        inputs[0].mapv(|x| A::constant(x.primal().max(0.0)))
    }

    fn backward(&mut self, inputs: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>> {
        let mut dx = dy.clone();
        Zip::from(&mut dx).and(&inputs[0]).for_each(|dx, x| {
            if x.primal() <= 0.0 {
                *dx = A::zero();
            }
        });
        vec![dx]
    }
}

/// The largest of 2×2 windows.
struct MaxPool;

impl MaxPool {
    /// Where each window's maximum is, the first in row-major order.
    fn places<A: Float>(x: &ArrayD<A>) -> (Vec<usize>, Vec<[usize; 4]>) {
        let shape = x.shape();
        let output = vec![shape[0], shape[1], shape[2] / 2, shape[3] / 2];
        let mut places = Vec::new();
        for index in ndarray::indices(IxDyn(&output)) {
            let corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
                .map(|[i, j]| [index[0], index[1], 2 * index[2] + i, 2 * index[3] + j]);
            let mut best = corners[0];
            for corner in corners {
                if x[&corner[..]].primal() > x[&best[..]].primal() {
                    best = corner;
                }
            }
            places.push(best);
        }
        (output, places)
    }
}

impl<A: Float> HandWritten<A> for MaxPool {
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A> {
        let (output, places) = Self::places(&inputs[0]);
        let values = places.iter().map(|at| inputs[0][&at[..]]).collect();
        ArrayD::from_shape_vec(IxDyn(&output), values).expect("one a window")
    }

    fn backward(&mut self, inputs: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>> {
        let mut dx = ArrayD::from_elem(inputs[0].raw_dim(), A::zero());
        let (_, places) = Self::places(&inputs[0]);
        for (at, dy) in places.iter().zip(dy) {
            dx[&at[..]] += *dy;
        }
        vec![dx]
    }
}

/// Two inputs: x₀·tanh(x₁).
struct Gate;

impl<A: Float> HandWritten<A> for Gate {
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A> {
        let mut y = inputs[0].clone();
        Zip::from(&mut y)
            .and(&inputs[1])
            .for_each(|y, g| *y = *y * g.tanh());
        y
    }

    fn backward(&mut self, inputs: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>> {
        let (mut dx, mut dg) = (dy.clone(), dy.clone());
        Zip::from(&mut dx)
            .and(&inputs[1])
            .for_each(|dx, g| *dx = *dx * g.tanh());
        Zip::from(&mut dg)
            .and(&inputs[0])
            .and(&inputs[1])
            .for_each(|dg, x, g| {
                let t = g.tanh();
                *dg = *dg * *x * (A::one() - t * t);
            });
        vec![dx, dg]
    }
}

/// Each row less its mean, over its standard deviation.
struct Standard;

impl Standard {
    fn rows<A: Float>(x: &ArrayD<A>) -> Vec<(Vec<A>, A)> {
        x.outer_iter()
            .map(|row| {
                let count = A::constant(row.len() as f64);
                let mut mean = A::zero();
                row.iter().for_each(|x| mean += *x);
                let mean = mean / count;
                let mut variance = A::zero();
                row.iter()
                    .for_each(|x| variance += (*x - mean) * (*x - mean));
                let deviation = (variance / count + A::constant(1e-5)).sqrt();
                (
                    row.iter().map(|x| (*x - mean) / deviation).collect(),
                    deviation,
                )
            })
            .collect()
    }
}

impl<A: Float> HandWritten<A> for Standard {
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A> {
        let values = Self::rows(&inputs[0]).into_iter().flat_map(|(row, _)| row);
        ArrayD::from_shape_vec(inputs[0].raw_dim(), values.collect()).expect("as many")
    }

    fn backward(&mut self, inputs: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>> {
        let mut values = Vec::new();
        for ((y, deviation), dy) in Self::rows(&inputs[0]).iter().zip(dy.outer_iter()) {
            let count = A::constant(y.len() as f64);
            let (mut sum, mut product) = (A::zero(), A::zero());
            for (y, dy) in y.iter().zip(&dy) {
                sum += *dy;
                product += *dy * *y;
            }
            for (y, dy) in y.iter().zip(&dy) {
                values.push((*dy - sum / count - *y * product / count) / *deviation);
            }
        }
        vec![ArrayD::from_shape_vec(inputs[0].raw_dim(), values).expect("as many")]
    }
}

#[track_caller]
fn right<A: Float>(layer: &mut impl HandWritten<A>, inputs: &[ArrayD<A>], what: &str) -> usize {
    let report = check_layer(layer, inputs, Sampling { most: 60, seed: 3 }).expect("checked");
    assert_ne!(
        report.outcome,
        Outcome::Wrong,
        "{what}: {}",
        report.message()
    );
    usize::from(report.outcome == Outcome::Right)
}

fn all_right<A: Float + ndarray::LinalgScalar>(seeds: std::ops::Range<u64>) {
    let (mut judged, mut tried) = (0, 0);
    for seed in seeds {
        let (n, c) = (1 + (seed % 3) as usize, 1 + (seed % 5) as usize);
        let what = |name: &str| format!("{name}, seed {seed}");
        let mut linear = Linear::<A>::new(c + 2, c, seed, Fault::None);
        judged += right(
            &mut linear,
            &[random_array(&[n, c + 2], seed)],
            &what("linear"),
        );
        judged += right(
            &mut Relu,
            &[random_array::<A>(&[n, c, 3], seed)],
            &what("relu"),
        );
        let image = random_array::<A>(&[n, c, 4, 5], seed);
        judged += right(&mut MaxPool, &[image], &what("max-pool"));
        let rows = random_array::<A>(&[n, c + 3], seed);
        judged += right(&mut Standard, &[rows], &what("standard"));
        let pair = [seed, seed + 1].map(|seed| random_array::<A>(&[n, c], seed));
        judged += right(&mut Gate, &pair, &what("gate"));
        tried += 5;
    }
    assert!(
        judged * 100 >= tried * 97,
        "{judged} of {tried} were judged"
    );
}

/// Seeds of each layer: as many as a property has cases, when somebody says so, as the CI does.
fn seeds() -> std::ops::Range<u64> {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.map(|cases| cases.parse().expect("PROPTEST_CASES is a number"));
    0..cases.unwrap_or(60)
}

#[test]
fn right_layers_are_not_accused_in_f64() {
    all_right::<f64>(seeds());
}

#[test]
fn right_layers_are_not_accused_in_f32() {
    all_right::<f32>(seeds());
}

#[test]
fn ties_and_zeros_are_kinks_and_no_faults() {
    let ties = ArrayD::<f64>::from_elem(IxDyn(&[1, 1, 4, 4]), 0.5);
    let report = check_layer(&mut MaxPool, &[ties], Sampling::default()).expect("checked");
    assert_eq!(report.outcome, Outcome::Right, "{}", report.message());
    assert!(report.counts.at_kink_inside > 0, "{:?}", report.counts);
    let zeros = ArrayD::<f32>::zeros(IxDyn(&[2, 3]));
    let report = check_layer(&mut Relu, &[zeros], Sampling::default()).expect("checked");
    assert_eq!(report.counts.at_kink_inside, 6, "{}", report.message());
}

fn faults<A: Float + ndarray::LinalgScalar>(single: bool) {
    for (fault, kind) in [
        (Fault::Sign, Some("minus the right gradient")),
        (Fault::Transposed, Some("transposed")),
        (Fault::FirstSample, None),
        (Fault::Percent, None),
    ] {
        let mut layer = Linear::<A>::new(4, 4, 5, fault);
        let text = message(|| assert_layer(&mut layer, &[random_array(&[3, 4], 2)]));
        assert!(
            text.starts_with(
                "GRADPROOF_SEED=1 cargo test repeats this, tests/harness_api/layers.rs:"
            ),
            "{text}"
        );
        assert!(text.contains(", in weight ("), "{fault:?}: {text}");
        if let Some(kind) = kind {
            assert!(text.contains(kind), "{fault:?}: {text}");
        }
        let name = if single { "in f32" } else { "in f64" };
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn faults_are_caught_placed_and_named() {
    faults::<f64>(false);
    faults::<f32>(true);
}

#[test]
fn state_that_is_left_over_is_told() {
    let input = || [random_array::<f64>(&[3, 4], 2)];
    let mut layer = Linear::<f64>::new(4, 2, 5, Fault::AddsUp);
    let text = message(|| assert_layer(&mut layer, &input()));
    assert!(text.contains("backward is not deterministic"), "{text}");
    // What is saved once is not that of the last forward.
    let mut layer = Linear::<f64>::new(4, 2, 5, Fault::Stale);
    let text = message(|| assert_layer(&mut layer, &input()));
    assert!(text.contains("in weight (8 of 8)"), "{text}");
    assert!(text.contains("half of the right gradient"), "{text}");
    let mut layer = Linear::<f64>::new(4, 2, 5, Fault::MissingBias);
    let text = message(|| assert_layer(&mut layer, &input()));
    assert!(text.contains("backward gives 2 gradients"), "{text}");
    assert!(text.contains("x, weight, bias"), "{text}");
    let wide = [random_array::<f64>(&[3, 5], 2)];
    let mut layer = Linear::<f64>::new(4, 2, 5, Fault::None);
    let text = message(|| assert_layer(&mut layer, &wide));
    assert!(text.contains("forward failed: it panicked at"), "{text}");
}

#[test]
fn of_a_large_input_a_sample_is_checked() {
    let images = random_array::<f64>(&[2, 3, 16, 16], 4);
    let report =
        check_layer(&mut Relu, &[images], Sampling { most: 50, seed: 1 }).expect("checked");
    assert_eq!(report.counts.all(), 50);
    assert!(
        report.sentence.contains("50 of all 1,536 derivatives"),
        "{}",
        report.sentence
    );
}
