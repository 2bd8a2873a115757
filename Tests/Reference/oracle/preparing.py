"""How the arguments of an entry of PyTorch's op_db become those of a reference case."""

import torch


class NotExpressible(Exception):
    """Why a sample cannot be written in this library."""


class Rule:
    def __init__(self, op, parameters="input", prepare=None, parts=False):
        self.op = op
        self.parameters = parameters.split()
        # Changes the arguments by name; a second parameter gets the call's results.
        self.prepare = prepare or (lambda arguments: arguments)
        self.parts = parts


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def pair(op, parameters="input other"):
    """Two operands, the first one first, one of which may be a number."""
    first, second = sorted(parameters.split(), key="input".__ne__)

    def prepare(arguments):
        operands = {name: arguments.pop(name) for name in (first, second) if name in arguments}
        if not any(isinstance(value, torch.Tensor) for value in operands.values()):
            raise NotExpressible("two numbers")
        return {**operands, **arguments}

    return Rule(op, parameters, prepare)


def number_first(op, parameters="input other"):
    """What PyTorch has as a method of the divisor."""
    rule = pair(op, parameters)

    def prepare(arguments):
        if not isinstance(arguments["input"], torch.Tensor):
            raise NotExpressible("a number divided by a tensor")
        return rule_prepare(arguments)

    rule_prepare, rule.prepare = rule.prepare, prepare
    return rule


def rounded(mode):
    rule = pair("div")
    prepare = rule.prepare
    rule.prepare = lambda arguments: {**prepare(arguments), "rounding_mode": mode}
    return rule


def without(*names, **replaced):
    """Leaves arguments out that change no value, and names others as the runner does."""

    def prepare(arguments):
        return {replaced.get(name, name): value
                for name, value in arguments.items() if name not in names}

    return prepare


def refusing(*names):
    """Arguments that the operation does not have here, unless they are false."""

    def prepare(arguments):
        for name in names:
            if arguments.pop(name, None):
                raise NotExpressible(name)
        return arguments

    return prepare


def varying(name):
    """Arguments such as repeat(2, 3), which are one list."""

    def prepare(arguments):
        extra = arguments.pop("*", [])
        if extra or is_number(arguments.get(name)):
            first = arguments.get(name)
            arguments[name] = ([] if first is None else [first]) + list(extra)
        return arguments

    return prepare


def listed(arguments):
    """The tensors of a list, and what follows them."""
    arguments = dict(arguments)
    tensors = arguments.pop("input")
    tensors = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
    extra = arguments.pop("*", [])
    if any(tensor is None for tensor in tensors):
        raise NotExpressible("None as a tensor")
    return {**{str(index): tensor for index, tensor in enumerate([*tensors, *extra])}, **arguments}


def meshgrid(arguments):
    if arguments.pop("indexing", "ij") != "ij":
        raise NotExpressible("indexing=\"xy\"")
    return listed(arguments)


def reduction(arguments):
    if arguments.get("correction", 0) is None:
        del arguments["correction"]
    if isinstance(arguments.get("dim"), bool):
        arguments["unbiased"] = arguments.pop("dim")
    return arguments


def numbers(*names):
    def prepare(arguments):
        if any(isinstance(arguments[name], torch.Tensor) for name in names):
            raise NotExpressible("numbers as tensors")
        return arguments

    return prepare


def norm(arguments):
    order = arguments.get("ord", arguments.get("p"))
    if order == "nuc":
        raise NotExpressible("norms of matrices")
    if order == "fro":
        arguments.pop("ord", None), arguments.pop("p", None)
    return arguments


def linalg_norm(arguments):
    order, dim = arguments.get("ord"), arguments.get("dim")
    axes = arguments["input"].dim() if dim is None else 1 if isinstance(dim, int) else len(dim)
    if order is not None and axes != 1 and order != "fro":
        raise NotExpressible("norms of matrices")
    return norm(arguments)


def clamp(arguments):
    for name in ("min", "max"):
        if isinstance(arguments.get(name), torch.Tensor):
            raise NotExpressible("bounds that are tensors")
        if arguments.get(name) is None:
            arguments.pop(name, None)
    return arguments


def one_axis(arguments):
    for name in ("source", "destination"):
        value = arguments[name]
        if not isinstance(value, int):
            if len(value) != 1:
                raise NotExpressible("several axes in one call of movedim")
            arguments[name] = value[0]
    return arguments


def repeats(arguments):
    arguments.pop("output_size", None)
    if isinstance(arguments["repeats"], torch.Tensor):
        raise NotExpressible("a count for each element")
    return arguments


def subscript(arguments):
    places = arguments.pop("places")
    places = places if isinstance(places, tuple) else (places,)
    texts = []
    for number, item in enumerate(places):
        if item is None:
            texts.append("None")
        elif item is Ellipsis:
            texts.append("...")
        elif isinstance(item, slice):
            bounds = [item.start, item.stop, item.step]
            texts.append(":".join("" if bound is None else str(bound) for bound in bounds[:2 if
                                  item.step is None else 3]))
        elif isinstance(item, bool):
            raise NotExpressible("a boolean as an index")
        elif isinstance(item, int):
            texts.append(str(item))
        else:
            tensor = torch.as_tensor(item)
            texts.append(("?" if tensor.dtype == torch.bool else "@") + str(number))
            arguments[str(number)] = tensor
    arguments["places"] = texts
    return arguments


def index_put(arguments):
    if arguments.pop("accumulate", False):
        raise NotExpressible("accumulate=True")
    arguments["places"] = tuple(arguments["places"])
    return subscript(arguments)


def scatter(arguments):
    if arguments.pop("reduce", None):
        raise NotExpressible("reduce")
    if is_number(arguments.get("src")):
        arguments["value"] = arguments.pop("src")
    return arguments


def creation(arguments):
    """Functions that make tensors get a 1 to tell the type."""
    if arguments.get("dtype") is None:
        raise NotExpressible("a type that follows from the numbers")
    arguments = {name: value for name, value in arguments.items()
                 if name not in ("dtype", "device", "requires_grad", "layout")}
    for value in arguments.values():
        if isinstance(value, torch.Tensor):
            raise NotExpressible("numbers as tensors")
        if isinstance(value, bool):
            raise NotExpressible("booleans as numbers")
    return arguments


def arange(arguments):
    arguments = creation(arguments)
    if "end" not in arguments:
        arguments["end"] = arguments.pop("start")
    return {**arguments, "exact": True}


def batch_norm(arguments):
    arguments.setdefault("training", False)
    if arguments["training"]:
        arguments = without("running_mean", "running_var")(arguments)
    return arguments


def instance_norm(arguments):
    if arguments.get("use_input_stats", True):
        arguments = without("running_mean", "running_var")(arguments)
    return arguments


def attention(arguments):
    if arguments.pop("dropout_p", 0):
        raise NotExpressible("dropout in attention, with PyTorch's random numbers")
    return arguments


def upsample(mode):
    def prepare(arguments):
        rank = arguments["input"].dim()
        if mode == "linear":
            return {**arguments, "mode": {3: "linear", 4: "bilinear", 5: "trilinear"}[rank],
                    "align_corners": True}
        return arguments

    return prepare


def casts(name):
    return lambda arguments: {"input": arguments["input"], "dtype": f"torch.{name}"}


def to(arguments):
    dtypes = [value if isinstance(value, torch.dtype) else value.dtype
              for name, value in arguments.items()
              if name != "input" and isinstance(value, (torch.dtype, torch.Tensor))]
    return {"input": arguments["input"], **({"dtype": dtypes[0]} if dtypes else {})}


def loss(op, parameters="input target"):
    return Rule(op, parameters, without("size_average", "reduce"))
