"""Convolutions, pools, norms, losses, attention."""

import torch
import torch.nn.functional as F


def add(cases):
    convolutions(cases)
    norms(cases)


def convolutions(cases):
    cases.add("conv2d", F.conv2d, {
        "input": cases.normal(2, 3, 5, 6), "weight": cases.normal(4, 3, 3, 2),
        "bias": cases.normal(4)}, attributes={"stride": [1, 2], "padding": [1, 0]})
    cases.add("conv2d", F.conv2d, {
        "input": cases.normal(1, 2, 5, 5), "weight": cases.normal(2, 1, 2, 2)},
        attributes={"groups": 2, "dilation": 2}, dtype=torch.float32)


def norms(cases):
    def batch_norm(input, weight=None, bias=None, **attributes):
        return F.batch_norm(input, None, None, weight, bias, training=True, **attributes)

    def batch_norm_eval(input, running_mean, running_var, weight=None, bias=None, **attributes):
        return F.batch_norm(
            input, running_mean.detach(), running_var.detach(), weight, bias, **attributes)

    def add_eval(inputs, **arguments):
        entry = cases.add("batch_norm_eval", batch_norm_eval, inputs, **arguments)
        for name in ("running_mean", "running_var"):  # constants in PyTorch
            del entry["gradients"][name]

    def affine(channels):
        return {"weight": cases.normal(channels), "bias": cases.normal(channels)}

    def statistics(channels):
        return {"running_mean": cases.normal(channels),
                "running_var": cases.uniform(channels, low=0.1, high=3)}

    for shape, eps in [((4, 3), 1e-5), ((2, 3, 5), 1e-5), ((2, 3, 4, 5), 1e-3), ((1, 2, 3, 3), 1e-5),
                       ((65, 2), 1e-5), ((2, 1, 1, 37), 0.1), ((2, 3, 2, 2, 2), 1e-5)]:
        attributes = {} if eps == 1e-5 else {"eps": eps}
        cases.add("batch_norm", batch_norm, {
            "input": cases.normal(*shape) + 1, **affine(shape[1])}, attributes=attributes)
        add_eval({
            "input": cases.normal(*shape), **statistics(shape[1]), **affine(shape[1])},
            attributes=attributes)
    cases.add("batch_norm", batch_norm, {"input": cases.normal(3, 2, 4)})
    cases.add("batch_norm", batch_norm, {
        "input": cases.normal(3, 2, 40, scale=0.1) + 30, **affine(2)}, dtype=torch.float32)
    add_eval({"input": cases.normal(3, 2), **statistics(2)})
    add_eval({
        "input": cases.normal(0, 2, 3), **statistics(2), **affine(2)})
    for shape, axes in [((2, 5), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((7,), 1), ((0, 3), 1), ((3, 1), 1),
                        ((2, 300), 1)]:
        normalized = list(shape[len(shape) - axes:])
        for op, parameters in [("layer_norm", ["weight", "bias"]), ("rms_norm", ["weight"])]:
            cases.add(op, getattr(F, op), {
                "input": cases.normal(*shape) + 0.5,
                **{name: cases.normal(*normalized) for name in parameters}},
                attributes={"normalized_shape": normalized})
    cases.add("layer_norm", F.layer_norm, {"input": cases.normal(3, 4)}, attributes={
        "normalized_shape": [4], "eps": 0.1})
    cases.add("layer_norm", F.layer_norm, {"input": cases.normal(3, 64) * 100}, attributes={
        "normalized_shape": [64]}, dtype=torch.float32)
    for shape, groups in [((2, 4, 3), 2), ((2, 6, 3, 3), 3), ((1, 4, 2, 2), 1), ((3, 4, 5), 4),
                          ((2, 8), 2), ((0, 4, 2), 2)]:
        cases.add("group_norm", F.group_norm, {
            "input": cases.normal(*shape), **affine(shape[1])}, attributes={"num_groups": groups})
    cases.add("group_norm", F.group_norm, {"input": cases.normal(2, 4, 3)}, attributes={
        "num_groups": 2, "eps": 0.01})
    for shape in [(2, 3, 5), (1, 2, 3, 4), (2, 1, 1, 2)]:
        cases.add("instance_norm", F.instance_norm, {
            "input": cases.normal(*shape), **affine(shape[1])})
    for shape, size in [((2, 3, 6, 4), 1), ((1, 2, 5, 7), [3, 4]), ((2, 4, 6), [2, 3]),
                        ((1, 1, 2, 2), [3, 5]), ((0, 2, 4, 4), 2), ((1, 2, 7, 7), [1, 7])]:
        cases.add("adaptive_avg_pool2d", F.adaptive_avg_pool2d, {"input": cases.normal(*shape)},
                  attributes={"output_size": size})
