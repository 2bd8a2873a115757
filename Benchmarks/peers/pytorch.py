"""The workloads of Benchmarks in PyTorch, with its best ordinary settings: tensors in memory, no
DataLoader, no_grad for inference. Prints one JSON object a line, as Benchmarks does.

    python pytorch.py [--threads N] [--runs N] [--filter TEXT] [--quick] [--compile]
"""

import argparse
import json
import resource
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--runs", type=int, default=7)
parser.add_argument("--filter", default="")
parser.add_argument("--quick", action="store_true")
parser.add_argument("--compile", action="store_true", help="torch.compile the models")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(0)


def prepared(model):
    return torch.compile(model) if arguments.compile else model


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))


def stepper(model, loss, learning_rate=0.1):
    compiled = prepared(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)

    def step(inputs, targets):
        optimizer.zero_grad(set_to_none=True)
        loss(compiled(inputs), targets).backward()
        optimizer.step()

    return step


def epoch(batch):
    images = 1280 if arguments.quick else 60000
    x, y = torch.rand(images, 1, 28, 28), torch.randint(0, 10, (images,))
    step = stepper(lenet(), nn.CrossEntropyLoss())

    def run():
        for start in range(0, images, batch):
            step(x[start:start + batch], y[start:start + batch])

    return run


def inference(batch):
    model = prepared(lenet().eval())
    x = torch.rand(batch, 1, 28, 28)

    def run():
        with torch.no_grad():
            model(x)

    return run


def mlp():
    step = stepper(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)),
        nn.CrossEntropyLoss())
    x, y = torch.rand(256, 1, 28, 28), torch.randint(0, 10, (256,))
    return lambda: step(x, y)


def tiny_mlp():
    step = stepper(
        nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)),
        nn.MSELoss(), 0.01)
    x, y = torch.rand(32, 2), torch.rand(32, 1)
    return lambda: step(x, y)


def scalar_chain():
    def run():
        x = torch.tensor(1.000001, requires_grad=True)
        y = x
        for _ in range(1000 if arguments.quick else 100000):
            y = y * x
        y.backward()

    return run


def matmul(rows, depth, columns):
    a, b = torch.rand(rows, depth), torch.rand(depth, columns)
    return lambda: a @ b


def convolution(inputs, outputs, kernel, stride, size):
    batch = 2 if arguments.quick else 32
    x = torch.rand(batch, inputs, size, size, requires_grad=True)
    weight = torch.rand(outputs, inputs, kernel, kernel, requires_grad=True)

    def run():
        y = nn.functional.conv2d(x, weight, stride=stride, padding=kernel // 2)
        torch.autograd.grad(y, [x, weight], y.detach())

    return run


def elementwise(operation, exponent):
    shape = (1 << (exponent - 8), 1 << 8)
    a, b, c = torch.rand(shape), torch.rand(shape), torch.rand(shape)
    return lambda: operation(a, b, c)


workloads = [(f"lenet epoch, batch {b}", 1, lambda b=b: epoch(b)) for b in (128, 32, 1024)]
workloads += [
    (f"lenet inference, batch {b}", repeats, lambda b=b: inference(b))
    for b, repeats in ((1, 200), (1000, 3))
]
workloads += [
    ("mlp 784-256-10 step, batch 256", 20, mlp),
    ("tiny mlp step, batch 32", 200, tiny_mlp),
    ("scalar chain, 100000 multiplications", 1, scalar_chain),
]
sizes = [(n, n, n) for n in (64, 128, 256, 512, 1024, 2048)]
for size in sizes + [(128, 400, 120), (6, 25, 784), (16, 150, 100)]:
    work = size[0] * size[1] * size[2]
    workloads.append((
        f"matmul {size[0]}x{size[1]}x{size[2]}", max(1, min(500, (1 << 28) // work)),
        lambda size=size: matmul(*size)))
for shape in [(64, 64, 3, 1, 56), (128, 128, 3, 1, 28), (256, 256, 3, 1, 14), (256, 64, 1, 1, 56),
              (3, 64, 7, 2, 224)]:
    workloads.append((
        f"conv {shape[2]}x{shape[2]}/{shape[3]} {shape[0]}->{shape[1]} at {shape[4]}, batch 32", 1,
        lambda shape=shape: convolution(*shape)))
for name, operation in [
    ("sigmoid", lambda x, _, __: torch.sigmoid(x)), ("exp", lambda x, _, __: torch.exp(x)),
    ("tanh", lambda x, _, __: torch.tanh(x)), ("a*b+c", lambda a, b, c: a * b + c),
    ("softmax", lambda x, _, __: torch.softmax(x, -1)), ("sum", lambda x, _, __: x.sum()),
]:
    for exponent, repeats in ((10, 1000), (16, 100), (22, 3)):
        workloads.append((
            f"{name}, 2^{exponent}", repeats,
            lambda operation=operation, exponent=exponent: elementwise(operation, exponent)))

for name, repeats, make in workloads:
    if arguments.filter not in name:
        continue
    run = make()
    if arguments.quick:
        repeats = 1
    run()
    seconds = []
    total = 0
    while len(seconds) < (1 if arguments.quick else arguments.runs) and (len(seconds) < 2 or total < 6):
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        duration = time.perf_counter() - start
        total += duration
        seconds.append(duration / repeats)
    seconds.sort()
    print(json.dumps({
        "workload": name, "threads": arguments.threads, "median_seconds": seconds[len(seconds) // 2],
        "min_seconds": seconds[0], "runs": len(seconds),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }), flush=True)
