//! Every parameter's projections, and what follows from them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::network::{Coordinate, Problem, Roundings};
use crate::scalar::Format;
use crate::tensor::{Tensor, values};

use super::PROJECTIONS;
use super::directions::Direction;
use super::projected::{Extent, Projection, TensorProjection};
use super::signs::Signs;
use super::spread::Runs;
use super::tangents::Tangents;
use super::tensorwise::Tensorwise;
use crate::source::{Forward, Rounding, SAFETY, SAFETY_OTHER_ORDER};

/// A direction is multiplied by this to see how the derivative along it is rounded: 3·r is rounded anew at
/// every step, and a third of its derivative would be the same number without rounding.
const ANEW: f64 = 3.0;

/// A whole gradient as numbers, and the objective's value where it is known.
#[derive(Clone, Debug)]
pub struct Whole<'a> {
    /// The objective's value.
    pub value: Option<f64>,
    /// The gradient with respect to each parameter.
    pub parameters: Vec<Cow<'a, Tensor<f64>>>,
}

/// What is projected.
pub struct Projecting<'a> {
    /// Where.
    pub problem: &'a Problem,
    /// The same point's tangents.
    pub tangents: &'a Tangents,
    /// The gradient under test, for each parameter.
    pub gradient: &'a [Cow<'a, Tensor<f64>>],
    /// Whose forward pass it belongs to: another order of sums has wider bounds.
    pub forward: Forward,
    /// Seed of the perturbations that rounding is measured by.
    pub perturbations: u64,
    /// Seed of the signs.
    pub seed: u64,
    /// Called with the number of derivatives along directions that were taken since the last call.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// How far rounding moves an objective and the projections of its gradient.
#[derive(Clone, Debug)]
pub struct Spreads {
    value: f64,
    /// Of each parameter.
    projected: Vec<[f64; PROJECTIONS]>,
}

impl Projecting<'_> {
    /// How far rounding moves the projections of the right gradient, whatever is under test.
    #[must_use]
    pub fn spreads(&self) -> Spreads {
        let (value, projected) = self.runs().projected(self.seed);
        Spreads { value, projected }
    }

    /// Project every parameter's gradient, and find what is wrong in those that disagree.
    #[must_use]
    pub fn run(&self, spreads: &Spreads) -> Projection {
        let (value_spread, spreads) = (spreads.value, &spreads.projected);
        let mut tensors: Vec<Tensorwise<'_>> = (0..spreads.len()).map(|n| self.begin(n)).collect();
        let mut spent = self.tangents.forward_work();
        let mut found_after = None;
        spent += self.first_round(&mut tensors, spreads);
        for tensor in &mut tensors {
            self.search(tensor, &mut spent, &mut found_after);
        }
        spent += self.other_rounds(&mut tensors);
        for tensor in &mut tensors {
            self.search(tensor, &mut spent, &mut found_after);
        }
        let equivalents = |work| self.tangents.forward_equivalents(work);
        Projection {
            value_spread,
            tensors: tensors.into_iter().map(|one| self.finished(one)).collect(),
            found_after: found_after.map(equivalents),
            forward_equivalents: equivalents(spent),
        }
    }

    /// The rounding of the objective, and of the derivatives at `coordinates` alone.
    #[must_use]
    pub fn rounding_at(&self, coordinates: &[Coordinate]) -> Rounding {
        let (value, spreads) = self.runs().at(coordinates);
        let mut rounding = Rounding::blank(self.problem, value);
        for (coordinate, spread) in coordinates.iter().zip(spreads) {
            rounding.set(*coordinate, spread);
        }
        rounding
    }

    /// The derivative with respect to one coordinate.
    #[must_use]
    pub fn derivative(&self, number: usize, index: usize) -> f64 {
        self.slope(number, &Direction::Unit(index)).value
    }

    fn runs(&self) -> Runs<'_> {
        Runs {
            problem: self.problem,
            pattern: &self.tangents.pattern,
            roundings: match self.forward {
                Forward::Shared => Roundings::Ours,
                Forward::Independent => Roundings::Usual,
            },
            seed: self.perturbations,
            width: self.width(2 * self.largest_layer() + 2 * self.tangents.activations()),
        }
    }

    fn begin(&self, number: usize) -> Tensorwise<'_> {
        Tensorwise {
            number,
            signs: Signs::new(self.seed, number),
            own: values(&self.gradient[number]),
            replaced: BTreeMap::new(),
            slopes: Vec::with_capacity(PROJECTIONS),
            gaps: Vec::new(),
            bounds: [0.0; PROJECTIONS],
            wide: [0.0; PROJECTIONS],
            extent: Extent::Located,
            projecting: 0,
            searching: 0,
        }
    }

    /// Take the first projection of every tensor, and set the bounds of all: of g by the spread of its
    /// perturbed projections, and of derivatives along directions by that or, where it is more, by what
    /// they are seen to be rounded.
    fn first_round(&self, tensors: &mut [Tensorwise<'_>], spreads: &[[f64; PROJECTIONS]]) -> u64 {
        let directions = |tensor: &Tensorwise<'_>| {
            let range = tensor.whole();
            [1.0, ANEW].map(|factor| {
                let direction = Direction::Signs {
                    projection: 0,
                    range: range.clone(),
                    factor,
                };
                (tensor.number, direction)
            })
        };
        let asked: Vec<_> = tensors.iter().flat_map(directions).collect();
        let slopes = self.slopes(&asked);
        // Of each tensor one draw from the error's distribution, with √2 times its spread: the difference of
        // two errors. All of them, in units of the spreads that are known, say how large the next is.
        let mut squares = Vec::new();
        let mut draws = Vec::new();
        for (pair, spreads) in slopes.chunks_exact(2).zip(spreads) {
            let draw = (pair[1].value / ANEW - pair[0].value).abs() / f64::sqrt(2.0);
            let pooled = root_mean_square(spreads);
            if pooled > 0.0 && draw.is_finite() {
                squares.push(draw / pooled);
            }
            draws.push(draw);
        }
        let ratio = root_mean_square(&squares);
        let safety = match self.forward {
            Forward::Shared => SAFETY,
            Forward::Independent => SAFETY_OTHER_ORDER,
        };
        let each = tensors.iter_mut().zip(slopes.chunks_exact(2));
        for (((tensor, pair), spreads), draw) in each.zip(spreads).zip(draws) {
            tensor.slopes.push(pair[0].value);
            tensor.projecting += pair[0].work + pair[1].work;
            let pooled = root_mean_square(spreads);
            let norm = self.own_rounding(tensor);
            for (j, spread) in spreads.iter().enumerate() {
                let spread = spread.max(pooled);
                let slope = SAFETY * spread.max(draw).max(ratio * spread);
                tensor.bounds[j] = safety * spread.max(norm) + slope;
                tensor.wide[j] = SAFETY_OTHER_ORDER * spread + slope;
            }
        }
        for tensor in tensors.iter_mut() {
            tensor.gaps.push(tensor.gap(0));
        }
        slopes.iter().map(|slope| slope.work).sum()
    }

    /// What the numbers of somebody else's gradient are rounded by themselves.
    fn own_rounding(&self, tensor: &Tensorwise<'_>) -> f64 {
        match self.forward {
            Forward::Shared => 0.0,
            Forward::Independent => {
                let finite = tensor.own.iter().filter(|g| g.is_finite());
                let squares: f64 = finite.map(|g| g * g).sum();
                Format::F64.unit_roundoff() * squares.sqrt()
            }
        }
    }

    /// Take the other projections of all tensors that are not known to be wrong throughout.
    fn other_rounds(&self, tensors: &mut [Tensorwise<'_>]) -> u64 {
        let mut asked = Vec::new();
        for tensor in tensors.iter() {
            if tensor.extent == Extent::Located {
                asked.extend((1..PROJECTIONS).map(|projection| {
                    let direction = Direction::Signs {
                        projection,
                        range: tensor.whole(),
                        factor: 1.0,
                    };
                    (tensor.number, direction)
                }));
            }
        }
        let slopes = self.slopes(&asked);
        for ((number, _), slope) in asked.iter().zip(&slopes) {
            let tensor = &mut tensors[*number];
            tensor.slopes.push(slope.value);
            tensor.projecting += slope.work;
        }
        for tensor in tensors.iter_mut() {
            // What was put right counts as it was, so that gaps show what projections saw.
            let replaced = std::mem::take(&mut tensor.replaced);
            let gaps = (0..tensor.slopes.len()).map(|j| tensor.gap(j)).collect();
            tensor.replaced = replaced;
            tensor.gaps = gaps;
        }
        slopes.iter().map(|slope| slope.work).sum()
    }

    fn finished(&self, tensor: Tensorwise<'_>) -> TensorProjection {
        let mut sizes: Vec<f64> = tensor.own.iter().map(|g| g.abs()).collect();
        sizes.retain(|size| *size > 0.0 && size.is_finite());
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        let middle = sizes.len() / 2;
        let median = match sizes.len() {
            0 => 0.0,
            _ => *sizes.select_nth_unstable_by(middle, f64::total_cmp).1,
        };
        TensorProjection {
            number: tensor.number,
            slopes: tensor.slopes,
            gaps: tensor.gaps,
            bounds: tensor.bounds.to_vec(),
            wide: tensor.wide.to_vec(),
            largest,
            median,
            extent: tensor.extent,
            found: tensor.replaced,
            projecting: self.tangents.forward_equivalents(tensor.projecting),
            searching: self.tangents.forward_equivalents(tensor.searching),
        }
    }
}

/// √(mean of the squares); 0 of none.
fn root_mean_square(numbers: &[f64]) -> f64 {
    let largest = numbers.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if numbers.is_empty() || largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let squares: f64 = numbers.iter().map(|x| (x / largest).powi(2)).sum();
    largest * (squares / numbers.len() as f64).sqrt()
}
