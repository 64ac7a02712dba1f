//! The units of which rounding in `f64` decides the branch.
//!
//! Where terms cancel, a unit can be at its kink but for rounding, and code that adds in another order can find
//! it on the other side. Values are hardly another there; but a derivative that is 0 on one branch is, on the other,
//! what rounding leaves of 0, and no perturbed run of the first branch shows it.

use crate::network::{Live, Pattern, Problem, Unit};
use crate::scalar::{Format, Scalar, Stochastic, with_perturbations};
use crate::tensor::{self, Tensor};

use super::SAFETY_OTHER_ORDER;
use super::rounding::magnification;

/// One run moves a margin by less than its spread as often as not: by less than an eighth of it, rarely.
const LUCK: f64 = 8.0;

/// Some other branch of a unit.
type Branch = (Unit, u32);

/// `pattern` with every unit that rounding may turn on its other branch; `None` when there is none.
///
/// What ties however the arithmetic is perturbed, as equal background does, ties in any code, and is none.
pub(super) fn turned_over(problem: &Problem, pattern: &Pattern, seed: u64) -> Option<Pattern> {
    let mut margins = Vec::new();
    visit::<f64>(problem, pattern, |_, margin| margins.push(margin));
    if margins.is_empty() {
        return None;
    }
    let format = Format::F64;
    let reach = LUCK * SAFETY_OTHER_ORDER / magnification(format);
    let mut turning: Vec<Branch> = Vec::new();
    with_perturbations(seed, format, magnification(format), || {
        let mut margins = margins.iter();
        visit::<Stochastic>(problem, pattern, |branch, perturbed| {
            // Both passes see the same units in the same order.
            let margin = *margins.next().expect("one for each branch");
            let moved = (perturbed - margin).abs();
            if moved > 0.0 && margin.abs() <= reach * moved {
                turning.push(branch);
            }
        });
    });
    if turning.is_empty() {
        return None;
    }
    let mut turned = pattern.clone();
    let mut last = None;
    for (unit, choice) in turning {
        // One of several others is enough: they have one value.
        if last.replace(unit) != Some(unit) {
            turned.turn(unit, choice);
        }
    }
    Some(turned)
}

/// Show `note` every other branch of every unit, and how far it is.
fn visit<S: Scalar>(problem: &Problem, pattern: &Pattern, mut note: impl FnMut(Branch, f64)) {
    let mut look = |place: usize, x: &Tensor<S>| {
        if let Some(taken) = pattern.at(place) {
            problem.margins(place, x, taken, |unit, choice, margin: S| {
                note((unit, choice), margin.primal());
            });
        }
    };
    let network = &problem.network;
    let parameters = problem.parameters.lift();
    let mut live = Live::at_input(tensor::lift(&problem.input));
    let trace = network.forward_from(0, &parameters, &mut live, Some(pattern), &mut look);
    look(network.layers().len(), &trace.output);
}
