//! What Burn publishes in `crates/burn-backend-tests/tests/autodiff/conv2d.rs`.

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) x: [usize; 4],
    pub(crate) out_channels: usize,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
    pub(crate) dx: Sums,
    pub(crate) dw: Sums,
    /// Every entry of db.
    pub(crate) db: i64,
}

/// What is published of a gradient g.
#[derive(Debug, PartialEq)]
pub(crate) struct Sums {
    /// Σ g[i].
    pub(crate) plain: i64,
    /// Σ (i+1)·g[i].
    pub(crate) indexed: i64,
}

pub(crate) const CASES: [Case; 14] = [
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

pub(crate) struct FullArrays {
    pub(crate) name: &'static str,
    pub(crate) dx: &'static str,
    pub(crate) dw: &'static str,
}

pub(crate) const FULL_ARRAYS: [FullArrays; 5] = [
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
