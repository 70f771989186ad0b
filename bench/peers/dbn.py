#!/usr/bin/env python3
"""Reading records of Databento mbo: lobflow beside Databento's own decoders, in the same run.

    .venv/bin/python bench/peers/dbn.py DAY [--build build/release] [--rounds 9]

DAY is any day that lobflow reads; `lobflow convert` makes mbo of it, plain and zstd, in a file system in memory. All read the same
records on one thread, taking turns; the best of all rounds counts, which other work on the machine disturbs least.
*Records* looks at three fields of each record, *columns* makes arrays of all thirteen, in memory that was taken before.
lobflow reads the file, kernel's copy and all, by its own reader; `bytes` is that reader's calls with nothing behind
them. The Rust crate `dbn` (built by cargo in bench/peers/dbn_rust, which fetches it) and the Python package
databento-dbn decode bytes that lie in memory; databento's `to_ndarray` (an array of records as they are, no columns)
and `to_df` too, where it is installed. Every reader must find the same sums. What is missing is skipped with a line.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
SUMS = ("records", "orders", "prices", "sizes")
WORD = 2**64


def run_program(words):
    done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    return found.pop("ns"), found


def build_rust(folder):
    """The path of the program, or None without cargo or the crate."""
    if shutil.which("cargo") is None:
        print("skipped: the Rust crate needs cargo", file=sys.stderr)
        return None
    words = ["cargo", "build", "--release", "--locked", "--manifest-path", HERE / "dbn_rust" / "Cargo.toml", "--target-dir", folder]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"skipped: the Rust crate: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return pathlib.Path(folder) / "release" / "dbn_rust"


def timed(rounds, read):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        result = read()
        times.append(time.perf_counter_ns() - begin)
    return times, result


def python_records(path, rounds):
    import databento_dbn as dbn

    data = path.read_bytes()

    def read():
        decoder = dbn.DBNDecoder()
        decoder.write(data)
        return decoder.decode()

    times, records = timed(min(rounds, 3), read)
    records = [r for r in records if isinstance(r, dbn.MBOMsg)]
    found = [len(records), sum(r.order_id for r in records), sum(r.price for r in records), sum(r.size for r in records)]
    return times, {name: value % WORD for name, value in zip(SUMS, found)}


def python_array(path, rounds):
    import databento

    store = databento.DBNStore.from_bytes(path.read_bytes())
    times, array = timed(min(rounds, 3), store.to_ndarray)
    found = [len(array), *(int(array[name].astype("uint64").sum()) for name in ("order_id", "price", "size"))]
    return times, dict(zip(SUMS, found))


def python_frame(path, rounds):
    import databento

    warnings.simplefilter("ignore", DeprecationWarning)
    store = databento.DBNStore.from_bytes(path.read_bytes())
    times, frame = timed(min(rounds, 3), lambda: store.to_df(price_type="fixed", pretty_ts=False, map_symbols=False))
    found = [len(frame), *(int(frame[name].to_numpy().astype("uint64").sum()) for name in ("order_id", "price", "size"))]
    return times, dict(zip(SUMS, found))


def python_reader(package, read):
    def run(path, rounds):
        try:
            return read(path, rounds)
        except ImportError:
            print(f"skipped: {package} is not installed", file=sys.stderr)
            return None

    return run


def readers(build, rust, plain, packed):
    """label: a function of the number of rounds."""
    ours = f"{build}/bin/bench_dbn_records"

    def program(path, file, mode):
        return lambda rounds: run_program([path, file, rounds, mode])

    found = {
        "lobflow, records": program(ours, plain, "records"),
        "lobflow, columns": program(ours, plain, "columns"),
        "read() alone": program(ours, plain, "bytes"),
        "lobflow, records of zstd": program(ours, packed, "records"),
        "zstd alone": program(ours, packed, "bytes"),
    }
    if rust is not None:
        found["Rust dbn 0.73.0, records"] = program(rust, plain, "records")
        found["Rust dbn 0.73.0, columns"] = program(rust, plain, "columns")
    for label, package, read in (
        ("databento-dbn, records", "databento-dbn", python_records),
        ("databento, to_ndarray", "databento", python_array),
        ("databento, to_df", "databento", python_frame),
    ):
        found[label] = lambda rounds, run=python_reader(package, read): run(plain, rounds)
    return found


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("day")
    parser.add_argument("--build", default="build/release", help="where lobflow was built")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(words)
    place = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None
    times, truth = {}, None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        plain, packed = (pathlib.Path(folder) / name for name in ("day.mbo.dbn", "day.mbo.dbn.zst"))
        for file in (plain, packed):
            words = [f"{options.build}/bin/lobflow", "convert", options.day, "-o", file, "--schema", "mbo"]
            subprocess.run([str(word) for word in words], check=True, stderr=subprocess.DEVNULL)
        rust = build_rust(f"{options.build}/peers/dbn_rust")
        all_readers = readers(options.build, rust, plain, packed)
        for _ in range(3):
            for label, read in list(all_readers.items()):
                got = read(options.rounds // 3 + 1)
                if got is None:
                    del all_readers[label]
                    continue
                truth = truth or got[1]
                if got[1] != truth:
                    sys.exit(f"{label} found {got[1]}, lobflow {truth}")
                times.setdefault(label, []).extend(got[0])
    count = truth["records"]
    best = {label: min(all_times) / count for label, all_times in times.items()}
    print(f"{count} records of mbo")
    print(f"{'reader':<28}{'ns/record':>11}{'over ours':>12}{'less read()':>14}")
    for label, ns in best.items():
        kind = "lobflow, columns" if "columns" in label or "to_" in label else "lobflow, records"
        kind = "lobflow, records of zstd" if "zstd" in label else kind
        line = f"{label:<28}{ns:>11.2f}{ns / best[kind]:>10.2f} x"
        print(line if "zstd" in kind else f"{line}{ns / (best[kind] - best['read() alone']):>12.2f} x")
    print("all readers agree on every sum they make")
    return 0


if __name__ == "__main__":
    sys.exit(main())
