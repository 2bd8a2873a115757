"""Element-wise operations: every one at many shapes, at its edges and in both precisions."""

import torch
import torch.nn.functional as F

# Sizes around vector widths; the first also transposed by the test's own layouts.
SHAPES = [(), (1,), (0,), (2, 0, 3), (15,), (16,), (17,), (33,), (3, 5)]
BROADCASTS = [
    ((), ()), ((1,), (1,)), ((17,), (17,)), ((3, 5), ()), ((), (4,)), ((2, 1), (3,)),
    ((3,), (2, 1)), ((2, 1, 3), (4, 1)), ((0, 3), (1, 3)), ((1,), (0,)), ((33,), (1,)),
]

# name, function, range of ordinary inputs, edges (only where PyTorch's gradient is a number)
UNARY = [
    ("neg", torch.neg, (-3, 3), [0.0, -0.0, 1e300, -1e-300]),
    ("exp", torch.exp, (-3, 3), [0.0, -745.0, 700.0, -1e300, 1e-300]),
    ("log", torch.log, (0.01, 5), [1e-300, 1e300, 1.0, 1.0 + 1e-15, 5e-324]),
    ("sqrt", torch.sqrt, (0.01, 5), [1e-300, 1e300, 1.0]),
    ("rsqrt", torch.rsqrt, (0.01, 5), [1e-100, 1e200, 1.0]),
    ("sin", torch.sin, (-7, 7), [0.0, 1e5, -1e15, 3.141592653589793]),
    ("cos", torch.cos, (-7, 7), [0.0, 1e5, -1e15, 3.141592653589793]),
    ("tanh", torch.tanh, (-3, 3), [0.0, 1e-300, 20.0, -800.0, 1e300]),
    ("sigmoid", torch.sigmoid, (-5, 5), [0.0, 40.0, -40.0, 800.0, -800.0, 1e300]),
    ("log1p", torch.log1p, (-0.9, 5), [0.0, 1e-300, 1e-16, 1e300]),
    ("expm1", torch.expm1, (-3, 3), [0.0, 1e-300, 1e-16, 700.0, -800.0]),
    ("erf", torch.erf, (-3, 3), [0.0, 1e-300, 0.92, 6.0, -30.0, 1e300]),
    ("reciprocal", torch.reciprocal, (0.1, 4), [1e-100, -1e150, 1.0]),
    ("square", torch.square, (-3, 3), [0.0, 1e-200, 1e150, -1e100]),
    ("abs", torch.abs, (-3, 3), [0.0, -0.0, 1e300, -1e-300]),
    ("relu", F.relu, (-3, 3), [0.0, -0.0, 1e300, -1e300, 1e-300]),
    ("silu", F.silu, (-5, 5), [0.0, 40.0, -40.0, -700.0, 1e300]),
    ("mish", F.mish, (-5, 5), [0.0, 19.9, 20.1, -40.0, -700.0, 1e300]),
    ("log_sigmoid", F.logsigmoid, (-5, 5), [0.0, 40.0, -40.0, 800.0, -800.0, -1e300]),
    ("hardswish", F.hardswish, (-5, 5), [0.0, 3.0, -3.0, 1e300, -1e300]),
    ("softsign", F.softsign, (-5, 5), [0.0, 1e150, -1e150]),
]

# op, function, attributes
OPTIONS = [
    ("gelu", F.gelu, {}), ("gelu", F.gelu, {"approximate": "none"}),
    ("gelu", F.gelu, {"approximate": "tanh"}),
    ("softplus", F.softplus, {}), ("softplus", F.softplus, {"beta": 2.5, "threshold": 3.0}),
    ("softplus", F.softplus, {"beta": 0.5}), ("softplus", F.softplus, {"threshold": 1}),
    ("leaky_relu", F.leaky_relu, {}), ("leaky_relu", F.leaky_relu, {"negative_slope": 0.3}),
    ("leaky_relu", F.leaky_relu, {"negative_slope": 0.0}),
    ("elu", F.elu, {}), ("elu", F.elu, {"alpha": 0.7}), ("elu", F.elu, {"alpha": 2.0}),
    ("clamp", torch.clamp, {"min": -1.0, "max": 1.0}), ("clamp", torch.clamp, {"min": 0}),
    ("clamp", torch.clamp, {"max": 0.5}), ("clamp", torch.clamp, {"min": 1.0, "max": -1.0}),
    ("clamp", torch.clamp, {"min": -1.0, "max": None}),
]

# F.hardsigmoid's own gradient in float64 has 1/6 rounded to float32, and F.celu's 1 / alpha.
PIECES = [
    ("hardtanh", F.hardtanh, {}), ("hardtanh", F.hardtanh, {"min_val": -2.0, "max_val": 0.5}),
    ("relu6", F.relu6, {}), ("hardsigmoid", lambda input: F.relu6(input + 3) / 6, {}),
    ("selu", F.selu, {}), ("celu", F.celu, {}), ("celu", F.celu, {"alpha": 0.25}),
]


def add(cases):
    for name, function, (low, high), edges in UNARY:
        call = (lambda f: lambda input: f(input))(function)
        for shape in SHAPES:
            cases.add(name, call, {"input": cases.uniform(*shape, low=low, high=high)})
        for size in (7, 8, 9, 31):
            cases.add(name, call, {"input": cases.uniform(size, low=low, high=high)},
                      dtype=torch.float32)
        cases.add(name, call, {"input": torch.tensor(edges, dtype=torch.float64)})
        cases.add(name, call, {"input": cases.uniform(3, 11, low=low, high=high)},
                  dtype=torch.float32)
        edges32 = [edge for edge in edges if abs(edge) < 1e15 and (edge == 0 or abs(edge) > 1e-30)]
        cases.add(name, call, {"input": torch.tensor(edges32, dtype=torch.float64).clamp(-85, 85)},
                  dtype=torch.float32)
    options(cases, OPTIONS)
    powers(cases)
    pairs(cases)
    choices(cases)
    options(cases, PIECES)


def options(cases, functions):
    for name, function, attributes in functions:
        for shape in [(), (1,), (0, 2), (17,), (3, 5)]:
            cases.add(name, function, {"input": cases.uniform(*shape, low=-4, high=4)},
                      attributes=attributes)
        edges = [0.0, -0.0, 1.0, -1.0, 0.5, 25.0, -25.0, 400.0, -400.0, 1e100, -1e100]
        cases.add(name, function, {"input": torch.tensor(edges, dtype=torch.float64)},
                  attributes=attributes)
        cases.add(name, function, {"input": cases.uniform(33, low=-4, high=4)},
                  attributes=attributes, dtype=torch.float32)


def powers(cases):
    def power(input, exponent):
        return input.pow(exponent)

    for exponent in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, 1.0, 0.0):
        cases.add("pow", power, {"input": cases.uniform(17, low=0.2, high=3)},
                  attributes={"exponent": exponent})
    for exponent in (0, 1, 2, 3, 4, 2.5):
        cases.add("pow", power, {"input": torch.tensor([0.0, 1.0, 1e-50, 1e50], dtype=torch.float64)},
                  attributes={"exponent": exponent})
    for exponent in (2, 3, -1, 5):
        cases.add("pow", power, {"input": cases.uniform(3, 5, low=-3, high=-0.2)},
                  attributes={"exponent": exponent}, dtype=torch.float32)
    for shape in [(), (0, 3), (1,)]:
        cases.add("pow", power, {"input": cases.uniform(*shape, low=0.2, high=3)},
                  attributes={"exponent": 1.5})

    def power_of(input, exponent):
        return torch.pow(input, exponent)

    for a, b in BROADCASTS:
        cases.add("pow_tensor", power_of, {
            "input": cases.uniform(*a, low=0.2, high=3), "exponent": cases.normal(*b)})
    cases.add("pow_tensor", power_of, {
        "input": torch.tensor([0.0, 0.0, 0.0, 1.0, 2.0, 1e-20]),
        "exponent": torch.tensor([0.0, 1.0, 2.5, 0.0, 0.0, 3.0])})
    cases.add("pow_tensor", power_of, {
        "input": cases.uniform(33, low=0.2, high=3), "exponent": cases.normal(33)},
        dtype=torch.float32)


def pairs(cases):
    functions = [
        ("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div),
        ("maximum", torch.maximum), ("minimum", torch.minimum), ("atan2", torch.atan2),
    ]
    for name, function in functions:
        for a, b in BROADCASTS:
            other = cases.normal(*b)
            if name == "div":
                other = other + torch.sign(other)
            cases.add(name, lambda input, other, f=function: f(input, other),
                      {"input": cases.normal(*a), "other": other})
        cases.add(name, lambda input, other, f=function: f(input, other),
                  {"input": cases.normal(3, 11), "other": cases.uniform(11, low=0.5, high=2)},
                  dtype=torch.float32)
    for name, function in functions[:2]:
        for alpha in (2, -0.5, 0):
            cases.add(name, function, {"input": cases.normal(2, 3), "other": cases.normal(3)},
                      attributes={"alpha": alpha})
    # Ties share the gradient.
    ties = torch.tensor([1.0, 2.0, 3.0, 0.0, -0.0]), torch.tensor([1.0, 1.0, 4.0, -0.0, -0.0])
    for name, function in functions[4:]:
        cases.add(name, lambda input, other, f=function: f(input, other),
                  {"input": ties[0], "other": ties[1]})
    cases.add("maximum", torch.maximum, {
        "input": cases.integers(4, 5, below=3).double(), "other": cases.integers(5, below=3)})
    cases.add("minimum", torch.minimum, {
        "input": cases.integers(4, 5, below=3).double(), "other": torch.tensor(1.0)})


def choices(cases):
    def choose(input, other, condition):
        return torch.where(condition.bool(), input, other)

    for a, b, c in [((), (), ()), ((3,), (3,), (3,)), ((2, 3), (3,), (2, 1)), ((), (3,), (2, 3)),
                    ((2, 1), (1, 3), ()), ((0, 3), (3,), (1, 1)), ((17,), (17,), (17,)),
                    ((4, 1), (1,), (3, 1, 5))]:
        cases.add("where", choose, {"input": cases.normal(*a), "other": cases.normal(*b)},
                  integers={"condition": cases.integers(*c, below=2)})
    cases.add("where", choose, {"input": cases.normal(33), "other": cases.normal(33)},
              integers={"condition": cases.integers(33, below=2)}, dtype=torch.float32)
