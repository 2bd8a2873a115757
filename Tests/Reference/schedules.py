"""Writes Tests/NNTests/Fixtures/schedules.json: 100 learning rates of every schedule by PyTorch.

    pip install torch==2.13.0
    python Tests/Reference/schedules.py

Two groups begin with 0.5 and 0.02. `rates` lists those of both after 0, 1, ..., 99 steps, `momenta`
the momentum where a schedule sets it. The test
builds the same schedules in the same order.
"""

import json
import math
import pathlib

import torch
from torch.optim import lr_scheduler as s

OUTPUT = pathlib.Path(__file__).parent.parent / "NNTests" / "Fixtures" / "schedules.json"
BASES = (0.5, 0.02)


def figure(step):
    """The loss that plateau schedules see: falls, stays, falls again, wobbles."""
    if step < 20:
        return 2 - 0.05 * step
    if step < 50:
        return 1 + 1e-5 * (step % 3)
    return 0.9 - 0.0002 * (step - 50) + 0.05 * math.sin(step)


CASES = {
    "step": lambda o: s.StepLR(o, 30),
    "step2": lambda o: s.StepLR(o, 7, gamma=0.8),
    "multiStep": lambda o: s.MultiStepLR(o, [10, 11, 60], gamma=0.3),
    "exponential": lambda o: s.ExponentialLR(o, 0.95),
    "polynomial": lambda o: s.PolynomialLR(o, 80, power=2.5),
    "polynomial1": lambda o: s.PolynomialLR(o, 40),
    "cosine": lambda o: s.CosineAnnealingLR(o, 100),
    "cosine2": lambda o: s.CosineAnnealingLR(o, 30, eta_min=0.01),
    "restarts": lambda o: s.CosineAnnealingWarmRestarts(o, 17),
    "restarts2": lambda o: s.CosineAnnealingWarmRestarts(o, 10, T_mult=2, eta_min=0.005),
    "linear": lambda o: s.LinearLR(o),
    "linear2": lambda o: s.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=60),
    "constant": lambda o: s.ConstantLR(o, factor=0.2, total_iters=12),
    "lambda": lambda o: s.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
    "oneCycle": lambda o: s.OneCycleLR(o, 0.3, total_steps=100, cycle_momentum=False),
    "oneCycle2": lambda o: s.OneCycleLR(
        o, 0.3, total_steps=100, pct_start=0.4, anneal_strategy="linear", div_factor=10,
        final_div_factor=100, three_phase=True, cycle_momentum=False),
    "oneCycle3": lambda o: s.OneCycleLR(
        o, 0.3, total_steps=100, pct_start=0.2, three_phase=True, cycle_momentum=False),
    "sequence": lambda o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 10), s.ExponentialLR(o, 0.9), s.StepLR(o, 5, 0.5)], [10, 40]),
    "warmedUp": lambda o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=8), s.CosineAnnealingLR(o, 92)], [8]),
    "product": lambda o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.97), s.LinearLR(o, 0.5, total_iters=9)]),
    "plateau": lambda o: s.ReduceLROnPlateau(o),
    "plateau2": lambda o: s.ReduceLROnPlateau(
        o, mode="max", factor=0.5, patience=3, threshold=0.01, threshold_mode="abs", cooldown=4,
        min_lr=0.001),
    "plateau3": lambda o: s.ReduceLROnPlateau(o, factor=0.7, patience=0, threshold=0.02, cooldown=1),
    "plateau4": lambda o: s.ReduceLROnPlateau(
        o, mode="max", factor=0.5, patience=2, threshold=0.03, eps=0.03),
    "plateau5": lambda o: s.ReduceLROnPlateau(
        o, factor=0.4, patience=5, threshold=0.01, threshold_mode="abs", min_lr=0.004),
}


# One-cycle schedules that set the momentum too.
MOMENTA = {
    "oneCycle": lambda o: s.OneCycleLR(o, 0.3, total_steps=100),
    "oneCycle2": lambda o: s.OneCycleLR(
        o, 0.3, total_steps=100, pct_start=0.4, anneal_strategy="linear", div_factor=10,
        final_div_factor=100, three_phase=True, base_momentum=0.6, max_momentum=0.9),
}


def momenta(make):
    """Those of 100 steps of SGD, which are beta1 in Adam."""
    p = [torch.nn.Parameter(torch.zeros(1))]
    sgd, adam = torch.optim.SGD(p, lr=1, momentum=0.5), torch.optim.Adam(p)
    schedulers = [make(sgd), make(adam)]
    found = []
    for step in range(100):
        found.append(sgd.param_groups[0]["momentum"])
        assert adam.param_groups[0]["betas"] == (found[-1], 0.999)
        for optimizer, scheduler in zip((sgd, adam), schedulers):
            optimizer.step()
            if step < 99:
                scheduler.step()
    return found


def main():
    found = {}
    for name, make in CASES.items():
        optimizer = torch.optim.SGD(
            [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in BASES], lr=1)
        scheduler = make(optimizer)
        rates = []
        for step in range(100):
            rates.append([float(group["lr"]) for group in optimizer.param_groups])
            optimizer.step()
            if "plateau" in name:
                scheduler.step(figure(step))
            elif step < 99:
                scheduler.step()
        found[name] = rates
    figures = [figure(step) for step in range(100)]
    OUTPUT.write_text(json.dumps({
        "bases": BASES, "figures": figures, "rates": found,
        "momenta": {name: momenta(make) for name, make in MOMENTA.items()}}) + "\n")
    print(f"{len(found)} schedules, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
