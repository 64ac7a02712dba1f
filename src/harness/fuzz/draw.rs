//! Case number i of a run.

use proptest::strategy::{BoxedStrategy, Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use thiserror::Error;

use crate::harness::random::RandomCase;
use crate::harness::strategy;
use crate::rng;
use crate::spec::nearest::nearest;

/// Bytes of a seed of proptest's ChaCha generator.
pub(super) const SEED_BYTES: usize = 32;

/// Why no case can be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DrawError {
    /// There is no strategy of this name.
    #[error("there are no random cases of '{name}'{hint}; there are those of {}", strategy::names().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// A name that is near.
        hint: String,
    },
    /// The strategy found nothing.
    #[error("no random case of {name} could be drawn: {reason}; use another --seed")]
    GaveUp {
        /// The strategy's name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// A strategy with its name.
pub struct Strategy {
    name: String,
    strategy: BoxedStrategy<RandomCase>,
}

impl Strategy {
    /// The strategy of this name.
    ///
    /// # Errors
    /// [`DrawError::Unknown`].
    pub fn named(name: &str) -> Result<Self, DrawError> {
        let strategy = strategy::named(name).ok_or_else(|| {
            let names: Vec<&str> = strategy::names().collect();
            let near = nearest(name, &names);
            DrawError::Unknown {
                name: name.to_owned(),
                hint: near.map_or(String::new(), |near| format!(", but of '{near}'")),
            }
        })?;
        Ok(Self {
            name: name.to_owned(),
            strategy,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Case number `index` of the run of `seed`.
    ///
    /// # Errors
    /// [`DrawError::GaveUp`].
    pub fn case(&self, seed: u64, index: usize) -> Result<RandomCase, DrawError> {
        Ok(self.tree(&self.seed(seed, index))?.current())
    }

    /// The seed of proptest's generator for case number `index` of the run of `seed`.
    #[must_use]
    pub fn seed(&self, seed: u64, index: usize) -> [u8; SEED_BYTES] {
        let own = rng::derive(seed, &self.name, index as u64);
        let mut bytes = [0; SEED_BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(0..) {
            chunk.copy_from_slice(&rng::derive(own, "case", word).to_le_bytes());
        }
        bytes
    }

    /// The case that proptest draws from its seed `bytes`, ready to be made smaller.
    ///
    /// # Errors
    /// [`DrawError::GaveUp`].
    pub fn tree(
        &self,
        bytes: &[u8; SEED_BYTES],
    ) -> Result<Box<dyn ValueTree<Value = RandomCase>>, DrawError> {
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, bytes);
        let mut runner = TestRunner::new_with_rng(config, rng);
        self.strategy
            .new_tree(&mut runner)
            .map_err(|reason| DrawError::GaveUp {
                name: self.name.clone(),
                reason: reason.to_string(),
            })
    }
}
