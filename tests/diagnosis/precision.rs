//! Fewer bits, and noise.

use gradproof::judge::diagnosis::{BugKind, Format};
use gradproof::network::Problem;
use gradproof::rng::Stream;
use gradproof::tensor::Tensor;

use super::{BIAS, INPUT, Right, SCALES, WEIGHT, at_scale, is_named, operator};

/// Values without a short binary form.
fn problems() -> [Problem; 2] {
    let conv = r#"op = "conv2d", out_channels = 5, kernel = [3, 4], padding = 1"#;
    let linear = r#"op = "linear", out_features = 9"#;
    let mut problems = [operator(conv, &[3, 4, 6, 7]), operator(linear, &[4, 20])];
    for problem in &mut problems {
        problem.input.mapv_inplace(|x| (x + 0.1).sin());
        for parameter in &mut problem.parameters.tensors {
            parameter.mapv_inplace(|w| (w + 0.1).sin());
        }
    }
    problems
}

/// The nearest of all bf16 numbers: the upper half of an f32, rounded to even.
fn to_bf16(value: f64) -> f64 {
    let bits = (value as f32).to_bits();
    let rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000;
    f64::from(f32::from_bits(rounded))
}

/// The nearest of all f16 numbers in the normal range, where adding and taking away 2¹³ times an f32 rounds it.
fn to_f16(value: f64) -> f64 {
    let value = value as f32;
    let big = value * 8193.0;
    f64::from(big - (big - value))
}

#[test]
fn roundings() {
    for problem in problems() {
        for leaf in [INPUT, WEIGHT] {
            is_named(&problem, leaf, BugKind::Rounded(Format::F32), |right| {
                right.gradient(leaf).mapv(|g| f64::from(g as f32))
            });
            is_named(&problem, leaf, BugKind::Rounded(Format::Bf16), |right| {
                right.gradient(leaf).mapv(to_bf16)
            });
            // Below 6e-5 f16 loses bits, and below 3e-8 everything.
            let right = Right::of(&problem);
            let wrong = right
                .gradient(leaf)
                .mapv(|g| if g.abs() < 1e-4 { g } else { to_f16(g) });
            let diagnosis = right.diagnose(leaf, &wrong);
            assert_eq!(
                diagnosis.kind,
                Some(BugKind::Rounded(Format::F16)),
                "{}",
                diagnosis.sentence
            );
        }
    }
}

/// Of a few values rounded to bf16 each can be the nearest in f16 too.
#[test]
fn few_roundings_are_not_told_apart() {
    let right = Right::of(&problems()[0]);
    let values: Vec<f64> = right
        .gradient(BIAS)
        .iter()
        .map(|g| to_bf16(*g) * (1.0 + f64::exp2(-13.0)))
        .collect();
    let near = gradproof::tensor::from_values(&[5], values).expect("as many numbers");
    let wrong = near.mapv(to_bf16);
    let zero = near.mapv(|_| 1e-15);
    let diagnosis = gradproof::judge::diagnosis::diagnose(&gradproof::judge::diagnosis::Evidence {
        alone: &right.problem,
        leaf: BIAS,
        right: &near,
        right_error: &zero,
        wrong: &wrong,
        wrong_error: &zero,
    });
    assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
    let formats = [Format::Bf16, Format::F16].map(BugKind::Rounded);
    assert_eq!(diagnosis.also, formats, "{}", diagnosis.sentence);
}

#[test]
fn what_f16_flushes_to_zero() {
    let right = Right::of(&at_scale(&problems()[0], 1e-9));
    let wrong = right.gradient(WEIGHT).mapv(|_| 0.0);
    let diagnosis = right.diagnose(WEIGHT, &wrong);
    assert_eq!(diagnosis.kind, Some(BugKind::Zero));
    assert_eq!(diagnosis.also, [BugKind::Rounded(Format::F16)]);
}

#[test]
fn a_backward_in_f32() {
    for problem in problems() {
        is_named(&problem, WEIGHT, BugKind::Rounded(Format::F32), |right| {
            let pass = right.problem.backpropagate::<f32>(None);
            pass.parameters[0].mapv(f64::from)
        });
    }
}

/// Noise with a standard deviation near `size`, relative to the value.
fn noisy(gradient: &Tensor<f64>, size: f64, seed: u64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, "noise");
    gradient.mapv(|g| g * (1.0 + size * stream.symmetric(1.75, 20)))
}

#[test]
fn noise() {
    for problem in problems() {
        for (seed, size) in [(1, 1e-10), (2, 6e-8), (3, 1e-4), (4, 1e-3)] {
            is_named(&problem, WEIGHT, BugKind::Noise, |right| {
                noisy(right.gradient(WEIGHT), size, seed)
            });
        }
    }
}

/// Among many entries some noise is 0, and the rest is noise all the same.
#[test]
fn noise_that_is_zero_somewhere() {
    for problem in problems() {
        is_named(&problem, WEIGHT, BugKind::Noise, |right| {
            let mut wrong = noisy(right.gradient(WEIGHT), 1e-4, 5);
            wrong.as_slice_mut().expect("row-major")[3] =
                right.gradient(WEIGHT).as_slice().expect("row-major")[3];
            wrong
        });
    }
}

/// What a patternless difference is not: of one sign, larger in one channel, or additive.
#[test]
fn patterns_are_not_noise() {
    for scale in SCALES {
        let right = Right::of(&at_scale(&problems()[0], scale));
        let g = right.gradient(WEIGHT);
        let mut stream = Stream::new(9, "pattern");
        let one_sign = g.mapv(|g| g * (1.0 + 1e-4 * stream.symmetric(1.0, 20).abs()));
        let mut by_channel = g.clone();
        for (o, mut channel) in by_channel.outer_iter_mut().enumerate() {
            channel.mapv_inplace(|g| g * (1.0 + 1e-3 * (o as f64 - 2.2)));
        }
        let weight = &right.problem.parameters.tensors[0];
        let decayed = g + &weight.mapv(|w| 1e-4 * scale * w);
        for wrong in [one_sign, by_channel, decayed] {
            let diagnosis = right.diagnose(WEIGHT, &wrong);
            assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
        }
    }
}
