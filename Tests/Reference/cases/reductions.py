"""Reductions, norms, softmax and running sums."""

import torch
import torch.nn.functional as F

INF = float("inf")

# shape, dim; no dim is all of them
AXES = [
    ((), None), ((1,), None), ((7,), 0), ((2, 3, 4), None), ((2, 3, 4), 0), ((2, 3, 4), 1),
    ((2, 3, 4), -1), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1, 1]), ((2, 3, 4), [0, 1, 2]), ((), 0),
    ((), -1), ((3, 17), 1), ((33, 2), 0), ((1, 5, 1), [0, 2]),
]


def reduction(cases, op, call, draw, axes=AXES, extra=None, empty=True, **options):
    extra = extra or {}
    shapes = list(axes)
    if empty:
        shapes += [((2, 0, 3), 0), ((2, 0, 3), -1)]
    for number, (shape, dim) in enumerate(shapes):
        attributes = dict(extra)
        if dim is not None:
            attributes["dim"] = dim
            if number % 2 or number == 2:
                attributes["keepdim"] = True
            elif number % 3:
                attributes["keepdim"] = False
        cases.add(op, call, {"input": draw(shape)}, attributes=attributes, **options)


def single(axes):
    return [(shape, dim) for shape, dim in axes if not isinstance(dim, list)]


def add(cases):
    def normal(shape):
        return cases.normal(*shape)

    def tied(shape):
        return cases.integers(*shape, below=3).double()

    def logsumexp(input, dim, keepdim=False):
        return torch.logsumexp(input, dim, keepdim)

    with_dim = [(shape, dim) for shape, dim in AXES if dim is not None]
    reduction(cases, "sum", torch.sum, normal)
    cases.add("sum", torch.sum, {"input": cases.normal(2, 0, 3)}, attributes={"dim": 1})
    cases.add("sum", torch.sum, {"input": cases.normal(2, 0, 3)})
    cases.add("sum", torch.sum, {"input": torch.tensor([1e15, 1.0, -1e15, 1.0], dtype=torch.float64)})
    reduction(cases, "mean", torch.mean, normal)
    for op, call in (("amax", torch.amax), ("amin", torch.amin)):
        reduction(cases, op, call, normal)
        reduction(cases, op, call, tied)
        cases.add(op, call, {"input": torch.zeros(2, 5)}, attributes={"dim": [1]})
        cases.add(op, call, {"input": cases.normal(4, 33)}, attributes={"dim": -1},
                  dtype=torch.float32)
    reduction(cases, "logsumexp", logsumexp, normal, axes=with_dim)
    cases.add("logsumexp", logsumexp, {"input": torch.tensor([[1e3, 999.0], [-1e3, -2e3], [0, 0]])},
              attributes={"dim": 1})
    cases.add("logsumexp", logsumexp, {"input": torch.tensor([[-INF, 1.0], [2.0, -INF]])},
              attributes={"dim": [0, 1]})
    cases.add("logsumexp", logsumexp, {"input": cases.normal(5, 17)}, attributes={"dim": -1},
              dtype=torch.float32)
    reduction(cases, "prod", torch.prod, normal, axes=single(AXES))
    reduction(cases, "prod", torch.prod, tied, axes=single(AXES))
    cases.add("prod", torch.prod, {"input": torch.tensor([[0.0, 2, 3], [0, 0, 4], [1, 2, 3]])},
              attributes={"dim": 1})
    cases.add("prod", torch.prod, {"input": torch.tensor([0.0, 2, 3])})
    cases.add("prod", torch.prod, {"input": torch.zeros(0, 3)}, attributes={"dim": 0})
    for op, call in (("var", torch.var), ("std", torch.std)):
        many = [(shape, dim) for shape, dim in AXES if shape not in ((), (1,), (1, 5, 1))]
        reduction(cases, op, call, normal, axes=many, empty=False)
        reduction(cases, op, call, normal, axes=many, empty=False, extra={"correction": 0})
        cases.add(op, call, {"input": cases.normal(3, 5)}, attributes={"dim": 1, "correction": 2})
        cases.add(op, call, {"input": cases.normal(3, 5)}, attributes={"unbiased": False})
        cases.add(op, call, {"input": cases.normal(4, 33) + 3}, attributes={"dim": 1},
                  dtype=torch.float32)
        cases.add(op, call, {"input": torch.full((2, 4), 0.5)}, attributes={"dim": 1})
        for shape in ((), (1, 3)):
            cases.add(op, call, {"input": cases.normal(*shape)},
                      attributes={"dim": None if shape == () else 0, "correction": 0})
    norms(cases)
    softmaxes(cases)
    sums(cases)


def norms(cases):
    def norm(input, ord=2, dim=None, keepdim=False):
        return torch.linalg.vector_norm(input, float(ord), dim, keepdim)

    for number, order in enumerate((2, 1, 0, 3, 2.5, 1.5, 0.5, -1, -2, "inf", "-inf", 4)):
        for shape, dim in AXES[number % 2::2]:
            attributes = {"ord": order}
            if dim is not None:
                attributes |= {"dim": dim, "keepdim": number % 3 == 0}
            cases.add("norm", norm, {"input": cases.normal(*shape)}, attributes=attributes)
        if not isinstance(order, str) and order > 0:
            cases.add("norm", norm, {"input": torch.zeros(2, 3)}, attributes={"ord": order, "dim": 1})
            sparse = torch.tensor([[0.0, 3, -4], [1, 0, 0], [0.0, 0, 2]])
            cases.add("norm", norm, {"input": sparse}, attributes={"ord": order, "dim": -1})
            cases.add("norm", norm, {"input": cases.normal(0, 3)}, attributes={"ord": order, "dim": 0})
    for order in ("inf", "-inf"):  # ties
        cases.add("norm", norm, {"input": torch.tensor([[1.0, -2, 2], [-1, 1, 1], [0, 0, 0]])},
                  attributes={"ord": order, "dim": 1})
    cases.add("norm", norm, {"input": cases.normal(3, 4)})
    cases.add("norm", norm, {"input": cases.normal(3, 0)})
    cases.add("norm", norm, {"input": cases.normal(5, 33)}, attributes={"dim": [1]},
              dtype=torch.float32)


def softmaxes(cases):
    for op, call in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        for shape, dim in ((), 0), ((), -1), ((1,), 0), ((5,), -1), ((3, 17), 1), ((3, 17), 0), \
                ((2, 3, 4), 1), ((2, 3, 4), -3), ((0, 3), 1), ((3, 0), 1), ((4, 33), -1):
            cases.add(op, call, {"input": cases.normal(*shape, scale=3)}, attributes={"dim": dim})
        extreme = torch.tensor([[1e3, 0, -1e3], [0, 0, 0], [1e300, 1e300, 0]], dtype=torch.float64)
        cases.add(op, call, {"input": extreme}, attributes={"dim": 1})
        cases.add(op, call, {"input": cases.normal(5, 33)}, attributes={"dim": 1},
                  dtype=torch.float32)
    cases.add("softmax", F.softmax, {"input": torch.tensor([[-INF, 1.0, 2.0], [0, -INF, -INF]])},
              attributes={"dim": 1})


def sums(cases):
    for shape, dim in ((), 0), ((1,), 0), ((7,), 0), ((2, 3, 4), 0), ((2, 3, 4), 1), \
            ((2, 3, 4), -1), ((2, 0, 3), 1), ((0, 2), 1), ((3, 33), -1), ((33, 3), -2):
        cases.add("cumsum", torch.cumsum, {"input": cases.normal(*shape)}, attributes={"dim": dim})
    cases.add("cumsum", torch.cumsum, {"input": cases.normal(2, 260)}, attributes={"dim": 1},
              dtype=torch.float32)
