//! Where a change begins: the slope of a layer's output along one of its parameters.

use std::ops::Range;

use crate::layer::tap::Planes;
use crate::layer::{Conv2d, Layer};
use crate::scalar::{Dual, Scalar};
use crate::tensor::{self, Tensor, values, values_mut};

use super::{Extent, Here};

type Number = Dual<1>;

/// The layer that owns a parameter; its output is affine in each parameter alone.
#[derive(Clone, Debug)]
pub struct Owned {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Of each tap, rows of windows, and where in the input's plane each row begins.
    Conv {
        conv: Conv2d,
        taps: Vec<Vec<(Range<usize>, usize)>>,
    },
    Linear,
    /// Any other: the parameters as dual numbers, of which one is the variable.
    Any(Vec<Tensor<Number>>),
}

impl Owned {
    /// The layer `here`.
    #[must_use]
    pub fn new(here: &Here<'_>) -> Self {
        let kind = match here.layer {
            Layer::Conv1d(conv) | Layer::Conv2d(conv) => {
                let size = |tensor: &Tensor<f64>| match *tensor.shape() {
                    [_, _, rows, columns] => [rows, columns],
                    ref shape => [1, shape[2..].iter().product()],
                };
                let planes = Planes::new(conv.window, size(here.x), size(here.y));
                let mut taps = vec![Vec::new(); conv.window.kernel.iter().product()];
                for tap in planes.taps() {
                    taps[tap.at] = planes.meetings(&tap).collect();
                }
                Kind::Conv { conv: *conv, taps }
            }
            Layer::Linear => Kind::Linear,
            _ => Kind::Any(here.parameters.iter().map(tensor::lift).collect()),
        };
        Self { kind }
    }

    /// The channels of the output that entry `index` of parameter `number` can change.
    #[must_use]
    pub fn channels(&self, here: &Here<'_>, number: usize, index: usize) -> Range<usize> {
        let all = 0..Extent::of(here.y.shape()).channels;
        match (&self.kind, here.layer) {
            (Kind::Any(_), Layer::ConvTranspose2d(_)) | (Kind::Conv { .. } | Kind::Linear, _) => {
                let unit = here.layer.unit(here.parameters[number].shape(), index);
                unit..unit + 1
            }
            _ => all,
        }
    }

    /// Set `slopes` to the slope of the output along that entry, samples × those channels × positions.
    pub fn slopes(&mut self, here: &Here<'_>, number: usize, index: usize, slopes: &mut Vec<f64>) {
        let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
        let channels = self.channels(here, number, index);
        slopes.clear();
        match &mut self.kind {
            Kind::Conv { .. } | Kind::Linear if number == 1 => {
                slopes.resize(to.samples * to.positions, 1.0);
            }
            Kind::Conv { conv, taps } => {
                slopes.resize(to.samples * to.positions, 0.0);
                let group_in = from.channels / conv.groups;
                let tap = index % taps.len();
                let group = channels.start / (to.channels / conv.groups);
                let c = group * group_in + index / taps.len() % group_in;
                let stride = conv.window.stride[1];
                for (n, slopes) in slopes.chunks_exact_mut(to.positions).enumerate() {
                    let x = &values(here.x)[from.range(n, &(c..c + 1))];
                    for (windows, first) in &taps[tap] {
                        let met = x[*first..].iter().step_by(stride);
                        for (slope, x) in slopes[windows.clone()].iter_mut().zip(met) {
                            *slope = *x;
                        }
                    }
                }
            }
            Kind::Linear => {
                let i = index % from.channels;
                let column = values(here.x).iter().skip(i).step_by(from.channels);
                slopes.extend(column);
            }
            Kind::Any(parameters) => {
                let entry = &mut values_mut(&mut parameters[number])[index];
                let before = std::mem::replace(entry, Number::variable(entry.primal(), 0));
                let x: Tensor<Number> = tensor::lift(here.x);
                let mut y = tensor::zeros(here.y.shape());
                let unit = here.layer.unit(here.parameters[number].shape(), index);
                here.layer
                    .forward_units(parameters, &x, unit..unit + 1, &mut y);
                values_mut(&mut parameters[number])[index] = before;
                for n in 0..to.samples {
                    let y = &values(&y)[to.range(n, &channels)];
                    slopes.extend(y.iter().map(|y| y.tangent(0)));
                }
            }
        }
    }
}
