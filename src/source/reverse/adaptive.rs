//! Which entries an adaptive average pooling averages: the indices that `gather` goes by.
//!
//! Output i of h′ has the share [i, i + 1)·h/h′ of the input, and averages the entries [r, r + 1) that
//! overlap it. Rows of an activation are numbered as in [`super::window`]; the one past the last is zero,
//! and fills up windows that have fewer entries than others.

/// For an input (N, C, H, W) and an output (N, C, H′, W′): rows by entry, channel and output, to be summed
/// over the first axis; and the number of entries of each output.
pub(super) fn entries(input: &[usize], output: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let [channels, height, width] = [input[1], input[2], input[3]];
    let overlapping = |axis: usize, position: usize| -> Vec<usize> {
        let (size, outputs) = (input[axis], output[axis]);
        let overlaps = |at: &usize| {
            at * outputs < (position + 1) * size && (at + 1) * outputs > position * size
        };
        (0..size).filter(overlaps).collect()
    };
    let rows: Vec<Vec<usize>> = (0..output[2]).map(|i| overlapping(2, i)).collect();
    let columns: Vec<Vec<usize>> = (0..output[3]).map(|j| overlapping(3, j)).collect();
    let mut windows = Vec::with_capacity(channels * output[2] * output[3]);
    for channel in 0..channels {
        for rows in &rows {
            for columns in &columns {
                let places = rows.iter().flat_map(|row| {
                    let first = (channel * height + row) * width;
                    columns.iter().map(move |column| first + column)
                });
                windows.push(places.collect::<Vec<usize>>());
            }
        }
    }
    let counts: Vec<usize> = windows.iter().map(Vec::len).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let nothing = channels * height * width;
    let by_entry = (0..most).flat_map(|entry| {
        let place = move |window: &Vec<usize>| window.get(entry).copied().unwrap_or(nothing);
        windows.iter().map(place)
    });
    (by_entry.collect(), counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_columns_in_two_shares_have_one_in_common() {
        let (rows, counts) = entries(&[1, 2, 1, 5], &[1, 2, 1, 2]);
        assert_eq!(counts, [3, 3, 3, 3]);
        assert_eq!(rows, [0, 2, 5, 7, 1, 3, 6, 8, 2, 4, 7, 9]);
    }

    #[test]
    fn short_windows_are_filled_up_with_the_zero_row() {
        // Three columns in four shares of 3/4: 0, 0 and 1, 1 and 2, 2.
        let (rows, counts) = entries(&[1, 1, 1, 3], &[1, 1, 1, 4]);
        assert_eq!(counts, [1, 2, 2, 1]);
        assert_eq!(rows, [0, 0, 1, 2, 3, 1, 2, 3]);
    }
}
