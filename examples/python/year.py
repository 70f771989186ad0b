#!/usr/bin/env python3
"""A simulated year on many processes: what it costs, and how it grows with the workers.

    year.py FOLDER [--days 250] [--symbols 4] [--activity 1] [--workers 1,2]

Simulates days of several symbols, makes their features, trains walking forward and trades what no model has seen, with
each number of workers; says seconds and processor time of each stage, whether the results are the same bytes, and what 250
days of so many symbols would take at that rate.
"""

import argparse
import hashlib
import pathlib
import resource
import shutil
import time
import warnings

import lobflow as lf
import lobflow.distributed as ld

YEAR = 250


def simulate(folder, days, symbols, activity):
    """Days of all symbols, by date; what is there already is taken."""
    found = None
    for k in range(symbols):
        symbol = f"S{k:02d}"
        if not (folder / symbol).exists():
            lf.synth(folder / symbol, days=days, seed=100 + k, symbol=symbol, activity=activity, alpha=0.02)
        one = lf.open(folder / symbol)[:days]
        found = one if found is None else found + one
    return found


def processor_s():
    """Processor time of this process and of its workers that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def timed(work):
    wall, processor = time.monotonic(), processor_s()
    result = work()
    return result, time.monotonic() - wall, processor_s() - processor


def fingerprint(folder):
    """Of the bytes of all files of a folder."""
    state = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        state.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return state.hexdigest()[:16]


def bytes_in(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def run(days, folder, workers):
    """All stages; seconds, processor time and bytes of each."""
    shutil.rmtree(folder, ignore_errors=True)
    half = len(days) // 2
    stages = {
        "features": lambda: ld.features(days, folder / "rows", labels=["1min", "5min"], workers=workers),
        "train": lambda: ld.train(days[:half], folder / "model", workers=workers),
        "backtest": lambda: ld.backtest(days[half:], folder / "run", model=folder / "model", workers=workers),
    }
    out = {}
    for name, work in stages.items():
        _, wall, processor = timed(work)
        place = folder / {"features": "rows", "train": "model", "backtest": "run"}[name]
        out[name] = (wall, processor, bytes_in(place), fingerprint(place))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--days", type=int, default=YEAR)
    parser.add_argument("--symbols", type=int, default=4)
    parser.add_argument("--activity", type=float, default=1.0)
    parser.add_argument("--workers", default="1,2")
    given = parser.parse_args()
    warnings.simplefilter("ignore", lf.LobflowNote)
    days, wall, processor = timed(lambda: simulate(given.folder / "days", given.days, given.symbols, given.activity))
    events = sum(found["events"] for found in lf.inspect(days, progress=False))
    print(f"{len(days)} symbol-days, {events} events, {bytes_in(given.folder / 'days') / 1e6:.0f} MB; simulated in {wall:.0f} s")
    print(f"{'stage':<10} {'workers':>7} {'seconds':>9} {'processor s':>12} {'a symbol-day':>13} {'MB':>8}  bytes")
    shares = {"features": len(days), "train": len(days) // 2, "backtest": len(days) - len(days) // 2}
    for workers in (int(word) for word in given.workers.split(",")):
        for name, (wall, processor, size, mark) in run(days, given.folder / f"workers_{workers}", workers).items():
            print(f"{name:<10} {workers:>7} {wall:>9.1f} {processor:>12.1f} {processor / shares[name]:>13.2f} {size / 1e6:>8.1f}  {mark}")
            if name != "train":
                print(f"{'':<10} {'':>7} a year of {given.symbols} symbols: {processor / shares[name] * YEAR * given.symbols / 3600:.2f} core-hours")


if __name__ == "__main__":
    main()
