//! Which coordinates are checked.

use crate::network::{Coordinate, LeafName, Problem};
use crate::rng::Stream;
use crate::spec::case::{Case, MOST_ONE_BY_ONE, Selection};

use super::CheckError;

/// Every parameter, or the seeded sample that `case` asks for, tensor by tensor.
pub(super) fn coordinates(problem: &Problem, case: &Case) -> Result<Vec<Coordinate>, CheckError> {
    let sizes: Vec<usize> = problem
        .parameters
        .tensors
        .iter()
        .map(ndarray::ArrayBase::len)
        .collect();
    let wanted = match case.coordinates {
        Selection::Auto if is_projected(problem, case) => vec![0; sizes.len()],
        Selection::All | Selection::Auto => sizes.clone(),
        Selection::Sample(wanted) if wanted >= sizes.len() => spread(wanted, &sizes),
        Selection::Sample(wanted) => {
            return Err(CheckError::TooFewCoordinates {
                wanted,
                tensors: sizes.len(),
            });
        }
    };
    let mut stream = Stream::new(case.seed, "coordinates");
    let mut coordinates = Vec::with_capacity(wanted.iter().sum());
    for (number, (size, wanted)) in sizes.into_iter().zip(wanted).enumerate() {
        let leaf = LeafName::Parameter(number);
        let indices = if wanted == size {
            (0..size).collect()
        } else {
            stream.sample(size, wanted)
        };
        coordinates.extend(indices.into_iter().map(|index| Coordinate { leaf, index }));
    }
    Ok(coordinates)
}

/// Whether tensors are projected instead of checking their coordinates one by one.
pub(super) fn is_projected(problem: &Problem, case: &Case) -> bool {
    let parameters = problem.parameters.count() as u64;
    let one_by_one = problem.network.multiply_adds().saturating_mul(parameters);
    case.coordinates == Selection::Auto && one_by_one > MOST_ONE_BY_ONE
}

/// How many of `wanted` fall to each tensor: as evenly as the sizes allow, so that small tensors are
/// not forgotten beside large ones.
fn spread(wanted: usize, sizes: &[usize]) -> Vec<usize> {
    let mut by_size: Vec<usize> = (0..sizes.len()).collect();
    by_size.sort_by_key(|number| sizes[*number]);
    let mut shares = vec![0; sizes.len()];
    let mut left = wanted;
    for (done, number) in by_size.into_iter().enumerate() {
        let even = left / (sizes.len() - done);
        shares[number] = even.min(sizes[number]);
        left -= shares[number];
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_reaches_every_tensor_and_is_as_large_as_wanted() {
        let sizes = [150, 6, 2400, 16, 30720];
        for wanted in 5..2000 {
            let shares = spread(wanted, &sizes);
            assert_eq!(shares.iter().sum::<usize>(), wanted, "{shares:?}");
            assert!(
                shares.iter().all(|share| *share > 0),
                "{wanted}: {shares:?}"
            );
        }
        assert_eq!(
            spread(1_000_000, &sizes),
            sizes,
            "more than there are is all"
        );
    }
}
