"""Features, labels and impact are those of the program, and of the reference values."""

import csv
import json
import math
import os
import subprocess

import numpy as np
import pytest

import lobflow as lf

PROGRAM = os.environ.get("LOBFLOW_PROGRAM")


def test_features_are_the_registry(rows):
    names = [f["name"] for f in lf.feature_list()]
    plain = [f["name"] for f in lf.feature_list() if not f["is_fitted"]]
    assert len(plain) == 64 and len(names) == 69
    assert rows.columns == ["ts_event", "symbol", "valid", *plain, "ret_1min", "up_1min"]


@pytest.mark.skipif(PROGRAM is None, reason="no program to compare with")
def test_the_program_writes_the_same(days, rows, tmp_path):
    path = tmp_path / "rows.csv"
    source = os.path.dirname(days.paths[0])
    subprocess.run([PROGRAM, "features", source, "--step", "10s", "--labels", "1min", "-o", path], check=True)
    back = lf.Table.read(path)
    assert back.columns == rows.columns
    for name in rows.columns[3:]:
        assert np.array_equal(np.asarray(back[name], float), rows[name], equal_nan=True), name


@pytest.mark.skipif(PROGRAM is None, reason="no program to compare with")
def test_the_program_finds_the_same(days, tmp_path):
    source = os.path.dirname(days.paths[0])

    def said(*words):
        return json.loads(subprocess.run([PROGRAM, *words, "--json"], check=True, capture_output=True).stdout)

    for ours, theirs in zip(lf.inspect(days), said("inspect", source), strict=True):
        assert ours.pop("kinds") == theirs.pop("kinds")
        assert ours == pytest.approx(theirs)
    for ours, theirs in zip(lf.impact(days, window="1min"), said("impact", source, "--window", "1min"), strict=True):
        for key, value in theirs.items():
            if key in ("hours", "halfhours"):
                continue
            given = ours[key]
            if value is None:
                assert math.isnan(given), key
            elif isinstance(value, list):
                assert given == pytest.approx([math.nan if v is None else v for v in value], nan_ok=True), key
            else:
                assert given == pytest.approx(value), key
        assert [b["beta"] for b in ours["halfhours"]] == pytest.approx([b["beta"] for b in theirs["halfhours"]])


def test_labels_look_ahead_and_features_do_not(days):
    alone = lf.labels(days[0], ["1min", "5min"], step="10s")
    assert alone.columns == ["ts_event", "symbol", "valid", "ret_1min", "up_1min", "ret_5min", "up_5min"]
    beside = lf.features(days[0], step="10s", labels="1min,5min")
    assert np.array_equal(alone["ret_5min"], beside["ret_5min"], equal_nan=True)
    plain = lf.features(days[0], step="10s")
    assert np.array_equal(plain["ofi_1min"], beside["ofi_1min"], equal_nan=True)


def test_sets_and_events(days):
    two = lf.features(days[0], set="vpin,ofi_1s", step="1min")
    assert two.columns == ["ts_event", "symbol", "valid", "vpin", "ofi_1s"] and len(two) == 390
    each = lf.features(days[0], set="ofi_1s", each_event=True)
    assert len(each) > 1000


@pytest.mark.parametrize("keywords, kind, part", [
    ({"set": "ofi_1sec"}, lf.LobflowError, "ofi_1s"),
    ({"step": "soon"}, lf.LobflowError, "step"),
    ({"labels": "1min,soon"}, lf.RangeError, "soon"),
    ({"stp": "1s"}, TypeError, "did you mean 'step'"),
    ({"config": {"risk": {"hodl": "1min"}}}, lf.NotFoundError, "hold"),
    ({"config": {"risk.hold": 7}}, lf.MismatchError, "hold"),
    ({"config": {"risk.hold": object()}}, TypeError, "object"),
    ({"config": {"hold": "1min"}}, lf.RangeError, "section.key"),
])
def test_refused(days, keywords, kind, part):
    with pytest.raises(kind, match=part):
        lf.features(days[0], **keywords)


def test_config_comes_as_file_and_dictionary(days, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[features]\nstep = "1min"\nset = "ofi_1s"\n')
    a = lf.features(days[0], config=path)
    b = lf.features(days[0], config={"features": {"step": "1min", "set": "ofi_1s"}})
    c = lf.features(days[0], config=path, set="vpin")
    assert a.columns == b.columns and len(a) == len(b) == len(c) == 390 and c.columns[3:] == ["vpin"]
    path.write_text("[features\n")
    with pytest.raises(lf.RangeError, match="c.toml"):
        lf.features(days[0], config=path)
    assert {"name": "risk.hold"}.items() <= next(k for k in lf.config_keys() if k["name"] == "risk.hold").items()


def test_impact_refuses_tiny_windows(days):
    with pytest.raises(lf.RangeError, match="1ms"):
        lf.impact(days[0], window=5)


@pytest.mark.parametrize("name", ["AMZN_5", "GOOG_10"])
def test_reference_values(shared, name):
    """The rows of the reference set of a real day, number by number; vpin needs an earlier day."""
    path = shared / "vectors" / f"{name}.csv"
    symbol, levels = name.split("_")
    rows = lf.features(next((shared / "data" / "lobster").glob(f"*{symbol}*_{levels}.zip")))
    places = {int(t): i for i, t in enumerate(rows["ts_event"].astype(np.int64))}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            at = places[int(row.pop("ts_event"))]
            for column, value in row.items():
                if column in rows and column != "vpin":
                    wanted = float(value)
                    assert rows[column][at] == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True), (column, at)


def test_many_calls_stay_flat(days):
    """Ten thousand calls take no memory that they do not give back."""
    import resource

    table = lf.features(days[0], set="ofi_1s,ofi_5min", step="1min")
    for i in range(10_000):
        if i == 2_000:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        table["ofi_1s"]
        table.__arrow_c_stream__()
        lf.Table.of({"x": [1.0] * 100})
        with pytest.raises(KeyError):
            table["none"]
    for _ in range(30):
        lf.features(days[0], set="ofi_1s,ofi_5min", step="1min")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # kB
