"""Writes Tests/NNTests/Fixtures/optimizers.{json,safetensors}: 50 steps of every optimizer by PyTorch.

    pip install torch==2.13.0 numpy safetensors
    python Tests/Reference/optimizers.py

The loss is mean((x w - y)^2) + 0.1 sum(b^4) + sum(b d) with w [3, 1] and b [2]; u [2] never has a
gradient, and b has none at steps 4, 11, 18, ... (counted from 1), except for LBFGS. `cases` in the
json name an optimizer, its options and those of the second group, which holds b and u (w is the first;
without a second group's options there is one group). The loss is computed in float64 also where
the parameters are float32, so that only the optimizer rounds. The safetensors file holds x, y, d, the starting
values, for each case and type the trajectory [50, 5] of w and b, and what clipping makes of w, b and u
as if they were gradients. Lion, which PyTorch lacks, is
written out here after algorithm 2 of Chen and others 2023.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STEPS = 50
OUTPUT = pathlib.Path(__file__).parent.parent / "NNTests" / "Fixtures"


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                b1, b2 = group["betas"]
                c = b1 * m + (1 - b1) * g
                p.copy_(p - group["lr"] * (torch.sign(c) + group["weight_decay"] * p))
                self.state[p]["m"] = b2 * m + (1 - b2) * g


CASES = [
    ("SGD", dict(lr=0.05)),
    ("SGD", dict(lr=0.05, weight_decay=0.1)),
    ("SGD", dict(lr=0.001, weight_decay=0.1, maximize=True)),
    ("SGD", dict(lr=0.02, momentum=0.9)),
    ("SGD", dict(lr=0.02, momentum=0.9, dampening=0.3, weight_decay=0.05)),
    ("SGD", dict(lr=0.02, momentum=0.8, nesterov=True)),
    ("SGD", dict(lr=0.02, momentum=0.8, nesterov=True, weight_decay=0.05)),
    ("SGD", dict(lr=0.0005, momentum=0.8, maximize=True, weight_decay=0.05)),
    ("SGD", dict(lr=0.05, momentum=0.5), dict(lr=0.01, weight_decay=0.2)),
    ("Adam", dict(lr=0.05)),
    ("Adam", dict(lr=0.05, betas=(0.7, 0.95), eps=1e-3)),
    ("Adam", dict(lr=0.05, weight_decay=0.1)),
    ("Adam", dict(lr=0.05, amsgrad=True)),
    ("Adam", dict(lr=0.01, maximize=True, weight_decay=0.1, amsgrad=True)),
    ("Adam", dict(lr=0.05), dict(lr=0.01, betas=(0.5, 0.9), weight_decay=0.2)),
    ("AdamW", dict(lr=0.05)),
    ("AdamW", dict(lr=0.05, weight_decay=0.3, amsgrad=True)),
    ("AdamW", dict(lr=0.01, weight_decay=0.3, maximize=True)),
    ("AdamW", dict(lr=0.05), dict(lr=0.01, eps=1e-4, weight_decay=0)),
    ("Adamax", dict(lr=0.05)),
    ("Adamax", dict(lr=0.05, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1)),
    ("Adamax", dict(lr=0.01, maximize=True)),
    ("Adamax", dict(lr=0.05), dict(lr=0.02, weight_decay=0.2)),
    ("NAdam", dict(lr=0.05)),
    ("NAdam", dict(lr=0.05, betas=(0.8, 0.99), eps=1e-2, weight_decay=0.1, momentum_decay=0.05)),
    ("NAdam", dict(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    ("NAdam", dict(lr=0.01, maximize=True)),
    ("NAdam", dict(lr=0.05), dict(lr=0.02, weight_decay=0.2)),
    ("RAdam", dict(lr=0.05)),
    ("RAdam", dict(lr=0.05, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1)),
    ("RAdam", dict(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    ("RAdam", dict(lr=0.01, maximize=True)),
    ("RAdam", dict(lr=0.05), dict(lr=0.02, weight_decay=0.2)),
    ("RMSprop", dict(lr=0.02)),
    ("RMSprop", dict(lr=0.02, alpha=0.9, eps=1e-2, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.02, centered=True)),
    ("RMSprop", dict(lr=0.005, momentum=0.8)),
    ("RMSprop", dict(lr=0.005, momentum=0.8, centered=True, maximize=True)),
    ("RMSprop", dict(lr=0.02), dict(lr=0.01, weight_decay=0.2)),
    ("Adagrad", dict(lr=0.2)),
    ("Adagrad", dict(lr=0.2, lr_decay=0.05, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3)),
    ("Adagrad", dict(lr=0.05, maximize=True)),
    ("Adagrad", dict(lr=0.2), dict(lr=0.1, weight_decay=0.2)),
    ("Adadelta", dict(lr=1.0)),
    ("Adadelta", dict(lr=1.0, rho=0.8, eps=1e-3, weight_decay=0.1)),
    ("Adadelta", dict(lr=1.0, maximize=True)),
    ("Adadelta", dict(lr=1.0), dict(lr=0.5, weight_decay=0.2)),
    ("Lion", dict(lr=0.01)),
    ("Lion", dict(lr=0.01, betas=(0.8, 0.9), weight_decay=0.3)),
    ("Lion", dict(lr=0.01, maximize=True)),
    ("Lion", dict(lr=0.01), dict(lr=0.005, weight_decay=0.2)),
    ("LBFGS", dict(lr=0.1, max_iter=2)),
    ("LBFGS", dict(lr=0.02, max_iter=1, history_size=3)),
    ("LBFGS", dict(lr=0.01, max_iter=4, history_size=2, max_eval=3)),
    ("LBFGS", dict(lr=1, max_iter=1, max_eval=6, line_search_fn="strong_wolfe")),
    ("LBFGS", dict(lr=0.3, max_iter=1, max_eval=3, line_search_fn="strong_wolfe")),
    ("LBFGS", dict(lr=30, max_iter=2, max_eval=20, history_size=2, line_search_fn="strong_wolfe")),
    ("LBFGS", dict(lr=1, max_iter=20, tolerance_grad=1e-3, tolerance_change=1e-4,
                   line_search_fn="strong_wolfe")),
    ("AdamW", dict(lr=0.02, betas=(0.8, 0.99), eps=1e-3)),
    ("Adam", dict(lr=0.05, amsgrad=True), dict(lr=0.01, betas=(0.8, 0.9), weight_decay=0.2)),
    ("RMSprop", dict(lr=0.005, alpha=0.8, momentum=0.8, weight_decay=0.1)),
]
# Limits of norms and their orders for clip_grad_norm_, and limits for clip_grad_value_.
CLIPS = [(0.5, 2), (2, 2), (100, 2), (1.5, 1), (0.3, float("inf")), (1, 3.5)]
CAPS = [0.4, 1, 50]


def trajectory(problem, name, options, second, dtype, record=None):
    x, y, d = (problem[key] for key in ("x", "y", "d"))
    w, b, u = (problem[key].detach().clone().to(dtype).requires_grad_() for key in ("w", "b", "u"))
    groups = [w, b, u] if second is None else [{"params": [w]}, {"params": [b, u], **second}]
    kind = Lion if name == "Lion" else getattr(torch.optim, name)
    optimizer = kind(groups, **options)
    rows = []

    def closure():
        optimizer.zero_grad()
        wide, b2 = w.double(), b.double() ** 2
        loss = ((x @ wide - y) ** 2).mean() + 0.1 * (b2 ** 2).sum() + (b.double() * d).sum()
        loss.backward()
        return loss

    for step in range(1, STEPS + 1):
        if name == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            if step % 7 == 4:
                b.grad = None
            optimizer.step()
        rows.append(torch.cat([w.detach().flatten(), b.detach()]).clone())
        if record is not None:
            record(w)
    return torch.stack(rows)


def main():
    torch.manual_seed(50)
    # NAdam keeps the product of its momenta in the default type.
    torch.set_default_dtype(torch.float64)
    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64)
    tensors = dict(x=draw(6, 3), y=draw(6, 1), d=draw(2), w=draw(3, 1), b=draw(2), u=draw(2))
    problem = dict(tensors)
    cases = []
    for number, (name, options, *second) in enumerate(CASES):
        second = second[0] if second else None
        for dtype in (torch.float64, torch.float32):
            key = f"{number}.{str(dtype).removeprefix('torch.')}"
            tensors[key] = trajectory(problem, name, options, second, dtype)
        cases.append(dict(optimizer=name, options=options, second=second))

    module = torch.nn.Module()
    averages = []
    averaged = None

    def record(w):
        nonlocal averaged
        if averaged is None:
            module.w = torch.nn.Parameter(w.detach().clone())
            averaged = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        module.w.data.copy_(w.detach())
        averaged.update_parameters(module)
        averages.append(averaged.module.w.detach().flatten().clone())

    trajectory(problem, "SGD", dict(lr=0.05), None, torch.float64, record)
    tensors["average"] = torch.stack(averages)

    for key, clip, limits in [
        ("clip.norm", lambda leaves, limit: torch.nn.utils.clip_grad_norm_(leaves, *limit), CLIPS),
        ("clip.value", torch.nn.utils.clip_grad_value_, CAPS),
    ]:
        rows = []
        for limit in limits:
            leaves = [torch.nn.Parameter(torch.zeros_like(problem[name])) for name in "wbu"]
            for leaf, name in zip(leaves, "wbu"):
                leaf.grad = problem[name].clone()
            clip(leaves, limit)
            rows.append(torch.cat([leaf.grad.flatten() for leaf in leaves]))
        tensors[key] = torch.stack(rows)

    save_file(tensors, OUTPUT / "optimizers.safetensors")
    (OUTPUT / "optimizers.json").write_text(json.dumps({"cases": cases}, indent=0) + "\n")
    print(f"{len(cases)} cases, {(OUTPUT / 'optimizers.safetensors').stat().st_size} bytes")


if __name__ == "__main__":
    main()
