"""Goal: the page of results measures what it says.

Method: the Sharpe ratio of minutes with a known mean and deviation, verdicts against a target, a P&L
at the mid rebuilt from two made-up fills, and a checkout without real data, which is left alone.
"""
import importlib.util
import pathlib
import subprocess
import sys

import pytest

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def results():
    spec = importlib.util.spec_from_file_location("results", ROOT / "tools" / "results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sharpe(results):
    changes = np.tile([1.0, 3.0], 500)
    ratio, low, high = results.sharpe(changes)
    assert ratio == pytest.approx(2 / changes.std(ddof=1) * np.sqrt(252 * 390))
    assert low <= ratio <= high
    assert np.isnan(results.sharpe(np.zeros(100))).all()
    # The interval of noise holds 0 about as often as it says.
    draw = np.random.default_rng(3)
    held = sum(low <= 0 <= high for _, low, high in (results.sharpe(draw.normal(size=1200), s) for s in range(40)))
    assert held >= 34


def test_verdict(results):
    assert results.verdict(0.53, 0.56, 0.52) == "met"
    assert results.verdict(0.48, 0.51, 0.52) == "not met"
    assert results.verdict(0.51, 0.53, 0.52) == "not shown"
    assert results.verdict(np.nan, np.nan, 2) == "not measured"


def test_minutes_at_mid(results, tmp_path):
    """Buy 100 at 10.02 (mid 10.00), sell at 10.03 (mid 10.05): -1 + 2 at the fills is 5 at the mid."""
    at = np.arange(0, 181) * SECOND
    mid = np.where(at < 100 * SECOND, 10.00, 10.05)
    position = np.where((at >= 30 * SECOND) & (at < 150 * SECOND), 100, 0)
    gross = np.where(position > 0, 100 * (mid - 10.02), np.where(at >= 150 * SECOND, 100 * (10.03 - 10.02), 0.0))
    stamp = pa.timestamp("ns", tz="UTC")
    pq.write_table(pa.table({"ts_event": pa.array(at).cast(stamp), "gross": gross}), tmp_path / "equity.parquet")
    fills = {
        "ts_venue": pa.array(np.array([30, 150]) * SECOND).cast(stamp),
        "side": np.array([1, -1]), "lots": np.array([100, 100]),
        "price": np.array([10.02, 10.03]), "mid_venue": np.array([10.00, 10.05]),
    }  # fmt: skip
    pq.write_table(pa.table(fills), tmp_path / "fills.parquet")
    minutes = results.minutes_at_mid(tmp_path)
    assert minutes.sum() == pytest.approx(5)
    # The mid moves in the second minute and nothing else does.
    assert minutes[np.abs(minutes) > 1e-9] == pytest.approx([5])


def test_no_data(tmp_path):
    out = tmp_path / "results.md"
    words = [sys.executable, ROOT / "tools/results.py", "--program", "none", "--shared", tmp_path, "--out", out]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 0 and "skipped: no ../shared" in done.stderr and not out.exists()
