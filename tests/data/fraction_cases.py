"""Writes fraction_cases.json: `python fraction_cases.py > fraction_cases.json`, with Python 3.11 and nothing else.

Operators that pytorch.json lacks, by their definitions in PyTorch's documentation, in exact fractions. All of them
are linear in each of their inputs, so that a derivative is what the operator makes of a unit vector: no backward
pass is written here. Numbers are rounded once, when they are written.
"""

import json
import math
import random
from fractions import Fraction
from itertools import product

random.seed(1)


def indices(shape):
    return product(*(range(extent) for extent in shape))


def drawn(shape):
    """Multiples of 1/8 within 3, none of which is 0."""
    return {i: Fraction(random.choice([-1, 1]) * random.randint(1, 24), 8) for i in indices(shape)}


def array(shape, values):
    return {"shape": list(shape), "data": [float(values[i]) for i in indices(shape)]}


def conv1d(attrs, shapes, given):
    (batch, channels, length), (outputs, group_in, kernel) = shapes["x"], shapes["weight"]
    stride, padding, dilation, groups = (attrs[a] for a in ("stride", "padding", "dilation", "groups"))
    positions = (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    y = {}
    for n, o, i in indices((batch, outputs, positions)):
        total = given["bias"][(o,)] if "bias" in given else Fraction(0)
        group = o // (outputs // groups)
        for c, u in indices((group_in, kernel)):
            at = stride * i + dilation * u - padding
            total += given["weight"][o, c, u] * given["x"].get((n, group * group_in + c, at), 0)
        y[n, o, i] = total
    return (batch, outputs, positions), y


def zero_pad2d(attrs, shapes, given):
    batch, channels, rows, columns = shapes["x"]
    left, right, top, bottom = attrs["padding"]
    shape = (batch, channels, rows + top + bottom, columns + left + right)
    y = {(n, c, i, j): given["x"].get((n, c, i - top, j - left), Fraction(0)) for n, c, i, j in indices(shape)}
    return shape, y


def mixture(attrs, axis, inputs, outputs, at):
    """The inputs that an output is made from, with their weights."""
    given = attrs.get("scale_factor")
    if given is None or attrs.get("recompute_scale_factor"):
        step = Fraction(inputs, outputs)
    else:
        step = 1 / Fraction(str(given[axis]))
    if attrs["mode"] == "nearest":
        # PyTorch copies where the size stays the same.
        return {at if inputs == outputs else min(math.floor(at * step), inputs - 1): Fraction(1)}
    if attrs.get("align_corners"):
        place = Fraction(inputs - 1, outputs - 1) * at if outputs > 1 else Fraction(0)
    elif inputs == outputs:
        place = Fraction(at)
    else:
        place = max((at + Fraction(1, 2)) * step - Fraction(1, 2), 0)
    lower = min(math.floor(place), inputs - 1)
    upper = min(lower + 1, inputs - 1)
    parts = {lower: Fraction(0)}
    parts[upper] = min(place - lower, 1)
    parts[lower] += 1 - min(place - lower, 1)
    return parts


def upsample(attrs, shapes, given):
    batch, channels, rows, columns = shapes["x"]
    if "size" in attrs:
        size = attrs["size"]
    else:
        size = [math.floor(n * Fraction(str(s))) for n, s in zip((rows, columns), attrs["scale_factor"])]
    down = [mixture(attrs, 0, rows, size[0], i) for i in range(size[0])]
    across = [mixture(attrs, 1, columns, size[1], j) for j in range(size[1])]
    shape = (batch, channels, *size)
    y = {
        (n, c, i, j): sum(a * b * given["x"][n, c, r, q] for r, a in down[i].items() for q, b in across[j].items())
        for n, c, i, j in indices(shape)
    }
    return shape, y


OPERATORS = {"conv1d": conv1d, "zero_pad2d": zero_pad2d, "upsample": upsample}


def case(op, attrs, shapes):
    operator = OPERATORS[op]
    given = {name: drawn(shape) for name, shape in shapes.items()}
    shape, y = operator(attrs, shapes, given)
    cotangent = drawn(shape)
    gradients = {}
    for name in shapes:
        # The bias takes part in no product.
        others = {other: values for other, values in given.items() if other in (name, "x", "weight")}
        gradient = {}
        for at in given[name]:
            unit = {i: Fraction(i == at) for i in given[name]}
            zero = {i: Fraction(0) for i in given["x"]} if name == "bias" else None
            changed = {**others, name: unit}
            if zero:
                changed["x"] = zero
            _, response = operator(attrs, shapes, changed)
            gradient[at] = sum(cotangent[i] * response[i] for i in cotangent)
        gradients[name] = array(shapes[name], gradient)
    return {
        "op": op,
        "attrs": attrs,
        "inputs": {name: array(shapes[name], given[name]) for name in sorted(shapes)},
        "output": array(shape, y),
        "cotangent": array(shape, cotangent),
        "gradients": gradients,
    }


def conv(x, out_channels, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True):
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    shapes = {"x": x, "weight": (out_channels, x[1] // groups, kernel)}
    if bias:
        shapes["bias"] = (out_channels,)
    return case("conv1d", attrs, shapes)


def pad(x, padding):
    return case("zero_pad2d", {"padding": padding}, {"x": x})


def resize(x, mode, **attrs):
    return case("upsample", {"mode": mode, **attrs}, {"x": x})


cases = [
    conv((2, 2, 7), 3, 3),
    conv((2, 2, 8), 3, 3, stride=2, padding=1),
    conv((3, 2, 9), 2, 2, dilation=3, bias=False),
    conv((2, 4, 6), 4, 3, padding=2, groups=2),
    conv((2, 3, 7), 6, 3, stride=3, padding=2, dilation=2, groups=3),
    conv((1, 1, 1), 1, 1),
    conv((2, 3, 5), 2, 1, stride=2),
    conv((2, 4, 9), 4, 4, stride=2, padding=3, dilation=2, groups=4, bias=False),
    pad((2, 2, 3, 4), [1, 2, 3, 0]),
    pad((2, 3, 4, 2), [0, 1, 2, 2]),
    pad((2, 2, 4, 5), [-1, 2, 1, -2]),
    pad((1, 2, 5, 4), [-2, -1, -1, -3]),
    pad((3, 1, 1, 1), [2, 2, 2, 2]),
    pad((2, 1, 3, 2), [0, 0, 0, 0]),
    resize((2, 2, 3, 4), "nearest", scale_factor=[2, 2]),
    resize((2, 2, 4, 3), "nearest", scale_factor=[1.5, 3]),
    resize((2, 1, 5, 4), "nearest", size=[7, 3]),
    resize((1, 2, 4, 5), "nearest", scale_factor=[2.3, 0.6]),
    resize((2, 1, 5, 3), "nearest", scale_factor=[1.7, 1.25], recompute_scale_factor=True),
    resize((1, 1, 5, 4), "nearest", scale_factor=[1.1, 0.5]),
    resize((2, 2, 3, 2), "bilinear", scale_factor=[2, 2]),
    resize((2, 2, 4, 3), "bilinear", scale_factor=[1.5, 3]),
    resize((2, 1, 5, 4), "bilinear", size=[7, 3]),
    resize((1, 2, 4, 5), "bilinear", scale_factor=[2.3, 0.6]),
    resize((2, 1, 5, 3), "bilinear", scale_factor=[1.7, 1.25], recompute_scale_factor=True),
    resize((1, 1, 5, 4), "bilinear", scale_factor=[1.1, 0.5]),
    resize((2, 2, 3, 2), "bilinear", scale_factor=[2, 3], align_corners=True),
    resize((2, 1, 4, 5), "bilinear", size=[6, 3], align_corners=True),
    resize((1, 2, 3, 4), "bilinear", size=[1, 1], align_corners=True),
    resize((1, 2, 3, 4), "bilinear", size=[1, 1]),
    resize((2, 2, 1, 3), "bilinear", size=[4, 5], align_corners=True),
]
file = {
    "source": "fraction_cases.py, exact, rounded to float64",
    "layout": "row-major; images NCHW; conv1d weight OIW; loss = sum(cotangent*output)",
    "cases": cases,
}
print(json.dumps(file, separators=(",", ":")))
