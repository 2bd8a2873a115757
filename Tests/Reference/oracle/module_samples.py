"""Turns the samples of PyTorch's module_db into reference cases."""

import copy
import inspect
import re
import warnings

import torch
from torch.testing._internal.common_modules import module_db

from preparing import NotExpressible
from op_samples import DTYPES, Oracle, fresh_tensors, results

# Losses are functions here.
LOSSES = {
    "nn.L1Loss": "l1_loss", "nn.SmoothL1Loss": "smooth_l1_loss", "nn.MSELoss": "mse_loss",
    "nn.KLDivLoss": "kl_div", "nn.NLLLoss": "nll_loss", "nn.CrossEntropyLoss": "cross_entropy",
    "nn.HingeEmbeddingLoss": "hinge_embedding_loss", "nn.HuberLoss": "huber_loss",
    "nn.BCELoss": "binary_cross_entropy", "nn.BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "nn.CosineEmbeddingLoss": "cosine_embedding_loss",
}

LAYERS = {f"nn.{name}" for name in (
    "Linear Bilinear Embedding LayerNorm RMSNorm GroupNorm InstanceNorm2d BatchNorm1d BatchNorm2d BatchNorm3d "
    "Conv1d Conv2d Conv3d LazyConv1d LazyConv2d LazyConv3d ConvTranspose1d ConvTranspose2d "
    "LazyConvTranspose1d LazyConvTranspose2d AvgPool1d AvgPool2d AvgPool3d MaxPool1d MaxPool2d MaxPool3d "
    "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
    "AdaptiveMaxPool3d Sigmoid LogSigmoid Tanh Softsign SiLU Mish ReLU ReLU6 SELU Hardswish Softplus GELU "
    "LeakyReLU ELU CELU Hardtanh Softmax LogSoftmax PReLU RNN LSTM GRU RNNCell LSTMCell GRUCell "
    "MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer Transformer").split()}

# Messages about what Swift's compiler refuses, or what the format of the cases has in one type only.
TYPES = re.compile("of type|dtype|scalar type|floating point type|must be a float")

ATTENTION = {"nn.MultiheadAttention", "nn.TransformerEncoderLayer", "nn.TransformerDecoderLayer",
             "nn.Transformer"}


def named(function, given, skipped=0):
    """The arguments of a call by name, the bound ones only."""
    signature = inspect.signature(function)
    bound = signature.bind_partial(*[None] * skipped, *given.args, **given.kwargs).arguments
    arguments = dict(list(bound.items())[skipped:])
    arguments.update(arguments.pop("kwargs", {}))
    if arguments.pop("args", ()):
        raise NotExpressible("arguments without names")
    return arguments


def flat(arguments):
    """Tensors of a tuple, such as the state of an LSTM, as arguments of their own."""
    result = {}
    for name, value in arguments.items():
        if isinstance(value, tuple) and value and isinstance(value[0], torch.Tensor):
            result.update({f"{name}/{index}": tensor for index, tensor in enumerate(value)})
        else:
            result[name] = value
    return result


def constructor(info, given):
    if given.args and issubclass(info.module_cls, torch.nn.RNNBase):
        arguments = named(torch.nn.RNNBase.__init__, given, skipped=2)
    else:
        arguments = named(info.module_cls.__init__, given, skipped=1)
    for name in ("device", "dtype"):
        arguments.pop(name, None)
    for name in ("add_bias_kv", "add_zero_attn"):
        if arguments.pop(name, False):
            raise NotExpressible(name)
    activation = arguments.get("activation")
    if callable(activation):
        arguments["activation"] = activation.__name__
    if arguments.pop("return_indices", False):
        raise NotExpressible("return_indices")
    if "BatchNorm" in info.name and "momentum" in arguments and arguments["momentum"] is None:
        arguments["cumulative"] = True
    return arguments


def add(cases, info, sample, dtype, training):
    """One sample, or each part of its result."""
    call = named(info.module_cls.forward, sample.forward_input, skipped=1)
    call = flat(dict(zip(call, fresh_tensors(list(call.values()), True))))
    made = constructor(info, sample.constructor_input)
    torch.manual_seed(len(cases.entries))
    module = info.module_cls(*sample.constructor_input.args, **sample.constructor_input.kwargs)
    module = module.to(dtype).train(training)
    inputs = unflat(call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.no_grad():
                module(**inputs)  # A lazy one gets its weights.
            for parameter in module.parameters():
                parameter.data += 0.3 * torch.randn_like(parameter)
            for module_ in module.modules():
                if hasattr(module_, "reset_running_stats"):
                    module_.reset_running_stats()
            found = results(module(**inputs))
        except (RuntimeError, ValueError):
            raise NotExpressible("samples that PyTorch itself refuses") from None
    if info.name in ATTENTION:
        found = found[:1]
        for name in ("need_weights", "average_attn_weights"):
            call.pop(name, None), inputs.pop(name, None)
    arguments = {**call, **made}
    if info.name in LOSSES:
        cases.add_case(dtype, LOSSES[info.name], arguments, found[0])
        return
    arguments |= state(module) | {"training": training}
    exact = [None] * len(found)
    if dtype == torch.float32:
        wide = copy.deepcopy(module).double()
        inputs = flat(fresh_tensors(inputs, True, torch.float64))
        exact = [(inputs | state(wide), result) for result in results(wide(**unflat(inputs)))]
    for part in range(len(found)):
        cases.add_case(dtype, info.name, {**arguments, "part": part}, found[part], exact[part])


def state(module):
    return {f"state/{path}": parameter for path, parameter in module.named_parameters()}


def unflat(call):
    inputs = {}
    for name, value in call.items():
        if "/" in name:
            inputs.setdefault(name.split("/")[0], []).append(value)
        else:
            inputs[name] = value
    return {name: tuple(value) if isinstance(value, list) else value for name, value in inputs.items()}


def modules(info):
    """The cases of one entry of module_db."""
    cases = Oracle(info.name)
    for dtype in DTYPES:
        for training in (True, False):
            torch.manual_seed(0)
            for sample in info.module_inputs_func(info, "cpu", dtype, True, training=training):
                if sample.forward_input is None:
                    continue
                try:
                    add(cases, info, sample, dtype, training)
                except NotExpressible as reason:
                    cases.reasons[str(reason)] += 1
    return cases


def errors(info):
    """The modules and calls that PyTorch refuses, with untrained float32 weights here."""
    cases = Oracle(info.name)
    torch.manual_seed(0)
    for error in info.module_error_inputs_func(info, "cpu", torch.float32, False, training=True):
        sample = error.module_error_input
        try:
            if TYPES.search(error.error_regex):
                raise NotExpressible("wrong types")
            arguments = constructor(info, sample.constructor_input)
            if sample.forward_input is None or not (sample.forward_input.args or sample.forward_input.kwargs):
                arguments["construct"] = True
            else:
                call = named(info.module_cls.forward, sample.forward_input, skipped=1)
                arguments = flat(fresh_tensors(call, False)) | arguments
            cases.add_case(torch.float32, LOSSES.get(info.name, info.name), arguments, None)
        except NotExpressible as reason:
            cases.reasons[str(reason)] += 1
    return cases


def has_counterpart(info):
    return info.name in LOSSES or info.name in LAYERS


def jobs():
    for info in module_db:
        if has_counterpart(info):
            yield "module_db", info.name, lambda info=info: modules(info), False
            if info.module_error_inputs_func:
                yield "module_db, errors", info.name, lambda info=info: errors(info), True
