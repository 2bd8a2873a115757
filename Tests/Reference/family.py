"""Records what PyTorch makes of single layers; `layers.py` tells the format."""

import pathlib
import zlib

import torch
from safetensors.torch import save_file
from torch import nn

FIXTURES = pathlib.Path(__file__).parent.parent / "NNTests" / "Fixtures"


class Family:
    def __init__(self, name):
        self.name = name
        self.tensors = {}

    def add(self, name, make, *inputs, call=None, modes=True):
        """Records a case; inputs are shapes or tensors, `make` returns the module."""
        torch.manual_seed(zlib.crc32(name.encode()))
        module = make().double()
        for parameter in module.parameters():
            # Every weight matters: none stays at zero or one.
            parameter.data += 0.3 * torch.randn_like(parameter)
        if getattr(module, "padding_idx", None) is not None:
            module.weight.data[module.padding_idx] = 0.0
        arguments = []
        for given in inputs:
            argument = torch.randn(given, dtype=torch.float64) if isinstance(given, tuple) else given
            if argument.is_floating_point():
                argument = argument.double().requires_grad_()
            arguments.append(argument)
        call = call or (lambda module, *arguments: module(*arguments))
        has_dropout = any(
            getattr(part, "p", 0) > 0 for part in module.modules() if isinstance(part, nn.Dropout)
        ) or any(isinstance(getattr(part, "dropout", 0), float) and part.dropout > 0
                 for part in module.modules())
        module.train(not has_dropout)
        outputs = flat(call(module, *arguments))
        if not has_dropout and modes:
            module.eval()
            with torch.no_grad():
                for a, b in zip(outputs, flat(call(module, *arguments)), strict=True):
                    torch.testing.assert_close(a, b)
        cotangents = [torch.randn_like(output) for output in outputs]
        torch.autograd.backward(outputs, cotangents)

        def put(key, tensor):
            self.put(f"{name}/{key}", tensor)

        for number, (path, value) in enumerate(module.state_dict().items()):
            put(f"state/{number:02}/{path}", value)
        for number, argument in enumerate(arguments):
            put(f"input/{number}", argument)
            if argument.grad is not None:
                put(f"grad/input/{number}", argument.grad)
        for number, (output, cotangent) in enumerate(zip(outputs, cotangents, strict=True)):
            put(f"output/{number}", output)
            put(f"cotangent/{number}", cotangent)
        for path, parameter in module.named_parameters():
            if parameter.grad is not None:
                put(f"grad/state/{path}", parameter.grad)

    def add_steps(self, name, make, shape, steps=3):
        """Records a layer with running statistics over several batches.

        The tensors are those of a case, the number being that of the batch, with the buffers after it:
        name/buffer/0/PATH, ...; name/output/0, ... are the results in training. The last of each is that
        of the first batch in evaluation. Gradients are those of the last two.
        """
        torch.manual_seed(zlib.crc32(name.encode()))
        module = make().double()
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
        batches = [torch.randn(shape, dtype=torch.float64) * (step + 1) + step for step in range(steps)]
        for path, parameter in module.named_parameters():
            self.put(f"{name}/state/{path}", parameter)
        for number, batch in enumerate([*batches, batches[0]]):
            module.train(number < steps)
            module.zero_grad()
            batch = batch.detach().requires_grad_()
            output = module(batch)
            cotangent = torch.randn_like(output)
            output.backward(cotangent)
            self.put(f"{name}/input/{number}", batch)
            self.put(f"{name}/output/{number}", output)
            for path, buffer in module.named_buffers():
                self.put(f"{name}/buffer/{number}/{path}", buffer)
            if number >= steps - 1:
                self.put(f"{name}/cotangent/{number}", cotangent)
                self.put(f"{name}/grad/input/{number}", batch.grad)
                for path, parameter in module.named_parameters():
                    self.put(f"{name}/grad/state/{number}/{path}", parameter.grad)

    def put(self, key, tensor):
        self.tensors[key] = tensor.detach().clone().contiguous()

    def write(self):
        path = FIXTURES / f"layers-{self.name}.safetensors"
        save_file(self.tensors, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def flat(results):
    if isinstance(results, torch.Tensor):
        return [results]
    return [tensor for part in results if part is not None for tensor in flat(part)]
