"""LeNet in eager PyTorch on a GPU, data on the card: three epochs, and the products that GPUCheck times.

    python3 lenet.py [FOLDER with Fashion-MNIST's IDX files, unpacked; without it, random images]
"""

import sys
import time

import torch
from torch import nn


def read(name, header):
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)


if len(sys.argv) > 1:
    x = read("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).float() / 255
    y = read("train-labels-idx1-ubyte", 8).long()
else:
    x, y = torch.rand(60000, 1, 28, 28), torch.randint(0, 10, (60000,))
torch.manual_seed(0)
x, y = x.cuda(), y.cuda()
print(f"- {torch.__version__} on {torch.cuda.get_device_name()}")
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
    nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10)).cuda()
for layer in model:
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(layer.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = nn.CrossEntropyLoss()
for epoch in range(1, 4):
    torch.cuda.synchronize()
    start = time.perf_counter()
    total = torch.zeros((), device="cuda")
    for chosen in torch.randperm(len(x), device="cuda").split(128):
        optimizer.zero_grad(set_to_none=True)
        value = loss(model(x[chosen]), y[chosen])
        value.backward()
        optimizer.step()
        total += value.detach() * len(chosen)
    mean = total.item() / len(x)
    print(f"- epoch {epoch}: loss {mean:.4f}, {time.perf_counter() - start:.3f} s", flush=True)

torch.backends.cuda.matmul.allow_tf32 = False
for size in [256, 512, 1024, 2048, 4096, 8192]:
    a = torch.ones(size, size, device="cuda")
    runs = max(1, min(200, (1 << 36) // size**3))
    for repeat in range(2):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(runs):
            b = a @ a
        torch.cuda.synchronize()
        seconds = (time.perf_counter() - start) / runs
    print(f"- product {size}: {seconds * 1e6:.1f} µs, {2 * size**3 / seconds / 1e12:.1f} TFLOP/s")
