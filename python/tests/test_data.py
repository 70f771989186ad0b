"""Days: what is found, what they are, and what is refused."""

import pathlib

import numpy as np
import pytest

import lobflow as lf


def test_days_are_a_sequence(days):
    assert len(days) == 3
    assert days.symbols == ["TOY"] * 3
    assert days.dates == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert days[1].dates == ["2024-01-03"]
    assert days[-2:].dates == days.dates[1:]
    assert [d.dates[0] for d in days] == days.dates
    assert (days[2] + days[0]).dates == ["2024-01-02", "2024-01-04"]
    with pytest.raises(IndexError):
        days[3]
    assert "TOY" in repr(days) and "2024-01-04" in days._repr_html_()


def test_days_are_put_together_once(days, tmp_path):
    """A day that is there twice would be traded twice."""
    other = lf.synth(tmp_path / "other", days=1, seed=9, activity=0.03, symbol="YOT")
    both = days[:2] + other
    assert both.symbols == (days[:1] + other + days[1:2]).symbols and len(both) == 3
    with pytest.raises(lf.RangeError, match=f"{days.symbols[1]} of {days.dates[1]} is there twice"):
        days[:2] + days[1:]


def test_same_seed_same_bytes(days, tmp_path):
    again = lf.synth(tmp_path / "again", days=1, seed=7, activity=0.03, alpha=0.05, symbol="TOY")
    for path in pathlib.Path(again.paths[0]).parent.glob("TOY*.csv"):
        first = pathlib.Path(days.paths[0]).parent / path.name
        assert path.read_bytes() == first.read_bytes()


def test_several_symbols_whatever_the_jobs(tmp_path):
    options = {"days": 2, "seed": 4, "activity": 0.02, "symbol": ["AAA", "BBB"], "correlation": 0.4, "continuous": True}
    one = lf.synth(tmp_path / "one", **options)
    two = lf.synth(tmp_path / "two", jobs=3, **options)
    assert one.symbols == ["AAA", "BBB"] * 2 and one.dates == two.dates == ["2024-01-02"] * 2 + ["2024-01-03"] * 2
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    with pytest.raises(lf.RangeError, match=r"0\.40"):
        lf.synth(tmp_path / "no", correlation=0.5)


def test_shocks_move_the_price_by_what_is_asked(tmp_path):
    """30 ticks at 0.04 a second: 46 ticks of a cent a minute, where 1.6 are without them."""
    options = {"seed": 4, "activity": 0.02, "alpha_half_life": "100ms", "alpha_shock_rate": 2.0}
    plain = lf.synth_check(lf.synth(tmp_path / "plain", **options))[0]
    moved = lf.synth_check(lf.synth(tmp_path / "moved", alpha_shock=30, **options))[0]
    assert plain["volatility_1min_bps"] < 4 and 38 < moved["volatility_1min_bps"] < 54


def test_a_market_like_a_day(days, tmp_path):
    made = lf.synth(tmp_path / "like", like=days[0], seed=3, symbol="ANEW")
    again = lf.synth(tmp_path / "again", model=tmp_path / "like" / "model.toml", seed=3, symbol="ANEW")
    files = [p for p in (tmp_path / "like").iterdir() if p.name.startswith("ANEW")]
    assert len(files) == 2 and all(p.read_bytes() == (tmp_path / "again" / p.name).read_bytes() for p in files)
    wanted, got = lf.synth_check(days[0] + made)[0], lf.synth_check(again)[0]
    for name in ("spread_mean_ticks", "depth_lots", "trade_lots"):
        assert abs(got[name] / wanted[name] - 1) < 0.3, name
    with pytest.raises(lf.RangeError, match="one of them"):
        lf.synth(tmp_path / "no", like=days, preset="small_tick")


def test_inspect_counts_what_events_hold(days):
    found = lf.inspect(days[0])[0]
    events, trades = days[0].events()
    assert found["events"] == len(events) > 1000
    assert found["violations"] == 0 and found["gaps"] == 0
    kinds = np.bincount(events["kind"], minlength=10)
    assert found["kinds"]["add"] == kinds[0] and found["kinds"]["hidden"] == kinds[4]
    assert found["trades_visible"] + found["trades_hidden"] == len(trades)
    assert np.all(np.diff(events["ts_exchange_ns"]) >= 0)
    both = (events["bid_lots"][:, 0] > 0) & (events["ask_lots"][:, 0] > 0)
    assert np.all(events["bid_ticks"][both, 0] < events["ask_ticks"][both, 0])
    used = events[events["trade_count"] > 0]
    assert used["trade_first"].max() == len(trades) - 1
    assert "<td>events</td>" in found._repr_html_()


def test_instrument(days):
    about = days[0].instrument
    assert about["symbol"] == "TOY" and about["tick"] == 0.01 and about["time_zone"] == "America/New_York"
    assert about["session_close_ns"] - about["session_open_ns"] == 6.5 * 3600e9


def _model(folder, line):
    (folder / "model.toml").write_text("[synth]\n" + line + "\n")
    return folder / "model.toml"


@pytest.mark.parametrize("call, kind, part", [
    (lambda p: lf.open(p / "none"), lf.NotFoundError, "none"),
    (lambda p: lf.open(p / "empty"), lf.NotFoundError, "empty"),
    (lambda p: lf.open(p / "text.csv"), lf.FormatError, "text.csv"),
    (lambda p: lf.open(symbol="X"), lf.NotFoundError, "named|data"),
    (lambda p: lf.open(p, symbl="X"), TypeError, "did you mean 'symbol'"),
    (lambda p: lf.open(p, levels="x"), lf.MismatchError, "levels"),
    (lambda p: lf.open(p, date="2024-01-02\0"), ValueError, "date cannot hold a NUL"),
    (lambda p: lf.synth(p / "s", preset="medium"), lf.RangeError, "small_tick"),
    (lambda p: lf.synth(p / "s", model=_model(p, "limit_rat = 3")), lf.RangeError, "did you mean limit_rate"),
    (lambda p: lf.synth(p / "s", model=_model(p, "metaorders = 9")), lf.RangeError, "from 1 to 8"),
    (lambda p: lf.synth(p / "s", days=0), lf.RangeError, "day"),
    (lambda p: lf.synth(p / "s", first_date="soon"), lf.RangeError, "YYYY-MM-DD"),
    (lambda p: lf.synth(p / "s", symbol="X" * 40), lf.RangeError, "31"),
    (lambda p: lf.synth(p / "s", alpha_half_life="soon"), lf.RangeError, "duration"),
    (lambda p: lf.synth(p / "s", alpha_shock=2000), lf.RangeError, "0 to 1000 ticks"),
    (lambda p: lf.synth(p / "s", levels=0), lf.RangeError, "levels"),
    (lambda p: lf.synth(p / "s", jobs=0), lf.RangeError, "jobs"),
    (lambda p: lf.synth(p / "s", symbol="A\0B"), ValueError, "symbol cannot hold a NUL"),
    (lambda p: lf.synth(p / "s", symbol="Ä"), lf.RangeError, "letters"),
    (lambda p: lf.synth(p / "s", first_date="2024-01-02\0"), ValueError, "NUL"),
    (lambda p: lf.synth(p / "s", first_date="2261-12-30", days=5), lf.RangeError, "2261"),
])
def test_refused(tmp_path, call, kind, part):
    (tmp_path / "text.csv").write_text("this is no market data\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(kind, match=part):
        call(tmp_path)


def test_an_error_tells_file_and_line(days, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in pathlib.Path(days.paths[0]).parent.glob("TOY_2024-01-02*.csv"):
        text = path.read_text()
        if "message" in path.name:
            lines = text.splitlines(keepends=True)
            lines[9] = "x" + lines[9]
            text = "".join(lines)
        (folder / path.name).write_text(text)
    with pytest.raises(lf.FormatError, match="message") as caught:
        lf.inspect(lf.open(folder))
    assert caught.value.line == 10
    assert caught.value.file.endswith(".csv")
    assert isinstance(caught.value, lf.LobflowError) and isinstance(caught.value, ValueError)


def test_real_day(shared):
    found = lf.inspect(next((shared / "data" / "lobster").glob("*GOOG*_10.zip")))[0]
    assert found["events"] == 147916 and found["mid_changes"] == 24084
    assert found["trades_visible"] == 7765 and found["trades_hidden"] == 3913
    assert found["checks"] == 144002 and found["violations"] == 0 and found["crossed_states"] == 0


def test_stopping(days):
    seen = []

    def stop(stage, share):
        seen.append((stage, share))
        return False

    with pytest.raises(lf.CancelledError):
        lf.inspect(days, progress=stop)
    assert seen[0][0] == "inspect" and 0 <= seen[0][1] <= 1
    with pytest.raises(lf.CancelledError):
        lf.features(days, progress=stop)


def test_an_interrupt_comes_through(days):
    def interrupt(stage, share):
        raise KeyboardInterrupt

    for call in (lf.inspect, lf.features):
        with pytest.raises(KeyboardInterrupt):
            call(days, progress=interrupt)


def test_convert(days, tmp_path):
    """A simulated day as DBN gives the features of the day itself."""
    told = lf.convert(days[0], tmp_path / "day.dbn.zst", schema="mbp-10")
    assert told["event_count"] == lf.inspect(days[0])[0]["events"] and told["repair_count"] == 0
    again = lf.open(tmp_path / "day.dbn.zst")
    assert again.symbols == ["TOY"] and again.formats == ["dbn"]
    a, b = (lf.features(d, set="ofi_1min,total_depth,vpin", step="10s") for d in (days[0], again))
    inside = (b["ts_event"] >= a["ts_event"][0]) & (b["ts_event"] <= a["ts_event"][-1])
    assert np.array_equal(a["ofi_1min"], b["ofi_1min"][inside], equal_nan=True)
    assert np.array_equal(a["total_depth"], b["total_depth"][inside], equal_nan=True)
    path = tmp_path / f"{days.dates[0]}.itch"
    assert lf.convert(days[0], path)["event_count"] == told["event_count"]
    assert lf.open(path).formats == ["itch"]
    c = lf.features(lf.open(path), set="ofi_1min,total_depth,vpin", step="10s")
    assert all(np.array_equal(a[name], c[name], equal_nan=True) for name in ("ofi_1min", "total_depth", "vpin"))
    with pytest.raises(lf.RangeError, match="mbp-10"):
        lf.convert(days[0], tmp_path / "x.dbn", schema="mbp-5")
    with pytest.raises(lf.LobflowError):
        lf.convert(days[0], tmp_path / "none" / "x.dbn")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["day.dbn.zst", path.name])
