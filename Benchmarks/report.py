"""Turns what `measure.py` collected into the page Docs/Benchmarks.md.

    python report.py FOLDER ROUNDS TEXT
"""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

import torch

folder, rounds, text = sys.argv[1:4]


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


def comparison(mine, theirs):
    """PyTorch's time and the ratio."""
    return ["", ""] if theirs is None else [time(theirs), f"{theirs / mine:.2f}"]


lines = []
for key, (mine, memory) in ours.items():
    if key not in eager:
        print(f"compare: PyTorch has no figure for {key[0]}", file=sys.stderr)
    theirs = eager.get(key, (None, None))
    lines.append([key[0], str(key[1]), time(mine), *comparison(mine, theirs[0])])
compiled_lines = [
    [key[0], str(key[1]), time(ours[key][0]), *comparison(ours[key][0], compiled[key][0])]
    for key in ours if key in compiled
]

print("# Benchmarks\n")
print("Written by `Benchmarks/compare`, which runs this package and PyTorch alternately on one machine. A")
print("time is the median over the rounds of each round's median. The ratio is PyTorch's time divided by")
print("ours: above 1, this package is faster.\n")
for line in machine():
    print(f"- {line}")
if text:
    print(f"- Only workloads with `{text}` in their names")
print("\n## Against PyTorch eager\n")
heads = ["workload", "threads", "ours", "PyTorch", "ratio"]
table(heads, lines)
if compiled_lines:
    print("## Against torch.compile\n")
    table(heads, compiled_lines)

processes = {}
for row in rows("processes"):
    processes.setdefault(row["who"], []).append((row["seconds"], row["peak_rss_mb"]))
if processes:
    print("## Whole processes\n")
    print("`LeNetExample --epochs 10` from start to finish, including reading the data and writing the results,")
    print("beside the same training in PyTorch (`Benchmarks/peers/lenet.py`).\n")
    lines = []
    for who, name in (("ours", "LeNetExample"), ("eager", "PyTorch eager")):
        if who in processes:
            seconds, memory = (statistics.median(column) for column in zip(*processes[who]))
            lines.append([name, time(seconds), f"{memory:.0f} MB"])
    table(["process", "time", "peak memory"], lines)

print("## Peak memory of the workloads, in megabytes\n")
print("The peak of the process while a workload was set up and run. Each of our workloads has its own")
print("process. PyTorch's run several to a process, so memory that earlier ones left behind counts; about")
print("230 MB are PyTorch itself.\n")
peaks = {}
for key, (_, memory) in ours.items():
    peak = peaks.setdefault(key[0], [0, 0])
    peaks[key[0]] = [max(peak[0], memory), max(peak[1], eager.get(key, (0, 0))[1])]
table(["workload", "ours", "PyTorch"], [
    [name, *(f"{peak:.0f}" for peak in both)] for name, both in peaks.items()])
