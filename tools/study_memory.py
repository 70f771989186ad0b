#!/usr/bin/env python3
"""How much memory and time `train` takes as days are added: it must not hold their features.

Simulated days (of little activity: rows count, not messages) are trained on in growing numbers, walk
forward and final model, with few rounds of boosting, which do not change the memory. The slope of the
peak between the largest and the smallest number is printed as bytes a row and must stay below a bound.
With --data the days found there are trained on once with the default rounds, both presets.

usage: study_memory.py --program build/release/bin/lobflow [--days 20,40,60] [--data PATH...]
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

# All that is known of a scored row while a walk is scored: labels, forecasts of five predictors, tests.
# The fits before it take 100 bytes a row, which a test of the train module bounds (memory_test.c).
BYTES_A_ROW = 400
ROWS_A_DAY = 23400


def measure(program, data, folder, *sets):
    """Seconds and peak MB of one training; GNU time is not needed, the kernel counts."""
    flags = [part for s in sets for part in ("--set", s)]
    words = [str(program), "train", *map(str, data), "-o", str(folder / "model"), "--json", *flags]
    # A process of its own, so that its children's peak is that of one training.
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.returncode)\n"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"study_memory: {' '.join(words)}\n{done.stderr}")
    return time.monotonic() - began, int(done.stdout) / 1024


def synthetic(program, folder, counts, sets):
    path = folder / "days"
    print(f"making {max(counts)} simulated days ...", file=sys.stderr, flush=True)
    subprocess.run(
        [program, "synth", "-o", path, "--days", str(max(counts)), "--seed", "5", "--symbol", "MEM",
         "--activity", "0.1"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    days = {}
    for file in sorted(path.rglob("*.csv")):
        days.setdefault(re.search(r"\d{4}-\d\d-\d\d", file.name).group(), []).append(file)
    peaks = {}
    print(f"{'days':>5} {'rows':>10} {'seconds':>8} {'peak MB':>8}")
    for count in counts:
        some = [file for date in sorted(days)[:count] for file in days[date]]
        seconds, peak = measure(program, some, folder, *sets)
        peaks[count] = peak
        print(f"{count:>5} {count * ROWS_A_DAY:>10} {seconds:>8.1f} {peak:>8.1f}", flush=True)
    few, many = min(counts), max(counts)
    slope = (peaks[many] - peaks[few]) * 2**20 / ((many - few) * ROWS_A_DAY)
    print(f"growth: {slope:.0f} bytes a row, at most {BYTES_A_ROW} are allowed")
    return slope <= BYTES_A_ROW


def real(program, folder, data):
    for preset in ("symmetric", "brief"):
        seconds, peak = measure(program, data, folder, f"model.preset={preset}")
        print(f"{preset:<10} {seconds:6.1f} s {peak:8.1f} MB  {' '.join(map(str, data))}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--days", default="20,40,60", help="numbers of days, separated by commas")
    parser.add_argument("--set", action="append", default=[], help="more keys for the simulated days")
    parser.add_argument("--data", nargs="*", default=[], help="real days, trained on once")
    args = parser.parse_args()
    counts = sorted({int(n) for n in args.days.split(",") if n})
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lobflow-memory-"))
    holds = True
    try:
        if args.data:
            real(args.program, folder, args.data)
        if len(counts) > 1:
            holds = synthetic(args.program, folder, counts, ["model.rounds_max=10", *args.set])
    finally:
        shutil.rmtree(folder)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
