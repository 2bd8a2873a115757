"""Turns what `measure.py` collected into the page Docs/Benchmarks.md.

    python report.py FOLDER ROUNDS TEXT
"""

import datetime
import fnmatch
import json
import os
import platform
import statistics
import subprocess
import sys

import torch

folder, rounds, text = sys.argv[1:4]

# The ratios to reach: PyTorch eager's time divided by ours. The first pattern that fits a name counts.
TARGETS = [
    ("lenet epoch, batch 128", 12), ("lenet epoch, batch 32", 8), ("lenet epoch, batch 1024", 6),
    ("lenet inference, batch 1", 20), ("lenet inference, batch 1000", 8),
    ("mlp 784-256-10 step*", 3), ("tiny mlp step*", 20), ("scalar chain*", 20),
    ("matmul 512x*", 0.95), ("matmul 1024x*", 0.95), ("matmul 2048x*", 0.95), ("matmul *", 1.2),
    ("conv *", 1.0), ("resnet-18 step*", 1.0),
    ("*, 2^10", 2), ("*, 2^16", 1.2), ("*, 2^22", 1.0),
]
# The same against torch.compile, by name and threads.
COMPILED_TARGETS = {("lenet epoch, batch 128", 2): 7}
# Megabytes that the whole LeNetExample may take.
PROCESS_MEMORY_TARGET = 200


def rows(name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")]


def medians(name):
    """(seconds, megabytes) by workload and threads: the medians of the rounds' medians."""
    found = {}
    for row in rows(name):
        found.setdefault((row["workload"], row["threads"]), []).append(
            (row["median_seconds"], row["peak_rss_mb"]))
    return {key: [statistics.median(column) for column in zip(*values)] for key, values in found.items()}


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def machine():
    """Processor, instruction sets, system and versions, one a line."""
    values = {}
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                name, _, value = line.partition(":")
                values.setdefault(name.strip(), value.strip())
        with open("/etc/os-release") as file:
            system = next(line for line in file if line.startswith("PRETTY_NAME")).split('"')[1]
    except (OSError, StopIteration):
        system = platform.platform()
    flags = values.get("flags", values.get("Features", "")).split()
    sets = [flag for flag in ("avx", "avx2", "fma", "avx512f", "asimd", "sve") if flag in flags]
    kind = values.get("model name") or platform.processor() or platform.machine()
    numbers = [values[key] for key in ("cpu family", "model") if key in values]
    if numbers:
        kind += " (family " + ", model ".join(numbers) + ")"
    return [
        f"Processor: {kind}, {os.cpu_count()} processors; instruction sets: {' '.join(sets) or 'unknown'}",
        f"System: {system}, kernel {platform.release()}, {platform.machine()}",
        f"Swift: {first_line(['swift', '--version'])}",
        f"PyTorch: {torch.__version__}, Python {platform.python_version()}",
        f"Date: {datetime.date.today()}; rounds: {rounds}",
    ]


def time(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def table(heads, lines):
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


ours, eager, compiled = medians("ours"), medians("eager"), medians("compiled")
reached, asked = 0, 0


def comparison(mine, theirs, target):
    """PyTorch's time, the ratio, what was asked for and whether it is reached."""
    global reached, asked
    if theirs is None:
        return ["", "", "", ""]
    ratio = theirs / mine
    cells = [time(theirs), f"{ratio:.2f}", "", ""]
    if target is not None:
        # A ratio that the table shows as the one asked for counts as reached.
        is_reached = round(ratio, 2) >= target
        reached, asked = reached + is_reached, asked + 1
        cells[2:] = [f"{target:g}", "yes" if is_reached else "no"]
    return cells


lines = []
for key, (mine, memory) in ours.items():
    target = next((ratio for pattern, ratio in TARGETS if fnmatch.fnmatchcase(key[0], pattern)), None)
    if key not in eager:
        print(f"compare: PyTorch has no figure for {key[0]}", file=sys.stderr)
    theirs = eager.get(key, (None, None))
    lines.append([key[0], str(key[1]), time(mine), *comparison(mine, theirs[0], target)])
compiled_lines = [
    [key[0], str(key[1]), time(ours[key][0]),
     *comparison(ours[key][0], compiled[key][0], COMPILED_TARGETS.get(key))]
    for key in ours if key in compiled
]

print("# Benchmarks\n")
print("Written by `Benchmarks/compare`, which runs this package and PyTorch in turn on one machine: each")
print("workload's median, and of several rounds the median. The ratio is PyTorch's time divided by ours:")
print("above 1 this package is faster.\n")
for line in machine():
    print(f"- {line}")
if text:
    print(f"- Only workloads with `{text}` in their names")
print("\n## Against PyTorch eager\n")
heads = ["workload", "threads", "ours", "PyTorch", "ratio", "asked", "reached"]
table(heads, lines)
if compiled_lines:
    print("## Against torch.compile\n")
    table(heads, compiled_lines)
print(f"Reached: {reached} of the {asked} ratios asked for.\n")

processes = {}
for row in rows("processes"):
    processes.setdefault(row["who"], []).append((row["seconds"], row["peak_rss_mb"]))
if processes:
    print("## Whole processes\n")
    print("`LeNetExample --epochs 10` from start to finish, with its data and what it writes, beside the")
    print(f"same training in PyTorch (`Benchmarks/peers/lenet.py`). Asked: at most {PROCESS_MEMORY_TARGET} MB.\n")
    lines = []
    for who, name in (("ours", "LeNetExample"), ("eager", "PyTorch eager")):
        if who in processes:
            seconds, memory = (statistics.median(column) for column in zip(*processes[who]))
            lines.append([name, time(seconds), f"{memory:.0f} MB"])
    table(["process", "time", "peak memory"], lines)

print("## Peak memory of the workloads, in megabytes\n")
print("The highest of the process while a workload was set up and run. Ours has a process of its own;")
print("PyTorch's runs several in a row, so what earlier ones left counts, and about 230 MB are PyTorch.\n")
peaks = {}
for key, (_, memory) in ours.items():
    peak = peaks.setdefault(key[0], [0, 0])
    peaks[key[0]] = [max(peak[0], memory), max(peak[1], eager.get(key, (0, 0))[1])]
table(["workload", "ours", "PyTorch"], [
    [name, *(f"{peak:.0f}" for peak in both)] for name, both in peaks.items()])
