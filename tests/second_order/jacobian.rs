//! The Jacobian view: forward mode against reverse mode, entry by entry.

use std::cell::Cell;

use gradproof::check::jacobian;
use gradproof::harness::mutant::{Mutant, Mutated, fixtures};
use gradproof::harness::strategy;
use gradproof::source::Backprop;
use proptest::prelude::*;

use super::{hold, made};

/// Larger Jacobians are left to other cases.
const MOST_ENTRIES: usize = 2_000;

#[test]
fn both_modes_give_one_jacobian_and_are_adjoint() {
    let compared = Cell::new(0);
    let [cancelled, entries] = [0, 0].map(Cell::new);
    hold("jacobian_operator", strategy::operator(), |case| {
        let problem = made(case.problem())?;
        let columns: usize = problem
            .leaves()
            .iter()
            .map(|leaf| problem.leaf(*leaf).len())
            .sum();
        let rows: usize = problem.network.output_shape().iter().product();
        if rows * columns > MOST_ENTRIES {
            return Ok(());
        }
        compared.set(compared.get() + 1);
        let view = made(jacobian(&problem, &Backprop, case.seed))?;
        prop_assert!(view.is_right(), "{case}: {view:?}");
        // The mean of what a norm has centred is 0, whatever moves: its entries are rounding, and out of sight.
        let settled = view.counts.agree + view.counts.unobservable;
        prop_assert_eq!(settled, rows * columns, "{}: every entry", case);
        cancelled.set(cancelled.get() + view.counts.unobservable);
        entries.set(entries.get() + rows * columns);
        Ok(())
    });
    assert!(compared.get() > 0, "nothing was compared");
    assert!(10 * cancelled.get() < entries.get(), "most are in sight");
}

#[test]
fn a_wrong_backward_is_seen_entry_by_entry_and_by_the_adjoint_identity() {
    let fixture = fixtures().swap_remove(0);
    let mutant = Mutant::named("conv2d.dk_rotated");
    assert!(mutant.is_some(), "the catalogue has it");
    let subject = Mutated { mutant, at: None };
    let view = jacobian(&fixture.problem, &subject, 1).unwrap();
    assert!(!view.is_right() && !view.adjoint.holds, "{view:?}");
    assert!(view.counts.disagree > 0 && !view.wrong.is_empty());
    for row in &view.wrong {
        assert!(row.coordinate.starts_with("conv2d.weight"), "{row:?}");
        assert_ne!(row.forward, row.backward, "{row:?}");
    }
}
