"""Runs the workloads of this package and of PyTorch in turn and collects what they print.

    python measure.py FOLDER ROUNDS TEXT

Writes ours, eager, compiled (JSON lines of workloads) and processes (of whole programs) to FOLDER.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

folder, rounds, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
here = os.path.dirname(os.path.abspath(__file__))
ours = os.path.join(here, ".build/release/Benchmarks")
example = os.path.join(here, "../.build/release/LeNetExample")
pytorch = [sys.executable, os.path.join(here, "peers/pytorch.py")]
# One process of PyTorch, which takes seconds to start, per group of workloads: those whose names
# hold the text and no earlier one. Ours takes one per workload.
groups = ["lenet epoch", "lenet inference", "mlp", "scalar chain", "matmul", "conv", "resnet", ", 2^", ""]
compiled_groups = ["lenet epoch", "resnet"]
process_name = "LeNetExample, 10 epochs"


def run(command, name):
    """Appends what a command prints to the file of that name; whether it ended well."""
    with open(os.path.join(folder, name), "a") as output:
        status = subprocess.run(command, stdout=output).returncode
    if status != 0:
        print(f"compare: {' '.join(command)} ended with {status}", file=sys.stderr)


def measure(group, names, threads):
    only = [word for name in names for word in ("--only", name)]
    arguments = ["--threads", str(threads), "--seconds", "0.7"]
    for name in names:
        run([ours, *arguments, "--only", name], "ours")
    run([*pytorch, *arguments, *only], "eager")
    if group in compiled_groups:
        run([*pytorch, *arguments, *only, "--compile"], "compiled")


def images():
    """The folder with Fashion-MNIST, or None."""
    for place in (os.environ.get("FASHION_MNIST_DIR"), os.path.join(here, "../../shared/data/fashion-mnist")):
        if place and os.path.isdir(place):
            return os.path.abspath(place)
    return None


def measure_processes():
    """Time from start to finish and peak memory of a whole training, ours and PyTorch's."""
    data = images()
    with tempfile.TemporaryDirectory() as scratch, open(os.path.join(folder, "processes"), "a") as output:
        source = ["--data", data] if data else ["--dataset", "synthetic"]
        for name, command in [
            ("ours", [example, "--quiet", "--output", scratch, *source]),
            ("eager", [sys.executable, os.path.join(here, "peers/lenet.py"), *([data] if data else [])]),
        ]:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            if status != 0:
                print(f"compare: {' '.join(command)} ended with status {status}", file=sys.stderr)
                continue
            unit = 1 if sys.platform == "darwin" else 1024
            print(json.dumps({
                "who": name, "workload": process_name, "seconds": seconds,
                "peak_rss_mb": usage.ru_maxrss * unit / 1e6}), file=output)


every = subprocess.run([ours, "--list"], check=True, capture_output=True, text=True).stdout.splitlines()
listed = [name for name in every if text in name]
if not listed and text not in process_name:
    sys.exit(f"compare: no workload has '{text}' in its name")
for number in range(1, rounds + 1):
    began = time.perf_counter()
    for threads in (2, 1):
        left = listed
        for group in groups:
            names = [name for name in left if group in name]
            left = [name for name in left if name not in names]
            if names:
                print(f"round {number}, {threads} threads: {group}", file=sys.stderr)
                measure(group, names, threads)
    if text in process_name:
        print(f"round {number}: {process_name}", file=sys.stderr)
        measure_processes()
    print(f"round {number} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
