"""Goal: a run folder tells one consistent story that an independent reader can check.

Method: simulate two small days, run the whole line with every default and with passive entries, then
audit the tables with numpy alone against each other and against the LOBSTER files: money and shares
balance, marketable fills are those of the displayed book at their time, messages take the time they
must, nobody trades rows that its model saw, and labels are what the mid did.
"""
import collections
import glob
import json
import os
import pathlib
import subprocess

import pytest

np = pytest.importorskip("numpy")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LOBFLOW_PROGRAM", str(ROOT / "build/release/bin/lobflow"))
MS = 1_000_000
SECOND = 1_000 * MS
FEED, DECISION, ENTRY, RESPONSE = 10 * MS, 2 * MS, 10 * MS, 10 * MS
TICK = 0.01

ENTRIES = ("marketable", "passive")


def table(folder, name):
    """Columns of a Parquet file as numpy arrays, times as ns."""
    frame = pq.read_table(pathlib.Path(folder) / f"{name}.parquet")
    out = {}
    for column in frame.column_names:
        values = frame[column]
        if str(values.type).startswith("timestamp"):
            values = values.cast("int64")
        out[column] = values.to_numpy(zero_copy_only=False)
    return out


class Book:
    """States of one LOBSTER day: state k is the book after message k."""

    def __init__(self, orderbook, midnight_ns):
        message = np.loadtxt(orderbook.replace("_orderbook_", "_message_"), delimiter=",", dtype=str)
        whole = [text.partition(".") for text in message[:, 0]]
        self.kind, self.lots = message[:, 1].astype(int), message[:, 3].astype(int)
        self.ts = midnight_ns + np.array([int(a) * SECOND + int((c + "0" * 9)[:9]) for a, _, c in whole])
        rows = np.loadtxt(orderbook, delimiter=",", dtype=np.int64)
        self.ask_price, self.ask_size = rows[:, 0::4], rows[:, 1::4]
        self.bid_price, self.bid_size = rows[:, 2::4], rows[:, 3::4]

    def at(self, ts_ns):
        """Index of the state after all events with time <= ts."""
        return int(np.searchsorted(self.ts, ts_ns, side="right")) - 1

    def mid(self, k):
        return (self.ask_price[k, 0] + self.bid_price[k, 0]) / 2e4


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    subprocess.run(
        [PROGRAM, "synth", "-o", folder, "--days", "2", "--seed", "5", "--symbol", "AUD",
         "--activity", "0.1", "--levels", "5", "--alpha", "0.3"], check=True,
    )
    return folder


@pytest.fixture(scope="module")
def books(days):
    out = {}
    for path in sorted(glob.glob(str(days / "*orderbook*"))):
        date = pathlib.Path(path).name.split("_")[1]
        # January: New York is five hours behind UTC.
        midnight = int(np.datetime64(date, "ns").astype(np.int64)) + 5 * 3600 * SECOND
        out[date] = Book(path, midnight)
    return out


@pytest.fixture(scope="module")
def runs(days, tmp_path_factory):
    out = {}
    for entry in ENTRIES:
        out[entry] = tmp_path_factory.mktemp(entry)
        subprocess.run(
            [PROGRAM, "run", "--data", days, "-o", out[entry], "--entry", entry,
             "--set", "signal.p_long=0.52", "--set", "signal.p_short=0.48",
             "--set", "signal.threshold_quantile=0.5"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    return out


def book_of(books, ts_ns):
    return books[str(np.datetime64(int(ts_ns), "ns").astype("datetime64[D]"))]


@pytest.mark.parametrize("entry", ENTRIES)
def test_depth_at_arrival_is_the_books(runs, books, entry):
    orders = table(runs[entry], "orders")
    depth, takes = orders["depth_arrival"], orders["kind"] == "marketable"
    # What takes at once gets all that it meets, and no more.
    known = takes & ~np.isnan(depth)
    assert known.sum() > 20
    assert (orders["filled_lots"][known] == np.minimum(orders["lots"], depth)[known]).all()
    joined = 0
    for i in np.flatnonzero(~np.isnan(depth)):
        book = book_of(books, orders["ts_venue"][i])
        k = book.at(orders["ts_venue"][i])
        buy = orders["side"][i] > 0
        if takes[i]:  # without a limit: all levels
            sizes = (book.ask_size if buy else book.bid_size)[k]
            assert np.isnan(orders["price"][i]) and 0 <= depth[i] <= sizes[sizes > 0].sum()
            continue
        price = round(orders["price"][i] * 1e4)
        if (price < book.ask_price[k][0]) if buy else (price > book.bid_price[k][0]):
            prices, sizes = ((book.bid_price, book.bid_size) if buy else (book.ask_price, book.ask_size))
            assert depth[i] == sizes[k][prices[k] == price].sum()
            joined += 1
    assert entry == "marketable" or joined > 20


@pytest.mark.parametrize("entry", ENTRIES)
def test_our_share_of_the_market(runs, books, entry):
    fills, equity = table(runs[entry], "fills"), table(runs[entry], "equity")
    capacity = json.loads((runs[entry] / "metrics.json").read_text())["pnl"]["capacity"]
    market = 0
    for book in {book_of(books, ts) for ts in fills["ts_venue"]}:
        midnight = book.ts[0] // (86400 * SECOND) * 86400 * SECOND
        mine = (equity["ts_event"] > midnight) & (equity["ts_event"] < midnight + 86400 * SECOND)
        opens, closes = equity["ts_event"][mine].min(), equity["ts_event"][mine].max()
        executed = np.isin(book.kind, (4, 5)) & (book.ts >= opens) & (book.ts < closes)
        market += book.lots[executed].sum()
    assert capacity["market_lots"] == market > 10_000
    assert capacity["market_share"] == pytest.approx(fills["lots"].sum() / market)


@pytest.mark.parametrize("entry", ENTRIES)
def test_money_and_shares_balance(runs, entry):
    fills, equity, trips = (table(runs[entry], n) for n in ("fills", "equity", "trades"))
    assert len(fills["lots"]) > 50
    assert fills["side"] @ fills["lots"] == 0  # flat at the end
    cash = 100000 - np.cumsum(fills["side"] * fills["lots"] * fills["price"] + fills["fee"])
    position = np.cumsum(fills["side"] * fills["lots"])
    for row in np.linspace(0, len(equity["ts_event"]) - 1, 2000).astype(int):
        if np.isnan(equity["mid"][row]):
            continue  # before the first valid state
        # The strategy's own account: a fill counts when it hears of it.
        known = int(np.searchsorted(fills["ts_local"], equity["ts_event"][row], side="right"))
        assert equity["position"][row] == (position[known - 1] if known else 0)
        assert equity["cash"][row] == pytest.approx(cash[known - 1] if known else 100000, abs=1e-6)
        worth = equity["cash"][row] + equity["fees"][row] + equity["position"][row] * equity["mid"][row] - 100000
        assert equity["gross"][row] == pytest.approx(worth, abs=1e-6)
        assert equity["net"][row] == pytest.approx(equity["gross"][row] - equity["fees"][row], abs=1e-6)
    assert equity["net"][-1] == pytest.approx(trips["net"].sum(), abs=1e-6)
    assert equity["fees"][-1] == pytest.approx(fills["fee"].sum(), abs=1e-6)
    metrics = json.loads((runs[entry] / "metrics.json").read_text())
    assert metrics["pnl"]["net"] == pytest.approx(equity["net"][-1], abs=1e-6)


@pytest.mark.parametrize("entry", ENTRIES)
def test_orders_are_their_fills(runs, entry):
    fills, orders = table(runs[entry], "fills"), table(runs[entry], "orders")
    filled = collections.Counter()
    for order, lots in zip(fills["order_id"], fills["lots"]):
        filled[order] += lots
    for i, order in enumerate(orders["order_id"]):
        assert filled[order] == orders["filled_lots"][i] <= orders["lots"][i]
        assert (orders["status"][i] == "filled") == (filled[order] == orders["lots"][i])
        mine = fills["order_id"] == order
        assert (fills["side"][mine] == orders["side"][i]).all()
        assert (fills["ts_venue"][mine] >= orders["ts_venue"][i]).all()
        assert (fills["ts_venue"][mine] <= orders["ts_done"][i]).all()
    assert set(filled) <= set(orders["order_id"])


@pytest.mark.parametrize("entry", ENTRIES)
def test_messages_take_their_time(runs, entry):
    orders, fills = table(runs[entry], "orders"), table(runs[entry], "fills")
    thinks = np.isin(orders["reason"], ["entry", "reverse"])
    assert (orders["ts_sent"] - orders["ts_decision"] == np.where(thinks, DECISION, 0)).all()
    assert (orders["ts_venue"] - orders["ts_sent"] == ENTRY).all()
    assert (fills["ts_local"] - fills["ts_venue"] == RESPONSE).all()
    assert (orders["ts_decision"][orders["reason"] == "entry"] % SECOND == 0).all()


@pytest.mark.parametrize("entry", ENTRIES)
def test_marketable_fills_walk_the_displayed_book(runs, books, entry):
    orders, fills = table(runs[entry], "orders"), table(runs[entry], "fills")
    checked, taken = 0, collections.Counter()
    for i in np.flatnonzero((orders["kind"] == "marketable") & (orders["filled_lots"] > 0)):
        book = book_of(books, orders["ts_venue"][i])
        k = book.at(orders["ts_venue"][i])
        buy = orders["side"][i] > 0
        prices = (book.ask_price if buy else book.bid_price)[k]
        sizes = (book.ask_size if buy else book.bid_size)[k]
        mine = fills["order_id"] == orders["order_id"][i]
        got = collections.Counter()
        for price, lots in zip(fills["price"][mine], fills["lots"][mine]):
            got[round(price * 1e4)] += lots
        shown = {int(p): int(s) for p, s in zip(prices, sizes) if s > 0}
        # A level gives at most what it shows, and at least what no earlier order of ours took of it.
        assert all(lots <= shown.get(price, 0) for price, lots in got.items())
        deepest = max(got) if buy else min(got)
        better = [p for p in shown if (p < deepest if buy else p > deepest)]
        assert all(got[p] + taken[p] >= shown[p] for p in better)
        taken.update(got)
        checked += len(better) > 0
        mid = book.mid(k)
        assert orders["mid_arrival"][i] == pytest.approx(mid, abs=1e-9)
        assert np.allclose(fills["mid_venue"][mine], mid, atol=1e-9)
    assert checked > 5


def test_passive_fills_are_at_their_price(runs):
    orders, fills = table(runs["passive"], "orders"), table(runs["passive"], "fills")
    passive = {o: i for i, o in enumerate(orders["order_id"]) if orders["kind"][i] == "passive"}
    makers = 0
    for order, price, liquidity in zip(fills["order_id"], fills["price"], fills["liquidity"]):
        if order in passive:
            assert liquidity in ("maker", "maker_crossed")
            assert price == pytest.approx(orders["price"][passive[order]], abs=1e-9)
            makers += 1
    assert makers > 20


@pytest.mark.parametrize("entry", ENTRIES)
def test_nobody_trades_what_its_model_saw(runs, entry):
    orders = table(runs[entry], "orders")
    models = sorted(glob.glob(str(runs[entry] / "models/*/model.json")))
    assert models
    entries = orders["ts_decision"][np.isin(orders["reason"], ["entry", "reverse"])]
    first_day = np.datetime64("2024-01-03", "ns").astype(np.int64)
    assert len(entries) > 20 and (entries > first_day).all()  # the first day only trains
    for path in models:
        fitted = json.loads(pathlib.Path(path).read_text())["fitted"]
        # Labels end five minutes after their row, and five more are kept between.
        assert fitted["train_last_ns"] + 600 * SECOND <= entries.min()


def test_labels_are_what_the_mid_did(runs, books):
    rows = table(runs["marketable"], "predictions")
    checked = 0
    for i in range(0, len(rows["ts_event"]), 37):
        # The strategy's clock: an event is known a feed latency after it happened.
        ts = rows["ts_event"][i] - FEED
        book = book_of(books, ts)
        if not rows["valid"][i] or not np.isfinite(rows["ret_1min"][i]):
            continue
        now, later = book.mid(book.at(ts)), book.mid(book.at(ts + 60 * SECOND))
        assert rows["mid"][i] == pytest.approx(now, abs=1e-9)
        assert rows["ret_1min"][i] == pytest.approx(1e4 * np.log(later / now), abs=1e-7)
        if later != now:
            assert rows["up_1min"][i] == (later > now)
        else:
            assert np.isnan(rows["up_1min"][i])
        checked += 1
    assert checked > 300
