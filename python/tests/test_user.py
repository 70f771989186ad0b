"""Features of one's own: compiled by numba or of C, as columns, in models, in backtests."""

import ctypes
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

import lobflow as lf
from lobflow.user import code_hash

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
SOURCE = """
#include <lobflow/feature.h>

typedef struct flow { double lots[2]; } flow;

void take(const lf_event *event, const lf_trade *trades, void *state)
{
    flow *sums = state;
    for (size_t i = 0; i < event->trade_count; i++) {
        sums->lots[0] += trades[i].sign == 1 ? (double)trades[i].size_lots : 0;
        sums->lots[1] += trades[i].sign == -1 ? (double)trades[i].size_lots : 0;
    }
}

double net(const lf_feature_view *view, const double *row, const void *state)
{
    const flow *sums = state;
    (void)view;
    (void)row;
    return sums->lots[0] - sums->lots[1];
}

double twice_ofi(const lf_feature_view *view, const double *row, const void *state)
{
    (void)view;
    (void)state;
    return 2 * row[0];
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A library of the three functions above, as a user would build it."""
    if shutil.which("cc") is None:
        pytest.skip("skipped: no C compiler")
    folder = tmp_path_factory.mktemp("c")
    (folder / "own.c").write_text(SOURCE)
    subprocess.run(["cc", "-std=c17", "-O2", "-fPIC", "-shared", "-I", INCLUDE, folder / "own.c", "-o", folder / "own.so"],
                   check=True)
    return ctypes.CDLL(str(folder / "own.so"))


def numba_net():
    pytest.importorskip("numba")

    def take(event, trades, state):
        for trade in trades:
            if trade.sign == 1:
                state[0] += trade.size_lots
            elif trade.sign == -1:
                state[1] += trade.size_lots

    def value(view, row, state):
        return state[0] - state[1]

    return lf.Feature("numba_net", value, mirror="odd", take=take, state=2, unit="lots")


def test_numba_and_c_agree_with_events(days, compiled):
    own = [numba_net(), lf.Feature("c_net", compiled.net, mirror="odd", take=compiled.take, state=2, version="1")]
    rows = lf.features(days[0], set="user,mid_changes_10s", step="10s", user_features=own)
    assert rows.columns[3:] == ["numba_net", "c_net", "mid_changes_10s"]
    assert np.array_equal(rows["numba_net"], rows["c_net"], equal_nan=True)
    events, trades = days[0].events()
    open_ns = days[0].instrument["session_open_ns"]
    sign = np.where(np.isin(trades["sign"], (1, -1)), trades["sign"], 0)
    sums = np.concatenate([[0], np.cumsum(sign * trades["size_lots"])])
    last = np.searchsorted(events["ts_exchange_ns"], rows["ts_event"].astype("i8"), side="right")
    before = np.searchsorted(events["ts_exchange_ns"], open_ns)
    ends = np.concatenate([[0], events["trade_first"] + events["trade_count"]])
    there = ~np.isnan(rows["c_net"])
    assert there.sum() > 1000 and np.ptp(rows["c_net"][there]) > 0
    assert np.array_equal(rows["c_net"][there], (sums[ends[last]] - sums[ends[before]])[there])


def test_the_view_and_the_row(days, compiled):
    pytest.importorskip("numba")

    @lf.feature(mirror="odd", warmup="5min")
    def micro(view, row, state):
        bid, ask = view.bid_lots[0], view.ask_lots[0]
        spread = view.ask_ticks[0] - view.bid_ticks[0]
        return spread * (bid / (bid + ask) - 0.5) + 0 * view.mid2

    address = ctypes.cast(compiled.twice_ofi, ctypes.c_void_p).value
    own = [micro, lf.Feature("twice", address, mirror="odd")]
    rows = lf.features(days[0], step="10s", user_features=own)
    assert rows.columns[-2:] == ["micro", "twice"] and len(rows.columns) == 3 + 64 + 2
    assert np.array_equal(rows["twice"], 2 * rows["ofi_1s"], equal_nan=True)
    side = np.sign(rows["depth_imbalance_l1"])
    there = ~np.isnan(rows["micro"])
    assert np.array_equal(np.sign(rows["micro"])[there], side[there])
    late = rows["ts_event"].astype("i8") >= days[0].instrument["session_open_ns"] + 300 * 10**9 + 10**9
    assert not there[: 30].any() and np.array_equal(there[late], rows["valid"][late] & ~np.isnan(rows["ofi_5min"][late]))
    assert "micro" in repr(micro)


def test_a_prefix_of_the_day_gives_the_same_rows(days, tmp_path):
    """The day cut in the middle of its files: the rows up to there are those of the whole day."""
    whole = lf.features(days[0], set="user", step="10s", user_features=[numba_net()])
    source = pathlib.Path(days.paths[0])
    names = sorted(source.iterdir()) if source.is_dir() else sorted(source.parent.glob(f"*{days.dates[0]}*.csv"))
    cut = 0
    for name in names:
        lines = name.read_text().splitlines(keepends=True)
        cut = len(lines) // 2
        (tmp_path / name.name).write_text("".join(lines[:cut]))
    part = lf.features(tmp_path, set="user", step="10s", user_features=[numba_net()])
    events, _ = days[0].events()
    sure = whole["ts_event"].astype("i8") < events["ts_exchange_ns"][cut]
    assert 500 < sure.sum() < len(whole) - 500
    assert np.array_equal(whole["numba_net"][sure], part["numba_net"][sure], equal_nan=True)


def test_in_models_and_backtests(days, folder, tmp_path):
    own = numba_net()
    model = lf.train(days[:2], folder / "own_model", kind="logistic", step="10s", user_features=[own])
    assert model.features[-1] == "numba_net" and len(model.features) > 10
    named = lf.train(days[:2], folder / "named", kind="logistic", step="10s", user_features=[own],
                     config={"model.features": "ofi_1min,numba_net"})
    assert named.features == ["ofi_1min", "numba_net"]
    table = model.predict(days[2])
    rows = lf.features(days[2], step="10s", user_features=[own])
    many = model.predict_rows(rows)
    assert np.array_equal(table["p_up_1min"], many[:, 0], equal_nan=True)
    at = int(np.flatnonzero(~np.isnan(many[:, 0]))[500])
    assert np.array_equal(model.predict_row(rows.to_numpy(model.features)[at]), many[at], equal_nan=True)
    run = lf.backtest(days[2], tmp_path / "run", model=model, step="10s")
    again = lf.backtest(days[2], tmp_path / "again", model=folder / "own_model", user_features=[numba_net()], jobs=1,
                        step="10s")
    assert run.metrics["pnl"] == again.metrics["pnl"]
    # What the strategy saw, a feed latency late, row by row.
    seen = lf.features(days[2], step="10s", clock="local", user_features=[own])
    made = model.predict_rows(seen)[:, 0]
    traded = run.predictions
    at = np.searchsorted(seen["ts_event"], traded["ts_event"])
    assert len(traded) > 1000
    assert np.array_equal(traded["p_up_1min"], made[at], equal_nan=True)


@pytest.mark.parametrize("call", [
    lambda folder, days, to: lf.backtest(days[2], to, model=folder / "own_model", step="10s"),
    lambda folder, days, to: lf.Model(folder / "own_model").predict(days[2]),
    lambda folder, days, to: lf.sweep(days[2], to, {"risk.hold": ["1min"]}, model=folder / "own_model", step="10s"),
])
def test_without_them_a_model_is_refused(folder, days, tmp_path, call):
    pytest.importorskip("numba")
    with pytest.raises(lf.MismatchError, match="\"numba_net\" is not built in, and nothing makes it"):
        call(folder, days, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_version_is_refused(folder, days, compiled, tmp_path):
    other = lf.Feature("numba_net", compiled.net, mirror="odd", take=compiled.take, state=2)
    with pytest.raises(lf.MismatchError, match="version"):
        lf.backtest(days[2], tmp_path / "run", model=lf.Model(folder / "own_model", [other]), step="10s")


def test_versions_are_of_the_code(compiled):
    """Of what it calls and looks up, too: a helper that changes makes another feature."""
    pytest.importorskip("numba")

    def make(factor):
        def value(view, row, state):
            return factor * row[0]
        return lf.Feature("scaled", value, mirror="odd")

    def calling(helper):
        def value(view, row, state):
            return helper(row[0])
        return lf.Feature("scaled", value, mirror="odd")

    def looking_up(table):
        def value(view, row, state, at=0):
            return table[at] * row[0]
        return lf.Feature("scaled", value, mirror="odd")

    def defaulting(by):
        def value(view, row, state, by=by):
            return by * row[0]
        return lf.Feature("scaled", value, mirror="odd")

    numba = pytest.importorskip("numba")
    assert make(2.0).version == make(2.0).version != make(3.0).version
    one, other = numba.njit(lambda x: 2 * x), numba.njit(
        lambda x: 3 * x)
    assert calling(one).version == calling(one).version != calling(other).version
    tables = [looking_up(np.array(numbers)).version for numbers in ([1.0, 2.0], [1.0, 2.0], [1.0, 3.0])]
    assert tables[0] == tables[1] != tables[2]
    assert defaulting(2.0).version == defaulting(2.0).version != defaulting(3.0).version
    assert lf.Feature("x", compiled.net, mirror="odd").version == ""


@pytest.mark.parametrize("left, right", [
    (2.0, 3.0), (np.int64(2), np.int64(3)), (np.float32(2), np.float32(3)), (np.array([2.0]), np.array([3.0])), ((1, 2), (1, 3)),
])
def test_versions_are_of_what_is_frozen(left, right):
    def make(factor):
        def value(view, row, state):
            return factor * row[0]
        return code_hash(value)

    assert make(left) == make(left) != make(right)


def beyond(view, row, state):
    return row[100000]


def read_state(view, row, state):
    return state[0]


def write_beyond(event, trades, state):
    state[1] = 1.0


def complain(view, row, state):
    if view.ts_ns > 0:
        raise ValueError("no")
    return 0.0


@pytest.mark.parametrize("value, take", [(beyond, None), (read_state, write_beyond), (complain, None)])
def test_an_exception_stops_the_call(days, value, take):
    """Memory beside the arrays is neither read nor written, and no NaN stands for the mistake."""
    pytest.importorskip("numba")
    own = lf.Feature("own", value, mirror="even", take=take, state=1)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="'own' raised an exception at 2024-01-0[23]T"):
            lf.features(days[:2], set="own", step="10s", user_features=[own])


@pytest.mark.parametrize("call, kind, part", [
    (lambda d: lf.Feature("x", 5, mirror="sideways"), ValueError, "even, odd"),
    (lambda d: lf.Feature("x", "text", mirror="odd"), TypeError, "no function"),
    (lambda d: lf.Feature("x", 5, mirror="odd", state=-1), ValueError, "state"),
    (lambda d: lf.Feature("x", 5, mirror="odd", warmup="soon"), lf.RangeError, "duration"),
    (lambda d: lf.features(d, user_features=[abs]), TypeError, "lobflow.Feature"),
    (lambda d: lf.features(d, user_features=[lf.Feature("vpin", 5, mirror="odd")]), lf.RangeError, "built in"),
    (lambda d: lf.features(d, user_features=[lf.Feature("X", 5, mirror="odd")]), lf.RangeError, "no name"),
    (lambda d: lf.features(d, set="mine", user_features=[lf.Feature("mind", 5, mirror="odd")]), lf.NotFoundError, "mind"),
    (lambda d: lf.features(d, user_features=[lf.Feature("a", 5, mirror="swap", partner="b")]), lf.RangeError, "partner"),
])
def test_refused(days, call, kind, part):
    with pytest.raises(kind, match=part):
        call(days[0])
