"""Writes the cases of Tests/ReferenceTests/Fixtures: what PyTorch makes of single operations.

    pip install torch==2.13.0 numpy safetensors
    python Tests/Reference/generate.py            # all families
    python Tests/Reference/generate.py tensors    # one of them

README.md beside this file describes the format. Each family is a directory of fixtures, made by the
modules of `cases/` that are listed below; each of these has a function `add(cases)`. The committed
files were made with torch 2.13.0+cpu, numpy 2 and safetensors 0.8.0.
"""

import pathlib
import sys

from cases import corners, edges, elementwise, networks, picking, products, reductions, shapes, wrong
from recorder import Cases

FIXTURES = pathlib.Path(__file__).parent.parent / "ReferenceTests" / "Fixtures"

FAMILIES = {
    "elementwise": [elementwise],
    "tensors": [reductions, shapes, products],
    "picking": [picking],
    "networks": [networks],
    "corners": [corners],
    "edges": [edges],
    "wrong/cases": [wrong],
}


def main(names):
    for family, modules in FAMILIES.items():
        if names and family not in names:
            continue
        cases = Cases(seed=sum(family.encode()))
        for module in modules:
            module.add(cases)
        size = cases.write(FIXTURES / family)
        print(f"{family}: {len(cases.entries)} cases, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
