"""Runs the samples of PyTorch's own test databases through the library, and counts what becomes of them.

    Tests/Reference/oracle/run                       # makes the environment, builds, runs everything
    python Tests/Reference/oracle/oracle.py [--keep DIR] [--database TEXT] [--only TEXT] [--compact]

For every entry of op_db, module_db and optim_db that has a counterpart, a directory of cases is written and run by
ReferenceRunner. `--keep` says where, `--database` and `--only` take the databases and the entries whose name holds a
text. `--compact` writes a selection of what passes to Tests/ReferenceTests/Fixtures/oracle-*.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import tempfile

import torch
from torch.testing._internal.common_methods_invocations import op_db

import module_samples
import optimizer_samples
import op_samples
from compact import Selection
from differences import reason

ROOT = pathlib.Path(__file__).parents[3]


def outcomes(runner, directory):
    """The names of the cases of a directory and what became of each; one that stops is run past."""
    count = len(json.loads((directory / "cases.json").read_text())["cases"])
    found = []
    while len(found) < count:
        process = subprocess.run(
            [runner, directory, str(len(found))], capture_output=True, text=True, errors="replace")
        lines = process.stdout.split("\n")
        found += [line.split("\t", 1) for line in lines[:-1]]
        if len(found) < count:
            messages = [line for line in process.stderr.split("\n") if "Fatal error: " in line]
            text = (f"stopped: {messages[0].split('Fatal error: ', 1)[1]}" if messages
                    else f"crashed with {process.returncode}")
            found.append([lines[-1].rstrip("\t"), text])
    return found


def special(cases, case):
    """Which of NaN and infinity the arguments hold."""
    tensors = [cases.tensors[name] for name in case.get("inputs", {}).values() if name in cases.tensors]
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
    return (" nan" if any(tensor.isnan().any() for tensor in tensors) else "") + (
        " inf" if any(tensor.isinf().any() for tensor in tensors) else "")


class Count:
    """What became of the samples of a database."""

    def __init__(self, title):
        self.title = title
        self.entries = set()
        self.passed = 0
        self.on_purpose = collections.Counter()
        self.not_expressible = collections.Counter()
        self.faults = []

    def add(self, cases, found, has_errors):
        specials = {case["name"]: special(cases, case) for case in cases.entries}
        self.entries.add(cases.entry)
        self.not_expressible.update(cases.reasons)
        for name, outcome in found:
            if has_errors:
                outcome = as_error(outcome)
            if outcome == "passed":
                self.passed += 1
            elif outcome.startswith("not expressible"):
                self.not_expressible["a wrong call that cannot be written here: types, missing arguments, unknown words"] += 1
            elif why := reason(cases.entry, specials[name], outcome):
                self.on_purpose[f"{family(cases.entry)}: {why}"] += 1
            else:
                self.faults.append(f"{name}: {outcome}")


def report(counts):
    """The tables of Docs/Oracle.md, and what is wrong."""
    print(f"PyTorch {torch.__version__}:\n")
    print("| samples of | entries | passed | different on purpose | not expressible | faults |")
    print("|---|---|---|---|---|---|")
    for count in counts:
        print(f"| {count.title} | {len(count.entries)} | {count.passed} | {count.on_purpose.total()} | "
              f"{count.not_expressible.total()} | {len(count.faults)} |")
    for title, counter in [
        ("Different on purpose", sum((count.on_purpose for count in counts), collections.Counter())),
        ("Not expressible", sum((count.not_expressible for count in counts), collections.Counter())),
    ]:
        print(f"\n| samples | {title.lower()} |\n|---|---|")
        for why, number in counter.most_common():
            print(f"| {number} | {why} |")
    for count in counts:
        for fault in count.faults:
            print(f"FAULT {fault[:300]}")


def family(entry):
    """What a reason is listed under."""
    return {"optim": "optimizers"}.get(entry.split(".")[0], f"`{entry.removeprefix('nn.functional.')}`")


def as_error(outcome):
    """What PyTorch refuses must stop with a message."""
    if outcome.startswith("stopped: "):
        return "passed"
    if outcome.startswith(("passed", "with gaps", "crashed")):
        return outcome.replace("passed", "works", 1)
    return f"not expressible: {outcome}"


def jobs():
    yield from operation_jobs()
    yield from module_samples.jobs()
    yield from optimizer_samples.jobs()


def operation_jobs():
    """The title of the count, the entry's name, its cases, and whether they must stop."""
    for info in op_db:
        if op_samples.rule_of(info):
            yield "op_db", op_samples.name_of(info), lambda info=info: op_samples.operations(info), False
            yield "op_db, errors", op_samples.name_of(info), lambda info=info: op_samples.errors(info), True


def main():
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep")
    parser.add_argument("--only", default="")
    parser.add_argument("--database", default="")
    parser.add_argument("--runner", default=ROOT / ".build/debug/ReferenceRunner")
    parser.add_argument("--compact", action="store_true")
    options = parser.parse_args()
    selections = collections.defaultdict(Selection)
    root = pathlib.Path(options.keep or tempfile.mkdtemp())
    counts = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = []
        for title, name, make, has_errors in jobs():
            if options.only not in name or options.database not in title:
                continue
            cases = make()
            directory = root / title.replace(", ", "-") / cases.entry
            tensors = dict(cases.tensors)
            cases.write(directory)
            cases.tensors = {f"t{index}": tensor for index, tensor in enumerate(tensors.values())}
            running.append((title, cases, pool.submit(outcomes, options.runner, directory), has_errors))
        for title, cases, future, has_errors in running:
            found = future.result()
            counts.setdefault(title, Count(title)).add(cases, found, has_errors)
            selections[title.split(",")[0]].add(cases, found, has_errors)
    if options.compact:
        for name, selection in selections.items():
            selection.write(ROOT / f"Tests/ReferenceTests/Fixtures/oracle-{name}")
    report(list(counts.values()))
    raise SystemExit(any(count.faults for count in counts.values()))


if __name__ == "__main__":
    main()
