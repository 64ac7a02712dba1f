//! The right numbers in the wrong places, or not all of them.

use super::evidence::{Context, Role};
use super::hypothesis::Hypothesis;
use super::kind::{Axis, BugKind};

/// One axis of a row-major tensor.
#[derive(Clone, Copy)]
struct Along {
    stride: usize,
    extent: usize,
}

impl Along {
    fn of(shape: &[usize], axis: usize) -> Self {
        Self {
            stride: shape[axis + 1..].iter().product(),
            extent: shape[axis],
        }
    }

    fn index(self, flat: usize) -> usize {
        flat / self.stride % self.extent
    }

    /// The place with another index along this axis.
    fn at(self, flat: usize, index: usize) -> usize {
        flat - self.index(flat) * self.stride + index * self.stride
    }

    fn mirrored(self, flat: usize) -> usize {
        self.at(flat, self.extent - 1 - self.index(flat))
    }

    /// The place so many further on, in a ring.
    fn rolled(self, flat: usize, step: usize) -> usize {
        self.at(flat, (self.index(flat) + step) % self.extent)
    }

    /// The place one further on or back; beyond the end there is none.
    fn shifted(self, flat: usize, step: Step) -> Option<usize> {
        match step {
            Step::On => (self.index(flat) + 1 < self.extent).then(|| flat + self.stride),
            Step::Back => (self.index(flat) > 0).then(|| flat - self.stride),
        }
    }

    fn is_last(self, flat: usize) -> bool {
        self.index(flat) + 1 == self.extent
    }

    fn is_border(self, flat: usize) -> bool {
        self.index(flat) == 0 || self.is_last(flat)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    Back,
}

/// Every rearrangement of a tensor in this role, most likely first.
pub(super) fn hypotheses<'a>(context: &Context<'a>) -> Vec<Hypothesis<'a>> {
    let shape = context.shape.as_slice();
    let mut hypotheses = vec![Hypothesis::moved(
        BugKind::Zero,
        "0 everywhere",
        "whether it is computed at all, and added to what is returned",
        |_| None,
    )];
    if context.role.is_kernel() {
        hypotheses.extend(mirrored(shape));
    }
    hypotheses.extend(layouts(context.role, shape));
    hypotheses.extend(rolled(context.role, shape, context.groups()));
    hypotheses.extend(missing(context.role, shape));
    if shape.len() == 4 {
        hypotheses.extend(shifted(context.role, shape));
    }
    hypotheses
}

fn mirrored(shape: &[usize]) -> [Hypothesis<'static>; 3] {
    let (rows, columns) = (Along::of(shape, 2), Along::of(shape, 3));
    let look = "the kernel is flipped where the input is correlated with the output's gradient";
    let one_axis = "the kernel is flipped along one axis where the input is correlated with the output's gradient";
    [
        Hypothesis::moved(
            BugKind::KernelRotated,
            "the right gradient rotated by 180 degrees",
            look,
            move |flat| Some(rows.mirrored(columns.mirrored(flat))),
        ),
        Hypothesis::moved(
            BugKind::KernelMirrored(Axis::Rows),
            "the right gradient with the kernel's rows in reverse order",
            one_axis,
            move |flat| Some(rows.mirrored(flat)),
        ),
        Hypothesis::moved(
            BugKind::KernelMirrored(Axis::Columns),
            "the right gradient with the kernel's columns in reverse order",
            one_axis,
            move |flat| Some(columns.mirrored(flat)),
        ),
    ]
}

/// The numbers written in the order of other axes, or read in it.
fn layouts(role: Role, shape: &[usize]) -> Vec<Hypothesis<'static>> {
    type Layout = (BugKind, &'static str, &'static str, &'static [usize]);
    let layouts: &[Layout] = match role {
        Role::Kernel => &[
            (
                BugKind::Transposed,
                "the right gradient with the kernel's rows and columns exchanged",
                "row and column are exchanged in an index of the kernel",
                &[0, 1, 3, 2],
            ),
            (
                BugKind::ChannelsSwapped,
                "the right gradient with input and output channels exchanged",
                "input and output channel are exchanged in an index of the kernel",
                &[1, 0, 2, 3],
            ),
            (
                BugKind::Transposed,
                "the right numbers in the order (output, row, column, input) of a channels-last layout",
                "the layout in which the kernel's gradient is written or read",
                &[0, 2, 3, 1],
            ),
            (
                BugKind::Transposed,
                "the right numbers in the order (row, column, input, output) of a channels-last layout",
                "the layout in which the kernel's gradient is written or read",
                &[2, 3, 1, 0],
            ),
        ],
        Role::TransposedKernel => &[
            (
                BugKind::Transposed,
                "the right gradient with the kernel's rows and columns exchanged",
                "row and column are exchanged in an index of the kernel",
                &[0, 1, 3, 2],
            ),
            (
                BugKind::ChannelsSwapped,
                "the right gradient with input and output channels exchanged",
                "the weight of a transposed convolution has the input channels first",
                &[1, 0, 2, 3],
            ),
            (
                BugKind::Transposed,
                "the right numbers in the order (row, column, output, input) of a channels-last layout",
                "the layout in which the kernel's gradient is written or read",
                &[2, 3, 1, 0],
            ),
        ],
        Role::Images => &[
            (
                BugKind::Transposed,
                "the right numbers in the order (sample, row, column, channel) of a channels-last layout",
                "the layout in which the gradient is written or read",
                &[0, 2, 3, 1],
            ),
            (
                BugKind::Transposed,
                "the right gradient with rows and columns exchanged",
                "row and column are exchanged in an index",
                &[0, 1, 3, 2],
            ),
        ],
        Role::Matrix => &[(
            BugKind::Transposed,
            "the right gradient transposed",
            "dW is dy^T x, of shape (out, in): the two factors are exchanged",
            &[1, 0],
        )],
        Role::Bias | Role::Features => &[],
    };
    let mut hypotheses = Vec::new();
    for (kind, equals, look, order) in layouts {
        let (written, read) = permuted(shape, order);
        for from in [written, read] {
            hypotheses.push(Hypothesis::moved(*kind, *equals, *look, move |flat| {
                Some(from[flat])
            }));
        }
    }
    hypotheses
}

/// Where each number comes from when the right ones are written with the axes in `order` and read as
/// they are; and the other way round.
fn permuted(shape: &[usize], order: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let size = shape.iter().product();
    let mut written = vec![0; size];
    let mut read = vec![0; size];
    let axes: Vec<Along> = order.iter().map(|axis| Along::of(shape, *axis)).collect();
    for (flat, read) in read.iter_mut().enumerate() {
        let place = axes
            .iter()
            .fold(0, |place, axis| place * axis.extent + axis.index(flat));
        written[place] = flat;
        *read = place;
    }
    (written, read)
}

fn rolled(role: Role, shape: &[usize], groups: usize) -> Vec<Hypothesis<'static>> {
    let axes: &[usize] = match role {
        Role::Kernel | Role::TransposedKernel | Role::Matrix => &[0, 1],
        Role::Bias => &[0],
        Role::Images => &[1],
        Role::Features if shape.len() == 2 => &[1],
        Role::Features => &[],
    };
    let names = role.axes(shape.len());
    let mut hypotheses = Vec::new();
    for axis in axes {
        let along = Along::of(shape, *axis);
        let name = names[*axis];
        for step in [1, along.extent - 1] {
            hypotheses.push(Hypothesis::moved(
                BugKind::ChannelsRolled,
                format!(
                    "the right gradient with every {name} in the place of its neighbour, in a ring"
                ),
                format!("the index of the {name} is off by one"),
                move |flat| Some(along.rolled(flat, step)),
            ));
        }
    }
    // In a kernel the groups are along the first axis; in an image along its channels.
    let axis = usize::from(role == Role::Images);
    if groups > 1 && (role.is_kernel() || matches!(role, Role::Bias | Role::Images)) {
        let along = Along::of(shape, axis);
        let group = along.extent / groups;
        for step in [group, along.extent - group] {
            hypotheses.push(Hypothesis::moved(
                BugKind::GroupsRolled,
                "the right gradient with every group in the place of its neighbour, in a ring",
                "the offset of a group is another group's",
                move |flat| Some(along.rolled(flat, step)),
            ));
        }
    }
    hypotheses
}

/// Parts of the tensor that are 0.
fn missing(role: Role, shape: &[usize]) -> Vec<Hypothesis<'static>> {
    let mut hypotheses = Vec::new();
    if matches!(role, Role::Images | Role::Features) {
        let samples = Along::of(shape, 0);
        hypotheses.push(Hypothesis::moved(
            BugKind::FirstSampleOnly,
            "the right gradient at the first sample, and 0 at the others",
            "a loop over the batch ends after the first sample",
            move |flat| (samples.index(flat) == 0).then_some(flat),
        ));
        hypotheses.push(Hypothesis::moved(
            BugKind::Overwritten,
            "the right gradient at the last sample, and 0 at the others",
            "every sample begins with a new tensor of zeros",
            move |flat| samples.is_last(flat).then_some(flat),
        ));
    }
    let planes = match shape.len() {
        4 => Some([2, 3]),
        2 if role == Role::Matrix => Some([0, 1]),
        _ => None,
    };
    let Some([first, second]) = planes else {
        return hypotheses;
    };
    let (rows, columns) = (Along::of(shape, first), Along::of(shape, second));
    let look = "a loop ends one step too early";
    hypotheses.extend([
        Hypothesis::moved(
            BugKind::LastMissing(Axis::Rows),
            "the right gradient with 0 in the last row",
            look,
            move |flat| (!rows.is_last(flat)).then_some(flat),
        ),
        Hypothesis::moved(
            BugKind::LastMissing(Axis::Columns),
            "the right gradient with 0 in the last column",
            look,
            move |flat| (!columns.is_last(flat)).then_some(flat),
        ),
        Hypothesis::moved(
            BugKind::LastMissing(Axis::Both),
            "the right gradient with 0 in the last row and column",
            look,
            move |flat| (!rows.is_last(flat) && !columns.is_last(flat)).then_some(flat),
        ),
    ]);
    if shape.len() == 4 {
        hypotheses.push(Hypothesis::moved(
            BugKind::BordersMissing,
            "the right gradient with 0 all along the border",
            "the loops leave out the first and the last row and column",
            move |flat| (!rows.is_border(flat) && !columns.is_border(flat)).then_some(flat),
        ));
    }
    hypotheses
}

/// One place off, with zeros coming in or in a ring.
fn shifted(role: Role, shape: &[usize]) -> Vec<Hypothesis<'static>> {
    let (rows, columns) = (Along::of(shape, 2), Along::of(shape, 3));
    let look = if role.is_kernel() {
        "a tap's index is off by one"
    } else {
        "a position is off by one: look at the padding"
    };
    let mut hypotheses = Vec::new();
    let mut add = |axis, from: Box<dyn Fn(usize) -> Option<usize>>| {
        let equals = match axis {
            Axis::Rows => "the right gradient one row off",
            Axis::Columns => "the right gradient one column off",
            Axis::Both => "the right gradient one row and one column off",
        };
        hypotheses.push(Hypothesis::moved(
            BugKind::Shifted(axis),
            equals,
            look,
            from,
        ));
    };
    for step in [Step::On, Step::Back] {
        add(Axis::Rows, Box::new(move |flat| rows.shifted(flat, step)));
        add(
            Axis::Columns,
            Box::new(move |flat| columns.shifted(flat, step)),
        );
        add(
            Axis::Both,
            Box::new(move |flat| columns.shifted(rows.shifted(flat, step)?, step)),
        );
        let ring = |along: Along| match step {
            Step::On => 1,
            Step::Back => along.extent - 1,
        };
        let (down, right) = (ring(rows), ring(columns));
        add(
            Axis::Rows,
            Box::new(move |flat| Some(rows.rolled(flat, down))),
        );
        add(
            Axis::Columns,
            Box::new(move |flat| Some(columns.rolled(flat, right))),
        );
        add(
            Axis::Both,
            Box::new(move |flat| Some(rows.rolled(columns.rolled(flat, right), down))),
        );
    }
    hypotheses
}
