"""Turns what `compare` measured into the page Docs/Benchmarks.md."""

import json
import os
import platform
import statistics
import sys

folder, rounds = sys.argv[1], sys.argv[2]


def read(name):
    """Medians by workload and threads; several rounds' medians give their median."""
    found = {}
    path = os.path.join(folder, name)
    if os.path.exists(path):
        for line in open(path):
            if line.startswith("{"):
                row = json.loads(line)
                found.setdefault((row["workload"], row["threads"]), []).append(row["median_seconds"])
    return {key: statistics.median(values) for key, values in found.items()}


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def time(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


ours, eager, compiled = read("ours"), read("eager"), read("compile")
print("# Benchmarks\n")
print("Written by `Benchmarks/compare`, which runs this package and PyTorch 2.13.0 alternately on one")
print(f"machine. Here: {processor()}, {os.cpu_count()} processors, rounds: {rounds}; medians. The ratio is")
print("PyTorch's time divided by ours: above 1 this package is faster.\n")
print("| workload | threads | ours | PyTorch eager | ratio | torch.compile | ratio |")
print("|---|---|---|---|---|---|---|")
for key in ours:
    row = [key[0], str(key[1]), time(ours[key])]
    for peer in (eager, compiled):
        row += [time(peer[key]), f"{peer[key] / ours[key]:.2f}"] if key in peer else ["", ""]
    print("| " + " | ".join(row) + " |")
