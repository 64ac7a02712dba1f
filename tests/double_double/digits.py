"""Writes digits.txt: `python digits.py > digits.txt`, with mpmath 1.4.1.

A line holds a function, its argument as the sum of two float64, and its value with 40 digits and
as the nearest sum of two float64.
"""

import random

from mpmath import erf, exp, log, mp, mpf, nstr, sqrt, tanh

mp.prec = 2400
random.seed(1)


def parts(value):
    hi = float(value)
    return hi, float(value - mpf(hi))


def emit(name, function, x):
    hi, lo = parts(mpf(x))
    y = function(mpf(hi) + mpf(lo))
    y_hi, y_lo = parts(y)
    # Below this the low part is not a full float64, and 1e-29 cannot be asked for.
    if 1e-280 < abs(y_hi) < 1e308:
        print(name, repr(hi), repr(lo), nstr(y, 40, min_fixed=1, max_fixed=0), repr(y_hi), repr(y_lo))


def spread(low, high, count):
    """Random arguments of both signs, log-uniform in size, with all bits of both parts."""
    for _ in range(count):
        size = mpf(10) ** (mpf(random.uniform(low, high))) * (1 + mpf(random.getrandbits(120)) / 2**123)
        yield random.choice([-1, 1]) * size


points = {
    "exp": [1, -1, 0.5, "1e-300", "1e-20", "-1e-20", "1e-33", "1e-5", "0.34657", "0.34658", 10, -10, 100, -100, 700, -640, 709.5]
    + list(spread(-40, 2.8, 60)),
    "ln": ["2", "0.5", "10", "1e300", "1e-300", "1e-320", "0.1", "0.9", "1.1", "0.7071", "0.7072", "1.4142", "1.4143"]
    + [1 + x for x in spread(-31, -1, 60)]
    + [abs(x) for x in spread(-300, 300, 30)],
    "sqrt": ["2", "3", "0.1", "1e300", "1e-300", "1e-200", "1e-199", "4", "1e-320"]
    + [abs(x) for x in spread(-300, 300, 40)],
    "tanh": ["1e-300", "1e-20", "1e-33", "1e-5", "0.01", "0.1", "0.1699", "0.17", "0.1701", 0.5, 1, 2, 5, 10, 18, 20, 40, 100, 300]
    + list(spread(-40, 2, 60)),
    "erf": ["1e-300", "1e-20", "1e-5", 0.01, 0.1, 0.5, 1, 1.5, 2, 2.5, 2.99, 2.9999999, 3, 3.0001, 4, 5, 6, 7, 8, 10, 20, 26]
    + list(spread(-20, 1, 60)),
}
functions = {"exp": exp, "ln": log, "sqrt": sqrt, "tanh": tanh, "erf": erf}
for name, arguments in points.items():
    for x in arguments:
        emit(name, functions[name], mpf(x))
