//! Faults in layers of random networks.

use gradproof::harness::{NetworkCase, config, strategy};
use gradproof::judge::Locator;
use gradproof::network::{Coordinate, LeafName, Network, NetworkLayer};
use gradproof::rng::Stream;
use gradproof::source::{Point, Reverse, SAFETY, SAFETY_OTHER_ORDER};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::SEED;
use super::fault_at::{Fault, FaultAt, How, Target, targets};

/// Random networks, when `PROPTEST_CASES` does not say how many.
const CASES: u32 = 64;

fn runner(name: &str) -> TestRunner {
    let config = config(name);
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config.cases,
        None => CASES,
    };
    TestRunner::new(Config { cases, ..config })
}

/// Whether `fault` moves an entry of what its layer returns by more than twice the bounds.
fn is_visible(point: &Point, fault: Fault) -> bool {
    let problem = &point.problem;
    let activations = problem.activations();
    let (alone, leaf) = match fault.layer {
        None => {
            let layers = problem.network.layers().len();
            let loss = problem.from_layer(layers, &activations);
            (loss, LeafName::Input)
        }
        Some(layer) => {
            let mut dys = problem.output_gradients(Some(&point.pattern));
            let dy = dys.swap_remove(layer);
            let alone = problem.layer_alone(layer, &activations, dy);
            let leaf = match fault.target {
                Target::Input => LeafName::Input,
                Target::Parameter(number) => LeafName::Parameter(number),
            };
            (alone, leaf)
        }
    };
    let alone = Point::new(alone, SEED);
    let coordinates: Vec<Coordinate> = alone.problem.coordinates(leaf).collect();
    // Constants stand before a layer that reads more than the leaf.
    let last = alone.problem.network.layers().len().checked_sub(1);
    let within = Fault {
        layer: fault.layer.and(last),
        ..fault
    };
    let answers = [vec![], vec![within]].map(|faults| {
        let answer = alone.ask(&FaultAt(faults), &coordinates, &|_| ());
        answer.unwrap().estimates
    });
    // Where branches part only the sum of what comes back is seen, with the bounds of all of it.
    let mut parts = vec![alone];
    if let (Some(layer), Target::Input) = (fault.layer, fault.target) {
        let read = problem.network.layers()[layer].reads[0];
        for other in problem
            .network
            .readers(read)
            .filter(|other| *other != layer)
        {
            let mut dys = problem.output_gradients(Some(&point.pattern));
            let dy = dys.swap_remove(other);
            let part = problem.layers_alone(other..other + 1, read, &activations, dy);
            parts.push(Point::new(part, SEED));
        }
    }
    coordinates.iter().enumerate().any(|(position, at)| {
        let moved = (answers[0][position].value - answers[1][position].value).abs();
        let spread: f64 = parts.iter().map(|part| part.rounding.derivative(*at)).sum();
        let bounds = (SAFETY + SAFETY_OTHER_ORDER) * spread;
        moved > 2.0 * bounds + 2.0 * f64::MIN_POSITIVE
    })
}

/// Who answers for `fault`: its layer, or where that reads what others read too, the block of branches
/// that starts there.
fn culprit(network: &Network, fault: Fault) -> Option<usize> {
    let layer = fault.layer?;
    let read = network.layers()[layer].reads[0];
    if fault.target != Target::Input || network.readers(read).count() == 1 {
        return Some(layer);
    }
    let is_block = |block: &NetworkLayer| block.fork == Some(read);
    network.layers().iter().rposition(is_block)
}

#[test]
fn a_visible_fault_in_a_random_layer_is_found() {
    let found = std::cell::Cell::new(0);
    let property = |case: NetworkCase| {
        let problem = case
            .problem()
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let point = Point::new(problem, SEED);
        let locator = Locator::new(&point, &Reverse).unwrap();
        let clean = locator.locate(&FaultAt(Vec::new())).unwrap();
        prop_assert!(clean.is_clean(), "{case}: {}", clean.sentence());

        let mut stream = Stream::new(case.seed, "fault");
        let mut targets = targets(&point.problem);
        while !targets.is_empty() {
            let (layer, target) = targets.swap_remove(stream.index(targets.len()));
            let how = [How::Factor, How::Sign, How::RowMissing, How::OneEntry][stream.index(4)];
            let fault = Fault { layer, target, how };
            if !is_visible(&point, fault) {
                continue;
            }
            let place = locator.locate(&FaultAt(vec![fault])).unwrap();
            let culprits: Vec<Option<usize>> =
                place.culprits.iter().map(|fault| fault.number).collect();
            prop_assert_eq!(
                culprits,
                [culprit(&point.problem.network, fault)],
                "{}, {:?}: {}",
                case,
                fault,
                place.sentence()
            );
            found.set(found.get() + 1);
            break;
        }
        Ok(())
    };
    let outcome = runner("blame_layers").run(&strategy::network(), property);
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(
        found.get() > CASES / 2,
        "{} faults were visible",
        found.get()
    );
}
