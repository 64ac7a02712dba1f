//! Faults in the numbers of the parameters' gradients, whatever layer they are of.

use crate::judge::diagnosis::{BugKind, Format};
use crate::rng::Stream;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, values_mut};

use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum NumbersFault {
    RoundedToF32,
    RoundedToBf16,
    RoundedToF16,
    Bf16Accumulation,
    F16Accumulation,
    Noise,
    OneEntry,
}

/// Every mutant of the numbers.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use NumbersFault as F;
    [
        Mutant::new(Fault::Numbers(F::RoundedToF32), "rounded_to_f32", "parameter gradients keep 24 significant bits", Some(Kind::Rounded(Format::F32))),
        Mutant::new(Fault::Numbers(F::RoundedToBf16), "rounded_to_bf16", "parameter gradients keep 8 significant bits", Some(Kind::Rounded(Format::Bf16))),
        Mutant::new(Fault::Numbers(F::RoundedToF16), "rounded_to_f16", "parameter gradients keep 11 significant bits", Some(Kind::Rounded(Format::F16))),
        Mutant::new(Fault::Numbers(F::Bf16Accumulation), "bf16_accumulation", "sums of parameter gradients are added up in bf16", Some(Kind::Rounded(Format::Bf16))),
        Mutant::new(Fault::Numbers(F::F16Accumulation), "f16_accumulation", "sums of parameter gradients are added up in 11 significant bits", Some(Kind::Rounded(Format::F16))),
        Mutant::new(Fault::Numbers(F::Noise), "noise", "parameter gradients are off by up to a millionth of themselves", Some(Kind::Noise)),
        Mutant::new(Fault::Numbers(F::OneEntry), "one_entry", "the largest derivative of each layer's weight is off by 1 %", None),
    ]
};

/// The noise's relative size.
const NOISE: f64 = 1e-6;

/// Alter the gradients of one layer's parameters.
pub(super) fn alter<S: Scalar>(gradients: &mut [Tensor<S>], fault: Option<Fault>) {
    let Some(Fault::Numbers(fault)) = fault else {
        return;
    };
    let every = |gradients: &mut [Tensor<S>], alter: &mut dyn FnMut(S) -> S| {
        for entry in gradients.iter_mut().flatten() {
            *entry = alter(*entry);
        }
    };
    match fault {
        NumbersFault::RoundedToF32 => every(gradients, &mut |entry| rounded(entry, 24)),
        NumbersFault::RoundedToBf16 => every(gradients, &mut |entry| rounded(entry, 8)),
        NumbersFault::RoundedToF16 => every(gradients, &mut |entry| rounded(entry, 11)),
        // Where the sums are made: see `accumulation`.
        NumbersFault::Bf16Accumulation | NumbersFault::F16Accumulation => (),
        NumbersFault::Noise => {
            let mut stream = Stream::new(0, "noise");
            every(gradients, &mut |entry| {
                entry * S::constant(1.0 + NOISE * stream.symmetric(1.0, 16))
            });
        }
        NumbersFault::OneEntry => {
            let weight = gradients.first_mut().map(values_mut).unwrap_or_default();
            let size = |entry: &S| entry.primal().abs();
            if let Some(largest) = weight.iter_mut().max_by(|a, b| size(a).total_cmp(&size(b))) {
                *largest = *largest * S::constant(1.01);
            }
        }
    }
}

/// `value` rounded to `bits` significant bits (G. W. Veltkamp's splitting); no exponent is out of
/// range, so that the fault is the same at every scale of the loss.
pub(super) fn rounded<S: Scalar>(value: S, bits: i32) -> S {
    let value = value.primal();
    let spread = value * (f64::exp2(f64::from(53 - bits)) + 1.0);
    S::constant(spread - (spread - value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_24_bits_is_f32() {
        let mut stream = Stream::new(1, "rounded");
        for _ in 0..1000 {
            let value = stream.symmetric(1.0, 40);
            let expected = f64::from(value as f32);
            assert!(
                rounded(value, 24).to_bits() == expected.to_bits(),
                "{value} to {expected}"
            );
        }
    }

    #[test]
    fn few_bits_are_kept() {
        for (bits, expected) in [
            (8, 1.0),
            (11, 1.0 + f64::exp2(-8.0)),
            (24, 1.0 + f64::exp2(-8.0)),
        ] {
            let value = 1.0 + f64::exp2(-8.0);
            assert!(
                (rounded(value, bits) - expected).abs() < 1e-15,
                "{value} to {bits} bits"
            );
        }
    }
}
