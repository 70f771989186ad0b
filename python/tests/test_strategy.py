"""Strategies of one's own: in Python and compiled, with the same fills as the rules they repeat."""

import copy
import ctypes
import math
import pathlib
import pickle
import shutil
import subprocess
import threading

import numpy as np
import pytest

import lobflow as lf

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
CONFIG = {"signal.p_long": 0.5, "signal.p_short": 0.5}
SIZE = 100


def rules(view):
    """The rules of [signal], written down again."""
    side = (view.p_up_1min > 0.5) - (view.p_up_1min < 0.5)
    flow = side * view.ofi_norm_1min
    if side == 0 or not (flow > view.ofi_threshold or flow < -view.ofi_extreme):
        return None
    if view.working is not None:
        return lf.Cancel() if view.working.lots * side < 0 and view.working.kind == "passive" else None
    return lf.Target(side * SIZE) if view.position_lots * side <= 0 else None


def compiled_rules(view, features, state, action):
    side = 0
    if view.p_up_1min > 0.5:
        side = 1
    elif view.p_up_1min < 0.5:
        side = -1
    flow = side * view.ofi_norm_1min
    if side == 0 or not (flow > view.ofi_threshold or flow < -view.ofi_extreme):
        return
    if view.working_lots != 0:
        if view.working_lots * side < 0:
            action.kind = 3
    elif view.position_lots * side <= 0:
        action.kind = 1
        action.lots = side * SIZE


C_RULES = """
#include <lobflow/pipeline.h>

lf_status rules(void *context, void *state, const lf_strategy_view *view, const double *features, lf_action *action)
{
    const int side = (view->p_up_1min > 0.5) - (view->p_up_1min < 0.5);
    const double flow = side * view->ofi_norm_1min;
    (void)context, (void)state, (void)features;
    if (side == 0 || !(flow > view->ofi_threshold || flow < -view->ofi_extreme)) {
        return LF_OK;
    }
    if (view->working_lots != 0) {
        action->kind = view->working_lots * side < 0 ? LF_ACTION_CANCEL : LF_ACTION_NONE;
    } else if (view->position_lots * side <= 0) {
        action->kind = LF_ACTION_TARGET;
        action->lots = 100 * side;
    }
    return LF_OK;
}
"""


def same(left, right, leave_out=()):
    assert left.columns == right.columns and len(left) == len(right)
    for name in left.columns:
        a, b = left[name], right[name]
        is_float = isinstance(a, np.ndarray) and a.dtype.kind == "f"
        assert name in leave_out or (np.array_equal(a, b, equal_nan=True) if is_float else list(a) == list(b)), name


@pytest.fixture(scope="module", params=["marketable", "passive"])
def built_in(request, model, days, tmp_path_factory):
    run = lf.backtest(days[2], tmp_path_factory.mktemp("rules") / "run", model=model, step="10s", config=CONFIG,
                      entry=request.param)
    assert len(run.fills) > 10
    return request.param, run


def test_python_trades_what_the_rules_trade(built_in, model, days, tmp_path):
    entry, run = built_in
    own = lf.backtest(days[2], tmp_path / "run", model=model, strategy=rules, step="10s", config=CONFIG, entry=entry)
    same(run.fills, own.fills)
    same(run.orders, own.orders, leave_out=("rule",))
    same(run.equity, own.equity)
    assert run.metrics["pnl"]["net"] == own.metrics["pnl"]["net"]
    assert not (tmp_path / "run" / ".units").exists()


def test_numba_and_c_trade_what_the_rules_trade(built_in, model, days, tmp_path):
    entry, run = built_in
    pytest.importorskip("numba")
    strategies = [lf.Strategy(compiled_rules)]
    if shutil.which("cc") is not None:
        (tmp_path / "own.c").write_text(C_RULES)
        subprocess.run(["cc", "-std=c17", "-O2", "-fPIC", "-shared", "-I", INCLUDE, tmp_path / "own.c", "-o",
                        tmp_path / "own.so"], check=True)
        strategies.append(lf.Strategy(ctypes.CDLL(str(tmp_path / "own.so")).rules))
    for i, strategy in enumerate(strategies):
        own = lf.backtest(days[2], tmp_path / f"run{i}", model=model, strategy=strategy, step="10s", config=CONFIG,
                          entry=entry)
        same(run.fills, own.fills)
        same(run.equity, own.equity)
        assert (tmp_path / f"run{i}" / "strategy_optimistic" / "fills.parquet").exists()


def test_a_class_is_made_anew_each_day(days, tmp_path):
    made = []

    class ByQueue:
        def __init__(self):
            made.append(self)
            self.calls = 0
            self.seen = []

        def __call__(self, view):
            self.calls += 1
            self.seen.append(view)
            if self.calls % 30 == 0:
                return lf.Target(20 if view.features["depth_imbalance_l1"] > 0 else -20, kind="passive")
            return None

    run = lf.backtest(days, tmp_path / "run", strategy=ByQueue, step="10s")
    assert len(made) == 3 and all(one.calls == len(one.seen) > 1000 for one in made)
    assert set(run.orders["kind"]) <= {"passive", "marketable"} and len(run.fills) > 20
    times = [view.ts_ns for one in made for view in one.seen]
    assert times == sorted(times)
    view = made[0].seen[50]
    assert math.isnan(view.p_up_1min) and set(view.features) == {f["name"] for f in lf.feature_list()}
    assert view.bid_ticks[0] + view.ask_ticks[0] == view.mid2 and len(view.ask_lots) == 10
    assert view.features["session_fraction"] == pytest.approx(
        (view.ts_ns - view.session_open_ns) / (view.session_close_ns - view.session_open_ns))
    assert "position" in repr(view) and "p_up_1min" in dir(view)
    with pytest.raises(AttributeError, match="nonsense"):
        view.nonsense
    # Nothing that is handed out is memory of the view, which may be gone before it.
    assert not hasattr(view, "quotes") and "quotes" not in dir(view)
    assert all(isinstance(getattr(view, name), int | float | list | dict | None | lf.Working)
               for name in dir(view) if not name.startswith("_"))
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied"):
            copied(view)


def test_what_a_strategy_sees_is_what_features_gives(days, tmp_path):
    """Rows on the strategy's clock, and a feature of one's own among them."""
    pytest.importorskip("numba")

    @lf.feature(mirror="odd")
    def lean(view, row, state):
        return float(view.bid_lots[0] - view.ask_lots[0])

    seen = {}

    def watch(view):
        seen[view.ts_ns] = (view.features, view.bid_lots[0] - view.ask_lots[0])

    lf.backtest(days[0], tmp_path / "run", strategy=watch, step="10s", user_features=[lean])
    rows = lf.features(days[0], step="10s", clock="local", set="ofi_1min,volatility_1min,lean", user_features=[lean])
    at = {int(t): i for i, t in enumerate(rows["ts_event"].astype("i8"))}
    assert len(seen) > 1000
    for ts, (features, touch) in seen.items():
        for name in ("ofi_1min", "volatility_1min", "lean"):
            value = rows[name][at[ts]]
            assert features[name] == value or (math.isnan(features[name]) and math.isnan(value))
        assert features["lean"] == touch


def test_with_predictions(days, model, tmp_path):
    table = model.predict(days[2])
    features = []

    def decide(view):
        features.append(view.features)
        return lf.Order(30) if view.p_up_1min > 0.5 and view.position_lots == 0 else None

    run = lf.backtest(days[2], tmp_path / "run", predictions=table, strategy=decide, step="10s")
    assert len(run.fills) > 10 and features[0] == {}
    assert np.all(run.orders["lots"] <= 30)


def test_with_the_walks_models(days, tmp_path):
    run = lf.run(days, tmp_path / "run", strategy=rules, kind="logistic", step="10s", config=CONFIG)
    assert len(run.fills) > 10 and (tmp_path / "run" / "models").is_dir()


class Boom(Exception):
    pass


@pytest.mark.parametrize("answer, kind", [
    (lambda v: (_ for _ in ()).throw(Boom("at last")), Boom),
    (lambda v: 5, TypeError),
    (lambda v: lf.Target(5, kind="iceberg"), ValueError),
    (lambda v: lf.Target("many"), TypeError),
    (lambda v: v.no_such_thing, AttributeError),
    (lambda v: (_ for _ in ()).throw(KeyboardInterrupt()), KeyboardInterrupt),
])
def test_what_it_raises_ends_the_run(days, model, tmp_path, answer, kind):
    calls = []

    def decide(view):
        calls.append(view.ts_ns)
        return answer(view) if len(calls) == 200 else None

    with pytest.raises(kind):
        lf.backtest(days[1:], tmp_path / "run", model=model, strategy=decide, in_sample=True, step="10s")
    assert len(calls) == 200 and not (tmp_path / "run").exists()
    # The next one is not disturbed.
    assert lf.backtest(days[2], tmp_path / "run", model=model, step="10s").metrics["meta"]["days"] == 1


def too_far(view, features, state, action):
    action.kind, action.lots = 1, 100
    action.lots = int(features[100000])


def no_state(view, features, state, action):
    state[0] += 1


def refuse(view, features, state, action):
    raise ValueError("no")


@pytest.mark.parametrize("decide", [too_far, no_state, refuse])
def test_what_compiled_code_raises_ends_the_run(days, tmp_path, decide):
    pytest.importorskip("numba")
    strategy = lf.Strategy(decide)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=f"{decide.__name__}.*2024-01-04T14:30:10"):
            lf.backtest(days[2], tmp_path / "run", strategy=strategy, step="10s")
    assert not (tmp_path / "run").exists()


def test_days_side_by_side(days, tmp_path):
    threads = set()

    class Turns:
        def __init__(self):
            self.calls = 0

        def __call__(self, view):
            threads.add(threading.get_ident())
            self.calls += 1
            return lf.Target(10 * (-1) ** (self.calls // 40)) if self.calls % 40 == 0 else None

    one = lf.backtest(days, tmp_path / "one", strategy=Turns, step="10s")
    two = lf.backtest(days, tmp_path / "two", strategy=Turns, step="10s", jobs=2)
    same(one.fills, two.fills)
    assert len(threads) >= 2


@pytest.mark.parametrize("call, kind, part", [
    (lambda d, m, to: lf.backtest(d, to), TypeError, "one of them, or a strategy"),
    (lambda d, m, to: lf.backtest(d, to, model=m, predictions={}, strategy=rules), TypeError, "not both"),
    (lambda d, m, to: lf.backtest(d, to, strategy=5), TypeError, "function of a view"),
    (lambda d, m, to: lf.Strategy("rules"), TypeError, "no function"),
    (lambda d, m, to: lf.Strategy(5, state=-1), ValueError, "state"),
])
def test_refused(days, model, tmp_path, call, kind, part):
    with pytest.raises(kind, match=part):
        call(days[2], model, tmp_path / "run")
    assert not (tmp_path / "run").exists()
