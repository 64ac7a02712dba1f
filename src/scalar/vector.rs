//! Loops compiled several times, for the vector registers of different machines.
//!
//! A build that runs on every x86-64 knows registers of two `f64`; most machines have such of four or
//! eight. What is behind [`vectorized`] is compiled for each, and the widest that the machine has is
//! taken when the program runs. No operation is fused or reordered for it: results are the same bits
//! on all of them.

/// Work whose loops the compiler turns into vector operations.
///
/// All that it calls has to be `#[inline(always)]`, closures not among it: what is called as a function
/// of its own stays in the plain build.
pub(crate) use pulp::NullaryFnOnce as Kernel;

/// Run `kernel`, compiled for the widest vector registers of this machine.
///
/// That costs a call which is not inlined: a kernel should be worth some hundred operations.
pub(crate) fn vectorized<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Axpy<'a> {
        y: &'a mut [f64],
        k: f64,
        x: &'a [f64],
    }

    impl Axpy<'_> {
        #[inline(always)]
        fn plain(self) {
            for (y, x) in self.y.iter_mut().zip(self.x) {
                *y += self.k * x;
            }
        }
    }

    impl Kernel for Axpy<'_> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            self.plain();
        }
    }

    #[test]
    fn wider_registers_round_as_narrow_ones() {
        let x: Vec<f64> = (0..37).map(|i| (f64::from(i) + 0.3).sin()).collect();
        let start: Vec<f64> = (0..37).map(|i| (f64::from(i) + 0.7).cos()).collect();
        let (mut wide, mut narrow) = (start.clone(), start);
        let k = 0.1;
        vectorized(Axpy {
            y: &mut wide,
            k,
            x: &x,
        });
        Axpy {
            y: &mut narrow,
            k,
            x: &x,
        }
        .plain();
        let bits = |y: &[f64]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(
            bits(&wide),
            bits(&narrow),
            "a fused product has another last bit"
        );
    }
}
