"""The workloads of Benchmarks in PyTorch, with its best ordinary settings: tensors in memory, no
DataLoader, no_grad for inference. Prints one JSON object a line, as Benchmarks does.

    python pytorch.py [--threads N] [--seconds S] [--filter TEXT] [--only NAME]... [--quick] [--compile]
"""

import argparse
import json
import resource
import sys
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=1)
parser.add_argument("--filter", default="", help="a text that the workloads' names hold")
parser.add_argument("--only", action="append", help="the name of a workload; may be given again")
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

    def run(images=images):
        for start in range(0, images, batch):
            end = min(start + batch, images)
            step(x[start:end], y[start:end])

    run(min(images, batch + images % batch))
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


class Block(nn.Module):
    def __init__(self, inputs, outputs, halves=False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, 2 if halves else 1, 1), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 1, 2) if halves else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet18():
    batch = 2 if arguments.quick else 64
    net = nn.Sequential(
        nn.Conv2d(1, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        Block(64, 64), Block(64, 64), Block(64, 128, True), Block(128, 128),
        Block(128, 256, True), Block(256, 256), Block(256, 512, True), Block(512, 512),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    step = stepper(net, nn.CrossEntropyLoss(), 0.01)
    x, y = torch.rand(batch, 1, 96, 96), torch.randint(0, 10, (batch,))
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


def forget_peak_memory():
    """Lets the peak start from the memory in use now, where the system can do that."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak_memory():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


def measurements(run, wanted):
    """Seconds per run, sorted: measurements of about 10 ms or more until the time is used. A long
    workload is run once or twice; no time at all runs any workload once."""
    found, repeats, total = [], 1, 0
    while not found or total < wanted or (len(found) < 2 and total < 3 * wanted):
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        duration = time.perf_counter() - start
        total += duration
        if duration < 0.005 and wanted > 0:  # too short to be timed
            repeats = max(2 * repeats, int(0.01 / duration * repeats))
        else:
            found.append(duration / repeats)
    return sorted(found)


# (name, whether making the run warms it up, what makes the run)
workloads = [(f"lenet epoch, batch {b}", True, lambda b=b: epoch(b)) for b in (128, 32, 1024)]
workloads += [(f"lenet inference, batch {b}", False, lambda b=b: inference(b)) for b in (1, 1000)]
workloads += [
    ("mlp 784-256-10 step, batch 256", False, mlp),
    ("tiny mlp step, batch 32", False, tiny_mlp),
    ("scalar chain, 100000 multiplications", False, scalar_chain),
]
sizes = [(n, n, n) for n in (64, 128, 256, 512, 1024, 2048)]
for size in sizes + [(128, 400, 120), (6, 25, 784), (16, 150, 100)]:
    workloads.append((
        f"matmul {size[0]}x{size[1]}x{size[2]}", False, lambda size=size: matmul(*size)))
for shape in [(64, 64, 3, 1, 56), (128, 128, 3, 1, 28), (256, 256, 3, 1, 14), (256, 64, 1, 1, 56),
              (3, 64, 7, 2, 224)]:
    workloads.append((
        f"conv {shape[2]}x{shape[2]}/{shape[3]} {shape[0]}->{shape[1]} at {shape[4]}, batch 32", False,
        lambda shape=shape: convolution(*shape)))
workloads.append(("resnet-18 step, batch 64", False, resnet18))
for name, operation in [
    ("sigmoid", lambda x, _, __: torch.sigmoid(x)), ("exp", lambda x, _, __: torch.exp(x)),
    ("tanh", lambda x, _, __: torch.tanh(x)), ("gelu", lambda x, _, __: nn.functional.gelu(x)),
    ("a*b+c", lambda a, b, c: a * b + c), ("softmax", lambda x, _, __: torch.softmax(x, -1)),
    ("sum", lambda x, _, __: x.sum()),
]:
    for exponent in (10, 16, 22):
        workloads.append((
            f"{name}, 2^{exponent}", False,
            lambda operation=operation, exponent=exponent: elementwise(operation, exponent)))

for name, warms_up_itself, make in workloads:
    if arguments.filter not in name or (arguments.only and name not in arguments.only):
        continue
    forget_peak_memory()
    try:
        run = make()
        if not warms_up_itself:
            run()
    except Exception as error:
        if not arguments.compile:
            raise
        print(f"torch.compile fails on {name}: {str(error).splitlines()[0]}", file=sys.stderr)
        continue
    seconds = measurements(run, 0 if arguments.quick else arguments.seconds)
    print(json.dumps({
        "workload": name, "threads": arguments.threads, "median_seconds": seconds[len(seconds) // 2],
        "min_seconds": seconds[0], "runs": len(seconds), "peak_rss_mb": peak_memory(),
    }), flush=True)
