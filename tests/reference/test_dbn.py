"""Goal: Databento's own package reads our DBN files field by field, and its files come through us whole.

Method: a simulated day in LOBSTER's format is converted to each schema and decoded by databento_dbn;
every field is compared with what the CSV files say. Files that databento_dbn encoded are converted to
their own schema (same bytes) and to levels, which are compared with a book kept in Python. The public
Databento samples likewise, where they are.
"""
import collections
import datetime
import os
import pathlib
import random
import subprocess
import types

import pytest

dbn = pytest.importorskip("databento_dbn")
pyarrow = pytest.importorskip("pyarrow")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LOBFLOW_PROGRAM", str(ROOT / "build/release/bin/lobflow"))
SAMPLES = ROOT.parent / "shared/data/databento"
UNDEF = 2**63 - 1
NANO = 10**9
LAST, SNAPSHOT, BAD_TS_RECV, OURS = 0x80, 0x20, 0x08, 0x02


def run(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done


def plain(path):
    """Bytes of a file, decompressed to the last frame."""
    if str(path).endswith(".zst"):
        return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd").read()
    return pathlib.Path(path).read_bytes()


def decode(data):
    decoder = dbn.DBNDecoder(upgrade_policy=dbn.VersionUpgradePolicy.AS_IS)
    decoder.write(data)
    records = decoder.decode()
    return records[0], records[1:]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A simulated day: its folder, message rows, and orderbook rows."""
    folder = tmp_path_factory.mktemp("dbn")
    run("synth", "-o", folder / "day", "--seed", 5, "--activity", 0.05, "--levels", 4, "--symbol", "TOY")
    rows = {}
    for kind in ("message", "orderbook"):
        (path,) = (folder / "day").glob(f"*_{kind}_4.csv")
        rows[kind] = [line.split(",") for line in path.read_text().splitlines()]
    return folder, rows["message"], rows["orderbook"]


MIDNIGHT = 1704171600 * NANO  # 2024-01-02 in New York


def time_ns(text):
    whole, _, part = text.partition(".")
    return MIDNIGHT + int(whole) * NANO + int((part + "0" * 9)[:9])


def levels_of(row):
    """(bid price, ask price, bid size, ask size) of ten levels of an orderbook row."""
    out = []
    for m in range(10):
        ask, ask_size, bid, bid_size = map(int, row[4 * m : 4 * m + 4]) if 4 * m < len(row) else (0, 0, 0, 0)
        out.append(
            (bid * 100_000 if bid_size else UNDEF, ask * 100_000 if ask_size else UNDEF, bid_size, ask_size)
        )
    return out


def record_levels(record):
    return [(v.bid_px, v.ask_px, v.bid_sz, v.ask_sz) for v in record.levels]


def expected_levels(messages, books):
    """What each message must become: (action, side, price, size, flags, time, levels, depth is checked)."""
    out = []
    before = levels_of([])
    for message, book in zip(messages, books):
        kind, size, price, direction = int(message[1]), int(message[3]), int(message[4]) * 100_000, int(message[5])
        resting, aggressor = ("B", "A") if direction > 0 else ("A", "B")
        ts, after = time_ns(message[0]), levels_of(book)
        if kind in (4, 5):
            flags = BAD_TS_RECV | (OURS | LAST if kind == 5 else 0)
            out.append(("T", aggressor, price, size, flags, ts, before if kind == 4 else after))
        if kind != 5:
            action = {1: "A", 2: "C", 3: "C", 4: "C"}[kind]
            out.append((action, resting, price, size, BAD_TS_RECV | LAST, ts, after))
        before = after
    return out


@pytest.mark.parametrize("name", ["levels.dbn", "levels.dbn.zst"])
def test_levels_field_by_field(day, name):
    folder, messages, books = day
    run("convert", folder / "day", "-o", folder / name, "--schema", "mbp-10")
    metadata, records = decode(plain(folder / name))
    assert metadata.version == 3
    assert metadata.dataset == "XNAS.LOBFLOW.4"
    assert metadata.schema == dbn.Schema.MBP_10
    assert metadata.stype_in == dbn.SType.RAW_SYMBOL
    assert metadata.stype_out == dbn.SType.INSTRUMENT_ID
    assert metadata.symbols == ["TOY"]
    (interval,) = metadata.mappings["TOY"]
    assert interval["symbol"] == "1"
    assert str(interval["start_date"]) == "2024-01-02" and str(interval["end_date"]) == "2024-01-03"
    expected = expected_levels(messages, books)
    assert len(records) == len(expected)
    for number, (record, want) in enumerate(zip(records, expected)):
        action, side, price, size, flags, ts, levels = want
        got = (record.action.value, record.side.value, record.price, record.size, int(record.flags), record.ts_event)
        assert got == (action, side, price, size, flags, ts), number
        assert record_levels(record) == levels, number
        assert all(level.bid_ct == 0 and level.ask_ct == 0 for level in record.levels)
        assert record.rtype == dbn.RType.MBP_10
        assert (record.ts_recv, record.ts_in_delta, record.sequence) == (ts, 0, number)
        assert (record.instrument_id, int(record.publisher_id)) == (1, 2)
        shown = [level[0 if side == "B" else 1] for level in levels]
        if action == "A" and price in shown:
            assert record.depth == shown.index(price), number


def test_trades_field_by_field(day):
    folder, messages, _ = day
    run("convert", folder / "day", "-o", folder / "trades.dbn", "--schema", "trades")
    metadata, records = decode(plain(folder / "trades.dbn"))
    assert metadata.schema == dbn.Schema.TRADES
    expected = [m for m in messages if m[1] in ("4", "5")]
    assert len(records) == len(expected) > 100
    for record, message in zip(records, expected):
        assert record.action.value == "T"
        assert record.side.value == ("A" if message[5] == "1" else "B")
        assert record.price == int(message[4]) * 100_000
        assert record.size == int(message[3])
        assert record.ts_event == time_ns(message[0])
        assert int(record.flags) == LAST | BAD_TS_RECV | (OURS if message[1] == "5" else 0)


class Book:
    """Single orders in Python: the levels of each side, counted anew when asked for."""

    def __init__(self):
        self.orders = {}
        self.sizes = {"B": collections.Counter(), "A": collections.Counter()}
        self.counts = {"B": collections.Counter(), "A": collections.Counter()}
        self.unknown = 0

    def _change(self, side, price, size, count):
        for counter, value in ((self.sizes[side], size), (self.counts[side], count)):
            counter[price] += value
            if counter[price] == 0:
                del counter[price]

    def apply(self, record):
        action, side, key = record.action.value, record.side.value, record.order_id
        if action == "R":
            self.__init__()
        if action not in "ACM":
            return
        if action in "CM":
            if key not in self.orders:
                self.unknown += 1
                return
            was, price, size = self.orders.pop(key)
            left = size - record.size if action == "C" else 0
            assert left >= 0
            self._change(was, price, left - size, -(left == 0))
            if left:
                self.orders[key] = (was, price, left)
        if action in "AM":
            assert key not in self.orders
            self.orders[key] = (side, record.price, record.size)
            self._change(side, record.price, record.size, 1)

    def levels(self):
        bids = sorted(self.sizes["B"], reverse=True)[:10]
        asks = sorted(self.sizes["A"])[:10]
        bids += [None] * (10 - len(bids))
        asks += [None] * (10 - len(asks))
        return [
            (
                UNDEF if b is None else b,
                UNDEF if a is None else a,
                self.sizes["B"][b] if b is not None else 0,
                self.sizes["A"][a] if a is not None else 0,
                self.counts["B"][b] if b is not None else 0,
                self.counts["A"][a] if a is not None else 0,
            )
            for b, a in zip(bids, asks)
        ]


def test_orders_keep_the_book(day):
    """After each event the single orders of our file are the book of the day."""
    folder, messages, books = day
    run("convert", folder / "day", "-o", folder / "orders.dbn", "--schema", "mbo")
    metadata, records = decode(plain(folder / "orders.dbn"))
    assert metadata.schema == dbn.Schema.MBO
    book, at = Book(), 0
    for record in records:
        assert record.ts_event == time_ns(messages[at][0])
        book.apply(record)
        if int(record.flags) & LAST:
            assert [level[:4] for level in book.levels()[:4]] == levels_of(books[at])[:4], at
            at += 1
    assert at == len(messages)
    assert book.unknown == 0
    wanted = collections.Counter(m[1] for m in messages)
    assert sum(r.action.value == "T" for r in records) == wanted["4"] + wanted["5"]
    assert sum(r.action.value == "F" for r in records) == wanted["4"]
    # The venue's own ids are there, and most messages name them.
    named = {int(m[2]) for m in messages if m[1] == "1"}
    assert named <= {r.order_id for r in records if r.action.value in "AM"}


def random_orders(seed, instruments=(7, 8)):
    """Records of single orders of some instruments, in events of one to four records."""
    rng = random.Random(seed)
    live = {i: {} for i in instruments}
    out, ts, order = [], 1_718_000_000 * NANO, 0
    for _ in range(1500):
        instrument = rng.choice(instruments)
        book = live[instrument]
        ts += rng.randrange(1_000_000)
        for left in range(rng.randrange(1, 5), 0, -1):
            action = rng.choice("AAACMTFN") if book else "A"
            side, price = rng.choice("BA"), rng.randrange(1, 60) * NANO // 4
            size, key = rng.randrange(1, 9), 0
            if action == "A":
                order += rng.randrange(1, 10**6)
                key = order
                book[key] = [side, size]
            elif action in "CM":
                key = rng.choice(list(book))
                side = book[key][0]
                size = rng.randrange(1, book[key][1] + 1) if action == "C" else size
                book[key][1] = book[key][1] - size if action == "C" else size
                if book[key][1] == 0:
                    del book[key]
            out.append(
                dbn.MBOMsg(
                    publisher_id=1, instrument_id=instrument, ts_event=ts, order_id=key, price=price, size=size,
                    channel_id=3, action=dbn.Action(action), side=dbn.Side(side), ts_recv=ts + 500,
                    flags=LAST if left == 1 else 0, ts_in_delta=rng.randrange(-9, 9), sequence=len(out),
                )
            )
    return out


def metadata_bytes(version, schema=dbn.Schema.MBO):
    first, end = datetime.date(2024, 6, 10), datetime.date(2024, 6, 11)
    mapping = [
        types.SimpleNamespace(
            raw_symbol=name, intervals=[types.SimpleNamespace(start_date=first, end_date=end, symbol=number)]
        )
        for name, number in (("AAA", "7"), ("BBB", "8"))
    ]
    metadata = dbn.Metadata(
        dataset="TEST.DATA", start=1_718_000_000 * NANO, stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID, schema=schema, symbols=["AAA", "BBB"], partial=["CCC"],
        not_found=["DDD"], mappings=mapping, end=1_718_100_000 * NANO, limit=12, version=version,
    )
    return bytes(metadata.encode())


@pytest.mark.parametrize("version", [1, 2, 3])
def test_their_files_come_through_whole(tmp_path, version):
    data = metadata_bytes(version) + b"".join(bytes(r) for r in random_orders(version))
    (tmp_path / "in.dbn").write_bytes(data)
    for name in ("out.dbn", "out.dbn.zst"):
        run("convert", tmp_path / "in.dbn", "-o", tmp_path / name, "--schema", "mbo")
        assert plain(tmp_path / name) == data


def test_one_symbol(tmp_path):
    records = random_orders(4)
    (tmp_path / "in.dbn").write_bytes(metadata_bytes(2) + b"".join(bytes(r) for r in records))
    run("convert", tmp_path / "in.dbn", "-o", tmp_path / "out.dbn", "--schema", "mbo", "--symbol", "BBB")
    metadata, got = decode(plain(tmp_path / "out.dbn"))
    assert metadata.version == 2 and metadata.symbols == ["BBB"] and list(metadata.mappings) == ["BBB"]
    assert [bytes(r) for r in got] == [bytes(r) for r in records if r.instrument_id == 8]


def check_levels(orders, levels):
    """Records of levels show the book that single orders give, and end events where those end."""
    books, at = collections.defaultdict(Book), 0
    shown, open_events = {}, set()
    for record in orders:
        instrument = record.instrument_id
        if int(record.flags) & SNAPSHOT:
            pytest.fail("checked elsewhere")
        books[instrument].apply(record)
        want, action = books[instrument].levels(), record.action.value
        if action == "T" or want != shown.get(instrument, Book().levels()):
            got = levels[at]
            at += 1
            assert got.action.value == action and got.side.value == record.side.value
            for field in ("price", "size", "ts_event", "ts_recv", "ts_in_delta", "sequence", "instrument_id"):
                assert getattr(got, field) == getattr(record, field), (at, field)
            full = [(v.bid_px, v.ask_px, v.bid_sz, v.ask_sz, v.bid_ct, v.ask_ct) for v in got.levels]
            assert full == want, at
            shown[instrument] = want
            open_events.add(instrument)
            if int(got.flags) & LAST:
                open_events.discard(instrument)
        if int(record.flags) & LAST and instrument in open_events:
            note = levels[at]
            at += 1
            assert note.action.value == "N" and int(note.flags) & LAST and note.instrument_id == instrument
            open_events.discard(instrument)
    assert at == len(levels)
    assert not open_events


def test_levels_of_their_orders(tmp_path):
    records = random_orders(9)
    (tmp_path / "in.dbn").write_bytes(metadata_bytes(3) + b"".join(bytes(r) for r in records))
    run("convert", tmp_path / "in.dbn", "-o", tmp_path / "out.dbn", "--schema", "mbp-10")
    metadata, got = decode(plain(tmp_path / "out.dbn"))
    assert metadata.schema == dbn.Schema.MBP_10 and metadata.not_found == ["DDD"]
    check_levels(records, got)


def test_trades_of_their_orders(tmp_path):
    records = random_orders(11)
    (tmp_path / "in.dbn").write_bytes(metadata_bytes(1) + b"".join(bytes(r) for r in records))
    run("convert", tmp_path / "in.dbn", "-o", tmp_path / "out.dbn", "--schema", "trades")
    _, got = decode(plain(tmp_path / "out.dbn"))
    want = [r for r in records if r.action.value == "T"]
    assert len(got) == len(want) > 100
    for a, b in zip(got, want):
        for field in ("price", "size", "ts_event", "ts_recv", "sequence", "action", "side", "flags"):
            assert getattr(a, field) == getattr(b, field)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="skipped: no ../shared")
@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*mbo*.zst")) if SAMPLES.is_dir() else ["-"])
def test_samples(tmp_path, name):
    data = plain(SAMPLES / name)
    run("convert", SAMPLES / name, "-o", tmp_path / "same.dbn", "--schema", "mbo")
    assert (tmp_path / "same.dbn").read_bytes() == data
    run("convert", SAMPLES / name, "-o", tmp_path / "levels.dbn.zst", "--schema", "mbp-10")
    _, orders = decode(data)
    _, levels = decode(plain(tmp_path / "levels.dbn.zst"))
    # The snapshot is one record with the time of the snapshot; then levels follow the orders.
    book = Book()
    live = [r for r in orders if not int(r.flags) & SNAPSHOT]
    for record in orders[: len(orders) - len(live)]:
        book.apply(record)
    first = levels[0]
    assert int(first.flags) & (SNAPSHOT | LAST) == SNAPSHOT | LAST and first.side.value == "N"
    assert [(v.bid_px, v.ask_px, v.bid_sz, v.ask_sz, v.bid_ct, v.ask_ct) for v in first.levels] == book.levels()
    assert sum(int(r.flags) & LAST != 0 for r in levels) <= sum(int(r.flags) & LAST != 0 for r in orders)
    assert sum(r.action.value == "T" for r in levels) == sum(r.action.value == "T" for r in orders)


LOBSTER = ROOT.parent / "shared/data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"


@pytest.mark.skipif(not LOBSTER.is_file(), reason="skipped: no ../shared")
@pytest.mark.parametrize("schema", ["mbp-10", "mbo"])
def test_same_features_of_a_real_day(tmp_path, schema):
    """Every feature and label of every second has the same bits after the detour through DBN."""
    run("convert", LOBSTER, "-o", tmp_path / "goog.dbn.zst", "--schema", schema)
    for name, data in (("a.csv", LOBSTER), ("b.csv", tmp_path / "goog.dbn.zst")):
        run("features", data, "-o", tmp_path / name, "--set", "all", "--labels", "1min,5min")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
