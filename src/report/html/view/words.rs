//! Shapes in words.

/// As in `16×6×5×5`.
pub(super) fn shape(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    sizes.join("×")
}
