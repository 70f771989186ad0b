#!/usr/bin/env python3
"""Order flow imbalance and its windows over one LOBSTER day: lobflow beside numba, polars and pandas, in one run.

    .venv/bin/python bench/peers/features.py [DAY.zip] [--program build/release/bin/lobflow] [--rounds 5]

Two tables, each with a row at every event (lobflow: at every distinct time, the last of equal ones):

    best level   ofi_1s ofi_10s ofi_1min ofi_5min
    all levels   ofi_m<m>_<w> bid_flow_m<m>_<w> ask_flow_m<m>_<w>: 12 columns a level

All start from the same events as integer columns in memory, all valid states of the day. numba is a loop that runs warm
into arrays taken before; polars and pandas use their rolling sums over time, (t - w, t]. lobflow is `lobflow bench
feature`: whole events of ten levels through the streaming engine, with no feature kept that was not asked for. Every
process runs alone; they take turns for some rounds. The values of all must be those of `lobflow features --step event`,
exactly. Without DAY a day is simulated. What is not installed is skipped with a line; `tools/setup.sh --bench` adds numba.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np

WINDOWS = {"1s": 1, "10s": 10, "1min": 60, "5min": 300}
SECOND = 1_000_000_000
OPEN, CLOSE = 34200 * SECOND, 57600 * SECOND
EMPTY = 9_999_999_999
RUNS_A_ROUND = 3  # after one that warms up, fewer when they take long
LONG = 2 * SECOND
PEERS = [("numba", 1), ("polars", 1), ("polars", None), ("pandas", 1)]  # name, threads (None: all)
TABLES = {"best level": "event rows, 4 of OFI", "all levels": "event rows, mlofi alone"}  # and lobflow's variant


# ---- the day --------------------------------------------------------------------------------------------------------


def members(path):
    """Text of the message and the orderbook file of an archive or a folder."""
    if pathlib.Path(path).is_dir():
        find = lambda what: next(pathlib.Path(path).glob(f"*_{what}_*.csv")).read_text()
        return find("message"), find("orderbook")
    with zipfile.ZipFile(path) as archive:
        find = lambda what: archive.read(next(n for n in archive.namelist() if f"_{what}_" in n)).decode()
        return find("message"), find("orderbook")


def nanoseconds(text):
    """Seconds as decimal text, digits past the ninth cut."""
    whole, _, part = text.partition(".")
    return int(whole) * SECOND + int(part[:9].ljust(9, "0"))


def read_day(path):
    """Times [n] and (bid price, bid size, ask price, ask size) [n, levels] of the valid states up to the close."""
    message, book = members(path)
    rows = [line.split(",", 2) for line in message.splitlines()]
    if any(row[1] == "7" for row in rows):
        sys.exit(f"{path}: a day with halts is not compared: rolling sums of the others know no resets")
    times = np.array([nanoseconds(row[0]) for row in rows])
    fields = np.array(book.replace("\n", ",").rstrip(",").split(","), dtype=np.int64).reshape(len(times), -1)
    ask, ask_size, bid, bid_size = (fields[:, i::4][:, :10] for i in range(4))
    valid = (bid_size[:, 0] > 0) & (ask_size[:, 0] > 0) & (bid[:, 0] < ask[:, 0]) & (times < CLOSE)
    # Of the states before the open the last one is what the first event changes.
    first = max(int(np.searchsorted(times[valid], OPEN)) - 1, 0)
    assert (bid[bid_size == 0] == -EMPTY).all() and (ask[ask_size == 0] == EMPTY).all()
    book = [np.ascontiguousarray(x[valid][first:]) for x in (bid, bid_size, ask, ask_size)]
    return times[valid][first:], book, len(times)


# ---- the peers: each gives a function that computes a table, and one that turns its result into [n, columns] --------


def numba_work(times, book, table):
    """Integer sums since the first event; a window is a difference of two, its begin found by walking on."""
    import numba

    windows = np.array([s * SECOND for s in WINDOWS.values()])

    @numba.njit
    def best_level(times, bid, bid_size, ask, ask_size, windows, sums, out):
        w0, w1, w2, w3 = windows[0], windows[1], windows[2], windows[3]
        j0 = j1 = j2 = j3 = 0
        total = 0
        sums[0] = 0
        for i in range(len(times)):
            if i > 0:
                if bid[i] >= bid[i - 1]:
                    total += bid_size[i]
                if bid[i] <= bid[i - 1]:
                    total -= bid_size[i - 1]
                if ask[i] <= ask[i - 1]:
                    total -= ask_size[i]
                if ask[i] >= ask[i - 1]:
                    total += ask_size[i - 1]
            sums[i + 1] = total
            t = times[i]
            while times[j0] <= t - w0:
                j0 += 1
            while times[j1] <= t - w1:
                j1 += 1
            while times[j2] <= t - w2:
                j2 += 1
            while times[j3] <= t - w3:
                j3 += 1
            out[i, 0] = total - sums[j0]
            out[i, 1] = total - sums[j1]
            out[i, 2] = total - sums[j2]
            out[i, 3] = total - sums[j3]

    @numba.njit
    def all_levels(times, bid, bid_size, ask, ask_size, windows, sums, out):
        levels = bid.shape[1]
        begin = np.zeros(4, np.int64)
        sums[0] = 0
        for i in range(len(times)):
            for m in range(levels):
                into_bid = into_ask = 0
                if i > 0:
                    if bid[i, m] >= bid[i - 1, m]:
                        into_bid += bid_size[i, m]
                    if bid[i, m] <= bid[i - 1, m]:
                        into_bid -= bid_size[i - 1, m]
                    if ask[i, m] <= ask[i - 1, m]:
                        into_ask += ask_size[i, m]
                    if ask[i, m] >= ask[i - 1, m]:
                        into_ask -= ask_size[i - 1, m]
                sums[i + 1, m] = sums[i, m] + into_bid
                sums[i + 1, levels + m] = sums[i, levels + m] + into_ask
            for k in range(4):
                while times[begin[k]] <= times[i] - windows[k]:
                    begin[k] += 1
                j = begin[k]
                for m in range(levels):
                    into_bid = sums[i + 1, m] - sums[j, m]
                    into_ask = sums[i + 1, levels + m] - sums[j, levels + m]
                    out[i, 0, k, m] = into_bid - into_ask
                    out[i, 1, k, m] = into_bid
                    out[i, 2, k, m] = into_ask

    n, levels = book[0].shape
    if table == "best level":
        columns = [np.ascontiguousarray(x[:, 0]) for x in book]
        sums, out = np.zeros(n + 1, np.int64), np.zeros((n, 4), np.int64)
        return numba.__version__, lambda: best_level(times, *columns, windows, sums, out), lambda _: out
    sums, out = np.zeros((n + 1, 2 * levels), np.int64), np.zeros((n, 3, 4, levels), np.int64)
    run = lambda: all_levels(times, *book, windows, sums, out)
    return numba.__version__, run, lambda _: out.transpose(0, 1, 3, 2).reshape(n, -1)


def flow_names(levels):
    """Names of the flows into bid and ask, and of all columns in lobflow's order."""
    flows = [f"{kind}_flow_m{m + 1}" for kind in ("bid", "ask") for m in range(levels)]
    kinds = [f"ofi_m{m + 1}" for m in range(levels)] + flows
    return flows, [f"{kind}_{w}" for kind in kinds for w in WINDOWS]


def polars_work(times, book, table):
    """Expressions over columns; rolling_sum_by() is polars' sum over a window of time."""
    import polars as pl

    levels = 1 if table == "best level" else book[0].shape[1]
    names = ("bid", "bid_size", "ask", "ask_size")
    columns = {f"{name}_{m}": np.ascontiguousarray(x[:, m]) for name, x in zip(names, book) for m in range(levels)}
    frame = pl.DataFrame({"ts": pl.Series(times).cast(pl.Datetime("ns"))} | columns)

    def flow(price, size, sign):
        price, size = pl.col(price), pl.col(size)
        better, worse = (price >= price.shift(), price <= price.shift())
        if sign < 0:
            better, worse = worse, better
        came = pl.when(better).then(size).otherwise(0)
        return (came - pl.when(worse).then(size.shift()).otherwise(0)).fill_null(0)

    rolled = lambda name, w: pl.col(name).rolling_sum_by("ts", window_size=f"{WINDOWS[w]}s", closed="right")

    def best_level():
        ofi = (flow("bid_0", "bid_size_0", 1) - flow("ask_0", "ask_size_0", -1)).alias("ofi")
        return frame.with_columns(ofi).select([rolled("ofi", w).alias(f"ofi_{w}") for w in WINDOWS])

    def all_levels():
        flows = [flow(f"{s}_{m}", f"{s}_size_{m}", sign) for s, sign in (("bid", 1), ("ask", -1)) for m in range(levels)]
        names, order = flow_names(levels)
        sums = frame.with_columns([x.alias(name) for x, name in zip(flows, names)]).select(
            [rolled(name, w).alias(f"{name}_{w}") for name in names for w in WINDOWS]
        )
        ofi = [
            (pl.col(f"bid_flow_m{m}_{w}") - pl.col(f"ask_flow_m{m}_{w}")).alias(f"ofi_m{m}_{w}")
            for m in range(1, levels + 1)
            for w in WINDOWS
        ]
        return sums.with_columns(ofi).select(order)

    return pl.__version__, best_level if table == "best level" else all_levels, lambda frame: frame.to_numpy()


def pandas_work(times, book, table):
    """Series and rolling sums over time, which pandas keeps as float64."""
    import pandas as pd

    levels = 1 if table == "best level" else book[0].shape[1]
    index = pd.DatetimeIndex(times.astype("datetime64[ns]"))
    columns = [[pd.Series(np.ascontiguousarray(x[:, m]), index) for m in range(levels)] for x in book]

    def flow(price, size, sign):
        old, old_size = price.shift(), size.shift()
        better, worse = (price >= old, price <= old) if sign > 0 else (price <= old, price >= old)
        return (size.where(better, 0) - old_size.where(worse, 0)).fillna(0)

    rolled = lambda series, w: series.rolling(f"{WINDOWS[w]}s").sum().to_numpy()

    def best_level():
        bid, bid_size, ask, ask_size = (column[0] for column in columns)
        ofi = flow(bid, bid_size, 1) - flow(ask, ask_size, -1)
        return [rolled(ofi, w) for w in WINDOWS]

    def all_levels():
        bid = [[rolled(f, w) for w in WINDOWS] for f in (flow(*x, 1) for x in zip(columns[0], columns[1]))]
        ask = [[rolled(f, w) for w in WINDOWS] for f in (flow(*x, -1) for x in zip(columns[2], columns[3]))]
        ofi = [[b - a for b, a in zip(*pair)] for pair in zip(bid, ask)]
        return [column for kind in (ofi, bid, ask) for level in kind for column in level]

    work = best_level if table == "best level" else all_levels
    return pd.__version__, work, lambda result: np.column_stack(result)


WORK = {"numba": numba_work, "polars": polars_work, "pandas": pandas_work}


def worker(folder, name, table, wants_values):
    """One round of one peer, in a process of its own: times in ns as JSON, and its values as a file."""
    day = np.load(f"{folder}/day.npz")
    version, run, values = WORK[name](day["times"], [day[f"book{i}"] for i in range(4)], table)
    result = run()
    times = []
    while len(times) < RUNS_A_ROUND and sum(times) < LONG:
        begin = time.perf_counter_ns()
        result = run()
        times.append(time.perf_counter_ns() - begin)
    if wants_values:
        np.save(f"{folder}/values.npy", values(result))
    print(json.dumps({"version": version, "times": times}))


# ---- checking -------------------------------------------------------------------------------------------------------


def our_values(program, path, table, folder, levels):
    """Times and values of `lobflow features` at every event time with a valid state."""
    import pyarrow.parquet as pq

    best = table == "best level"
    names = [f"ofi_{w}" for w in WINDOWS] if best else flow_names(levels)[1]
    out = f"{folder}/ours.parquet"
    words = [program, "features", path, "--step", "event", "--set", ",".join(names) if best else "mlofi", "-o", out]
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
    rows = pq.read_table(out)
    valid = rows["valid"].to_numpy()
    times = rows["ts_event"].to_numpy().astype("datetime64[ns]").astype(np.int64)[valid]
    return times, np.column_stack([rows[name].to_numpy()[valid] for name in names]), names


def compare(label, values, day_times, ours):
    """Faults of a peer at the last event of each time; undefined (not yet warm) values of ours are passed over."""
    times, wanted, names = ours
    last = np.append(day_times[1:] != day_times[:-1], True) & (day_times >= OPEN)
    zone = times[0] - day_times[last][0]
    at = np.searchsorted(day_times[last] + zone, times)
    if at[-1] >= last.sum() or (day_times[last][at] + zone != times).any():
        return [f"{label}: other times than lobflow's"], 0
    got = values[last][at]
    warm = ~np.isnan(wanted)
    bad = warm & (got != wanted)
    faults = [f"{label}: {names[c]}: {bad[:, c].sum()} values differ" for c in np.flatnonzero(bad.any(axis=0))[:3]]
    return faults, int(warm.sum())


def clock(ns):
    return f"{ns // SECOND // 3600:02}:{ns // SECOND // 60 % 60:02}:{ns // SECOND % 60:02}.{ns % SECOND:09}"


def causal_ofi(book):
    """e of each event at the best level, exact."""
    bid, bid_size, ask, ask_size = (x[:, 0] for x in book)
    e = np.where(bid[1:] >= bid[:-1], bid_size[1:], 0) - np.where(bid[1:] <= bid[:-1], bid_size[:-1], 0)
    e -= np.where(ask[1:] <= ask[:-1], ask_size[1:], 0) - np.where(ask[1:] >= ask[:-1], ask_size[:-1], 0)
    return np.append(0, e)


def show_ties(label, values, times, book):
    """Rows whose windows hold events that come after them: those of the same time, later in the feed."""
    e = causal_ofi(book)
    sums = np.append(0, np.cumsum(e))
    causal = np.column_stack(
        [sums[1:] - sums[np.searchsorted(times, times - s * SECOND, side="right")] for s in WINDOWS.values()]
    )
    rows = np.flatnonzero((values != causal).any(axis=1))
    print(f"{label}: {len(rows)} of {len(times)} rows hold events that come after them in the feed")
    if len(rows) > 0:
        i = next((i for i in rows if e[i + 1] != 0), rows[0])
        c = int(np.flatnonzero(values[i] != causal[i])[0])
        same = int((times[i + 1 :] == times[i]).sum())
        print(
            f"    e.g. event {i} at {clock(times[i])}: ofi_{list(WINDOWS)[c]} is {int(values[i][c])}, but {causal[i][c]} "
            f"when it came; {same} more of that time follow it, the next one adds {e[i + 1]}"
        )


# ---- the rounds -----------------------------------------------------------------------------------------------------


def run_peer(folder, name, threads, table, wants_values):
    environment = dict(os.environ)
    if threads is not None:
        environment |= {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    words = [sys.executable, __file__, "--worker", name, "--folder", folder, "--table", table]
    words += ["--values"] if wants_values else []
    return json.loads(subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run_ours(program, path):
    """One timed run of each variant, after one to warm up."""
    words = [program, "bench", "feature", "--json", "--runs", "1", "--data", path]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def installed():
    for name, threads in PEERS:
        if importlib.util.find_spec(name) is None:
            print(f"skipped: {name} is not installed", file=sys.stderr)
        else:
            yield name, threads


def check_peers(program, path, folder, table, day, peers):
    """One run of each peer, for its values; returns the faults."""
    times, book, _ = day
    ours = our_values(program, path, table, folder, book[0].shape[1])
    faults = []
    for name in dict.fromkeys(name for name, _ in peers):
        run_peer(folder, name, 1, table, True)
        values = np.load(f"{folder}/values.npy")
        found, compared = compare(name, values, times, ours)
        faults += found
        if not found:
            print(f"{name}: {compared} values at {len(ours[0])} times are lobflow's, exactly ({table})")
        if table == "best level":
            show_ties(name, values, times, book)
    return faults


def measure(program, path, folder, rounds, peers):
    """{table: {label: [ns of each run]}}, ns an event of ours by variant, and the machine."""
    taken = {table: {} for table in TABLES}
    ours, machine = {}, None
    for _ in range(rounds):
        for table in TABLES:
            for name, threads in peers:
                got = run_peer(folder, name, threads, table, False)
                label = f"{name} {got['version']}, {'all threads' if threads is None else 'one thread'}"
                taken[table].setdefault(label, []).extend(got["times"])
        for line in [line for _ in range(RUNS_A_ROUND) for line in run_ours(program, path)]:
            machine = machine or (line if "cpu" in line else None)
            ours.setdefault(line["variant"], []).append(line["ns_mean"])
    return taken, ours, machine


def show(taken, ours, machine, events):
    print(f"\n{machine['cpu']}, {os.cpu_count()} cores; {machine['compiler']}; lobflow {machine['version']} with "
          f"{machine['feature_kernel']}; {events} events")
    for table, variant in TABLES.items():
        print(f"\n{table + ', ns an event':<36}{'median':>8}{'best':>10}{'over ours':>11}{'best':>10}")
        mine, mine_best = statistics.median(ours[variant]), min(ours[variant])
        print(f"{'lobflow, ' + variant:<36}{mine:>8.1f}{mine_best:>10.1f}{1:>11}{1:>10}")
        for label, times in taken[table].items():
            middle, best = statistics.median(times) / events, min(times) / events
            print(f"{label:<36}{middle:>8.1f}{best:>10.1f}{middle / mine:>11.2f}{best / mine_best:>10.2f}")


def compare_all(path, program, rounds, folder):
    day = read_day(path)
    times, book, events = day
    np.savez(f"{folder}/day.npz", times=times, **{f"book{i}": x for i, x in enumerate(book)})
    peers = list(installed())
    faults = []
    for table in TABLES:
        faults += check_peers(program, path, folder, table, day, peers)
    for fault in faults:
        print(f"differs: {fault}", file=sys.stderr)
    if rounds > 0:
        show(*measure(program, path, folder, rounds, peers), events)
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("day", nargs="?", help="a LOBSTER archive (.zip) or folder; without it one is simulated")
    parser.add_argument("--program", default="build/release/bin/lobflow")
    parser.add_argument("--rounds", type=int, default=5, help="0: only compare values")
    parser.add_argument("--activity", default="0.5", help="of the simulated day (0.5)")
    parser.add_argument("--worker", choices=sorted(WORK), help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--table", choices=list(TABLES), help=argparse.SUPPRESS)
    parser.add_argument("--values", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.folder, options.worker, options.table, options.values)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = options.day
        if path is None:
            path = f"{folder}/day"
            subprocess.run([options.program, "synth", "-o", path, "--activity", options.activity], check=True)
        return compare_all(path, options.program, options.rounds, folder)


if __name__ == "__main__":
    sys.exit(main())
