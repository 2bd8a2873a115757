"""Arguments at the edge of what PyTorch takes, which a random search of its interface came upon."""

import torch
import torch.nn.functional as F


def add(cases):
    convolutions_without_batch(cases)
    windows(cases)
    arguments(cases)
    losses_with_weights(cases)
    infinities(cases)


def convolutions_without_batch(cases):
    for op, shape, kernel in [
        ("conv1d", (2, 7), (4, 2, 3)), ("conv2d", (2, 4, 3), (4, 2, 2, 2)),
        ("conv3d", (2, 2, 3, 3), (4, 2, 2, 2, 1)), ("conv_transpose1d", (2, 4), (2, 4, 3)),
        ("conv_transpose2d", (2, 3, 2), (2, 4, 2, 2)),
    ]:
        cases.add(op, getattr(F, op), {
            "input": cases.normal(*shape), "weight": cases.normal(*kernel), "bias": cases.normal(4)},
            attributes={"stride": 2, "padding": 1})


def windows(cases):
    """Windows that only fit if they may end outside, sizes for some axes, factors for each."""
    for op, attributes in [
        ("max_pool2d", {"kernel_size": 5, "stride": [4, 5], "ceil_mode": True}),
        ("max_pool2d", {"kernel_size": 3, "dilation": 2, "ceil_mode": True}),
        ("avg_pool2d", {"kernel_size": [5, 4], "ceil_mode": True}),
        ("avg_pool2d", {"kernel_size": 5, "padding": [0, 1], "ceil_mode": True,
                        "count_include_pad": False}),
        ("avg_pool2d", {"kernel_size": 5, "padding": 1, "ceil_mode": True, "divisor_override": 3}),
        ("max_pool3d", {"kernel_size": [2, 3, 4], "ceil_mode": True}),
    ]:
        shape = (1, 2, 3, 2, 2) if op.endswith("3d") else (1, 2, 4, 3)
        cases.add(op, getattr(F, op), {"input": cases.normal(*shape)}, attributes=attributes)
    for op in ["adaptive_avg_pool2d", "adaptive_max_pool2d"]:
        for shape, size in [((1, 2, 5, 3), [2, None]), ((1, 4, 6), [None, 4]), ((1, 1, 3, 2), [None, None]),
                            ((2, 3, 4), [1, None])]:
            cases.add(op, getattr(F, op), {"input": cases.normal(*shape)}, attributes={"output_size": size})
    for shape, attributes in [
        ((1, 1, 3, 4), {"scale_factor": [2, 1.5]}), ((1, 1, 2, 3, 2), {"scale_factor": [1, 2, 0.5]}),
        ((2, 1, 3, 5), {"scale_factor": [1.7, 0.6], "mode": "bilinear"}),
        ((1, 1, 5), {"scale_factor": [2.5], "mode": "linear", "align_corners": True}),
    ]:
        cases.add("interpolate", F.interpolate, {"input": cases.normal(*shape)}, attributes=attributes)


def arguments(cases):
    for padding in [None, 2]:
        cases.add("embedding", lambda weight, input, **options: F.embedding(input, weight, **options), {
            "weight": cases.normal(4, 3)}, {"input": torch.tensor([[1, 2, 1], [1, 0, 2]])}, {
            "scale_grad_by_freq": True, "padding_idx": padding})
    cases.add("linear", F.linear, {
        "input": cases.normal(2, 3), "weight": cases.normal(4, 3), "bias": cases.normal()})
    cases.add("cat", lambda **tensors: torch.cat(list(tensors.values()), 1), {
        "a": cases.normal(0), "b": cases.normal(2, 3), "c": cases.normal(2, 1)}, attributes={})
    cases.entries[-1]["attributes"] = {"dim": 1}
    # Where all are of shape [0], any axis will do.
    cases.add("cat", lambda dim, **tensors: torch.cat(list(tensors.values()), dim), {
        "a": cases.normal(0), "b": cases.normal(0)}, attributes={"dim": -3})
    cases.add("conv_transpose2d", F.conv_transpose2d, {
        "input": cases.normal(0, 2, 2, 1), "weight": cases.normal(2, 1, 2, 2), "bias": cases.normal(1)},
        attributes={"stride": 2, "output_padding": 3})
    cases.add("conv_transpose2d", F.conv_transpose2d, {  # nothing is left
        "input": cases.normal(1, 2, 2, 3), "weight": cases.normal(2, 2, 3, 3)},
        attributes={"padding": 2, "groups": 2}, dtype=torch.float32)
    # Without axes is as with one element; no indices have any shape.
    for shape, index in [((), torch.tensor([0, 0])), ((3,), torch.tensor(2)), ((3,), torch.zeros(2, 0)),
                         ((2, 3), torch.zeros(0))]:
        cases.add("gather", lambda input, index, dim: torch.gather(input, dim, index.long()), {
            "input": cases.normal(*shape)}, {"index": index}, {"dim": 0})
    cases.add("avg_pool2d", F.avg_pool2d, {"input": cases.normal(1, 3, 4)},
              attributes={"kernel_size": 2, "stride": []})
    cases.add("pow_tensor", lambda input, other: input ** other, {
        "input": cases.uniform(3) + 0.5}, {"other": torch.tensor([0, 2, 3])})
    # Quotients a little below whole numbers, which rounding makes whole before they are truncated.
    for mode in ["trunc", "floor"]:
        cases.add("div", torch.div, {
            "input": torch.tensor([-0.25, 0.25, 0.875, -0.5, 7.0, -7.0]),
            "other": torch.tensor([-1e-3, 1e-3, 1e-3, 1e-3, 2.0, 2.0])}, attributes={"rounding_mode": mode})
    cases.add("add", lambda other, input: torch.add(input, other), {"other": cases.normal(3)},
              attributes={"input": 2.5})
    cases.add("batch_norm", lambda input, training: F.batch_norm(input, None, None, training=training), {
        "input": cases.normal(0)}, attributes={"training": True})
    # Windows that see no element are -inf. PyTorch's gradient of them writes beyond the image.
    for attributes in [{"kernel_size": 2, "padding": 1, "dilation": 3, "stride": 1},
                       {"kernel_size": [2, 1], "padding": [1, 0], "dilation": [4, 1], "stride": [3, 1],
                        "ceil_mode": True}]:
        cases.add("max_pool2d", F.max_pool2d, {"input": cases.normal(1, 2, 3, 2)},
                  attributes=attributes, forward_only=True)
    cases.add("norm", lambda input, ord, dtype: torch.linalg.vector_norm(
        input, ord, dtype=getattr(torch, dtype)), {"input": cases.normal(3, 2)},
        attributes={"ord": 3, "dtype": "float64"}, dtype=torch.float32, tolerance=(1e-6, 1e-6))
    # What one side takes off, the other repeats; only a circle does not.
    for mode, pads in [("reflect", [4, -1, 0, 0]), ("reflect", [0, 0, -1, 1]), ("replicate", [-2, 2, 1, -1]),
                       ("circular", [3, -1, -1, 0])]:
        cases.add("pad", F.pad, {"input": cases.normal(2, 2, 5)}, attributes={"pad": pads, "mode": mode})
    # Equal elements whose sum is not exact: their deviation is 0 all the same, and so is its gradient.
    cases.add("std", torch.std, {"input": torch.full((120,), 0.3, dtype=torch.float64)})
    cases.add("var", torch.var, {"input": torch.tensor(
        [1e308, 0.5, -1e308, -1e308, -1e308], dtype=torch.float64)}, forward_only=True)
    # More degrees of freedom than elements.
    cases.add("std", lambda input, dim, correction: torch.std(input, dim, correction=correction), {
        "input": cases.normal(3, 2)}, attributes={"dim": 0, "correction": 4})
    # The gradient is large, but no more than float32 holds.
    cases.add("rsqrt", torch.rsqrt, {"input": torch.tensor([2.1e-26] * 8)}, dtype=torch.float32)
    for mask, causal in [(False, False), (True, False), (False, True)]:
        cases.add("scaled_dot_product_attention", lambda query, key, value, attn_mask=None, **options: (
            F.scaled_dot_product_attention(
                query, key, value, None if attn_mask is None else attn_mask != 0, **options)), {
            "query": cases.normal(1, 4, 2, 3), "key": cases.normal(1, 2, 4, 3),
            "value": cases.normal(1, 2, 4, 2)},
            {"attn_mask": torch.tensor([[1, 0, 1, 1], [0, 1, 0, 0]])} if mask else {},
            {"enable_gqa": True, "is_causal": causal})


def losses_with_weights(cases):
    def run(op):
        return lambda input, target, weight, **options: (
            getattr(F, op)(input, target, weight=weight.detach(), **options))

    for op in ["mse_loss", "l1_loss", "huber_loss"]:
        for reduction in ["mean", "sum", "none"]:
            cases.add(op, run(op), {
                "input": cases.normal(2, 3) * 2, "target": cases.normal(2, 3),
                "weight": cases.uniform(2, 3)}, attributes={"reduction": reduction})


def infinities(cases):
    """Elements that are infinite where they must not reach other results."""
    huge = torch.tensor([float("inf"), -float("inf"), 1e200, 0.5, -1e300, 2.0]).double()
    for op in ["huber_loss", "smooth_l1_loss"]:
        cases.add(op, getattr(F, op), {"input": huge, "target": cases.normal(6)},
                  attributes={"reduction": "none"})
    scores = torch.tensor([[float("-inf"), 0.0, 1.0], [0.5, 0.0, 2.0], [-float("inf"), 0.0, -1.0]]).double()
    for op in ["cross_entropy", "nll_loss"]:
        for reduction in ["mean", "sum", "none"]:
            cases.add(op, getattr(F, op), {"input": scores}, {"target": torch.tensor([-100, 2, -100])},
                      {"reduction": reduction})
    image = cases.normal(1, 5, 7)
    image[0, 0, 0], image[0, 4, 6] = float("inf"), -float("inf")
    cases.add("adaptive_avg_pool2d", F.adaptive_avg_pool2d, {"input": image}, attributes={"output_size": [3, 4]})
    for stride, dilation, groups, place in [
        (2, 1, 1, "input"), ([3, 2], 1, 2, "input"), (1, 1, 1, "weight"), (1, 2, 2, "weight"), (2, 1, 1, "weight"),
    ]:
        inputs = {"input": cases.normal(2, 2, 3, 3), "weight": cases.normal(2, 3, 3, 2)}
        inputs[place][-1, 0, 1, 1] = float("inf")
        attributes = {"stride": stride, "dilation": dilation, "groups": groups}
        cases.add("conv_transpose2d", F.conv_transpose2d, inputs, attributes=attributes)
        if place == "weight":
            inputs["input"] = cases.normal(2, 3 * groups, 5, 5)
            cases.add("conv2d", F.conv2d, inputs, attributes=attributes)
    distant = torch.tensor([1.5e308, -1e308, 3e307, 1.0])
    cases.add("mse_loss", F.mse_loss, {"input": distant.double(), "target": cases.normal(4)})
    cases.add("batch_norm_eval", lambda input, running_mean, running_var, weight, bias: F.batch_norm(
        input, running_mean.detach(), running_var.detach(), weight, bias), {
        "input": cases.normal(0, 2), "running_mean": cases.normal(2), "running_var": torch.tensor([-2.0, 1.0]),
        "weight": cases.normal(2), "bias": cases.normal(2)})
