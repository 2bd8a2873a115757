"""Operations that compare, sort, round and pick elements, and subscripts."""

import torch
import torch.nn.functional as F

NAN, INF = float("nan"), float("inf")
SIZES = [(), (1,), (0,), (7,), (8,), (9,), (15,), (16,), (17,), (31,), (33,), (3, 5)]


def add(cases):
    truths(cases)
    steps(cases)
    remainders(cases)
    orders(cases)
    repetitions(cases)
    matrices(cases)
    masks(cases)
    scatters(cases)
    subscripts(cases)
    creations(cases)


def truths(cases):
    special = torch.tensor([0.0, -0.0, 1, NAN, INF, -INF, 1e300, 5e-324])
    for op in ("isnan", "isinf", "isfinite"):
        call = lambda input, f=getattr(torch, op): f(input).long()
        for shape in [(), (0,), (17,), (3, 5)]:
            cases.add(op, call, {"input": cases.normal(*shape)}, forward_only=True)
        cases.add(op, call, {"input": special}, forward_only=True)
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        call = lambda input, other, f=getattr(torch, op): f(input, other).long()
        for a, b in [((), ()), ((17,), (17,)), ((2, 1), (3,)), ((0, 3), (1, 3)), ((3, 5), ())]:
            cases.add(op, call, {"input": cases.integers(*a, below=3), "other": cases.integers(*b, below=3)},
                      forward_only=True)
        cases.add(op, call, {"input": special, "other": special.roll(1)}, forward_only=True)
        cases.add(op, call, {"input": cases.integers(9, below=3)}, attributes={"other": 1},
                  forward_only=True)
    for op in ("logical_and", "logical_or", "logical_xor"):
        call = lambda input, other, f=getattr(torch, op): f(input, other).long()
        for a, b in [((), ()), ((17,), (17,)), ((2, 1), (3,)), ((0, 3), (1, 3)), ((3, 5), ())]:
            cases.add(op, call, {"input": cases.integers(*a, below=2), "other": cases.integers(*b, below=2)},
                      forward_only=True)
    for op in ("any", "all"):
        call = lambda input, f=getattr(torch, op), **attributes: f(input, **attributes).long()
        for shape, options in [((), {}), ((3, 5), {}), ((3, 5), {"dim": 1}), ((2, 3, 4), {"dim": [0, 2]}),
                               ((3, 2), {"dim": -1, "keepdim": True}), ((0, 3), {"dim": 0}), ((0,), {})]:
            cases.add(op, call, {"input": cases.integers(*shape, below=4) > 0}, attributes=options,
                      forward_only=True)
            cases.add(op, call, {"input": cases.integers(*shape, below=4) > 2}, attributes=options,
                      forward_only=True)
    for shape in [(), (0, 2), (17,), (1,), (3, 5)]:
        cases.add("logical_not", lambda input: torch.logical_not(input).long(),
                  {"input": cases.integers(*shape, below=2)}, forward_only=True)


def steps(cases):
    halves = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.0, -0.0, 1e300, -4503599627370497.5, 0.49999999999999994])
    for op in ("round", "floor", "ceil", "trunc", "sign"):
        call = lambda input, f=getattr(torch, op): f(input)
        for shape in SIZES:
            cases.add(op, call, {"input": cases.normal(*shape, scale=3)})
        cases.add(op, call, {"input": halves})
        cases.add(op, call, {"input": cases.normal(3, 11, scale=9)}, dtype=torch.float32)


def remainders(cases):
    for op in ("fmod", "remainder"):
        function = getattr(torch, op)
        for a, b in [((), ()), ((1,), (1,)), ((17,), (17,)), ((2, 1), (3,)), ((0, 3), (1, 3)), ((3, 5), ())]:
            cases.add(op, lambda input, other: function(input, other),
                      {"input": cases.normal(*a, scale=5), "other": cases.normal(*b) + 0.1})
        cases.add(op, lambda input, other: function(input, other), {
            "input": torch.tensor([5.0, -5, 5, -5, 0, 6, -6, 1e9]),
            "other": torch.tensor([3.0, 3, -3, -3, 2, 3, -3, 7])})
        cases.add(op, lambda input, other: function(input, other), {
            "input": cases.normal(33, scale=5), "other": cases.uniform(33, low=0.3, high=3)},
            dtype=torch.float32)
        for other in (0.7, -1.3, 2):
            cases.add(op, lambda input, other: function(input, other), {"input": cases.normal(9, scale=4)},
                      attributes={"other": other})
    for mode in ("floor", "trunc", None):
        for a, b in [((), ()), ((17,), (17,)), ((2, 1), (3,)), ((0, 3), (1, 3))]:
            other = cases.normal(*b)
            cases.add("div", lambda input, other, rounding_mode: torch.div(
                input, other, rounding_mode=rounding_mode), {
                "input": cases.normal(*a, scale=5), "other": other + torch.sign(other) * 0.1},
                attributes={"rounding_mode": mode})
        cases.add("div", lambda input, other, rounding_mode: torch.div(
            input, other, rounding_mode=rounding_mode), {
            "input": torch.tensor([1.0, -1, 0.3, 6, -7, 0.9]),
            "other": torch.tensor([0.1, 0.1, 0.1, -3, 2, 0.3])}, attributes={"rounding_mode": mode})
        cases.add("div", lambda input, other, rounding_mode: torch.div(
            input, other, rounding_mode=rounding_mode), {"input": cases.normal(7, scale=5)},
            attributes={"other": 0.7, "rounding_mode": mode})


def orders(cases):
    def distinct(*shape):
        count = int(torch.tensor(shape).prod()) if shape else 1
        return (torch.randperm(count, generator=cases.generator).double() * 0.37 - 2).reshape(shape)

    ties = torch.tensor([[2.0, 1, 2, 1, 3, 3], [0, -0.0, 0, 5, 5, -1]])
    for op in ("argmax", "argmin"):
        call = getattr(torch, op)
        for shape, options in [((), {}), ((7,), {}), ((3, 5), {}), ((3, 5), {"dim": 1}), ((3, 5), {"dim": 0}),
                               ((2, 3, 4), {"dim": -2, "keepdim": True}), ((1,), {"dim": 0}),
                               ((0, 3), {"dim": 1}), ((2, 33), {"dim": -1})]:
            cases.add(op, lambda input, f=call, **options: f(input, **options), {"input": distinct(*shape)},
                      attributes=options, forward_only=True)
        cases.add(op, lambda input, f=call, **options: f(input, **options), {
            "input": torch.tensor([[1.0, NAN, 3], [INF, -INF, 0]])}, attributes={"dim": 1}, forward_only=True)

    def sorted_by(part):
        def run(input, **options):
            return torch.sort(input, stable=True, **options)[part]
        return run

    for shape, options in [((), {}), ((7,), {}), ((3, 5), {"dim": 0}), ((3, 5), {"descending": True}),
                           ((2, 3, 4), {"dim": 1}), ((0, 3), {"dim": 1}), ((3, 0), {}), ((1,), {"dim": 0}),
                           ((2, 33), {"dim": -1, "descending": True}), ((5, 17), {"dim": -2})]:
        cases.add("sort", sorted_by(0), {"input": distinct(*shape)}, attributes=options)
        cases.add("argsort", sorted_by(1), {"input": distinct(*shape)}, attributes=options, forward_only=True)
    for descending in (False, True):
        cases.add("argsort", sorted_by(1), {"input": ties}, attributes={"descending": descending},
                  forward_only=True)
        cases.add("argsort", sorted_by(1), {"input": torch.tensor([1.0, NAN, -INF, INF, NAN, 0])},
                  attributes={"descending": descending}, forward_only=True)
    for shape, options in [((7,), {"k": 3}), ((7,), {"k": 7, "largest": False}), ((3, 5), {"k": 2, "dim": 0}),
                           ((3, 5), {"k": 1}), ((2, 3, 4), {"k": 2, "dim": 1, "largest": False}),
                           ((3, 5), {"k": 0}), ((2, 33), {"k": 5, "sorted": True}), ((), {"k": 1})]:
        for op, part in (("topk", 0), ("topk_indices", 1)):
            cases.add(op, lambda input, part=part, **options: torch.topk(input, **options)[part], {
                "input": distinct(*shape)}, attributes=options, forward_only=part == 1)


def repetitions(cases):
    for shape, counts in [((), [3]), ((3,), [2]), ((2, 3), [2, 1]), ((3,), [2, 3]), ((2, 3), [2]),
                          ((0, 3), [2, 2]), ((2, 1), [1, 17]), ((3,), [0]), ((2, 1, 3), [2, 3, 1])]:
        cases.add("tile", torch.tile, {"input": cases.normal(*shape)}, attributes={"dims": counts})
        if len(counts) >= len(shape):
            cases.add("repeat", lambda input, repeats: input.repeat(repeats), {"input": cases.normal(*shape)},
                      attributes={"repeats": counts})
    for shape, count, dim in [((3,), 2, 0), ((2, 3), 3, 1), ((2, 3), 1, -1), ((2, 3), 2, 0), ((0, 3), 2, 1),
                              ((2, 3), 0, 1), ((1,), 17, 0), ((2, 1, 2), 2, None)]:
        attributes = {"repeats": count} | ({} if dim is None else {"dim": dim})
        cases.add("repeat_interleave", lambda input, **options: torch.repeat_interleave(input, **options), {
            "input": cases.normal(*shape)}, attributes=attributes)

    def part_of(function):
        def run(input, part, dim=0, **options):
            return function(input, *options.values(), dim=dim)[part]
        return run

    for shape, size, dim, part in [((7,), 3, 0, 2), ((7,), 3, 0, 0), ((2, 6), 2, -1, 1), ((3, 4), [1, 2], 0, 1),
                                   ((5, 2), [0, 5], 0, 0), ((33,), 16, 0, 2), ((4,), 9, 0, 0)]:
        cases.add("split", part_of(torch.split), {"input": cases.normal(*shape)},
                  attributes={"split_size_or_sections": size, "dim": dim, "part": part})
    for shape, count, dim, part in [((7,), 3, 0, 2), ((6,), 4, 0, 1), ((2, 5), 2, 1, 0), ((3,), 5, 0, 2),
                                    ((17, 2), 3, -2, 1), ((1,), 1, 0, 0)]:
        cases.add("chunk", part_of(torch.chunk), {"input": cases.normal(*shape)},
                  attributes={"chunks": count, "dim": dim, "part": part})
    for shape, dim, part in [((3, 4), 0, 1), ((3, 4), 1, -1), ((2, 3, 4), -2, 0), ((1,), 0, 0), ((5,), 0, 4)]:
        cases.add("unbind", part_of(torch.unbind), {"input": cases.normal(*shape)},
                  attributes={"dim": dim, "part": part})
    for shape, dim, start, length in [((7,), 0, 2, 3), ((2, 5), 1, -3, 2), ((3,), 0, 3, 0), ((4, 2), 0, 0, 4),
                                      ((2, 17), -1, 1, 16)]:
        cases.add("narrow", torch.narrow, {"input": cases.normal(*shape)},
                  attributes={"dim": dim, "start": start, "length": length})
    for shape, source, destination in [((2, 3, 4), 0, 2), ((2, 3, 4), -1, 0), ((2, 3), 1, 1), ((3,), 0, 0),
                                       ((0, 3, 2), 1, -1)]:
        cases.add("movedim", torch.movedim, {"input": cases.normal(*shape)},
                  attributes={"source": source, "destination": destination})
    for shape, dim, sizes in [((2, 12), 1, [3, -1]), ((6,), 0, [2, 3]), ((4, 0), 1, [0, 2]), ((3, 5), 0, [-1]),
                              ((2, 8, 3), -2, [2, 2, 2])]:
        cases.add("unflatten", torch.unflatten, {"input": cases.normal(*shape)},
                  attributes={"dim": dim, "sizes": sizes})
    for shape, dim in [((), 0), ((1,), 0), ((7,), 0), ((3, 5), 1), ((3, 5), 0), ((2, 0, 3), 1), ((2, 3, 4), -2),
                       ((3, 17), -1)]:
        cases.add("cumprod", torch.cumprod, {"input": cases.normal(*shape)}, attributes={"dim": dim})
    for values in ([[0.0, 2, 3], [2, 0, 3], [0, 3, 0]], [[1.0, 0, 0], [0, 0, 0], [2, 3, 0]]):
        cases.add("cumprod", torch.cumprod, {"input": torch.tensor(values)}, attributes={"dim": 1})


def matrices(cases):
    for a, b in [((3,), (4,)), ((1,), (1,)), ((0,), (3,)), ((17,), (2,)), ((5,), (0,))]:
        cases.add("outer", lambda input, vec2: torch.outer(input, vec2), {
            "input": cases.normal(*a), "vec2": cases.normal(*b)})
    for size in (0, 1, 7, 16, 33):
        cases.add("dot", lambda input, tensor: torch.dot(input, tensor), {
            "input": cases.normal(size), "tensor": cases.normal(size)})
    for shape in [(3, 3), (2, 5), (5, 2), (0, 3), (1, 1), (17, 17)]:
        cases.add("trace", torch.trace, {"input": cases.normal(*shape)})
    for shape, options in [((3, 3), {}), ((3, 5), {"offset": 2}), ((5, 3), {"offset": -1}), ((2, 3), {"offset": 9}),
                           ((2, 3, 4), {"dim1": 1, "dim2": 2}), ((2, 3, 4), {"dim1": -1, "dim2": 0, "offset": 1}),
                           ((0, 3), {}), ((2, 3, 4, 3), {"dim1": 1, "dim2": 3, "offset": -1})]:
        cases.add("diagonal", torch.diagonal, {"input": cases.normal(*shape)}, attributes=options)
    for shape, diagonal in [((3,), 0), ((3,), 2), ((3,), -1), ((1,), 0), ((0,), 0), ((3, 4), 0), ((3, 4), 1), ((4, 3), -2)]:
        cases.add("diag", torch.diag, {"input": cases.normal(*shape)}, attributes={"diagonal": diagonal})
    for shape, diagonal in [((3, 3), None), ((3, 3), 1), ((3, 3), -1), ((2, 5), 1), ((2, 3, 4), 0), ((0, 3), 0)]:
        cases.add("triu", torch.triu, {"input": cases.normal(*shape)},
                  attributes={} if diagonal is None else {"diagonal": diagonal})


def masks(cases):
    for shape, mask in [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((0, 3), (1, 3)), ((17,), (17,)),
                        ((3, 5), ())]:
        cases.add("masked_fill", lambda input, mask, value: input.masked_fill(mask.bool(), value), {
            "input": cases.normal(*shape)}, {"mask": cases.integers(*mask, below=2)}, {"value": -1.5})
        cases.add("masked_select", lambda input, mask: torch.masked_select(input, mask.bool()), {
            "input": cases.normal(*shape)}, {"mask": cases.integers(*mask, below=2)})
    cases.add("masked_fill", lambda input, mask, value: input.masked_fill(mask.bool(), value), {
        "input": cases.normal(2, 3), "value": cases.normal()}, {"mask": cases.integers(2, 3, below=2)})
    cases.add("masked_fill", lambda input, mask, value: input.masked_fill(mask.bool(), value), {
        "input": cases.normal(2, 3)}, {"mask": cases.integers(2, 3, below=2)}, {"value": -INF},
        forward_only=True)
    cases.add("masked_select", lambda input, mask: torch.masked_select(input, mask.bool()), {
        "input": cases.normal(3, 1)}, {"mask": cases.integers(2, 1, 4, below=2)})
    for shape in [(), (1,), (0,), (7,), (3, 5), (2, 3, 4)]:
        cases.add("nonzero", torch.nonzero, {"input": cases.integers(*shape, below=2)}, forward_only=True)


def scatters(cases):
    def permuted(shape, dim, below):
        """Indices without repetitions along the dim."""
        order = torch.rand((*shape[:dim], below, *shape[dim + 1:]), generator=cases.generator).argsort(dim)
        return order.narrow(dim, 0, shape[dim])

    for shape, dim, index in [((3, 5), 1, (3, 2)), ((3, 5), 0, (2, 5)), ((3, 5), 1, (2, 4)), ((7,), 0, (7,)),
                              ((2, 3, 4), 1, (2, 2, 3)), ((1,), 0, (1,)), ((3, 4), 0, (0, 4)), ((17, 2), 0, (9, 1))]:
        indices = permuted(index, dim, shape[dim])
        source = index  # PyTorch differentiates no larger ones
        cases.add("scatter", lambda input, src, dim, index: torch.scatter(input, dim, index, src), {
            "input": cases.normal(*shape), "src": cases.normal(*source)}, {"index": indices}, {"dim": dim})
        cases.add("scatter", lambda input, dim, index, value: torch.scatter(input, dim, index, value), {
            "input": cases.normal(*shape)}, {"index": indices}, {"dim": dim, "value": 2.5})
        repeated = cases.integers(*index, below=shape[dim])
        cases.add("scatter_add", lambda input, src, dim, index: torch.scatter_add(input, dim, index, src), {
            "input": cases.normal(*shape), "src": cases.normal(*source)}, {"index": repeated}, {"dim": dim})
    zero = torch.tensor(0)
    cases.add("scatter", lambda input, src, dim, index: torch.scatter(input, dim, index, src), {
        "input": cases.normal(), "src": cases.normal()}, {"index": zero}, {"dim": 0})
    cases.add("scatter_add", lambda input, src, dim, index: torch.scatter_add(input, dim, index, src), {
        "input": cases.normal(), "src": cases.normal()}, {"index": zero}, {"dim": -1})


def place(text, tensors):
    """One place of a subscript: "3", "1:5:2", "None", "...", "@name" of integers or "?name" of a mask."""
    if text[0] == "@":
        return tensors[text[1:]]
    if text[0] == "?":
        return tensors[text[1:]].bool()
    if text in ("None", "..."):
        return None if text == "None" else ...
    if ":" in text:
        return slice(*[int(part) if part else None for part in text.split(":")])
    return int(text)


def subscripts(cases):
    def read(input, places, **tensors):
        return input[tuple(place(text, tensors) for text in places)]

    def write(input, value, places, **tensors):
        result = input.clone()
        result[tuple(place(text, tensors) for text in places)] = value
        return result

    def integers(*values):
        return torch.tensor(values)

    a, b = integers(2, 0, -1), integers(1, 3, 3)
    column = integers([1], [0])
    for shape, places, tensors in [
        ((5,), ["2"], {}), ((5,), ["-1"], {}), ((3, 4), ["1", "2"], {}), ((3, 4), ["1:3"], {}),
        ((3, 4), ["...", "-1"], {}), ((3, 4), [":", "::2"], {}), ((3, 4), ["None", "1"], {}),
        ((3, 4), ["1", "None", "1:-1", "None"], {}), ((2, 3, 4), ["...", "None"], {}), ((2, 3, 4), ["1", "...", "0"], {}),
        ((7,), ["-5:-1:3"], {}), ((7,), ["5:2"], {}), ((33,), ["1::7"], {}), ((2, 0, 3), ["1"], {}), ((), ["..."], {}),
        ((), ["None"], {}), ((3, 4, 2), ["0:2", ":", "1"], {}),
        ((5,), ["@a"], {"a": a}), ((3, 4), ["@a"], {"a": a}), ((3, 4), [":", "@b"], {"b": b}),
        ((3, 4), ["@a", "@b"], {"a": a, "b": b}), ((3, 4, 5), ["@a", ":", "@b"], {"a": a, "b": b}),
        ((5, 3, 4), [":", "@a", "@b"], {"a": a, "b": b}), ((3, 4), ["@c", "@b"], {"c": column, "b": b}),
        ((2, 3, 4), ["0", "@a"], {"a": a}), ((2, 3, 4), ["1:", "...", "@b"], {"b": b}),
        ((3, 4), ["None", "@a"], {"a": a}), ((2, 3, 4), ["0", ":", "@b"], {"b": b}),
        ((3, 4), ["@e"], {"e": torch.zeros(0, dtype=torch.int64)}), ((4, 3, 5), ["@b", "::2", "@a"], {"a": a, "b": b}),
        ((5,), ["?m"], {"m": integers(1, 0, 1, 1, 0)}), ((2, 3), ["?m"], {"m": integers([1, 0, 1], [0, 0, 1])}),
        ((2, 3), [":", "?m"], {"m": integers(0, 1, 1)}), ((2, 3, 2), ["?m", "1"], {"m": integers([1, 0, 1], [0, 0, 1])}),
        ((2, 3), ["?m"], {"m": integers([0, 0, 0], [0, 0, 0])}), ((4, 2, 3), ["1:3", "?m"], {"m": integers([1, 0, 1], [0, 1, 1])}),
    ]:
        cases.add("getitem", read, {"input": cases.normal(*shape)}, tensors, {"places": places})
        # Written places are not repeated: PyTorch leaves the order open.
        unique = {name: tensor if name in ("m", "c", "e") else integers(2, 0, 1) for name, tensor in tensors.items()}
        part = read(torch.zeros(shape), places, **unique).shape
        values = [part, ()] + [(1, *part[1:])] * (len(part) > 0)
        for value in values[:2 if len(shape) > 1 else 3]:
            cases.add("setitem", write, {"input": cases.normal(*shape), "value": cases.normal(*value)}, unique,
                      {"places": places})


def creations(cases):
    # Without inputs there is nothing to differentiate; the result is multiplied by an input of one element.
    def times(function):
        return lambda input, **attributes: input * function(**attributes).double()

    for options in [{"end": 5}, {"start": 2, "end": 9, "step": 3}, {"start": 5, "end": 0, "step": -2}, {"end": 0},
                    {"start": 0.5, "end": 2.25, "step": 0.25}, {"start": 1, "end": 2, "step": 0.3}]:
        cases.add("arange", times(torch.arange), {"input": torch.tensor(1.0)}, attributes=options)
    for start, end, steps in [(0, 1, 5), (-2, 3, 4), (1, 1, 3), (0, 5, 1), (2, 0, 0), (3, -3, 33)]:
        cases.add("linspace", lambda input, start, end, steps: input * torch.linspace(
            start, end, steps, dtype=torch.float64), {"input": torch.tensor(1.0)},
            attributes={"start": start, "end": end, "steps": steps})
    for options in [{"n": 3}, {"n": 2, "m": 5}, {"n": 4, "m": 1}, {"n": 0}, {"n": 17}]:
        cases.add("eye", lambda input, n, m=None: input * torch.eye(n, n if m is None else m, dtype=input.dtype), {
            "input": torch.tensor(1.0)}, attributes=options)
    for shape, classes in [((), 3), ((4,), 5), ((2, 3), 2), ((0,), 3), ((1,), 1)]:
        cases.add("one_hot", lambda input, tensor, num_classes: input * F.one_hot(tensor, num_classes), {
            "input": torch.tensor(1.0)}, {"tensor": cases.integers(*shape, below=classes)},
            {"num_classes": classes})
    for sizes, part in [((2, 3), 0), ((2, 3), 1), ((4,), 0), ((2, 1, 3), 2), ((0, 2), 1)]:
        def mesh(part, **vectors):
            return torch.meshgrid(*vectors.values(), indexing="ij")[part]
        cases.add("meshgrid", mesh, {f"tensor{number}": cases.normal(size) for number, size in enumerate(sizes)},
                  attributes={"part": part})
