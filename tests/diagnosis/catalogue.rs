//! Every mutant of the catalogue, on a layer or a loss alone: called by its name, or by none.

use gradproof::harness::mutant::{Mutant, fixtures};
use gradproof::network::Problem;

use super::Right;

/// Every layer alone, and the loss.
fn parts(whole: &Problem) -> Vec<Problem> {
    let activations = whole.activations();
    let dys = whole.output_gradients::<f64>(None);
    let end = dys.len();
    let alone = |at: usize| whole.layer_alone(at, &activations, dys[at].clone());
    let loss = whole.from_layer(end, &activations);
    (0..end).map(alone).chain([loss]).collect()
}

#[test]
fn mutants_are_never_called_by_a_wrong_name() {
    let (mut named, mut silent, mut wrong) = (0, 0, Vec::new());
    for fixture in fixtures() {
        for right in parts(&fixture.at_scale(1e-6)).iter().map(Right::of) {
            let alone = &right.problem;
            // What a layer alone is weighted with comes from the layers above it, and is not at fault.
            let is_here = |mutant: &Mutant| {
                let is_in_loss = mutant.layers(alone).is_empty();
                mutant.lives_in(alone) && is_in_loss == alone.network.layers().is_empty()
            };
            for mutant in Mutant::all().filter(is_here) {
                for leaf in alone.leaves() {
                    let diagnosis = right.diagnose(leaf, &right.mutated(leaf, mutant));
                    let kinds = || diagnosis.kind.iter().chain(&diagnosis.also);
                    if kinds().any(|kind| mutant.is_expected(Some(*kind))) {
                        named += 1;
                    } else if kinds().next().is_none() {
                        let has_kind = mutant.expected.is_some();
                        silent += usize::from(has_kind && diagnosis.differences.is_some());
                    } else {
                        let what = format!("{mutant} on {}, {leaf:?}", fixture.name);
                        wrong.push(format!("{what}: {}", diagnosis.sentence));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(9 * silent < named, "{silent} not named, {named} named");
}
