"""What `benches/speed.rs` holds gradproof against: PyTorch on the same machine, in float64, as JSON."""

import itertools
import json
import sys
import time

import torch
from torch import nn
from torch.autograd import gradcheck
from torch.nn import functional

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
torch.set_num_threads(1)


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(runs, work):
    return min(seconds(work) for _ in range(runs))


network = lenet5()
names = [name for name, _ in network.named_parameters()]
weights = tuple(network.parameters())


def loss(x, labels):
    def of(*weights):
        parameters = dict(zip(names, weights))
        return functional.cross_entropy(torch.func.functional_call(network, parameters, x), labels)
    return of


def passes(images, runs):
    x = torch.rand(images, 1, 28, 28, requires_grad=True)
    labels = torch.randint(0, 10, (images,))

    def once():
        network.zero_grad()
        x.grad = None
        functional.cross_entropy(network(x), labels).backward()

    return fastest(runs, once)


def conv2d_cases(fast, least):
    """Random convolutions a second, of sizes like those of gradproof's random cases."""
    random = torch.Generator().manual_seed(1)

    def pick(low, high):
        return int(torch.randint(low, high + 1, (1,), generator=random))

    done, start = 0, time.perf_counter()
    for _ in itertools.count():
        kernel, stride, padding = pick(1, 3), pick(1, 2), pick(0, 1)
        size = pick(3, 6)
        x = torch.rand(pick(1, 2), pick(1, 3), size, size, generator=random, requires_grad=True)
        weight = torch.rand(pick(1, 3), x.shape[1], kernel, kernel, generator=random, requires_grad=True)
        bias = torch.rand(weight.shape[0], generator=random, requires_grad=True)
        gradcheck(
            lambda x, weight, bias: functional.conv2d(x, weight, bias, stride, padding),
            (x, weight, bias), fast_mode=fast,
        )
        done += 1
        elapsed = time.perf_counter() - start
        if elapsed > least:
            return done / elapsed


image, label = torch.rand(1, 1, 28, 28), torch.randint(0, 10, (1,))
of = loss(image, label)
found = {
    "version": torch.__version__,
    "one_image": passes(1, 300),
    "images_64": passes(64, 40),
    "fast_first": seconds(lambda: gradcheck(of, weights, fast_mode=True)),
    "fast_warm": fastest(5, lambda: gradcheck(of, weights, fast_mode=True)),
    "exhaustive": seconds(lambda: gradcheck(of, weights)) if "--exhaustive" in sys.argv else None,
    "conv2d_exhaustive": conv2d_cases(False, 3.0),
    "conv2d_fast": conv2d_cases(True, 2.0),
}
print(json.dumps(found))
