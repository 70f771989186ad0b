#!/usr/bin/env python3
"""A market maker on a Binance USD-M capture, traded by lobflow and by hftbacktest, order by order the same.

    build/venv_chains/bin/python bench/peers/backtest.py --program build/release/bin/mm100 --lobflow build/release/bin/lobflow DAY.gz DAY.gz

Both keep one post-only order of 0.01 at each touch, looked at every 100 ms, with 5 ms each way, and fill whole
orders by the same queue model (tests/reference/mm100.c, tests/reference/test_mm100.py). Everything is read
into memory first; a round is one pass over all events. Compiling and one round to warm up are not timed. The
sides take turns; the median of the rounds counts. hftbacktest's fills are compared with ours before anything
is printed. tools/setup.sh --bench makes the environment with hftbacktest.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    from hftbacktest import (
        BUY, CANCELED, EXPIRED, FILLED, GTX, LIMIT, SELL, BacktestAsset, HashMapMarketDepthBacktest,
        ROIVectorMarketDepthBacktest,
    )
    from hftbacktest.order import REJECTED
    from hftbacktest.data.utils import binancefutures
    from numba import njit
except ImportError as missing:
    sys.exit(f"{missing}: tools/setup.sh --bench makes build/venv_chains, whose Python has it")

TICK = 0.1
LOT = 0.001
QUANTITY = 0.01
STEP_NS = 100_000_000
WAY_NS = 5_000_000
# What tests/reference/test_mm100.py knows of: two orders of theirs that went out before the snapshot, one fill
# that they see later.
EARLIER = 2
LATER = {(-1, 638555, 1721347461532000000): 1721347461518000000}


@njit
def look(hbt, order_id, fills, count, step_ns):
    """Empty a slot whose order is over, note its fill; the id that is left, and how many fills there are."""
    order = hbt.orders(0).get(order_id)
    if order is None:
        return order_id, count
    status = order.status
    if status == FILLED:
        fills[count, 0] = order_id
        fills[count, 1] = 1 if order.side == BUY else -1
        fills[count, 2] = order.exec_price_tick
        fills[count, 3] = order.exch_timestamp
        fills[count, 4] = step_ns
        count += 1
    if status == FILLED or status == EXPIRED or status == CANCELED or status == REJECTED:
        return 0, count
    return order_id, count


@njit
def quote(hbt, order_id, next_id, side, is_wanted, tick):
    if order_id != 0:
        order = hbt.orders(0).get(order_id)
        if order is not None and order.cancellable and (not is_wanted or order.price_tick != tick):
            hbt.cancel(0, order_id, False)
        return order_id, next_id
    if not is_wanted:
        return 0, next_id
    if side == BUY:
        hbt.submit_buy_order(0, next_id, tick * TICK, QUANTITY, GTX, LIMIT, False)
    else:
        hbt.submit_sell_order(0, next_id, tick * TICK, QUANTITY, GTX, LIMIT, False)
    return next_id, next_id + 1


@njit
def make_market(hbt, limit, fills):
    bid_id, ask_id, next_id, count = 0, 0, 1, 0
    while hbt.elapse(STEP_NS) == 0:
        if bid_id != 0:
            bid_id, count = look(hbt, bid_id, fills, count, hbt.current_timestamp)
        if ask_id != 0:
            ask_id, count = look(hbt, ask_id, fills, count, hbt.current_timestamp)
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        bid, ask = depth.best_bid_tick, depth.best_ask_tick
        if not (0 < bid < ask < 2147483647):
            continue
        position = hbt.position(0)
        bid_id, next_id = quote(hbt, bid_id, next_id, BUY, position < limit - LOT / 2, bid)
        ask_id, next_id = quote(hbt, ask_id, next_id, SELL, position > -limit + LOT / 2, ask)
    return count


def asset_of(events, bounds):
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(WAY_NS, WAY_NS)
        .power_prob_queue_model(3.0)
        .no_partial_fill_exchange()
        .trading_value_fee_model(-0.00005, 0.0007)
        .tick_size(TICK)
        .lot_size(LOT)
    )
    return asset if bounds is None else asset.roi_lb(bounds[0]).roi_ub(bounds[1])


def trade_theirs(events, bounds, limit=0.05):
    """One round: seconds and fills. Making the backtest is not timed."""
    kind = HashMapMarketDepthBacktest if bounds is None else ROIVectorMarketDepthBacktest
    hbt = kind([asset_of(events, bounds)])
    fills = np.zeros((20000, 5), np.int64)
    begin = time.perf_counter()
    count = make_market(hbt, limit, fills)
    seconds = time.perf_counter() - begin
    hbt.close()
    return seconds, [tuple(map(int, row)) for row in fills[:count]]


def trade_ours(program, sets, start_ns, days):
    """One measured round after one to warm up: seconds, events, fills of the first set."""
    command = [str(program), "--time", "2", str(sets), "power", str(start_ns), *map(str, days)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    words = done.stderr.split()
    fills = [tuple(map(int, line.split(","))) for line in done.stdout.splitlines()]
    return int(words[-1]) * 1e-9, int(words[words.index("events") + 1]), fills


def must_be_equal(ours, theirs):
    expected = []
    for order, side, tick, venue_ns, step_ns in theirs:
        venue_ns = LATER.get((side, tick, venue_ns), venue_ns)
        expected.append((order - EARLIER, side, tick, 10, venue_ns, step_ns))
    if ours != expected:
        sys.exit(f"the fills are not the same: ours {len(ours)}, theirs {len(expected)}")


def convert_theirs(days):
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder, "capture.gz")
        whole.write_bytes(b"".join(pathlib.Path(day).read_bytes() for day in days))
        begin = time.perf_counter()
        with open(os.devnull, "w") as nowhere:
            told, sys.stdout = sys.stdout, nowhere
            try:
                events = binancefutures.convert(str(whole), opt="", base_latency=0)
            finally:
                sys.stdout = told
        return time.perf_counter() - begin, events


def convert_ours(lobflow, days):
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        command = [str(lobflow), "convert", *map(str, days), "-o", f"{folder}/out.dbn", "--schema", "mbp-10"]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("days", nargs="+", help="a capture, its files in order")
    parser.add_argument("--program", default="build/release/bin/mm100", help="tests/reference/mm100.c, built")
    parser.add_argument("--lobflow", default="build/release/bin/lobflow")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sets", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    convert = [], []
    for _ in range(min(args.rounds, 3)):
        seconds, events = convert_theirs(args.days)
        convert[0].append(seconds)
        convert[1].append(convert_ours(args.lobflow, args.days))
    start_ns = int(min(events["exch_ts"].min(), events["local_ts"].min()))
    prices = events["px"][events["px"] > 0]
    middle = float(np.median(prices))
    bounds = (middle * 0.5, middle * 1.5)

    times = {"roi": [], "hash": [], "ours": [], "ours_sets": []}
    _, theirs = trade_theirs(events, bounds)
    _, hashed = trade_theirs(events, None)
    _, event_count, ours = trade_ours(args.program, 1, start_ns, args.days)
    must_be_equal(ours, theirs)
    must_be_equal(ours, hashed)
    for _ in range(args.rounds):
        times["roi"].append(trade_theirs(events, bounds)[0])
        times["hash"].append(trade_theirs(events, None)[0])
        times["ours"].append(trade_ours(args.program, 1, start_ns, args.days)[0])
        times["ours_sets"].append(trade_ours(args.program, args.sets, start_ns, args.days)[0])
    seconds = {name: statistics.median(values) for name, values in times.items()}
    result = {
        "rows_theirs": len(events),
        "events_ours": event_count,
        "fills": len(ours),
        "seconds": seconds,
        "convert_seconds": {"theirs": statistics.median(convert[0]), "ours": statistics.median(convert[1])},
        "times_roi": seconds["roi"] / seconds["ours"],
        "times_hash": seconds["hash"] / seconds["ours"],
        "sets": args.sets,
        "times_sets": args.sets * seconds["roi"] / seconds["ours_sets"],
    }
    result["times_convert"] = result["convert_seconds"]["theirs"] / result["convert_seconds"]["ours"]
    if args.json:
        print(json.dumps(result))
        return
    sets = args.sets
    print(f"{len(ours)} fills, the same on both sides; {len(events)} rows of theirs, {event_count} events of ours\n")
    print(f"{'hftbacktest, ROI vector':32} {seconds['roi'] * 1e3:9.2f} ms  {result['times_roi']:7.1f} x lobflow")
    print(f"{'hftbacktest, hash map':32} {seconds['hash'] * 1e3:9.2f} ms  {result['times_hash']:7.1f} x")
    print(f"{'lobflow':32} {seconds['ours'] * 1e3:9.2f} ms")
    print(f"{f'lobflow, {sets} sets in one pass':32} {seconds['ours_sets'] * 1e3:9.2f} ms  "
          f"{result['times_sets']:7.1f} x less than {sets} runs of theirs (ROI vector)")
    print(f"{'converting: hftbacktest':32} {result['convert_seconds']['theirs'] * 1e3:9.0f} ms  "
          f"{result['times_convert']:7.1f} x")
    print(f"{'converting: lobflow convert':32} {result['convert_seconds']['ours'] * 1e3:9.0f} ms")


if __name__ == "__main__":
    main()
