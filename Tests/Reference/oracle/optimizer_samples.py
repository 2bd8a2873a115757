"""Turns the samples of PyTorch's optim_db into reference cases: a small regression, some steps."""

import torch
from torch.testing._internal.common_optimizers import optim_db

from preparing import NotExpressible
from op_samples import DTYPES, Oracle

NAMES = "SGD Adam AdamW Adamax NAdam RAdam RMSprop Adagrad Adadelta LBFGS".split()
STEPS = {"LBFGS": 2}
# What chooses an implementation of PyTorch's and changes no result.
IMPLEMENTATION = ("foreach", "fused", "capturable", "differentiable")


def problem(cases, dtype):
    return {name: cases.normal(*shape).to(dtype)
            for name, shape in dict(w=(3, 2), b=(2,), x=(5, 3), y=(5, 2)).items()}


def steps(kind, options, tensors, count):
    w, b = (tensors[name].clone().requires_grad_() for name in "wb")
    optimizer = kind([w, b], **options)

    def closure():
        optimizer.zero_grad()
        loss = ((tensors["x"] @ w + b - tensors["y"]) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(count):
        optimizer.step(closure)
    return torch.cat([w.detach().flatten(), b.detach()])


def arguments_of(options):
    options = {key: value for key, value in options.items() if key not in IMPLEMENTATION}
    for key, value in options.items():
        if any(isinstance(item, torch.Tensor) for item in (value if isinstance(value, tuple) else [value])):
            raise NotExpressible("options that are tensors")
    return options


def optimizers(info):
    name = info.optim_cls.__name__
    cases = Oracle(f"optim.{name}")
    # NAdam keeps the product of its momenta in the default type.
    torch.set_default_dtype(torch.float64)
    for dtype in DTYPES:
        for sample in info.optim_inputs_func("cpu", dtype):
            try:
                if name == "LBFGS" and dtype == torch.float32:
                    raise NotExpressible("LBFGS in float32, whose iterations amplify rounding")
                options = arguments_of(sample.kwargs)
                tensors, count = problem(cases, dtype), STEPS.get(name, 10)
                wide = {key: tensor.double() for key, tensor in tensors.items()}
                exact = steps(info.optim_cls, sample.kwargs, wide, count)
                cases.add_case(dtype, cases.entry, {**tensors, **options, "steps": count},
                               steps(info.optim_cls, sample.kwargs, tensors, count), ({}, exact))
            except NotExpressible as reason:
                cases.reasons[str(reason)] += 1
    torch.set_default_dtype(torch.float32)
    return cases


def errors(info):
    cases = Oracle(f"optim.{info.optim_cls.__name__}")
    for error in info.optim_error_inputs_func("cpu", torch.float64):
        sample = error.optimizer_error_input
        try:
            options = arguments_of(sample.kwargs)
            if "duplicate" in error.error_regex:
                options["repeated"] = True
            if not options:
                raise NotExpressible("parameters that are no list of parameters")
            cases.add_case(torch.float64, cases.entry,
                           {**problem(cases, torch.float64), **options, "steps": 1}, None)
        except NotExpressible as reason:
            cases.reasons[str(reason)] += 1
    return cases


def jobs():
    for info in optim_db:
        name = info.optim_cls.__name__
        if name in NAMES:
            yield "optim_db", name, lambda info=info: optimizers(info), False
            yield "optim_db, errors", name, lambda info=info: errors(info), True
