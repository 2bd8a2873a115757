"""Writes what Tests/ModelTests expects of one pass of d2l's models in training mode.

    python Tests/Reference/passes.py

Weights and inputs are not stored: `Numbers` makes them, here and in Swift. `Fixtures/passes.txt` has
the loss, and of the logits, each gradient and each buffer a few figures, all in float64.
`Fixtures/resnet.safetensors` is the state_dict of a narrow ResNet after such a pass, in float32, and
the last section of the text has its logits in evaluation mode.
"""

import pathlib

import models
import numpy
import torch
from safetensors.torch import save_file
from torch import nn

FIXTURES = pathlib.Path(__file__).parent.parent / "ModelTests" / "Fixtures"


class Numbers:
    """Numbers in -1 ..< 1: the high bits of the powers of a number modulo 2^64.

    The multiplier is one of Steele and Vigna, Computationally easy, spectrally good multipliers (2021).
    """

    def __init__(self):
        self.state = numpy.uint64(1)

    def draw(self, *shape):
        count = int(numpy.prod(shape))
        powers = numpy.full(count, 0xD1342543DE82EF95, numpy.uint64).cumprod(dtype=numpy.uint64)
        states = powers * self.state
        self.state = states[-1]
        drawn = (states >> numpy.uint64(11)).astype(numpy.float64) / 2**52 - 1
        return torch.from_numpy(drawn).reshape(shape)

    def tokens(self, *shape, below):
        return ((self.draw(*shape) + 1) / 2 * below).long()

    def fill(self, model):
        """Parameters in their order: He's scale, norms around 1, biases around 0."""
        for name, parameter in model.named_parameters():
            value = self.draw(*parameter.shape)
            if parameter.dim() > 1:
                value *= (6 / parameter[0].numel()) ** 0.5
            elif name.endswith("weight"):
                value = 1 + 0.2 * value
            else:
                value *= 0.1
            parameter.data = value

    def figures(self, tensor):
        """Shape, norm, product with the next numbers, first and last element; rounding noise is 0."""
        flat = tensor.detach().double().flatten()
        found = [flat.norm(), flat @ self.draw(flat.numel()), flat[0], flat[-1]]
        shape = ",".join(map(str, tensor.shape))
        return f"[{shape}] " + " ".join(
            "0" if abs(number) < 1e-13 else f"{float(number):.9e}" for number in found)


def images(size):
    def make(numbers):
        return [numbers.draw(6, 1, size, size)], torch.tensor([0, 3, 1, 2, 9, 5])

    return make


def sentences(numbers):
    tokens = numbers.tokens(4, 9, below=28)
    return [tokens[:, :-1]], tokens[:, 1:]


def translations(numbers):
    source, target = numbers.tokens(4, 5, below=20), numbers.tokens(4, 8, below=20)
    source[1, 3:] = 0
    return [source, target[:, :-1]], target[:, 1:]


def cases():
    found = {
        name: model
        for family in (models.linear_models, models.early_models, models.modern_models)
        for name, model, _ in family()}
    sizes = {"MLP": 28, "BatchNormLeNet": 28, "GoogLeNet": 32, "ResNet18": 32, "DenseNet": 32}
    for name, size in sizes.items():
        yield name, found[name], images(size)
    yield "ViT", models.ViT(32, 8, 32, 4, 64, dropout=0), images(32)
    yield "LSTMLanguageModel", models.LSTMLanguageModel(), sentences
    yield "Translator", models.Translator(dropout=0), translations


def training_pass(name, model, make):
    numbers = Numbers()
    inputs, labels = make(numbers)
    with torch.no_grad():
        model.eval()(*[x.float() if x.is_floating_point() else x for x in inputs])
    numbers.fill(model.double())
    logits = model.train()(*inputs)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    lines = [name, f"loss {numbers.figures(loss)}", f"logits {numbers.figures(logits)}"]
    parameters = dict(model.named_parameters())
    for path, value in model.state_dict().items():
        parameter = parameters.get(path)
        kind, tensor = ("buffer", value) if parameter is None else ("gradient", parameter.grad)
        lines.append(f"{kind} {path} {numbers.figures(tensor)}")
    return inputs, lines


def main():
    sections = ["\n".join(training_pass(*case)[1]) for case in cases()]
    model = models.resnet([(2, 2), (2, 2), (2, 4), (2, 4)])
    inputs, _ = training_pass("", model, images(32))
    state = {path: value.float() if value.is_floating_point() else value
             for path, value in model.state_dict().items()}
    save_file(state, FIXTURES / "resnet.safetensors")
    model.load_state_dict(state)
    with torch.no_grad():
        logits = model.eval()(*inputs)
    rows = "\n".join(" ".join(f"{number:.9e}" for number in row) for row in logits.tolist())
    sections.append(f"evaluation\n{rows}")
    (FIXTURES / "passes.txt").write_text("\n\n".join(sections) + "\n")


if __name__ == "__main__":
    main()
