"""Convolutions, pools, norms, losses, attention."""

import torch
import torch.nn.functional as F


def add(cases):
    convolutions(cases)


def convolutions(cases):
    cases.add("conv2d", F.conv2d, {
        "input": cases.normal(2, 3, 5, 6), "weight": cases.normal(4, 3, 3, 2),
        "bias": cases.normal(4)}, attributes={"stride": [1, 2], "padding": [1, 0]})
    cases.add("conv2d", F.conv2d, {
        "input": cases.normal(1, 2, 5, 5), "weight": cases.normal(2, 1, 2, 2)},
        attributes={"groups": 2, "dilation": 2}, dtype=torch.float32)
