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


def classification(model, shape):
    step = stepper(model, nn.CrossEntropyLoss())
    x, y = torch.rand(shape), torch.randint(0, 10, (shape[0],))
    return lambda: step(x, y)


def squares(model, shape):
    """A training step whose loss is the mean square of the output."""
    step = stepper(model, lambda y, _: y.square().mean())
    x = torch.rand(shape)
    return lambda: step(x, None)


def mlp_inference(batch):
    model = prepared(nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)).eval())
    x = torch.rand(batch, 784)

    def run():
        with torch.no_grad():
            model(x)

    return run


def lenet_relu():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def lenet_norm():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
        nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid(), nn.Linear(84, 10))


class LastStep(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network, self.output = network, nn.Linear(128, 10)

    def forward(self, x):
        return self.output(self.network(x)[0][:, -1])


def conv1d():
    return nn.Sequential(
        nn.Conv1d(16, 32, 5, 2, 2), nn.ReLU(), nn.Conv1d(32, 64, 5, 2, 2), nn.ReLU(),
        nn.Conv1d(64, 64, 5, 2, 2), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10))


def generator():
    return nn.Sequential(
        nn.ConvTranspose2d(100, 128, 4), nn.ReLU(), nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU())

        self.first, self.second, self.bottom = block(1, 16), block(16, 32), block(32, 64)
        self.pool = nn.MaxPool2d(2, 2)
        self.up_second, self.after_second = nn.ConvTranspose2d(64, 32, 2, 2), block(64, 32)
        self.up_first, self.after_first = nn.ConvTranspose2d(32, 16, 2, 2), block(32, 16)
        self.output = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        large = self.first(x)
        small = self.second(self.pool(large))
        lifted = self.after_second(torch.cat([small, self.up_second(self.bottom(self.pool(small)))], 1))
        return self.output(self.after_first(torch.cat([large, self.up_first(lifted)], 1)))


def gathering(operation):
    shape = (1024, 1024)
    x, source = torch.rand(shape), torch.rand(shape)
    indices = (torch.arange(1 << 20) * 7919 % 1024).reshape(shape)
    return lambda: operation(x, indices, source)


def huber():
    x, target = (torch.rand(1024, 1024) * 6 - 3).requires_grad_(), torch.rand(1024, 1024) * 2 - 1
    return lambda: torch.autograd.grad(nn.functional.huber_loss(x, target), x)


def layer_norm():
    norm, x = nn.LayerNorm(512), torch.rand(4096, 512)

    def run():
        with torch.no_grad():
            norm(x)

    return run


def embedding():
    tokens = torch.arange(4096) * 7919 % 10000
    table, cotangent = torch.rand(10000, 128, requires_grad=True), torch.rand(4096, 128)
    return lambda: torch.autograd.grad(nn.functional.embedding(tokens, table), table, cotangent)


def mlp_parameters():
    net = nn.Sequential(nn.Linear(784, 1024), nn.Linear(1024, 1024), nn.Linear(1024, 10))
    for parameter in net.parameters():
        parameter.grad = torch.rand_like(parameter) * 1e-3
    return list(net.parameters())


def top_k(x):
    return lambda: torch.topk(x, 10)


def clipping():
    """The gradients are kept: clip_grad_norm_ on copies."""
    parameters = mlp_parameters()
    gradients = [torch.rand_like(parameter) for parameter in parameters]

    def run():
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient.clone()
        nn.utils.clip_grad_norm_(parameters, 1)

    return run


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
for name, make in [
    ("lenet step, batch 128", lambda: classification(lenet(), (128, 1, 28, 28))),
    ("lenet relu max-pool step, batch 128", lambda: classification(lenet_relu(), (128, 1, 28, 28))),
    ("lenet batch-norm step, batch 128", lambda: classification(lenet_norm(), (128, 1, 28, 28))),
    ("lstm 32-128 step, 50 steps, batch 32",
     lambda: classification(LastStep(nn.LSTM(32, 128, batch_first=True)), (32, 50, 32))),
    ("gru 32-128 step, 50 steps, batch 32",
     lambda: classification(LastStep(nn.GRU(32, 128, batch_first=True)), (32, 50, 32))),
    ("conv1d step, stride 2, batch 32", lambda: classification(conv1d(), (32, 16, 1024))),
    ("dcgan generator step, batch 32", lambda: squares(generator(), (32, 100, 1, 1))),
    ("u-net step, batch 8", lambda: squares(UNet(), (8, 1, 64, 64))),
    ("transformer layer step, batch 16",
     lambda: squares(nn.TransformerEncoderLayer(128, 4, 512, 0, batch_first=True), (16, 64, 128))),
    ("mlp inference, batch 64", lambda: mlp_inference(64)),
    ("mlp inference, batch 4096", lambda: mlp_inference(4096)),
    ("gather, 2^20", lambda: gathering(lambda x, indices, _: torch.gather(x, 1, indices))),
    ("scatter-add, 2^20",
     lambda: gathering(lambda x, indices, source: torch.scatter_add(x, 1, indices, source))),
    ("huber loss and gradient, 2^20", huber),
    ("atan2, 2^20", lambda: elementwise(lambda a, b, _: torch.atan2(a, b), 20)),
    ("layer norm inference, 4096x512", layer_norm),
    ("embedding and gradient, 4096 of 10000x128", embedding),
    ("top-k, 10 of 1024x1024", lambda: top_k(torch.rand(1024, 1024))),
    ("randn, 2^20", lambda: lambda: torch.randn(1 << 20)),
    ("clipping by norm, gradients kept", clipping),
    ("sgd step, 784-1024-1024-10", lambda: torch.optim.SGD(mlp_parameters(), lr=1e-3).step),
    ("adam step, 784-1024-1024-10", lambda: torch.optim.Adam(mlp_parameters()).step),
]:
    workloads.append((name, False, make))

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
