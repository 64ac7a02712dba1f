//! Burn, `crates/burn-backend-tests/tests/autodiff/conv2d.rs`: convolutions of 0, 1, 2, …
//!
//! x, w and b count up from 0 in row-major order, and the loss is Σ y, so that every number is a
//! whole number. Since Σ y has the same cotangent everywhere and hides many bugs, each case runs a
//! second time with random signs, against the definition written as seven loops over integers.

use gradproof::rng::Stream;
use gradproof::spec::{Conv2dSpec, OpSpec};
use gradproof::tensor::{Tensor, from_values};

use super::{array, exact_gradients, problem};

struct Case {
    name: &'static str,
    x: [usize; 4],
    out_channels: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
    dx: Sums,
    dw: Sums,
    /// Every entry of db.
    db: i64,
}

/// What is published of a gradient g.
#[derive(Debug, PartialEq)]
struct Sums {
    /// Σ g[i].
    plain: i64,
    /// Σ (i+1)·g[i].
    indexed: i64,
}

const CASES: [Case; 14] = [
    Case {
        name: "basic",
        x: [2, 2, 4, 4],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 14_000,
            indexed: 486_920,
        },
        dw: Sums {
            plain: 25_200,
            indexed: 498_120,
        },
        db: 32,
    },
    Case {
        name: "different_channels",
        x: [2, 2, 4, 4],
        out_channels: 3,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 31_800,
            indexed: 1_081_380,
        },
        dw: Sums {
            plain: 37_800,
            indexed: 1_087_380,
        },
        db: 32,
    },
    Case {
        name: "different_kernel_size",
        x: [1, 2, 4, 4],
        out_channels: 2,
        kernel: [3, 4],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 9400,
            indexed: 176_520,
        },
        dw: Sums {
            plain: 6200,
            indexed: 173_320,
        },
        db: 12,
    },
    Case {
        name: "different_padding",
        x: [1, 2, 4, 4],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 2],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 8400,
            indexed: 157_608,
        },
        dw: Sums {
            plain: 7440,
            indexed: 156_648,
        },
        db: 24,
    },
    Case {
        name: "different_width",
        x: [1, 2, 4, 5],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 9100,
            indexed: 212_450,
        },
        dw: Sums {
            plain: 10_140,
            indexed: 213_490,
        },
        db: 20,
    },
    Case {
        name: "stride_2",
        x: [1, 2, 6, 6],
        out_channels: 2,
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 4608,
            indexed: 186_492,
        },
        dw: Sums {
            plain: 8864,
            indexed: 190_748,
        },
        db: 9,
    },
    Case {
        name: "different_stride",
        x: [1, 2, 8, 8],
        out_channels: 2,
        kernel: [3, 3],
        stride: [3, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        dx: Sums {
            plain: 12_584,
            indexed: 916_436,
        },
        dw: Sums {
            plain: 44_704,
            indexed: 948_556,
        },
        db: 24,
    },
    Case {
        name: "dilation_2",
        x: [1, 2, 6, 6],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [2, 2],
        groups: 1,
        dx: Sums {
            plain: 7000,
            indexed: 294_740,
        },
        dw: Sums {
            plain: 14_200,
            indexed: 301_940,
        },
        db: 16,
    },
    Case {
        name: "different_dilation",
        x: [1, 2, 6, 6],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [2, 3],
        groups: 1,
        dx: Sums {
            plain: 2800,
            indexed: 117_952,
        },
        dw: Sums {
            plain: 5680,
            indexed: 120_832,
        },
        db: 8,
    },
    Case {
        name: "groups",
        x: [1, 2, 5, 5],
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 2,
        dx: Sums {
            plain: 1377,
            indexed: 45_954,
        },
        dw: Sums {
            plain: 3969,
            indexed: 48_546,
        },
        db: 9,
    },
    Case {
        name: "groups_stride_2",
        x: [1, 4, 4, 4],
        out_channels: 4,
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 4,
        dx: Sums {
            plain: 1830,
            indexed: 76_976,
        },
        dw: Sums {
            plain: 3100,
            indexed: 78_246,
        },
        db: 4,
    },
    Case {
        name: "groups_different_channels",
        x: [1, 3, 4, 4],
        out_channels: 6,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 3,
        dx: Sums {
            plain: 5724,
            indexed: 183_582,
        },
        dw: Sums {
            plain: 5076,
            indexed: 182_934,
        },
        db: 4,
    },
    Case {
        name: "complex",
        x: [1, 2, 4, 5],
        out_channels: 3,
        kernel: [2, 3],
        stride: [1, 2],
        padding: [1, 2],
        dilation: [2, 3],
        groups: 1,
        dx: Sums {
            plain: 2520,
            indexed: 56_664,
        },
        dw: Sums {
            plain: 2808,
            indexed: 56_952,
        },
        db: 8,
    },
    Case {
        name: "groups_stride_2_no_pad",
        x: [1, 4, 4, 4],
        out_channels: 2,
        kernel: [3, 3],
        stride: [2, 2],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 2,
        dx: Sums {
            plain: 630,
            indexed: 25_692,
        },
        dw: Sums {
            plain: 1044,
            indexed: 26_106,
        },
        db: 1,
    },
];

struct FullArrays {
    name: &'static str,
    dx: &'static str,
    dw: &'static str,
}

const FULL_ARRAYS: [FullArrays; 5] = [
    FullArrays {
        name: "stride_2",
        dx: "[[[[26,52,26,52,26,28],[52,104,52,104,52,56],[26,52,26,52,26,28],[52,104,52,104,52,56],[26,52,26,52,26,28],[32,64,32,64,32,34]],[[44,88,44,88,44,46],[88,176,88,176,88,92],[44,88,44,88,44,46],[88,176,88,176,88,92],[44,88,44,88,44,46],[50,100,50,100,50,52]]]]",
        dw: "[[[[56,84,90],[84,126,135],[120,180,189]],[[200,300,306],[300,450,459],[336,504,513]]],[[[56,84,90],[84,126,135],[120,180,189]],[[200,300,306],[300,450,459],[336,504,513]]]]",
    },
    FullArrays {
        name: "groups",
        dx: "[[[[0,1,3,3,2],[3,8,15,12,7],[9,21,36,27,15],[9,20,33,24,13],[6,13,21,15,8]],[[9,19,30,21,11],[21,44,69,48,25],[36,75,117,81,42],[27,56,87,60,31],[15,31,48,33,17]]]]",
        dw: "[[[[54,63,72],[99,108,117],[144,153,162]]],[[[279,288,297],[324,333,342],[369,378,387]]]]",
    },
    FullArrays {
        name: "groups_stride_2",
        dx: "[[[[4,8,4,5],[8,16,8,10],[4,8,4,5],[7,14,7,8]],[[13,26,13,14],[26,52,26,28],[13,26,13,14],[16,32,16,17]],[[22,44,22,23],[44,88,44,46],[22,44,22,23],[25,50,25,26]],[[31,62,31,32],[62,124,62,64],[31,62,31,32],[34,68,34,35]]]]",
        dw: "[[[[5,10,12],[10,20,24],[18,36,40]]],[[[21,42,44],[42,84,88],[50,100,104]]],[[[37,74,76],[74,148,152],[82,164,168]]],[[[53,106,108],[106,212,216],[114,228,232]]]]",
    },
    FullArrays {
        name: "complex",
        dx: "[[[[36,39,0,39,42],[81,87,0,87,93],[81,87,0,87,93],[45,48,0,48,51]],[[54,57,0,57,60],[117,123,0,123,129],[117,123,0,123,129],[63,66,0,66,69]]]]",
        dw: "[[[[15,42,27],[30,72,42]],[[75,162,87],[90,192,102]]],[[[15,42,27],[30,72,42]],[[75,162,87],[90,192,102]]],[[[15,42,27],[30,72,42]],[[75,162,87],[90,192,102]]]]",
    },
    FullArrays {
        name: "groups_stride_2_no_pad",
        dx: "[[[[0,1,2,0],[3,4,5,0],[6,7,8,0],[0,0,0,0]],[[9,10,11,0],[12,13,14,0],[15,16,17,0],[0,0,0,0]],[[18,19,20,0],[21,22,23,0],[24,25,26,0],[0,0,0,0]],[[27,28,29,0],[30,31,32,0],[33,34,35,0],[0,0,0,0]]]]",
        dw: "[[[[0,1,2],[4,5,6],[8,9,10]],[[16,17,18],[20,21,22],[24,25,26]]],[[[32,33,34],[36,37,38],[40,41,42]],[[48,49,50],[52,53,54],[56,57,58]]]]",
    },
];

impl Case {
    fn spec(&self) -> Conv2dSpec {
        Conv2dSpec {
            out_channels: self.out_channels,
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
            bias: true,
        }
    }

    fn weight(&self) -> [usize; 4] {
        let [rows, columns] = self.kernel;
        [self.out_channels, self.x[1] / self.groups, rows, columns]
    }

    /// ⌊(n + 2p − d(k−1) − 1)/s⌋ + 1 along each axis.
    fn output(&self) -> [usize; 4] {
        let along = |axis: usize| {
            let span = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (self.x[2 + axis] + 2 * self.padding[axis] - span) / self.stride[axis] + 1
        };
        [self.x[0], self.out_channels, along(0), along(1)]
    }

    /// y, dx, dw and db by the definition.
    fn by_definition(&self, cotangent: &[i64]) -> Naive {
        let [batch, channels, height, width] = self.x;
        let [outputs, group_in, rows, columns] = self.weight();
        let [_, _, out_height, out_width] = self.output();
        let group_out = outputs / self.groups;
        let mut naive = Naive {
            y: vec![0; cotangent.len()],
            dx: vec![0; self.x.iter().product()],
            dw: vec![0; self.weight().iter().product()],
            db: vec![0; outputs],
        };
        for n in 0..batch {
            for o in 0..outputs {
                for i in 0..out_height {
                    for j in 0..out_width {
                        let at_y = ((n * outputs + o) * out_height + i) * out_width + j;
                        naive.y[at_y] += count(o);
                        naive.db[o] += cotangent[at_y];
                        for c in 0..group_in {
                            for u in 0..rows {
                                for v in 0..columns {
                                    let h = i * self.stride[0] + u * self.dilation[0];
                                    let w = j * self.stride[1] + v * self.dilation[1];
                                    let inside = (self.padding[0]..height + self.padding[0])
                                        .contains(&h)
                                        && (self.padding[1]..width + self.padding[1]).contains(&w);
                                    if !inside {
                                        continue;
                                    }
                                    let (h, w) = (h - self.padding[0], w - self.padding[1]);
                                    let channel = o / group_out * group_in + c;
                                    let at_x = ((n * channels + channel) * height + h) * width + w;
                                    let at_w = ((o * group_in + c) * rows + u) * columns + v;
                                    naive.y[at_y] += count(at_x) * count(at_w);
                                    naive.dx[at_x] += cotangent[at_y] * count(at_w);
                                    naive.dw[at_w] += cotangent[at_y] * count(at_x);
                                }
                            }
                        }
                    }
                }
            }
        }
        naive
    }
}

struct Naive {
    y: Vec<i64>,
    dx: Vec<i64>,
    dw: Vec<i64>,
    db: Vec<i64>,
}

fn count(index: usize) -> i64 {
    i64::try_from(index).expect("a small number")
}

/// 0, 1, 2, … in row-major order.
fn counting(shape: &[usize]) -> Tensor<f64> {
    let size: usize = shape.iter().product();
    integers(shape, &(0..count(size)).collect::<Vec<_>>())
}

fn integers(shape: &[usize], integers: &[i64]) -> Tensor<f64> {
    let floats = integers.iter().map(|i| *i as f64).collect();
    from_values(shape, floats).expect("as many as the shape has entries")
}

/// The entries as integers, which they have to be.
fn whole(tensor: &Tensor<f64>) -> Vec<i64> {
    let entries: Vec<i64> = tensor.iter().map(|entry| *entry as i64).collect();
    assert_eq!(&integers(tensor.shape(), &entries), tensor, "whole numbers");
    entries
}

fn sums(tensor: &Tensor<f64>) -> Sums {
    let entries = whole(tensor);
    Sums {
        plain: entries.iter().sum(),
        indexed: entries.iter().zip(1..).map(|(g, i)| i * g).sum(),
    }
}

fn gradients(case: &Case, cotangent: &[i64]) -> [Tensor<f64>; 3] {
    let problem = problem(
        OpSpec::Conv2d(case.spec()),
        vec![counting(&case.weight()), counting(&[case.out_channels])],
        counting(&case.x),
        integers(&case.output(), cotangent),
    );
    let y = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None)
        .output;
    assert_eq!(
        whole(&y),
        case.by_definition(cotangent).y,
        "y of {}",
        case.name
    );
    let evaluation = exact_gradients(&problem);
    let [dw, db] = evaluation
        .parameters
        .try_into()
        .expect("a weight and a bias");
    [evaluation.input, dw, db]
}

#[test]
fn the_published_sums_are_met_exactly() {
    for case in &CASES {
        let outputs = case.output().iter().product();
        let [dx, dw, db] = gradients(case, &vec![1; outputs]);
        assert_eq!(sums(&dx), case.dx, "dx of {}", case.name);
        assert_eq!(sums(&dw), case.dw, "dw of {}", case.name);
        let expected = vec![case.db; case.out_channels];
        assert_eq!(whole(&db), expected, "db of {}", case.name);
    }
}

#[test]
fn the_published_arrays_are_met_exactly() {
    for full in &FULL_ARRAYS {
        let case = CASES
            .iter()
            .find(|case| case.name == full.name)
            .expect("arrays belong to a case");
        let outputs = case.output().iter().product();
        let [dx, dw, _] = gradients(case, &vec![1; outputs]);
        assert_eq!(dx, array(full.dx), "dx of {}", case.name);
        assert_eq!(dw, array(full.dw), "dw of {}", case.name);
    }
}

#[test]
fn random_signs_give_what_the_definition_gives() {
    let mut stream = Stream::new(1, "signs");
    for case in &CASES {
        for _ in 0..8 {
            let outputs = case.output().iter().product();
            let signs: Vec<i64> = (0..outputs)
                .map(|_| if stream.below(2) == 0 { 1 } else { -1 })
                .collect();
            let [dx, dw, db] = gradients(case, &signs);
            let naive = case.by_definition(&signs);
            assert_eq!(whole(&dx), naive.dx, "dx of {}", case.name);
            assert_eq!(whole(&dw), naive.dw, "dw of {}", case.name);
            assert_eq!(whole(&db), naive.db, "db of {}", case.name);
        }
    }
}
