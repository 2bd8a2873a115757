"""Turns samples of PyTorch's op_db into reference cases."""

import collections
import pathlib
import sys
import warnings

import torch
from torch.testing._internal.common_methods_invocations import SampleInput
from torch.utils import _pytree as pytree

sys.path.append(str(pathlib.Path(__file__).parent.parent))

from recorder import TOLERANCES, Cases  # noqa: E402
from preparing import NotExpressible  # noqa: E402
from rules import RULES  # noqa: E402

DTYPES = (torch.float64, torch.float32)
# Their float32 results are sums whose terms cancel, added in another order here.
SUMS = ("conv2d", "conv3d", "conv_transpose2d", "layer_norm", "scaled_dot_product_attention", "pow")
LARGEST = 20_000  # elements of a tensor


class Oracle(Cases):
    """The cases of one entry of a database, and why other samples became none."""

    def __init__(self, entry, seed=0):
        super().__init__(seed)
        self.entry = entry
        self.reasons = collections.Counter()

    def add_case(self, dtype, op, arguments, result, exact=None):
        """One case.

        arguments: name -> tensor, number, text, list; tensors of integers and masks are no inputs.
        result: PyTorch's; a tensor, differentiated by the arguments that ask for it. None where it stops.
        exact: The same arguments and result in float64, for float32: where both round a sum, four times what
            PyTorch deviates is allowed.
        """
        entry = {
            "name": f"{self.entry}/{str(dtype).removeprefix('torch.')}/{len(self.entries):03}",
            "op": op, "dtype": str(dtype).removeprefix("torch."),
            "inputs": {}, "integers": {}, "attributes": {},
        }
        name = entry["name"]
        leaves = {}
        for key, value in arguments.items():
            if isinstance(value, torch.Tensor):
                self.check(value, dtype, key)
                if value.is_floating_point():
                    leaves[key] = value
                    entry["inputs"][key] = self.store(f"{name}:{key}", value)
                else:
                    entry["integers"][key] = self.store(f"{name}:{key}", value.to(torch.int64))
            elif value is not None:
                entry["attributes"][key] = attribute(value, key)
        if not entry["inputs"]:
            entry["inputs"]["one"] = self.store(f"{name}:one", torch.ones((), dtype=dtype))
        if result is None:
            entry["error"] = True
            self.entries.append(entry)
            return
        entry["rtol"], entry["atol"] = TOLERANCES[dtype]
        if result.is_complex():
            raise NotExpressible("complex numbers")
        if not result.is_floating_point():
            result = result.to(torch.int64)
        found = [result]
        entry["output"] = self.store(f"{name}:output", result)
        watched = {key: leaf for key, leaf in leaves.items() if leaf.requires_grad}
        if result.requires_grad and watched:
            cotangent = self.normal(*result.shape).to(result.dtype)
            entry["cotangent"] = self.store(f"{name}:cotangent", cotangent)
            try:
                gradients = torch.autograd.grad(
                    result, list(watched.values()), cotangent, allow_unused=True, retain_graph=True)
            except RuntimeError as error:
                raise NotImplementedError from error
            entry["gradients"] = {
                key: self.store(f"{name}:{key}.gradient",
                                torch.zeros_like(leaf) if gradient is None else gradient)
                for (key, leaf), gradient in zip(watched.items(), gradients)
            }
            found += [gradient for gradient in gradients if gradient is not None]
        if exact:
            entry["atol"] += 4 * deviation(exact, found, watched, entry.get("cotangent") and cotangent)
        if any(tensor.is_floating_point() and tensor.isnan().any() for tensor in found):
            entry["equal_nan"] = True
        self.entries.append(entry)

    @staticmethod
    def check(tensor, dtype, key):
        if tensor.is_complex():
            raise NotExpressible("complex numbers")
        if tensor.layout != torch.strided:
            raise NotExpressible("sparse tensors")
        if tensor.is_floating_point() and tensor.dtype != dtype:
            raise NotExpressible("operands of two types")
        if tensor.numel() > LARGEST:
            raise NotExpressible(f"tensors of more than {LARGEST} elements (taken at smaller sizes)")


def deviation(exact, found, watched, cotangent):
    """The largest error of a result and its gradients in float32."""
    arguments, result = exact
    truths = [result]
    if cotangent is not None:
        truths += [gradient for gradient in torch.autograd.grad(
            result, [arguments[key] for key in watched], cotangent.double(), allow_unused=True,
            retain_graph=True) if gradient is not None]
    errors = [(truth - tensor).detach().abs() for truth, tensor in zip(truths, found)]
    return max((error[error.isfinite()].amax().item() for error in errors if error.isfinite().any()),
               default=0.0)


def attribute(value, key):
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, complex):
        raise NotExpressible("complex numbers")
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [item if item is None else attribute(item, key) for item in value]
    raise NotExpressible(f"{key} as {type(value).__name__}")


def bind(rule, sample):
    """The arguments of a sample by name; without tensors that None stands for."""
    values = [sample.input, *sample.args]
    arguments = dict(zip(rule.parameters, values))
    if len(values) > len(rule.parameters):
        arguments["*"] = values[len(rule.parameters):]
    for key, value in sample.kwargs.items():
        if key in ("memory_format", "out", "device", "layout"):
            if key == "out":
                raise NotExpressible("out=")
            continue
        arguments[key] = value
    arguments = rule.prepare(arguments)
    if "*" in arguments:
        raise NotExpressible("more arguments than the operation has here")
    return arguments


def fresh_tensors(tree, differentiable, dtype=None):
    """A copy of a tree on contiguous tensors of its own; floating-point ones in a type."""

    def copy(value):
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            return value
        tensor = value.detach().clone(memory_format=torch.contiguous_format)
        if dtype and tensor.is_floating_point():
            tensor = tensor.to(dtype)
        return tensor.requires_grad_(differentiable and value.requires_grad)

    return pytree.tree_map(copy, tree)


def fresh(sample, differentiable, dtype=None):
    """The sample on tensors of its own."""
    input, args, kwargs = fresh_tensors(
        (sample.input, sample.args, sample.kwargs), differentiable, dtype)
    return SampleInput(input, args=args, kwargs=kwargs)


def results(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [item for item in pytree.tree_leaves(value) if isinstance(item, torch.Tensor)]


def name_of(info):
    return info.name + (f"/{info.variant_test_name}" if info.variant_test_name else "")


def rule_of(info):
    return RULES.get("div" if name_of(info).startswith("div/") else name_of(info))


def samples(info, dtype, differentiable, only_samples=False):
    """All samples: those of the broader set, if PyTorch can make it."""
    if not only_samples:
        try:
            return list(info.reference_inputs("cpu", dtype, requires_grad=differentiable))
        except ValueError:
            pass
    return list(info.sample_inputs("cpu", dtype, requires_grad=differentiable))


def call(info, sample):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return results(info.op(sample.input, *sample.args, **sample.kwargs))


def translate(cases, rule, info, sample, differentiable, dtype):
    """Adds a sample, or each part of its result."""
    own = fresh(sample, differentiable)
    arguments = bind(rule, own)
    try:
        found = call(info, own)
    except RuntimeError:
        raise NotExpressible("samples that PyTorch itself refuses") from None
    if rule.parts:
        for part in sorted({0, len(found) // 2, len(found) - 1} & set(range(len(found)))):
            cases.add_case(dtype, rule.op, {**arguments, "part": part}, found[part])
        return
    exact = None
    if dtype == torch.float32 and rule.op in SUMS:
        wide = fresh(sample, differentiable, torch.float64)
        exact = (bind(rule, wide), call(info, wide)[0])
    cases.add_case(dtype, rule.op, arguments, found[0], exact)


def operations(info, only_samples=False):
    """The cases of one entry of op_db."""
    rule = rule_of(info)
    cases = Oracle(name_of(info).replace("/", "."))
    for dtype in DTYPES:
        if not info.supports_dtype(dtype, "cpu"):
            cases.reasons["no floating-point type"] += 1
            continue
        differentiable = info.supports_autograd and dtype in info.supported_backward_dtypes("cpu")
        torch.manual_seed(0)
        for sample in samples(info, dtype, differentiable, only_samples):
            try:
                translate(cases, rule, info, sample, differentiable, dtype)
            except NotExpressible as reason:
                cases.reasons[str(reason)] += 1
            except NotImplementedError:
                # PyTorch has no derivative.
                translate(cases, rule, info, sample, False, dtype)
    return cases




def errors(info):
    """The calls that PyTorch refuses."""
    cases = Oracle(name_of(info).replace("/", "."))
    torch.manual_seed(0)
    for error in info.error_inputs("cpu") if info.error_inputs_func else []:
        sample = error.sample_input
        tensors = [value for value in pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
                   if isinstance(value, torch.Tensor) and value.is_floating_point()]
        dtype = tensors[0].dtype if tensors else torch.float64
        try:
            if dtype not in DTYPES:
                raise NotExpressible(f"elements of {dtype}")
            arguments = bind(rule_of(info), sample)
            for key, value in arguments.items():
                if isinstance(value, torch.Tensor) and value.requires_grad:
                    arguments[key] = value.detach()
            cases.add_case(dtype, rule_of(info).op, arguments, None)
        except NotExpressible as reason:
            cases.reasons[str(reason)] += 1
        except (KeyError, TypeError, AttributeError, ValueError) as reason:
            cases.reasons[f"arguments of other kinds ({type(reason).__name__})"] += 1
    return cases
