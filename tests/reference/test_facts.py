"""Goal: what is known of the reference data comes out of `lobflow inspect`.

Method: the counts that the page of the data tells, each worked out apart from lobflow, beside the JSON of
inspect for every file there.
"""
import json
import os
import pathlib
import subprocess

import pytest

DATA = pathlib.Path(__file__).resolve().parents[2].parent / "shared/data"
PROGRAM = os.environ.get("LOBFLOW_PROGRAM", "")

LOBSTER = [
    # levels, rows, types 1 to 5, visible checks, mid changes, first and last s, median spread, silence s
    ("AAPL", 1, 118497, (54818, 252, 28437, 23658, 11332), 107164, 64350, 34200.004, 57599.913, 15, 17.3),
    ("AMZN", 5, 155935, (77381, 450, 66685, 8974, 2445), 153490, 27557, 34200.017, 57599.959, 13, 19.9),
    ("GOOG", 10, 147916, (71258, 19, 64961, 7765, 3913), 144002, 24084, 34200.015, 57599.872, 28, 19.3),
]
ALGOSEEK = [
    # day, then rows and trades of AIG, of BAC
    ("20131007", (1105286, 25351), (565027, 88172)),
    ("20131008", (1161482, 43342), (701968, 125872)),
    ("20131009", (1476020, 52008), (767712, 122832)),
    ("20131010", (1478998, 54318), (696347, 124567)),
    ("20131011", (1131664, 31318), (593713, 112177)),
]
BINANCE = [
    # files, trades, depth messages that are applied behind the snapshot, by how much the clock is behind in s
    ("usdm_btcusdt_202407*.gz", 10701, 9017, 1.52),
    ("cm_btcusd_perp_202408*.gz", 5235, 44772, 1.27),
    ("spot_btcusdt_202408*.gz", 19904, 6493, 1.27),
]
CME_PACKETS = {
    "v1.5_MdIncrementalRefreshBook": 32,
    "v1.5_MdIncrementalRefreshSessionStatistics": 35,
    "v1.5_MdIncrementalRefreshTradeSummary": 42,
    "v1.5_MdIncrementalRefreshVolume": 37,
    "v1.5_MdInstrumentDefinitionSpread": 29,
    "v1.8_MdIncrementalRefreshTradeSummary": 42,
    "v1.9_MdIncrementalRefreshBook": 46,
    "v1.9_MdIncrementalRefreshOrderBook": 47,
    "v1.9_MdIncrementalRefreshTradeSummary": 48,
    "v1.9_MdIncrementalRefreshVolume": 37,
}
ITCH_PACKETS = {
    "AddOrderNoMPID": ("A", 5),
    "AddOrderNoMpidAttributionMessage": ("A", 1),
    "AddOrderWithMPID": ("F", 5),
    "CrossTrade": ("Q", 5),
    "LULDAuctionCollar": ("J", 5),
    "MarketParticipantPosition": ("L", 5),
    "MarketParticipantPositionMessage": ("L", 1),
    "NetOrderImbalanceIndicator": ("I", 5),
    "NetOrderImbalanceIndicatorMessage": ("I", 1),
    "NonCrossTrade": ("P", 5),
    "OrderCancel": ("X", 5),
    "OrderDelete": ("D", 5),
    "OrderDeleteMessage": ("D", 1),
    "OrderExecuted": ("E", 5),
    "OrderExecutedMessage": ("E", 1),
    "OrderExecutedWithPrice": ("C", 5),
    "OrderReplace": ("U", 5),
    "OrderReplaceMessage": ("U", 1),
    "RegSHORestriction": ("Y", 5),
    "StockTradingAction": ("H", 5),
    "StockTradingActionMessage": ("H", 1),
    "SystemEvent": ("S", 1),
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="skipped: no ../shared")


def run(*words):
    return subprocess.run([PROGRAM, "inspect", *map(str, words), "--json"], capture_output=True, text=True, timeout=120)


def inspect(*words):
    done = run(*words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found if isinstance(found, list) else [found]


def without_faults(facts):
    return not any(
        facts[key] for key in ("gaps", "violations", "unknown_orders", "duplicate_orders", "overfills")
    )


@pytest.mark.parametrize("row", LOBSTER, ids=lambda row: row[0])
def test_lobster(row):
    symbol, levels, rows, types, checks, mids, first_s, last_s, spread, silence_s = row
    [facts] = inspect(DATA / f"lobster/LOBSTER_SampleFile_{symbol}_2012-06-21_{levels}.zip")
    assert (facts["symbol"], facts["date"], facts["levels"]) == (symbol, "2012-06-21", levels)
    assert facts["events"] == rows
    kinds = facts["kinds"]
    assert tuple(kinds[k] for k in ("add", "cancel", "delete", "execute", "hidden")) == types
    assert (facts["trades_visible"], facts["trades_hidden"]) == types[3:]
    assert (facts["checks"], facts["crossed_states"], facts["halts"], facts["crosses"]) == (checks, 0, 0, 0)
    assert without_faults(facts) and facts["one_sided_states"] == 0
    assert facts["mid_changes"] == mids
    midnight_ns = 1340251200 * 10**9  # 2012-06-21 in New York
    for key, second in (("first_ts", first_s), ("last_ts", last_s)):
        assert abs((facts[key] - midnight_ns) * 1e-9 - second) < 1e-3
    assert facts["median_spread_ticks"] == spread
    assert round(facts["longest_silence_ns"] * 1e-9, 1) == silence_s


@pytest.mark.parametrize("day, aig, bac", ALGOSEEK)
def test_algoseek(day, aig, bac):
    for symbol, (rows, trades) in (("AIG", aig), ("BAC", bac)):
        [facts] = inspect(DATA / f"algoseek/{day}/{symbol}.csv.gz")
        assert (facts["symbol"], facts["date"].replace("-", "")) == (symbol, day)
        assert facts["events"] == rows
        assert facts["trades_visible"] + facts["crosses"] == trades
        assert (facts["gaps"], facts["violations"], facts["skipped"]) == (0, 0, 0)
        assert facts["median_spread_ticks"] == 1


@pytest.mark.parametrize("pattern, trades, applied, behind_s", BINANCE)
def test_binance(pattern, trades, applied, behind_s):
    files = sorted((DATA / "binance").glob(pattern))
    assert len(files) == 2
    days = inspect(*files)
    assert len(days) == 2
    assert sum(day["trades_visible"] for day in days) == trades
    assert sum(day["checks"] for day in days) == applied
    assert not any(day["crossed_states"] for day in days)
    assert all(without_faults(day) for day in days)
    assert all(abs(day["clock_shift_ns"] * 1e-9 - behind_s) < 0.01 for day in days)


def test_orders_of_es():
    [facts] = inspect(DATA / "databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst")
    assert (facts["symbol"], facts["tick"]) == ("ESH4", 0.25)
    assert facts["events"] == 47022 + 1  # the snapshot
    assert (facts["trades_visible"], facts["crossed_states"]) == (2973, 891)
    assert without_faults(facts)
    [facts] = inspect(DATA / "databento/orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst")
    assert (facts["events"], facts["crossed_states"]) == (185, 0)
    assert not facts["unknown_orders"] and not facts["violations"]


def test_levels_of_es():
    [facts] = inspect(DATA / "databento/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    assert facts["trades_visible"] == 120
    assert facts["events"] == 2288 - 120  # a trade and what it takes are one
    assert facts["levels"] == 1 and facts["crossed_states"] == 0


def test_cme():
    [facts] = inspect(DATA / "cme_mdp3/mdp3_v6_20161112_two_feeds.pcapng.gz")
    assert (facts["frames"], facts["feed_a"], facts["feed_b"], facts["packets"]) == (10000, 5000, 5000, 5000)
    assert not any(facts[k] for k in ("gaps", "missing", "damaged", "frames_other", "unknown", "update_gaps", "defined"))
    assert (facts["channels"], facts["messages"], facts["instruments"]) == (1, 10273, 127)
    assert facts["templates"] == {"12": 9, "32": 9569, "35": 307, "37": 194, "42": 194}
    sides = {side: sum(actions.values()) for side, actions in facts["entries"].items()}
    assert sides == {"bid": 2450, "ask": 3017, "implied bid": 4892, "implied ask": 4215, "other sides": 0}
    for action, count in (("new", 5086), ("change", 6979), ("delete", 2509)):
        assert sum(actions[action] for actions in facts["entries"].values()) == count


def test_cme_packets():
    files = {path.stem: path for path in (DATA / "cme_mdp3/packets").iterdir()}
    assert len(files) == 12
    for name, template in CME_PACKETS.items():
        [facts] = inspect(files.pop(name))
        assert facts["damaged"] == facts["unknown"] == facts["frames_other"] == 0
        assert facts["packets"] >= 1 and str(template) in facts["templates"]
        assert facts["first_ts"] >= 1446000000 * 10**9  # when it was sent, not when some clock says it was captured
    for name, path in files.items():  # version 1.12, in TCP
        done = run(path)
        assert name.startswith("v1.12") and done.returncode == 1
        assert "packets in TCP are not read" in done.stderr


def test_itch_packets():
    files = {path.stem: path for path in (DATA / "itch_packets").iterdir()}
    assert len(files) == 23
    for name, (kind, count) in ITCH_PACKETS.items():
        [facts] = inspect(files.pop(name))
        assert facts["types"] == {kind: count}
        assert facts["unknown"] == facts["frames_other"] == 0
    [facts] = inspect(files.pop("Multiple.Packets"))
    assert facts["types"] == {"A": 36, "F": 2, "D": 1}
    assert facts["ranges"] == 0 and not files
