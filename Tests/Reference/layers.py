"""Writes Tests/NNTests/Fixtures/layers-*.safetensors: what PyTorch makes of single layers.

    pip install torch==2.13.0 numpy safetensors
    python Tests/Reference/layers.py              # all families
    python Tests/Reference/layers.py recurrent    # one of them

A file holds the cases of a family. The tensors of a case `name` are, all in float64 but for integers
and masks:

    name/state/PATH       the state_dict, in its order, as name/state/NUMBER/PATH
    name/input/0, ...     the arguments
    name/output/0, ...    the results
    name/cotangent/0, ... the gradients that flow into them
    name/grad/input/0     the gradients of the floating-point arguments
    name/grad/state/PATH  the gradients of the parameters that were reached

A layer without dropout gives the same in training and evaluation mode, which is checked here; one with
dropout is taken in evaluation mode. Weights and inputs are random; the seed of a case is that of its
name. The committed files were made with torch 2.13.0+cpu, numpy 2 and safetensors 0.8.0.
"""

import sys

import torch
from torch import nn

from family import Family


class Hardsigmoid(nn.Module):
    """nn.Hardsigmoid by its definition; its own gradient in float64 has 1/6 rounded to float32."""

    def forward(self, x):
        return nn.functional.hardtanh(x + 3, 0, 6) / 6


def activations(family):
    # Both sides, both bounds and beyond the thresholds of every activation.
    x = torch.tensor([[-30.0, -3.0, -2.5, -1.0, -0.3], [0.0, 0.2, 1.0, 2.9, 3.0],
                      [5.5, 6.0, 7.0, 21.0, -0.01]])
    for name, make in {
        "Sigmoid": nn.Sigmoid, "LogSigmoid": nn.LogSigmoid, "Tanh": nn.Tanh,
        "Softsign": nn.Softsign, "Softplus": nn.Softplus,
        "Softplus-2-3": lambda: nn.Softplus(2, 3), "GELU": nn.GELU,
        "GELU-tanh": lambda: nn.GELU("tanh"), "SiLU": nn.SiLU, "Mish": nn.Mish, "ReLU": nn.ReLU,
        "ReLU6": nn.ReLU6, "LeakyReLU": nn.LeakyReLU, "LeakyReLU-0.3": lambda: nn.LeakyReLU(0.3),
        "ELU": nn.ELU, "ELU-0.5": lambda: nn.ELU(0.5), "CELU": nn.CELU,
        "CELU-0.5": lambda: nn.CELU(0.5), "SELU": nn.SELU, "Hardtanh": nn.Hardtanh,
        "Hardtanh-2-3": lambda: nn.Hardtanh(-2, 3), "Hardsigmoid": Hardsigmoid,
        "Hardswish": nn.Hardswish, "Softmax-0": lambda: nn.Softmax(0),
        "LogSoftmax--1": lambda: nn.LogSoftmax(-1), "PReLU": nn.PReLU,
    }.items():
        family.add(name, make, x)
    family.add("PReLU-3", lambda: nn.PReLU(3), (2, 3, 2, 2))


def small(family):
    family.add("Embedding", lambda: nn.Embedding(5, 3), torch.tensor([[0, 4, 2], [2, 2, 1]]))
    family.add("Embedding-frequency", lambda: nn.Embedding(4, 2, scale_grad_by_freq=True),
               torch.tensor([[3, 0, 3], [1, 3, 0]]))
    family.add("Embedding-padding", lambda: nn.Embedding(4, 2, padding_idx=-1),
               torch.tensor([3, 0, 3, 1]))
    family.add("Bilinear", lambda: nn.Bilinear(3, 4, 2), (2, 5, 3), (2, 5, 4))
    family.add("Bilinear-plain", lambda: nn.Bilinear(2, 1, 3, bias=False), (2,), (1,))
    family.add("Unflatten", lambda: nn.Unflatten(1, (2, 3)), (2, 6, 2))
    family.add("Flatten", lambda: nn.Flatten(1, 2), (2, 3, 2, 2))


class Rotary(nn.Module):
    """Rotary positions by complex numbers, as in Llama's published code (pairs of neighbours)."""

    def __init__(self, is_halves, offset=0):
        super().__init__()
        self.is_halves, self.offset = is_halves, offset

    def forward(self, x):
        steps, size = x.shape[-2:]
        rates = 1 / 10000 ** (torch.arange(0, size, 2, dtype=torch.float64) / size)
        positions = torch.arange(self.offset, self.offset + steps, dtype=torch.float64)
        turns = torch.polar(torch.ones(steps, size // 2, dtype=torch.float64),
                            torch.outer(positions, rates))
        if self.is_halves:
            x = x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
        y = torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turns).flatten(-2)
        return y.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2) if self.is_halves else y


class PositionalEncoding(nn.Module):
    """Dive into Deep Learning, chapter 11.6."""

    def forward(self, x):
        size = x.shape[-1]
        angles = torch.arange(1000, dtype=torch.float64).reshape(-1, 1) / torch.pow(
            10000, torch.arange(0, size, 2, dtype=torch.float64) / size)
        table = torch.zeros(1000, size, dtype=torch.float64)
        table[:, 0::2] = torch.sin(angles)
        table[:, 1::2] = torch.cos(angles[:, : size // 2])
        return x + table[: x.shape[-2]]


def positions(family):
    family.add("RotaryEmbedding-neighbours", lambda: Rotary(False), (2, 5, 6))
    family.add("RotaryEmbedding-halves", lambda: Rotary(True), (2, 3, 4, 8))
    family.add("RotaryEmbedding-offset", lambda: Rotary(True, 7), (3, 4))
    family.add("PositionalEncoding", PositionalEncoding, (2, 7, 6))
    family.add("PositionalEncoding-odd", PositionalEncoding, (4, 5))


def recurrent(family):
    for name, make in {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}.items():
        def with_states(module, x, *states):
            return module(x, tuple(states) if len(states) == 2 else states[0])

        def states(*shape):
            return [shape] * (2 if name == "LSTM" else 1)

        family.add(f"{name}", lambda: make(3, 4), (5, 2, 3))
        family.add(f"{name}-unbatched", lambda: make(3, 2), (4, 3))
        family.add(f"{name}-one-step", lambda: make(2, 3, bias=False), (1, 2, 2))
        family.add(f"{name}-states", lambda: make(3, 2, num_layers=2, bidirectional=True,
                                                  batch_first=True),
                   (2, 4, 3), *states(4, 2, 2), call=with_states)
        family.add(f"{name}-unbatched-states", lambda: make(2, 3, bidirectional=True),
                   (3, 2), *states(2, 3), call=with_states)
        family.add(f"{name}-dropout", lambda: make(2, 3, num_layers=3, dropout=0.5), (3, 2, 2))
    family.add("LSTM-projected", lambda: nn.LSTM(3, 4, proj_size=2), (5, 2, 3))
    family.add("LSTM-projected-states", lambda: nn.LSTM(
        2, 5, num_layers=2, bidirectional=True, batch_first=True, proj_size=3),
        (2, 3, 2), (4, 2, 3), (4, 2, 5), call=lambda module, x, *states: module(x, states))
    family.add("RNN-relu", lambda: nn.RNN(3, 4, nonlinearity="relu"), (5, 2, 3))
    for name, make in {"RNNCell": nn.RNNCell, "LSTMCell": nn.LSTMCell, "GRUCell": nn.GRUCell}.items():
        family.add(name, lambda: make(3, 4), (2, 3))
        family.add(f"{name}-states", lambda: make(3, 2, bias=False), (2, 3),
                   *[(2, 2)] * (2 if name == "LSTMCell" else 1),
                   call=lambda module, x, *states: module(
                       x, tuple(states) if len(states) == 2 else states[0]))
        family.add(f"{name}-unbatched", lambda: make(3, 2), (3,))


def masks():
    causal = torch.ones(3, 3).triu(1).bool()
    padding = torch.tensor([[False, False, True], [False, False, False]])
    return causal, padding


def attention(family):
    causal, padding = masks()
    make = nn.MultiheadAttention
    family.add("MHA", lambda: make(6, 2), (3, 2, 6), (4, 2, 6), (4, 2, 6))
    family.add("MHA-self", lambda: make(6, 3, batch_first=True), (2, 3, 6),
               call=lambda module, x: module(x, x, x, average_attn_weights=False))
    family.add("MHA-sizes", lambda: make(4, 2, kdim=3, vdim=5, batch_first=True),
               (2, 3, 4), (2, 2, 3), (2, 2, 5))
    family.add("MHA-plain", lambda: make(4, 1, bias=False), (3, 4), (2, 4), (2, 4))
    family.add("MHA-masks", lambda: make(4, 2, batch_first=True), (2, 3, 4), padding, causal,
               call=lambda module, x, padding, mask: module(
                   x, x, x, key_padding_mask=padding, attn_mask=mask))
    family.add("MHA-added", lambda: make(4, 2), (3, 2, 4), (4, 3, 3),
               call=lambda module, x, mask: module(x, x, x, attn_mask=mask, need_weights=False)[0])
    family.add("MHA-causal", lambda: make(4, 2, dropout=0.4), (3, 2, 4), causal,
               call=lambda module, x, mask: module(x, x, x, attn_mask=mask, is_causal=True))


def transformers(family):
    causal, padding = masks()
    options = {"dim_feedforward": 5, "dropout": 0.0}

    def masked(module, x, mask, padding):
        return module(x, mask, padding)

    for norm_first in [False, True]:
        suffix = "-norm-first" if norm_first else ""
        family.add(f"EncoderLayer{suffix}", lambda: nn.TransformerEncoderLayer(
            4, 2, norm_first=norm_first, **options), (3, 2, 4))
        family.add(f"DecoderLayer{suffix}", lambda: nn.TransformerDecoderLayer(
            4, 2, norm_first=norm_first, **options), (3, 2, 4), (2, 2, 4))
    family.add("EncoderLayer-masks", lambda: nn.TransformerEncoderLayer(
        4, 2, batch_first=True, activation="gelu", **options), (2, 3, 4), causal, padding,
        call=masked)
    family.add("EncoderLayer-plain", lambda: nn.TransformerEncoderLayer(
        4, 1, 3, bias=False, layer_norm_eps=0.1, dropout=0.3), (3, 4))
    family.add("DecoderLayer-masks", lambda: nn.TransformerDecoderLayer(
        4, 2, batch_first=True, activation="gelu", **options),
        (2, 3, 4), (2, 3, 4), causal, padding,
        call=lambda module, x, memory, mask, padding: module(
            x, memory, mask, tgt_key_padding_mask=padding, memory_key_padding_mask=padding))
    family.add("Encoder", lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, batch_first=True, **options), 2, nn.LayerNorm(4)),
        (2, 3, 4), causal, padding, call=masked)
    family.add("Transformer", lambda: nn.Transformer(
        4, 2, 1, 2, batch_first=True, **options), (2, 2, 4), (2, 3, 4), causal,
        call=lambda module, source, target, mask: module(source, target, tgt_mask=mask))


def pooling(family):
    for name, make, shape in [
        ("AvgPool1d", lambda: nn.AvgPool1d(3, 2, 1, ceil_mode=True), (2, 3, 8)),
        ("AvgPool2d", lambda: nn.AvgPool2d(2), (2, 3, 5, 6)),
        ("AvgPool2d-ceil", lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True), (1, 2, 6, 8)),
        ("AvgPool2d-uncounted", lambda: nn.AvgPool2d((3, 2), (2, 1), (1, 0), count_include_pad=False),
         (2, 2, 7, 5)),
        ("AvgPool2d-divisor", lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, divisor_override=5),
         (1, 2, 6, 6)),
        ("AvgPool3d", lambda: nn.AvgPool3d(2, 1, 1, count_include_pad=False), (1, 2, 3, 4, 3)),
        ("MaxPool1d", lambda: nn.MaxPool1d(3, 2, 1, 2), (2, 3, 9)),
        ("MaxPool2d", lambda: nn.MaxPool2d(3, 2, 1), (2, 3, 7, 6)),
        ("MaxPool2d-ceil", lambda: nn.MaxPool2d((2, 3), 2, ceil_mode=True), (2, 2, 5, 6)),
        ("MaxPool3d", lambda: nn.MaxPool3d((2, 3, 2), 2, (1, 1, 0), ceil_mode=True), (1, 2, 4, 5, 5)),
        ("AdaptiveAvgPool1d", lambda: nn.AdaptiveAvgPool1d(3), (2, 2, 7)),
        ("AdaptiveAvgPool2d", lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 2, 5, 7)),
        ("AdaptiveAvgPool3d", lambda: nn.AdaptiveAvgPool3d((2, 1, 3)), (1, 2, 4, 3, 5)),
        ("AdaptiveMaxPool1d", lambda: nn.AdaptiveMaxPool1d(4), (2, 2, 6)),
        ("AdaptiveMaxPool2d", lambda: nn.AdaptiveMaxPool2d((2, 3)), (2, 2, 5, 7)),
        ("AdaptiveMaxPool3d", lambda: nn.AdaptiveMaxPool3d(2), (1, 2, 3, 4, 5)),
        ("AdaptiveAvgPool2d-height", lambda: nn.AdaptiveAvgPool2d((2, None)), (2, 2, 5, 3)),
        ("AdaptiveMaxPool3d-depth", lambda: nn.AdaptiveMaxPool3d((None, 1, 3)), (1, 2, 3, 4, 5)),
        ("GlobalAvgPool", lambda: nn.AdaptiveAvgPool2d(1), (2, 3, 4, 5)),
        ("Upsample", lambda: nn.Upsample(scale_factor=2), (1, 2, 3, 2)),
        ("Upsample-size", lambda: nn.Upsample((7, 3)), (2, 1, 4, 5)),
        ("Upsample-linear", lambda: nn.Upsample(scale_factor=1.5, mode="linear"), (1, 2, 5)),
        ("Upsample-bilinear", lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (1, 2, 3, 4)),
        ("Upsample-corners", lambda: nn.Upsample((5, 3), mode="bilinear", align_corners=True),
         (1, 2, 3, 4)),
        ("Upsample-factors", lambda: nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"), (1, 2, 3, 4)),
        ("PixelShuffle", lambda: nn.PixelShuffle(2), (2, 8, 2, 3)),
        ("PixelUnshuffle", lambda: nn.PixelUnshuffle(3), (1, 2, 6, 3)),
    ]:
        family.add(name, make, shape)


def convolutions(family):
    family.add("Conv1d", lambda: nn.Conv1d(3, 4, 3), (2, 3, 7))
    family.add("Conv1d-options", lambda: nn.Conv1d(
        4, 6, 2, stride=2, padding=3, dilation=2, groups=2, bias=False), (2, 4, 9))
    family.add("Conv1d-same", lambda: nn.Conv1d(2, 3, 4, padding="same"), (1, 2, 7))
    family.add("Conv1d-same-circular", lambda: nn.Conv1d(
        2, 3, 4, padding="same", dilation=3, padding_mode="circular"), (1, 2, 9))
    family.add("Conv2d", lambda: nn.Conv2d(1, 3, 5), (3, 1, 7, 9))
    family.add("Conv2d-options", lambda: nn.Conv2d(
        4, 6, (3, 2), stride=(2, 3), padding=(2, 1), dilation=(1, 2), groups=2), (2, 4, 9, 7))
    family.add("Conv2d-depthwise", lambda: nn.Conv2d(
        3, 6, 3, stride=2, padding=1, groups=3, bias=False), (2, 3, 5, 7))
    family.add("Conv2d-same", lambda: nn.Conv2d(2, 3, (2, 3), padding="same"), (2, 2, 5, 6))
    family.add("Conv2d-same-dilation", lambda: nn.Conv2d(
        2, 2, (3, 4), padding="same", dilation=(2, 1), groups=2), (1, 2, 7, 5))
    family.add("Conv2d-same-reflect", lambda: nn.Conv2d(
        2, 3, (4, 3), padding="same", padding_mode="reflect"), (1, 2, 6, 5))
    family.add("Conv2d-valid", lambda: nn.Conv2d(
        2, 3, (1, 3), stride=2, padding="valid", padding_mode="replicate"), (1, 2, 5, 6))
    family.add("Conv3d", lambda: nn.Conv3d(2, 3, (2, 1, 3)), (1, 2, 3, 4, 5))
    family.add("Conv3d-options", lambda: nn.Conv3d(
        2, 4, (2, 3, 2), stride=(1, 2, 3), padding=(1, 2, 0), dilation=(2, 1, 3), groups=2,
        bias=False), (2, 2, 3, 4, 5))
    family.add("Conv3d-same", lambda: nn.Conv3d(1, 2, (3, 2, 1), padding="same"), (2, 1, 3, 4, 3))
    for mode in ["reflect", "replicate", "circular"]:
        family.add(f"Conv1d-{mode}", lambda: nn.Conv1d(
            2, 3, 3, stride=2, padding=4, padding_mode=mode), (2, 2, 7))
        family.add(f"Conv2d-{mode}", lambda: nn.Conv2d(
            4, 2, (3, 2), stride=(1, 2), padding=(3, 1), groups=2, padding_mode=mode), (2, 4, 5, 6))
        family.add(f"Conv3d-{mode}", lambda: nn.Conv3d(
            1, 2, 2, padding=(1, 0, 2), padding_mode=mode), (1, 1, 3, 2, 4))
    family.add("ConvTranspose1d", lambda: nn.ConvTranspose1d(3, 2, 3), (2, 3, 5))
    family.add("ConvTranspose1d-options", lambda: nn.ConvTranspose1d(
        4, 6, 3, stride=3, padding=2, output_padding=1, groups=2, bias=False, dilation=2), (2, 4, 5))
    family.add("ConvTranspose2d", lambda: nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1), (2, 3, 3, 5))
    family.add("ConvTranspose2d-options", lambda: nn.ConvTranspose2d(
        4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2), (1, 4, 3, 5))
    family.add("ConvTranspose2d-dilation", lambda: nn.ConvTranspose2d(
        2, 3, (2, 3), output_padding=(0, 1), bias=False, dilation=(1, 3)), (2, 2, 4, 3))


def norms(family):
    for name, make, shape in [
        ("LayerNorm", lambda: nn.LayerNorm(5), (2, 3, 5)),
        ("LayerNorm-axes", lambda: nn.LayerNorm((3, 2), eps=0.1), (2, 3, 2)),
        ("LayerNorm-no-bias", lambda: nn.LayerNorm(4, bias=False), (3, 4)),
        ("LayerNorm-plain", lambda: nn.LayerNorm(4, elementwise_affine=False), (3, 4)),
        ("RMSNorm", lambda: nn.RMSNorm(5), (2, 3, 5)),
        ("RMSNorm-axes", lambda: nn.RMSNorm((3, 2), eps=0.1), (2, 3, 2)),
        ("RMSNorm-plain", lambda: nn.RMSNorm(4, elementwise_affine=False), (3, 4)),
        ("GroupNorm", lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
        ("GroupNorm-options", lambda: nn.GroupNorm(3, 3, eps=0.1), (2, 3, 2, 2)),
        ("GroupNorm-plain", lambda: nn.GroupNorm(1, 4, affine=False), (3, 4)),
        ("GroupNorm-no-bias", lambda: nn.GroupNorm(2, 4, bias=False), (2, 4, 3)),
        ("InstanceNorm2d", lambda: nn.InstanceNorm2d(3), (2, 3, 2, 4)),
        ("InstanceNorm2d-affine", lambda: nn.InstanceNorm2d(2, eps=0.1, affine=True), (2, 2, 3, 3)),
        ("InstanceNorm2d-no-bias", lambda: nn.InstanceNorm2d(2, affine=True, bias=False), (2, 3, 2)),
    ]:
        family.add(name, make, shape)


def running(family):
    for name, make, shape in [
        ("BatchNorm1d", lambda: nn.BatchNorm1d(3), (4, 3)),
        ("BatchNorm1d-sequences", lambda: nn.BatchNorm1d(2, momentum=0.4), (3, 2, 4)),
        ("BatchNorm2d", lambda: nn.BatchNorm2d(2), (2, 2, 3, 2)),
        ("BatchNorm2d-cumulative", lambda: nn.BatchNorm2d(2, eps=0.1, momentum=None), (2, 2, 2, 3)),
        ("BatchNorm2d-untracked", lambda: nn.BatchNorm2d(2, track_running_stats=False), (2, 2, 3, 2)),
        ("BatchNorm2d-plain", lambda: nn.BatchNorm2d(3, affine=False, momentum=1.0), (2, 3, 2, 2)),
        ("BatchNorm3d", lambda: nn.BatchNorm3d(2, momentum=0.0), (1, 2, 2, 3, 2)),
        ("BatchNorm3d-bare", lambda: nn.BatchNorm3d(
            2, affine=False, track_running_stats=False), (2, 2, 2, 1, 2)),
        ("BatchNorm2d-no-bias", lambda: nn.BatchNorm2d(2, bias=False), (2, 2, 3, 2)),
        ("InstanceNorm2d-tracked", lambda: nn.InstanceNorm2d(
            2, affine=True, track_running_stats=True), (2, 2, 3, 2)),
        ("InstanceNorm2d-plain", lambda: nn.InstanceNorm2d(
            3, eps=0.1, momentum=0.4, track_running_stats=True), (3, 3, 2, 2)),
        ("InstanceNorm2d-unbatched", lambda: nn.InstanceNorm2d(
            2, affine=True, bias=False, track_running_stats=True), (2, 3, 3)),
    ]:
        family.add_steps(name, make, shape)


FAMILIES = [activations, small, positions, convolutions, pooling, recurrent, attention, transformers,
            norms, running]


def main(names):
    for build in FAMILIES:
        if names and build.__name__ not in names:
            continue
        family = Family(build.__name__)
        build(family)
        family.write()


if __name__ == "__main__":
    main(sys.argv[1:])
