//! Channel groups of convolutions.

use super::extent::ShapeError;

/// Refuse groups that do not divide both channel counts.
///
/// # Errors
/// [`ShapeError::Groups`], and [`ShapeError::Zero`] for no groups.
pub(super) fn check_groups(
    groups: usize,
    inputs: usize,
    out_channels: usize,
) -> Result<(), ShapeError> {
    if groups == 0 {
        return Err(ShapeError::Zero {
            what: "groups".to_owned(),
        });
    }
    for (channels, what) in [
        (inputs, "the input channels"),
        (out_channels, "out_channels"),
    ] {
        if !channels.is_multiple_of(groups) {
            return Err(ShapeError::Groups {
                groups,
                what,
                channels,
            });
        }
    }
    Ok(())
}
