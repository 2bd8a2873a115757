"""The LeNetExample program in PyTorch: ten epochs on images in memory, start to finish.

    python lenet.py [FOLDER with the files of Fashion-MNIST; without it, random images]
"""

import gzip
import os
import sys

import numpy
import torch
from torch import nn

torch.manual_seed(0)


def read(name, header):
    with gzip.open(os.path.join(sys.argv[1], name + ".gz")) as file:
        return torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=header).copy())


def load(name, count):
    if len(sys.argv) < 2:
        return torch.rand(count, 1, 28, 28), torch.randint(0, 10, (count,))
    images = read(f"{name}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    return images.float() / 255, read(f"{name}-labels-idx1-ubyte", 8).long()


x, y = load("train", 60000)
validation_x, validation_y = load("t10k", 10000)
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
    nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
for layer in model:
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(layer.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = nn.CrossEntropyLoss()
for epoch in range(1, 11):
    total = 0.0
    for chosen in torch.randperm(len(x)).split(128):
        optimizer.zero_grad(set_to_none=True)
        value = loss(model(x[chosen]), y[chosen])
        value.backward()
        optimizer.step()
        total += value.item() * len(chosen)
    with torch.no_grad():
        correct = sum(
            (model(images).argmax(1) == labels).sum().item()
            for images, labels in zip(validation_x.split(128), validation_y.split(128)))
    print(f"{epoch},{total / len(x):.4f},{correct / len(validation_x):.4f}", flush=True)
