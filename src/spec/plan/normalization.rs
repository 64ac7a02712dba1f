//! Shapes of the normalisations.

use super::super::extent::ShapeError;
use super::super::{BatchNorm2dSpec, LayerNormSpec, OpSpec};
use super::PlannedParameter;
use super::shape::image;

/// The output's shape; channels need an image.
pub(super) fn batch_norm(
    norm: &BatchNorm2dSpec,
    input: &[usize],
) -> Result<Vec<usize>, ShapeError> {
    let [_, channels, _, _] = image(input)?;
    check_eps(norm.eps)?;
    let fits = |given: &Option<Vec<f64>>, least: f64| {
        given.as_ref().is_none_or(|values| {
            let all = |value: &f64| value.is_finite() && *value >= least;
            !norm.training && values.len() == channels && values.iter().all(all)
        })
    };
    for (what, positive, fits) in [
        ("running_mean", "", fits(&norm.running_mean, f64::MIN)),
        ("running_var", " from 0 on", fits(&norm.running_var, 0.0)),
    ] {
        if !fits {
            return Err(ShapeError::Running {
                what,
                channels,
                positive,
            });
        }
    }
    Ok(input.to_vec())
}

/// The output's shape; the input has to end in the axes to be normalised.
pub(super) fn layer_norm(norm: &LayerNormSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    check_eps(norm.eps)?;
    if norm.normalized_shape.is_empty() || !input[1..].ends_with(&norm.normalized_shape) {
        return Err(ShapeError::Normalized {
            normalized: norm.normalized_shape.clone(),
            got: input.to_vec(),
        });
    }
    Ok(input.to_vec())
}

/// The output's shape; groups have to divide the channels.
pub(super) fn group_norm(
    groups: usize,
    eps: f64,
    input: &[usize],
) -> Result<Vec<usize>, ShapeError> {
    check_eps(eps)?;
    let &[_, channels, ..] = input else {
        return Err(ShapeError::Rank {
            wanted: "[batch, channels, ...]",
            got: input.to_vec(),
            hint: "",
        });
    };
    if groups == 0 {
        return Err(ShapeError::Zero {
            what: "groups".to_owned(),
        });
    }
    if !channels.is_multiple_of(groups) {
        return Err(ShapeError::Groups {
            groups,
            what: "the input channels",
            channels,
        });
    }
    Ok(input.to_vec())
}

fn check_eps(eps: f64) -> Result<(), ShapeError> {
    if eps > 0.0 && eps.is_finite() {
        Ok(())
    } else {
        Err(ShapeError::Eps { eps })
    }
}

/// The parameters of a normalisation: one scale and one shift for each channel, or for each place.
pub(super) fn parameters(op: &OpSpec, layer: &str, input: &[usize]) -> Vec<PlannedParameter> {
    let shape = match op {
        OpSpec::BatchNorm2d(norm) if norm.affine => vec![input[1]],
        OpSpec::GroupNorm(norm) if norm.affine => vec![input[1]],
        OpSpec::InstanceNorm(norm) if norm.affine => vec![input[1]],
        OpSpec::LayerNorm(norm) if norm.affine => norm.normalized_shape.clone(),
        _ => return Vec::new(),
    };
    let parameter = |name: &str| PlannedParameter {
        name: format!("{layer}.{name}"),
        shape: shape.clone(),
        fan_in: 1,
    };
    ["weight", "bias"].map(parameter).into()
}
