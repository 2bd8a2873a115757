"""Writes Tests/NNTests/Fixtures/lenet.safetensors: what PyTorch makes of one batch of LeNet.

    pip install torch==2.13.0 numpy safetensors
    python Tests/Reference/lenet.py

The model is that of Dive into Deep Learning, chapter 7.6, with the names that its state_dict has.
The file holds the weights under these names, `images` [16, 1, 28, 28] (bytes / 255), `labels`,
`logits`, `loss` and, under `grad.` and a weight's name, the gradient of the loss.

The committed file was made with torch 2.13.0+cpu, numpy 2 and safetensors 0.8.0. The seed is fixed;
another version or processor may differ in the last bits, far below the tolerance of the test.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

SEED = 76
OUTPUT = pathlib.Path(__file__).parent.parent / "NNTests" / "Fixtures" / "lenet.safetensors"


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(),
            nn.Linear(400, 120), nn.Sigmoid(),
            nn.Linear(120, 84), nn.Sigmoid(),
            nn.Linear(84, 10))

    def forward(self, x):
        return self.net(x)


def main():
    torch.manual_seed(SEED)
    model = LeNet()
    for layer in model.net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    images = torch.randint(0, 256, (16, 1, 28, 28)).float() / 255
    labels = torch.randint(0, 10, (16,))
    logits = model(images)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()

    tensors = {name: value.detach() for name, value in model.state_dict().items()}
    tensors |= {"grad." + name: value.grad for name, value in model.named_parameters()}
    tensors |= {"images": images, "labels": labels, "logits": logits.detach(), "loss": loss.detach()}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, OUTPUT)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes, loss {loss.item():.6f}")


if __name__ == "__main__":
    main()
