"""What an entry of PyTorch's op_db is called here, and the names of its arguments in their order."""

from preparing import (
    Rule, arange, attention, batch_norm, casts, clamp, creation, index_put, instance_norm, linalg_norm,
    listed, loss, meshgrid, norm, number_first, numbers, one_axis, pair, reduction, refusing, repeats,
    rounded, scatter, subscript, to, upsample, varying, without)

POOL = "input kernel_size stride padding"
CONVOLUTION = "input weight bias stride padding dilation groups"

RULES = {
    # Element by element
    **{name: Rule(name) for name in (
        "abs neg exp log sqrt rsqrt sin cos tanh sigmoid log1p expm1 erf reciprocal square round floor "
        "ceil trunc sign isnan isinf isfinite logical_not contiguous ones_like zeros_like").split()},
    "ones_like": Rule("ones_like", prepare=refusing("dtype")),
    "zeros_like": Rule("zeros_like", prepare=refusing("dtype")),
    **{f"nn.functional.{name}": Rule(name) for name in
       "relu silu mish logsigmoid hardswish softsign relu6 selu hardsigmoid".split()},
    "nn.functional.leaky_relu": Rule("leaky_relu", "input negative_slope"),
    "nn.functional.elu": Rule("elu", "input alpha"),
    "nn.functional.celu": Rule("celu", "input alpha"),
    "nn.functional.softplus": Rule("softplus", "input beta threshold"),
    "nn.functional.hardtanh": Rule("hardtanh", "input min_val max_val"),
    "nn.functional.gelu": Rule("gelu"),
    "clamp": Rule("clamp", "input min max", clamp),
    "clamp_min": Rule("clamp", "input min", clamp),
    "clamp_max": Rule("clamp", "input max", clamp),
    # Pairs
    "add": pair("add"), "__radd__": pair("add"), "sub": pair("sub"), "mul": pair("mul"),
    "__rmul__": pair("mul"), "rsub": pair("sub", "other input"),
    "div": pair("div"), "true_divide": pair("div"), "__rdiv__": pair("div", "other input"),
    "floor_divide": rounded("floor"), "fmod": pair("fmod"), "remainder": number_first("remainder"),
    "__rmod__": number_first("remainder", "other input"),
    "pow": pair("pow", "input exponent"), "__rpow__": pair("pow", "exponent input"),
    "atan2": pair("atan2"), "maximum": pair("maximum"), "minimum": pair("minimum"),
    "max/binary": pair("maximum"), "min/binary": pair("minimum"),
    **{name: pair(name) for name in "eq ne lt le gt ge logical_and logical_or logical_xor".split()},
    "where": Rule("where", "input condition other"),
    # Reductions and scans
    "sum": Rule("sum", "input dim keepdim"), "mean": Rule("mean", "input dim keepdim"),
    "prod": Rule("prod", "input dim keepdim"), "amax": Rule("amax", "input dim keepdim"),
    "amin": Rule("amin", "input dim keepdim"), "any": Rule("any", "input dim keepdim"),
    "all": Rule("all", "input dim keepdim"), "argmax": Rule("argmax", "input dim keepdim"),
    "argmin": Rule("argmin", "input dim keepdim"),
    "max/reduction_no_dim": Rule("amax"), "min/reduction_no_dim": Rule("amin"),
    "logsumexp": Rule("logsumexp", "input dim keepdim"),
    **{name: Rule(name.split("/")[0], "input dim unbiased keepdim", reduction)
       for name in ("var", "std", "var/unbiased", "std/unbiased")},
    **{name: Rule("norm", "input p dim keepdim", norm)
       for name in ("norm", "norm/fro", "norm/inf", "norm/nuc")},
    "linalg.vector_norm": Rule("norm", "input ord dim keepdim"),
    "linalg.norm": Rule("norm", "input ord dim keepdim", linalg_norm),
    "linalg.norm/subgradients_at_zero": Rule("norm", "input ord dim keepdim", linalg_norm),
    "cumsum": Rule("cumsum", "input dim"), "cumprod": Rule("cumprod", "input dim"),
    "softmax": Rule("softmax", "input dim"), "softmax/with_dtype": Rule("softmax", "input dim"),
    "log_softmax": Rule("log_softmax", "input dim"),
    "log_softmax/with_dtype": Rule("log_softmax", "input dim"),
    "sort": Rule("sort", "input dim descending"),
    "argsort": Rule("argsort", "input dim descending"),
    "topk": Rule("topk", "input k dim largest sorted"),
    # Shapes
    "reshape": Rule("reshape", "input shape"), "view": Rule("reshape", "input shape"),
    "flatten": Rule("flatten", "input start_dim end_dim"),
    "unflatten": Rule("unflatten", "input dim sizes"),
    "permute": Rule("permute", "input dims", varying("dims")),
    "transpose": Rule("transpose", "input dim0 dim1"),
    "expand": Rule("expand", "input size", varying("size")),
    "broadcast_to": Rule("expand", "input size"),
    "squeeze": Rule("squeeze", "input dim"), "squeeze/multiple": Rule("squeeze", "input dim"),
    "unsqueeze": Rule("unsqueeze", "input dim"), "flip": Rule("flip", "input dims"),
    "roll": Rule("roll", "input shifts dims"),
    "tril": Rule("tril", "input diagonal"), "triu": Rule("triu", "input diagonal"),
    "cat": Rule("cat", "input dim", listed), "stack": Rule("stack", "input dim", listed),
    **{name: Rule("split", "input split_size_or_sections dim", parts=True)
       for name in ("split", "split/list_args", "split_with_sizes")},
    "chunk": Rule("chunk", "input chunks dim", parts=True),
    "unbind": Rule("unbind", "input dim", parts=True),
    "narrow": Rule("narrow", "input dim start length", numbers("start")),
    "tile": Rule("tile", "input dims"), "repeat": Rule("repeat", "input repeats", varying("repeats")),
    "repeat_interleave": Rule("repeat_interleave", "input repeats dim", repeats),
    "movedim": Rule("movedim", "input source destination", one_axis),
    **{f"nn.functional.pad/{mode}": Rule("pad", "input pad mode value") for mode in
       ("constant", "reflect", "replicate", "replicate_negative", "circular")},
    "diagonal": Rule("diagonal", "input offset dim1 dim2"),
    "linalg.diagonal": Rule("diagonal", "input", lambda a: {"dim1": -2, "dim2": -1, **a}),
    "diag": Rule("diag", "input diagonal"),
    **{f"meshgrid/{kind}": Rule("meshgrid", "input", meshgrid, parts=True)
       for kind in ("variadic_tensors", "list_of_tensors")},
    # Picking
    "__getitem__": Rule("getitem", "input places", subscript),
    "index_put": Rule("setitem", "input places value accumulate", index_put),
    "slice": Rule("slice", "input dim start end step"),
    "select": Rule("select", "input dim index"),
    "gather": Rule("gather", "input dim index", without("sparse_grad")),
    "index_select": Rule("index_select", "input dim index"),
    "scatter": Rule("scatter", "input dim index src", scatter),
    "scatter_add": Rule("scatter_add", "input dim index src"),
    "masked_fill": Rule("masked_fill", "input mask value"),
    "masked_select": Rule("masked_select", "input mask"),
    "nonzero": Rule("nonzero", "input", refusing("as_tuple")),
    "nn.functional.embedding": Rule("embedding", "weight input padding_idx", without("sparse")),
    # Products
    **{name: Rule("matmul", "input other") for name in ("matmul", "mm", "bmm", "mv")},
    "__rmatmul__": pair("matmul", "other input"),
    "dot": Rule("dot", "input other"), "outer": Rule("outer", "input other"), "trace": Rule("trace"),
    "nn.functional.linear": Rule("linear", "input weight bias"),
    "einsum": Rule("einsum", "input equation", listed),
    # Windows
    **{f"nn.functional.conv{axes}d": Rule(f"conv{axes}d", CONVOLUTION) for axes in (1, 2, 3)},
    **{f"nn.functional.conv_transpose{axes}d": Rule(
        f"conv_transpose{axes}d", "input weight bias stride padding output_padding groups dilation")
        for axes in (1, 2)},
    "nn.functional.avg_pool1d": Rule("avg_pool1d", f"{POOL} ceil_mode count_include_pad"),
    **{f"nn.functional.avg_pool{axes}d": Rule(
        f"avg_pool{axes}d", f"{POOL} ceil_mode count_include_pad divisor_override") for axes in (2, 3)},
    **{f"nn.functional.max_pool{axes}d": Rule(
        f"max_pool{axes}d", f"{POOL} dilation ceil_mode", without("return_indices"))
        for axes in (1, 2, 3)},
    **{f"nn.functional.adaptive_{kind}_pool{axes}d": Rule(
        f"adaptive_{kind}_pool{axes}d", "input output_size return_indices", without("return_indices"))
        for kind in ("avg", "max") for axes in (1, 2)},
    **{f"nn.functional.interpolate/{mode}": Rule("interpolate", "input size scale_factor mode",
                                             refusing("recompute_scale_factor"))
       for mode in ("nearest", "linear", "bilinear", "trilinear")},
    "nn.functional.upsample_nearest": Rule("interpolate", "input size", upsample("nearest")),
    "nn.functional.upsample_bilinear": Rule("interpolate", "input size", upsample("linear")),
    "nn.functional.pixel_shuffle": Rule("pixel_shuffle", "input upscale_factor"),
    "nn.functional.pixel_unshuffle": Rule("pixel_unshuffle", "input downscale_factor"),
    # Norms, attention
    **{name: Rule("batch_norm", "input running_mean running_var weight bias training momentum eps",
                  batch_norm)
       for name in ("nn.functional.batch_norm", "nn.functional.batch_norm/without_cudnn")},
    "nn.functional.instance_norm": Rule(
        "instance_norm", "input running_mean running_var weight bias use_input_stats momentum eps",
        instance_norm),
    "nn.functional.layer_norm": Rule("layer_norm", "input normalized_shape weight bias eps"),
    "nn.functional.rms_norm": Rule("rms_norm", "input normalized_shape weight eps"),
    "nn.functional.group_norm": Rule("group_norm", "input num_groups weight bias eps"),
    "nn.functional.scaled_dot_product_attention": Rule(
        "scaled_dot_product_attention", "query key value attn_mask dropout_p is_causal", attention),
    # Losses
    **{f"nn.functional.{name}": loss(name) for name in (
        "cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy "
        "binary_cross_entropy_with_logits kl_div hinge_embedding_loss").split()},
    "nn.functional.cosine_embedding_loss": loss("cosine_embedding_loss", "input1 input2 target"),
    "nn.functional.triplet_margin_loss": loss("triplet_margin_loss", "anchor positive negative"),
    # Types and creation
    "float": Rule("to", "input", casts("float32")), "double": Rule("to", "input", casts("float64")),
    "long": Rule("to", "input", casts("int64")), "bool": Rule("to", "input", casts("bool")),
    "to": Rule("to", "input _1 _2 _3 _4", to),
    "arange": Rule("arange", "start end step", arange),
    "linspace": Rule("linspace", "start end steps", creation),
    "eye": Rule("eye", "n m", creation),
    "full": Rule("full", "size fill_value", creation),
    "ones": Rule("ones", "size", creation), "zeros": Rule("zeros", "size", creation),
    "nn.functional.one_hot": Rule("one_hot", "tensor num_classes"),
}
