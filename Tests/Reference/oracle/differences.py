"""Where the library differs from PyTorch on purpose.

A row: the entry of the database, what the arguments must hold ("nan", "inf" or ""), the outcome, the reason. All but
the reason are regular expressions. A failure that no row explains is a fault.
"""

import re

NAN_GRADIENT = "the gradient at NaN is NaN or the cotangent everywhere; PyTorch's vector and scalar code differ"
FLOAT32_CONSTANT = "PyTorch's float64 kernel uses a constant rounded to float32 (error 1e-8); ours is exact"

DIFFERENCES = [
    ("abs|sign", "nan", "nan, expected -?0.0", "the sign of NaN is NaN, as in NumPy; PyTorch gives 0"),
    ("fmod", "", "the gradient of other", "the gradient by the divisor takes the exact quotient, as the value "
     "does; PyTorch truncates the rounded one, which may be larger by 1"),
    ("long", "", "expected -9.2", "NaN becomes 0 and infinities the nearest integer; in PyTorch the "
     "result depends on the processor"),
    ("masked_fill", "", "stopped: maskedFill: needs a bool mask", "maskedFill keeps the tensor's shape; "
     "Tensor.where broadcasts both"),
    ("nn.functional.(celu|hardsigmoid)", "", r"the largest error is \d\.?\d*e-(0[89]|10)", FLOAT32_CONSTANT),
    ("nn.functional.(elu|selu|celu|hardtanh|relu6|hardsigmoid)", "nan", "the gradient of input", NAN_GRADIENT),
    ("nn.functional.hardtanh", "", "stopped: hardtanh: min", "an empty interval is refused, as nn.Hardtanh does"),
    ("nn.functional.softsign", "inf", "-?0.0, expected -?nan", "the gradient at an infinity is 0; PyTorch's is NaN"),
    ("nn.functional.adaptive_(avg|max)_pool2d|nn.MaxPool2d", "", "works",
     "pools take any number of leading axes"),
    (r"nn.functional.max_pool[13]d", "", "works", "a tensor without channels gives one without channels"),
    ("nn.BatchNorm.d", "", "works", "an epsilon of 0 is allowed"),
    (r"optim\..*", "", "works", "a parameter that is given twice is one parameter"),
    ("nn.functional.hinge_embedding_loss", "", "stopped: hingeEmbeddingLoss: needs two tensors of one shape",
     "losses want equal shapes"),
]


def reason(entry, special, outcome):
    """Why an outcome is right; None if it is a fault."""
    for name, wanted, text, why in DIFFERENCES:
        if re.fullmatch(name, entry) and re.search(wanted, special) and re.search(text, outcome):
            return why
    return None
