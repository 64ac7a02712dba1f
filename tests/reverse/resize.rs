//! Zero paddings and upsamplings, under a weighted sum.

use gradproof::spec::{Interpolation, OpSpec, UpsampleSpec, ZeroPad2dSpec};

use super::{assert_agrees, random, single};

#[test]
fn zero_paddings_agree() {
    for padding in [
        [0; 4],
        [1, 2, 3, 0],
        [0, 0, 2, 1],
        [-1, 2, 1, -2],
        [-2, -1, -1, -1],
    ] {
        let op = OpSpec::ZeroPad2d(ZeroPad2dSpec { padding });
        let what = format!("{padding:?}");
        assert_agrees(&what, single(op, random(&[2, 3, 4, 5], &what)));
    }
}

#[test]
fn upsamplings_agree() {
    let spec = UpsampleSpec {
        size: None,
        scale_factor: None,
        mode: Interpolation::Nearest,
        align_corners: false,
        recompute_scale_factor: false,
    };
    let mut specs = Vec::new();
    for mode in [Interpolation::Nearest, Interpolation::Bilinear] {
        for size in [[4, 5], [7, 9], [2, 3], [1, 1], [12, 4]] {
            let size = Some(size);
            specs.push(UpsampleSpec { size, mode, ..spec });
        }
        for factors in [[2.0, 2.0], [3.0, 1.5], [0.5, 1.1], [2.3, 1.7]] {
            for recompute_scale_factor in [false, true] {
                specs.push(UpsampleSpec {
                    scale_factor: Some(factors),
                    mode,
                    recompute_scale_factor,
                    ..spec
                });
            }
        }
    }
    let aligned: Vec<UpsampleSpec> = specs
        .iter()
        .filter(|spec| spec.mode == Interpolation::Bilinear)
        .map(|spec| UpsampleSpec {
            align_corners: true,
            ..*spec
        })
        .collect();
    specs.extend(aligned);
    for spec in specs {
        let what = format!("{spec:?}");
        let x = random(&[2, 3, 4, 5], &what);
        assert_agrees(&what, single(OpSpec::Upsample(spec), x));
    }
}
