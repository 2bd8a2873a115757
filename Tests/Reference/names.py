"""Checks that the names of PyTorch in Docs/Operations.md exist in PyTorch.

    python Tests/Reference/names.py
"""

import pathlib
import re
import sys

import torch
from torch import nn

PLACES = {
    "F": nn.functional, "nn": nn, "torch": torch, "": torch.optim.lr_scheduler,
}


def find(path):
    first, _, rest = path.partition(".")
    place = PLACES.get(first) if rest or first in PLACES else None
    place, rest = (place, rest) if place else (PLACES[""], path)
    for part in rest.split(".") if rest else []:
        place = getattr(place, part, None)
    return place


page = pathlib.Path(__file__).parents[2] / "Docs" / "Operations.md"
missing = []
count = 0
for line in page.read_text().splitlines():
    if not line.startswith("| `"):
        continue
    ours, theirs = line.strip("| ").split(" |", 1) if " |" in line.strip("| ") else (line, "")
    theirs = theirs.strip(" |")
    names = re.findall(r"`([A-Za-z_.0-9]+)`", theirs)
    if theirs.startswith("the same names in"):
        names = [f"{names[0]}.{name}" for name in re.findall(r"`(\w+)", ours)]
    for name in names:
        count += 1
        if find(name) is None:
            missing.append(f"{name} (in: {ours})")
print(f"{count} names, {len(missing)} missing")
sys.exit("\n".join(missing) if missing else 0)
