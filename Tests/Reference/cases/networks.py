"""Convolutions, pools, norms, losses, attention."""

import torch
import torch.nn.functional as F


def add(cases):
    convolutions(cases)
    norms(cases)
    losses(cases)
    attention(cases)
    more_convolutions(cases)
    pools(cases)
    instance_norms(cases)


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
    # Farther from zero PyTorch's own rounding of the mean would show in its float32 results.
    cases.add("batch_norm", batch_norm, {
        "input": cases.normal(3, 2, 40, scale=0.1) + 3, **affine(2)}, dtype=torch.float32)
    add_eval({"input": cases.normal(3, 2), **statistics(2)})
    add_eval({
        "input": cases.normal(0, 2, 3), **statistics(2), **affine(2)})
    for shape, axes in [((2, 5), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((7,), 1), ((0, 3), 1), ((3, 1), 1),
                        ((2, 35), 1)]:
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


def losses(cases):
    reductions = ["mean", "sum", "none"]
    for shape, classes in [((4,), 3), ((2, 5), 4), ((2, 3, 2), 2), ((1,), 1), ((6,), 10)]:
        logits = (shape[0], classes) + shape[1:]
        labels = cases.integers(*shape, below=classes)
        for op, call in [("cross_entropy", F.cross_entropy), ("nll_loss", F.nll_loss)]:
            for reduction in reductions:
                cases.add(op, call, {"input": cases.normal(*logits)}, {"target": labels},
                          {"reduction": reduction})
    labels = torch.tensor([0, 2, -100, 1, 2])

    def weighted(call):
        def run(input, weight, target, **attributes):
            return call(input, target, weight=weight.detach(), **attributes)
        return run

    for op, call in [("cross_entropy", F.cross_entropy), ("nll_loss", F.nll_loss)]:
        for reduction in reductions:
            cases.add(op, call, {"input": cases.normal(5, 3)}, {"target": labels},
                      {"reduction": reduction})
            for attributes in [{}] + [{"label_smoothing": 0.1}] * (op == "cross_entropy"):
                cases.add(op, weighted(call), {
                    "input": cases.normal(5, 3), "weight": cases.uniform(3, low=0.2, high=2)},
                    {"target": labels}, {"reduction": reduction, **attributes})
        cases.add(op, call, {"input": cases.normal(4, 3)}, {"target": torch.tensor([1, 0, 1, 2])},
                  {"ignore_index": 1})
        cases.add(op, call, {"input": cases.normal(3)}, {"target": torch.tensor(1)})
    for reduction in reductions:
        cases.add("cross_entropy", F.cross_entropy, {
            "input": cases.normal(3, 4, 2), "target": cases.uniform(3, 4, 2)}, attributes={
            "reduction": reduction, "label_smoothing": 0.2})
        cases.add("cross_entropy", F.cross_entropy, {"input": cases.normal(3, 4)}, {
            "target": torch.tensor([1, 3, 0])}, {"reduction": reduction, "label_smoothing": 0.3})
    cases.add("cross_entropy", F.cross_entropy, {"input": cases.normal(3, 4) * 1000}, {
        "target": torch.tensor([1, 3, 0])}, dtype=torch.float32)

    for shape in [(3, 4), (5,), (), (1,), (0, 3), (2, 3, 2)]:
        for reduction in reductions if 0 not in shape else ["sum", "none"]:
            two = {"input": cases.normal(*shape), "target": cases.normal(*shape)}
            for op, attributes in [
                ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.3}),
                ("huber_loss", {}), ("huber_loss", {"delta": 0.4}),
            ]:
                cases.add(op, getattr(F, op), two, attributes={"reduction": reduction, **attributes})
            probabilities = {
                "input": cases.uniform(*shape, low=0.05, high=0.95), "target": cases.uniform(*shape)}
            cases.add("binary_cross_entropy", F.binary_cross_entropy, probabilities, attributes={
                "reduction": reduction})
            cases.add("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, {
                "input": cases.normal(*shape) * 4, "target": cases.uniform(*shape)}, attributes={
                "reduction": reduction})
            for log in [False, True]:
                cases.add("kl_div", F.kl_div, {
                    "input": cases.normal(*shape), "target": cases.uniform(*shape, low=0.1)},
                    attributes={"reduction": reduction, "log_target": log})
    cases.add("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, {
        "input": torch.tensor([-800.0, -30, 0, 30, 800]), "target": torch.tensor([0, 1, 0.5, 0, 1])})
    cases.add("binary_cross_entropy_with_logits", lambda input, target, weight, pos_weight: (
        F.binary_cross_entropy_with_logits(
            input, target, weight.detach(), pos_weight=pos_weight.detach())), {
        "input": cases.normal(4, 3), "target": cases.uniform(4, 3), "weight": cases.uniform(4, 1),
        "pos_weight": cases.uniform(3, low=0.5, high=3)})
    cases.add("kl_div", F.kl_div, {"input": cases.normal(3, 2), "target": cases.uniform(3, 2)},
              attributes={"reduction": "batchmean"})
    signs = torch.tensor([1, -1, 1, -1])
    for reduction in reductions:
        for margin in [0.2, 1.0]:
            attributes = {"margin": margin, "reduction": reduction}
            cases.add("hinge_embedding_loss", F.hinge_embedding_loss, {
                "input": cases.normal(4)}, {"target": signs}, attributes)
            cases.add("cosine_embedding_loss", F.cosine_embedding_loss, {
                "input1": cases.normal(4, 5), "input2": cases.normal(4, 5)}, {"target": signs}, attributes)
            for swap, p in [(False, 2), (True, 2), (False, 1), (True, 3)]:
                cases.add("triplet_margin_loss", F.triplet_margin_loss, {
                    "anchor": cases.normal(4, 5), "positive": cases.normal(4, 5),
                    "negative": cases.normal(4, 5)}, attributes={**attributes, "swap": swap, "p": p})


def attention(cases):
    call = F.scaled_dot_product_attention

    def masked(query, key, value, attn_mask):
        return call(query, key, value, attn_mask != 0 if attn_mask.dtype == torch.int64 else attn_mask)

    for lead, queries, keys, size, width in [
        ((2,), 3, 5, 4, 2), ((1, 2), 4, 4, 8, 8), ((), 1, 1, 1, 1), ((2, 3), 2, 7, 3, 5), ((0,), 3, 3, 2, 2),
    ]:
        def inputs():
            return {"query": cases.normal(*lead, queries, size), "key": cases.normal(*lead, keys, size),
                    "value": cases.normal(*lead, keys, width)}
        cases.add("scaled_dot_product_attention", call, inputs())
        cases.add("scaled_dot_product_attention", call, inputs(), attributes={"is_causal": True})
        cases.add("scaled_dot_product_attention", call, inputs(), attributes={"scale": 0.7})
        cases.add("scaled_dot_product_attention", masked, {
            **inputs(), "attn_mask": cases.normal(queries, keys)})
        seen = cases.integers(queries, keys, below=2)
        seen[:, 0] = 1
        cases.add("scaled_dot_product_attention", masked, inputs(), {"attn_mask": seen})


def more_convolutions(cases):
    for shape, kernel, attributes in [
        ((2, 3, 7), (4, 3, 3), {}), ((1, 2, 9), (2, 1, 2), {"groups": 2, "stride": 2, "padding": 1}),
        ((2, 2, 8), (3, 2, 3), {"dilation": 3, "padding": 2}), ((1, 1, 1), (1, 1, 1), {}),
        ((0, 2, 5), (3, 2, 2), {}), ((1, 2, 6), (2, 2, 4), {"padding": "same"}),
        ((1, 2, 6), (2, 2, 3), {"padding": "valid", "stride": 2}),
    ]:
        cases.add("conv1d", F.conv1d, {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel),
            "bias": cases.normal(kernel[0])}, attributes=attributes)
    for shape, kernel, attributes in [
        ((2, 2, 5, 7), (3, 2, 1, 1), {"stride": 2}), ((0, 2, 3, 3), (3, 2, 2, 2), {}),
        ((1, 1, 4, 4), (1, 1, 4, 4), {}), ((1, 3, 5, 4), (6, 1, 3, 2), {"groups": 3, "padding": [2, 1]}),
        ((1, 2, 5, 6), (2, 2, 2, 3), {"padding": "same", "dilation": [1, 2]}),
        ((2, 4, 9, 5), (2, 2, 3, 3), {"groups": 2, "stride": [3, 1], "dilation": [2, 1], "padding": 1}),
    ]:
        cases.add("conv2d", F.conv2d, {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel)}, attributes=attributes)
    for shape, kernel, attributes in [
        ((1, 2, 4, 3, 3), (2, 2, 2, 2, 2), {}), ((2, 1, 3, 4, 5), (1, 1, 3, 1, 2), {"padding": [1, 0, 2]}),
        ((1, 2, 5, 4, 6), (4, 1, 2, 3, 2), {"groups": 2, "stride": [2, 1, 3], "padding": 1}),
        ((1, 1, 6, 3, 5), (2, 1, 2, 2, 2), {"dilation": [3, 1, 2]}), ((0, 1, 2, 2, 2), (1, 1, 1, 1, 1), {}),
        ((1, 1, 4, 3, 4), (1, 1, 2, 2, 3), {"padding": "same"}),
    ]:
        cases.add("conv3d", F.conv3d, {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel),
            "bias": cases.normal(kernel[0])}, attributes=attributes)
    for shape, kernel, attributes in [
        ((2, 3, 4, 5), (3, 2, 3, 2), {}), ((1, 4, 3, 3), (4, 1, 2, 2), {"groups": 2, "stride": 2}),
        ((1, 2, 4, 3), (2, 3, 3, 3), {"stride": [2, 3], "padding": [1, 0], "output_padding": [1, 2]}),
        ((1, 1, 1, 1), (1, 1, 1, 1), {}), ((0, 2, 3, 3), (2, 1, 2, 2), {}),
        ((1, 2, 3, 4), (2, 2, 2, 3), {"dilation": [2, 3], "padding": 1}),
        ((1, 2, 3, 3), (2, 1, 2, 2), {"dilation": 3, "output_padding": 2, "stride": 1}),
    ]:
        outputs = kernel[1] * attributes.get("groups", 1)
        cases.add("conv_transpose2d", F.conv_transpose2d, {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel),
            "bias": cases.normal(outputs)}, attributes=attributes)
    for shape, kernel, attributes in [
        ((2, 3, 4), (3, 2, 3), {}), ((1, 4, 5), (4, 2, 2), {"groups": 2, "stride": 2, "output_padding": 1}),
        ((1, 1, 6), (1, 1, 3), {"dilation": 2, "padding": 3}),
    ]:
        cases.add("conv_transpose1d", F.conv_transpose1d, {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel)}, attributes=attributes)
    for op, shape, kernel, attributes in [
        ("conv1d", (2, 2, 7), (2, 1, 4), {"padding": "same", "dilation": 3, "groups": 2}),
        ("conv2d", (1, 2, 7, 6), (4, 1, 4, 2), {"padding": "same", "groups": 2}),
        ("conv2d", (2, 1, 6, 7), (2, 1, 2, 3), {"padding": "valid", "stride": [2, 1], "dilation": [1, 2]}),
        ("conv3d", (1, 1, 4, 3, 3), (1, 1, 2, 1, 2), {"padding": "valid", "stride": 2}),
        ("conv_transpose1d", (2, 2, 5), (2, 3, 3), {
            "stride": 3, "padding": 2, "output_padding": 2, "dilation": 2}),
        ("conv_transpose2d", (1, 4, 3, 2), (4, 3, 2, 3), {
            "stride": [3, 2], "padding": [0, 2], "output_padding": [2, 1], "dilation": [1, 3], "groups": 2}),
    ]:
        outputs = kernel[1] * attributes.get("groups", 1) if "transpose" in op else kernel[0]
        cases.add(op, getattr(F, op), {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel),
            "bias": cases.normal(outputs)}, attributes=attributes)


def pools(cases):
    def add(op, shape, **attributes):
        call = getattr(F, op) if hasattr(F, op) else getattr(torch, op)
        dtype = torch.float32 if len(cases_made) % 3 == 2 else torch.float64
        cases_made.append(op)
        cases.add(op, call, {"input": cases.normal(*shape)}, attributes=attributes, dtype=dtype)

    cases_made = []
    for op in ("max_pool1d", "avg_pool1d"):
        add(op, (2, 3, 7), kernel_size=2)
        add(op, (1, 1, 1), kernel_size=1)
        add(op, (2, 2, 9), kernel_size=3, stride=2, padding=1)
        add(op, (3, 17), kernel_size=[4], stride=[3], padding=[2], ceil_mode=True)
        add(op, (1, 2, 16), kernel_size=5, stride=1)
    add("max_pool1d", (1, 2, 15), kernel_size=3, stride=2, dilation=2)
    add("avg_pool1d", (1, 2, 8), kernel_size=3, stride=2, padding=1, count_include_pad=False,
        ceil_mode=True)
    for op in ("max_pool2d", "avg_pool2d"):
        add(op, (2, 3, 6, 8), kernel_size=2)
        add(op, (1, 2, 7, 5), kernel_size=[3, 2], stride=[2, 1], padding=[1, 1])
        add(op, (2, 1, 6, 6), kernel_size=3, stride=2, ceil_mode=True)
        add(op, (2, 9, 7), kernel_size=3, stride=2, padding=1, ceil_mode=True)
        add(op, (0, 2, 4, 4), kernel_size=2)
        add(op, (1, 1, 9, 17), kernel_size=2)
        add(op, (1, 1, 5, 5), kernel_size=2, stride=4, padding=1, ceil_mode=True)
    add("max_pool2d", (1, 2, 9, 9), kernel_size=3, stride=2, padding=1, dilation=2)
    add("avg_pool2d", (1, 2, 6, 7), kernel_size=3, stride=2, padding=1, ceil_mode=True,
        count_include_pad=False)
    add("avg_pool2d", (1, 2, 6, 7), kernel_size=3, stride=2, padding=1, divisor_override=4)
    for op in ("max_pool3d", "avg_pool3d"):
        add(op, (1, 2, 4, 6, 4), kernel_size=2)
        add(op, (1, 1, 5, 4, 7), kernel_size=[2, 3, 1], stride=[1, 2, 3], padding=[1, 1, 0])
        add(op, (2, 1, 5, 5, 5), kernel_size=3, stride=2, ceil_mode=True)
        add(op, (1, 1, 3, 3, 3), kernel_size=3)
        add(op, (2, 3, 3, 4), kernel_size=2, stride=1)
    add("avg_pool3d", (1, 1, 4, 5, 4), kernel_size=2, stride=2, padding=1, divisor_override=3)
    for op in ("adaptive_max_pool1d", "adaptive_avg_pool1d"):
        for shape, size in [((2, 3, 6), 3), ((2, 3, 7), 3), ((1, 2, 5), 1), ((3, 4), 6), ((1, 1, 17), 5)]:
            add(op, shape, output_size=size)
    for shape, size in [((2, 3, 6, 4), 1), ((1, 2, 5, 7), [3, 4]), ((2, 4, 6), [2, 3]),
                        ((1, 1, 2, 2), [3, 5]), ((0, 2, 4, 4), 2), ((1, 2, 7, 7), [1, 7])]:
        add("adaptive_max_pool2d", shape, output_size=size)
    for shape, attributes in [
        ((1, 2, 3, 4), {"scale_factor": 2}), ((2, 1, 5), {"size": 8}),
        ((1, 1, 4, 4), {"size": [3, 7], "mode": "nearest"}), ((1, 2, 2, 3, 2), {"scale_factor": 2}),
        ((1, 2, 5, 4), {"scale_factor": 0.5}), ((2, 2, 5), {"scale_factor": 1.7}),
        ((1, 2, 3, 4), {"scale_factor": 2, "mode": "bilinear"}),
        ((1, 2, 3, 4), {"scale_factor": 2, "mode": "bilinear", "align_corners": True}),
        ((2, 1, 7, 5), {"size": [4, 9], "mode": "bilinear", "align_corners": False}),
        ((1, 1, 3, 1), {"size": [1, 4], "mode": "bilinear", "align_corners": True}),
        ((1, 2, 6), {"size": 4, "mode": "linear"}),
        ((1, 1, 2, 3, 2), {"scale_factor": 2, "mode": "trilinear", "align_corners": True}),
    ]:
        add("interpolate", shape, **attributes)
    for shape, factor in [((2, 8, 2, 3), 2), ((9, 1, 1), 3), ((1, 3, 4, 4), 1), ((2, 4, 1, 5), 2),
                          ((1, 2, 4, 1, 2), 2)]:
        add("pixel_shuffle", shape, upscale_factor=factor)
    for shape, factor in [((2, 2, 4, 6), 2), ((1, 3, 3), 3), ((1, 3, 4, 4), 1), ((2, 1, 2, 8), 2),
                          ((1, 2, 2, 2, 4), 2)]:
        add("pixel_unshuffle", shape, downscale_factor=factor)


def instance_norms(cases):
    """Beside those of `norms`, which came before."""
    for shape, attributes, dtype in [
        ((2, 3, 4), {}, torch.float64), ((3, 2, 5, 3), {"eps": 0.1}, torch.float64),
        ((0, 2, 3), {}, torch.float64), ((1, 2, 2, 3, 2), {"eps": 1e-3}, torch.float64),
        ((2, 4, 33), {}, torch.float32),
    ]:
        cases.add("instance_norm", F.instance_norm, {"input": cases.normal(*shape) + 1},
                  attributes=attributes, dtype=dtype)

    def evaluated(input, running_mean, running_var, weight, bias, **attributes):
        return F.instance_norm(
            input, running_mean.detach(), running_var.detach(), weight, bias, **attributes)

    for shape in [(2, 3, 5), (1, 2, 1, 1)]:
        channels = shape[1]
        entry = cases.add("instance_norm", evaluated, {
            "input": cases.normal(*shape), "running_mean": cases.normal(channels),
            "running_var": cases.uniform(channels, low=0.1, high=3),
            "weight": cases.normal(channels), "bias": cases.normal(channels)},
            attributes={"use_input_stats": False})
        for name in ("running_mean", "running_var"):  # constants in PyTorch
            del entry["gradients"][name]
