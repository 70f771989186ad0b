"""Models, runs and what they cost: the program's own results, from Python."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

import lobflow as lf

PROGRAM = os.environ.get("LOBFLOW_PROGRAM")


def test_model(model, days):
    assert model.meta["kind"] == "logistic" and model.meta["step_ns"] == 10_000_000_000
    assert set(model.meta["heads"]) == {"up_1min", "up_5min", "ret_1min"}
    names = {f["name"] for f in lf.feature_list()}
    assert set(model.features) <= names and len(model.features) > 5
    assert model.walk["validation"]["kind"] if isinstance(model.walk["validation"], dict) else model.walk["validation"]
    assert "heads" in model.training
    assert "logistic" in repr(model) and "features" in model._repr_html_()


def test_three_ways_to_predict_agree(model, days):
    table = model.predict(days[2])
    rows = lf.features(days[2], step="10s")
    many = model.predict_rows(rows)
    names = ("p_up_1min", "p_up_5min", "ret_1min_bps")
    assert many.shape == (len(rows), 3)
    for i, name in enumerate(names):
        assert np.array_equal(table[name], many[:, i], equal_nan=True)
    everything = [f["name"] for f in lf.feature_list() if not f["is_fitted"]]
    whole, own = rows.to_numpy(everything), rows.to_numpy(model.features)
    as_array = model.predict_rows(own, valid=rows["valid"])
    assert np.array_equal(as_array, many, equal_nan=True)
    for at in (100, 777, 1500):
        for row in (whole[at], own[at], list(own[at])):
            assert np.array_equal(model.predict_row(row, bool(rows["valid"][at])), many[at], equal_nan=True)
    assert all(math.isnan(v) for v in model.predict_row(own[0], valid=False))


def test_predictions_take_data_frames(model, days):
    pl = pytest.importorskip("polars")
    rows = lf.features(days[2], step="10s")
    frame = pl.DataFrame(rows).select(["valid", *reversed(model.features)])
    assert np.array_equal(model.predict_rows(frame), model.predict_rows(rows), equal_nan=True)


@pytest.mark.parametrize("call, kind, part", [
    (lambda m, d: lf.Model("none"), lf.NotFoundError, "none"),
    (lambda m, d: m.predict(d[0]), lf.MismatchError, "in-sample"),
    (lambda m, d: m.predict_rows(np.ones((3, 2))), lf.RangeError, "shape"),
    (lambda m, d: m.predict_rows({"ofi_1s": [1.0]}), KeyError, "lack"),
    (lambda m, d: m.predict_rows(np.ones((3, len(m.features))), valid=[True]), lf.RangeError, "valid"),
    (lambda m, d: m.predict_row([1.0]), lf.RangeError, "shape"),
    (lambda m, d: m.predict_row(["x"] * len(m.features)), ValueError, "x"),
    (lambda m, d: lf.train(d, "m", kind="forest"), lf.LobflowError, "kind"),
    (lambda m, d: lf.Run("none"), lf.LobflowError, "none"),
    (lambda m, d: lf.backtest(d[0], "bt", model=m), lf.MismatchError, "train"),
    (lambda m, d: lf.latency(d[2], "l", model=m, step="10s", latencies=["50ms", "1ms"]), lf.RangeError, "ascend"),
])
def test_refused(model, days, tmp_path, monkeypatch, call, kind, part):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=part):
        call(model, days)


def test_backtest(model, days, tmp_path):
    made = lf.backtest(days[2], tmp_path / "bt", model=model, step="10s", hold="2min", config={"risk": {"order_size": 50}})
    again = lf.Run(tmp_path / "bt")
    assert made.metrics == again.metrics and made.page.exists()
    trades, fills = made.trades, made.fills
    assert made.metrics["pnl"]["trades"] == len(trades) > 0
    assert made.metrics["pnl"]["net"] == pytest.approx(trades["net"].sum(), abs=1e-6)
    assert set(np.unique(np.abs(fills["lots"]))) <= set(range(1, 101))
    assert made.equity["net"][-1] == pytest.approx(made.metrics["pnl"]["net"], abs=1e-6)
    assert len(made.predictions) > 1000 and len(made.orders) >= len(trades)
    assert "net" in made.text() and "<pre>" in made._repr_html_() and "trades" in repr(made)
    if PROGRAM is not None:
        source = os.path.dirname(days.paths[0])
        later = tmp_path / "later"
        later.mkdir()
        for name in os.listdir(source):
            if "2024-01-04" in name:
                os.symlink(os.path.join(source, name), later / name)
        subprocess.run([PROGRAM, "backtest", later, "--model", model.path, "-o", tmp_path / "pt", "--hold", "2min",
                        "--order-size", "50", "--set", "features.step=10s"], check=True, capture_output=True)
        theirs = json.loads((tmp_path / "pt" / "metrics.json").read_text())
        assert theirs["pnl"] == made.metrics["pnl"]


def test_own_predictions_trade_as_the_models_do(model, days, tmp_path):
    """The model's predictions given as a table, with the model's thresholds: the same trades."""
    pl = pytest.importorskip("polars")
    with_model = lf.backtest(days[2], tmp_path / "a", model=model, step="10s", config={"risk.stop_spreads": 0, "risk.stop_ticks": 9})
    meta = model.meta
    frame = pl.DataFrame(with_model.predictions).select("ts_event", "symbol", "p_up_1min", "p_up_5min", "ret_1min_bps")
    given = lf.backtest(days[2], tmp_path / "b", predictions=frame.sample(fraction=1, shuffle=True, seed=1), step="10s", config={
        "risk.stop_spreads": 0, "risk.stop_ticks": 9, "signal.ofi_threshold": meta["ofi_threshold"],
        "signal.ofi_extreme": meta["ofi_extreme"]})
    assert len(given.trades) > 0
    for name in ("orders", "fills", "trades", "equity"):
        a, b = getattr(with_model, name), getattr(given, name)
        assert a.columns == b.columns and len(a) == len(b)
        for column in a.columns:
            x, y = a[column], b[column]
            assert x == y if isinstance(x, list) else np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), (name, column)


def test_own_predictions_alone(days, tmp_path):
    """A forecast without any model: up in the first half of the session."""
    about = days[1].instrument
    times = about["session_open_ns"] + np.arange(0, 23400, 10, dtype=np.int64) * 10**9
    p = np.where(np.arange(len(times)) < len(times) // 2, 0.9, np.nan)
    table = {"ts_event": times.astype("M8[ns]"), "p_up_1min": p}
    made = lf.backtest(days, tmp_path / "own", predictions=table, step="10s", hold="1min")
    trades = made.trades
    assert made.metrics["meta"]["days"] == 1 and len(trades) > 100
    assert set(trades["side"]) == {1} and trades["ts_entry"].max() < times[len(times) // 2 + 10].astype("M8[ns]")


@pytest.mark.parametrize("change, kind, part", [
    (lambda t: t.pop("p_up_1min"), lf.MismatchError, "p_up_1min"),
    (lambda t: t.pop("ts_event"), lf.MismatchError, "ts_event"),
    (lambda t: t.update(p_up_1min=[1.5, 0.5]), lf.DataError, "between 0 and 1"),
    (lambda t: t.update(ts_event=t["ts_event"] + np.timedelta64(5, "s")), lf.MismatchError, "every 10s"),
    (lambda t: t.update(ts_event=t["ts_event"][[0, 0]]), lf.DataError, "twice"),
    (lambda t: t.update(ts_event=t["ts_event"] + np.timedelta64(900, "D")), lf.LobflowError, "day"),
    (lambda t: t.update(ts_event=["a", "b"]), lf.MismatchError, "kind"),
    (lambda t: t.update(ts_event=np.array([], "M8[ns]"), p_up_1min=np.array([])), lf.MismatchError, "no predictions"),
])
def test_own_predictions_refused(days, tmp_path, change, kind, part):
    open_ns = days[1].instrument["session_open_ns"]
    table = {"ts_event": np.array([open_ns, open_ns + 10**10], "M8[ns]"), "p_up_1min": np.array([0.6, 0.7])}
    change(table)
    with pytest.raises(kind, match=part):
        lf.backtest(days[1], tmp_path / "b", predictions=table, step="10s")
    with pytest.raises(TypeError, match="one of them"):
        lf.backtest(days[1], tmp_path / "b")


def test_sweep(model, days, tmp_path):
    found = lf.sweep(days[2], tmp_path / "s", {"risk.hold": ["30s", "2min"], "signal.p_long": [0.52, 0.55]}, model=model, step="10s")
    alone = lf.backtest(days[2], tmp_path / "a", model=model, step="10s", hold="2min", config={"signal.p_long": 0.52})
    assert len(found) == 4
    at = [i for i in range(4) if str(found["risk.hold"][i]) == "2min" and float(found["signal.p_long"][i]) == 0.52][0]
    assert found["net"][at] == pytest.approx(alone.metrics["pnl"]["net"], abs=1e-6)
    for keys in ({}, {"risk.hold": "30s"}, {"risk.hold": []}):
        with pytest.raises(TypeError, match="mapping"):
            lf.sweep(days[2], tmp_path / "x", keys, model=model, step="10s")


def test_jobs_change_nothing(model, days, tmp_path):
    runs = [lf.backtest(days, tmp_path / str(jobs), model=model, in_sample=True, step="10s", jobs=jobs) for jobs in (1, 3)]
    assert runs[0].metrics == runs[1].metrics
    for name in ("orders", "fills", "equity"):
        assert (tmp_path / "1" / f"{name}.parquet").read_bytes() == (tmp_path / "3" / f"{name}.parquet").read_bytes()


def test_reports(model, days, tmp_path):
    made = lf.backtest(days[2], tmp_path / "bt", model=model, step="10s", hold="2min")
    for name in ("r.html", "r.json", "r.txt"):
        assert lf.report(made, tmp_path / name) == made.text()
    assert (tmp_path / "r.txt").read_text() == made.text()
    assert json.loads((tmp_path / "r.json").read_text()) == made.metrics
    assert "<html" in (tmp_path / "r.html").read_text()[:200]
    with pytest.raises(ValueError, match="html"):
        lf.report(made, tmp_path / "r.pdf")


def test_whole_line(days, tmp_path):
    made = lf.run(days, tmp_path / "run", step="10s", config={"model.kind": "logistic"})
    assert made.metrics["meta"]["days"] == 2  # the first day only trains
    assert (tmp_path / "run" / "models").is_dir()


def test_latency(model, days, tmp_path):
    surface = lf.latency(days[2], tmp_path / "l", model=model, step="10s", latencies=["1ms", 50_000_000])
    assert {c["latency_ns"] for c in surface["cells"]} == {0, 1_000_000, 50_000_000}
    assert surface["holdout_looks"] == 0 and (tmp_path / "l" / "latency.json").exists()


def test_ctrl_c_stops_training(days, tmp_path):
    """A real signal while C works: the process ends as interrupted, and no model is left behind."""
    code = (
        "import sys, lobflow as lf\n"
        "print('go', flush=True)\n"
        "lf.train(lf.open(sys.argv[1]), sys.argv[2], kind='logistic', trials=100000)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, os.path.dirname(days.paths[0]), tmp_path / "m"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "go\n"
    try:
        child.wait(2)
    except subprocess.TimeoutExpired:
        pass
    child.send_signal(2)
    _, said = child.communicate(timeout=60)
    assert child.returncode != 0 and "KeyboardInterrupt" in said
    assert not (tmp_path / "m" / "model.json").exists()
