//! What is counted over all networks: errors by bounds.

use std::collections::BTreeMap;

use gradproof::scalar::DoubleDouble;
use proptest::prelude::*;

/// A bound this many times the true error, in the median, is still worth something.
const LARGEST_MEDIAN: f64 = 100.0;

/// The median of fewer networks scatters: over 24 of them it was up to 1.8 times that over 600.
const FEW_NETWORKS: u64 = 100;

/// How much larger it may be over few.
const SCATTER: f64 = 2.0;

/// Classes of the histogram for each factor of two.
const CLASSES: f64 = 8.0;

/// The errors of one arithmetic.
pub(crate) struct Tally {
    arithmetic: &'static str,
    networks: u64,
    coordinates: u64,
    exact: u64,
    /// The largest error/bound, and where it was.
    worst: (f64, String),
    /// How often each bound/error came up, by its logarithm.
    ratios: BTreeMap<i32, u64>,
}

impl Tally {
    pub(crate) fn new(arithmetic: &'static str) -> Self {
        Self {
            arithmetic,
            networks: 0,
            coordinates: 0,
            exact: 0,
            worst: (0.0, String::new()),
            ratios: BTreeMap::new(),
        }
    }

    /// Count one more network.
    pub(crate) fn next_network(&mut self) {
        self.networks += 1;
    }

    /// Hold the error of `value` against `bound`; `what` says where it is.
    pub(crate) fn judge(
        &mut self,
        what: &dyn Fn() -> String,
        value: f64,
        truth: DoubleDouble,
        bound: f64,
    ) -> Result<(), TestCaseError> {
        let error = (DoubleDouble::from_f64(value) - truth).abs().hi();
        self.coordinates += 1;
        prop_assert!(
            error <= bound,
            "{}, {}: {value:e} for {truth}, error {error:e}, bound {bound:e}",
            what(),
            self.arithmetic
        );
        if error > 0.0 {
            if error / bound > self.worst.0 {
                self.worst = (error / bound, what());
            }
            let class = (CLASSES * (bound / error).log2()).floor();
            *self.ratios.entry(class as i32).or_default() += 1;
        } else {
            self.exact += 1;
        }
        Ok(())
    }

    /// The median of bound/error where there is an error, to within a class.
    fn median(&self) -> f64 {
        let half = self.ratios.values().sum::<u64>().div_ceil(2);
        let mut so_far = 0;
        let middle = self.ratios.iter().find(|(_, count)| {
            so_far += **count;
            so_far >= half
        });
        middle.map_or(1.0, |(class, _)| {
            f64::exp2((f64::from(*class) + 0.5) / CLASSES)
        })
    }

    /// Say what was found.
    #[expect(
        clippy::print_stderr,
        reason = "how near errors come to their bounds is to be seen as well as bounded"
    )]
    pub(crate) fn say(&self) {
        let (median, (worst, at)) = (self.median(), &self.worst);
        eprintln!(
            "{}: {} networks, {} numbers, {} of them exact; the largest error is {worst:.3} of its \
             bound, and the median bound {median:.0} times its error; the largest is in {at}",
            self.arithmetic, self.networks, self.coordinates, self.exact
        );
        assert!(
            self.coordinates > self.exact,
            "{}: no error was seen",
            self.arithmetic
        );
    }

    /// Hold that the bound is not much larger than it has to be.
    pub(crate) fn hold_median(&self) {
        let median = self.median();
        let largest = if self.networks < FEW_NETWORKS {
            SCATTER * LARGEST_MEDIAN
        } else {
            LARGEST_MEDIAN
        };
        assert!(
            median <= largest,
            "{}: the median bound is {median:.0} times the true error",
            self.arithmetic
        );
    }
}
