"""What calls take they give back: no memory and no reference stays behind, callbacks and mistakes included."""

import gc
import resource
import sys

import numpy as np
import pytest

import lobflow as lf

pytestmark = pytest.mark.filterwarnings("ignore::lobflow.LobflowNote")
ROW_CALLS = 10_000
MOST_KB = 4096  # the rows of one run alone are over 1,000


def resident_kb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def grown_kb(call, warm, times):
    """The least that memory grows by in one of three times `times` calls, after `warm` ones.

    What stays behind is there each time; a step of an allocator, of 50 MB at times, is taken once.
    """
    for _ in range(warm):
        call()
    grown = []
    for _ in range(3):
        before = resident_kb()
        for _ in range(times):
            call()
        grown.append(resident_kb() - before)
    return min(grown)


def left_behind(call, *watched):
    """Objects, and references to each of the watched ones, that five more calls leave."""
    def count():
        gc.collect()
        return [len(gc.get_objects())] + [sys.getrefcount(one) for one in watched]

    call(), call()
    before = count()
    for _ in range(5):
        call()
    return [now - then for now, then in zip(count(), before, strict=True)]


def hold(view):
    """A strategy that looks at all it is shown and trades now and then."""
    seen = (view.bid_ticks[0], view.mid2, view.ofi_norm_1min)
    return lf.Target(100 if seen[2] > 0 else -100) if view.working is None and abs(seen[2]) > 1 else None


def test_a_row_asked_often_stays_flat(model):
    row = [0.0] * len(model.features)
    array = np.zeros(len(model.features))

    def ask():
        model.predict_row(row)
        model.predict_row(array)
        with pytest.raises((lf.RangeError, ValueError)):
            model.predict_row(row[1:])

    assert grown_kb(ask, 1_000, ROW_CALLS) < MOST_KB
    assert max(left_behind(ask, row, array, model)[1:]) == 0


def test_a_strategy_asked_often_stays_flat(days, model, tmp_path):
    """Forty runs ask more than 20,000 times."""
    asked = []

    def strategy(view):
        asked.append(1)
        return hold(view)

    def trade():
        lf.backtest(days[2], tmp_path / "run", model=model, strategy=strategy, step="10s")

    assert grown_kb(trade, 3, 10) < MOST_KB
    assert len(asked) > 2 * ROW_CALLS
    objects, references = left_behind(trade, strategy)
    assert references == 0 and objects < 50


def test_a_strategy_that_fails_leaves_nothing(days, model, tmp_path):
    def strategy(view):
        raise KeyError("no such thing")

    def trade():
        with pytest.raises(KeyError):
            lf.backtest(days[2], tmp_path / "run", model=model, strategy=strategy, step="10s")

    assert grown_kb(trade, 5, 20) < MOST_KB
    objects, references = left_behind(trade, strategy)
    assert references == 0 and objects < 50


def test_forecasts_stay_flat(days, model):
    class Half:
        def predict(self, x):
            return np.full(len(x), 0.5)

    half = Half()

    def foretell():
        lf.forecast(days[2], up_1min=half, features=["ofi_10s"], step="10s", in_sample=True)
        model.predict(days[2])

    assert grown_kb(foretell, 5, 20) < MOST_KB
    objects, references = left_behind(foretell, half)
    assert references == 0 and objects < 50


def test_features_of_ones_own_stay_flat(days):
    pytest.importorskip("numba")

    def value(view, row, state):
        return row[0] + state[0]

    own = lf.Feature("own", value, mirror="odd", state=1)

    def make():
        lf.features(days[2], set="ofi_10s,own", step="10s", user_features=[own])

    assert grown_kb(make, 5, 20) < MOST_KB
    objects, references = left_behind(make, own)
    assert references == 0 and objects < 50
