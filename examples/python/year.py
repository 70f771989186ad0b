#!/usr/bin/env python3
"""A simulated year on many processes: what it costs, and how it grows with the workers.

    year.py FOLDER [--days 250] [--symbols 4] [--train-days 8] [--activity 0.25] [--levels 5] [--workers 1,2]

Simulates days of several symbols, makes their features, trains walking forward on the first days and trades the others, with
each number of workers; says seconds and processor time of each stage, whether the results are the same bytes, and what 250
days of so many symbols would take at that rate. A fit for each day costs as the square of the days, so few days are walked.
A year as it stands here takes 20 GB and about an hour of one core.
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


def simulate(folder, days, symbols, activity, levels):
    """Days of all symbols, by date; what is there already is taken."""
    found = None
    for k in range(symbols):
        symbol = f"S{k:02d}"
        if not (folder / symbol).exists():
            lf.synth(folder / symbol, days=days, seed=100 + k, symbol=symbol, activity=activity, levels=levels, alpha=0.02)
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


def run(days, train_count, folder, workers):
    """All stages, the first days for the model; seconds, processor time and bytes of each."""
    shutil.rmtree(folder, ignore_errors=True)
    stages = {
        "features": lambda: ld.features(days, folder / "rows", labels=["1min", "5min"], workers=workers),
        "train": lambda: ld.train(days[:train_count], folder / "model", workers=workers),
        "backtest": lambda: ld.backtest(days[train_count:], folder / "run", model=folder / "model", workers=workers),
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
    parser.add_argument("--train-days", type=int, default=8)
    parser.add_argument("--activity", type=float, default=0.25)
    parser.add_argument("--levels", type=int, default=5)
    parser.add_argument("--workers", default="1,2")
    given = parser.parse_args()
    warnings.simplefilter("ignore", lf.LobflowNote)
    days, wall, processor = timed(lambda: simulate(given.folder / "days", given.days, given.symbols, given.activity, given.levels))
    events = sum(found["events"] for found in lf.inspect(days, progress=False))
    print(f"{len(days)} symbol-days, {events} events, {bytes_in(given.folder / 'days') / 1e6:.0f} MB; simulated in {wall:.0f} s")
    print(f"{'stage':<10} {'workers':>7} {'seconds':>9} {'processor s':>12} {'a symbol-day':>13} {'MB':>8}  bytes")
    train_count = min(given.train_days, given.days - 1) * given.symbols
    shares = {"features": len(days), "train": train_count, "backtest": len(days) - train_count}
    for workers in (int(word) for word in given.workers.split(",")):
        for name, (wall, processor, size, mark) in run(days, train_count, given.folder / f"workers_{workers}", workers).items():
            print(f"{name:<10} {workers:>7} {wall:>9.1f} {processor:>12.1f} {processor / shares[name]:>13.2f} {size / 1e6:>8.1f}  {mark}")
            if name != "train":
                print(f"{'':<10} {'':>7} a year of {given.symbols} symbols: {processor / shares[name] * YEAR * given.symbols / 3600:.2f} core-hours")


if __name__ == "__main__":
    main()
