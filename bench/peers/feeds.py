#!/usr/bin/env python3
"""Reading one LOBSTER day: lobflow beside polars, pyarrow and pandas, in the same run.

    .venv/bin/python bench/peers/feeds.py DAY.zip [--program build/release/bin/lobflow] [--rounds 5]

Each peer parses the message and the orderbook file from decompressed bytes in memory into typed columns, with the
settings that are fastest for it, on one thread and on all. `lobflow bench feed` reads the same files from a file
system in memory, joins them, and makes events with ten levels of them, which is more work. All take turns, each in a
process of its own, for some rounds; the median of all timed reads counts. Every peer must find the same columns, and
`lobflow inspect` the same counts. What is not installed is skipped with a line.
"""
import argparse
import importlib.util
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import zipfile

import binance
import dbn

MESSAGE = ["time", "type", "order_id", "size", "price", "direction"]
READS_A_ROUND = 3  # after one that warms up
PEERS = [  # name, package, threads (None: all)
    ("polars", "polars", 1),
    ("polars", "polars", None),
    ("pyarrow", "pyarrow", 1),
    ("pyarrow", "pyarrow", None),
    ("pandas", "pandas", 1),
]


def book_names(levels):
    return [f"{side}_{what}_{m}" for m in range(levels) for side in ("ask", "bid") for what in ("price", "size")]


def members(path):
    """The bytes of the message and the orderbook file of an archive, and the number of levels."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        message = next(n for n in names if "_message_" in n)
        book = next(n for n in names if "_orderbook_" in n)
        return archive.read(message), archive.read(book), int(pathlib.PurePath(book).stem.rsplit("_", 1)[1])


# ---- the peers: bytes and column names in, a dict of numpy columns out on demand ----------------------------------


def polars_reader(_):
    """64 bits, because an empty level's price is 9999999999; other settings made no difference."""
    import polars as pl

    def read(data, names):
        schema = {name: pl.Float64 if name == "time" else pl.Int64 for name in names}
        return pl.read_csv(data, has_header=False, schema=schema)

    return pl.__version__, read, lambda frame, name: frame[name].to_numpy()


def pyarrow_reader(threads):
    import pyarrow as pa
    import pyarrow.csv

    def read(data, names):
        types = {name: pa.float64() if name == "time" else pa.int64() for name in names}
        return pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=threads is None, block_size=4 << 20),
            convert_options=pa.csv.ConvertOptions(column_types=types),
        )

    return pa.__version__, read, lambda table, name: table[name].to_numpy()


def pandas_reader(_):
    import pandas as pd

    def read(data, names):
        types = {name: "float64" if name == "time" else "int64" for name in names}
        return pd.read_csv(io.BytesIO(data), header=None, names=names, dtype=types, engine="c")

    return pd.__version__, read, lambda frame, name: frame[name].to_numpy()


READERS = {"polars": polars_reader, "pyarrow": pyarrow_reader, "pandas": pandas_reader}


def facts(column, message, book, levels):
    """What both lobflow and the peers can tell about a day, and a sum over every value."""
    kinds = column(message, "type")
    ask, bid = column(book, "ask_price_0"), column(book, "bid_price_0")
    has_both = (column(book, "ask_size_0") > 0) & (column(book, "bid_size_0") > 0)
    mid2 = (ask + bid)[has_both & (bid < ask)]
    return {
        "events": len(kinds),
        "trades_visible": int((kinds == 4).sum()),
        "trades_hidden": int((kinds == 5).sum()),
        "mid_changes": int((mid2[1:] != mid2[:-1]).sum()),
        "crossed_states": int((has_both & (bid >= ask)).sum()),
        "sum_message": sum(int(column(message, name).sum()) for name in MESSAGE[1:]),
        "sum_book": sum(int(column(book, name).sum()) for name in book_names(levels)),
    }


def worker(path, name, threads):
    """One round of one peer, in a process of its own: times in ns and what it read, as JSON."""
    version, read, column = READERS[name](threads)
    message_bytes, book_bytes, levels = members(path)
    times = {"message": [], "book": []}
    for i in range(READS_A_ROUND + 1):
        begin = time.perf_counter_ns()
        message = read(message_bytes, MESSAGE)
        between = time.perf_counter_ns()
        book = read(book_bytes, book_names(levels))
        end = time.perf_counter_ns()
        if i > 0:
            times["message"].append(between - begin)
            times["book"].append(end - between)
    print(json.dumps({"version": version, "times": times, "facts": facts(column, message, book, levels)}))


# ---- the rounds -----------------------------------------------------------------------------------------------------


def run_peer(path, name, threads):
    environment = dict(os.environ)
    if threads is not None:
        environment |= {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    words = [sys.executable, __file__, path, "--worker", name] + (["--threads", str(threads)] if threads else [])
    return json.loads(subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run_ours(program, path):
    words = [program, "bench", "feed", "--json", "--runs", str(READS_A_ROUND), "--data", path]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def inspect(program, path):
    """The counts of `lobflow inspect`, or None when the program cannot tell."""
    done = subprocess.run([program, "inspect", path, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"skipped: {program} inspect: {done.stderr.strip() or 'it failed'}", file=sys.stderr)
        return None
    found = json.loads(done.stdout)
    return found[0] if isinstance(found, list) else found


def measure(path, program, rounds):
    """Rounds of all that are installed: {label: row}, and the machine as lobflow names it."""
    peers = []
    for name, package, threads in PEERS:
        if importlib.util.find_spec(package) is None:
            print(f"skipped: {package} is not installed", file=sys.stderr)
        else:
            peers.append((name, threads))
    rows, ours, machine = {}, {}, None
    for _ in range(rounds):
        for name, threads in peers:
            got = run_peer(path, name, threads)
            label = f"{name} {got['version']}, {'all threads' if threads is None else 'one thread'}"
            row = rows.setdefault(label, {"message": [], "book": [], "facts": got["facts"], "threads": threads})
            row["message"] += got["times"]["message"]
            row["book"] += got["times"]["book"]
        for line in run_ours(program, path):
            machine = machine or (line if "cpu" in line else None)
            if line["stage"] == "feed":
                ours.setdefault(line["variant"], []).append(line["ns_mean"])
    return rows, ours, machine


def check(rows, counts):
    """Everybody read the same values; returns the faults."""
    faults, seen = [], None
    for label, row in rows.items():
        seen = seen or (label, row["facts"])
        if row["facts"] != seen[1]:
            faults.append(f"{label} read {row['facts']}, {seen[0]} {seen[1]}")
    for key, value in (seen[1] if seen and counts else {}).items():
        if key in counts and counts[key] != value:
            faults.append(f"{key}: lobflow says {counts[key]}, {seen[0]} {value}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("day", help="a LOBSTER archive (.zip); a Binance capture or a DBN file, which binance.py and dbn.py measure")
    parser.add_argument("--program", default="build/release/bin/lobflow")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", choices=sorted(READERS), help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not zipfile.is_zipfile(options.day):  # a capture: its messages have peers of their own
        build = pathlib.Path(options.program).resolve().parent.parent
        if options.day.endswith((".dbn", ".dbn.zst")):
            return dbn.main([options.day, "--build", str(build), "--rounds", str(2 * options.rounds)])
        return binance.main([options.day, "--build", str(build), "--rounds", str(3 * options.rounds)])
    if options.worker:
        worker(options.day, options.worker, options.threads)
        return 0
    rows, ours, machine = measure(options.day, options.program, options.rounds)
    events = next(iter(rows.values()))["facts"]["events"] if rows else None
    print(f"{machine['cpu']}, {os.cpu_count()} cores; {machine['compiler']}; lobflow {machine['version']}; {events} events")
    print(f"{'reader':<32}{'message':>10}{'book':>10}{'ns/event':>10}{'lobflow is':>14}")
    best = statistics.median(ours["text in memory"])
    for variant, means in ours.items():
        print(f"{'lobflow, ' + variant:<32}{'':>10}{'':>10}{statistics.median(means):>10.1f}")
    for label, row in rows.items():
        message, book = (statistics.median(row[part]) / events for part in ("message", "book"))
        both = statistics.median([m + b for m, b in zip(row["message"], row["book"])]) / events
        print(f"{label:<32}{message:>10.1f}{book:>10.1f}{both:>10.1f}{both / best:>11.2f} x")
    counts = inspect(options.program, options.day)
    faults = check(rows, counts)
    for fault in faults:
        print(f"differs: {fault}", file=sys.stderr)
    if not faults and rows:
        agreed = "and lobflow inspect's counts" if counts else "(not checked against lobflow inspect)"
        print(f"all readers agree on every column's sum {agreed}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
