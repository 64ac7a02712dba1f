//! Points without derivative within a fixed step.

use crate::scalar::Format;

use super::derivative::{check_step, least_spacing};
use super::finding::InputError;
use super::noise::{difference, levels};
use super::rung::range;

/// Cells into which the interval is cut at first.
const CELLS: usize = 128;

/// Cells of a window, which is halved again and again.
const WINDOW: usize = 8;

/// Halvings of a window at most.
const MOST_HALVINGS: usize = 40;

/// Orders of the differences whose largest value says where a kink may be. The low one sees a kink
/// on a steep background, the high one sees it on a background that is strongly curved.
const SEARCH_ORDERS: [usize; 2] = [3, 6];

/// The most evaluations that [`detect_kink`] makes.
pub const MOST_KINK_EVALUATIONS: usize =
    CELLS + 1 + SEARCH_ORDERS.len() * (WINDOW / 2) * (MOST_HALVINGS + 1);

/// Halvings over which a change of slope must stay for it to be a kink.
const STEADY_HALVINGS: usize = 6;

/// Halvings that are too few to tell a kink from a bend.
const LEAST_HALVINGS: usize = 8;

/// Times the noise that a change of slope must be to count.
const ABOVE_NOISE: f64 = 64.0;

/// Pieces of the interval in which kinks may look like noise.
const SPIKES: usize = 4;

/// The share of a function's variation that may be neither linear nor quadratic before the step is
/// too large for a difference quotient.
const NOT_QUADRATIC: f64 = 0.01;

/// Half a unit in the last place of 1.
const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// What is found within a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detection {
    /// Nothing but a smooth function, close to a parabola.
    Smooth,
    /// Values that differ from cell to cell as much as over the whole interval: noise, or an
    /// oscillation too fast for this step, in which a kink could not be seen.
    Noise {
        /// Its size.
        level: f64,
    },
    /// A smooth function that the step is too large for: a difference quotient with this step is
    /// not a derivative, though there is one.
    StepTooLarge {
        /// The share of the function's variation that is neither linear nor quadratic.
        share: f64,
    },
    /// The slope changes at a point.
    Kink {
        /// Where.
        at: f64,
        /// The slope to the right of it less that to the left.
        change: f64,
    },
    /// The value changes at a point, or its slope grows without limit there.
    Jump {
        /// Where.
        at: f64,
        /// By how much the values differ around it, at the smallest distance tried.
        height: f64,
    },
    /// The function is finite on one side only: the end of its domain, or a pole.
    Edge {
        /// Where.
        at: f64,
    },
    /// The function is not finite anywhere: there is nothing to be differentiated, nor a kink.
    Undefined,
}

impl Detection {
    /// Whether there is a point without derivative.
    #[must_use]
    pub fn is_kink(&self) -> bool {
        match self {
            Self::Kink { .. } | Self::Jump { .. } | Self::Edge { .. } => true,
            Self::Smooth | Self::Noise { .. } | Self::StepTooLarge { .. } | Self::Undefined => {
                false
            }
        }
    }
}

/// Look for a point without derivative in [x − h, x + h].
///
/// The interval is cut into 128 cells. A window of eight cells around the place of the largest
/// third difference (and another around that of the largest sixth) is halved again and again, so
/// that the place stays inside. The change of slope over the window halves with a smooth function;
/// over a kink it stays the same, and over a jump it doubles. Halving ends where rounding would
/// decide, or after 40 times. `f` is called at most [`MOST_KINK_EVALUATIONS`] = 457 times.
///
/// A bend that is sharper than what rounding lets through counts as a kink.
///
/// # Errors
/// [`InputError`], when `x` or `h` is not finite, or `h` is not positive, or too small to cut.
pub fn detect_kink(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Result<Detection, InputError> {
    if !x.is_finite() {
        return Err(InputError::Point { x });
    }
    check_step(h, x)?;
    let cell = 2.0 * h / CELLS as f64;
    let least = least_spacing(x.abs().max(h), Format::F64);
    if cell < least {
        return Err(InputError::StepTooSmall {
            step: h,
            x,
            least: least * CELLS as f64 / 2.0,
        });
    }
    let scan = Window::new(&mut f, x - h, cell, CELLS);
    if scan.values.iter().all(|value| !value.is_finite()) {
        return Ok(Detection::Undefined);
    }
    if let Some(at) = scan.edge() {
        return Ok(Detection::Edge { at });
    }
    let noise = scan.noise();
    for order in SEARCH_ORDERS {
        let window = scan.around(scan.place(order));
        if let Some(found) = zoom(&mut f, window, noise, least) {
            return Ok(found);
        }
    }
    if noise > ABOVE_NOISE * scan.rounding() && ABOVE_NOISE * noise > scan.variation() {
        return Ok(Detection::Noise { level: noise });
    }
    let share = scan.not_quadratic();
    if share > NOT_QUADRATIC && scan.variation() > ABOVE_NOISE * noise {
        return Ok(Detection::StepTooLarge { share });
    }
    Ok(Detection::Smooth)
}

/// Halvings before the last one at which the change of slope at a kink is read.
const BEFORE_LAST: usize = 2;

/// Halve a window around the place where it bends most; what it closes in on, if that is no bend.
fn zoom(
    f: &mut impl FnMut(f64) -> f64,
    mut window: Window,
    noise: f64,
    least: f64,
) -> Option<Detection> {
    let mut bends: Vec<f64> = Vec::new();
    let mut changes: Vec<f64> = Vec::new();
    for _ in 0..=MOST_HALVINGS {
        if let Some(at) = window.edge() {
            return Some(Detection::Edge { at });
        }
        let (bend, across) = window.bend();
        // Slopes of two cells, each from two values.
        let doubt = ABOVE_NOISE * noise.max(window.rounding()) / window.cell;
        if bend <= doubt {
            break;
        }
        bends.push(bend);
        changes.push(across);
        if window.cell / 2.0 < least {
            break;
        }
        window = window.halved(f);
    }
    let last = bends.len().checked_sub(1)?;
    let steady = last.min(STEADY_HALVINGS);
    if last < LEAST_HALVINGS {
        return None;
    }
    // With that power, 2⁰ for a kink, 2¹ for a jump, 2⁻¹ for a bend, 2^(a−1) for |t|ᵃ.
    let ratio = bends[last] / bends[last - steady];
    let halfway = f64::exp2(steady as f64 / 4.0);
    let at = window.place_of_bend();
    if ratio < halfway.recip() {
        None
    } else if ratio < halfway {
        // On the last windows rounding may have moved the kink to an edge, where it is seen in part.
        let change = changes[last.saturating_sub(BEFORE_LAST)];
        Some(Detection::Kink { at, change })
    } else {
        let height = window.variation();
        Some(Detection::Jump { at, height })
    }
}

/// Values at equal distances.
struct Window {
    start: f64,
    cell: f64,
    /// The size of the largest point: rounding of points is a fraction of it.
    reach: f64,
    values: Vec<f64>,
}

impl Window {
    fn new(f: &mut impl FnMut(f64) -> f64, start: f64, cell: f64, cells: usize) -> Self {
        let values = (0..=cells).map(|i| f(start + i as f64 * cell)).collect();
        Self {
            start,
            cell,
            reach: start.abs() + cell * cells as f64,
            values,
        }
    }

    fn at(&self, i: usize) -> f64 {
        self.start + i as f64 * self.cell
    }

    /// Where finite values border on others.
    fn edge(&self) -> Option<f64> {
        let odd = self.values.iter().position(|value| !value.is_finite())?;
        Some(self.at(odd))
    }

    /// The middle of the values that make the largest difference of an order.
    fn place(&self, order: usize) -> usize {
        let mut differences = self.values.clone();
        for _ in 0..order {
            difference(&mut differences);
        }
        let largest = differences
            .iter()
            .enumerate()
            .fold((0, 0.0), |(at, largest), (i, d)| {
                if d.abs() > largest {
                    (i, d.abs())
                } else {
                    (at, largest)
                }
            });
        largest.0 + order / 2
    }

    fn place_of_bend(&self) -> f64 {
        self.at(self.place(2))
    }

    /// The eight cells around a place.
    fn around(&self, place: usize) -> Self {
        let first = place
            .saturating_sub(WINDOW / 2)
            .min(self.values.len() - 1 - WINDOW);
        Self {
            start: self.at(first),
            cell: self.cell,
            reach: self.reach,
            values: self.values[first..=first + WINDOW].to_vec(),
        }
    }

    /// The half of the window around the largest third difference, cut into eight cells.
    ///
    /// The second differences at both ends of a kink's cell are a and b and others are 0, so that
    /// the third are a, b − a, −b. Of the two second differences that make the largest third one,
    /// the larger is at an end of that cell: it becomes the middle.
    fn halved(&self, f: &mut impl FnMut(f64) -> f64) -> Self {
        let half = WINDOW / 2;
        let left = self.place(3);
        let bend =
            |i: usize| (self.values[i + 1] - 2.0 * self.values[i] + self.values[i - 1]).abs();
        let middle = if bend(left + 1) > bend(left) {
            left + 1
        } else {
            left
        };
        let first = middle.saturating_sub(half / 2).min(WINDOW - half);
        let cell = self.cell / 2.0;
        let start = self.at(first);
        let values = (0..=WINDOW)
            .map(|i| {
                if i % 2 == 0 {
                    self.values[first + i / 2]
                } else {
                    f(start + i as f64 * cell)
                }
            })
            .collect();
        Self {
            start,
            cell,
            reach: self.reach,
            values,
        }
    }

    /// The largest slope of a cell less the smallest, and that of the last cell less that of the
    /// first. Around a pole the latter vanishes by symmetry.
    fn bend(&self) -> (f64, f64) {
        let slopes: Vec<f64> = self
            .values
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) / self.cell)
            .collect();
        let (least, most) = range(&slopes);
        (most - least, slopes[slopes.len() - 1] - slopes[0])
    }

    fn variation(&self) -> f64 {
        let (least, most) = range(&self.values);
        most - least
    }

    /// Rounding of the values, and of the points at which they are taken.
    fn rounding(&self) -> f64 {
        let (least, most) = range(&self.values);
        let steepest = (most - least) / (self.cell * (self.values.len() - 1) as f64);
        UNIT_ROUNDOFF * (most.abs().max(least.abs()) + self.reach * steepest)
    }

    /// The noise in most of the interval. A kink makes a spike in the differences of one piece or
    /// two: the four noisiest pieces are left out.
    fn noise(&self) -> f64 {
        let mut levels: Vec<f64> = self
            .values
            .chunks(WINDOW + 1)
            .filter(|piece| piece.len() > WINDOW)
            .map(|piece| levels(piece, 6).fold(f64::INFINITY, f64::min))
            .collect();
        levels.sort_by(f64::total_cmp);
        levels[levels.len() - 1 - SPIKES]
    }

    /// The share of the variation that the parabola with the least squared error leaves.
    fn not_quadratic(&self) -> f64 {
        let variation = self.variation();
        if variation <= 0.0 {
            return 0.0;
        }
        // Legendre polynomials at t in [−1, 1], orthogonal enough to fit by one at a time.
        let n = self.values.len() as f64;
        let t = |i: usize| 2.0 * i as f64 / (n - 1.0) - 1.0;
        let mut rest: Vec<f64> = self.values.iter().map(|v| v - self.values[0]).collect();
        for _ in 0..3 {
            for basis in [|_: f64| 1.0, |t: f64| t, |t: f64| 1.5 * t * t - 0.5] {
                let (mut product, mut square) = (0.0, 0.0);
                for (i, value) in rest.iter().enumerate() {
                    product += basis(t(i)) * value;
                    square += basis(t(i)).powi(2);
                }
                for (i, value) in rest.iter_mut().enumerate() {
                    *value -= product / square * basis(t(i));
                }
            }
        }
        let largest = rest.iter().fold(0.0_f64, |m, value| m.max(value.abs()));
        largest / variation
    }
}
