"""Edges that the other modules leave out: no elements, one, no axes, float32, very large and small."""

import torch
import torch.nn.functional as F

def wide(values):
    return torch.tensor(values, dtype=torch.float64)


HUGE = [1e300, -1e300, 1e-300, -1e-310, 0.0, 1.0]


def add(cases):
    pairs(cases)
    windows(cases)
    losses(cases)
    parts(cases)
    places(cases)
    extremes(cases)
    layers(cases)


def pairs(cases):
    """Both operands huge or tiny, where PyTorch's gradients are numbers."""
    x, y = wide(HUGE), wide([2.0, 1e300, 1e-5, 3.0, 5.0, -1e-300])
    for op, call in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("atan2", torch.atan2),
                     ("maximum", torch.maximum), ("minimum", torch.minimum)]:
        cases.add(op, lambda input, other, call=call: call(input, other), {"input": x, "other": y})
    cases.add("div", torch.div, {"input": x, "other": wide([1e10, -1e300, 1e5, 1e-5, 2.0, 1e-100])})
    cases.add("where", lambda input, other, condition: torch.where(condition.bool(), input, other), {
        "input": x, "other": y}, {"condition": torch.tensor([1, 0, 1, 0, 0, 1])})
    cases.add("pow_tensor", torch.pow, {
        "input": wide([1e100, 1e-100, 1e10, 2.0]), "exponent": torch.tensor([2.0, 2.0, -3.0, 900.0])})
    cases.add("expm1", lambda input: torch.expm1(input), {
        "input": wide([1e-300, -1e300, 709.0])})


def windows(cases):
    """Pools, shuffles and interpolation of nothing and of single pixels."""
    for axes in (1, 2, 3):
        for op in (f"max_pool{axes}d", f"avg_pool{axes}d"):
            call = getattr(F, op)
            for shape in [(0, 2) + (4,) * axes, (1, 1) + (1,) * axes]:
                cases.add(op, call, {"input": cases.normal(*shape)}, attributes={
                    "kernel_size": min(2, shape[-1])})
            cases.add(op, call, {"input": cases.normal(1, 1, *(9 if axes < 3 else 5,) * axes)}, attributes={
                "kernel_size": 3, "stride": 2}, dtype=torch.float32)
            cases.add(op, call, {"input": cases.normal(1, 1, *(4,) * axes, scale=1e200)},
                      attributes={"kernel_size": 2})
    for op in ("adaptive_avg_pool1d", "adaptive_max_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d"):
        axes = int(op[-2])
        for shape in [(0, 2) + (4,) * axes, (1, 1) + (1,) * axes, (2,) + (11,) * axes]:
            cases.add(op, getattr(F, op), {"input": cases.normal(*shape)}, attributes={"output_size": 1})
        cases.add(op, getattr(F, op), {"input": cases.normal(1, *(13,) * axes)},
                  attributes={"output_size": 5}, dtype=torch.float32)
        cases.add(op, getattr(F, op), {"input": cases.normal(1, *(3,) * axes, scale=1e200)},
                  attributes={"output_size": 2})
    for shape, attributes in [
        ((0, 1, 3), {"scale_factor": 2}), ((1, 1, 1, 1), {"size": [3, 2], "mode": "bilinear"}),
        ((1, 1, 1), {"size": 4, "mode": "linear", "align_corners": True}), ((1, 1, 1, 1), {"size": 1}),
        ((0, 2, 2, 3), {"size": [1, 5], "mode": "bilinear"}),
    ]:
        cases.add("interpolate", F.interpolate, {"input": cases.normal(*shape)}, attributes=attributes)
    cases.add("interpolate", F.interpolate, {"input": cases.normal(1, 1, 3, 17, scale=1e200)},
              attributes={"scale_factor": 2, "mode": "bilinear"})
    for op, name, shapes in [
        ("pixel_shuffle", "upscale_factor", [(1, 1, 1), (2, 0, 3)]),
        ("pixel_unshuffle", "downscale_factor", [(1, 1, 1), (1, 17, 2)]),
    ]:
        for shape in shapes:
            cases.add(op, getattr(F, op), {"input": cases.normal(*shape)}, attributes={name: 1})


def losses(cases):
    """Losses of one element, of none, in float32 and far from each other."""
    reductions = ["mean", "sum", "none"]
    plain = [("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {"beta": 0.5}), ("huber_loss", {"delta": 2.0})]
    for reduction in reductions:
        for op, attributes in plain:
            cases.add(op, getattr(F, op), {"input": cases.normal(35), "target": cases.normal(35)}, attributes={
                "reduction": reduction, **attributes}, dtype=torch.float32)
        for op, low in [("binary_cross_entropy", 0.05), ("binary_cross_entropy_with_logits", -3)]:
            cases.add(op, getattr(F, op), {
                "input": cases.uniform(2, 19, low=low, high=0.95), "target": cases.uniform(2, 19)},
                attributes={"reduction": reduction}, dtype=torch.float32)
        for op in ("cross_entropy", "nll_loss"):
            cases.add(op, getattr(F, op), {"input": cases.normal(4, 35)}, {
                "target": cases.integers(4, below=35)}, {"reduction": reduction}, dtype=torch.float32)
            if reduction != "mean":
                cases.add(op, getattr(F, op), {"input": cases.normal(0, 3)}, {
                    "target": torch.zeros(0, dtype=torch.int64)}, {"reduction": reduction})
        cases.add("kl_div", F.kl_div, {
            "input": cases.normal(33), "target": cases.uniform(33, low=0.1)}, attributes={
            "reduction": reduction}, dtype=torch.float32)
        for shape in [(1,), (0,), (), (3, 17)]:
            if 0 in shape and reduction == "mean":
                continue
            signs = cases.integers(*shape, below=2) * 2 - 1
            cases.add("hinge_embedding_loss", F.hinge_embedding_loss, {"input": cases.normal(*shape)}, {
                "target": signs}, {"reduction": reduction, "margin": 0.7})
        for batch, size in [((1,), 1), ((0,), 3), ((), 4), ((2,), 17)]:
            if 0 in batch and reduction == "mean":
                continue
            signs = cases.integers(*batch, below=2) * 2 - 1
            cases.add("cosine_embedding_loss", F.cosine_embedding_loss, {
                "input1": cases.normal(*batch, size), "input2": cases.normal(*batch, size)}, {
                "target": signs}, {"reduction": reduction, "margin": -0.4})
            cases.add("triplet_margin_loss", F.triplet_margin_loss, {
                name: cases.normal(*batch, size) for name in ("anchor", "positive", "negative")},
                attributes={"reduction": reduction, "margin": 3.0})
        cases.add("hinge_embedding_loss", F.hinge_embedding_loss, {"input": cases.normal(6)}, {
            "target": torch.tensor([1, -1, 1, 1, -1, -1])}, {"reduction": reduction}, dtype=torch.float32)
        cases.add("cosine_embedding_loss", F.cosine_embedding_loss, {
            "input1": cases.normal(2, 5), "input2": cases.normal(2, 5)}, {"target": torch.tensor([1, -1])}, {
            "reduction": reduction}, dtype=torch.float32)
        cases.add("triplet_margin_loss", F.triplet_margin_loss, {
            name: cases.normal(2, 9) for name in ("anchor", "positive", "negative")},
            attributes={"reduction": reduction, "margin": 5.0}, dtype=torch.float32)
    far = wide([1e200, -1e150, 1e-200])
    for op, attributes in [("l1_loss", {}), ("smooth_l1_loss", {}), ("huber_loss", {})]:
        cases.add(op, getattr(F, op), {"input": far, "target": cases.normal(3)}, attributes=attributes)
    cases.add("hinge_embedding_loss", F.hinge_embedding_loss, {"input": far}, {"target": torch.tensor([1, -1, -1])})
    cases.add("binary_cross_entropy", F.binary_cross_entropy, {
        "input": wide([0.0, 1.0, 1e-300, 1.0]), "target": torch.tensor([0.0, 1.0, 0.0, 1.0])})
    cases.add("triplet_margin_loss", F.triplet_margin_loss, {
        "anchor": wide([[1e100, 1.0]]), "positive": wide([[1e100, 2.0]]),
        "negative": wide([[0.5, 1e100]])})


def parts(cases):
    """Splitting, joining and rearranging nothing and single elements."""
    def part(call):
        return lambda input, part, **attributes: call(input, **attributes)[part]

    for shape in [(0,), (1,), (0, 3), (17,)]:
        cases.add("chunk", part(torch.chunk), {"input": cases.normal(*shape)}, attributes={"chunks": 2, "part": 0})
        cases.add("split", part(torch.split), {"input": cases.normal(*shape)}, attributes={
            "split_size_or_sections": 5, "part": 0})
        cases.add("narrow", torch.narrow, {"input": cases.normal(*shape)}, attributes={
            "dim": 0, "start": 0, "length": min(1, shape[0])})
    cases.add("split", part(torch.split), {"input": cases.normal(0, 2)}, attributes={
        "split_size_or_sections": [0, 0], "part": 1})
    for shape, dim in [((1,), 0), ((3, 0), 0), ((2, 17), -1)]:
        cases.add("unbind", part(torch.unbind), {"input": cases.normal(*shape)}, attributes={
            "dim": dim, "part": 0}, dtype=torch.float32)
    cases.add("cat", lambda dim, **tensors: torch.cat(list(tensors.values()), dim), {
        "a": cases.normal(3, 9), "b": cases.normal(1, 9), "c": cases.normal(0, 9)}, attributes={"dim": 0},
        dtype=torch.float32)
    cases.add("stack", lambda dim, **tensors: torch.stack(list(tensors.values()), dim), {
        "a": cases.normal(17), "b": cases.normal(17)}, attributes={"dim": -1}, dtype=torch.float32)
    for op, call, attributes in [
        ("flip", torch.flip, {"dims": [0]}), ("roll", torch.roll, {"shifts": [2], "dims": [0]}),
        ("movedim", torch.movedim, {"source": 0, "destination": -1}),
        ("transpose", torch.transpose, {"dim0": 0, "dim1": -1}), ("cumprod", torch.cumprod, {"dim": 0}),
        ("cumsum", torch.cumsum, {"dim": 0}), ("tile", torch.tile, {"dims": [2]}),
        ("repeat_interleave", torch.repeat_interleave, {"repeats": 2, "dim": 0}),
        ("unsqueeze", torch.unsqueeze, {"dim": 0}), ("flatten", torch.flatten, {}),
    ]:
        for shape in [(1,), (0,), (3, 17)] + [()] * (op in ("movedim", "transpose", "cumprod", "cumsum", "tile")):
            cases.add(op, call, {"input": cases.normal(*shape)}, attributes=attributes, dtype=torch.float32)
    for op, call in [("tril", torch.tril), ("triu", torch.triu), ("diagonal", torch.diagonal)]:
        for shape in [(1, 1), (0, 3), (2, 9, 17)]:
            cases.add(op, call, {"input": cases.normal(*shape)}, dtype=torch.float32)
    for shape in [(1, 1), (1,), (17,), (9, 2)]:
        cases.add("diag", torch.diag, {"input": cases.normal(*shape)}, dtype=torch.float32)
    cases.add("trace", torch.trace, {"input": cases.normal(9, 17)}, dtype=torch.float32)
    for size in (0, 1, 33):
        cases.add("dot", torch.dot, {"input": cases.normal(size), "tensor": cases.normal(size)},
                  dtype=torch.float32)
        cases.add("outer", torch.outer, {"input": cases.normal(size), "vec2": cases.normal(3)},
                  dtype=torch.float32)
        cases.add("meshgrid", lambda a, b, part: torch.meshgrid(a, b, indexing="ij")[part], {
            "a": cases.normal(size), "b": cases.normal(2)}, attributes={"part": 0}, dtype=torch.float32)
    for shape, dim, sizes in [((1,), 0, [1, 1]), ((0,), 0, [0, 3]), ((4, 17), 0, [2, 2])]:
        cases.add("unflatten", torch.unflatten, {"input": cases.normal(*shape)}, attributes={
            "dim": dim, "sizes": sizes}, dtype=torch.float32)


def places(cases):
    """Picking and writing in float32, and nowhere."""
    none = torch.zeros(0, dtype=torch.int64)
    cases.add("gather", lambda input, index, dim: torch.gather(input, dim, index), {
        "input": cases.normal(5, 9)}, {"index": cases.integers(5, 3, below=9)}, {"dim": 1}, dtype=torch.float32)
    cases.add("index_select", lambda input, index, dim: torch.index_select(input, dim, index), {
        "input": cases.normal(3, 17)}, {"index": none}, {"dim": 1}, dtype=torch.float32)
    for op, call in [("scatter", torch.scatter), ("scatter_add", torch.scatter_add)]:
        for index in [torch.tensor([[0, 1, 2]]), torch.zeros(0, 3, dtype=torch.int64)]:
            cases.add(op, lambda input, src, index, dim, call=call: call(input, dim, index, src), {
                "input": cases.normal(4, 9), "src": cases.normal(1, 3)}, {"index": index}, {"dim": 0},
                dtype=torch.float32)
    for mask in [torch.zeros(3, 9), torch.ones(3, 9)]:
        cases.add("masked_select", lambda input, mask: torch.masked_select(input, mask.bool()), {
            "input": cases.normal(3, 9)}, {"mask": mask.long()}, dtype=torch.float32)
    cases.add("masked_fill", lambda input, mask, value: input.masked_fill(mask.bool(), value), {
        "input": cases.normal(3, 9)}, {"mask": cases.integers(9, below=2)}, {"value": 1e30}, dtype=torch.float32)
    for descending in (False, True):
        cases.add("sort", lambda input, **attributes: torch.sort(input, **attributes)[0], {
            "input": wide([1e300, -1e300, 0.0, 1e-300, float("inf")])}, attributes={
            "descending": descending})
    for k, shape in [(0, (0,)), (0, (2, 3)), (1, (1,)), (3, (2, 33))]:
        for op, part in [("topk", 0), ("topk_indices", 1)]:
            cases.add(op, lambda input, k, part=part: torch.topk(input, k)[part], {
                "input": cases.normal(*shape)}, attributes={"k": k}, dtype=torch.float32,
                forward_only=part == 1)
    cases.add("select", torch.select, {"input": cases.normal(1)}, attributes={"dim": 0, "index": 0},
              dtype=torch.float32)
    cases.add("embedding", lambda weight, input: F.embedding(input, weight), {"weight": cases.normal(1, 1)},
              {"input": torch.tensor(0)})


def extremes(cases):
    """Reductions and products of numbers whose squares or sums are out of range, or nearly."""
    big = wide([[1e300, -1e299, 1.0], [1e-300, 2.0, -1e300]])
    for op, call in [("sum", torch.sum), ("mean", torch.mean), ("amax", torch.amax), ("amin", torch.amin)]:
        cases.add(op, lambda input, call=call, **attributes: call(input, **attributes), {"input": big},
                  attributes={"dim": 1})
        cases.add(op, lambda input, call=call, **attributes: call(input, **attributes), {
            "input": cases.normal(3, 33)}, attributes={"dim": 0}, dtype=torch.float32)
    for ord in (0, 1, 2):
        cases.add("norm", lambda input, ord: torch.linalg.vector_norm(input, ord), {
            "input": wide([1e120, -1e119, 1e-120])}, attributes={"ord": ord})
    cases.add("prod", lambda input, dim: torch.prod(input, dim), {
        "input": wide([[1e150, 1e-150, 3.0], [1e-200, 1e-100, 1.0]])}, attributes={"dim": 1})
    cases.add("cumprod", torch.cumprod, {"input": wide([1e150, 1e150, 1e-200])},
              attributes={"dim": 0})
    for op, call in [("var", torch.var), ("std", torch.std)]:
        cases.add(op, lambda input, call=call: call(input), {
            "input": wide([1e100, -1e100, 1.0, 3e99])})
        cases.add(op, lambda input, dim, call=call: call(input, dim), {"input": cases.normal(0, 3)},
                  attributes={"dim": 1})
    cases.add("matmul", torch.matmul, {
        "input": wide([[1e150, 1e-150], [2.0, 3.0]]),
        "other": wide([[1e-150, 1.0], [1e150, -1e10]])})
    # Equal scores far from 0 are left out of logsumexp: PyTorch's gradient of them is rounded.
    for op in ("softmax", "log_softmax"):
        cases.add(op, lambda input, dim, op=op: getattr(F, op)(input, dim), {
            "input": wide([[1e300, -1e300, 0.0], [-1e10, -1e10, -1e10]])}, attributes={"dim": 1})
    cases.add("logsumexp", torch.logsumexp, {"input": wide([[1e300, -1e300, 0.0]])}, attributes={"dim": 1})
    cases.add("cumsum", torch.cumsum, {"input": wide([1e300, -1e300, 1.0])}, attributes={"dim": 0})
    cases.add("scaled_dot_product_attention", F.scaled_dot_product_attention, {
        "query": cases.normal(2, 3, 9), "key": cases.normal(2, 17, 9), "value": cases.normal(2, 17, 5)},
        dtype=torch.float32)
    cases.add("scaled_dot_product_attention", F.scaled_dot_product_attention, {
        "query": cases.normal(2, 3, scale=1e5), "key": cases.normal(4, 3, scale=1e5), "value": cases.normal(4, 2)})
    for equation, shapes in [("ij,jk->ik", [(9, 17), (17, 3)]), ("i,i->", [(1,), (1,)]), ("ij->ji", [(0, 3)])]:
        cases.add("einsum", lambda equation, **tensors: torch.einsum(equation, *tensors.values()), {
            f"x{place}": cases.normal(*shape) for place, shape in enumerate(shapes)}, attributes={
            "equation": equation}, dtype=torch.float32)


def layers(cases):
    """Convolutions and norms of single elements, of nothing and in float32."""
    for axes in (1, 2, 3):
        op, size = f"conv{axes}d", 5 if axes == 3 else 9
        for shape, kernel, dtype in [
            ((1, 1) + (1,) * axes, (1, 1) + (1,) * axes, torch.float64),
            ((0, 2) + (3,) * axes, (1, 2) + (2,) * axes, torch.float64),
            ((1, 3) + (size,) * axes, (5, 3) + (3,) * axes, torch.float32),
        ]:
            cases.add(op, getattr(F, op), {
                "input": cases.normal(*shape), "weight": cases.normal(*kernel, scale=0.1)}, dtype=dtype)
    for axes in (1, 2):
        op = f"conv_transpose{axes}d"
        for shape, kernel, dtype in [
            ((1, 1) + (1,) * axes, (1, 1) + (1,) * axes, torch.float64),
            ((0, 2) + (3,) * axes, (2, 1) + (2,) * axes, torch.float64),
            ((1, 3) + (9,) * axes, (3, 2) + (3,) * axes, torch.float32),
        ]:
            cases.add(op, getattr(F, op), {"input": cases.normal(*shape), "weight": cases.normal(*kernel)},
                      attributes={"stride": 2}, dtype=dtype)
    for op in ("layer_norm", "rms_norm"):
        for shape in [(1, 1), (3, 17)]:
            cases.add(op, getattr(F, op), {"input": cases.normal(*shape)}, attributes={
                "normalized_shape": [shape[-1]]}, dtype=torch.float32)
        cases.add(op, getattr(F, op), {"input": wide([[1e100, -1e100, 1.0]])}, attributes={
            "normalized_shape": [3]})
    cases.add("group_norm", F.group_norm, {"input": cases.normal(2, 4, 17)}, attributes={"num_groups": 2},
              dtype=torch.float32)
    cases.add("linear", F.linear, {"input": cases.normal(0, 3), "weight": cases.normal(2, 3)})
