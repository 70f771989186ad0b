#!/usr/bin/env python3
"""Archive to profit and loss by what people put together today; end_to_end.py runs this and compares.

    build/venv_chains/bin/python bench/peers/chains.py common|best MODEL OUT.npz DAY.zip...

common: pandas, LightGBM, hftbacktest with its map of depth. best: polars, numba, lleaves, hftbacktest with its vector
of depth. Both read LOBSTER days, make the 16 scale-free features of lobflow at each second (docs/features.md; end_to_end.py
checks every value), score lobflow's model of the minute on rows and mirrored rows, and trade lobflow's rule by marketable
orders of one share, held a minute, 2 ms to decide, 10 ms each way. One share, because hftbacktest 2.4.4 books only the last
fill of an order that walks several levels. Seconds are of this process, one thread, best of the rounds, after one that warms
up (numba and lleaves compile then). The result is a line of JSON; OUT.npz has the rows.
"""
import json
import os
import pathlib
import sys
import time
import zipfile

os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import hftbacktest  # noqa: E402
import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
from hftbacktest.order import IOC  # noqa: E402
from hftbacktest.types import event_dtype  # noqa: E402
from numba import njit  # noqa: E402

SECOND = 1_000_000_000
OPEN, CLOSE, FLATTEN = 34200 * SECOND, 57600 * SECOND, 57300 * SECOND
GRID = np.arange(OPEN, CLOSE, SECOND)
LEVELS, TICK, LOTS, HOLD = 10, 0.01, 1, 60 * SECOND
DECIDE, WAY = 2_000_000, 10_000_000
BEYOND = 1000  # ticks that an order may walk
EMPTY = 9_999_999_999
DEPTH = hftbacktest.DEPTH_EVENT | hftbacktest.EXCH_EVENT | hftbacktest.LOCAL_EVENT
TRADE = hftbacktest.TRADE_EVENT | hftbacktest.EXCH_EVENT | hftbacktest.LOCAL_EVENT
BID, ASK = hftbacktest.BUY_EVENT, hftbacktest.SELL_EVENT
NAMES = (
    "ofi_norm_1min ofi_multi_1min ofi_multi_5min ofi_accel_1min volume_imbalance depth_imbalance_l1 depth_imbalance_l3 "
    "depth_imbalance_l5 trade_imbalance trade_imbalance_10s trade_imbalance_5min microprice_offset_bps book_pressure "
    "momentum_10s price_momentum_1min trade_sign_ewma"
).split()


# ---- the strategy, the same for both --------------------------------------------------------------------------------


@njit
def send(hbt, order_id, lots):
    """A marketable order, to its end; the position after it."""
    depth = hbt.depth(0)
    if lots > 0:
        hbt.submit_buy_order(0, order_id, (depth.best_ask_tick + BEYOND) * TICK, lots, IOC, hftbacktest.LIMIT, False)
    else:
        hbt.submit_sell_order(0, order_id, (depth.best_bid_tick - BEYOND) * TICK, -lots, IOC, hftbacktest.LIMIT, False)
    hbt.wait_order_response(0, order_id, SECOND)
    hbt.clear_inactive_orders(0)
    return hbt.position(0)


@njit
def wait_until(hbt, time_ns):
    if time_ns > hbt.current_timestamp:
        hbt.elapse(time_ns - hbt.current_timestamp)


@njit
def trade(hbt, times, p, flow, threshold, extreme, flatten):
    """Orders sent."""
    hbt.wait_next_feed(False, 3600 * SECOND)
    position, opened, orders = 0.0, 0, 0
    for k in range(len(times)):
        if position != 0 and opened + HOLD <= times[k]:
            wait_until(hbt, opened + HOLD)
            orders += 1
            position = send(hbt, orders, -position)
        wait_until(hbt, times[k])
        if times[k] >= flatten:
            if position != 0:
                orders += 1
                position = send(hbt, orders, -position)
            continue
        side = 0
        if p[k] > 0.55 and (flow[k] > threshold or flow[k] < -extreme):
            side = 1
        elif p[k] < 0.45 and (flow[k] < -threshold or flow[k] > extreme):
            side = -1
        if side == 0 or side * position > 0:
            continue
        hbt.elapse(DECIDE)
        orders += 1
        position = send(hbt, orders, side * LOTS - position)
        opened = hbt.current_timestamp
    return orders


def traded(events, kind, p, flow, rule):
    """One day through hftbacktest: orders, gross, fees."""
    asset = (
        hftbacktest.BacktestAsset().data(events).linear_asset(1.0).constant_order_latency(WAY, WAY)
        .risk_adverse_queue_model().partial_fill_exchange().trading_qty_fee_model(0.001, 0.001).tick_size(TICK).lot_size(1.0)
    )
    if kind is hftbacktest.ROIVectorMarketDepthBacktest:
        middle = float(np.median(events["px"]))
        asset = asset.roi_lb(middle * 0.7).roi_ub(middle * 1.3)
    hbt = kind([asset])
    orders = trade(hbt, GRID, p, flow, *rule, FLATTEN)
    state = hbt.state_values(0)
    out = orders, float(state.balance), float(state.fee)
    hbt.close()
    return out


# ---- pandas, LightGBM, hftbacktest's map ----------------------------------------------------------------------------


def members(path):
    archive = zipfile.ZipFile(path)
    return [archive.open(next(n for n in archive.namelist() if what in n)) for what in ("_message_", "_orderbook_")]


def read_pandas(path):
    import pandas

    message, book = members(path)
    messages = pandas.read_csv(message, header=None, names=["time", "type", "order", "size", "price", "direction"])
    messages["ts"] = (messages["time"] * 1e9).round().astype("int64")
    names = [f"{side}{what}{m}" for m in range(LEVELS) for side in ("ask", "bid") for what in ("", "_size")]
    return messages, pandas.read_csv(book, header=None, names=names)


def flow_pandas(book, m):
    """What went into both sides of a level at each event, bid less ask."""
    bid, bids, ask, asks = (book[f"{name}{m}"] for name in ("bid", "bid_size", "ask", "ask_size"))
    into_bid = bids.where(bid >= bid.shift(), 0) - bids.shift().where(bid <= bid.shift(), 0)
    into_ask = asks.where(ask <= ask.shift(), 0) - asks.shift().where(ask >= ask.shift(), 0)
    return (into_bid - into_ask).fillna(0)


def signs_pandas(messages):
    """The exponential mean of the signs of prints, at the grid."""
    import pandas

    trades = messages.loc[messages["type"].isin([4, 5]), ["ts", "direction"]]
    sign = -trades["direction"]
    first = (trades["ts"] != trades["ts"].shift()) | (sign != sign.shift())
    begun = pandas.concat([pandas.Series([0]), sign[first]]).ewm(alpha=0.1, adjust=False).mean()
    return begun.to_numpy()[np.searchsorted(trades["ts"][first].to_numpy(), GRID, side="right")]


def features_pandas(messages, book):
    import pandas

    flows = [flow_pandas(book, m) for m in range(LEVELS)]
    sizes = [f"{side}_size{m}" for m in range(LEVELS) for side in ("bid", "ask")]
    sign = -messages["direction"].where(messages["type"].isin([4, 5]), 0)
    events = pandas.DataFrame({
        "best": flows[0], "all": sum(flows), "depth": book[sizes].sum(axis=1) / (2 * LEVELS), "events": 1.0,
        "buys": messages["size"].where(sign > 0, 0), "sells": messages["size"].where(sign < 0, 0),
    }).set_index(pandas.to_datetime(messages["ts"]))
    seconds = pandas.DataFrame(0.0, index=pandas.to_datetime(GRID), columns=events.columns)
    # A row sees all events of its time: it stands behind them.
    joined = pandas.concat([events.astype(float).assign(row=False), seconds.assign(row=True)]).sort_index(kind="stable")
    row = joined.pop("row").astype(bool)
    sums = {w: joined.rolling(w).sum()[row].reset_index(drop=True) for w in ("10s", "60s", "300s")}
    last = book.iloc[np.searchsorted(messages["ts"].to_numpy(), GRID, side="right") - 1].reset_index(drop=True)
    out = pandas.DataFrame(index=last.index)
    mean = {w: (s["depth"] / s["events"]).where(s["events"] > 0, last[sizes].sum(axis=1) / (2 * LEVELS)) for w, s in sums.items()}
    out["ofi_norm_1min"] = sums["60s"]["best"] / mean["60s"]
    out["ofi_multi_1min"] = sums["60s"]["all"] / LEVELS / mean["60s"]
    out["ofi_multi_5min"] = sums["300s"]["all"] / LEVELS / mean["300s"]
    out["ofi_accel_1min"] = (6 * sums["10s"]["best"] - sums["60s"]["best"]) / mean["60s"]
    for name, levels in (("volume_imbalance", LEVELS), ("depth_imbalance_l1", 1), ("depth_imbalance_l3", 3), ("depth_imbalance_l5", 5)):
        bids, asks = (last[[f"{side}_size{m}" for m in range(levels)]].sum(axis=1) for side in ("bid", "ask"))
        out[name] = (bids - asks) / (bids + asks)
    for name, w in (("trade_imbalance", "60s"), ("trade_imbalance_10s", "10s"), ("trade_imbalance_5min", "300s")):
        buys, sells = sums[w]["buys"], sums[w]["sells"]
        out[name] = ((buys - sells) / (buys + sells)).fillna(0)
    mid = (last["bid0"] + last["ask0"]) / 2
    both = [(last[f"bid_size{m}"] > 0) & (last[f"ask_size{m}"] > 0) for m in range(5)]
    weight = sum((last[f"bid_size{m}"] + last[f"ask_size{m}"]).where(both[m], 0) for m in range(5))
    price = sum((last[f"bid_size{m}"] * last[f"ask{m}"] + last[f"ask_size{m}"] * last[f"bid{m}"]).where(both[m], 0) for m in range(5))
    out["microprice_offset_bps"] = 1e4 * (price / weight - mid) / mid
    x = sum(last[f"bid_size{m}"] / (mid - last[f"bid{m}"]) for m in range(LEVELS))
    y = sum(last[f"ask_size{m}"] / (last[f"ask{m}"] - mid) for m in range(LEVELS))
    out["book_pressure"] = (x - y) / (x + y)
    out["momentum_10s"] = 1e4 * np.log(mid / mid.shift(10))
    out["price_momentum_1min"] = 1e4 * np.log(mid / mid.shift(60))
    out["trade_sign_ewma"] = signs_pandas(messages)
    return masked(out[NAMES].to_numpy(copy=True), int(messages["ts"].iloc[0]))


def masked(rows, first):
    """Undefined before a window is full, and before anything was known."""
    age = GRID - first
    for k, name in enumerate(NAMES):
        window = 300 if "5min" in name else 60 if "1min" in name or name == "trade_imbalance" else 10 if "10s" in name else 0
        rows[age < window * SECOND, k] = np.nan
    return rows


def events_pandas(messages, book):
    """hftbacktest's events: changed levels, then the trades of a message."""
    parts = []
    ts = messages["ts"].to_numpy()
    for side, flag in (("bid", BID), ("ask", ASK)):
        px = book[[f"{side}{m}" for m in range(LEVELS)]].to_numpy()
        qty = book[[f"{side}_size{m}" for m in range(LEVELS)]].to_numpy()
        fresh = np.ones(px.shape, bool)
        gone = np.ones(px.shape, bool)
        for shift in range(-1, 2):  # a message moves a level by one place at most
            a, b = slice(max(shift, 0), LEVELS + min(shift, 0)), slice(max(-shift, 0), LEVELS + min(-shift, 0))
            fresh[1:, a] &= (px[1:, a] != px[:-1, b]) | (qty[1:, a] != qty[:-1, b])
            gone[1:, b] &= px[1:, a] != px[:-1, b]
        gone[0] = False
        gone[1:] &= qty[:-1] > 0
        was = np.vstack([px[:1], px[:-1]])
        for mask, prices, sizes in ((gone, was, np.zeros_like(qty)), (fresh & (qty > 0), px, qty)):
            where = np.nonzero(mask)
            parts.append((where[0], flag, prices[where], sizes[where]))
    for sign, flag in ((1, BID), (-1, ASK)):
        found = np.nonzero(messages["type"].isin([4, 5]).to_numpy() & (messages["direction"].to_numpy() == -sign))[0]
        parts.append((found, flag, messages["price"].to_numpy()[found], messages["size"].to_numpy()[found]))
    out = np.zeros(sum(len(p[0]) for p in parts), event_dtype)
    index = np.concatenate([p[0] for p in parts])
    out["ev"] = np.concatenate([np.full(len(p[0]), p[1] | (DEPTH if k < 4 else TRADE), np.uint64) for k, p in enumerate(parts)])
    out["exch_ts"] = out["local_ts"] = ts[index]
    out["px"] = np.concatenate([p[2] for p in parts]) / 10000
    out["qty"] = np.concatenate([p[3] for p in parts])
    return out[np.argsort(index, kind="stable")]


class Common:
    """pandas, LightGBM, hftbacktest's map."""

    depth = staticmethod(hftbacktest.HashMapMarketDepthBacktest)
    read, features, events = map(staticmethod, (read_pandas, features_pandas, events_pandas))

    def __init__(self, text):
        self.booster = lightgbm.Booster(model_str=text)

    def predict(self, rows):
        return self.booster.predict(rows, num_threads=1)


# ---- polars, numba, lleaves, hftbacktest's vector -------------------------------------------------------------------


def read_polars(path):
    import polars

    message, book = members(path)
    rows = polars.read_csv(message.read(), has_header=False)
    book = polars.read_csv(book.read(), has_header=False)
    ts = (rows[rows.columns[0]] * 1e9).round().cast(polars.Int64).to_numpy()
    kind, size, price, direction = (rows[rows.columns[k]].to_numpy() for k in (1, 3, 4, 5))
    return (ts, kind, size, price, direction), book.to_numpy(order="c")


@njit
def sums_numba(ts, kind, size, direction, book):
    """Running sums before each event: flow of the best level and of all, depth, buys, sells."""
    n = len(ts)
    out = np.zeros((n + 1, 5))
    for i in range(n):
        best = whole = 0
        depth = 0
        for m in range(LEVELS):
            ask, asks, bid, bids = book[i, 4 * m], book[i, 4 * m + 1], book[i, 4 * m + 2], book[i, 4 * m + 3]
            depth += asks + bids
            if i > 0:
                ask0, asks0, bid0, bids0 = book[i - 1, 4 * m], book[i - 1, 4 * m + 1], book[i - 1, 4 * m + 2], book[i - 1, 4 * m + 3]
                flow = 0
                if bid >= bid0:
                    flow += bids
                if bid <= bid0:
                    flow -= bids0
                if ask <= ask0:
                    flow -= asks
                if ask >= ask0:
                    flow += asks0
                whole += flow
                if m == 0:
                    best = flow
        out[i + 1, 0] = out[i, 0] + best
        out[i + 1, 1] = out[i, 1] + whole
        out[i + 1, 2] = out[i, 2] + depth
        is_trade = kind[i] == 4 or kind[i] == 5
        out[i + 1, 3] = out[i, 3] + (size[i] if is_trade and direction[i] == -1 else 0)
        out[i + 1, 4] = out[i, 4] + (size[i] if is_trade and direction[i] == 1 else 0)
    return out


@njit
def state_numba(book, i, row):
    """Features of one state; its mid."""
    mid = (book[i, 0] + book[i, 2]) / 2
    bids = asks = 0.0
    price = weight = x = y = 0.0
    for m in range(LEVELS):
        a, qa, b, qb = book[i, 4 * m], book[i, 4 * m + 1], book[i, 4 * m + 2], book[i, 4 * m + 3]
        bids += qb
        asks += qa
        if m < 5 and qa > 0 and qb > 0:
            price += qb * a + qa * b
            weight += qa + qb
        x += qb / (mid - b)
        y += qa / (a - mid)
        if m == 0:
            row[5] = (bids - asks) / (bids + asks)
        elif m == 2:
            row[6] = (bids - asks) / (bids + asks)
        elif m == 4:
            row[7] = (bids - asks) / (bids + asks)
    row[4] = (bids - asks) / (bids + asks)
    row[11] = 1e4 * (price / weight - mid) / mid
    row[12] = (x - y) / (x + y)
    return mid, (bids + asks) / (2 * LEVELS)


@njit
def imbalance(sums, i, j):
    buys, sells = sums[i, 3] - sums[j, 3], sums[i, 4] - sums[j, 4]
    return (buys - sells) / (buys + sells) if buys + sells > 0 else 0.0


@njit
def rows_numba(ts, kind, size, direction, book, grid, out):
    sums = sums_numba(ts, kind, size, direction, book)
    n, i, j10, j60, j300, seen = len(ts), 0, 0, 0, 0, 0
    mids = np.full(len(grid), np.nan)
    ewma, last_ts, last_sign = 0.0, -1, 0
    for k in range(len(grid)):
        t = grid[k]
        while i < n and ts[i] <= t:
            i += 1
        while seen < i:
            if kind[seen] == 4 or kind[seen] == 5:
                if ts[seen] != last_ts or -direction[seen] != last_sign:
                    ewma += 0.1 * (-direction[seen] - ewma)
                    last_ts, last_sign = ts[seen], -direction[seen]
            seen += 1
        if i == 0:
            out[k, :] = np.nan
            continue
        while j10 < i and ts[j10] <= t - 10 * SECOND:
            j10 += 1
        while j60 < i and ts[j60] <= t - 60 * SECOND:
            j60 += 1
        while j300 < i and ts[j300] <= t - 300 * SECOND:
            j300 += 1
        row = out[k]
        mids[k], now = state_numba(book, i - 1, row)
        q60 = (sums[i, 2] - sums[j60, 2]) / (2 * LEVELS) / (i - j60) if i > j60 else now
        q300 = (sums[i, 2] - sums[j300, 2]) / (2 * LEVELS) / (i - j300) if i > j300 else now
        row[0] = (sums[i, 0] - sums[j60, 0]) / q60
        row[1] = (sums[i, 1] - sums[j60, 1]) / LEVELS / q60
        row[2] = (sums[i, 1] - sums[j300, 1]) / LEVELS / q300
        row[3] = (6 * (sums[i, 0] - sums[j10, 0]) - (sums[i, 0] - sums[j60, 0])) / q60
        row[8], row[9], row[10] = imbalance(sums, i, j60), imbalance(sums, i, j10), imbalance(sums, i, j300)
        row[13] = 1e4 * np.log(mids[k] / mids[k - 10]) if k >= 10 else np.nan
        row[14] = 1e4 * np.log(mids[k] / mids[k - 60]) if k >= 60 else np.nan
        row[15] = ewma


def features_numba(messages, book):
    ts, kind, size, _, direction = messages
    out = np.empty((len(GRID), len(NAMES)))
    rows_numba(ts, kind, size, direction, book, GRID, out)
    return masked(out, int(ts[0]))


@njit
def put(out, n, flag, time_ns, price, size):
    out[n]["ev"], out[n]["exch_ts"], out[n]["local_ts"] = flag, time_ns, time_ns
    out[n]["px"], out[n]["qty"] = price / 10000, size
    return n + 1


@njit
def changes_numba(ts, kind, size, price, direction, book, out):
    """Events of hftbacktest; how many."""
    n = 0
    for i in range(len(ts)):
        for side in range(2):
            flag = ASK if side == 0 else BID
            first = 2 * side
            for m in range(LEVELS):
                if i > 0:
                    was, had = book[i - 1, 4 * m + first], book[i - 1, 4 * m + first + 1]
                    stays = had == 0
                    for q in range(max(m - 1, 0), min(m + 2, LEVELS)):
                        stays |= book[i, 4 * q + first] == was
                    if not stays:
                        n = put(out, n, DEPTH | flag, ts[i], was, 0)
            for m in range(LEVELS):
                px, qty = book[i, 4 * m + first], book[i, 4 * m + first + 1]
                known = qty == 0
                if i > 0 and not known:
                    for q in range(max(m - 1, 0), min(m + 2, LEVELS)):
                        known |= book[i - 1, 4 * q + first] == px and book[i - 1, 4 * q + first + 1] == qty
                if not known:
                    n = put(out, n, DEPTH | flag, ts[i], px, qty)
        if kind[i] == 4 or kind[i] == 5:
            n = put(out, n, TRADE | (BID if direction[i] == -1 else ASK), ts[i], price[i], size[i])
    return n


def events_numba(messages, book):
    ts, kind, size, price, direction = messages
    out = np.zeros(8 * len(ts) + 64, event_dtype)
    return out[:changes_numba(ts, kind, size, price, direction, book, out)]


class Best:
    """polars, numba, lleaves, hftbacktest's vector."""

    depth = staticmethod(hftbacktest.ROIVectorMarketDepthBacktest)
    read, features, events = map(staticmethod, (read_polars, features_numba, events_numba))

    def __init__(self, text):
        import lleaves
        import tempfile

        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text + "\npandas_categorical:null\n")
            file.flush()
            self.model = lleaves.Model(model_file=file.name)
            self.model.compile()

    def predict(self, rows):
        return self.model.predict(rows, n_jobs=1)


# ---- a day, timed ---------------------------------------------------------------------------------------------------


def day(chain, path, rule, seconds):
    """One day; what each stage took is added."""
    clock = [time.process_time()]

    def stage(name):
        clock.append(time.process_time())
        seconds[name] = seconds.get(name, 0.0) + clock[-1] - clock[-2]

    messages, book = chain.read(path)
    stage("read")
    rows = chain.features(messages, book)
    stage("features")
    # All 16 features change their sign when bid and ask change places.
    p = np.where(np.isnan(rows[:, 4]), np.nan, (chain.predict(rows) + 1 - chain.predict(-rows)) / 2)
    stage("predict")
    events = chain.events(messages, book)
    stage("convert")
    orders, gross, fees = traded(events, chain.depth, p, rows[:, 0], rule)
    stage("trade")
    return {"events": len(messages[0] if isinstance(messages, tuple) else messages), "orders": orders, "gross": gross,
            "fees": fees}, rows, p


def main():
    name, model, out, *days = sys.argv[1:]
    folder = pathlib.Path(model)
    told = json.loads((folder / "model.json").read_text())
    if told["features"] != NAMES:
        sys.exit(f"{model}: not a model of the 16 scale-free features")
    rule = told["fitted"]["ofi_threshold"], told["fitted"]["ofi_extreme"]
    begin = time.process_time()
    chain = {"common": Common, "best": Best}[name]((folder / "up_1min.txt").read_text())
    day(chain, days[0], rule, {})
    result = {"compile": time.process_time() - begin}
    tries = []
    for _ in range(int(os.environ.get("ROUNDS", "2"))):
        seconds = {}
        done = [day(chain, path, rule, seconds) for path in days]
        tries.append(seconds)
    result["seconds"] = min(tries, key=lambda s: sum(s.values()))
    result["days"] = [d for d, _, _ in done]
    np.savez(out, rows=np.stack([r for _, r, _ in done]), p=np.stack([p for _, _, p in done]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
