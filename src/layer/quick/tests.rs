//! What is computed here are the bits of the plain loops, whatever the geometry.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::rng::Stream;
use crate::scalar::{Format, Scalar, Stochastic, with_perturbations};
use crate::spec::extent::{Rounding, Window};
use crate::tensor::{Tensor, from_values, values, zeros};

use super::super::{Conv2d, ConvTranspose2d, LayerGradients, linear};

/// The same numbers, for which layers take their plain loops.
#[derive(Clone, Copy, Debug)]
struct Plain<S>(S);

macro_rules! operator {
    ($($operator:ident $function:ident),*) => {$(
        impl<S: Scalar> $operator for Plain<S> {
            type Output = Self;
            fn $function(self, other: Self) -> Self {
                Self($operator::$function(self.0, other.0))
            }
        }
    )*};
}

macro_rules! function {
    ($($name:ident),*) => {$(
        fn $name(self) -> Self {
            Self(self.0.$name())
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);

impl<S: Scalar> Neg for Plain<S> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<S: Scalar> AddAssign for Plain<S> {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl<S: Scalar> SubAssign for Plain<S> {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl<S: Scalar> Scalar for Plain<S> {
    fn constant(value: f64) -> Self {
        Self(S::constant(value))
    }
    fn primal(self) -> f64 {
        self.0.primal()
    }
    function!(exp, ln, sqrt, tanh, erf);
}

/// A layer with its sizes.
#[derive(Debug)]
enum Case {
    Conv2d(Conv2d),
    ConvTranspose2d(ConvTranspose2d),
    Linear,
}

/// A case, with the shapes of its input, its output and its weight.
#[derive(Debug)]
struct Drawn {
    case: Case,
    x: Vec<usize>,
    y: Vec<usize>,
    weight: Vec<usize>,
    bias: bool,
    /// Whether some numbers are not finite, or −0.
    strange: bool,
}

/// The bits of every entry, those of all NaNs alike.
fn bits<S: Scalar>(tensor: &Tensor<S>) -> Vec<u64> {
    let bits = values(tensor).iter().map(|entry| {
        let value = entry.primal();
        if value.is_nan() { f64::NAN } else { value }.to_bits()
    });
    bits.collect()
}

impl Drawn {
    fn new(stream: &mut Stream) -> Option<Self> {
        let mut from = |low: usize, count: usize| low + stream.index(count);
        let (kind, batch, bias) = (from(0, 5), from(1, 2), from(0, 4) > 0);
        let strange = from(0, 4) == 0;
        if kind == 4 {
            let (inputs, outputs) = (from(1, 50), from(1, 20));
            return Some(Self {
                case: Case::Linear,
                x: vec![batch * 3, inputs],
                y: vec![batch * 3, outputs],
                weight: vec![outputs, inputs],
                bias,
                strange,
            });
        }
        let window = Window {
            kernel: [from(1, 4), from(1, 5)],
            stride: [from(1, 3), from(1, 3)],
            padding: [from(0, 3), from(0, 4)],
            dilation: [from(1, 2), from(1, 2)],
        };
        let groups = from(1, 3);
        let (group_in, group_out) = (from(1, 4), from(1, 10));
        let plane = [from(1, 8), from(1, 40)];
        let taps = window.kernel;
        let (inputs, outputs) = (groups * group_in, groups * group_out);
        let (case, out, weight) = if kind < 2 {
            let out = window.output(plane, Rounding::Floor).ok()?;
            let weight = vec![outputs, group_in, taps[0], taps[1]];
            (Case::Conv2d(Conv2d { window, groups }), out, weight)
        } else {
            let output_padding = [0, 1].map(|axis| from(0, window.stride[axis]));
            let size = |axis: usize| {
                let span = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
                let largest = (plane[axis] - 1) * window.stride[axis] + span + output_padding[axis];
                largest.checked_sub(2 * window.padding[axis])
            };
            let out = [size(0)?, size(1)?];
            let layer = ConvTranspose2d {
                window,
                output_padding,
                groups,
            };
            let weight = vec![inputs, group_out, taps[0], taps[1]];
            (Case::ConvTranspose2d(layer), out, weight)
        };
        out.iter().all(|size| *size > 0).then_some(Self {
            case,
            x: vec![batch, inputs, plane[0], plane[1]],
            y: vec![batch, outputs, out[0], out[1]],
            weight,
            bias,
            strange,
        })
    }

    /// The same numbers at each call.
    fn tensor<S: Scalar>(&self, purpose: &str, shape: &[usize]) -> Tensor<S> {
        let mut stream = Stream::new(1, purpose);
        let entries = (0..shape.iter().product()).map(|_| {
            let value = match stream.below(400) {
                0 if self.strange => f64::NAN,
                1 if self.strange => f64::INFINITY,
                2 | 3 if self.strange => -0.0,
                4..100 => 0.0,
                _ => stream.symmetric(1.0, 20),
            };
            S::constant(value)
        });
        from_values(shape, entries.collect()).expect("as many as the shape asks for")
    }

    /// The bits of everything that the layer's passes give.
    fn passes<S: Scalar>(&self) -> Vec<Vec<u64>> {
        let channels = self.y[1];
        let x = self.tensor("x", &self.x);
        let dy = self.tensor("dy", &self.y);
        let mut parameters: Vec<Tensor<S>> = vec![self.tensor("weight", &self.weight)];
        if self.bias {
            parameters.push(self.tensor("bias", &[channels]));
        }
        let one = channels / 2..channels / 2 + 1;
        let mut y_of_one = zeros(&self.y);
        let (y, gradients): (Tensor<S>, LayerGradients<S>) = match &self.case {
            Case::Conv2d(conv) => {
                conv.forward_units(&parameters, &x, one, &mut y_of_one);
                (
                    conv.forward(&parameters, &x, &self.y),
                    conv.backward(&parameters, &x, &dy),
                )
            }
            Case::ConvTranspose2d(conv) => {
                conv.forward_units(&parameters, &x, one, &mut y_of_one);
                (
                    conv.forward(&parameters, &x, &self.y),
                    conv.backward(&parameters, &x, &dy),
                )
            }
            Case::Linear => {
                linear::forward_units(&parameters, &x, one, &mut y_of_one);
                (
                    linear::forward(&parameters, &x, &self.y),
                    linear::backward(&parameters, &x, &dy),
                )
            }
        };
        [&y, &y_of_one, &gradients.input]
            .into_iter()
            .chain(&gradients.parameters)
            .map(bits)
            .collect()
    }
}

#[test]
fn vector_operations_give_the_bits_of_plain_loops() {
    let mut stream = Stream::new(1, "geometries");
    let mut kinds = [0; 3];
    for _ in 0..500 {
        let Some(drawn) = Drawn::new(&mut stream) else {
            continue;
        };
        kinds[match drawn.case {
            Case::Conv2d(_) => 0,
            Case::ConvTranspose2d(_) => 1,
            Case::Linear => 2,
        }] += 1;
        assert_eq!(
            drawn.passes::<f64>(),
            drawn.passes::<Plain<f64>>(),
            "f64: {drawn:?}"
        );
        assert_eq!(
            drawn.passes::<f32>(),
            drawn.passes::<Plain<f32>>(),
            "f32: {drawn:?}"
        );
        for (format, magnification) in [(Format::F64, 4096.0), (Format::F32, 1.0)] {
            let vector =
                with_perturbations(1, format, magnification, || drawn.passes::<Stochastic>());
            let plain = with_perturbations(1, format, magnification, || {
                drawn.passes::<Plain<Stochastic>>()
            });
            assert_eq!(vector, plain, "perturbed {format:?}: {drawn:?}");
        }
    }
    assert!(kinds.iter().all(|count| *count > 50), "{kinds:?}");
}
