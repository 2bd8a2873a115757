"""Cases that must fail, to test the test; each with the reason that ReferenceTests expects."""

import torch


def add(cases):
    def one(op="exp", call=lambda input: input.exp(), **options):
        return cases.add(op, call, {"input": cases.uniform(3)}, **options)

    one()  # passes
    cases.tensors[one()["output"]][1] += 0.5
    cases.tensors[one()["gradients"]["input"]][2] += 1e-6
    cases.tensors[one()["output"]][0] = torch.nan
    entry = one()
    cases.tensors[entry["output"]] = cases.tensors[entry["output"]].reshape(3, 1)
    one("frobnicate")
    one()["attributes"] = {"colour": "red"}
    one("sum", lambda input: input.sum())["attributes"] = {"dim": 0.5}
    one()["inputs"] = {"input": "nowhere"}
    one("sum", lambda input: input.sum())["attributes"] = {"dim": 7}
    one()["integers"] = {"index": cases.store("extra", torch.zeros(1, dtype=torch.int64))}
    entry = one(forward_only=True)  # passes: infinities are equal
    for key in (entry["inputs"]["input"], entry["output"]):
        cases.tensors[key][0] = torch.inf
    entry = one()
    cases.tensors[entry["output"]] = cases.tensors[entry["output"]].float()
    one()["error"] = True  # PyTorch refuses it, ours does not
    refused = one("sum", lambda input: input.sum())  # passes: both refuse it
    refused["attributes"] = {"dim": 7}
    refused["error"] = True
