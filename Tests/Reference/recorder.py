"""Records cases: calls PyTorch, and writes arguments, result and gradients."""

import json
import math

import torch
from safetensors.torch import save_file

TOLERANCES = {torch.float64: (1e-9, 1e-9), torch.float32: (2e-5, 2e-6)}


def portable(value):
    """The value with texts for what JSON has no number for: "nan", "inf", "-inf"."""
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [portable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


class Cases:
    def __init__(self, seed):
        self.seed = seed
        self.entries = []
        self.tensors = {}
        self.names = {}
        self.generator = torch.Generator().manual_seed(seed)

    # Values

    def normal(self, *shape, scale=1.0):
        return torch.randn(shape, generator=self.generator, dtype=torch.float64) * scale

    def uniform(self, *shape, low=0.0, high=1.0):
        return torch.rand(shape, generator=self.generator, dtype=torch.float64) * (high - low) + low

    def integers(self, *shape, below):
        return torch.randint(0, below, shape, generator=self.generator)

    # Cases

    def add(self, op, call, inputs, integers=None, attributes=None, dtype=torch.float64,
            forward_only=False, tolerance=None):
        """One case.

        call: gets inputs, integers and attributes by name.
        inputs: name -> tensor of any floating-point type; converted to `dtype`.
        """
        number = sum(entry["op"] == op for entry in self.entries)
        name = f"{op}/{number:03}"
        integers, attributes = integers or {}, attributes or {}
        leaves = {
            key: value.detach().to(dtype).contiguous().clone().requires_grad_(not forward_only)
            for key, value in inputs.items()
        }
        output = call(**leaves, **integers, **attributes)
        assert not output.isnan().any(), f"{name}: PyTorch gives NaN, which no case can expect"
        rtol, atol = tolerance or TOLERANCES[dtype]
        entry = {
            "name": name, "op": op, "dtype": str(dtype).removeprefix("torch."),
            "inputs": {}, "integers": {}, "attributes": attributes,
            "output": self.store(f"{name}:output", output), "rtol": rtol, "atol": atol,
        }
        for key, value in leaves.items():
            entry["inputs"][key] = self.store(f"{name}:{key}", value)
        for key, value in integers.items():
            entry["integers"][key] = self.store(f"{name}:{key}", value.to(torch.int64))
        if not forward_only:
            cotangent = self.normal(*output.shape).to(dtype)
            entry["cotangent"] = self.store(f"{name}:cotangent", cotangent)
            gradients = torch.autograd.grad(
                output, list(leaves.values()), cotangent, allow_unused=True)
            assert not any(found is not None and found.isnan().any() for found in gradients), name
            entry["gradients"] = {
                key: self.store(
                    f"{name}:{key}.gradient", torch.zeros_like(leaf) if found is None else found)
                for (key, leaf), found in zip(leaves.items(), gradients)
            }
        self.entries.append(entry)
        return entry

    def store(self, name, tensor):
        """Keeps a tensor, unless the same one is there already, and returns the name that it has."""
        tensor = tensor.detach().contiguous().clone()
        same = (tensor.dtype, tensor.shape, tensor.numpy().tobytes())
        if same not in self.names:
            self.names[same] = name
            self.tensors[name] = tensor
        return self.names[same]

    def write(self, directory):
        """Writes the directory and returns its size in bytes."""
        directory.mkdir(parents=True, exist_ok=True)
        # Short names of tensors: the header would be larger than the data.
        short = {name: f"t{number}" for number, name in enumerate(self.tensors)}
        save_file({short[name]: tensor for name, tensor in self.tensors.items()},
                  directory / "tensors.safetensors")
        for entry in self.entries:
            for key in ("output", "cotangent"):
                if key in entry:
                    entry[key] = short.get(entry[key], entry[key])
            for key in ("inputs", "integers", "gradients"):
                entry[key] = {
                    argument: short.get(name, name) for argument, name in entry.get(key, {}).items()
                }
                if not entry[key]:
                    del entry[key]
            if not entry["attributes"]:
                del entry["attributes"]
        lines = ",\n".join(
            "  " + json.dumps(portable(entry), separators=(",", ":"), allow_nan=False)
            for entry in self.entries)
        text = (f'{{\n "format": 1,\n "source": "PyTorch {torch.__version__}",\n "seed": {self.seed},\n'
                f' "cases": [\n{lines}\n ]\n}}\n')
        (directory / "cases.json").write_text(text)
        return sum(file.stat().st_size for file in directory.iterdir())
