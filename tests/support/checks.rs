//! What several tests check.

use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

/// A check of all weights of the preset `network`, with seed 1 and by all sources.
pub(crate) fn check_of(network: &str, samples: usize) -> Case {
    Case {
        spec: preset(network).expect("a preset"),
        seed: 1,
        precision: Precision::F64,
        samples,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::All,
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    }
}
